//! One merge: two neighbours become one token at every place where they meet.
//!
//! The neighbours of the new token are added up in two arrays, one place a token id: whatever
//! count the pair (x, left) loses at a place, the pair (x, new) gains there. So the table of pairs
//! is asked once for each distinct neighbour and not once for each place.

use super::arena::Arena;
use super::pairs::{NONE, Pairs, pair};
use super::symbol::Symbol;

/// The neighbours of the token that a step makes; kept between steps for its memory.
pub(super) struct Neighbours<S> {
    before: Side<S>,
    behind: Side<S>,
}

/// The tokens on one side.
struct Side<S> {
    /// By token id.
    sums: Vec<Sum>,
    /// The ids that have a sum.
    met: Vec<S>,
    /// Where the pair of the new token and its neighbour starts, in rising order.
    places: Vec<(S, u32)>,
}

#[derive(Clone, Copy, Default)]
struct Sum {
    count: u64,
    places: u32,
    /// The number of the pair of neighbour and new token, or `NONE`.
    number: u32,
}

/// What a step changes: the pretokens, the lengths of all tokens, and which pairs to hold.
pub(super) struct Step<'a, S> {
    pub(super) arena: &'a mut Arena<S>,
    pub(super) lens: &'a mut Vec<u32>,
    pub(super) pairs: &'a mut Pairs,
    /// Pairs with a lower count are not held.
    pub(super) held: u64,
    /// Pairs with more bytes never merge.
    pub(super) max_len: u64,
}

impl<S: Symbol> Neighbours<S> {
    pub(super) fn new(token_count: usize) -> Self {
        Self {
            before: Side::new(token_count),
            behind: Side::new(token_count),
        }
    }

    /// Merges `left` and `right` into the next token id. `places` has every slot where the two
    /// meet, in rising order, and may have others. Gives how often the two were merged in all
    /// texts: less than the pair's count where it overlaps itself, as in `aaa`.
    pub(super) fn merge(
        &mut self,
        step: Step<'_, S>,
        left: u32,
        right: u32,
        places: &[u32],
    ) -> u64 {
        let Step {
            arena,
            lens,
            pairs,
            held,
            max_len,
        } = step;
        let (a, b) = (S::of(left), S::of(right));
        let new_id = lens.len();
        let new = S::of(new_id as u32);
        let left_len = lens[a.index()] as usize;
        let new_len = left_len + lens[b.index()] as usize;
        lens.push(new_len as u32);
        let Self { before, behind } = self;
        before.sums.push(Sum::default());
        behind.sums.push(Sum::default());

        let (slots, mut counts) = arena.parts();
        let mut merged = 0;
        for &place in places {
            let at = place as usize;
            // `a` starts here still, or some token stands here that is not `a`: the slot of a
            // token that was merged into its left neighbour is marked as inside, or is the last
            // one of a longer token.
            if slots[at] != a || slots[at + left_len] != b {
                continue;
            }
            let count = counts.at(at);
            merged += count;
            slots[at + left_len] = S::INSIDE;
            slots[at] = new;
            slots[at + new_len - 1] = new;
            let one = slots[at - 1];
            if one != S::BOUNDARY {
                before.meet(one, at - lens[one.index()] as usize, count);
            }
            let other = slots[at + new_len];
            if other != S::BOUNDARY {
                behind.meet(other, at, count);
            }
        }

        // In `abab` the first step sees `a` behind it, and the second the new token before it: the
        // pair (new, a) which the first one gained is the one that the second one loses.
        let doubled = before.sums[new_id].count;
        let is_held = |count: u64, neighbour: S| {
            count >= held && u64::from(lens[neighbour.index()]) + new_len as u64 <= max_len
        };
        for &x in &before.met {
            let sum = &mut before.sums[x.index()];
            if x != new {
                pairs.lower(pair(x.index(), a.index()), sum.count);
            }
            sum.number = NONE;
            if is_held(sum.count, x) {
                sum.number = pairs.add(pair(x.index(), new_id), sum.count, sum.places as usize);
            }
        }
        before.give_places(pairs);
        for &y in &behind.met {
            let sum = &mut behind.sums[y.index()];
            // The pair (a, a) itself is merged and gone; `aaa` has lost its second one with that.
            if a != b || y != a {
                pairs.lower(pair(b.index(), y.index()), sum.count);
            }
            let count = sum.count - if y == a { doubled } else { 0 };
            sum.number = NONE;
            if is_held(count, y) {
                sum.number = pairs.add(pair(new_id, y.index()), count, sum.places as usize);
            }
        }
        behind.give_places(pairs);
        merged
    }
}

impl<S: Symbol> Side<S> {
    fn new(token_count: usize) -> Self {
        Self {
            sums: vec![Sum::default(); token_count],
            met: Vec::new(),
            places: Vec::new(),
        }
    }

    /// A neighbour with which the new token is a pair that starts at this slot.
    #[inline]
    fn meet(&mut self, neighbour: S, slot: usize, count: u64) {
        let sum = &mut self.sums[neighbour.index()];
        if sum.places == 0 {
            self.met.push(neighbour);
        }
        sum.count += count;
        sum.places += 1;
        self.places.push((neighbour, slot as u32));
    }

    /// Gives the places to the pairs that are held, and starts afresh.
    fn give_places(&mut self, pairs: &mut Pairs) {
        for &(neighbour, slot) in &self.places {
            let number = self.sums[neighbour.index()].number;
            if number != NONE {
                pairs.add_place(number, slot as usize);
            }
        }
        for neighbour in self.met.drain(..) {
            self.sums[neighbour.index()] = Sum::default();
        }
        self.places.clear();
    }
}
