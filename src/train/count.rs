//! Counting the texts of a source, on several threads.
//!
//! Each thread takes the next batch from the source, counts it in a table of its own that fits the
//! processor's cache, and sends what that turns out to the table they share. Sums do not depend on
//! who added what when, and a text is cut into batches only where its pretokens are cut: so the
//! counts are the same for any number of threads and any size of batch.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::counts::{Facts, PretokenCounts};
use super::segment::Segmenter;
use super::spill::Spill;
use super::table::{Front, Table};
use crate::error::{Error, Result};
use crate::source::{Batch, Invalid, Texts};
use crate::watch::{Progress, Watch};

/// How to count.
///
/// # Examples
///
/// ```
/// use bpekit::train::CountOptions;
///
/// let options = CountOptions { max_memory: Some(1 << 30), ..CountOptions::default() };
/// assert!(options.thread_count >= 1);
/// ```
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct CountOptions {
    /// The most threads that count. The default is as many as the machine runs at once.
    pub thread_count: usize,
    /// What becomes of bytes that are not UTF-8.
    pub invalid: Invalid,
    /// The bytes of memory that the table of counts may take. Above it, counts are put on disk and
    /// added up at the end. None for no limit.
    pub max_memory: Option<u64>,
    /// Pretokens that occur less often in all are left out at the end.
    pub min_count: u64,
}

impl Default for CountOptions {
    fn default() -> Self {
        Self {
            thread_count: thread::available_parallelism().map_or(1, usize::from),
            invalid: Invalid::Strict,
            max_memory: None,
            min_count: 1,
        }
    }
}

/// How many pretokens are counted between two looks at the watch.
const PRETOKENS_PER_LOOK: u32 = 1 << 16;
const TELL_EVERY: Duration = Duration::from_millis(100);

impl PretokenCounts {
    /// Counts all texts of a source, on top of what was counted already.
    ///
    /// # Errors
    ///
    /// Those of the source; `Pattern` if a pattern gives up; `Argument` if a count does not fit 64
    /// bits, or the table does not fit the memory that is allowed. `Interrupted` if the watch says
    /// so. Texts that were counted before that stay counted, except after an error.
    pub(crate) fn count(
        &mut self,
        texts: &mut dyn Texts,
        options: &CountOptions,
        watch: &dyn Watch,
    ) -> Result<()> {
        let segmenter = Segmenter::new(self.pretokenization())?;
        let spill = options.max_memory.map(Spill::new);
        let work = Work {
            segmenter: &segmenter,
            table: &self.table,
            source: Mutex::new(Source {
                texts,
                next: 0,
                told: Instant::now(),
            }),
            invalid: options.invalid,
            spill: spill.as_ref(),
            watch,
            has_failed: AtomicBool::new(false),
            failure: Mutex::new(None),
            facts: Mutex::new(Facts::default()),
        };
        thread::scope(|scope| {
            for _ in 1..options.thread_count.max(1) {
                scope.spawn(|| work.run());
            }
            work.run();
        });
        if let Some((_, error)) = work
            .failure
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
        {
            return Err(error);
        }
        let facts = work
            .facts
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        self.facts.add(&facts)?;
        if let Some(spill) = spill {
            spill.bring_back(&mut self.table, options.min_count, watch)?;
        }
        if options.min_count > 1 {
            self.prune(options.min_count);
        }
        Ok(())
    }
}

/// What the threads share.
struct Work<'a> {
    segmenter: &'a Segmenter,
    table: &'a Table,
    source: Mutex<Source<'a>>,
    invalid: Invalid,
    spill: Option<&'a Spill>,
    watch: &'a dyn Watch,
    has_failed: AtomicBool,
    /// The number of the batch that failed, and how.
    failure: Mutex<Option<(u64, Error)>>,
    facts: Mutex<Facts>,
}

struct Source<'a> {
    texts: &'a mut dyn Texts,
    /// The number of the next batch.
    next: u64,
    told: Instant,
}

impl Work<'_> {
    /// Takes batches until there are no more, or one has failed.
    fn run(&self) {
        let mut front = Front::new();
        let mut batch = Batch::default();
        let mut facts = Facts::default();
        loop {
            let (number, outcome) = self.take(&mut batch);
            let outcome = outcome.and_then(|is_there| {
                if is_there {
                    self.count(&batch, &mut front, &mut facts)?;
                }
                Ok(is_there)
            });
            match outcome {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return self.fail(number, error),
            }
        }
        if let Err(error) = front.flush(self.table) {
            return self.fail(u64::MAX, error);
        }
        let mut all = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = all.add(&facts) {
            drop(all);
            self.fail(u64::MAX, error);
        }
    }

    /// The next batch of the source, and its number. Batches are given out in order, and each that
    /// was given out is counted to its end: so of several failures the first one is known.
    fn take(&self, batch: &mut Batch) -> (u64, Result<bool>) {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        if self.has_failed.load(Ordering::Relaxed) {
            return (u64::MAX, Ok(false));
        }
        let number = source.next;
        source.next += 1;
        let outcome = self.watch.go_on().and_then(|()| source.texts.next(batch));
        if source.told.elapsed() >= TELL_EVERY {
            source.told = Instant::now();
            let (done, all) = source.texts.progress();
            self.watch.progress(&Progress::Counting { done, all });
        }
        (number, outcome)
    }

    fn count(&self, batch: &Batch, front: &mut Front, facts: &mut Facts) -> Result<()> {
        let mut until_look = PRETOKENS_PER_LOOK;
        let nulls = batch.for_each_text(self.invalid, |text, is_whole| {
            facts.text_bytes += text.len() as u64;
            facts.texts += u64::from(is_whole);
            self.segmenter.for_each(text, |source, start, end| {
                until_look -= 1;
                if until_look == 0 {
                    until_look = PRETOKENS_PER_LOOK;
                    self.watch.go_on()?;
                }
                front.count(self.table, source, start, end)
            })
        })?;
        facts.skipped += nulls;
        if let Some(spill) = self.spill {
            spill.keep_within(self.table, self.watch)?;
        }
        Ok(())
    }

    fn fail(&self, number: u64, error: Error) {
        self.has_failed.store(true, Ordering::Relaxed);
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.as_ref().is_none_or(|(first, _)| number < *first) {
            *failure = Some((number, error));
        }
    }
}
