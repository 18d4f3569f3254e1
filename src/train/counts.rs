//! `PretokenCounts`: how often each pretoken occurs in texts, as a value of its own.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;

use super::pretokenization::Pretokenization;
use super::segment::Segmenter;
use super::table::{Front, Table};
use crate::error::{Error, Result};

/// How often each pretoken occurs in some texts, and how these were cut.
///
/// It is all that training needs of a corpus, and what several machines can add up: counting parts
/// and merging the counts gives what counting the whole gives, in any order.
///
/// # Examples
///
/// ```
/// use bpekit::train::{PretokenCounts, Pretokenization};
///
/// let how = Pretokenization::new("gpt2")?;
/// let mut counts = PretokenCounts::new(how.clone())?;
/// counts.update("the cat the")?;
/// assert_eq!(counts.get(b" cat"), 1);
///
/// let mut others = PretokenCounts::new(how)?;
/// others.update("a cat")?;
/// counts.merge(&others)?;
/// assert_eq!(counts.most_common(1), [(b" cat".to_vec(), 2)]);
/// # Ok::<(), bpekit::Error>(())
/// ```
pub struct PretokenCounts {
    how: Pretokenization,
    pub(super) table: Table,
    pub(super) facts: Facts,
}

/// What was counted, beside the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// Texts.
    pub(super) texts: u64,
    /// Their bytes, as UTF-8.
    pub(super) text_bytes: u64,
    /// Texts that were null.
    pub(super) skipped: u64,
    /// Pretokens that occur less often may be missing; 1 if none are.
    pub(super) min_count: u64,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            texts: 0,
            text_bytes: 0,
            skipped: 0,
            min_count: 1,
        }
    }
}

impl Facts {
    pub(super) fn add(&mut self, other: &Self) -> Result<()> {
        let sum = |one: u64, other: u64| {
            one.checked_add(other)
                .ok_or_else(|| Error::argument("more than 2^64 bytes of text"))
        };
        *self = Self {
            texts: sum(self.texts, other.texts)?,
            text_bytes: sum(self.text_bytes, other.text_bytes)?,
            skipped: sum(self.skipped, other.skipped)?,
            min_count: self.min_count.max(other.min_count),
        };
        Ok(())
    }
}

impl PretokenCounts {
    /// No counts yet.
    ///
    /// # Errors
    ///
    /// `Pattern`, `File` (unsupported) if a part of the pretokenization cannot be run.
    pub fn new(how: Pretokenization) -> Result<Self> {
        Segmenter::new(&how)?;
        Ok(Self {
            how,
            table: Table::default(),
            facts: Facts::default(),
        })
    }

    /// How texts were cut.
    pub fn pretokenization(&self) -> &Pretokenization {
        &self.how
    }

    /// How many distinct pretokens there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many texts were counted.
    pub fn texts(&self) -> u64 {
        self.facts.texts
    }

    /// How many bytes these had, as UTF-8.
    pub fn text_bytes(&self) -> u64 {
        self.facts.text_bytes
    }

    /// How many texts were null, and so not counted.
    pub fn skipped(&self) -> u64 {
        self.facts.skipped
    }

    /// The number given to [`Self::prune`]: rarer pretokens may be missing. 1 if none are.
    pub fn min_count(&self) -> u64 {
        self.facts.min_count
    }

    /// The sum of all counts.
    ///
    /// # Errors
    ///
    /// `Argument` if it does not fit 64 bits.
    pub fn total(&self) -> Result<u64> {
        let mut total = 0_u64;
        self.table.for_each(|_, count| {
            let sum = total.checked_add(count);
            total =
                sum.ok_or_else(|| Error::argument("the counts sum up to more than 2^64 - 1"))?;
            Ok(())
        })?;
        Ok(total)
    }

    /// How often a pretoken occurs.
    pub fn get(&self, pretoken: &[u8]) -> u64 {
        self.table.get(pretoken)
    }

    /// Counts one text.
    ///
    /// # Errors
    ///
    /// `Pattern` if a pattern gives up on the text.
    pub fn update(&mut self, text: &str) -> Result<()> {
        let segmenter = Segmenter::new(&self.how)?;
        let mut front = Front::new();
        segmenter.for_each(text, |source, start, end| {
            front.count(&self.table, source, start, end)
        })?;
        front.flush(&self.table)?;
        self.facts.add(&Facts {
            texts: 1,
            text_bytes: text.len() as u64,
            ..Facts::default()
        })
    }

    /// Adds the count of one pretoken, as another program counted it.
    ///
    /// # Errors
    ///
    /// `Argument` for an empty pretoken, or a count that does not fit 64 bits.
    pub fn add(&mut self, pretoken: &[u8], count: u64) -> Result<()> {
        if pretoken.is_empty() {
            return Err(Error::argument("a pretoken is empty"));
        }
        if count > 0 {
            self.table.add(pretoken, count)?;
        }
        Ok(())
    }

    /// Adds the counts of other texts.
    ///
    /// # Errors
    ///
    /// `Argument` if they were cut in another way, naming what differs; if a sum does not fit 64
    /// bits, which leaves this value as it was.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.how.check_same(&other.how)?;
        let mut facts = self.facts;
        facts.add(&other.facts)?;
        // Nothing is changed until every sum is known to fit.
        other
            .table
            .for_each(|pretoken, count| self.table.check_add(pretoken, count))?;
        other
            .table
            .for_each(|pretoken, count| self.table.add(pretoken, count))?;
        self.facts = facts;
        Ok(())
    }

    /// Says that so many more entries held no text.
    ///
    /// # Errors
    ///
    /// `Argument` if their number does not fit 64 bits.
    pub fn add_skipped(&mut self, count: u64) -> Result<()> {
        self.facts.add(&Facts {
            skipped: count,
            ..Facts::default()
        })
    }

    /// Adds its own counts to it: what [`Self::merge`] with a copy of it does.
    ///
    /// # Errors
    ///
    /// `Argument` if a sum does not fit 64 bits, which leaves this value as it was.
    pub fn double(&mut self) -> Result<()> {
        let mut facts = self.facts;
        facts.add(&self.facts)?;
        let mut all = Vec::new();
        self.table.for_each(|pretoken, count| {
            all.push((pretoken.to_vec(), count));
            Ok(())
        })?;
        for (pretoken, count) in &all {
            self.table.check_add(pretoken, *count)?;
        }
        for (pretoken, count) in &all {
            self.table.add(pretoken, *count)?;
        }
        self.facts = facts;
        Ok(())
    }

    /// Leaves out pretokens that occur less often, and gives how many went.
    ///
    /// A pretoken that is rare in each part of a corpus may be common in the whole: prune after
    /// merging.
    pub fn prune(&mut self, min_count: u64) -> usize {
        let before = self.len();
        self.table.retain(min_count);
        self.facts.min_count = self.facts.min_count.max(min_count);
        before - self.len()
    }

    /// The most frequent pretokens with their counts: highest count first, then by their bytes.
    pub fn most_common(&self, limit: usize) -> Vec<(Vec<u8>, u64)> {
        let mut best: BinaryHeap<(Reverse<u64>, Vec<u8>)> = BinaryHeap::new();
        let outcome = self.table.for_each(|pretoken, count| {
            let is_better = best.len() < limit
                || best.peek().is_some_and(|(Reverse(least), last)| {
                    (Reverse(count), pretoken) < (Reverse(*least), last.as_slice())
                });
            if is_better && limit > 0 {
                if best.len() == limit {
                    best.pop();
                }
                best.push((Reverse(count), pretoken.to_vec()));
            }
            Ok(())
        });
        debug_assert!(outcome.is_ok(), "the sink never fails");
        let sorted = best.into_sorted_vec();
        sorted
            .into_iter()
            .map(|(Reverse(count), pretoken)| (pretoken, count))
            .collect()
    }

    /// Calls `sink` with each pretoken and its count, in no order that means anything.
    ///
    /// # Errors
    ///
    /// Those of `sink`.
    pub fn for_each(&self, sink: impl FnMut(&[u8], u64) -> Result<()>) -> Result<()> {
        self.table.for_each(sink)
    }
}

impl fmt::Debug for PretokenCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PretokenCounts")
            .field("len", &self.len())
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}
