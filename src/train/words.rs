//! The pretokens of a table as merging wants them: in the order of falling counts, as tokens.

use std::cell::Cell;
use std::cmp::Reverse;

use bpekit_formats::TokenId;
use rustc_hash::FxHashMap;

use super::merge::{MAX_SLOTS, WordSink, Words, slots_for};
use crate::bpe::{Bpe, Ids, Scratch};
use crate::error::{Error, Result};

/// Pretokens with their counts, the highest first, cut into the tokens there are at the start.
pub(super) struct CountedWords<'a> {
    words: Vec<(&'a [u8], u64)>,
    byte_count: u64,
    start: &'a Start,
    /// Tokens in all texts: of the pretokens of one byte at first, of all when they were gone
    /// through.
    token_count: Cell<u64>,
}

/// The tokens that merging starts from, under ids of its own: 0, 1, 2, … in the order in which
/// ties are broken.
pub(super) struct Start {
    /// The length of each, in bytes.
    pub(super) lens: Vec<u32>,
    pub(super) cut: Cut,
}

/// How a pretoken is cut into those tokens.
pub(super) enum Cut {
    /// Into bytes.
    Bytes(Box<[u32; 256]>),
    /// As a tokenizer cuts it: by token id of that tokenizer.
    Tokens {
        bpe: Box<Bpe>,
        own_ids: FxHashMap<TokenId, u32>,
    },
}

impl<'a> CountedWords<'a> {
    /// # Errors
    ///
    /// `Argument` if there are too many to be merged, or their counts are too high for sums of 64
    /// bits.
    pub(super) fn new(entries: Vec<(&'a [u8], u64)>, start: &'a Start) -> Result<Self> {
        let mut words = entries;
        let (mut byte_count, mut single) = (0_u128, 0_u64);
        for (pretoken, count) in &words {
            byte_count += pretoken.len() as u128 * u128::from(*count);
            if pretoken.len() == 1 {
                single = single.wrapping_add(*count);
            }
        }
        // No pair is more frequent than there are bytes, so that no sum of merging can overflow.
        let byte_count = u64::try_from(byte_count).map_err(|_| {
            Error::argument(
                "the counts stand for more than 2^64 bytes of text, which training cannot add up",
            )
        })?;
        // What has one byte has no pair.
        words.retain(|(pretoken, _)| pretoken.len() > 1);
        sort_by_count(&mut words);
        let this = Self {
            words,
            byte_count,
            start,
            token_count: Cell::new(single),
        };
        if this.slot_count() > MAX_SLOTS {
            return Err(Error::argument(format!(
                "{} distinct pretokens of {} bytes together; training holds 2^32 bytes. Prune the \
                 counts: `prune(min_count)`, `--min-count`",
                this.words.len(),
                this.slot_count()
            )));
        }
        Ok(this)
    }
}

impl CountedWords<'_> {
    /// How many tokens all texts have, once every pretoken was gone through.
    pub(super) fn token_count(&self) -> u64 {
        self.token_count.get()
    }
}

impl Words for CountedWords<'_> {
    fn slot_count(&self) -> u64 {
        slots_for(self.words.iter().map(|(pretoken, _)| pretoken.len()))
    }

    fn byte_count(&self) -> u64 {
        self.byte_count
    }

    fn for_each(&self, sink: &mut WordSink<'_>) -> Result<()> {
        let lens = &self.start.lens;
        let mut tokens = Vec::new();
        let mut ids = Ids::default();
        let mut scratch = Scratch::default();
        for &(pretoken, count) in &self.words {
            tokens.clear();
            match &self.start.cut {
                Cut::Bytes(own_ids) => {
                    tokens.extend(pretoken.iter().map(|&byte| (own_ids[usize::from(byte)], 1)));
                }
                Cut::Tokens { bpe, own_ids } => {
                    ids.clear();
                    bpe.encode(pretoken, 0..pretoken.len(), &mut ids, &mut scratch)?;
                    tokens.extend(ids.as_slice().iter().filter_map(|id| {
                        let own = *own_ids.get(id)?;
                        Some((own, lens[own as usize]))
                    }));
                }
            }
            let in_texts = tokens.len() as u64 * count;
            self.token_count.set(self.token_count.get() + in_texts);
            sink(&tokens, count);
        }
        Ok(())
    }
}

/// Highest count first. What ties may come in any order: merging adds up over all of them.
fn sort_by_count(words: &mut [(&[u8], u64)]) {
    words.sort_unstable_by_key(|(_, count)| Reverse(*count));
}
