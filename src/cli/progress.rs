//! How far long work is, as a bar on the terminal.

use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{
    HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState,
    ProgressStyle,
};

use crate::watch::{Progress, Unwatched, Watch};

/// How many seconds a stage takes before its rate means anything.
const SURE_AFTER: f64 = 0.5;

/// What looks on: a bar if standard error is a terminal that can draw one, or else nobody.
pub(super) fn watch(is_quiet: bool) -> Box<dyn Watch> {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if is_quiet || is_dumb || !io::stderr().is_terminal() {
        return Box::new(Unwatched);
    }
    Box::new(Bars::new(ProgressDrawTarget::stderr))
}

/// How long work may take before it is said that it goes on.
const PATIENCE: Duration = Duration::from_secs(1);

/// Says what is done, on a terminal, until this is dropped: for work whose length nobody knows.
pub(super) struct Busy {
    over: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// A sign of life beside `what`, from the first second on.
pub(super) fn busy(what: &'static str) -> Busy {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if is_dumb || !io::stderr().is_terminal() {
        return Busy {
            over: None,
            thread: None,
        };
    }
    let (over, is_over) = mpsc::channel();
    let thread = thread::spawn(move || {
        if is_over.recv_timeout(PATIENCE) != Err(mpsc::RecvTimeoutError::Timeout) {
            return;
        }
        let spinner = ProgressBar::new_spinner().with_message(what);
        while is_over.recv_timeout(Duration::from_millis(100))
            == Err(mpsc::RecvTimeoutError::Timeout)
        {
            spinner.tick();
        }
        spinner.finish_and_clear();
    });
    Busy {
        over: Some(over),
        thread: Some(thread),
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        drop(self.over.take());
        if let Some(thread) = self.thread.take() {
            // Whatever became of the sign of life, the work is done.
            let _ = thread.join();
        }
    }
}

/// One bar after the other, each of which is gone when its stage is over.
struct Bars {
    target: fn() -> ProgressDrawTarget,
    current: Mutex<Option<(Stage, ProgressBar)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Of bytes whose number is known, or not.
    Counting {
        is_sized: bool,
    },
    Encoding {
        is_sized: bool,
    },
    Merging,
}

impl Stage {
    fn template(self) -> &'static str {
        match self {
            Self::Counting { is_sized: true } => {
                "counting [{wide_bar}] {bytes} of {total_bytes}{speed}"
            }
            Self::Counting { is_sized: false } => "counting {bytes}{speed}",
            Self::Encoding { is_sized: true } => {
                "encoding [{wide_bar}] {bytes} of {total_bytes}{speed}"
            }
            Self::Encoding { is_sized: false } => "encoding {bytes}{speed}",
            Self::Merging => "merging  [{wide_bar}] {human_pos} of {human_len} tokens{speed}",
        }
    }

    /// What an earlier run did took no time: rates are of what is done behind `first`.
    #[allow(clippy::cast_precision_loss, clippy::cast_sign_loss)]
    fn style(self, first: u64) -> ProgressStyle {
        let start = Instant::now();
        let speed = move |state: &ProgressState, out: &mut dyn Write| {
            let elapsed = start.elapsed().as_secs_f64();
            let rate = (state.pos().saturating_sub(first) as f64 / elapsed).max(0.0);
            if elapsed < SURE_AFTER || rate < 1.0 {
                return;
            }
            let whole = rate as u64;
            let written = match self {
                Self::Counting { .. } | Self::Encoding { .. } => {
                    write!(out, ", {}/s", HumanBytes(whole))
                }
                Self::Merging => write!(out, ", {}/s", HumanCount(whole)),
            };
            if let (Ok(()), Some(all)) = (written, state.len()) {
                let left = all.saturating_sub(state.pos()) as f64 / rate;
                let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
                // A line that cannot be drawn must not keep the work from being done.
                let _ = write!(out, ", {:#} left", HumanDuration(left));
            }
        };
        ProgressStyle::with_template(self.template())
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("speed", speed)
            .progress_chars("=> ")
    }
}

impl Bars {
    fn new(target: fn() -> ProgressDrawTarget) -> Self {
        Self {
            target,
            current: Mutex::new(None),
        }
    }
}

impl Watch for Bars {
    fn progress(&self, progress: &Progress) {
        let (stage, done, all) = match *progress {
            Progress::Counting { done, all } => {
                let is_sized = all.is_some();
                (Stage::Counting { is_sized }, done, all)
            }
            Progress::Encoding { done, all } => {
                let is_sized = all.is_some();
                (Stage::Encoding { is_sized }, done, all)
            }
            Progress::Merging { done, all } => (Stage::Merging, done, Some(all)),
        };
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_none_or(|(shown, _)| *shown != stage)
            && let Some((_, old)) = current.take()
        {
            old.finish_and_clear();
        }
        let (_, bar) = current.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(all, (self.target)());
            let bar = bar.with_style(stage.style(done));
            (stage, bar)
        });
        bar.set_position(done);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        let current = self.current.get_mut();
        if let Some((_, bar)) = current.unwrap_or_else(PoisonError::into_inner) {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_can_be_drawn() {
        for stage in [
            Stage::Counting { is_sized: true },
            Stage::Counting { is_sized: false },
            Stage::Encoding { is_sized: true },
            Stage::Encoding { is_sized: false },
            Stage::Merging,
        ] {
            assert!(ProgressStyle::with_template(stage.template()).is_ok());
        }
        let bars = Bars::new(ProgressDrawTarget::hidden);
        for progress in [
            Progress::Counting { done: 5, all: None },
            Progress::Encoding { done: 5, all: None },
            Progress::Encoding {
                done: 5,
                all: Some(7),
            },
            Progress::Merging { done: 1, all: 9 },
            Progress::Merging { done: 9, all: 9 },
        ] {
            bars.progress(&progress);
        }
        let current = bars.current.lock().unwrap();
        let (_, bar) = current.as_ref().unwrap();
        assert_eq!((bar.position(), bar.length()), (9, Some(9)));
    }
}
