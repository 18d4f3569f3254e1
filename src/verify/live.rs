//! The merges in force on both sides, in terms of bytes, and running them on short strings.

use bpekit_formats::{Atoms, Definition, Merge, Merges, TokenId, byte_alphabet};
use rustc_hash::FxHashMap;

use crate::bpe::live_pairs::{self, is_atom};
use crate::sentencepiece;

/// A token by its bytes, whatever its ids are: a number in [`Names`].
pub(super) type Name = u32;

/// The tokens of both sides by their bytes.
#[derive(Default)]
pub(super) struct Names<'d> {
    numbers: FxHashMap<&'d [u8], Name>,
    bytes: Vec<&'d [u8]>,
}

impl<'d> Names<'d> {
    pub(super) fn of(&mut self, bytes: &'d [u8]) -> Name {
        *self.numbers.entry(bytes).or_insert_with(|| {
            self.bytes.push(bytes);
            self.bytes.len() as Name - 1
        })
    }

    pub(super) fn get(&self, bytes: &[u8]) -> Option<Name> {
        self.numbers.get(bytes).copied()
    }

    pub(super) fn bytes(&self, name: Name) -> &'d [u8] {
        self.bytes[name as usize]
    }
}

/// Two tokens side by side.
pub(super) type Couple = (Name, Name);

/// The one pair that can make each token, in the order in which pairs merge.
pub(super) struct Live {
    pub(super) pairs: Vec<Couple>,
    /// What a pair makes.
    pub(super) products: Vec<Name>,
    /// The place of a pair in the order.
    pub(super) places: FxHashMap<Couple, u32>,
    /// The pair that makes a token.
    pub(super) makers: FxHashMap<Name, Couple>,
    /// Tokens that no merge makes.
    pub(super) unreachable: Vec<TokenId>,
}

impl Live {
    /// The merges of a definition; `None` if it has merges that are not on the tokens of the bytes
    /// or characters of a text, or that make anything but their two parts joined: these lists can
    /// be compared only as they stand.
    pub(super) fn of<'d>(definition: &'d Definition, names: &mut Names<'d>) -> Option<Self> {
        let options = &definition.options;
        if !options.continuing_subword_prefix.is_empty() || !options.end_of_word_suffix.is_empty() {
            return None;
        }
        let vocab = &definition.vocab;
        // Scores are compared as the list that does the same, if one is known.
        let listed;
        let merges = match &definition.merges {
            Merges::ByScore(_) => {
                listed = Merges::Listed(sentencepiece::equal_list(definition)?);
                &listed
            }
            merges => merges,
        };
        let found = match merges {
            Merges::ByRank => live_pairs::of_ranks(vocab),
            Merges::ByScore(_) => return None,
            Merges::Listed(merges) => {
                // These stand for what the vocab lacks, not for their own text.
                let is_stand_in = |id: TokenId| {
                    let bytes = vocab.bytes(id).unwrap_or_default();
                    (options.byte_fallback && byte_alphabet::fallback_byte(bytes).is_some())
                        || options.unk_token.as_deref().map(str::as_bytes) == Some(bytes)
                };
                let uses_stand_in =
                    |merge: &Merge| is_stand_in(merge.left) || is_stand_in(merge.right);
                if merges.iter().any(uses_stand_in) {
                    return None;
                }
                live_pairs::of_list(definition.atoms, vocab, merges)
            }
        };
        for token in vocab
            .iter()
            .filter(|token| is_atom(definition.atoms, token.bytes))
        {
            names.of(token.bytes);
        }
        let mut live = Self {
            pairs: Vec::with_capacity(found.merges.len()),
            products: Vec::with_capacity(found.merges.len()),
            places: FxHashMap::default(),
            makers: FxHashMap::default(),
            unreachable: found.unreachable,
        };
        for merge in &found.merges {
            let mut name = |id| vocab.bytes(id).map(|bytes| names.of(bytes));
            let (left, right, product) =
                (name(merge.left)?, name(merge.right)?, name(merge.product)?);
            live.places.insert((left, right), live.pairs.len() as u32);
            live.makers.insert(product, (left, right));
            live.pairs.push((left, right));
            live.products.push(product);
        }
        Some(live)
    }

    /// The latest place of all pairs that take part in making a token; 0 for the smallest tokens.
    pub(super) fn made_until(&self, token: Name, known: &mut FxHashMap<Name, u32>) -> u32 {
        // Tokens whose parts are not looked up yet, the last on top: no recursion, as a file
        // decides how deep tokens are made of one another.
        let mut waiting = vec![token];
        while let Some(&token) = waiting.last() {
            let Some(&(left, right)) = self.makers.get(&token) else {
                known.insert(token, 0);
                waiting.pop();
                continue;
            };
            match (known.get(&left), known.get(&right)) {
                (Some(one), Some(two)) => {
                    let until = self.places[&(left, right)].max(*one).max(*two);
                    known.insert(token, until);
                    waiting.pop();
                }
                (None, _) => waiting.push(left),
                (_, None) => waiting.push(right),
            }
        }
        known[&token]
    }

    /// The tokens that the merges alone make of a string of tokens: the earliest pair of the order
    /// first, leftmost first. For short strings, as each merge looks at all of it.
    pub(super) fn run(&self, mut parts: Vec<Name>) -> Vec<Name> {
        loop {
            let pairs = parts.windows(2).enumerate();
            let places = pairs.filter_map(|(at, pair)| {
                let place = self.places.get(&(pair[0], pair[1]))?;
                Some((*place, at))
            });
            let Some((place, at)) = places.min() else {
                return parts;
            };
            parts[at] = self.products[place as usize];
            parts.remove(at + 1);
        }
    }
}

/// The smallest tokens of a string; `None` if the vocab lacks one.
pub(super) fn atoms_of(names: &Names<'_>, atoms: Atoms, bytes: &[u8]) -> Option<Vec<Name>> {
    match atoms {
        Atoms::Bytes => bytes.chunks(1).map(|byte| names.get(byte)).collect(),
        Atoms::Characters => std::str::from_utf8(bytes)
            .ok()?
            .split("")
            .filter(|character| !character.is_empty())
            .map(|character| names.get(character.as_bytes()))
            .collect(),
    }
}
