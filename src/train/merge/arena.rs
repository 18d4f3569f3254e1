//! The words of a training: every distinct pretoken once, as the tokens it consists of so far.
//!
//! A pretoken takes one slot for each of its bytes, and a boundary stands before and behind it. A
//! token is written into the first and into the last slot of the bytes it covers; with the lengths
//! of all tokens that gives both neighbours of a token in one step, without links:
//!
//! ```text
//! bytes     |  t   h   e  r  e  |        tokens `the`, `re`
//! slots     | the  .  the re re |        . is the inside: no token starts here
//! ```
//!
//! Pretokens are in the order of falling counts. So all that have one count stand together, and
//! the count of a place is found from the place alone.

use super::symbol::Symbol;
use crate::error::Result;
use crate::watch::Watch;

/// All pretokens, with their tokens and counts.
pub(super) struct Arena<S> {
    slots: Vec<S>,
    groups: Vec<Group>,
    /// For each block of slots the group in which it starts.
    first_group: Vec<u32>,
}

/// Pretokens in a row that have the same count.
#[derive(Clone, Copy)]
struct Group {
    /// Behind the last slot.
    end: u32,
    count: u64,
}

/// The most slots an arena has: places are kept as `u32`.
pub(crate) const MAX_SLOTS: u64 = u32::MAX as u64;

const BLOCK_BITS: u32 = 6;

/// How many slots are gone through between two looks at the watch.
const SLOTS_PER_LOOK: usize = 1 << 20;

/// Writes an [`Arena`], pretoken by pretoken.
pub(super) struct ArenaBuilder<S> {
    slots: Vec<S>,
    groups: Vec<Group>,
}

/// The slots of pretokens with these lengths in bytes: one a byte, and the boundary behind each.
pub(crate) fn slots_for(lens: impl Iterator<Item = usize>) -> u64 {
    1 + lens.map(|len| len as u64 + 1).sum::<u64>()
}

impl<S: Symbol> ArenaBuilder<S> {
    /// Room for this many slots, as [`slots_for`] gives it; at most [`MAX_SLOTS`].
    pub(super) fn with_capacity(slot_count: u64) -> Self {
        let mut slots = Vec::with_capacity(slot_count as usize);
        slots.push(S::BOUNDARY);
        Self {
            slots,
            groups: Vec::new(),
        }
    }

    /// Adds a pretoken by its tokens, each with its length in bytes. The counts must not rise.
    pub(super) fn push(&mut self, tokens: impl Iterator<Item = (u32, u32)>, count: u64) {
        for (token, len) in tokens {
            let symbol = S::of(token);
            self.slots.push(symbol);
            if len > 1 {
                let inside = len as usize - 2;
                self.slots.extend(std::iter::repeat_n(S::INSIDE, inside));
                self.slots.push(symbol);
            }
        }
        self.slots.push(S::BOUNDARY);
        let end = self.slots.len() as u32;
        match self.groups.last_mut() {
            Some(group) if group.count == count => group.end = end,
            _ => self.groups.push(Group { end, count }),
        }
    }

    pub(super) fn finish(self) -> Arena<S> {
        let blocks = (self.slots.len() >> BLOCK_BITS) + 1;
        let mut first_group = Vec::with_capacity(blocks);
        let mut group = 0;
        for block in 0..blocks {
            let start = (block << BLOCK_BITS) as u32;
            while self.groups.get(group).is_some_and(|held| held.end <= start) {
                group += 1;
            }
            first_group.push(group as u32);
        }
        Arena {
            slots: self.slots,
            groups: self.groups,
            first_group,
        }
    }
}

/// The counts at places that are asked for in rising order.
pub(super) struct Counts<'a> {
    groups: &'a [Group],
    first_group: &'a [u32],
    current: Group,
}

impl Counts<'_> {
    /// The count of the pretoken at this slot.
    #[inline]
    pub(super) fn at(&mut self, slot: usize) -> u64 {
        if slot as u32 >= self.current.end {
            let mut group = self.first_group[slot >> BLOCK_BITS] as usize;
            while self.groups[group].end <= slot as u32 {
                group += 1;
            }
            self.current = self.groups[group];
        }
        self.current.count
    }
}

impl<S: Symbol> Arena<S> {
    /// The slots, to be changed, and the counts.
    #[inline]
    pub(super) fn parts(&mut self) -> (&mut [S], Counts<'_>) {
        let counts = Counts {
            groups: &self.groups,
            first_group: &self.first_group,
            current: Group { end: 0, count: 0 },
        };
        (&mut self.slots, counts)
    }

    /// Calls `sink` with each pair of neighbours: left, right, the slot of the left one, and the
    /// count of the pretoken. From left to right.
    ///
    /// # Errors
    ///
    /// `Interrupted` if the watch says so.
    #[inline]
    pub(super) fn for_each_pair(
        &self,
        lens: &[u32],
        watch: &dyn Watch,
        mut sink: impl FnMut(S, S, usize, u64),
    ) -> Result<()> {
        let mut at = 1;
        let mut look_at = SLOTS_PER_LOOK;
        for group in &self.groups {
            let end = group.end as usize;
            while at < end {
                let left = self.slots[at];
                if left == S::BOUNDARY {
                    at += 1;
                    if at >= look_at {
                        watch.go_on()?;
                        look_at = at + SLOTS_PER_LOOK;
                    }
                    continue;
                }
                let next = at + lens[left.index()] as usize;
                let right = self.slots[next];
                if right != S::BOUNDARY {
                    sink(left, right, at, group.count);
                }
                at = next;
            }
        }
        Ok(())
    }
}
