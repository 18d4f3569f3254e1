//! The pairs that may merge: their counts, where they are, and which one comes next.
//!
//! A pair holds the newest of its two tokens from the step that made that token, and every place
//! where the two ever meet is known in that step. From then on its count only falls and its places
//! only go. So the count in the queue is never too low: the pair at the top is either right, or is
//! put back with its count of today.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

/// The number of no pair.
pub(super) const NONE: u32 = u32::MAX;

/// Two neighbours: the left id in the upper half. Ordered as ties are broken.
pub(super) type Pair = u64;

/// The pair of two ids.
#[inline]
pub(super) fn pair(left: usize, right: usize) -> Pair {
    (left as u64) << 32 | right as u64
}

/// Left and right id of a pair.
pub(super) fn ids(pair: Pair) -> (u32, u32) {
    ((pair >> 32) as u32, pair as u32)
}

/// The pairs that are frequent enough to be held.
#[derive(Default)]
pub(super) struct Pairs {
    entries: Vec<Entry>,
    by_pair: FxHashMap<Pair, u32>,
    queue: BinaryHeap<Queued>,
}

struct Entry {
    count: u64,
    places: Vec<u32>,
}

/// Highest count first, then the lowest pair.
#[derive(PartialEq, Eq)]
struct Queued {
    count: u64,
    pair: Pair,
    entry: u32,
}

impl Ord for Queued {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let by_count = self.count.cmp(&other.count);
        by_count.then_with(|| other.pair.cmp(&self.pair))
    }
}

impl PartialOrd for Queued {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Pairs {
    /// Adds a pair that is not held, with room for its places, and gives its number.
    #[inline]
    pub(super) fn add(&mut self, pair: Pair, count: u64, place_count: usize) -> u32 {
        let entry = self.entries.len() as u32;
        self.entries.push(Entry {
            count,
            places: Vec::with_capacity(place_count),
        });
        self.by_pair.insert(pair, entry);
        self.queue.push(Queued { count, pair, entry });
        entry
    }

    /// Adds a place to the pair with this number. Places come in rising order.
    #[inline]
    pub(super) fn add_place(&mut self, entry: u32, slot: usize) {
        self.entries[entry as usize].places.push(slot as u32);
    }

    /// Lowers the count of a pair, if it is held.
    #[inline]
    pub(super) fn lower(&mut self, pair: Pair, by: u64) {
        if let Some(&entry) = self.by_pair.get(&pair) {
            self.entries[entry as usize].count -= by;
        }
    }

    /// Takes out the pair with the highest count, the lowest of those that tie, with the count
    /// and the places where it was met: some of them may hold it no more. None if no count is
    /// `least` or more.
    pub(super) fn pop(&mut self, least: u64) -> Option<(Pair, u64, Vec<u32>)> {
        loop {
            let mut top = self.queue.peek_mut()?;
            let entry = &mut self.entries[top.entry as usize];
            if entry.count < top.count {
                if entry.count >= least {
                    top.count = entry.count;
                } else {
                    entry.places = Vec::new();
                    std::collections::binary_heap::PeekMut::pop(top);
                }
                continue;
            }
            if top.count < least {
                return None;
            }
            let found = (top.pair, top.count, std::mem::take(&mut entry.places));
            std::collections::binary_heap::PeekMut::pop(top);
            return Some(found);
        }
    }

    /// Forgets all pairs.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
