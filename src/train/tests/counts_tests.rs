//! `PretokenCounts` as a value.

use bpekit_formats::{Definition, Needle, Normalizer, Pattern, Pretokenizer, SplitBehavior, Vocab};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;
use crate::known::patterns;

type Entries = std::collections::BTreeMap<Vec<u8>, u64>;

fn entries() -> impl Strategy<Value = Entries> {
    let pretoken = vec(prop_oneof![Just(0_u8), Just(b'a'), Just(255)], 1..18);
    let count = prop_oneof![1..5_u64, Just((1 << 53) + 1), 1..(1_u64 << 55)];
    btree_map(pretoken, count, 0..20)
}

fn of(entries: &Entries) -> PretokenCounts {
    let mut counts = PretokenCounts::new(how("gpt2")).unwrap();
    for (pretoken, count) in entries {
        counts.add(pretoken, *count).unwrap();
    }
    counts
}

fn merged(parts: &[&PretokenCounts]) -> Vec<u8> {
    let mut all = PretokenCounts::new(how("gpt2")).unwrap();
    for part in parts {
        all.merge(part).unwrap();
    }
    saved(&all)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn merging_is_adding_up_in_any_order(a in entries(), b in entries(), c in entries()) {
        let [mut one, mut two, three] = [&a, &b, &c].map(of);
        one.update("the cat").unwrap();
        two.update("a cat").unwrap();
        two.prune(2);
        let expected = merged(&[&one, &two, &three]);
        prop_assert_eq!(&merged(&[&three, &one, &two]), &expected);
        prop_assert_eq!(&merged(&[&two, &three, &one]), &expected);
        let mut right = PretokenCounts::new(how("gpt2")).unwrap();
        right.merge(&two).unwrap();
        right.merge(&three).unwrap();
        one.merge(&right).unwrap();
        prop_assert_eq!(&saved(&one), &expected);
    }

    #[test]
    fn the_most_common_are_those_of_a_sort(entries in entries(), limit in 0..25_usize) {
        let counts = of(&entries);
        let mut sorted: Vec<_> = entries.into_iter().collect();
        sorted.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        sorted.truncate(limit);
        prop_assert_eq!(counts.most_common(limit), sorted);
    }

    #[test]
    fn files_give_back_what_they_took(entries in entries(), min_count in 1..4_u64) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bpecounts");
        let mut counts = of(&entries);
        counts.update("one two").unwrap();
        counts.prune(min_count);
        counts.save(&path).unwrap();
        let loaded = PretokenCounts::load(&path).unwrap();
        prop_assert_eq!(loaded.len(), counts.len());
        prop_assert_eq!(loaded.total().unwrap(), counts.total().unwrap());
        prop_assert_eq!(loaded.min_count(), min_count);
        prop_assert_eq!((loaded.texts(), loaded.text_bytes()), (1, 7));
        prop_assert_eq!(loaded.most_common(99), counts.most_common(99));
        prop_assert_eq!(saved(&loaded), saved(&counts));
    }
}

#[test]
fn pruning_leaves_out_what_is_rarer() {
    let mut counts = counts_of(&how("gpt2"), &["a a a b b c"]);
    assert_eq!(counts.min_count(), 1);
    // `a` stands once at the start, and twice behind a space.
    assert_eq!(counts.prune(0), 0);
    assert_eq!(counts.prune(1), 0);
    assert_eq!(counts.min_count(), 1);
    assert_eq!(counts.prune(2), 2);
    assert_eq!(
        counts.most_common(9),
        [(b" a".to_vec(), 2), (b" b".to_vec(), 2)]
    );
    assert_eq!(counts.min_count(), 2);
    // What is added later is all there; the number remembers that something may be missing.
    counts.update("c").unwrap();
    assert_eq!((counts.get(b"c"), counts.min_count()), (1, 2));
    assert_eq!(counts.prune(u64::MAX), 3);
    assert!(counts.is_empty());
    counts.update(" a").unwrap();
    assert_eq!(counts.get(b" a"), 1);
}

#[test]
fn sums_that_overflow_are_errors_and_change_nothing() {
    let mut counts = counts_of(&how("gpt2"), &["a b"]);
    counts.add(b"x", u64::MAX - 5).unwrap();
    let mut others = counts_of(&how("gpt2"), &["a c d e f g"]);
    others.add(b"x", 6).unwrap();
    let before: Vec<_> = counts.most_common(99);
    let error = counts.merge(&others).unwrap_err();
    assert_eq!(error.to_string(), "the count of b\"x\" exceeds 2^64 - 1");
    assert_eq!(counts.most_common(99), before);
    assert_eq!((counts.texts(), counts.text_bytes()), (1, 3));
    assert!(counts.add(b"x", 6).is_err());
    assert_eq!(counts.get(b"x"), u64::MAX - 5);
    counts.add(b"x", 5).unwrap();
    assert_eq!(counts.get(b"x"), u64::MAX);
    // Each count fits, and their sum does not.
    let error = counts.total().unwrap_err().to_string();
    assert_eq!(error, "the counts sum up to more than 2^64 - 1");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bpecounts");
    assert_eq!(counts.save(&path).unwrap_err().to_string(), error);
    assert!(!path.exists());
    let error = train_from_counts(&counts, &TrainOptions::new(300), &Unwatched).unwrap_err();
    assert!(
        error.to_string().contains("more than 2^64 bytes"),
        "{error}"
    );
}

#[test]
fn what_is_no_pretoken_is_refused() {
    let mut counts = PretokenCounts::new(how("gpt2")).unwrap();
    let error = counts.add(b"", 1).unwrap_err();
    assert_eq!(error.to_string(), "a pretoken is empty");
    counts.add(b"a", 0).unwrap();
    assert!(counts.is_empty());
    let unknown = Normalizer::Other("X".to_owned());
    assert!(how("gpt2").with_normalizer(Some(unknown)).is_err());
}

#[test]
fn counts_of_another_kind_are_refused_with_what_differs() {
    let base = how("gpt2").with_special_tokens(["<a>", "<b>"]).unwrap();
    let mut counts = counts_of(&base, &["some text"]);
    let before = saved(&counts);
    let with = |tokens: &[&str]| how("gpt2").with_special_tokens(tokens.to_vec()).unwrap();
    let nfc = base.clone().with_normalizer(Some(Normalizer::Nfc)).unwrap();
    for (other, expected) in [
        (
            how("o200k").with_special_tokens(["<a>", "<b>"]).unwrap(),
            "made with different patterns: `gpt2` and `o200k`",
        ),
        (
            how(r"\w+|\W").with_special_tokens(["<a>", "<b>"]).unwrap(),
            r"made with different patterns: `gpt2` and `\w+|\W`",
        ),
        (nfc, "made with different normalizers: `none` and `Nfc`"),
        (
            with(&["<a>"]),
            "made with different special tokens: `2 (<a>, <b>)` and `1 (<a>)`",
        ),
        (
            with(&[]),
            "made with different special tokens: `2 (<a>, <b>)` and `none`",
        ),
        (
            with(&["<a>", "<c>", "<d>", "<e>"]),
            "made with different special tokens: `2 (<a>, <b>)` and `4 (<a>, <c>, <d>, ...)`",
        ),
    ] {
        let error = counts.merge(&counts_of(&other, &["text"])).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(saved(&counts), before);
    }
    // The order of special tokens does not count.
    let other = with(&["<b>", "<a>"]);
    counts.merge(&counts_of(&other, &["text"])).unwrap();
    assert_eq!(counts.texts(), 2);
}

#[test]
fn spellings_of_one_published_pattern_are_one() {
    for known in patterns() {
        let mut counts = counts_of(&how(known.name), &["some text, 1234"]);
        let mut times = 1;
        for spelling in known.single_spellings() {
            counts
                .merge(&counts_of(&how(spelling), &["some text, 1234"]))
                .unwrap();
            times += 1;
        }
        let splits = known.tokenizers.iter().map(|text| Pretokenizer::Split {
            needle: Needle::Regex(Pattern::oniguruma(*text)),
            behavior: SplitBehavior::Isolated,
            invert: false,
        });
        let byte_level = Pretokenizer::ByteLevel {
            add_prefix_space: false,
            trim_offsets: true,
            use_regex: false,
        };
        let splits = Pretokenizer::Sequence(splits.chain([byte_level]).collect());
        let how = Pretokenization::of_parts(None, Some(splits)).unwrap();
        counts
            .merge(&counts_of(&how, &["some text, 1234"]))
            .unwrap();
        assert_eq!(counts.get(b" text"), times + 1, "{}", known.name);
        // A tokenizer of that pattern may be gone on from.
        let mut definition = Definition::from_ranks(Vocab::default());
        definition.pretokenizer = how.pretokenizer().cloned();
        counts.pretokenization().check_cuts_as(&definition).unwrap();
    }
    let gpt2 = Pretokenizer::ByteLevel {
        add_prefix_space: false,
        trim_offsets: true,
        use_regex: true,
    };
    let gpt2 = Pretokenization::of_parts(None, Some(gpt2)).unwrap();
    let mut counts = counts_of(&how("gpt2"), &["a b"]);
    counts.merge(&counts_of(&gpt2, &["a b"])).unwrap();
    assert_eq!(counts.get(b" b"), 2);
}

#[test]
fn special_tokens_are_checked() {
    let refused = |tokens: &[&str]| {
        let outcome = how("gpt2").with_special_tokens(tokens.to_vec());
        outcome.unwrap_err().to_string()
    };
    assert_eq!(
        refused(&["a", "b", "a"]),
        "special token `a` is given twice"
    );
    assert!(refused(&["a", ""]).contains("empty text"));
}

#[test]
fn a_file_that_is_not_of_counts_is_an_error_with_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bpecounts");
    let counts = counts_of(&how("gpt2"), &["the cat sat on the mat"]);
    counts.save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let name = path.to_string_lossy().into_owned();
    let refused = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let error = PretokenCounts::load(&path).unwrap_err();
        assert!(error.to_string().starts_with(&name), "{error}");
    };
    for len in 0..bytes.len() {
        refused(&bytes[..len]);
    }
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        std::fs::write(&path, &flipped).unwrap();
        assert!(PretokenCounts::load(&path).is_err(), "{at}");
    }
    refused(&[&bytes[..], b"x"].concat());
    refused(b"{\"model\": {}}");
    std::fs::remove_file(&path).unwrap();
    assert!(
        PretokenCounts::load(&path)
            .unwrap_err()
            .to_string()
            .starts_with(&name)
    );
}
