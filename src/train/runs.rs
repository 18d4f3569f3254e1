//! Sorted runs of counts, merged into one: counts that did not fit memory lie in several files,
//! each sorted.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io::Read;

use bpekit_formats::{CountsReader, show_bytes};

use crate::error::{Error, Result};

/// Pretokens with their counts, in strictly rising order of their bytes.
pub(crate) trait SortedCounts {
    /// The next one; none at the end.
    fn next(&mut self) -> Result<Option<(&[u8], u64)>>;
}

impl<R: Read> SortedCounts for CountsReader<R> {
    fn next(&mut self) -> Result<Option<(&[u8], u64)>> {
        Ok(Self::next(self)?)
    }
}

impl<S: SortedCounts + ?Sized> SortedCounts for Box<S> {
    fn next(&mut self) -> Result<Option<(&[u8], u64)>> {
        (**self).next()
    }
}

/// Counts in memory.
pub(crate) struct SortedSlice<'a>(pub(crate) &'a [(&'a [u8], u64)]);

impl SortedCounts for SortedSlice<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], u64)>> {
        let Some((&first, rest)) = self.0.split_first() else {
            return Ok(None);
        };
        self.0 = rest;
        Ok(Some(first))
    }
}

/// The sum of several runs: each pretoken once, in rising order, with its counts added up. Memory
/// is that of one pretoken for each run.
pub(crate) struct MergedRuns<S> {
    runs: Vec<S>,
    heads: BinaryHeap<Reverse<Head>>,
    /// What was given last.
    pretoken: Vec<u8>,
}

/// The next pretoken of a run.
struct Head {
    pretoken: Vec<u8>,
    count: u64,
    run: usize,
}

impl<S: SortedCounts> MergedRuns<S> {
    /// Reads the first pretoken of each run.
    ///
    /// # Errors
    ///
    /// Those of the runs.
    pub(crate) fn new(mut runs: Vec<S>) -> Result<Self> {
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (run, source) in runs.iter_mut().enumerate() {
            if let Some((pretoken, count)) = source.next()? {
                let pretoken = pretoken.to_vec();
                heads.push(Reverse(Head {
                    pretoken,
                    count,
                    run,
                }));
            }
        }
        Ok(Self {
            runs,
            heads,
            pretoken: Vec::new(),
        })
    }

    /// The count of the smallest head, whose run goes on. The pretoken is left in place of the one
    /// given last where `is_first`, and is equal to it otherwise.
    fn pop(&mut self, is_first: bool) -> Result<Option<u64>> {
        let Some(mut top) = self.heads.peek_mut() else {
            return Ok(None);
        };
        let head = &mut top.0;
        if is_first {
            std::mem::swap(&mut self.pretoken, &mut head.pretoken);
        } else if head.pretoken != self.pretoken {
            return Ok(None);
        }
        let count = head.count;
        match self.runs[head.run].next()? {
            Some((next, _)) if next <= self.pretoken.as_slice() => {
                return Err(Error::argument(format!(
                    "counts out of order: {} comes after {}",
                    show_bytes(next),
                    show_bytes(&self.pretoken)
                )));
            }
            Some((next, count)) => {
                head.pretoken.clear();
                head.pretoken.extend_from_slice(next);
                head.count = count;
            }
            None => drop(PeekMut::pop(top)),
        }
        Ok(Some(count))
    }
}

impl<S: SortedCounts> SortedCounts for MergedRuns<S> {
    /// # Errors
    ///
    /// Those of the runs; `Argument` if a sum does not fit 64 bits, or a run is not sorted. After
    /// an error the rest is not to be used.
    fn next(&mut self) -> Result<Option<(&[u8], u64)>> {
        let Some(mut sum) = self.pop(true)? else {
            return Ok(None);
        };
        while let Some(count) = self.pop(false)? {
            sum = sum.checked_add(count).ok_or_else(|| {
                Error::argument(format!(
                    "the count of {} exceeds 2^64 - 1",
                    show_bytes(&self.pretoken)
                ))
            })?;
        }
        Ok(Some((&self.pretoken, sum)))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.pretoken.cmp(&other.pretoken)
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bpekit_formats::{CountsHeader, CountsWriter};
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    type Table = BTreeMap<Vec<u8>, u64>;

    fn file_of(table: &Table) -> Vec<u8> {
        let header = CountsHeader {
            normalizer: None,
            pretokenizer: None,
            special_tokens: Vec::new(),
            texts: 1,
            text_bytes: 1,
            skipped: 0,
            pretokens: table.len() as u64,
            total: table.values().sum(),
            min_count: 1,
        };
        let mut writer = CountsWriter::new(Vec::new(), &header).unwrap();
        for (pretoken, &count) in table {
            writer.push(pretoken, count).unwrap();
        }
        writer.finish().unwrap()
    }

    fn all_of(mut counts: impl SortedCounts) -> Vec<(Vec<u8>, u64)> {
        let mut all = Vec::new();
        while let Some((pretoken, count)) = counts.next().unwrap() {
            all.push((pretoken.to_vec(), count));
        }
        all
    }

    /// Few letters, so that runs share pretokens and one begins with another.
    fn tables() -> impl Strategy<Value = Vec<Table>> {
        let pretokens = vec(prop_oneof![Just(0), Just(b'a'), Just(255)], 1..5);
        vec(btree_map(pretokens, 1..1000_u64, 0..40), 0..9)
    }

    proptest! {
        #[test]
        fn is_the_sum_of_the_tables(tables in tables()) {
            let mut expected = Table::new();
            for (pretoken, count) in tables.iter().flatten() {
                *expected.entry(pretoken.clone()).or_default() += count;
            }
            let expected: Vec<_> = expected.into_iter().collect();
            let slices: Vec<Vec<_>> = tables
                .iter()
                .map(|table| table.iter().map(|(p, &n)| (p.as_slice(), n)).collect())
                .collect();
            let files: Vec<_> = tables.iter().map(file_of).collect();

            let in_memory = slices.iter().map(|slice| SortedSlice(slice)).collect();
            prop_assert_eq!(&all_of(MergedRuns::new(in_memory).unwrap()), &expected);
            let readers = files.iter().map(|file| CountsReader::new(&file[..]).unwrap());
            prop_assert_eq!(&all_of(MergedRuns::new(readers.collect()).unwrap()), &expected);

            // Both kinds, and a sum of sums.
            let mut mixed: Vec<Box<dyn SortedCounts + '_>> = Vec::new();
            let half = tables.len() / 2;
            for file in &files[..half] {
                mixed.push(Box::new(CountsReader::new(&file[..]).unwrap()));
            }
            let rest = slices[half..].iter().map(|slice| SortedSlice(slice)).collect();
            mixed.push(Box::new(MergedRuns::new(rest).unwrap()));
            prop_assert_eq!(&all_of(MergedRuns::new(mixed).unwrap()), &expected);
        }
    }

    #[test]
    fn a_sum_over_64_bits_is_an_error() {
        let runs: [&[(&[u8], u64)]; 3] = [&[(b"a", u64::MAX)], &[(b"b", 1)], &[(b"a", 1)]];
        let mut merged = MergedRuns::new(runs.map(SortedSlice).into()).unwrap();
        let error = merged.next().unwrap_err();
        assert_eq!(error.to_string(), "the count of b\"a\" exceeds 2^64 - 1");
        let mut one = MergedRuns::new(vec![SortedSlice(runs[0]), SortedSlice(runs[1])]).unwrap();
        assert_eq!(one.next().unwrap(), Some((b"a".as_slice(), u64::MAX)));
    }

    #[test]
    fn a_run_that_is_not_sorted_or_breaks_off_is_an_error() {
        for run in [&[(b"b".as_slice(), 1), (b"a", 1)], &[(b"a", 1), (b"a", 1)]] {
            let mut merged = MergedRuns::new(vec![SortedSlice(run)]).unwrap();
            assert!(merged.next().is_err());
        }
        let file = file_of(&Table::from([(b"a".to_vec(), 1), (b"b".to_vec(), 2)]));
        let reader = CountsReader::new(&file[..file.len() - 1]).unwrap();
        let mut merged = MergedRuns::new(vec![reader]).unwrap();
        merged.next().unwrap();
        assert!(merged.next().unwrap_err().file().is_some());
    }
}
