//! The one pair that can make each token, of ranks or of a list of merges.
//!
//! While the two borders of a span are uncrossed, the merges inside it happen in the order in
//! which they happen to the span alone. So if two neighbours ever join to the token T, then the
//! merges of T's bytes alone pass through the same two neighbours: the only pair that can make T is
//! the last pair of T's own merges, and if these get stuck earlier, no text makes T by merging and
//! only the lookup of whole pretokens finds it. One merge a token, in the order of ranks, is thus
//! exact for any ranks whatever; the tests compare it with the textbook version on random vocabs.

use std::convert::Infallible;

use bpekit_formats::{
    Atoms, Definition, Merge, Merges, Scores, Token, TokenId, TokenKind, Vocab, byte_alphabet,
};
use rustc_hash::FxHashSet;

use super::model::merge_with;
use super::rule::{ByRank, ByScore, Listed, NO_TOKEN, NOTHING, Part, Places, Product, Rule};
use super::scored::priorities;
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

/// The same of a list of merges over characters. None if it can take more than the characters of
/// a token to say how that is made: where merges start from what stands for unknown text, or a
/// token has a character that is none.
pub(crate) fn of_character_merges(definition: &Definition, merges: &[Merge]) -> Option<Vec<Merge>> {
    let vocab = &definition.vocab;
    let options = &definition.options;
    let is_for_unknown = |id: TokenId| {
        let bytes = vocab.bytes(id).unwrap_or_default();
        let unk_token = options.unk_token.as_deref().unwrap_or_default();
        bytes == unk_token.as_bytes()
            || (options.byte_fallback && byte_alphabet::fallback_byte(bytes).is_some())
    };
    let mut parts = merges.iter().flat_map(|merge| [merge.left, merge.right]);
    if parts.any(is_for_unknown) {
        return None;
    }
    let places = Places::new(merges);
    let mut rule = Listed {
        merges,
        places: &places,
    };
    let products: FxHashSet<TokenId> = merges.iter().map(|merge| merge.product).collect();
    let atom = |bytes: &[u8]| vocab.id_of(bytes);
    let twos = in_parts(vocab, |position, scratch| {
        let token = vocab.at(position);
        let is_made = products.contains(&token.id);
        is_made.then(|| (token.id, last_two(rule, atom, token.bytes, scratch)))
    });
    let mut made = Vec::with_capacity(twos.len());
    for (id, two) in twos {
        let LastTwo::Parts([left, right]) = two else {
            continue;
        };
        if left.id == NO_TOKEN || right.id == NO_TOKEN {
            return None;
        }
        let product = rule.product(&[], left, right, 0);
        if let Some(product) = product.filter(|product| product.id == id) {
            let (left, right) = (left.id, right.id);
            let product_id = product.id;
            made.push((
                product.priority,
                Merge {
                    left,
                    right,
                    product: product_id,
                },
            ));
        }
    }
    made.sort_unstable_by_key(|(priority, _)| *priority);
    Some(made.into_iter().map(|(_, merge)| merge).collect())
}

/// The merges of scores, each with how many scores are higher, and what is left out of them.
pub(crate) struct ScoredPairs {
    /// One a token that merges make, in the order of scores, then of ids.
    pub(crate) merges: Vec<(u32, Merge)>,
    /// Tokens of two or more characters that no merge makes.
    pub(crate) unreachable: Vec<TokenId>,
    /// Tokens that are made with a character that has no token of its own.
    pub(crate) of_unknown: Vec<TokenId>,
}

/// The same of scores. Of pairs with one score the leftmost merges first, inside a span as in the
/// whole, so that here too the merges inside happen in the order of the span alone.
pub(crate) fn of_scores(vocab: &Vocab, scores: &Scores) -> ScoredPairs {
    let priorities = priorities(scores);
    let rule = ByScore {
        vocab,
        priorities: &priorities,
    };
    let mut found = ScoredPairs {
        merges: Vec::with_capacity(vocab.len()),
        unreachable: Vec::new(),
        of_unknown: Vec::new(),
    };
    let twos = in_parts(vocab, |position, scratch| {
        let token = vocab.at(position);
        let priority = priorities.get(position).copied().unwrap_or(NOTHING);
        let is_made = priority != NOTHING && !is_character(token.bytes);
        is_made.then(|| {
            (
                priority,
                token.id,
                last_two_by_score(rule, token.bytes, scratch),
            )
        })
    });
    for (priority, id, two) in twos {
        match two {
            LastTwo::Stuck => found.unreachable.push(id),
            LastTwo::Parts(two) if two.iter().any(|part| part.id == NO_TOKEN) => {
                found.of_unknown.push(id);
            }
            LastTwo::Parts([left, right]) => found.merges.push((
                priority,
                Merge {
                    left: left.id,
                    right: right.id,
                    product: id,
                },
            )),
        }
    }
    found
        .merges
        .sort_unstable_by_key(|(priority, merge)| (*priority, merge.product));
    found
}

/// What is left of a token's own merges before the last.
pub(super) enum LastTwo {
    /// The two parts that become the token.
    Parts([Part; 2]),
    /// Others, of which no merge makes the token.
    Stuck,
}

/// The last two parts of a token's own merges by score.
pub(super) fn last_two_by_score(rule: ByScore<'_>, bytes: &[u8], scratch: &mut Scratch) -> LastTwo {
    let atom = |bytes: &[u8]| rule.find(bytes).map(|found| found.id);
    last_two(rule, atom, bytes, scratch)
}

/// The last two parts of a token's own merges, which start from its characters.
fn last_two(
    rule: impl Rule,
    atom: impl Fn(&[u8]) -> Option<TokenId>,
    bytes: &[u8],
    scratch: &mut Scratch,
) -> LastTwo {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let parts = &mut scratch.parts;
    parts.clear();
    parts.extend(text.char_indices().map(|(start, character)| {
        let found = atom(&bytes[start..start + character.len_utf8()]);
        Part {
            start,
            id: found.unwrap_or(NO_TOKEN),
        }
    }));
    let mut rule = ButWhole {
        rule,
        len: bytes.len(),
    };
    merge_with(&mut rule, bytes, parts);
    match parts.as_slice() {
        &[left, right] => LastTwo::Parts([left, right]),
        _ => LastTwo::Stuck,
    }
}

fn is_character(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().count() == 1)
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
        (Merges::ByScore(scores), _) => {
            let mut unreachable = of_scores(vocab, scores).unreachable;
            let tokens = vocab.iter().zip(&scores.of_tokens);
            let unmade = tokens.filter(|(_, score)| score.is_none());
            unreachable.extend(unmade.map(|(token, _)| token.id));
            unreachable.sort_unstable();
            unreachable
        }
    }
}

/// A token and the last two parts of it.
type LastPair = (TokenId, Option<(TokenId, TokenId)>);

/// The last pair of every ordinary token that is not one byte, in the order of ids. Each token is
/// for itself, so the work is spread over the cores.
fn last_pairs<R: Rule + Copy + Sync>(atoms: Atoms, vocab: &Vocab, rule: R) -> Vec<LastPair> {
    in_parts(vocab, |position, scratch| {
        let token = vocab.at(position);
        let is_made = !is_atom(atoms, token.bytes) && token.kind == TokenKind::Ordinary;
        is_made.then(|| {
            (
                token.id,
                last_pair(atoms, vocab, rule, token.bytes, scratch),
            )
        })
    })
}

/// What is found of the tokens at each position, in order.
fn in_parts<T: Send>(
    vocab: &Vocab,
    find: impl Fn(usize, &mut Scratch) -> Option<T> + Sync,
) -> Vec<T> {
    // Below this a thread costs more than it saves.
    const PART: usize = 4096;
    let parts = vocab.len().div_ceil(PART);
    let found = threads::in_order(threads::available(), parts, |number| {
        let mut scratch = Scratch::default();
        let found: Vec<T> = (number * PART..((number + 1) * PART).min(vocab.len()))
            .filter_map(|position| find(position, &mut scratch))
            .collect();
        Ok::<_, Infallible>(found)
    });
    match found {
        Ok(found) => found.into_iter().flatten().collect(),
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
