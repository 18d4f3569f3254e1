//! Merging by score, as SentencePiece does (`bpe_model.cc`, `SampleEncode`).
//!
//! A token that is not used is passed through by merges and taken apart again in the end, into the
//! two tokens that it was made of. Which two that are is a matter of the token alone, as
//! `live_pairs` says, so it is found out once.

use std::collections::BTreeSet;

use bpekit_formats::{Score, Scores, TokenId, Vocab};
use rustc_hash::{FxHashMap, FxHashSet};

use super::live_pairs::{LastTwo, last_two_by_score};
use super::rule::{ByScore, NO_TOKEN, NOTHING, Part};
use super::scratch::Scratch;
use super::unknown::{Filler, Unknown};

/// So often is a token taken apart within one that is taken apart; what is left then stays.
const DEPTH_LIMIT: usize = 100;

/// The scores of a vocab, compiled.
pub(super) struct Scored {
    /// Of each token, in the order of ids: how many scores are higher than its own; [`NOTHING`]
    /// for one that no merge makes.
    priorities: Vec<u32>,
    /// What each token that is not used is taken apart into: where in it a part starts, and its
    /// token, [`NO_TOKEN`] for a character without one.
    apart: FxHashMap<TokenId, Box<[Part]>>,
}

impl Scored {
    pub(super) fn new(vocab: &Vocab, scores: &Scores) -> Self {
        let priorities = priorities(scores);
        let apart = Taker {
            rule: ByScore {
                vocab,
                priorities: &priorities,
            },
            unused: scores.unused.iter().copied().collect(),
            twos: FxHashMap::default(),
            scratch: Scratch::default(),
        }
        .all();
        Self { priorities, apart }
    }

    pub(super) fn rule<'a>(&'a self, vocab: &'a Vocab) -> ByScore<'a> {
        ByScore {
            vocab,
            priorities: &self.priorities,
        }
    }

    /// Whether merges start from this character, and it stays where none goes on from it.
    pub(super) fn has_atom(&self, vocab: &Vocab, bytes: &[u8]) -> bool {
        let found = self.rule(vocab).find(bytes);
        found.is_some_and(|found| !self.apart.contains_key(&found.id))
    }

    /// The characters of a pretoken.
    pub(super) fn first_parts(&self, vocab: &Vocab, text: &str, parts: &mut Vec<Part>) {
        let rule = self.rule(vocab);
        parts.clear();
        parts.extend(text.char_indices().map(|(start, character)| {
            let bytes = &text.as_bytes()[start..start + character.len_utf8()];
            Part {
                start,
                id: rule.find(bytes).map_or(NO_TOKEN, |found| found.id),
            }
        }));
    }

    /// Puts the unknown token, or those of bytes, for what has no token, and takes apart what is
    /// not used. Gives the first character for which there is neither.
    pub(super) fn finish(
        &self,
        unknown: &Unknown,
        text: &str,
        scratch: &mut Scratch,
    ) -> Result<(), char> {
        let is_done = |part: &Part| part.id != NO_TOKEN && !self.apart.contains_key(&part.id);
        if self.apart.is_empty() && scratch.parts.iter().all(|part| part.id != NO_TOKEN)
            || scratch.parts.iter().all(is_done)
        {
            return Ok(());
        }
        let parts = std::mem::take(&mut scratch.parts);
        let mut filler = Filler::new(unknown, &mut scratch.parts);
        let mut put = |part: Part| {
            if part.id != NO_TOKEN {
                filler.known(part.start, part.id);
                return Ok(());
            }
            let character = text[part.start..].chars().next().unwrap_or_default();
            let bytes = character.encode_utf8(&mut [0; 4]).len();
            let bytes = &text.as_bytes()[part.start..part.start + bytes];
            if filler.unknown(part.start, bytes) {
                Ok(())
            } else {
                Err(character)
            }
        };
        for part in parts {
            match self.apart.get(&part.id) {
                None => put(part)?,
                Some(inner) => inner.iter().try_for_each(|inner| {
                    put(Part {
                        start: part.start + inner.start,
                        id: inner.id,
                    })
                })?,
            }
        }
        filler.finish();
        Ok(())
    }
}

/// The place of each token's score among all scores, from the highest.
pub(crate) fn priorities(scores: &Scores) -> Vec<u32> {
    let order: BTreeSet<std::cmp::Reverse<Score>> = scores
        .of_tokens
        .iter()
        .flatten()
        .map(|score| std::cmp::Reverse(*score))
        .collect();
    let order: Vec<std::cmp::Reverse<Score>> = order.into_iter().collect();
    let place = |score: &Option<Score>| {
        let score = std::cmp::Reverse((*score)?);
        let place = order.binary_search(&score).ok()?;
        Some(place as u32)
    };
    let of_tokens = scores.of_tokens.iter();
    of_tokens
        .map(|score| place(score).unwrap_or(NOTHING))
        .collect()
}

/// Takes tokens apart.
struct Taker<'a> {
    rule: ByScore<'a>,
    unused: FxHashSet<TokenId>,
    twos: FxHashMap<TokenId, Option<[Part; 2]>>,
    scratch: Scratch,
}

impl Taker<'_> {
    fn all(mut self) -> FxHashMap<TokenId, Box<[Part]>> {
        let unused: Vec<TokenId> = self.unused.iter().copied().collect();
        let apart = unused.into_iter().map(|id| (id, self.apart(id)));
        apart.collect()
    }

    /// The parts of a token, from left to right.
    fn apart(&mut self, id: TokenId) -> Box<[Part]> {
        let mut parts = Vec::new();
        let mut rest = vec![(Part { start: 0, id }, 0)];
        while let Some((part, depth)) = rest.pop() {
            let is_whole = !self.unused.contains(&part.id) || depth > DEPTH_LIMIT;
            if is_whole {
                parts.push(part);
                continue;
            }
            match self.two(part.id) {
                Some([left, right]) => {
                    for inner in [right, left] {
                        let start = part.start + inner.start;
                        rest.push((Part { start, ..inner }, depth + 1));
                    }
                }
                // One character, which is as if it had no token.
                None => parts.push(Part {
                    id: NO_TOKEN,
                    ..part
                }),
            }
        }
        parts.into()
    }

    fn two(&mut self, id: TokenId) -> Option<[Part; 2]> {
        if let Some(known) = self.twos.get(&id) {
            return *known;
        }
        let text = self.rule.vocab.bytes(id).unwrap_or_default();
        let two = match last_two_by_score(self.rule, text, &mut self.scratch) {
            LastTwo::Parts(two) => Some(two),
            LastTwo::Stuck => None,
        };
        self.twos.insert(id, two);
        two
    }
}

#[cfg(test)]
mod tests;
