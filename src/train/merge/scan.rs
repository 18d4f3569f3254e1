//! Finding the pairs that are frequent enough, by going through all pretokens.
//!
//! Most pairs of neighbours are rare, and there are many times more of them than will ever merge.
//! So they are never all held: a first pass adds the counts up by a hash of the pair, which can
//! only come out too high, and a second one counts those pairs alone that may reach the bound.
//! Pairs of the first 256 tokens have sums of their own, and need no second pass.

use rustc_hash::FxHashMap;

use super::arena::Arena;
use super::pairs::{NONE, Pair, Pairs, ids, pair};
use super::symbol::Symbol;
use crate::error::Result;
use crate::watch::Watch;

/// The places of the sums by hash, behind those of the first 256 tokens.
const HASHED_BITS: u32 = 20;
const EXACT: usize = 1 << 16;

/// Adds all pairs with at least this count, and their places. `may_merge` says of left and right
/// id whether the two may ever merge.
///
/// # Errors
///
/// `Interrupted` if the watch says so.
pub(super) fn find_pairs<S: Symbol>(
    arena: &Arena<S>,
    lens: &[u32],
    least: u64,
    may_merge: impl Fn(u32, u32) -> bool,
    pairs: &mut Pairs,
    watch: &dyn Watch,
) -> Result<()> {
    let hashed = if lens.len() > 256 {
        1 << HASHED_BITS
    } else {
        0
    };
    let mut sums = vec![0_u64; EXACT + hashed];
    let mut occurrences = vec![0_u32; EXACT];
    arena.for_each_pair(lens, watch, |left, right, _, count| {
        let place = place_of(left.index(), right.index());
        sums[place] += count;
        if let Some(occurrences) = occurrences.get_mut(place) {
            *occurrences += 1;
        }
    })?;
    let mut exact = vec![NONE; EXACT];
    for (place, number) in exact.iter_mut().enumerate() {
        let (left, right) = (place >> 8, place & 0xff);
        if sums[place] >= least && sums[place] > 0 && may_merge(left as u32, right as u32) {
            let room = occurrences[place] as usize;
            *number = pairs.add(pair(left, right), sums[place], room);
        }
    }
    let mut others: FxHashMap<Pair, Found> = FxHashMap::default();
    if hashed > 0 {
        arena.for_each_pair(lens, watch, |left, right, _, count| {
            let place = place_of(left.index(), right.index());
            if place >= EXACT && sums[place] >= least {
                let found = others.entry(pair(left.index(), right.index())).or_default();
                found.count += count;
                found.occurrences += 1;
            }
        })?;
        others.retain(|&key, found| {
            let (left, right) = ids(key);
            found.count >= least && may_merge(left, right)
        });
        for (&key, found) in &mut others {
            found.number = pairs.add(key, found.count, found.occurrences as usize);
        }
    }
    arena.for_each_pair(lens, watch, |left, right, at, _| {
        let place = place_of(left.index(), right.index());
        if let Some(&number) = exact.get(place) {
            if number != NONE {
                pairs.add_place(number, at);
            }
        } else if sums[place] >= least
            && let Some(found) = others.get(&pair(left.index(), right.index()))
        {
            pairs.add_place(found.number, at);
        }
    })
}

#[derive(Default)]
struct Found {
    count: u64,
    occurrences: u32,
    number: u32,
}

/// The place of a pair among the sums.
#[inline]
fn place_of(left: usize, right: usize) -> usize {
    if left < 256 && right < 256 {
        return left << 8 | right;
    }
    let mixed = pair(left, right).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    EXACT + (mixed >> (64 - HASHED_BITS)) as usize
}
