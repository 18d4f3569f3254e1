//! Special tokens that stand at the borders of batches, or over them.

use proptest::prelude::*;

use super::*;

const FILLER: &str = "one two, three. <four> five; six 7890 (eight)\n";

/// Sets of tokens: such that overlap, that start alike, with letters, spaces and punctuation.
fn sets() -> Vec<Vec<String>> {
    let sets: &[&[&str]] = &[
        &["<|endoftext|>"],
        &["<|end of|>", "<|end of|> text", "of"],
        &["a b", "b c", "c a"],
        &["a", "a b", "a b c", "b c d"],
        &["ab. ab", "b. a", ". "],
        &[" "],
        &[" a", "a "],
        &[".", "..", ". ."],
        &["\n", "\r\n"],
        &["。", "漢。"],
        &["'", "'s"],
        &["one two, three. <four> five; six 7890"],
        &["1", "12 3"],
        &["\0", "é\u{301} x"],
    ];
    let own = |set: &&[&str]| set.iter().map(|&token| token.to_owned()).collect();
    sets.iter().map(own).collect()
}

fn check(how: &Pretokenization, text: &str, lens: impl Iterator<Item = usize>) {
    let expected = whole(how, &[text]);
    for batch_len in lens {
        let cutter = how.cutter().unwrap();
        let mut texts = MemoryText::new(text, cutter).with_batch_len(batch_len);
        let found = drain(&mut texts, how, Invalid::Strict).unwrap();
        assert_eq!(found.counts, expected, "{how:?}, {batch_len}: {text:?}");
        assert_eq!(found.texts, 1);
    }
}

#[test]
fn tokens_at_every_place_of_a_batch_are_found() {
    for set in sets() {
        let how = how("cl100k").with_special_tokens(&set).unwrap();
        for token in &set {
            for at in 0..FILLER.len() {
                let (left, right) = FILLER.split_at(at);
                let once = format!("{left}{token}{right}");
                let twice = format!("{left}{token}{token}{right}{token}");
                for text in [once, twice] {
                    check(&how, &text, [1, 2, 3, 5, 8, 13, 21, 34, 64].into_iter());
                }
            }
        }
    }
}

#[test]
fn tokens_that_overlap_are_found_from_the_left() {
    for set in sets() {
        let how = how("o200k").with_special_tokens(&set).unwrap();
        // Every token with the others put over its ends, at every overlap that fits.
        for one in &set {
            for other in &set {
                for shared in 0..=one.len().min(other.len()) {
                    let Some(start) = one.len().checked_sub(shared) else {
                        continue;
                    };
                    if !other.is_char_boundary(shared) || one.get(start..) != other.get(..shared) {
                        continue;
                    }
                    let text = format!("{FILLER}{one}{} x, y", &other[shared..]);
                    check(&how, &text, 1..70);
                }
            }
        }
    }
}

#[test]
fn files_are_cut_around_tokens_as_texts_are() {
    let dir = Dir::new();
    for set in sets() {
        let how = how("gpt2").with_special_tokens(&set).unwrap();
        let text = set.iter().map(|token| format!("{FILLER}{token}{token}"));
        let text = text.collect::<String>().repeat(3);
        let path = dir.write("a.txt", &text);
        let expected = whole(&how, &[&text]);
        for batch_len in batch_lens() {
            let found = read(&path, &FileForm::Text, &how, Invalid::Strict, batch_len).unwrap();
            assert_eq!(found.counts, expected, "{set:?} {batch_len}");
        }
    }
}

#[test]
fn a_feeder_cuts_long_texts_around_tokens() {
    let token = "<|end of|> x, y".to_owned();
    let how = how("llama3").with_special_tokens([&token]).unwrap();
    // The token stands over every place near the end of the first batch.
    let unit = format!("{token} a");
    for shift in 0..unit.len() {
        let text = format!(
            "{}{}",
            "z".repeat(shift),
            unit.repeat(2 * BATCH_LEN / unit.len())
        );
        let (mut feeder, mut fed) = Feeder::new(how.cutter().unwrap(), true);
        let mut full = || panic!("sixteen batches wait");
        feeder.push(text.as_bytes(), &mut full).unwrap();
        feeder.push(b"", &mut full).unwrap();
        feeder.push(b"last", &mut full).unwrap();
        feeder.finish(&mut full).unwrap();
        let found = drain(&mut fed, &how, Invalid::Strict).unwrap();
        assert!(found.counts == whole(&how, &[&text, "last"]), "{shift}");
        assert_eq!(found.texts, 3);
        assert!(found.batches > 2);
        assert!(fed.sha256().is_some());
    }
}

#[test]
fn a_feeder_that_is_dropped_is_no_end() {
    let how = how("gpt2");
    let (mut feeder, mut fed) = Feeder::new(how.cutter().unwrap(), false);
    feeder.push(b"a text", &mut || Ok(())).unwrap();
    drop(feeder);
    let error = drain(&mut fed, &how, Invalid::Strict).unwrap_err();
    assert!(matches!(error.kind(), crate::ErrorKind::Interrupted));
    // And the other way round.
    let (mut feeder, fed) = Feeder::new(how.cutter().unwrap(), false);
    drop(fed);
    let text = "x ".repeat(BATCH_LEN);
    let error = feeder.push(text.as_bytes(), &mut || Ok(())).unwrap_err();
    assert!(matches!(error.kind(), crate::ErrorKind::Interrupted));
}

/// The sha256 of one text is the same by each way; texts are told apart by where they end.
#[test]
fn the_hash_of_texts_knows_their_borders() {
    let how = how("gpt2");
    let hash_of = |texts: &[&str]| {
        let (mut feeder, mut fed) = Feeder::new(how.cutter().unwrap(), true);
        for text in texts {
            feeder.push(text.as_bytes(), &mut || Ok(())).unwrap();
        }
        feeder.finish(&mut || Ok(())).unwrap();
        drain(&mut fed, &how, Invalid::Strict).unwrap();
        fed.sha256().unwrap()
    };
    let one = MemoryText::new("a b", how.cutter().unwrap()).sha256();
    assert_eq!(hash_of(&["a b"]), one);
    assert_ne!(hash_of(&["a", " b"]), one);
    assert_ne!(hash_of(&["a b", ""]), one);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn random_tokens_are_found_wherever_they_are(
        set in proptest::collection::btree_set("[ab .]{1,5}", 1..4),
        text in "[ab .\n]{0,60}",
        batch_len in 1..30_usize,
    ) {
        let how = how("gpt2").with_special_tokens(&set).unwrap();
        let expected = whole(&how, &[&text]);
        let cutter = how.cutter().unwrap();
        let mut texts = MemoryText::new(&text, cutter).with_batch_len(batch_len);
        let found = drain(&mut texts, &how, Invalid::Strict).unwrap();
        prop_assert_eq!(found.counts, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Bytes that are left out or replaced can make a token, or part of one.
    #[test]
    fn tokens_that_decoding_makes_are_found_wherever_they_are(
        set in proptest::collection::btree_set("[ab .\u{fffd}]{1,5}", 0..3),
        parts in proptest::collection::vec(
            prop_oneof![
                6 => "[ab .\n]{1,3}".prop_map(String::into_bytes),
                1 => "[\u{e9}\u{6f22}\u{3002}]".prop_map(String::into_bytes),
                2 => Just(b"\xff".to_vec()),
                1 => Just(b"\xe6\xbc".to_vec()),
                1 => Just(b"\xbc".to_vec()),
            ],
            0..30,
        ),
        batch_len in 1..30_usize,
    ) {
        let dir = Dir::new();
        let bytes = parts.concat();
        let path = dir.write("a.txt", &bytes);
        let how = how("gpt2").with_special_tokens(&set).unwrap();
        let replaced = String::from_utf8_lossy(&bytes);
        let ignored: String = bytes.utf8_chunks().map(|part| part.valid()).collect();
        for (invalid, expected) in [(Invalid::Replace, &*replaced), (Invalid::Ignore, &ignored)] {
            let found = read(&path, &FileForm::Text, &how, invalid, batch_len).unwrap();
            prop_assert_eq!(&found.counts, &whole(&how, &[expected]), "{:?} {:?}", invalid, expected);
        }
    }
}
