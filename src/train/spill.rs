//! Counts that do not fit the memory they may take: put on disk as sorted runs, and added up at the
//! end. Nothing is lost or rounded on the way.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

use bpekit_formats::{CountsHeader, CountsReader, CountsWriter, Error as FileError};

use super::runs::{MergedRuns, SortedCounts, SortedSlice};
use super::table::Table;
use crate::error::{Error, Result};
use crate::watch::Watch;

/// Where counts go that do not fit.
pub(super) struct Spill {
    max_memory: u64,
    runs: Mutex<Vec<Run>>,
}

/// Counts on disk, sorted.
struct Run {
    file: File,
    /// How often its counts were merged.
    level: u32,
}

/// So many runs of one level are merged into one: whatever the length of the texts, few files are
/// open, and each count is written a few times only.
const FAN_IN: usize = 16;

/// While a run is sorted and written its table takes about this part of the memory again.
const SHARE: u64 = 2;

/// How many pretokens are brought back between two looks at the watch.
const PRETOKENS_PER_LOOK: usize = 1 << 16;

impl Spill {
    pub(super) fn new(max_memory: u64) -> Self {
        Self {
            max_memory,
            runs: Mutex::default(),
        }
    }

    /// Empties the table onto disk if it takes too much memory.
    ///
    /// # Errors
    ///
    /// `File` (I/O) if the folder for temporary files cannot take it; `Interrupted` if the watch
    /// says so.
    pub(super) fn keep_within(&self, table: &Table, watch: &dyn Watch) -> Result<()> {
        if table.memory() <= self.max_memory / SHARE {
            return Ok(());
        }
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster.
        if table.memory() <= self.max_memory / SHARE {
            return Ok(());
        }
        let taken = table.take();
        runs.push(Run {
            file: write_run(&taken)?,
            level: 0,
        });
        drop(taken);
        while let Some(last) = runs.last() {
            let level = last.level;
            let same = runs.iter().rev().take_while(|run| run.level == level);
            if same.count() < FAN_IN {
                break;
            }
            let first = runs.len() - FAN_IN;
            let file = merge_runs(&runs[first..], watch)?;
            runs.truncate(first);
            let level = level + 1;
            runs.push(Run { file, level });
        }
        Ok(())
    }

    /// How many files are open.
    #[cfg(test)]
    pub(super) fn run_count(&self) -> usize {
        self.runs.lock().unwrap().len()
    }

    /// Adds the runs to the table again. What is rarer than `min_count` in all is left out, which
    /// is exact: no run's count is looked at alone.
    ///
    /// # Errors
    ///
    /// `Argument` if the table does not fit the memory then.
    pub(super) fn bring_back(
        self,
        table: &mut Table,
        min_count: u64,
        watch: &dyn Watch,
    ) -> Result<()> {
        let on_disk = self
            .runs
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let rest = table.take();
        let held = rest.hold();
        let mut entries = held.entries();
        entries.sort_unstable();
        let mut runs: Vec<Box<dyn SortedCounts + '_>> = vec![Box::new(SortedSlice(&entries))];
        for run in &on_disk {
            runs.push(Box::new(run.read()?));
        }
        let mut merged = MergedRuns::new(runs)?;
        let mut done = 0_usize;
        while let Some((pretoken, count)) = merged.next()? {
            if count >= min_count {
                table.add(pretoken, count)?;
            }
            done += 1;
            if done.is_multiple_of(PRETOKENS_PER_LOOK) {
                watch.go_on()?;
                check(table, self.max_memory)?;
            }
        }
        check(table, self.max_memory)
    }
}

/// That a table is within the memory it may take.
///
/// # Errors
///
/// `Argument` if it is not.
pub(super) fn check(table: &Table, max_memory: u64) -> Result<()> {
    let memory = table.memory();
    if memory <= max_memory {
        return Ok(());
    }
    Err(Error::argument(format!(
        "the table of distinct pretokens takes more than the {max_memory} bytes of memory allowed; \
         allow more (`max_memory`), or leave rare pretokens out (`min_count`)"
    )))
}

impl Run {
    /// Its counts, from the first one on.
    fn read(&self) -> Result<CountsReader<&File>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))
            .map_err(|error| in_temporary(error.into()))?;
        CountsReader::new(file).map_err(in_temporary)
    }
}

fn write_run(table: &Table) -> Result<File> {
    let held = table.hold();
    let mut entries = held.entries();
    entries.sort_unstable();
    let total = total(entries.iter().map(|(_, count)| *count))?;
    let mut writer = start_run(entries.len() as u64, total)?;
    for (pretoken, count) in entries {
        writer.push(pretoken, count).map_err(in_temporary)?;
    }
    writer.finish().map_err(in_temporary)
}

/// The sum of some runs. They are read twice: a run starts with how many pretokens it has.
fn merge_runs(runs: &[Run], watch: &dyn Watch) -> Result<File> {
    let mut pretokens = 0;
    let mut sum = 0_u64;
    sum_runs(runs, watch, &mut |_, count| {
        pretokens += 1;
        sum = total([sum, count].into_iter())?;
        Ok(())
    })?;
    let mut writer = start_run(pretokens, sum)?;
    sum_runs(runs, watch, &mut |pretoken, count| {
        writer.push(pretoken, count).map_err(in_temporary)
    })?;
    writer.finish().map_err(in_temporary)
}

fn sum_runs(
    runs: &[Run],
    watch: &dyn Watch,
    sink: &mut dyn FnMut(&[u8], u64) -> Result<()>,
) -> Result<()> {
    let readers = runs.iter().map(Run::read).collect::<Result<_>>()?;
    let mut merged = MergedRuns::new(readers)?;
    let mut done = 0_usize;
    while let Some((pretoken, count)) = merged.next()? {
        sink(pretoken, count)?;
        done += 1;
        if done.is_multiple_of(PRETOKENS_PER_LOOK) {
            watch.go_on()?;
        }
    }
    Ok(())
}

fn start_run(pretokens: u64, total: u64) -> Result<CountsWriter<File>> {
    let header = CountsHeader {
        normalizer: None,
        pretokenizer: None,
        special_tokens: Vec::new(),
        texts: 0,
        text_bytes: 0,
        skipped: 0,
        pretokens,
        total,
        min_count: 1,
    };
    let file = tempfile::tempfile().map_err(|error| in_temporary(error.into()))?;
    CountsWriter::new(file, &header).map_err(in_temporary)
}

/// The sum of counts.
pub(super) fn total(counts: impl Iterator<Item = u64>) -> Result<u64> {
    counts
        .into_iter()
        .try_fold(0_u64, u64::checked_add)
        .ok_or_else(|| Error::argument("the counts sum up to more than 2^64 - 1"))
}

fn in_temporary(error: FileError) -> Error {
    error
        .with_path(std::env::temp_dir())
        .with_hint(
            "counts that exceed `max_memory` are put into the folder for temporary files; TMPDIR \
             names another one",
        )
        .into()
}
