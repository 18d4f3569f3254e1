//! Merging with a queue of pairs over a linked list, for long pretokens.
//!
//! Pairs wait in one bucket for each priority. A merge goes from left to right, and so do the pairs
//! that it makes: nearly all come to their bucket in order, and a run of the same letters, however
//! long, takes time in proportion to its length, with memory read in order. Where they do not, a
//! heap in the bucket takes them: n log n in the worst case.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use bpekit_formats::TokenId;
use rustc_hash::FxHashMap;

use super::rule::{Part, Rule};

/// The most parts that fit the links.
pub(super) const QUEUE_LIMIT: usize = NONE as usize;

/// Stands for no part, and for a pair that merges to nothing: no pair has this priority.
const NONE: u32 = u32::MAX;

/// A part in the list.
#[derive(Clone, Copy)]
struct Node {
    previous: u32,
    next: u32,
    /// What it and its right neighbour become, and how early.
    priority: u32,
    product: TokenId,
}

/// The places of the pairs of one priority.
#[derive(Default)]
struct Bucket {
    /// In ascending order; those before `next` are done.
    places: Vec<u32>,
    next: usize,
    /// Those that came too late for the order.
    late: BinaryHeap<Reverse<u32>>,
}

impl Bucket {
    fn push(&mut self, place: u32) {
        if self.places.last().is_none_or(|&last| last <= place) {
            self.places.push(place);
        } else {
            self.late.push(Reverse(place));
        }
    }

    /// Takes the leftmost place.
    fn pop(&mut self) -> Option<u32> {
        let next = self.places.get(self.next).copied();
        if let Some(&Reverse(late)) = self.late.peek()
            && next.is_none_or(|next| late < next)
        {
            self.late.pop();
            return Some(late);
        }
        self.next += usize::from(next.is_some());
        next
    }
}

/// The pairs that wait, but for those of the bucket that is worked off.
#[derive(Default)]
struct Queue {
    buckets: FxHashMap<u32, Bucket>,
    /// The priorities that have a bucket, the lowest first.
    order: BinaryHeap<Reverse<u32>>,
}

impl Queue {
    fn push(&mut self, priority: u32, place: u32) {
        let bucket = self.buckets.entry(priority).or_insert_with(|| {
            self.order.push(Reverse(priority));
            Bucket::default()
        });
        bucket.push(place);
    }

    fn put_back(&mut self, priority: u32, bucket: Bucket) {
        self.order.push(Reverse(priority));
        self.buckets.insert(priority, bucket);
    }

    /// Takes the bucket of the lowest priority.
    fn pop(&mut self) -> Option<(u32, Bucket)> {
        let Reverse(priority) = self.order.pop()?;
        Some((priority, self.buckets.remove(&priority)?))
    }
}

/// Merges up to [`QUEUE_LIMIT`] parts until no pair merges; the result is in `parts`.
pub(super) fn merge(rule: &mut impl Rule, bytes: &[u8], parts: &mut Vec<Part>) {
    let count = parts.len() as u32;
    let mut nodes: Vec<Node> = (0..count)
        .map(|index| Node {
            previous: index.checked_sub(1).unwrap_or(NONE),
            next: if index + 1 < count { index + 1 } else { NONE },
            priority: NONE,
            product: 0,
        })
        .collect();
    let mut queue = Queue::default();
    for place in 0..count {
        let priority = look(rule, bytes, parts, &mut nodes, place);
        if priority != NONE {
            queue.push(priority, place);
        }
    }
    'buckets: while let Some((priority, mut bucket)) = queue.pop() {
        while let Some(place) = bucket.pop() {
            let node = nodes[place as usize];
            // A place is stale if its pair has changed since. The same priority at the same place
            // is the same pair.
            if node.priority != priority {
                continue;
            }
            let right = node.next as usize;
            let after = nodes[right].next;
            nodes[right].priority = NONE;
            parts[place as usize].id = node.product;
            nodes[place as usize].next = after;
            if after != NONE {
                nodes[after as usize].previous = place;
            }
            let mut is_first = true;
            for changed in [node.previous, place] {
                if changed == NONE {
                    continue;
                }
                let found = look(rule, bytes, parts, &mut nodes, changed);
                if found == priority {
                    bucket.push(changed);
                } else if found != NONE {
                    queue.push(found, changed);
                    is_first &= found > priority;
                }
            }
            if !is_first {
                // One of the two comes before what is left here.
                queue.put_back(priority, bucket);
                continue 'buckets;
            }
        }
    }
    let mut place = if count == 0 { NONE } else { 0 };
    let mut kept = 0;
    while place != NONE {
        parts[kept] = parts[place as usize];
        kept += 1;
        place = nodes[place as usize].next;
    }
    parts.truncate(kept);
}

/// Asks what the pair at a place becomes, notes it, and gives its priority.
#[inline]
fn look(rule: &mut impl Rule, bytes: &[u8], parts: &[Part], nodes: &mut [Node], place: u32) -> u32 {
    let node = nodes[place as usize];
    let product = parts.get(node.next as usize).and_then(|&right| {
        let end = parts
            .get(nodes[node.next as usize].next as usize)
            .map_or(bytes.len(), |after| after.start);
        rule.product(bytes, parts[place as usize], right, end)
    });
    let node = &mut nodes[place as usize];
    node.priority = product.map_or(NONE, |product| product.priority);
    node.product = product.map_or(0, |product| product.id);
    node.priority
}
