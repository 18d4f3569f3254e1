//! The one pair that can make each token, of ranks or of a list of merges.
//!
//! While the two borders of a span are uncrossed, the merges inside it happen in the order in
//! which they happen to the span alone. So if two neighbours ever join to the token T, then the
//! merges of T's bytes alone pass through the same two neighbours: the only pair that can make T is
//! the last pair of T's own merges, and if these get stuck earlier, no text makes T by merging and
//! only the lookup of whole pretokens finds it. One merge a token, in the order of ranks, is thus
//! exact for any ranks whatever; the tests compare it with the textbook version on random vocabs.

use std::convert::Infallible;

use bpekit_formats::{Atoms, Definition, Merge, Merges, Token, TokenId, TokenKind, Vocab};
use rustc_hash::FxHashSet;

use super::model::merge_with;
use super::rule::{ByRank, Listed, NO_TOKEN, Part, Places, Product, Rule};
use super::scratch::Scratch;
use crate::threads;

/// The merges of a vocab of ranks, and the tokens that no merge makes.
pub(crate) struct LivePairs {
    /// One a token that merges make, in the order of ranks.
    pub(crate) merges: Vec<Merge>,
    /// Tokens of two or more bytes, or none, that no merge makes.
    pub(crate) unreachable: Vec<TokenId>,
}

/// Finds them. Ranks of all tokens are in force, also those above the token's own: capping them,
/// as other converters do, gives other tokens (Llama 3: ` しています1`).
pub(crate) fn of_ranks(vocab: &Vocab) -> LivePairs {
    let mut found = LivePairs {
        merges: Vec::with_capacity(vocab.len()),
        unreachable: Vec::new(),
    };
    for (id, pair) in last_pairs(Atoms::Bytes, vocab, ByRank(vocab)) {
        match pair {
            Some((left, right)) => found.merges.push(Merge {
                left,
                right,
                product: id,
            }),
            None => found.unreachable.push(id),
        }
    }
    found
}

/// The same of a list of merges over bytes: of several merges with one product, the one that can
/// happen, in the order of the list. Published lists have all splits of every token; reduced to
/// one merge a token they give the same tokens.
pub(crate) fn of_merges(vocab: &Vocab, merges: &[Merge]) -> LivePairs {
    of_list(Atoms::Bytes, vocab, merges)
}

/// The same over bytes or characters. No merge may need the token of a byte that stands for a part
/// of an unknown character.
pub(crate) fn of_list(atoms: Atoms, vocab: &Vocab, merges: &[Merge]) -> LivePairs {
    let places = Places::new(merges);
    let mut table = Listed {
        merges,
        places: &places,
    };
    let mut made: Vec<(u32, Merge)> = Vec::with_capacity(vocab.len());
    let mut unreachable = Vec::new();
    for (id, pair) in last_pairs(atoms, vocab, table) {
        let live = pair.and_then(|(left, right)| {
            // The last two may join to another token than this one, or to none.
            let [left_part, right_part] = [left, right].map(|id| Part { start: 0, id });
            let product = table.product(&[], left_part, right_part, 0)?;
            (product.id == id).then_some((
                product.priority,
                Merge {
                    left,
                    right,
                    product: id,
                },
            ))
        });
        match live {
            Some(merge) => made.push(merge),
            None => unreachable.push(id),
        }
    }
    made.sort_unstable_by_key(|(priority, _)| *priority);
    LivePairs {
        merges: made.into_iter().map(|(_, merge)| merge).collect(),
        unreachable,
    }
}

/// The tokens that no text becomes by merging: of ranks, or of a list. Added tokens that stand in
/// the vocab are among them.
pub(crate) fn unreachable_tokens(definition: &Definition) -> Vec<TokenId> {
    let vocab = &definition.vocab;
    match (&definition.merges, definition.atoms) {
        (Merges::ByRank, _) => of_ranks(vocab).unreachable,
        (Merges::Listed(merges), Atoms::Bytes) => {
            let mut unreachable = of_merges(vocab, merges).unreachable;
            let literals = vocab
                .iter()
                .filter(|token| token.kind == TokenKind::Literal);
            unreachable.extend(literals.map(|token| token.id));
            unreachable.sort_unstable();
            unreachable
        }
        // Here a token may be made in ways that depend on which characters the vocab has; what no
        // merge has as its product is certain.
        (Merges::Listed(merges), Atoms::Characters) => {
            let products: FxHashSet<TokenId> = merges.iter().map(|merge| merge.product).collect();
            let is_made = |token: &Token<'_>| {
                products.contains(&token.id) || is_atom(Atoms::Characters, token.bytes)
            };
            vocab
                .iter()
                .filter(|token| !is_made(token))
                .map(|token| token.id)
                .collect()
        }
    }
}

/// A token and the last two parts of it.
type LastPair = (TokenId, Option<(TokenId, TokenId)>);

/// The last pair of every ordinary token that is not one byte, in the order of ids. Each token is
/// for itself, so the work is spread over the cores.
fn last_pairs<R: Rule + Copy + Sync>(atoms: Atoms, vocab: &Vocab, rule: R) -> Vec<LastPair> {
    // Below this a thread costs more than it saves.
    const PART: usize = 4096;
    let parts = vocab.len().div_ceil(PART);
    let pairs = threads::in_order(threads::available(), parts, |number| {
        let mut scratch = Scratch::default();
        let pairs: Vec<LastPair> = (number * PART..((number + 1) * PART).min(vocab.len()))
            .map(|position| vocab.at(position))
            .filter(|token| !is_atom(atoms, token.bytes) && token.kind == TokenKind::Ordinary)
            .map(|token| {
                let pair = last_pair(atoms, vocab, rule, token.bytes, &mut scratch);
                (token.id, pair)
            })
            .collect();
        Ok::<_, Infallible>(pairs)
    });
    match pairs {
        Ok(pairs) => pairs.concat(),
        Err(never) => match never {},
    }
}

/// Whether a token is one byte, or one character.
pub(crate) fn is_atom(atoms: Atoms, bytes: &[u8]) -> bool {
    match atoms {
        Atoms::Bytes => bytes.len() == 1,
        Atoms::Characters => std::str::from_utf8(bytes).is_ok_and(|text| text.chars().count() == 1),
    }
}

/// A rule, except that the whole is never made: what is left when nothing but the whole can be
/// made is the last pair.
struct ButWhole<R> {
    rule: R,
    len: usize,
}

impl<R: Rule> Rule for ButWhole<R> {
    #[inline]
    fn product(&mut self, bytes: &[u8], left: Part, right: Part, end: usize) -> Option<Product> {
        if end - left.start == self.len {
            return None;
        }
        self.rule.product(bytes, left, right, end)
    }
}

/// The two parts that are left of a token's own merges before the last.
fn last_pair(
    atoms: Atoms,
    vocab: &Vocab,
    rule: impl Rule,
    bytes: &[u8],
    scratch: &mut Scratch,
) -> Option<(TokenId, TokenId)> {
    let parts = &mut scratch.parts;
    parts.clear();
    match atoms {
        Atoms::Bytes => parts.extend(bytes.iter().enumerate().map(|(start, &byte)| Part {
            start,
            id: vocab.id_of(&[byte]).unwrap_or(NO_TOKEN),
        })),
        Atoms::Characters => {
            let text = std::str::from_utf8(bytes).ok()?;
            parts.extend(text.char_indices().map(|(start, character)| {
                Part {
                    start,
                    id: vocab
                        .id_of(character.encode_utf8(&mut [0; 4]).as_bytes())
                        .unwrap_or(NO_TOKEN),
                }
            }));
        }
    }
    // Only a pair that spans the whole makes the whole, and that is when two parts are left.
    let mut rule = ButWhole {
        rule,
        len: bytes.len(),
    };
    merge_with(&mut rule, bytes, parts);
    match parts.as_slice() {
        [left, right] if left.id != NO_TOKEN && right.id != NO_TOKEN => Some((left.id, right.id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_pair_through_a_later_rank() {
        // `abcd` is made of `ab` and `cd` although `cd` has a higher rank than it.
        let tokens: Vec<(u32, &[u8])> = vec![
            (0, b"a"),
            (1, b"b"),
            (2, b"c"),
            (3, b"d"),
            (4, b"ab"),
            (5, b"abcd"),
            (6, b"cd"),
            (7, b"db"),
        ];
        let vocab = Vocab::from_tokens(tokens).unwrap();
        let found = of_ranks(&vocab);
        assert_eq!(
            found.merges[1],
            Merge {
                left: 4,
                right: 6,
                product: 5
            }
        );
        assert!(found.unreachable.is_empty());
    }

    #[test]
    fn names_what_no_merge_makes() {
        // `abc`: `bc` goes first, and `a` + `bc` is it; `xyz` has no part.
        let tokens: Vec<(u32, &[u8])> = vec![
            (0, b"a"),
            (1, b"b"),
            (2, b"c"),
            (3, b"x"),
            (4, b"y"),
            (5, b"z"),
            (6, b"abc"),
            (7, b"bc"),
            (8, b"xyz"),
            (9, b""),
        ];
        let vocab = Vocab::from_tokens(tokens).unwrap();
        let found = of_ranks(&vocab);
        assert_eq!(found.unreachable, [8, 9]);
        assert_eq!(
            found.merges[0],
            Merge {
                left: 0,
                right: 7,
                product: 6
            }
        );
    }
}
