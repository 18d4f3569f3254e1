//! Small trainings whose result is known.

use bpekit::formats::TokenKind;
use bpekit::train::Stop;

use super::*;

fn shown(trained: &Trained) -> Vec<String> {
    let merges = merged_bytes(trained).into_iter();
    merges
        .map(|(left, right)| {
            let [left, right] =
                [left, right].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            format!("{left}+{right}")
        })
        .collect()
}

/// The example of Wikipedia's article on byte-pair encoding. Pairs that tie are taken in the order
/// of their ids, so that `ab` is made before `aaa`.
#[test]
fn the_example_of_wikipedia() {
    let trained = train(&uncut(), &TrainOptions::new(400), "aaabdaaabac");
    let expected = [
        "a+a",
        "a+b",
        "aa+ab",
        "a+c",
        "d+aaab",
        "aaab+daaab",
        "aaabdaaab+ac",
    ];
    assert_eq!(shown(&trained), expected);
    let report = &trained.report;
    assert_eq!(
        (report.asked, report.made, report.stop),
        (400, 263, Stop::NoPairs)
    );
    // `aaa` holds the pair twice and loses one token: at first 4 pairs, and 2 tokens saved.
    assert_eq!(report.curve.tokens, [11, 9, 7, 5, 4, 3, 2, 1]);
    assert_eq!((report.curve.bytes, report.curve.first_size), (11, 256));
    assert_eq!(
        (report.texts, report.text_bytes, report.pretokens),
        (1, 11, 1)
    );
    let ids: Vec<_> = trained.merges.iter().map(|merge| merge.product).collect();
    assert_eq!(ids, [256, 257, 258, 259, 260, 261, 262]);
    check_curve(&trained, None, &report.curve, "aaabdaaabac");
}

#[test]
fn ties_are_broken_by_the_order_of_bytes() {
    // The space is the first of these bytes, and `Ġ` the last of their characters.
    let text = " ab ab ab";
    let bytes = train(&how("gpt2"), &ordered(258, ORDERS[0]), text);
    assert_eq!(shown(&bytes), [" +a", " a+b"]);
    let hf = train(&how("gpt2"), &ordered(258, ORDERS[1]), text);
    assert_eq!(shown(&hf), ["a+b", " +ab"]);
    // A byte that is no printable character comes behind those that are.
    let text = "\u{7f}z\u{7f}z ~z~z";
    let bytes = train(&uncut(), &ordered(257, ORDERS[0]), text);
    assert_eq!(shown(&bytes), ["~+z"]);
    let bytes = train(
        &uncut(),
        &ordered(257, ORDERS[0]),
        "\u{7f}z\u{7f}z \u{80}\u{80}",
    );
    assert_eq!(shown(&bytes), ["z+\u{7f}"].map(|_| "\u{7f}+z"));
}

#[test]
fn byte_orders_name_the_same_merges() {
    for pattern in ["gpt2", "o200k"] {
        for order in [Order::Bytes, Order::Hf] {
            let of = |byte_order| train(&how(pattern), &ordered(400, (order, byte_order)), TEXT);
            let trained = [
                of(None),
                of(Some(ByteOrder::Identity)),
                of(Some(ByteOrder::Gpt2)),
            ];
            for other in &trained[1..] {
                assert_eq!(merged_bytes(other), merged_bytes(&trained[0]));
                assert_eq!(other.report, trained[0].report);
            }
            let [by_default, identity, gpt2] = trained.map(|trained| trained.definition);
            for id in 0..256_u32 {
                assert_eq!(identity.vocab.bytes(id).unwrap(), [id as u8]);
            }
            assert_eq!(gpt2.vocab.bytes(0).unwrap(), b"!");
            assert_eq!(gpt2.vocab.bytes(220).unwrap(), b" ");
            assert_eq!(gpt2.vocab.bytes(255).unwrap(), b"\xad");
            for id in 256..400 {
                assert_eq!(identity.vocab.bytes(id), gpt2.vocab.bytes(id));
            }
            let expected = if order == Order::Hf { &gpt2 } else { &identity };
            assert!(by_default.says_the_same(expected));
        }
    }
}

#[test]
fn special_tokens_come_behind_the_merges() {
    let how = how("gpt2").with_special_tokens(["<|b|>", "<|a|>"]).unwrap();
    let text = TEXT.replace("the", "the<|a|>th<|b|>");
    let trained = train(&how, &TrainOptions::new(300), &text);
    let added: Vec<_> = trained.definition.added_tokens.iter().collect();
    assert_eq!(added.len(), 2);
    assert_eq!((added[0].content.as_str(), added[0].id), ("<|b|>", 298));
    assert_eq!((added[1].content.as_str(), added[1].id), ("<|a|>", 299));
    assert!(added.iter().all(|token| token.is_special));
    assert_eq!(trained.definition.vocab.len(), 298);
    assert!(
        trained
            .definition
            .vocab
            .iter()
            .all(|token| token.kind == TokenKind::Ordinary)
    );
    assert_eq!((trained.report.made, trained.merges.len()), (300, 42));
    assert_eq!(trained.report.curve.first_size, 258);
    let tokenizer = Tokenizer::from_definition(trained.definition).unwrap();
    let all = bpekit::Special::allowed();
    let ids = tokenizer.encode(&text, &all).unwrap();
    let ordinary = ids.iter().filter(|&&id| id < 298).count() as u64;
    assert_eq!(Some(&ordinary), trained.report.curve.tokens.last());
    // Behind as many merges as there are, where there are fewer than asked for.
    let trained = train(&how, &TrainOptions::new(9999), "ab ab");
    let made = trained.report.made;
    assert_eq!(made, 256 + trained.merges.len() as u64 + 2);
    assert_eq!(trained.definition.id_bound(), made);
}

#[test]
fn rare_pairs_do_not_merge() {
    for (min_frequency, expected) in [
        (0, vec!["a+b", "ab+c"]),
        (1, vec!["a+b", "ab+c"]),
        (2, vec!["a+b"]),
        (3, vec!["a+b"]),
        (4, vec![]),
    ] {
        let options = TrainOptions {
            min_frequency,
            ..TrainOptions::new(300)
        };
        let trained = train(&how("gpt2"), &options, "ab\nab\nabc");
        assert_eq!(shown(&trained), expected, "{min_frequency}");
        let stop = if min_frequency < 2 {
            Stop::NoPairs
        } else {
            Stop::MinFrequency
        };
        assert_eq!(trained.report.stop, stop);
    }
}

#[test]
fn tokens_are_as_long_as_they_may_be() {
    let longest = |order, len| {
        let options = TrainOptions {
            order,
            max_token_length: Some(len),
            ..TrainOptions::new(9999)
        };
        let trained = train(&how("gpt2"), &options, TEXT);
        let vocab = &trained.definition.vocab;
        let longest = vocab.iter().map(|token| token.bytes.len()).max().unwrap();
        (longest as u64, trained.report.stop)
    };
    for len in [0, 1] {
        assert_eq!(longest(Order::Bytes, len), (1, Stop::MaxTokenLength));
    }
    for len in 2..=8 {
        assert_eq!(longest(Order::Bytes, len), (len, Stop::MaxTokenLength));
    }
    // tokenizers' tokens are shorter than its limit, except that two bytes always merge.
    for (len, expected) in [(0, 2), (1, 2), (2, 2), (3, 2), (4, 3), (5, 4), (9, 8)] {
        assert_eq!(
            longest(Order::Hf, len),
            (expected, Stop::MaxTokenLength),
            "{len}"
        );
    }
    assert_eq!(longest(Order::Bytes, u64::MAX).1, Stop::NoPairs);
    assert_eq!(longest(Order::Hf, u64::MAX).1, Stop::NoPairs);
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let two = how("gpt2").with_special_tokens(["<a>", "<b>"]).unwrap();
    let text = "some text";
    for size in [0, 1, 255] {
        let expected = format!(
            "a vocab of {size} has no room for the 256 bytes; expected a size of 256 or more"
        );
        assert_eq!(
            refused(&how("gpt2"), &TrainOptions::new(size), text),
            expected
        );
    }
    assert_eq!(
        refused(&two, &TrainOptions::new(257), text),
        "a vocab of 257 has no room for the 256 bytes and 2 special tokens; expected a size of 258 \
         or more"
    );
    for size in [u64::from(u32::MAX), u64::MAX] {
        let expected = format!(
            "a vocab of {size} is more than token ids can number; expected at most 4294967294"
        );
        assert_eq!(
            refused(&how("gpt2"), &TrainOptions::new(size), text),
            expected
        );
    }
    // The largest one there is holds what the text gives.
    let trained = train(&how("gpt2"), &TrainOptions::new(4_294_967_294), text);
    assert_eq!(trained.report.stop, Stop::NoPairs);
    assert_eq!(
        refused(&how("gpt2"), &TrainOptions::new(300), ""),
        "there is no text to train on: every text is empty, or there is none"
    );
}

#[test]
fn a_vocab_of_bytes_alone_needs_no_text() {
    let two = how("gpt2").with_special_tokens(["<a>", "<b>"]).unwrap();
    for text in ["", "a", "some text"] {
        let trained = train(&two, &TrainOptions::new(258), text);
        assert_eq!(
            (trained.report.made, trained.report.stop),
            (258, Stop::VocabSize)
        );
        assert!(trained.merges.is_empty());
        let curve = &trained.report.curve;
        assert_eq!(curve.tokens, [text.len() as u64]);
        assert!((curve.bytes_per_token() - f64::from(u8::from(!text.is_empty()))).abs() < 1e-9);
    }
    // Pretokens of one byte have no pair.
    let trained = train(&how("."), &TrainOptions::new(300), "abcabc");
    assert_eq!(
        (trained.report.made, trained.report.stop),
        (256, Stop::NoPairs)
    );
    assert_eq!(trained.report.curve.tokens, [6]);
}

#[test]
fn pruned_counts_train_on_what_is_left() {
    let mut counts = counts_of(&how("gpt2"), &["ab\nab\ncd"]);
    counts.prune(2);
    let trained = train_from_counts(&counts, &TrainOptions::new(300), &Unwatched).unwrap();
    assert_eq!(shown(&trained), ["a+b"]);
    counts.prune(99);
    let error = train_from_counts(&counts, &TrainOptions::new(300), &Unwatched).unwrap_err();
    assert!(error.to_string().starts_with("there is no text"), "{error}");
}

/// Some merges of a long training against the rule: the most frequent pair, ties by ids.
#[test]
fn every_merge_is_the_most_frequent_pair() {
    let mut random = Random(99);
    let text = random.text(300);
    for order in ORDERS {
        let trained = train(&how("gpt2"), &ordered(340, order), &text);
        let counts = counts_of(&how("gpt2"), &[&text]);
        let mut words: Vec<(Vec<Vec<u8>>, u64)> = Vec::new();
        counts
            .for_each(|pretoken, count| {
                words.push((pretoken.iter().map(|&byte| vec![byte]).collect(), count));
                Ok(())
            })
            .unwrap();
        let alphabet = |byte: u8| u32::from(bpekit::formats::byte_alphabet::to_char(byte));
        let mut made: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
        if order.0 == Order::Hf {
            made.sort_by_key(|bytes| alphabet(bytes[0]));
        }
        for (left, right) in merged_bytes(&trained) {
            let mut pairs = std::collections::BTreeMap::new();
            let id = |bytes: &[u8]| made.iter().position(|held| held == bytes).unwrap();
            for (word, count) in &words {
                for pair in word.windows(2) {
                    *pairs.entry((id(&pair[0]), id(&pair[1]))).or_insert(0) += count;
                }
            }
            let best = pairs
                .iter()
                .max_by(|one, other| one.1.cmp(other.1).then(other.0.cmp(one.0)));
            assert_eq!(*best.unwrap().0, (id(&left), id(&right)));
            for (word, _) in &mut words {
                let mut at = 0;
                while at + 1 < word.len() {
                    if word[at] == left && word[at + 1] == right {
                        let removed = word.remove(at + 1);
                        word[at].extend(removed);
                    }
                    at += 1;
                }
            }
            made.push([left, right].concat());
        }
    }
}
