//! The scanner: text to the ends of its pretokens.
//!
//! Ends are found many at a time, so that the caller's code for a pretoken stands once in the
//! program and next to its loop, whatever the number of families.
//!
//! # Notes on speed
//!
//! Counting pretokens, one thread of a 2-core Xeon with nothing but SSE2, in MB/s:
//!
//! | pattern | English (12 MB) | many languages (29 MB) | code (30 MB) |
//! |---|---|---|---|
//! | `gpt2` | 815 | 545 | 710 |
//! | `cl100k` | 784 | 542 | 703 |
//! | `llama3` | 803 | 533 | 696 |
//! | `o200k` | 804 | 510 | 693 |
//! | `qwen2` | 815 | 519 | 718 |
//! | `qwen3.5` | 820 | 521 | 735 |
//! | `tekken` | 842 | 513 | 727 |
//! | `kimi-k2` | 816 | 487 | 735 |
//!
//! The same with a window of 16 bytes for each pretoken instead of blocks: 500, 300 and 320. Most
//! of that time went to branches that nobody can foresee, such as the length of a word; a block has
//! one such branch or two.

use std::ops::Range;

use super::block;
use super::family::Family;
use super::general;
use crate::error::Result;

/// A family, ready to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanner {
    family: Family,
    fill: Fill,
}

/// How many ends are found at a time.
const BATCH: usize = 2 * block::LEN;

/// How many bytes of mixed text are scanned at most before a block is tried again.
const MAX_PATIENCE: usize = 255;

/// Finds the ends of the pretokens from a place on, as many as there is room for, and says how
/// many.
type Fill = fn(&Family, &[u8], usize, &mut [usize; BATCH]) -> usize;

/// Where the code takes the family from.
trait Source {
    fn family(held: &Family) -> &Family;
}

/// A family that is known when the code is compiled, so that it has no branches for it.
struct Fixed<const INDEX: usize>;

impl<const INDEX: usize> Source for Fixed<INDEX> {
    #[inline]
    fn family(_: &Family) -> &Family {
        const { &Family::PUBLISHED[INDEX] }
    }
}

/// Any family.
struct Held;

impl Source for Held {
    #[inline]
    fn family(held: &Family) -> &Family {
        held
    }
}

/// The code for each of [`Family::PUBLISHED`].
const FILLS: [Fill; Family::PUBLISHED.len()] = [
    fill::<Fixed<0>>,
    fill::<Fixed<1>>,
    fill::<Fixed<2>>,
    fill::<Fixed<3>>,
    fill::<Fixed<4>>,
    fill::<Fixed<5>>,
    fill::<Fixed<6>>,
    fill::<Fixed<7>>,
];

impl Scanner {
    /// A scanner for a family.
    pub(crate) fn new(family: Family) -> Self {
        let fixed = Family::PUBLISHED.iter().zip(FILLS);
        let fill = fixed
            .into_iter()
            .find(|(published, _)| **published == family)
            .map_or(fill::<Held> as Fill, |(_, fill)| fill);
        Self { family, fill }
    }

    /// A scanner whose code is made for no family.
    #[cfg(test)]
    pub(super) fn new_general(family: Family) -> Self {
        Self {
            family,
            fill: fill::<Held>,
        }
    }

    /// Calls `sink` with each pretoken, from left to right. Together they are the text.
    ///
    /// # Errors
    ///
    /// Those of `sink`.
    #[inline]
    pub(crate) fn for_each(
        &self,
        text: &str,
        mut sink: impl FnMut(Range<usize>) -> Result<()>,
    ) -> Result<()> {
        self.for_each_run(text, |mut start, ends| {
            for &end in ends {
                sink(start..end)?;
                start = end;
            }
            Ok(())
        })
    }

    /// Calls `sink` with runs of pretokens: where the first one starts, and where each ends and the
    /// next one starts.
    ///
    /// # Errors
    ///
    /// Those of `sink`.
    #[inline]
    pub(crate) fn for_each_run(
        &self,
        text: &str,
        mut sink: impl FnMut(usize, &[usize]) -> Result<()>,
    ) -> Result<()> {
        let mut ends = [0; BATCH];
        let mut start = 0;
        while start < text.len() {
            let count = (self.fill)(&self.family, text.as_bytes(), start, &mut ends);
            let Some(&[.., last]) = ends.get(..count) else {
                break;
            };
            sink(start, &ends[..count])?;
            start = last;
        }
        Ok(())
    }
}

fn fill<S: Source>(family: &Family, text: &[u8], start: usize, ends: &mut [usize; BATCH]) -> usize {
    let family = S::family(family);
    let mut count = 0;
    let mut at = start;
    // Where the next block is tried: not before the character that ended the last one, and the
    // later the more of them there are.
    let mut block_from = start;
    let mut patience = 0;
    while at < text.len() && count + block::LEN <= BATCH {
        if at >= block_from {
            let base = at;
            let left = &text[base..];
            let (mut starts, end) = if let Some(bytes) = left.first_chunk() {
                let found = block::starts(family, bytes, block::LEN);
                (found.set, found.len)
            } else {
                let mut bytes = [0; block::LEN];
                bytes[..left.len()].copy_from_slice(left);
                (block::starts(family, &bytes, left.len()).set, left.len())
            };
            if starts != 0 {
                at = base + starts.ilog2() as usize;
            }
            // Eight at a time: what is written past the last one is written over.
            let free = &mut ends[count..count + block::LEN];
            count += starts.count_ones() as usize;
            for slots in free.as_chunks_mut::<8>().0 {
                for slot in slots {
                    *slot = base + starts.trailing_zeros() as usize;
                    starts &= starts.wrapping_sub(1);
                }
                if starts == 0 {
                    break;
                }
            }
            // Less would be a character that the block cuts in two.
            if end < block::LEN - 3 {
                patience = (patience * 2 + 1).min(MAX_PATIENCE);
                block_from = base + end + patience;
            } else {
                patience = 0;
            }
            if at > base {
                continue;
            }
        }
        at = general_end::<S>(family, text, at);
        ends[count] = at;
        count += 1;
    }
    count
}

/// [`general::end_of`], one copy for each family.
#[inline(never)]
fn general_end<S: Source>(family: &Family, text: &[u8], at: usize) -> usize {
    general::end_of(S::family(family), text, at)
}
