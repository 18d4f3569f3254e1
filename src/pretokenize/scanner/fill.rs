//! The ends of many pretokens: by blocks, and one character after the other where those end.
//!
//! The code is made anew for each family that is known in advance and for each set of instructions;
//! all that is marked to be always inlined is part of it, and takes its instructions from there.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without the instructions of its caller"
)]

use super::block;
use super::family::Family;
use super::general;
use super::planes::{LEN, Planes};

/// How many ends are found at a time.
pub(super) const BATCH: usize = 2 * LEN;

/// How many bytes of mixed text are scanned at most before a block is tried again.
const MAX_PATIENCE: usize = 255;

/// Where the code takes the family from.
pub(super) trait Source {
    fn family(held: &Family) -> &Family;
}

/// A family that is known when the code is compiled, so that it has no branches for it.
pub(super) struct Fixed<const INDEX: usize>;

impl<const INDEX: usize> Source for Fixed<INDEX> {
    #[inline(always)]
    fn family(_: &Family) -> &Family {
        const { &Family::PUBLISHED[INDEX] }
    }
}

/// Any family.
pub(super) struct Held;

impl Source for Held {
    #[inline(always)]
    fn family(held: &Family) -> &Family {
        held
    }
}

/// Finds the ends of the pretokens from `start` on, as many as there is room for, and says how
/// many.
#[inline(always)]
pub(super) fn fill<S: Source, P: Planes>(
    family: &Family,
    text: &[u8],
    start: usize,
    ends: &mut [usize; BATCH],
) -> usize {
    let family = S::family(family);
    let mut count = 0;
    let mut at = start;
    // Where the next block is tried: not before the character that ended the last one, and the
    // later the more of them there are.
    let mut block_from = start;
    let mut patience = 0;
    while at < text.len() && count + LEN <= BATCH {
        if at >= block_from {
            let base = at;
            let left = &text[base..];
            let (mut starts, end) = if let Some(bytes) = left.first_chunk() {
                let found = block::starts::<P>(family, bytes, LEN);
                (found.set, found.len)
            } else {
                let mut bytes = [0; LEN];
                bytes[..left.len()].copy_from_slice(left);
                (
                    block::starts::<P>(family, &bytes, left.len()).set,
                    left.len(),
                )
            };
            if starts != 0 {
                at = base + starts.ilog2() as usize;
            }
            // Eight at a time: what is written past the last one is written over.
            let free = &mut ends[count..count + LEN];
            count += starts.count_ones() as usize;
            for slots in free.as_chunks_mut::<8>().0 {
                for slot in slots {
                    *slot = base + starts.trailing_zeros() as usize;
                    starts &= starts.wrapping_sub(1);
                }
                if starts == 0 {
                    break;
                }
            }
            // Less would be a character that the block cuts in two.
            if end < LEN - 3 {
                patience = (patience * 2 + 1).min(MAX_PATIENCE);
                block_from = base + end + patience;
            } else {
                patience = 0;
            }
            if at > base {
                continue;
            }
        }
        at = general_end::<S>(family, text, at);
        ends[count] = at;
        count += 1;
    }
    count
}

/// [`general::end_of`], one copy for each family.
#[inline(never)]
fn general_end<S: Source>(family: &Family, text: &[u8], at: usize) -> usize {
    general::end_of(S::family(family), text, at)
}
