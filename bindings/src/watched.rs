//! Long work without the interpreter: signals and progress are looked after meanwhile.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bpekit::train::Feeder;
use bpekit::{Error, ErrorKind, Progress, Watch};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PyString};

use crate::error::python_error;

/// What the working thread and the calling one say to each other.
#[derive(Default)]
struct Shared {
    is_stopped: AtomicBool,
    is_done: AtomicBool,
    progress: Mutex<Option<Progress>>,
}

impl Watch for Shared {
    fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    fn progress(&self, progress: &Progress) {
        let mut held = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some(*progress);
    }
}

/// How long a signal waits at most before it is seen.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How often a callback is called at most.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// How long texts are taken before other threads of Python get a turn, as Python itself has it.
const TURN: Duration = Duration::from_millis(5);

/// Texts of an iterator on their way to the work.
pub(crate) struct Feed<'a, 'py> {
    pub(crate) texts: Bound<'py, PyIterator>,
    pub(crate) feeder: Feeder,
    /// Where those that are None are counted; without it they are no texts.
    pub(crate) nulls: Option<&'a Cell<u64>>,
}

/// Does the work in a thread of its own. The calling thread hands over texts if there are any,
/// answers signals and calls `progress(stage, done, total)`.
///
/// # Errors
///
/// What a signal, the callback or the iterator raises: the work is stopped then. Otherwise that of
/// the work.
pub(crate) fn watched<T: Send>(
    py: Python<'_>,
    callback: Option<&Bound<'_, PyAny>>,
    feed: Option<Feed<'_, '_>>,
    work: impl FnOnce(&dyn Watch) -> bpekit::Result<T> + Send,
) -> PyResult<T> {
    let shared = Shared::default();
    let mut looker = Looker {
        py,
        callback,
        shared: &shared,
        looked: Instant::now(),
        told: Instant::now(),
        last: None,
    };
    let (outcome, failure) = thread::scope(|scope| {
        let (sender, mut done) = channel();
        let watch = &shared;
        let worker = scope.spawn(move || {
            let outcome = work(watch);
            watch.is_done.store(true, Ordering::Relaxed);
            // Nobody waits for it if the caller has gone.
            let _ = sender.send(());
            outcome
        });
        let mut failure = feed.and_then(|feed| feed.run(&mut looker).err());
        loop {
            if failure.is_some() {
                shared.is_stopped.store(true, Ordering::Relaxed);
            }
            let waiting = &mut done;
            match py.detach(move || waiting.recv_timeout(LOOK_EVERY)) {
                Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if failure.is_none() {
                failure = looker.look().err();
            }
        }
        let outcome = match py.detach(|| worker.join()) {
            Ok(outcome) => outcome,
            Err(payload) => std::panic::resume_unwind(payload),
        };
        (outcome, failure)
    });
    if let Some(failure) = failure {
        return Err(failure);
    }
    let outcome = outcome.map_err(python_error)?;
    looker.tell()?;
    Ok(outcome)
}

/// What the calling thread does meanwhile.
struct Looker<'a, 'py> {
    py: Python<'py>,
    callback: Option<&'a Bound<'py, PyAny>>,
    shared: &'a Shared,
    looked: Instant,
    told: Instant,
    last: Option<Progress>,
}

impl Looker<'_, '_> {
    fn look(&mut self) -> PyResult<()> {
        self.looked = Instant::now();
        self.py.check_signals()?;
        if self.told.elapsed() >= TELL_EVERY {
            self.tell()?;
        }
        Ok(())
    }

    /// Waits a moment for the work. What is raised then stops the feeder, which has errors of its
    /// own kind only.
    fn pause(&mut self, raised: &mut Option<PyErr>) -> bpekit::Result<()> {
        self.py.detach(|| thread::sleep(Duration::from_millis(1)));
        if self.looked.elapsed() >= LOOK_EVERY
            && let Err(error) = self.look()
        {
            *raised = Some(error);
            return Err(Error::new(ErrorKind::Interrupted));
        }
        Ok(())
    }

    fn tell(&mut self) -> PyResult<()> {
        self.told = Instant::now();
        let Some(callback) = self.callback else {
            return Ok(());
        };
        let held = *self
            .shared
            .progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if held == self.last {
            return Ok(());
        }
        self.last = held;
        let facts = match held {
            Some(Progress::Counting { done, all }) => ("counting", done, all),
            Some(Progress::Encoding { done, all }) => ("encoding", done, all),
            Some(Progress::Merging { done, all }) => ("merging", done, Some(all)),
            _ => return Ok(()),
        };
        callback.call1(facts).map(drop)
    }
}

impl Feed<'_, '_> {
    /// Hands over all texts. That the work has stopped is no error here: it says why itself.
    fn run(self, looker: &mut Looker<'_, '_>) -> PyResult<()> {
        let Self {
            texts,
            mut feeder,
            nulls,
        } = self;
        let mut turn = Instant::now();
        for (index, text) in texts.enumerate() {
            let text = text?;
            if let Some(nulls) = nulls.filter(|_| text.is_none()) {
                nulls.set(nulls.get() + 1);
                continue;
            }
            let mut raised = None;
            let outcome = with_bytes(&text, index, |bytes| {
                feeder.push(bytes, &mut || looker.pause(&mut raised))
            })?;
            if outcome.is_err() {
                return raised.map_or(Ok(()), Err);
            }
            if turn.elapsed() >= TURN {
                // An iterator of C code never gives way by itself.
                looker.py.detach(|| ());
                turn = Instant::now();
                if looker.looked.elapsed() >= LOOK_EVERY {
                    looker.look()?;
                }
                if looker.shared.is_done.load(Ordering::Relaxed) {
                    return Ok(());
                }
            }
        }
        let mut raised = None;
        match feeder.finish(&mut || looker.pause(&mut raised)) {
            Ok(()) => Ok(()),
            Err(_) => raised.map_or(Ok(()), Err),
        }
    }
}

/// Calls `work` with the bytes of a text, UTF-8 if it is a `str`.
fn with_bytes<R>(
    text: &Bound<'_, PyAny>,
    index: usize,
    work: impl FnOnce(&[u8]) -> R,
) -> PyResult<R> {
    if let Ok(text) = text.cast::<PyString>() {
        if let Ok(text) = text.to_str() {
            return Ok(work(text.as_bytes()));
        }
        // Surrogates: pairs are joined, lone ones become U+FFFD, as in every method.
        let bytes = text.call_method1("encode", ("utf-16", "surrogatepass"))?;
        let text = bytes.call_method1("decode", ("utf-16", "replace"))?;
        return Ok(work(text.cast::<PyString>()?.to_str()?.as_bytes()));
    }
    if let Ok(bytes) = text.cast::<PyBytes>() {
        return Ok(work(bytes.as_bytes()));
    }
    Err(PyTypeError::new_err(format!(
        "texts[{index}] must be a str or bytes, not {}",
        text.get_type().name()?
    )))
}
