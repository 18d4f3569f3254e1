//! Greedy merging, exact: of all pairs of neighbouring tokens the most frequent one becomes a
//! token, at every place, again and again. Of pairs that tie, the one with the lower ids.
//!
//! `run` is the loop, `step` one merge, `arena` the pretokens as they stand, `pairs` the counts
//! and the queue, and `scan` finds the pairs to begin with. `naive` says the same in a few plain
//! lines; the tests compare the two.
//!
//! # Notes on speed
//!
//! Two facts carry it. Every new pair holds the newest token, so its places are all known at once
//! and its count only falls: lists are written once, and the queue is right or too high, never too
//! low. And most pairs never merge: those rarer than the last merge is likely to be are not held,
//! and are looked for again if that guess was too high.

mod arena;
#[cfg(test)]
mod naive;
mod pairs;
mod run;
mod scan;
mod step;
mod symbol;
#[cfg(test)]
mod tests;

pub(crate) use arena::{MAX_SLOTS, slots_for};
pub(crate) use run::{Bounds, Merged, Merging, WordSink, Words, start};
