//! Tokens that more text could change: tiktoken's `encode_with_unstable` and `_encode_bytes`.
//!
//! The behaviour is tiktoken's (`src/lib.rs`, `_encode_unstable_native`; `src/py.rs`,
//! `_encode_bytes`), limits included: it is a heuristic about what may follow a text.

use std::collections::BTreeSet;

use bpekit_formats::TokenId;

use super::Tokenizer;
use super::encode::{Permit, Special};
use super::segments::Segment;
use crate::bpe::{Ids, Output, Scratch};
use crate::error::Result;

impl Tokenizer {
    /// The tokens of a text that no following text changes, and the sequences of tokens that the
    /// rest may turn out to be, sorted.
    ///
    /// # Errors
    ///
    /// As [`Self::encode`].
    pub fn encode_with_unstable(
        &self,
        text: &str,
        special: &Special<'_>,
    ) -> Result<(Vec<TokenId>, Vec<Vec<TokenId>>)> {
        self.check_disallowed(text, special)?;
        let (mut ids, last) = self.encode_to_last(text, special.permit())?;
        if last == 0 {
            return Ok((ids, Vec::new()));
        }
        let stable = ids.len() - self.with_space_before(&ids, last);
        let unstable = self.decode_bytes(&ids[stable..])?;
        ids.truncate(stable);
        let completions = if unstable.is_empty() {
            BTreeSet::new()
        } else {
            self.completions(&unstable)?
        };
        Ok((ids, completions.into_iter().collect()))
    }

    /// The ids of bytes that need not be UTF-8: what is valid is split as text, and the bytes
    /// from the last pretoken on are merged without being split.
    ///
    /// # Errors
    ///
    /// As [`Self::encode_ordinary`].
    pub fn encode_bytes(&self, bytes: &[u8]) -> Result<Vec<TokenId>> {
        let valid_up_to = match std::str::from_utf8(bytes) {
            Ok(text) => return self.encode_ordinary(text),
            Err(error) => error.valid_up_to(),
        };
        let text = std::str::from_utf8(&bytes[..valid_up_to]).unwrap_or_default();
        let (mut ids, last) = self.encode_to_last(text, Permit::Ordinary)?;
        let stable = ids.len() - self.with_space_before(&ids, last);
        let mut unstable = self.decode_bytes(&ids[stable..])?;
        unstable.extend_from_slice(&bytes[valid_up_to..]);
        ids.truncate(stable);
        let mut out = Ids::behind(ids);
        let scratch = &mut Scratch::default();
        self.bpe
            .encode(&unstable, 0..unstable.len(), &mut out, scratch)?;
        Ok(out.into_vec())
    }

    /// The ids of a text, and how many of them came from the last pretoken: 0 if the last was an
    /// added token, or there is none.
    fn encode_to_last(&self, text: &str, permit: Permit<'_>) -> Result<(Vec<TokenId>, usize)> {
        let mut out = Ids::default();
        let scratch = &mut Scratch::default();
        // Where the ids of the last pretoken start.
        let mut last = 0;
        self.for_each_segment(text, permit, |segment| match segment {
            Segment::Token(id) => {
                out.many(&[id]);
                last = out.len();
                Ok(())
            }
            Segment::Text {
                text,
                range,
                is_first,
            } => self
                .pretokenizer
                .for_each_in(&text[range], is_first, |source, pretoken| {
                    last = out.len();
                    self.bpe.encode(source, pretoken, &mut out, scratch)
                }),
        })?;
        let last = out.len() - last;
        Ok((out.into_vec(), last))
    }

    /// How many tokens at the end are unstable: those of the last pretoken, and if it starts with
    /// white space, all tokens of white space before it, because a pattern may join them.
    fn with_space_before(&self, ids: &[TokenId], mut last: usize) -> usize {
        let is_space = |id: TokenId| {
            let bytes = self.definition.vocab.bytes(id);
            bytes.is_some_and(|bytes| {
                bytes
                    .iter()
                    .all(|byte| matches!(byte, b' ' | b'\n' | b'\t'))
            })
        };
        if last > 0 && is_space(ids[ids.len() - last]) {
            while last < ids.len() && is_space(ids[ids.len() - last - 1]) {
                last += 1;
            }
        }
        last
    }

    fn completions(&self, unstable: &[u8]) -> Result<BTreeSet<Vec<TokenId>>> {
        let mut found: BTreeSet<Vec<TokenId>> = self
            .starting_with(unstable)
            .iter()
            .map(|&id| vec![id])
            .collect();
        // A token may straddle each place in the unstable bytes.
        for cut in 1..unstable.len() {
            let (prefix, suffix) = unstable.split_at(cut);
            for &id in self.starting_with(suffix) {
                let token = self.definition.vocab.bytes(id).unwrap_or_default();
                let possible = [prefix, token].concat();
                let ids = match std::str::from_utf8(&possible) {
                    Ok(text) => self.encode_ordinary(text)?,
                    Err(_) => self.merge_only(&possible)?,
                };
                let mut len = 0;
                let mut sequence = Vec::new();
                for id in ids {
                    sequence.push(id);
                    len += self.token_bytes(id).map_or(0, <[u8]>::len);
                    if len >= unstable.len() {
                        break;
                    }
                }
                found.insert(sequence);
            }
        }
        // White space at the end may be split off by what follows (`\s+(?!\S)`).
        if unstable.len() > 1
            && let Some(character) = last_character(unstable)
            && character.is_whitespace()
            && unstable.len() > character.len_utf8()
        {
            let (before, space) = unstable.split_at(unstable.len() - character.len_utf8());
            let mut ids = self.merge_only(before)?;
            ids.extend(self.merge_only(space)?);
            found.insert(ids);
        }
        Ok(found)
    }

    /// The ids of tokens that start with these bytes.
    fn starting_with(&self, prefix: &[u8]) -> &[TokenId] {
        let ids = self.ids_by_bytes();
        let bytes = |id: &TokenId| self.definition.vocab.bytes(*id).unwrap_or_default();
        let start = ids.partition_point(|id| bytes(id) < prefix);
        let len = ids[start..]
            .iter()
            .take_while(|id| bytes(id).starts_with(prefix))
            .count();
        &ids[start..start + len]
    }

    fn merge_only(&self, bytes: &[u8]) -> Result<Vec<TokenId>> {
        let mut ids = Ids::default();
        self.bpe.merge(bytes, &mut ids, &mut Scratch::default())?;
        Ok(ids.into_vec())
    }
}

/// The character that the bytes end in, if they end in a whole one.
fn last_character(bytes: &[u8]) -> Option<char> {
    (1..=4.min(bytes.len())).find_map(|len| {
        let text = std::str::from_utf8(&bytes[bytes.len() - len..]).ok()?;
        text.chars().next()
    })
}
