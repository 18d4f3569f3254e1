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
//! one such branch or two. With AVX-512 English takes two thirds of the time, and Chinese, Japanese
//! and Russian a third.

use std::ops::Range;

use super::family::Family;
use super::fill::BATCH;
use super::levels::Fill;
use crate::error::Result;

/// A family, ready to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanner {
    family: Family,
    fill: Fill,
}

impl Scanner {
    /// A scanner for a family.
    pub(crate) fn new(family: Family) -> Self {
        let fill = Fill::of(&family);
        Self { family, fill }
    }

    /// All scanners for a family that the processor has instructions for: with code of their own and
    /// with code that is made for no family.
    #[cfg(test)]
    pub(super) fn all(family: Family) -> Vec<Self> {
        let fills = Fill::all_of(&family).into_iter();
        fills.map(|fill| Self { family, fill }).collect()
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
            let count = self
                .fill
                .call(&self.family, text.as_bytes(), start, &mut ends);
            let Some(&[.., last]) = ends.get(..count) else {
                break;
            };
            sink(start, &ends[..count])?;
            start = last;
        }
        Ok(())
    }
}
