//! The merge loop: which pair comes next, and when to stop.

use super::arena::{Arena, ArenaBuilder};
use super::pairs::{Pairs, ids};
use super::scan::find_pairs;
use super::step::{Neighbours, Step};
use super::symbol::Symbol;
use crate::error::Result;
use crate::train::report::Stop;
use crate::watch::Watch;

/// One merge that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Merged {
    pub(crate) left: u32,
    pub(crate) right: u32,
    /// How often the pair was met in all texts when it was chosen.
    pub(crate) count: u64,
    /// By how many tokens that made all texts shorter.
    pub(crate) saved: u64,
}

/// How far merging goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The most tokens there may be, those at the start included: fewer than `u32::MAX - 1`.
    pub(crate) max_tokens: u64,
    /// Pairs that are met less often do not merge. At least 1.
    pub(crate) min_count: u64,
    /// Pairs with more bytes together do not merge.
    pub(crate) max_len: u64,
}

/// Pretokens in the order of falling counts.
pub(crate) trait Words {
    /// An upper bound of [`super::slots_for`] of the pretokens, exact if it can be.
    fn slot_count(&self) -> u64;

    /// The bytes of all texts.
    fn byte_count(&self) -> u64;

    /// Calls `sink` with the tokens of each pretoken, each an id and its length in bytes, and with
    /// its count.
    fn for_each(&self, sink: &mut WordSink<'_>) -> Result<()>;
}

/// Takes a pretoken: its tokens, and its count.
pub(crate) type WordSink<'a> = dyn FnMut(&[(u32, u32)], u64) + 'a;

/// Merges, one after the other.
pub(crate) trait Merging: Send {
    /// Makes the next merge; none if no pair is left that may.
    ///
    /// # Errors
    ///
    /// `Interrupted` if the watch says so; nothing is lost then.
    fn next(&mut self, watch: &dyn Watch) -> Result<Option<Merged>>;

    /// Why there is no next one, when there is none.
    ///
    /// # Errors
    ///
    /// `Interrupted` if the watch says so.
    fn why_done(&self, watch: &dyn Watch) -> Result<Stop>;
}

/// Starts merging from tokens of these lengths in bytes, by id.
///
/// # Errors
///
/// As `words` has them; `Interrupted` if the watch says so.
pub(crate) fn start(
    words: &dyn Words,
    lens: Vec<u32>,
    bounds: Bounds,
    watch: &dyn Watch,
) -> Result<Box<dyn Merging>> {
    if bounds.max_tokens <= u16::ID_BOUND {
        Ok(Box::new(Merger::<u16>::new(words, lens, bounds, watch)?))
    } else {
        Ok(Box::new(Merger::<u32>::new(words, lens, bounds, watch)?))
    }
}

pub(super) struct Merger<S> {
    arena: Arena<S>,
    lens: Vec<u32>,
    pairs: Pairs,
    neighbours: Neighbours<S>,
    bounds: Bounds,
    /// Pairs with lower counts are not held, until none is left that has it.
    held: u64,
    /// Whether `pairs` has all pairs of that count.
    is_filled: bool,
}

/// By this factor the bound of what is held falls when nothing is left above it.
const LOWERING: u64 = 4;

/// The count of the last merge was bytes / (tokens · 50) on multilingual text, 77 on English and
/// 111 on code. Holding too many pairs costs a little time, holding too few another scan.
const EXPECTED: u64 = 128;

impl<S: Symbol> Merger<S> {
    pub(super) fn new(
        words: &dyn Words,
        lens: Vec<u32>,
        bounds: Bounds,
        watch: &dyn Watch,
    ) -> Result<Self> {
        let mut builder = ArenaBuilder::<S>::with_capacity(words.slot_count());
        words.for_each(&mut |tokens, count| {
            builder.push(tokens.iter().copied(), count);
        })?;
        watch.go_on()?;
        let expected = words.byte_count() / (bounds.max_tokens.max(1) * EXPECTED);
        Ok(Self {
            arena: builder.finish(),
            neighbours: Neighbours::new(lens.len()),
            lens,
            pairs: Pairs::default(),
            bounds,
            held: expected.max(bounds.min_count),
            is_filled: false,
        })
    }

    /// Sets the first guess of the last merge's count.
    #[cfg(test)]
    pub(super) fn hold(&mut self, guess: u64) {
        self.held = guess.max(self.bounds.min_count);
    }

    /// Raises the bound of what is held to what the count of this merge says about the last one.
    ///
    /// Counts fall with the number of tokens, to the power of 1.4 to 1.8 on every text that was
    /// measured (English, 23 languages, code). With a power of 2 the guess is below what comes.
    fn hold_fewer(&mut self, count: u64) {
        let done = u128::from(self.lens.len() as u64);
        let all = u128::from(self.bounds.max_tokens);
        if done % 64 == 0 {
            let expected = u128::from(count) * done * done / (all * all);
            self.held = self.held.max(expected as u64);
        }
    }

    fn fill(&mut self, watch: &dyn Watch) -> Result<()> {
        let Self { lens, bounds, .. } = self;
        let may_merge = |left: u32, right: u32| {
            lens_together(lens, left as usize, right as usize) <= bounds.max_len
        };
        self.pairs.clear();
        find_pairs(
            &self.arena,
            lens,
            self.held,
            may_merge,
            &mut self.pairs,
            watch,
        )?;
        self.is_filled = true;
        Ok(())
    }
}

impl<S: Symbol> Merging for Merger<S> {
    fn next(&mut self, watch: &dyn Watch) -> Result<Option<Merged>> {
        if self.lens.len() as u64 >= self.bounds.max_tokens {
            return Ok(None);
        }
        loop {
            if !self.is_filled {
                self.fill(watch)?;
            }
            if let Some((pair, count, places)) = self.pairs.pop(self.held) {
                let (left, right) = ids(pair);
                self.hold_fewer(count);
                let step = Step {
                    arena: &mut self.arena,
                    lens: &mut self.lens,
                    pairs: &mut self.pairs,
                    held: self.held,
                    max_len: self.bounds.max_len,
                };
                let saved = self.neighbours.merge(step, left, right, &places);
                return Ok(Some(Merged {
                    left,
                    right,
                    count,
                    saved,
                }));
            }
            if self.held <= self.bounds.min_count {
                return Ok(None);
            }
            self.held = (self.held / LOWERING).max(self.bounds.min_count);
            self.is_filled = false;
        }
    }

    fn why_done(&self, watch: &dyn Watch) -> Result<Stop> {
        if self.lens.len() as u64 >= self.bounds.max_tokens {
            return Ok(Stop::VocabSize);
        }
        let (mut any, mut any_short) = (false, false);
        let Self { lens, bounds, .. } = self;
        self.arena.for_each_pair(lens, watch, |left, right, _, _| {
            any = true;
            any_short |= lens_together(lens, left.index(), right.index()) <= bounds.max_len;
        })?;
        Ok(match (any, any_short) {
            (false, _) => Stop::NoPairs,
            (true, false) => Stop::MaxTokenLength,
            (true, true) => Stop::MinFrequency,
        })
    }
}

fn lens_together(lens: &[u32], left: usize, right: usize) -> u64 {
    u64::from(lens[left]) + u64::from(lens[right])
}
