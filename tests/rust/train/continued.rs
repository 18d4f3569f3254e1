//! Going on from a tokenizer.

use std::sync::Arc;

use bpekit::formats::{AddedToken, Atoms, Merge, TokenKind, Vocab};
use bpekit::train::{Source, Stop, Trainer};

use super::*;

fn from(base: &Definition, mut options: TrainOptions) -> TrainOptions {
    options.base = Some(Arc::new(base.clone()));
    options
}

#[test]
fn going_on_is_training_at_once() {
    let mut random = Random(5);
    for order in ORDERS {
        for pattern in ["gpt2", "o200k"] {
            let how = how(pattern);
            for text in [TEXT.to_owned(), random.text(150)] {
                let at_once = train(&how, &ordered(360, order), &text);
                for size in [256, 257, 290, 359, 360] {
                    let first = train(&how, &ordered(size, order), &text);
                    let options = from(&first.definition, ordered(360, order));
                    let second = train(&how, &options, &text);
                    let is_same = second.definition.says_the_same(&at_once.definition);
                    assert!(is_same, "{order:?} {size}");
                    let merges = [&first.merges[..], &second.merges].concat();
                    assert_eq!(merges, at_once.merges, "{order:?} {size}");
                    let points = &at_once.report.curve.tokens[size as usize - 256..];
                    assert_eq!(second.report.curve.tokens, points);
                    assert_eq!(second.report.curve.first_size, size);
                    assert_eq!(second.report.made, 360);
                }
            }
        }
    }
}

#[test]
fn special_tokens_of_the_base_keep_their_ids() {
    let with = |tokens: &[&str]| how("gpt2").with_special_tokens(tokens.to_vec()).unwrap();
    let first = train(&with(&["<a>", "<b>"]), &TrainOptions::new(280), TEXT);
    let options = from(&first.definition, TrainOptions::new(300));
    let second = train(&with(&["<b>", "<c>", "<a>"]), &options, TEXT);
    let ids = |trained: &Trained| {
        let added = trained.definition.added_tokens.iter();
        added
            .map(|token| (token.content.clone(), token.id))
            .collect::<Vec<_>>()
    };
    let expected = [("<a>", 278), ("<b>", 279), ("<c>", 299)];
    assert_eq!(
        ids(&second),
        expected.map(|(text, id)| (text.to_owned(), id))
    );
    assert_eq!(second.definition.vocab.len() + 3, 300);
    assert_eq!(second.report.curve.first_size, 281);
    for token in first.definition.vocab.iter() {
        assert_eq!(second.definition.vocab.bytes(token.id), Some(token.bytes));
    }
    // The same merges as at once, but for the ids behind the special tokens.
    let at_once = train(&with(&["<a>", "<b>", "<c>"]), &TrainOptions::new(300), TEXT);
    let parts = [merged_bytes(&first), merged_bytes(&second)].concat();
    assert_eq!(parts, merged_bytes(&at_once));
    let tokenizer = Tokenizer::from_definition(second.definition).unwrap();
    let tokens = tokenizer.encode_ordinary(TEXT).unwrap().len() as u64;
    assert_eq!(second.report.curve.tokens.last(), Some(&tokens));

    let message = refused(
        &with(&["<c>"]),
        &from(&first.definition, TrainOptions::new(280)),
        TEXT,
    );
    assert_eq!(
        message,
        "a vocab of 280 has no room for the 280 tokens of the base and 1 special tokens; expected \
         a size of 281 or more"
    );
}

#[test]
fn the_demo_goes_on_with_its_ids() {
    let demo = Tokenizer::demo().unwrap();
    let base = demo.definition();
    for order in [Order::Bytes, Order::Hf] {
        let options = from(base, ordered(3060, (order, None)));
        let mut job = Trainer::new(how("gpt2"), options);
        let held_out = "the bestest times of foolishness 日本語 größer";
        job.held_out = Some(held_out.to_owned());
        let trained = job.train(Source::Text(TEXT), &Unwatched).unwrap();
        assert_eq!((trained.report.made, trained.merges.len()), (3060, 59));
        for token in base.vocab.iter() {
            assert_eq!(trained.definition.vocab.bytes(token.id), Some(token.bytes));
        }
        assert_eq!(trained.definition.added_tokens, base.added_tokens);
        assert_eq!(trained.merges[0].product, 3001);
        assert_eq!(trained.definition.name, None);
        let curve = &trained.report.curve;
        assert_eq!(
            curve.tokens[0],
            demo.encode_ordinary(TEXT).unwrap().len() as u64
        );
        check_curve(&trained, Some(base), curve, TEXT);
        check_curve(
            &trained,
            Some(base),
            trained.report.held_out.as_ref().unwrap(),
            held_out,
        );
    }
}

/// Bytes, and tokens behind them with the ids from 300 on.
fn vocab(tokens: &[&str]) -> Vocab {
    let mut vocab = VocabBuilder::with_capacity(0, 0);
    for byte in 0..=255 {
        vocab.push(u32::from(byte), &[byte], TokenKind::Ordinary);
    }
    for (id, token) in (300..).zip(tokens) {
        vocab.push(id, token.as_bytes(), TokenKind::Ordinary);
    }
    vocab.finish().unwrap()
}

fn definition(how: &Pretokenization, vocab: Vocab, merges: Merges) -> Definition {
    let mut definition = Definition::from_ranks(vocab);
    definition.missing.clear();
    definition.pretokenizer = how.pretokenizer().cloned();
    definition.options.ignore_merges = merges == Merges::ByRank;
    definition.merges = merges;
    definition
}

fn listed(definition: &Definition, pairs: &[(&str, &str)]) -> Merges {
    let id = |text: &str| definition.vocab.id_of(text.as_bytes()).unwrap();
    let merges = pairs.iter().map(|(left, right)| Merge {
        left: id(left),
        right: id(right),
        product: id(&format!("{left}{right}")),
    });
    Merges::Listed(merges.collect())
}

/// Checks that every text encodes as the curve says, after going on from this base.
fn check_base(how: &Pretokenization, base: &Definition, text: &str, held_out: &str) -> Trained {
    let size = base.vocab.len() as u64 + 30;
    let mut job = Trainer::new(how.clone(), from(base, TrainOptions::new(size)));
    job.held_out = Some(held_out.to_owned());
    let trained = job.train(Source::Text(text), &Unwatched).unwrap();
    check_curve(&trained, Some(base), &trained.report.curve, text);
    let curve = trained.report.held_out.as_ref().unwrap();
    check_curve(&trained, Some(base), curve, held_out);
    for token in base.vocab.iter() {
        assert_eq!(trained.definition.vocab.bytes(token.id), Some(token.bytes));
    }
    trained
}

#[test]
fn tokens_that_no_merge_makes_may_be_made_later() {
    let how = how("gpt2");
    let text = "xyz xyzw axyzb xyz abc abcd bcd xyz\nxyz\nxyz\nqxyz qrst qrst";
    let held_out = "xyz\nqxyz xyzxyz abc rst qrs";
    let tokens = ["ab", "abc", "bc", "xyz", "yz", "qrst", " xyz"];
    let vocab = vocab(&tokens);
    for ignore_merges in [false, true] {
        let mut base = definition(&how, vocab.clone(), Merges::ByRank);
        base.merges = listed(&base, &[("y", "z"), ("a", "b"), ("ab", "c"), ("b", "c")]);
        base.options.ignore_merges = ignore_merges;
        let trained = check_base(&how, &base, text, held_out);
        let made: Vec<_> = trained.merges.iter().map(|merge| merge.product).collect();
        // `xyz` is made of `x` and `yz`, and has the id it had.
        assert!(made.contains(&303), "{made:?}");
        assert_eq!(trained.definition.options.ignore_merges, ignore_merges);
    }
    // By ranks, the tokens that no merge makes are found as whole pretokens alone.
    let base = definition(&how, vocab, Merges::ByRank);
    let trained = check_base(&how, &base, text, held_out);
    assert!(matches!(trained.definition.merges, Merges::Listed(_)));
}

#[test]
fn any_base_goes_on() {
    let mut random = Random(17);
    let how = how("gpt2");
    for round in 0..400 {
        // Random tokens, in random order, some of them never made.
        let mut tokens: Vec<String> = Vec::new();
        while tokens.len() < 12 {
            let len = 2 + random.below(3);
            let token: String = (0..len)
                .map(|_| ['a', 'b', 'c', ' '][random.below(4)])
                .collect();
            if !tokens.contains(&token) {
                tokens.push(token);
            }
        }
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let mut base = definition(&how, vocab(&tokens), Merges::ByRank);
        if round % 2 == 1 {
            // All splits of some tokens, in any order.
            let is_token = |text: &str| text.len() == 1 || tokens.contains(&text);
            let mut pairs = Vec::new();
            for token in &tokens {
                for at in 1..token.len() {
                    let pair = token.split_at(at);
                    if is_token(pair.0) && is_token(pair.1) && random.below(4) > 0 {
                        pairs.insert(random.below(pairs.len() + 1), pair);
                    }
                }
            }
            base.merges = listed(&base, &pairs);
            base.options.ignore_merges = random.below(2) == 0;
        }
        let words = |random: &mut Random, count: usize| -> String {
            let letters = (0..count).map(|_| ["a", "b", "c", " ", "ab", "\n"][random.below(6)]);
            letters.collect()
        };
        let (text, held_out) = (words(&mut random, 150), words(&mut random, 60));
        check_base(&how, &base, &text, &held_out);
    }
}

/// A literal is a text, and no merge makes it, whatever its bytes are.
#[test]
fn literals_stay_what_they_are() {
    let how = how("gpt2");
    let mut vocab = VocabBuilder::with_capacity(0, 0);
    for byte in 0..=255 {
        vocab.push(u32::from(byte), &[byte], TokenKind::Ordinary);
    }
    vocab.push(256, "日本".as_bytes(), TokenKind::Literal);
    vocab.push(257, b"ab", TokenKind::Ordinary);
    let mut base = definition(&how, vocab.finish().unwrap(), Merges::ByRank);
    base.merges = listed(&base, &[("a", "b")]);
    base.added_tokens = vec![AddedToken::special("日本", 256)];
    let options = from(&base, TrainOptions::new(270));
    let trained = train(&how, &options, "日本 日本 日本 ab");
    assert!(trained.merges.iter().all(|merge| merge.product > 257));
    let vocab = &trained.definition.vocab;
    assert_eq!(vocab.token(256).unwrap().kind, TokenKind::Literal);
    assert!(vocab.id_of("日本".as_bytes()).unwrap() > 257);
}

#[test]
fn bases_that_cannot_be_are_refused() {
    let demo = Tokenizer::demo().unwrap();
    let base = demo.definition();
    let message = refused(&how("o200k"), &from(base, TrainOptions::new(4000)), TEXT);
    assert_eq!(message, "made with different patterns: `o200k` and `gpt2`");
    let message = refused(&how("gpt2"), &from(base, TrainOptions::new(3000)), TEXT);
    assert_eq!(
        message,
        "a vocab of 3000 has no room for the 3001 tokens of the base; expected a size of 3001 or \
         more"
    );
    let mut characters = base.clone();
    characters.atoms = Atoms::Characters;
    let message = refused(
        &how("gpt2"),
        &from(&characters, TrainOptions::new(4000)),
        TEXT,
    );
    assert!(message.contains("the base is of characters"), "{message}");
    let mut high = base.clone();
    high.added_tokens
        .push(AddedToken::special("<last>", u32::MAX));
    let message = refused(&how("gpt2"), &from(&high, TrainOptions::new(4000)), TEXT);
    assert!(message.contains("highest token id"), "{message}");
    high.added_tokens.last_mut().unwrap().id = u32::MAX - 3;
    let message = refused(&how("gpt2"), &from(&high, TrainOptions::new(4000)), TEXT);
    assert!(
        message.contains("more than token ids can number"),
        "{message}"
    );
    // A size that the base has already is that base.
    let trained = train(&how("gpt2"), &from(base, TrainOptions::new(3001)), TEXT);
    assert!(trained.definition.says_the_same(base));
    assert_eq!(
        (trained.report.stop, trained.merges.len()),
        (Stop::VocabSize, 0)
    );
    assert_eq!(
        trained.report.curve.tokens,
        [demo.encode_ordinary(TEXT).unwrap().len() as u64]
    );
    // A base without a byte of the text cannot take it.
    let mut vocab = VocabBuilder::with_capacity(0, 0);
    vocab.push(0, b"a", TokenKind::Ordinary);
    vocab.push(1, b"b", TokenKind::Ordinary);
    let two = definition(
        &how("gpt2"),
        vocab.finish().unwrap(),
        Merges::Listed(Vec::new()),
    );
    let options = from(&two, TrainOptions::new(3));
    assert_eq!(train(&how("gpt2"), &options, "abab").merges.len(), 1);
    assert!(refused(&how("gpt2"), &options, "abc").contains("no token for the byte 0x63"));
}
