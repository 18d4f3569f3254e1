//! `Bpe`: vocab and merges compiled for encoding one pretoken at a time.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bpekit_formats::{Atoms, Definition, Merges, TokenId, Vocab, byte_alphabet};
use rustc_hash::FxHashSet;

use super::borders::Borders;
use super::byte_pairs::BytePairs;
use super::output::{Hot, Output};
use super::pair_memo::Remembered;
use super::queue::QUEUE_LIMIT;
use super::rule::{ByRank, ByRankInside, Listed, NO_TOKEN, Part, Places, Rule};
use super::scan::SCAN_LIMIT;
use super::scored::Scored;
use super::scratch::{Memory, Scratch};
use super::seams::Seams;
use super::short_cache::Found;
use super::short_key::{NO_KEY, SHORT, short_key, short_key_or_none};
use super::unknown::{Filler, Unknown};
use super::{queue, scan};
use crate::error::{Error, ErrorKind, Result};

/// Finding the seams takes some milliseconds. That is worth it once so many bytes were in pretokens
/// that might have some.
const SEAMS_PAY: usize = 1 << 14;

/// So many parts of a pretoken are encoded in one run.
const PARTS_AT_ONCE: usize = 256;

/// The same for what pairs of bytes become.
const BYTE_PAIRS_PAY: usize = 1 << 12;

/// Shorter pretokens are merged in a copy with so many bytes in all, and so many at least behind it.
const PADDED: usize = 64;
const PADDING: usize = 16;

/// Marks the key of a part of a pretoken: what merges make of it, whether or not it is a token.
const PART: u128 = 1 << 127;

/// The most room that is made in advance for the ids of a run of pretokens, whatever its length.
const MOST_AT_ONCE: usize = 1 << 12;

/// The model of a definition, compiled.
pub(crate) struct Bpe {
    definition: Arc<Definition>,
    /// The token of each byte, [`NO_TOKEN`] where there is none. Byte atoms only.
    byte_tokens: [TokenId; 256],
    /// Where to find a pair, if merges are listed.
    places: Option<Places>,
    /// The order of tokens, if they have scores.
    scored: Option<Scored>,
    /// Whether each byte is a token, so that merging depends on bytes alone.
    has_all_bytes: bool,
    /// Whether a pretoken that is a token is looked up as a whole before merging.
    whole_first: bool,
    /// Tokens that the lookup of whole pretokens passes over: special tokens which stand in the
    /// vocab but are made by no merge. Ordinary text must not become them.
    not_whole: FxHashSet<TokenId>,
    /// Where long pretokens fall apart; found out once there were enough of them to pay for it.
    seams: OnceLock<Seams>,
    /// What pairs of bytes become; found out once there were enough of them to pay for it.
    byte_pairs: OnceLock<BytePairs>,
    /// Where pretokens of characters fall apart, found out as the seams are.
    borders: OnceLock<Borders>,
    /// What becomes of an atom without a token.
    unknown: Unknown,
}

impl Bpe {
    pub(crate) fn new(definition: Arc<Definition>) -> Result<Self> {
        let vocab = &definition.vocab;
        check_options(&definition)?;
        let mut byte_tokens = [NO_TOKEN; 256];
        if definition.atoms == Atoms::Bytes {
            for byte in 0..=255_u8 {
                byte_tokens[usize::from(byte)] = vocab.id_of(&[byte]).unwrap_or(NO_TOKEN);
            }
        }
        let (places, whole_first) = match &definition.merges {
            Merges::ByRank => (None, true),
            Merges::Listed(merges) => (Some(Places::new(merges)), definition.options.ignore_merges),
            Merges::ByScore(_) => (None, false),
        };
        let scored = match &definition.merges {
            Merges::ByScore(scores) => Some(Scored::new(vocab, scores)),
            _ => None,
        };
        let mut not_whole = FxHashSet::default();
        if let (Merges::Listed(merges), true) = (&definition.merges, whole_first) {
            not_whole.extend(
                definition
                    .added_tokens
                    .iter()
                    .filter(|token| token.is_special && vocab.position(token.id).is_some())
                    .map(|token| token.id),
            );
            if !not_whole.is_empty() {
                for merge in merges {
                    not_whole.remove(&merge.product);
                }
            }
        }
        Ok(Self {
            unknown: Unknown::new(&definition)?,
            definition,
            has_all_bytes: !byte_tokens.contains(&NO_TOKEN),
            byte_tokens,
            places,
            scored,
            whole_first,
            not_whole,
            seams: OnceLock::new(),
            byte_pairs: OnceLock::new(),
            borders: OnceLock::new(),
        })
    }

    pub(crate) fn vocab(&self) -> &Vocab {
        &self.definition.vocab
    }

    /// Puts out the tokens of pretokens that follow one another in `source`: the first one starts at
    /// `start`, each ends at one of `ends`, where the next one starts. What lies behind them may be
    /// read, and has no influence.
    ///
    /// # Errors
    ///
    /// As [`Self::encode`].
    #[inline]
    pub(crate) fn encode_run(
        &self,
        source: &[u8],
        start: usize,
        ends: &[usize],
        out: &mut impl Output,
        scratch: &mut Scratch,
    ) -> Result<()> {
        if self.definition.atoms == Atoms::Characters
            && let Some(borders) = self.borders(start, ends, scratch)
        {
            return self.encode_cut(borders, source, start, ends, out, scratch);
        }
        let mut keys = std::mem::take(&mut scratch.keys);
        let outcome = self.encode_keyed(source, start, ends, out, scratch, &mut keys);
        scratch.keys = keys;
        outcome
    }

    /// Where pretokens of characters fall apart, once that pays; these end at `ends`.
    fn borders(&self, start: usize, ends: &[usize], scratch: &mut Scratch) -> Option<&Borders> {
        let memory = scratch.memory.as_mut()?;
        if memory.long_bytes < SEAMS_PAY {
            memory.long_bytes += ends.last().map_or(0, |end| end - start);
            return None;
        }
        if self.whole_first {
            // Parts would be looked up as wholes.
            return None;
        }
        Some(self.borders.get_or_init(|| {
            Borders::new(&self.definition, |character| {
                let mut buffer = [0; 4];
                let bytes = character.encode_utf8(&mut buffer).as_bytes();
                match &self.scored {
                    Some(scored) => scored.has_atom(self.vocab(), bytes),
                    None => self.vocab().id_of(bytes).is_some(),
                }
            })
        }))
    }

    /// As [`Self::encode_run`], each pretoken in parts.
    fn encode_cut(
        &self,
        borders: &Borders,
        source: &[u8],
        mut start: usize,
        ends: &[usize],
        out: &mut impl Output,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let mut keys = std::mem::take(&mut scratch.keys);
        let mut parts = std::mem::take(&mut scratch.part_ends);
        let mut outcome = Ok(());
        'pretokens: for &end in ends {
            let Ok(text) = std::str::from_utf8(&source[start..end]) else {
                // Merging has the words for that.
                outcome = self.encode_keyed(source, start, &[end], out, scratch, &mut keys);
                break;
            };
            let mut done = start;
            while done < end {
                parts.clear();
                borders.ends(&text[done - start..], done, PARTS_AT_ONCE, &mut parts);
                outcome = self.encode_keyed(source, done, &parts, out, scratch, &mut keys);
                done = parts.last().copied().unwrap_or(end);
                if outcome.is_err() {
                    break 'pretokens;
                }
            }
            start = end;
        }
        scratch.keys = keys;
        scratch.part_ends = parts;
        outcome
    }

    #[inline]
    fn encode_keyed(
        &self,
        source: &[u8],
        mut start: usize,
        ends: &[usize],
        out: &mut impl Output,
        scratch: &mut Scratch,
        keys: &mut Vec<(u128, u64)>,
    ) -> Result<()> {
        if keys.len() < ends.len() {
            keys.resize(ends.len(), (0, 0));
        }
        if let Some(memory) = &scratch.memory {
            let short = memory.short.reader();
            let mut start = start;
            for (held, &end) in keys.iter_mut().zip(ends) {
                let key = short_key_or_none(source, start, end);
                let hash = short.hash(key);
                short.prefetch(hash);
                *held = (key, hash);
                start = end;
            }
        }
        // Ids are hardly ever more than bytes; where they are, the loop ends early.
        let all = ends.last().map_or(0, |end| end - start);
        let mut pretokens = ends.iter().zip(&*keys);
        loop {
            let mut missing = None;
            let count = {
                let mut hot = out.hot(pretokens.len(), all.min(MOST_AT_ONCE));
                if let Some(memory) = &scratch.memory {
                    let short = memory.short.reader();
                    for (&end, &(key, hash)) in pretokens.by_ref() {
                        let is_found = if key == NO_KEY {
                            let pretoken = &source[start..end];
                            let found = memory.long.find(memory.long.hash(pretoken), pretoken);
                            found.is_some_and(|row| hot.row(row))
                        } else {
                            match short.find_hashed(key, hash) {
                                Found::Ids(ids) => {
                                    hot.few(ids);
                                    true
                                }
                                Found::Elsewhere(at) => {
                                    let found = memory.long.kept(at);
                                    found.is_some_and(|row| hot.row(row))
                                }
                                Found::Nothing => false,
                            }
                        };
                        if !is_found {
                            missing = Some((end, key));
                            break;
                        }
                        start = end;
                    }
                } else {
                    missing = pretokens.next().map(|(&end, _)| (end, NO_KEY));
                }
                hot.count()
            };
            out.advance(count);
            let Some((end, key)) = missing else {
                return Ok(());
            };
            self.encode_missing(key, source, start..end, out, scratch)?;
            start = end;
        }
    }

    /// Puts out the tokens of the pretoken `source[range]`. What lies behind it may be read, and has
    /// no influence.
    ///
    /// # Errors
    ///
    /// `MissingByte` or `MissingCharacter` if the vocab has no token for an atom, and neither
    /// byte fallback nor an unknown token.
    pub(crate) fn encode(
        &self,
        source: &[u8],
        range: Range<usize>,
        out: &mut impl Output,
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.encode_run(source, range.start, &[range.end], out, scratch)
    }

    /// A pretoken that is not in memory, or that `out` had no room for.
    #[cold]
    fn encode_missing(
        &self,
        key: u128,
        source: &[u8],
        range: Range<usize>,
        out: &mut impl Output,
        scratch: &mut Scratch,
    ) -> Result<()> {
        if key == NO_KEY {
            return self.encode_long(source, range, out, scratch);
        }
        if let Some(memory) = &scratch.memory
            && let Found::Elsewhere(at) = memory.short.reader().find(key)
            && let Some(row) = memory.long.kept(at)
        {
            out.row(row);
            return Ok(());
        }
        self.encode_unseen(key, source, range, out, scratch)
    }

    /// A pretoken with a key that is not in memory.
    fn encode_unseen(
        &self,
        key: u128,
        source: &[u8],
        range: Range<usize>,
        out: &mut impl Output,
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.encode_anew(source, range.clone(), scratch)?;
        out.many(&scratch.ids);
        if let Some(memory) = &mut scratch.memory {
            memory.remember(key, &scratch.ids);
        }
        Ok(())
    }

    /// A pretoken without a key.
    fn encode_long(
        &self,
        source: &[u8],
        range: Range<usize>,
        out: &mut impl Output,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let Some(memory) = &mut scratch.memory else {
            self.encode_anew(source, range, scratch)?;
            out.many(&scratch.ids);
            return Ok(());
        };
        let pretoken = &source[range.clone()];
        let hash = memory.long.hash(pretoken);
        if let Some(ids) = memory.long.find(hash, pretoken) {
            out.row(ids);
            return Ok(());
        }
        memory.long_bytes += pretoken.len();
        let pays = memory.long_bytes >= SEAMS_PAY && pretoken.len() > SHORT && self.has_all_bytes;
        if !pays || !self.encode_apart(pretoken, scratch)? {
            self.encode_anew(source, range, scratch)?;
        }
        out.many(&scratch.ids);
        if let Some(memory) = &mut scratch.memory {
            memory.long.insert(hash, pretoken, &scratch.ids);
        }
        Ok(())
    }

    /// As [`Self::encode_anew`], for a pretoken that falls apart; false if it does not. Then no token
    /// is the whole of it, and of its parts it is not asked either: only what merges make of them
    /// is part of the whole.
    fn encode_apart(&self, pretoken: &[u8], scratch: &mut Scratch) -> Result<bool> {
        let Ok(text) = std::str::from_utf8(pretoken) else {
            return Ok(false);
        };
        let seams = self.seams.get_or_init(|| Seams::new(self.vocab()));
        let mut ends = seams.of(text).peekable();
        if ends.peek() == Some(&text.len()) {
            return Ok(false);
        }
        let mut all = std::mem::take(&mut scratch.joined);
        all.clear();
        let mut start = 0;
        for end in ends {
            let key = short_key(pretoken, &(start..end)).map(|key| key | PART);
            let is_found = match (key, &scratch.memory) {
                (Some(key), Some(memory)) => match memory.short.reader().find(key) {
                    Found::Ids(ids) => {
                        all.few(ids);
                        true
                    }
                    Found::Elsewhere(at) => {
                        let found = memory.long.kept(at);
                        found.map(|row| all.row(row)).is_some()
                    }
                    Found::Nothing => false,
                },
                _ => false,
            };
            if !is_found {
                self.merge_anew(&pretoken[start..end], scratch)?;
                all.many(&scratch.ids);
                if let (Some(key), Some(memory)) = (key, &mut scratch.memory) {
                    memory.remember(key, &scratch.ids);
                }
            }
            start = end;
        }
        scratch.ids.clear();
        scratch.ids.extend_from_slice(all.as_slice());
        scratch.joined = all;
        Ok(true)
    }

    /// Leaves the tokens of the pretoken `source[range]` in `scratch.ids`.
    fn encode_anew(&self, source: &[u8], range: Range<usize>, scratch: &mut Scratch) -> Result<()> {
        if self.whole_first
            && let Some(id) = self.vocab().id_of_inside(source, range.clone())
            && (self.not_whole.is_empty() || !self.not_whole.contains(&id))
        {
            scratch.ids.clear();
            scratch.ids.push(id);
            return Ok(());
        }
        self.merge_anew(&source[range], scratch)
    }

    /// As [`Self::encode`], without the lookup of the whole.
    pub(crate) fn merge(
        &self,
        pretoken: &[u8],
        out: &mut impl Output,
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.merge_anew(pretoken, scratch)?;
        out.many(&scratch.ids);
        Ok(())
    }

    fn merge_anew(&self, pretoken: &[u8], scratch: &mut Scratch) -> Result<()> {
        if pretoken.len() > QUEUE_LIMIT {
            return Err(Error::argument("a pretoken of 4 GiB or more"));
        }
        if let Some(scored) = &self.scored {
            self.merge_scored(scored, pretoken, scratch)?;
            scratch.ids.clear();
            scratch.ids.extend(scratch.parts.iter().map(|part| part.id));
            return Ok(());
        }
        let byte_pairs = self.byte_pairs(pretoken.len(), scratch);
        let parts = &mut scratch.parts;
        if let (Merges::Listed(merges), Some(places)) = (&self.definition.merges, &self.places) {
            match self.definition.atoms {
                Atoms::Characters => self.character_parts(pretoken, parts)?,
                Atoms::Bytes => {
                    byte_parts(pretoken, &self.byte_tokens, parts);
                    if !self.has_all_bytes {
                        self.replace_unknown_bytes(pretoken, parts)?;
                    }
                }
            }
            let rule = Listed { merges, places };
            merge_parts(rule, byte_pairs, pretoken, scratch);
        } else {
            byte_parts(pretoken, &self.byte_tokens, parts);
            let vocab = self.vocab();
            let mut padded = [0; PADDED];
            if let Some(text) = padded[..PADDED - PADDING].get_mut(..pretoken.len()) {
                text.copy_from_slice(pretoken);
                let text = &padded;
                merge_parts(ByRankInside { vocab, text }, byte_pairs, pretoken, scratch);
            } else {
                merge_parts(ByRank(vocab), byte_pairs, pretoken, scratch);
            }
            // A byte without a token of its own may still have become part of one.
            if let Some(part) = scratch.parts.iter().find(|part| part.id == NO_TOKEN) {
                return Err(Error::new(ErrorKind::MissingByte(pretoken[part.start])));
            }
        }
        scratch.ids.clear();
        scratch.ids.extend(scratch.parts.iter().map(|part| part.id));
        Ok(())
    }

    fn merge_scored(&self, scored: &Scored, pretoken: &[u8], scratch: &mut Scratch) -> Result<()> {
        let text = as_text(pretoken)?;
        scored.first_parts(self.vocab(), text, &mut scratch.parts);
        merge_parts(scored.rule(self.vocab()), None, pretoken, scratch);
        scored
            .finish(&self.unknown, text, scratch)
            .map_err(|character| Error::new(ErrorKind::MissingCharacter(character)))
    }

    /// What pairs of bytes become, once that pays, of which a pretoken of `len` bytes is a part.
    #[inline]
    fn byte_pairs(&self, len: usize, scratch: &mut Scratch) -> Option<&BytePairs> {
        let memory = scratch.memory.as_mut()?;
        if memory.merged_bytes < BYTE_PAIRS_PAY || !self.has_all_bytes {
            memory.merged_bytes += len;
            return None;
        }
        Some(
            self.byte_pairs
                .get_or_init(|| match &self.definition.merges {
                    Merges::ByRank => BytePairs::of_ranks(self.vocab()),
                    Merges::Listed(merges) => BytePairs::of_merges(merges, &self.byte_tokens),
                    // Not for tokens of characters.
                    Merges::ByScore(_) => BytePairs::of_merges(&[], &self.byte_tokens),
                }),
        )
    }

    fn replace_unknown_bytes(&self, pretoken: &[u8], parts: &mut Vec<Part>) -> Result<()> {
        let mut filler = Filler::new(&self.unknown, parts);
        let mut buffer = [0; 4];
        for (start, &byte) in pretoken.iter().enumerate() {
            match self.byte_tokens[usize::from(byte)] {
                // HuggingFace sees the byte as its character in the byte alphabet.
                NO_TOKEN => {
                    let text = byte_alphabet::to_char(byte).encode_utf8(&mut buffer);
                    if !filler.unknown(start, text.as_bytes()) {
                        return Err(Error::new(ErrorKind::MissingByte(byte)));
                    }
                }
                id => filler.known(start, id),
            }
        }
        filler.finish();
        Ok(())
    }

    fn character_parts(&self, pretoken: &[u8], parts: &mut Vec<Part>) -> Result<()> {
        let text = as_text(pretoken)?;
        let mut filler = Filler::new(&self.unknown, parts);
        for (start, character) in text.char_indices() {
            let bytes = &pretoken[start..start + character.len_utf8()];
            match self.vocab().id_of(bytes) {
                Some(id) => filler.known(start, id),
                None if filler.unknown(start, bytes) => {}
                None => return Err(Error::new(ErrorKind::MissingCharacter(character))),
            }
        }
        filler.finish();
        Ok(())
    }
}

fn as_text(pretoken: &[u8]) -> Result<&str> {
    std::str::from_utf8(pretoken).map_err(|error| {
        Error::new(ErrorKind::NotUtf8 {
            bytes: pretoken.to_vec(),
            valid_up_to: error.valid_up_to(),
        })
    })
}

fn byte_parts(pretoken: &[u8], byte_tokens: &[TokenId; 256], parts: &mut Vec<Part>) {
    parts.clear();
    parts.extend(pretoken.iter().enumerate().map(|(start, &byte)| Part {
        start,
        id: byte_tokens[usize::from(byte)],
    }));
}

fn merge_parts(
    mut rule: impl Rule,
    byte_pairs: Option<&BytePairs>,
    pretoken: &[u8],
    scratch: &mut Scratch,
) {
    let Scratch { parts, memory, .. } = scratch;
    match memory {
        Some(Memory { pairs: memo, .. }) => {
            let mut rule = Remembered {
                rule,
                memo,
                byte_pairs,
            };
            merge_with(&mut rule, pretoken, parts);
        }
        None => merge_with(&mut rule, pretoken, parts),
    }
}

pub(super) fn merge_with(rule: &mut impl Rule, pretoken: &[u8], parts: &mut Vec<Part>) {
    if parts.len() <= SCAN_LIMIT {
        scan::merge(rule, pretoken, parts);
    } else {
        queue::merge(rule, pretoken, parts);
    }
}

/// Refuses what would make encoding random, or what is not plain BPE.
fn check_options(definition: &Definition) -> Result<()> {
    let options = &definition.options;
    let refuse = |member: &str, why: &str| {
        let error = bpekit_formats::Error::unsupported(why).at_json(format!("model.{member}"));
        Err(Error::from(error))
    };
    if options.dropout.is_some_and(|dropout| dropout != 0.0) {
        return refuse(
            "dropout",
            "is set, which makes encoding random; expected null",
        );
    }
    if !options.continuing_subword_prefix.is_empty() {
        return refuse(
            "continuing_subword_prefix",
            "is set; only plain BPE can be encoded with",
        );
    }
    if !options.end_of_word_suffix.is_empty() {
        return refuse(
            "end_of_word_suffix",
            "is set; only plain BPE can be encoded with",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
