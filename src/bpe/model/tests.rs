//! All ways to merge, against the plain one.

use super::super::naive;
use super::*;
use proptest::prelude::*;

/// A vocab over three letters with ranks in random order, so that most are not in the order
/// of any training, and texts over the same letters.
fn vocab_and_text() -> impl Strategy<Value = (Vocab, Vec<u8>)> {
    let letter = prop::sample::select(vec![b'a', b'b', b'c']);
    let token = prop::collection::vec(letter.clone(), 2..7);
    let tokens = prop::collection::hash_set(token, 0..24);
    (tokens, prop::collection::vec(letter, 0..40), any::<u64>()).prop_map(|(tokens, text, seed)| {
        let mut all: Vec<Vec<u8>> = [b"a", b"b", b"c"]
            .iter()
            .map(|b| b.to_vec())
            .chain(tokens)
            .collect();
        // A fixed shuffle from the seed, so that failures shrink.
        all.sort_by_key(|token| {
            token.iter().fold(seed, |hash, &byte| {
                (hash ^ u64::from(byte))
                    .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                    .rotate_left(23)
            })
        });
        let pairs = all
            .iter()
            .enumerate()
            .map(|(id, t)| (id as u32, t.as_slice()));
        (Vocab::from_tokens(pairs).unwrap(), text)
    })
}

fn first_parts(vocab: &Vocab, text: &[u8]) -> Vec<Part> {
    text.iter()
        .enumerate()
        .map(|(start, byte)| Part {
            start,
            id: vocab.id_of(&[*byte]).unwrap(),
        })
        .collect()
}

fn ids(parts: &[Part]) -> Vec<TokenId> {
    parts.iter().map(|part| part.id).collect()
}

/// The same vocabs, with texts of a few parts over and over.
fn vocab_and_long_text() -> impl Strategy<Value = (Vocab, Vec<u8>)> {
    let letter = prop::sample::select(vec![b'a', b'b', b'c']);
    let run = (prop::collection::vec(letter, 1..4), 1..60_usize);
    let runs = prop::collection::vec(run, 1..5);
    (vocab_and_text(), runs).prop_map(|((vocab, _), runs)| {
        let runs = runs.into_iter().map(|(part, count)| part.repeat(count));
        (vocab, runs.collect::<Vec<_>>().concat())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn long_runs_are_merged_in_the_same_order((vocab, text) in vocab_and_long_text()) {
        let first = first_parts(&vocab, &text);
        let [mut by_naive, mut by_queue] = [(); 2].map(|()| first.clone());
        naive::merge(&mut naive::ByRank(&vocab), &text, &mut by_naive);
        queue::merge(&mut ByRank(&vocab), &text, &mut by_queue);
        prop_assert_eq!(ids(&by_naive), ids(&by_queue));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn all_ways_give_the_same_tokens((vocab, text) in vocab_and_text()) {
        let mut rule = ByRank(&vocab);
        let first = first_parts(&vocab, &text);
        let [mut by_naive, mut by_scan, mut by_queue] = [(); 3].map(|()| first.clone());
        naive::merge(&mut naive::ByRank(&vocab), &text, &mut by_naive);
        scan::merge(&mut rule, &text, &mut by_scan);
        queue::merge(&mut rule, &text, &mut by_queue);
        let padded = [&text[..], &[b'a'; PADDING]].concat();
        let mut inside = ByRankInside { vocab: &vocab, text: &padded };
        let mut by_inside = first.clone();
        scan::merge(&mut inside, &text, &mut by_inside);
        prop_assert_eq!(ids(&by_naive), ids(&by_scan));
        prop_assert_eq!(ids(&by_naive), ids(&by_inside));
        prop_assert_eq!(ids(&by_naive), ids(&by_queue));

        // One merge a token gives the same as ranks, in both ways to run it.
        let merges = super::super::live_pairs::of_ranks(&vocab).merges;
        let mut pairs = Listed { merges: &merges, places: &Places::new(&merges) };
        let [mut by_naive_pairs, mut by_queue_pairs] = [(); 2].map(|()| first.clone());
        naive::merge(&mut pairs, &text, &mut by_naive_pairs);
        queue::merge(&mut pairs, &text, &mut by_queue_pairs);
        prop_assert_eq!(ids(&by_naive), ids(&by_naive_pairs));
        prop_assert_eq!(ids(&by_naive), ids(&by_queue_pairs));
    }
}
