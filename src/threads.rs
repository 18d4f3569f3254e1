//! Work on several threads, in which the calling one takes part.
//!
//! Threads are started for each work and end with it. That costs some 50 microseconds, which the
//! callers weigh; in return nothing is left behind that a fork of the process would break.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Numbers that are handed out once each, in ascending order, to whoever asks first.
pub(crate) struct Queue {
    next: AtomicUsize,
    count: usize,
    is_stopped: AtomicBool,
}

impl Queue {
    /// The next number; none if all are handed out, or the work was stopped.
    pub(crate) fn take(&self) -> Option<usize> {
        if self.is_stopped.load(Ordering::Relaxed) {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.count).then_some(number)
    }

    /// Keeps further numbers from being handed out. Those that were are smaller.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }
}

/// How many threads the machine runs at once.
pub(crate) fn available() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// How many threads are of use: no more than asked for, than there is work, than the machine runs
/// at once.
pub(crate) fn useful(asked: usize, work: usize) -> usize {
    let most = asked.min(work);
    if most <= 1 {
        return 1;
    }
    most.min(available())
}

/// Calls `run` on each of so many threads with a queue of `count` numbers that they share, and gives
/// what each returned.
pub(crate) fn share<R: Send>(
    thread_count: usize,
    count: usize,
    run: impl Fn(&Queue) -> R + Sync,
) -> Vec<R> {
    let queue = Queue {
        next: AtomicUsize::new(0),
        count,
        is_stopped: AtomicBool::new(false),
    };
    if thread_count <= 1 {
        return vec![run(&queue)];
    }
    thread::scope(|scope| {
        let others: Vec<_> = (1..thread_count)
            .map(|_| scope.spawn(|| run(&queue)))
            .collect();
        let mut all = vec![run(&queue)];
        all.extend(others.into_iter().map(|other| match other.join() {
            Ok(result) => result,
            Err(payload) => std::panic::resume_unwind(payload),
        }));
        all
    })
}

/// The results of `work` for each number below `count`, in their order.
///
/// # Errors
///
/// The first in order of those that occurred. The first that occurs keeps further work from being
/// started.
pub(crate) fn in_order<R: Send, E: Send>(
    thread_count: usize,
    count: usize,
    work: impl Fn(usize) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let threads = useful(thread_count, count);
    if threads <= 1 {
        return (0..count).map(work).collect();
    }
    let done = share(threads, count, |queue| {
        let mut done = Vec::new();
        while let Some(number) = queue.take() {
            let outcome = work(number);
            if outcome.is_err() {
                queue.stop();
            }
            done.push((number, outcome));
        }
        done
    });
    let mut all: Vec<_> = done.into_iter().flatten().collect();
    all.sort_unstable_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, outcome)| outcome).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_whatever_the_threads() {
        for threads in [1, 2, 7] {
            let squares = in_order(threads, 1000, |number| Ok::<_, ()>(number * number)).unwrap();
            assert!(
                squares
                    .iter()
                    .enumerate()
                    .all(|(n, square)| n * n == *square)
            );
            let failed = in_order(threads, 1000, |number| {
                if number % 100 == 7 {
                    Err(number)
                } else {
                    Ok(number)
                }
            });
            assert_eq!(failed, Err(7));
        }
    }

    #[test]
    fn every_number_is_handed_out_once() {
        let mut all: Vec<usize> = share(4, 10_000, |queue| {
            std::iter::from_fn(|| queue.take()).collect::<Vec<_>>()
        })
        .concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..10_000));
        let after = share(3, 10, |queue| {
            queue.stop();
            queue.take()
        });
        assert_eq!(after, [None; 3]);
    }
}
