//! What a training starts from: the bytes, or the tokens of a tokenizer; and the tokens it makes.

use std::sync::Arc;

use bpekit_formats::{
    AddedToken, Atoms, Definition, Error as FileError, Merge, Merges, Token, TokenId, TokenKind,
    Vocab, VocabBuilder, byte_alphabet,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::merge::Merged;
use super::options::{ByteOrder, Order, TrainOptions};
use super::pretokenization::Pretokenization;
use super::words::{Cut, Start};
use crate::bpe::{Bpe, live_pairs};
use crate::error::{Error, Result};

/// Tokens under the ids of a training: 0, 1, 2, … in the order in which ties are broken, those of
/// the start first and each merge's product after them.
#[derive(Clone)]
pub(super) struct Tokens {
    /// The bytes of all, one after the other.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The token id of each in the vocab.
    ids: Vec<TokenId>,
    /// Whether each has an id that was not in use at the start.
    is_new: Vec<bool>,
    next_id: TokenId,
    /// Merges made, under the token ids of the vocab.
    merges: Vec<Merge>,
    /// Tokens of the start that no merge made. Two others may come to have the same bytes: then
    /// their product is that token.
    unmade: FxHashMap<Vec<u8>, TokenId>,
}

/// What a training starts from.
pub(super) struct Base {
    pub(super) tokens: Tokens,
    /// The tokenizer without the new tokens.
    definition: Definition,
    /// How many ids are in use.
    pub(super) size: u64,
    is_bytes: bool,
}

impl Base {
    /// What the options say.
    ///
    /// # Errors
    ///
    /// `Argument` if the base was made for another pattern or normalizer, or has the highest token
    /// id there is; `File` (unsupported) if it is not byte-level.
    pub(super) fn new(how: &Pretokenization, options: &TrainOptions) -> Result<Self> {
        match &options.base {
            None => Ok(Self::of_bytes(how, options)),
            Some(definition) => Self::of(definition, how, options.order),
        }
    }

    /// The 256 bytes.
    fn of_bytes(how: &Pretokenization, options: &TrainOptions) -> Self {
        let byte_order = options.byte_order.unwrap_or(options.order.byte_order());
        let by_alphabet = alphabet_order();
        let mut position = [0_u32; 256];
        for (at, byte) in by_alphabet.iter().enumerate() {
            position[usize::from(*byte)] = at as u32;
        }
        let mut tokens = Tokens::with_capacity(256);
        for own in 0..=255_u8 {
            let byte = match options.order {
                Order::Bytes => own,
                Order::Hf => by_alphabet[usize::from(own)],
            };
            let id = match byte_order {
                ByteOrder::Identity => u32::from(byte),
                ByteOrder::Gpt2 => position[usize::from(byte)],
            };
            tokens.add(&[byte], id, true);
        }
        tokens.next_id = 256;
        let mut definition = Definition::from_ranks(Vocab::default());
        definition.missing.clear();
        definition.normalizer = how.normalizer().cloned();
        definition.pretokenizer = how.pretokenizer().cloned();
        Self {
            tokens,
            definition,
            size: 256,
            is_bytes: true,
        }
    }

    /// The tokens of a tokenizer, which keep their ids.
    fn of(definition: &Definition, how: &Pretokenization, order: Order) -> Result<Self> {
        how.check_cuts_as(definition)?;
        if definition.atoms != Atoms::Bytes {
            return Err(FileError::unsupported(
                "the base is of characters; training goes on from byte-level tokenizers only",
            )
            .into());
        }
        let mut definition = definition.clone();
        let unmade = live_pairs::unreachable_tokens(&definition);
        if definition.merges == Merges::ByRank && !unmade.is_empty() {
            // By ranks, any two tokens whose bytes are that token would merge at once.
            definition.merges = Merges::Listed(live_pairs::of_ranks(&definition.vocab).merges);
            definition.options.ignore_merges = true;
        }
        let mut held: Vec<_> = definition
            .vocab
            .iter()
            .filter(|token| token.kind == TokenKind::Ordinary)
            .collect();
        held.sort_unstable_by_key(|token| token.id);
        order_bytes(&mut held, order);
        let mut tokens = Tokens::with_capacity(held.len());
        for token in held {
            tokens.add(token.bytes, token.id, false);
        }
        // No merge makes a literal, whose bytes are the UTF-8 of its text.
        let vocab = &definition.vocab;
        let ordinary = |id: TokenId| {
            vocab
                .bytes(id)
                .filter(|bytes| vocab.id_of(bytes) == Some(id))
        };
        tokens.unmade = unmade
            .iter()
            .filter_map(|&id| Some((ordinary(id)?.to_vec(), id)))
            .collect();
        if let Merges::Listed(merges) = &mut definition.merges {
            // A merge of a token that is never there never happens. It would once that token is
            // made, and before others: it is not one of those that are learned.
            let unmade: FxHashSet<TokenId> = unmade.into_iter().collect();
            let is_unmade = |id: TokenId| unmade.contains(&id);
            merges.retain(|merge| !is_unmade(merge.left) && !is_unmade(merge.right));
        }
        tokens.next_id = u32::try_from(definition.id_bound())
            .map_err(|_| Error::argument("the base has the highest token id there is"))?;
        let added = definition.added_tokens.iter();
        let beside = added.filter(|token| definition.vocab.position(token.id).is_none());
        let size = definition.vocab.len() as u64 + beside.count() as u64;
        Ok(Self {
            tokens,
            size,
            definition,
            is_bytes: false,
        })
    }

    /// Whether it has this special token.
    pub(super) fn has_special(&self, text: &str) -> bool {
        let mut added = self.definition.added_tokens.iter();
        added.any(|token| token.content == text)
    }

    /// How many of its tokens may yet become the product of a merge.
    pub(super) fn unmade(&self) -> u64 {
        self.tokens.unmade.len() as u64
    }

    /// The tokens that merging starts from when some merges were made already.
    pub(super) fn start(&self, made: &Tokens) -> Result<Start> {
        let lens = (0..made.len()).map(|own| made.get(own).len() as u32);
        let lens = lens.collect();
        if self.is_bytes && made.merges.is_empty() {
            let mut own_ids = Box::new([0; 256]);
            for own in 0..256 {
                own_ids[usize::from(made.get(own)[0])] = own as u32;
            }
            return Ok(Start {
                lens,
                cut: Cut::Bytes(own_ids),
            });
        }
        let definition = self.definition(made, &[])?;
        let own_ids = made.ids.iter().enumerate();
        Ok(Start {
            lens,
            cut: Cut::Tokens {
                bpe: Box::new(Bpe::new(Arc::new(definition))?),
                own_ids: own_ids.map(|(own, &id)| (id, own as u32)).collect(),
            },
        })
    }

    /// The tokenizer with the tokens that were made, and with special tokens behind them.
    pub(super) fn definition(
        &self,
        made: &Tokens,
        special_tokens: &[String],
    ) -> Result<Definition> {
        let mut definition = self.definition.clone();
        let old = &self.definition.vocab;
        let mut vocab = VocabBuilder::with_capacity(old.len() + made.len(), made.bytes.len());
        for token in old.iter() {
            vocab.push(token.id, token.bytes, token.kind);
        }
        for own in 0..made.len() {
            if made.is_new[own] {
                vocab.push(made.ids[own], made.get(own), TokenKind::Ordinary);
            }
        }
        definition.vocab = vocab.finish().map_err(|_| {
            Error::argument("a merge made a token that the vocab has; this is a bug, report it")
        })?;
        if let Merges::Listed(merges) = &mut definition.merges {
            merges.extend_from_slice(&made.merges);
        }
        for (next, text) in (u64::from(made.next_id)..).zip(special_tokens) {
            let id = u32::try_from(next)
                .map_err(|_| Error::argument("there are more tokens than ids"))?;
            definition
                .added_tokens
                .push(AddedToken::special(text.clone(), id));
        }
        if !self.is_bytes {
            // What was read from a file says no more what this is.
            definition.name = None;
            definition.provenance = bpekit_formats::Provenance::default();
        }
        Ok(definition)
    }
}

impl Tokens {
    fn with_capacity(count: usize) -> Self {
        Self {
            bytes: Vec::new(),
            ends: Vec::with_capacity(count),
            ids: Vec::with_capacity(count),
            next_id: 0,
            merges: Vec::new(),
            unmade: FxHashMap::default(),
            is_new: Vec::with_capacity(count),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of a token, by the training's own id.
    pub(super) fn get(&self, own: usize) -> &[u8] {
        let start = own.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[own]]
    }

    pub(super) fn next_id(&self) -> u64 {
        u64::from(self.next_id)
    }

    /// The merges that were made, under the token ids of the vocab.
    pub(super) fn into_merges(self) -> Vec<Merge> {
        self.merges
    }

    fn add(&mut self, bytes: &[u8], id: TokenId, is_new: bool) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
        self.ids.push(id);
        self.is_new.push(is_new);
    }

    /// Takes a merge in and says whether it makes a token that was not there.
    ///
    /// # Errors
    ///
    /// `Argument` for a merge of tokens that are not there.
    pub(super) fn merge(&mut self, merged: &Merged) -> Result<bool> {
        let (left, right) = (merged.left as usize, merged.right as usize);
        if left.max(right) >= self.len() {
            return Err(Error::argument("a merge of tokens that do not exist"));
        }
        let mut bytes = self.get(left).to_vec();
        bytes.extend_from_slice(self.get(right));
        let (id, is_new) = match self.unmade.get(&bytes) {
            Some(&id) => (id, false),
            None => (self.next_id, true),
        };
        self.next_id += u32::from(is_new);
        self.merges.push(Merge {
            left: self.ids[left],
            right: self.ids[right],
            product: id,
        });
        self.add(&bytes, id, is_new);
        Ok(is_new)
    }
}

/// Puts the tokens of one byte into the order in which ties are broken, in the places they have
/// together: as if the tokenizer were made anew, whatever ids it gives the bytes.
fn order_bytes(tokens: &mut [Token<'_>], order: Order) {
    let places: Vec<usize> = (0..tokens.len())
        .filter(|&place| tokens[place].bytes.len() == 1)
        .collect();
    let mut bytes: Vec<_> = places.iter().map(|&place| tokens[place]).collect();
    bytes.sort_unstable_by_key(|token| match order {
        Order::Bytes => u32::from(token.bytes[0]),
        Order::Hf => u32::from(byte_alphabet::to_char(token.bytes[0])),
    });
    for (place, token) in places.into_iter().zip(bytes) {
        tokens[place] = token;
    }
}

/// The bytes in the order of their characters in the byte alphabet: GPT-2's.
fn alphabet_order() -> [u8; 256] {
    let mut bytes = std::array::from_fn(|byte| byte as u8);
    bytes.sort_unstable_by_key(|&byte| byte_alphabet::to_char(byte));
    bytes
}
