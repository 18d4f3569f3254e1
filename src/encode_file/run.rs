//! The texts of a source encoded on several threads, their ids put in order again.
//!
//! Each thread takes the next batch of the source, encodes it, and hands its ids over to be put
//! behind those of the batch before. What comes too early waits, and if there is much of it, so do
//! the threads. Where batches end does not show in the ids, and their order is that of the source:
//! so the outcome is the same for any number of threads and any length of batch.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bpekit_formats::{Error as FileError, TokenId};

use super::encoder::FileReport;
use super::sink::Sink;
use crate::error::{Error, ErrorKind, Result};
use crate::source::{Batch, Invalid, Place, Texts};
use crate::threads;
use crate::tokenizer::{PartEncoder, Special, Tokenizer};
use crate::watch::{Progress, Watch};

/// What is done with each text.
pub(super) struct How<'a> {
    pub(super) tokenizer: &'a Tokenizer,
    pub(super) special: &'a Special<'a>,
    pub(super) invalid: Invalid,
    /// Ids before and behind it.
    pub(super) before: Vec<TokenId>,
    pub(super) behind: Vec<TokenId>,
}

/// How many runs of pretokens are encoded between two looks at the watch; a run is of one pretoken
/// or of some dozens.
const RUNS_PER_LOOK: u32 = 1 << 12;
const TELL_EVERY: Duration = Duration::from_millis(100);
/// How long a thread waits for its turn before it looks at the watch again.
const WAIT: Duration = Duration::from_millis(20);
/// How many parts may wait for the one before them, for each thread.
const WAITING: usize = 4;

/// Encodes all texts of a source into the sink.
///
/// # Errors
///
/// Those of the source, of encoding, with the place, and of the sink: the first in order.
/// `Interrupted` if the watch says so.
pub(super) fn run<S: Sink>(
    how: &How<'_>,
    texts: &mut dyn Texts,
    sink: &mut S,
    thread_count: usize,
    watch: &dyn Watch,
) -> Result<FileReport> {
    let thread_count = threads::useful(thread_count, usize::MAX);
    let work = Work {
        how,
        source: Mutex::new(Source {
            texts,
            next: 0,
            is_inside: false,
            told: Instant::now(),
        }),
        order: Mutex::new(Order {
            sink,
            next: 0,
            waiting: BTreeMap::new(),
        }),
        turn: Condvar::new(),
        most_waiting: WAITING * thread_count,
        watch,
        has_failed: AtomicBool::new(false),
        failure: Mutex::new(None),
        report: Mutex::new(FileReport::default()),
    };
    threads::share(thread_count, thread_count, |_| work.run());
    let failure = work.failure.into_inner();
    if let Some((_, error)) = failure.unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let report = work.report.into_inner();
    Ok(report.unwrap_or_else(PoisonError::into_inner))
}

/// What the threads share.
struct Work<'a, S: Sink> {
    how: &'a How<'a>,
    source: Mutex<Source<'a>>,
    order: Mutex<Order<'a, S>>,
    /// Told whenever a part was put.
    turn: Condvar,
    most_waiting: usize,
    watch: &'a dyn Watch,
    has_failed: AtomicBool,
    /// The number of the batch that failed, and how.
    failure: Mutex<Option<(u64, Error)>>,
    report: Mutex<FileReport>,
}

struct Source<'a> {
    texts: &'a mut dyn Texts,
    /// The number of the next batch.
    next: u64,
    /// Whether that goes on with the last text of the one before.
    is_inside: bool,
    told: Instant,
}

struct Order<'a, S: Sink> {
    sink: &'a mut S,
    /// The number of the part that is put next.
    next: u64,
    waiting: BTreeMap<u64, S::Part>,
}

/// A batch that was taken.
struct Taken {
    number: u64,
    /// Whether it starts within a text.
    is_inside: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Sink> Work<'_, S> {
    /// Takes batches until there are no more, or one has failed.
    fn run(&self) {
        let _leaving = Leaving(self);
        let mut encoder = self.how.tokenizer.part_encoder();
        let mut batch = Batch::default();
        let mut report = FileReport::default();
        loop {
            let (number, taken) = self.take(&mut batch);
            let outcome = taken.and_then(|taken| {
                let Some(taken) = taken else { return Ok(false) };
                self.encode(&batch, &taken, &mut encoder, &mut report)?;
                let part = S::part(encoder.ids());
                report.ids += encoder.ids().len() as u64;
                encoder.clear();
                self.put(taken.number, part)?;
                Ok(true)
            });
            match outcome {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return self.fail(number, error),
            }
        }
        locked(&self.report).add(&report);
    }

    /// The next batch of the source; none at the end. Batches are given out in order, and each that
    /// was given out is encoded to its end: so of several failures the first one is known.
    fn take(&self, batch: &mut Batch) -> (u64, Result<Option<Taken>>) {
        let mut source = locked(&self.source);
        if self.has_failed.load(Ordering::Relaxed) {
            return (u64::MAX, Ok(None));
        }
        let number = source.next;
        source.next += 1;
        let outcome = self.watch.go_on().and_then(|()| source.texts.next(batch));
        let taken = outcome.map(|is_there| {
            is_there.then(|| Taken {
                number,
                is_inside: std::mem::replace(&mut source.is_inside, batch.is_open()),
            })
        });
        if source.told.elapsed() >= TELL_EVERY || matches!(taken, Ok(None)) {
            source.told = Instant::now();
            let (done, all) = source.texts.progress();
            self.watch.progress(&Progress::Encoding { done, all });
        }
        (number, taken)
    }

    fn encode(
        &self,
        batch: &Batch,
        taken: &Taken,
        encoder: &mut PartEncoder<'_>,
        report: &mut FileReport,
    ) -> Result<()> {
        let mut is_inside = taken.is_inside;
        let mut until_look = RUNS_PER_LOOK;
        let mut look = || {
            until_look -= 1;
            if until_look == 0 {
                until_look = RUNS_PER_LOOK;
                self.watch.go_on()?;
            }
            Ok(())
        };
        let nulls = batch.for_each_placed(self.how.invalid, |text, is_whole, place| {
            if !is_inside {
                encoder.put(&self.how.before);
            }
            encoder
                .encode(text, self.how.special, &mut look)
                .map_err(|error| placed(error, batch, place))?;
            if is_whole {
                encoder.put(&self.how.behind);
            }
            is_inside = !is_whole;
            report.text_bytes += text.len() as u64;
            report.documents += u64::from(is_whole);
            Ok(())
        })?;
        report.skipped += nulls;
        Ok(())
    }

    /// Puts a part in its place, at once if those before it are there.
    fn put(&self, number: u64, part: S::Part) -> Result<()> {
        let mut order = locked(&self.order);
        order.waiting.insert(number, part);
        loop {
            let Order {
                sink,
                next,
                waiting,
            } = &mut *order;
            while let Some(part) = waiting.remove(next) {
                sink.put(part)?;
                *next += 1;
                self.turn.notify_all();
            }
            // The batch that all wait for is with a thread that does not.
            if waiting.len() < self.most_waiting || self.has_failed.load(Ordering::Relaxed) {
                return Ok(());
            }
            self.watch.go_on()?;
            let waited = self.turn.wait_timeout(order, WAIT);
            order = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn fail(&self, number: u64, error: Error) {
        self.has_failed.store(true, Ordering::Relaxed);
        self.turn.notify_all();
        let mut failure = locked(&self.failure);
        if failure.as_ref().is_none_or(|(first, _)| number < *first) {
            *failure = Some((number, error));
        }
    }
}

/// Keeps the others from waiting for a thread that has panicked.
struct Leaving<'w, 'a, S: Sink>(&'w Work<'a, S>);

impl<S: Sink> Drop for Leaving<'_, '_, S> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.has_failed.store(true, Ordering::Relaxed);
            self.0.turn.notify_all();
        }
    }
}

/// An error of encoding, with where in the file the text has what it is about.
fn placed(error: Error, batch: &Batch, place: Place) -> Error {
    let mut character = [0; 4];
    let (what, kind) = match error.into_kind() {
        kind @ (ErrorKind::File(_) | ErrorKind::Interrupted) => return Error::new(kind),
        ErrorKind::DisallowedSpecial(token) => {
            let message = format!(
                "the text contains the special token `{}`, which is not allowed here",
                bpekit_formats::show_text(&token)
            );
            let error = FileError::data(message)
                .with_hint("`--separator` (`separator=`) ends a document there")
                .with_hint("`--special` (`allowed_special=`) encodes it as the special token")
                .with_hint("`--ordinary` (`disallowed_special=()`) encodes it as ordinary text");
            return batch.error_at(place, token.as_bytes(), error);
        }
        kind @ ErrorKind::MissingByte(byte) => (&[byte][..], kind),
        kind @ ErrorKind::MissingCharacter(missing) => {
            (missing.encode_utf8(&mut character).as_bytes(), kind)
        }
        kind => (&[][..], kind),
    };
    let message = Error::new(kind).to_string();
    batch.error_at(place, what, FileError::data(message))
}
