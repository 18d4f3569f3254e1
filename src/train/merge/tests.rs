//! Merging against its plain definition.

use super::naive;
use super::run::{Merger, Words};
use super::symbol::Symbol;
use super::*;
use crate::error::Result;
use crate::watch::Unwatched;
use proptest::prelude::*;

struct Plain(Vec<(Vec<(u32, u32)>, u64)>);

impl Words for Plain {
    fn slot_count(&self) -> u64 {
        slots_for(
            self.0
                .iter()
                .map(|(tokens, _)| tokens.iter().map(|token| token.1 as usize).sum()),
        )
    }

    fn byte_count(&self) -> u64 {
        1
    }

    fn for_each(&self, sink: &mut WordSink<'_>) -> Result<()> {
        for (tokens, count) in &self.0 {
            sink(tokens, *count);
        }
        Ok(())
    }
}

/// Words over the first `letters` ids; ids from 256 on stand for tokens of two bytes.
fn words(letters: u32) -> impl Strategy<Value = Vec<(Vec<u32>, u64)>> {
    let token = prop_oneof![4 => 0..letters, 1 => 256..258_u32];
    let word = prop_oneof![
        3 => prop::collection::vec(token, 0..12),
        1 => (0..letters, 1..20_usize).prop_map(|(letter, len)| vec![letter; len]),
        1 => (0..letters, 0..letters, 1..9_usize)
            .prop_map(|(one, other, len)| [one, other].repeat(len)),
    ];
    prop::collection::vec((word, 1..6_u64), 0..12)
}

fn lens() -> Vec<u32> {
    [vec![1; 256], vec![2; 2]].concat()
}

/// All merges by the real way, checked for what each one says it saved.
fn merged<S: Symbol>(
    words: &[(Vec<u32>, u64)],
    bounds: Bounds,
    guess: u64,
) -> Vec<(u32, u32, u64)> {
    let lens = lens();
    let mut sorted = words.to_vec();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let plain = Plain(
        sorted
            .iter()
            .map(|(word, count)| {
                let tokens = word.iter().map(|&id| (id, lens[id as usize])).collect();
                (tokens, *count)
            })
            .collect(),
    );
    let mut real = Merger::<S>::new(&plain, lens, bounds, &Unwatched).unwrap();
    real.hold(guess);
    let mut now = sorted;
    let total = |words: &[(Vec<u32>, u64)]| -> u64 {
        words
            .iter()
            .map(|(word, count)| word.len() as u64 * count)
            .sum()
    };
    let mut merges = Vec::new();
    while let Some(step) = real.next(&Unwatched).unwrap() {
        let before = total(&now);
        let new = 258 + merges.len() as u32;
        for (word, _) in &mut now {
            naive::replace(word, (step.left, step.right), new);
        }
        assert_eq!(step.saved, before - total(&now), "{step:?}");
        merges.push((step.left, step.right, step.count));
    }
    merges
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn merges_are_those_of_the_plain_definition(
        words in (1..5_u32).prop_flat_map(words),
        max_tokens in 250..300_u64,
        min_count in 1..5_u64,
        max_len in prop_oneof![Just(u64::MAX), 1..9_u64],
        guess in 1..60_u64,
    ) {
        let bounds = Bounds { max_tokens, min_count, max_len };
        let expected = naive::train(
            words.clone(),
            lens(),
            max_tokens as usize,
            min_count,
            max_len,
        );
        prop_assert_eq!(&merged::<u16>(&words, bounds, guess), &expected);
        prop_assert_eq!(&merged::<u32>(&words, bounds, guess), &expected);
    }
}

/// More tokens than two bytes number, so that the arena is of four-byte slots: both are the same
/// training as long as neither runs out.
#[test]
fn the_size_of_a_slot_follows_the_number_of_tokens() {
    let words = Plain(vec![(vec![(0, 1), (1, 1), (0, 1), (1, 1)], 3)]);
    for max_tokens in [70_000, 65_000] {
        let bounds = Bounds {
            max_tokens,
            min_count: 1,
            max_len: u64::MAX,
        };
        let mut merging = start(&words, vec![1; 256], bounds, &Unwatched).unwrap();
        let mut merges = Vec::new();
        while let Some(merged) = merging.next(&Unwatched).unwrap() {
            merges.push((merged.left, merged.right, merged.count, merged.saved));
        }
        assert_eq!(merges, [(0, 1, 6, 6), (256, 256, 3, 3)]);
    }
}

/// Counts that no 32-bit number holds, and none of 53 bits.
#[test]
fn counts_have_64_bits() {
    let words = Plain(vec![
        (vec![(0, 1), (1, 1)], 1 << 62),
        (vec![(1, 1), (2, 1)], (1 << 53) + 1),
        (vec![(2, 1), (3, 1)], 1 << 53),
    ]);
    let bounds = Bounds {
        max_tokens: 300,
        min_count: 1,
        max_len: u64::MAX,
    };
    let mut merging = start(&words, vec![1; 256], bounds, &Unwatched).unwrap();
    let mut merges = Vec::new();
    while let Some(merged) = merging.next(&Unwatched).unwrap() {
        merges.push((merged.left, merged.right, merged.count));
    }
    assert_eq!(
        merges,
        [(0, 1, 1 << 62), (1, 2, (1 << 53) + 1), (2, 3, 1 << 53)]
    );
}
