//! The definition of training, in the plainest form.

use std::collections::BTreeMap;

/// The merges of words with counts, as ids: each new id is the next one. `lens` has the length of
/// each id in bytes.
pub(super) fn train(
    mut words: Vec<(Vec<u32>, u64)>,
    mut lens: Vec<u32>,
    max_tokens: usize,
    min_count: u64,
    max_len: u64,
) -> Vec<(u32, u32, u64)> {
    let mut merges = Vec::new();
    while lens.len() < max_tokens {
        let mut counts: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for (word, count) in &words {
            for pair in word.windows(2) {
                *counts.entry((pair[0], pair[1])).or_default() += count;
            }
        }
        let len_of = |pair: (u32, u32)| lens[pair.0 as usize] + lens[pair.1 as usize];
        // The first of those with the highest count: the map is in the order of the pairs.
        let best = counts
            .into_iter()
            .filter(|&(pair, count)| count >= min_count && u64::from(len_of(pair)) <= max_len)
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some((pair, count)) = best else { break };
        let new = lens.len() as u32;
        lens.push(len_of(pair));
        merges.push((pair.0, pair.1, count));
        for (word, _) in &mut words {
            replace(word, pair, new);
        }
    }
    merges
}

/// Replaces every pair, from left to right.
pub(super) fn replace(word: &mut Vec<u32>, pair: (u32, u32), new: u32) {
    let mut at = 0;
    while at + 1 < word.len() {
        if (word[at], word[at + 1]) == pair {
            word.splice(at..at + 2, [new]);
        }
        at += 1;
    }
}
