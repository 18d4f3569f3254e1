//! What encoding works in, and what it remembers from one text to the next.

#![expect(
    clippy::vec_box,
    reason = "a space is large, and moving it takes as long as encoding a short text"
)]

use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, TryLockError};

use bpekit_formats::TokenId;
use foldhash::fast::RandomState;

use super::long_cache::LongCache;
use super::output::{FEW, Ids};
use super::pair_memo::PairMemo;
use super::rule::Part;
use super::short_cache::ShortCache;

/// Space that encoding works in, kept between pretokens so that none allocates. Belongs to one
/// model once it was used with it.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(super) parts: Vec<Part>,
    /// The tokens of the last pretoken, and of one in parts before they are put together.
    pub(super) ids: Vec<u32>,
    pub(super) joined: Ids,
    pub(super) memory: Option<Memory>,
    /// Keys of a run of pretokens and their hashes, while it is encoded.
    pub(super) keys: Vec<(u128, u64)>,
    /// Where the parts of a pretoken end, while they are encoded.
    pub(super) part_ends: Vec<usize>,
    /// The ids of texts before they are given away: in memory that is there already, which is
    /// faster than memory that the system has to find.
    pub(crate) collected: Ids,
}

/// What was encoded before. Without it tokens are the same, as the tests compare.
pub(super) struct Memory {
    pub(super) short: ShortCache,
    pub(super) long: LongCache,
    pub(super) pairs: PairMemo,
    /// How many bytes were in long pretokens.
    pub(super) long_bytes: usize,
    /// How many bytes were in pretokens that were merged, as far as that matters.
    pub(super) merged_bytes: usize,
}

impl Memory {
    /// Takes the ids of a pretoken that has a key, which is not there or whose ids were forgotten.
    pub(super) fn remember(&mut self, key: u128, ids: &[TokenId]) {
        if ids.len() <= FEW {
            self.short.insert(key, ids);
        } else if u16::try_from(ids.len()).is_ok() {
            let at = self.long.keep(ids);
            self.short.insert_elsewhere(key, at);
        }
    }
}

impl Scratch {
    /// Space with a memory. The default has none: every pretoken is encoded anew.
    pub(crate) fn with_memory() -> Self {
        Self {
            memory: Some(Memory {
                short: ShortCache::new(RandomState::default().hash_one(0)),
                long: LongCache::new(),
                pairs: PairMemo::new(),
                long_bytes: 0,
                merged_bytes: 0,
            }),
            ..Self::default()
        }
    }
}

/// The scratch spaces of one model: as many as were ever in use at once, so that a text finds what
/// earlier ones have left in memory.
#[derive(Default)]
#[expect(
    clippy::vec_box,
    reason = "a space is large, and moving it costs as much as a short text"
)]
pub(crate) struct Pool(Mutex<Vec<Box<Scratch>>>);

/// The most spaces that are kept.
const MAX_KEPT: usize = 64;

/// How often a lock that another thread has is tried again. It is held for a few instructions.
const TRIES: usize = 100;

impl Pool {
    /// A space, the one that was given back last. Whoever is done with it gives it back.
    pub(crate) fn take(&self) -> Box<Scratch> {
        let held = self.spaces().and_then(|mut spaces| spaces.pop());
        held.unwrap_or_else(|| Box::new(Scratch::with_memory()))
    }

    pub(crate) fn give_back(&self, mut scratch: Box<Scratch>) {
        scratch.collected.reset();
        if let Some(mut spaces) = self.spaces()
            && spaces.len() < MAX_KEPT
        {
            spaces.push(scratch);
        }
    }

    /// Calls `work` with a space.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Scratch) -> R) -> R {
        let mut scratch = self.take();
        let result = work(&mut scratch);
        self.give_back(scratch);
        result
    }

    /// The spaces, unless another thread does not let go of them. In a process that was forked
    /// while a thread held them nobody ever does; each text then has a space of its own.
    fn spaces(&self) -> Option<MutexGuard<'_, Vec<Box<Scratch>>>> {
        for _ in 0..TRIES {
            match self.0.try_lock() {
                Ok(spaces) => return Some(spaces),
                Err(TryLockError::Poisoned(spaces)) => return Some(spaces.into_inner()),
                Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
            }
        }
        None
    }
}
