//! The borders of batches: known patterns, normalizers, and patterns that cannot be cut.

use bpekit_formats::{Normalizer, Pattern, Pretokenizer};
use proptest::prelude::*;

use super::*;
use crate::known::patterns;

/// Letters, digits, marks and white space of all kinds, and what contractions are made of.
const TEXT: &str = "\u{feff}It's a TEST, isn't it?  We'll see: 1234567 x 12.5%\r\n\r\n\tdef f(x):\r\n\
    \u{20}   return 'x' /\n/usr/bin\0\0  \u{a0}\u{3000} e\u{301}te\u{301} A\u{30a} \u{1112}\u{1161}\u{11ab} \
    한국어. 日本語、テスト。カ・ド か\u{3099} 々〇 नमस\u{94d}ते! «q» 'LL 'ſ ſ ǅ ʰ ٣٣٣٣ Ⅷ \u{2028}🚀🚀 ?!.,;: \
    a.b c-d e_f  \n \n  .\n x  \n";

/// As [`TEXT`], with other ends.
fn texts() -> Vec<String> {
    let mut texts = vec![
        TEXT.to_owned(),
        TEXT.trim_end().to_owned(),
        TEXT.repeat(3),
        String::new(),
        " ".to_owned(),
        "a".to_owned(),
        "word ".repeat(60),
        "no cut anywhere".replace(' ', "_"),
        "1234567890 ".repeat(20),
        "\n\n\n \n".repeat(20),
        "x".repeat(300),
        " ".repeat(300),
        "漢字。".repeat(40),
        "it's. ".repeat(30),
    ];
    texts.push(TEXT.chars().rev().collect());
    texts
}

fn check_memory(how: &Pretokenization, text: &str, batch_len: usize) -> u64 {
    let cutter = how.cutter().unwrap();
    let mut texts = MemoryText::new(text, cutter).with_batch_len(batch_len);
    let found = drain(&mut texts, how, Invalid::Strict).unwrap();
    let is_same = found.counts == whole(how, &[text]);
    assert!(is_same, "{how:?}, {batch_len}: {text:?}");
    assert_eq!(found.texts, 1);
    found.batches
}

fn check_file(how: &Pretokenization, path: &Path, text: &str, batch_len: usize) -> u64 {
    let found = read(path, &FileForm::Text, how, Invalid::Strict, batch_len).unwrap();
    let is_same = found.counts == whole(how, &[text]);
    assert!(is_same, "{how:?}, {batch_len}: {text:?}");
    assert_eq!(found.texts, 1);
    found.batches
}

/// Checks a text in batches of all lengths, and says how many batches there were at most.
fn check(how: &Pretokenization, dir: &Dir, text: &str) -> u64 {
    let path = dir.write("text.txt", text);
    let counts = batch_lens().map(|batch_len| {
        let batches = check_memory(how, text, batch_len);
        batches.max(check_file(how, &path, text, batch_len))
    });
    counts.max().unwrap()
}

#[test]
fn batches_have_the_pretokens_of_the_whole() {
    let dir = Dir::new();
    for known in patterns() {
        let how = how(known.name);
        for text in texts() {
            let batches = check(&how, &dir, &text);
            // Batches are there at all.
            assert!(
                text.len() < 900 || batches > 30,
                "{}: {batches}",
                known.name
            );
        }
    }
}

#[test]
fn normalized_texts_have_the_pretokens_of_the_whole() {
    use Normalizer::{Lowercase, Nfc, Nfd, Nfkc, Nfkd, Sequence};
    let dir = Dir::new();
    let marks = "e\u{301} \u{301}e <\u{338}=\u{338} >\u{338} a\u{327}\u{301}, \u{1100}\u{1161}\u{11a8} \
        \u{1100} \u{1161} 가\u{11a8}. ΟΔΟΣ. ΣΑΣ Σ İI ẞ ﬁ ：！ ｶ\u{ff9e} ①½ Å\u{323} ḍ\u{307}\u{323} か\u{3099}。は\u{309a}、";
    for normalizer in [
        Nfc,
        Nfd,
        Nfkc,
        Nfkd,
        Lowercase,
        Sequence(vec![Nfkd, Lowercase, Nfc]),
    ] {
        for known in patterns() {
            let how = how(known.name).with_normalizer(Some(normalizer.clone()));
            let how = how.unwrap();
            for text in [marks, TEXT, &marks.repeat(4)] {
                assert!(check(&how, &dir, text) > 5, "{normalizer:?}");
            }
        }
    }
}

#[test]
fn what_cannot_be_cut_is_one_batch() {
    let dir = Dir::new();
    let strip = Normalizer::Strip {
        left: true,
        right: true,
    };
    let byte_level = Pretokenizer::ByteLevel {
        add_prefix_space: true,
        trim_offsets: true,
        use_regex: true,
    };
    let of_parts = |normalizer, pretokenizer| Pretokenization::of_parts(normalizer, pretokenizer);
    for how in [
        how(r"\w+|\W+"),
        how("."),
        of_parts(None, None).unwrap(),
        of_parts(None, Some(byte_level)).unwrap(),
        how("gpt2").with_normalizer(Some(strip)).unwrap(),
        how("(?s).{1,7}"),
    ] {
        let how = how.with_special_tokens(["a b"]).unwrap();
        assert!(!how.cutter().unwrap().may_cut());
        for text in [TEXT, " a b a b  a b", &TEXT.repeat(3)] {
            assert_eq!(check(&how, &dir, text), 1, "{how:?}");
        }
    }
}

/// Another spelling of a published pattern, and that of tokenizer.json, are cut too.
#[test]
fn spellings_of_known_patterns_are_cut() {
    let dir = Dir::new();
    for known in patterns() {
        for spelling in known.single_spellings() {
            assert!(check(&how(spelling), &dir, TEXT) > 20, "{spelling}");
        }
        let splits = known.tokenizers.iter().map(|text| Pretokenizer::Split {
            needle: bpekit_formats::Needle::Regex(Pattern::oniguruma(*text)),
            behavior: bpekit_formats::SplitBehavior::Isolated,
            invert: false,
        });
        let splits = Pretokenizer::Sequence(splits.collect());
        let how = Pretokenization::of_parts(None, Some(splits)).unwrap();
        assert!(check(&how, &dir, TEXT) > 20, "{}", known.name);
    }
}

/// A text with few places to cut is read to the next one, in time that grows with its length only.
#[test]
fn a_long_text_without_places_to_cut_is_read_in_good_time() {
    let text = format!("{} {}", "x".repeat(2_000_000), "y".repeat(2_000_000));
    let how = how("o200k");
    assert_eq!(check_memory(&how, &text, 64), 2);
    let dir = Dir::new();
    let path = dir.write("text.txt", &text);
    assert_eq!(check_file(&how, &path, &text, 64), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn random_texts_have_the_pretokens_of_the_whole(
        text in prop_oneof![
            "[a-cA-C' .,!0-9\n\r\t]{0,120}",
            "(?s)[aéΣ中か々〇。、：'’1٣ \u{3000}\n\u{301}\u{200d}/.<ſ\u{1161}가\u{11a8}]{0,80}",
            any::<String>(),
        ],
        batch_len in 1..40_usize,
    ) {
        for known in patterns() {
            for normalizer in [None, Some(Normalizer::Nfc), Some(Normalizer::Nfkd)] {
                let how = how(known.name).with_normalizer(normalizer).unwrap();
                check_memory(&how, &text, batch_len);
            }
        }
    }
}
