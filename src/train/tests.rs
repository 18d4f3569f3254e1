//! Counting: the same table whatever the number of threads, the batches and the memory.

mod count_tests;
mod counts_tests;
mod spill_tests;

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::source::{MemoryText, Texts};

/// Says stop after it was asked this often.
struct StopAfter {
    left: AtomicUsize,
}

impl StopAfter {
    fn new(looks: usize) -> Self {
        Self {
            left: AtomicUsize::new(looks),
        }
    }
}

impl Watch for StopAfter {
    fn is_stopped(&self) -> bool {
        let outcome = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        outcome.is_err()
    }
}

fn how(pattern: &str) -> Pretokenization {
    Pretokenization::new(pattern).unwrap()
}

fn counts_of(how: &Pretokenization, texts: &[&str]) -> PretokenCounts {
    let mut counts = PretokenCounts::new(how.clone()).unwrap();
    for text in texts {
        counts.update(text).unwrap();
    }
    counts
}

/// The file of some counts: equal counts have equal files.
fn saved(counts: &PretokenCounts) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bpecounts");
    counts.save(&path).unwrap();
    std::fs::read(path).unwrap()
}

/// Words from a list that is longer than a thread's table, the lower numbers more often.
fn long_text(words: usize) -> String {
    let mut random = 7_u32;
    let mut text = String::new();
    for _ in 0..words {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let number = (random >> 8) % (1 << ((random >> 27) % 18 + 1));
        write!(text, " w{number:x}, {number}").unwrap();
        if number.is_multiple_of(50) {
            text.push_str("\nA longer-pretoken-than-fifteen-bytes ünïcödë");
        }
    }
    text
}
