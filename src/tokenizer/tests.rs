//! What is remembered, and on how many threads a text is encoded, must not be seen in its ids.

use bpekit_formats::{Definition, PostProcessor, TemplatePart};

use super::encode::Permit;
use super::{Special, Tokenizer};
use crate::bpe::{Ids, Scratch};

/// Words, punctuation and digits, scripts without spaces in which pretokens are long, characters of
/// all lengths, and long runs.
const PARTS: [&str; 24] = [
    " the",
    "word",
    "Ünïcödé",
    "it's",
    " 12345",
    ".",
    "\n\n",
    "  ",
    "def f(x):",
    "中国人民",
    "的是在了",
    "日本語のテキスト",
    "カタカナ",
    "。",
    "、",
    "слово",
    " и",
    "🚀🦀",
    "\u{301}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ababababababababababab",
    "<|endoftext|>",
    "xqzjkvwpyfgmucl",
    "\u{10ffff}",
];

fn random(state: &mut u64, bound: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 20) as usize % bound
}

fn text(len: usize, seed: u64) -> String {
    let mut state = seed;
    let mut text = String::new();
    while text.len() < len {
        if random(&mut state, 4) == 0 {
            let mut start = random(&mut state, crate::demo::TEXT.len());
            while !crate::demo::TEXT.is_char_boundary(start) {
                start -= 1;
            }
            let count = random(&mut state, 40);
            text.extend(crate::demo::TEXT[start..].chars().take(count));
        } else {
            text.push_str(PARTS[random(&mut state, PARTS.len())]);
        }
    }
    text
}

/// Without any memory, on this thread.
fn plain(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    let mut out = Ids::default();
    let scratch = &mut Scratch::default();
    tokenizer
        .encode_into(text, Permit::All, &mut out, scratch)
        .unwrap();
    out.into_vec()
}

/// The demo, and the same with other patterns: one that is cut by another scanner, one by an
/// automaton, one that only backtracking can run; and with tokens around each text.
fn tokenizers() -> Vec<Tokenizer> {
    let demo = Tokenizer::demo().unwrap();
    let with = |pattern: &str| {
        let pattern = bpekit_formats::Pattern::fancy(pattern);
        let pretokenizer = bpekit_formats::Pretokenizer::matches_of(pattern);
        Tokenizer::from_definition(Definition {
            pretokenizer: Some(pretokenizer),
            ..demo.definition().clone()
        })
        .unwrap()
    };
    let o200k = crate::known::pattern_by_name("o200k").unwrap().tiktoken;
    let mut all = vec![
        with(o200k),
        with(r"\p{L}+|\p{N}{1,2}|[^\p{L}\p{N}]"),
        with(r"(?<=a)b+|\p{L}+|[^\p{L}]+|."),
    ];
    let framed = Definition {
        post_processor: Some(PostProcessor::Template {
            single: vec![
                special_part(5),
                TemplatePart::Sequence {
                    is_second: false,
                    type_id: 0,
                },
                special_part(6),
            ],
            pair: Vec::new(),
        }),
        ..demo.definition().clone()
    };
    all.push(Tokenizer::from_definition(framed).unwrap());
    all.push(demo);
    all
}

#[test]
fn memory_changes_no_ids() {
    for tokenizer in tokenizers() {
        for seed in 1..4 {
            let text = text(150_000, seed);
            let expected = plain(&tokenizer, &text);
            // The second time, much is remembered.
            for _ in 0..2 {
                let ids = tokenizer.encode(&text, &Special::allowed()).unwrap();
                assert_eq!(ids, expected);
                let count = tokenizer.count(&text, &Special::allowed()).unwrap();
                assert_eq!(count, expected.len());
            }
        }
        // Short texts, with what the long ones have left behind.
        for seed in 10..300 {
            let text = text(seed as usize % 60, seed);
            let ids = tokenizer.encode(&text, &Special::allowed()).unwrap();
            assert_eq!(ids, plain(&tokenizer, &text), "{text:?}");
        }
    }
}

#[test]
fn threads_change_no_ids() {
    let mut texts: Vec<String> = (1..60).map(|seed| text(seed as usize * 97, seed)).collect();
    texts.insert(7, text(400_000, 99));
    texts.insert(20, String::new());
    texts.push(text(300_000, 100) + "<|endoftext|>");
    for tokenizer in tokenizers() {
        for frame in [false, true] {
            let expected: Vec<Vec<u32>> = texts
                .iter()
                .map(|text| plain(&tokenizer, text))
                .map(|ids| {
                    if frame {
                        tokenizer.with_frame(ids)
                    } else {
                        ids
                    }
                })
                .collect();
            for threads in [1, 2, 3] {
                let special = Special::allowed();
                let flat = tokenizer
                    .encode_batch_flat::<u32>(&texts, &special, frame, threads)
                    .unwrap();
                assert_eq!(flat.ids, expected.concat());
                let lens = flat
                    .offsets
                    .windows(2)
                    .map(|ends| (ends[1] - ends[0]) as usize);
                assert!(lens.eq(expected.iter().map(Vec::len)));
                let short = tokenizer
                    .encode_batch_flat::<u16>(&texts, &special, frame, threads)
                    .unwrap();
                assert!(short.ids.into_iter().map(u32::from).eq(flat.ids));
                assert_eq!(short.offsets, flat.offsets);
                if !frame {
                    let counts = tokenizer.count_batch(&texts, &special, threads).unwrap();
                    assert!(counts.into_iter().eq(expected.iter().map(Vec::len)));
                    let lists = tokenizer.encode_batch(&texts, &special, threads).unwrap();
                    assert_eq!(lists, expected);
                }
            }
        }
    }
}

#[test]
fn of_several_texts_that_are_refused_the_first_is_told() {
    let tokenizer = Tokenizer::demo().unwrap();
    let long = text(300_000, 5).replace("<|endoftext|>", "");
    let texts = [long.as_str(), "<|endoftext|>", &long, "<|endoftext|>"];
    for threads in [1, 2, 4] {
        let error = tokenizer
            .encode_batch(&texts, &Special::refused(), threads)
            .unwrap_err();
        assert!(error.to_string().contains("<|endoftext|>"), "{error}");
    }
    let empty: [&str; 0] = [];
    let flat = tokenizer
        .encode_batch_flat::<u32>(&empty, &Special::refused(), true, 4)
        .unwrap();
    assert_eq!((flat.ids.len(), flat.offsets), (0, vec![0]));
}

fn special_part(id: u32) -> TemplatePart {
    TemplatePart::Special {
        name: "x".to_owned(),
        type_id: 0,
        ids: vec![id],
    }
}
