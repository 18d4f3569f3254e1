//! Merging by looking at all pairs for the best one, over and over: for short pretokens, where it
//! is faster than the queue. A part that was joined to the one before stays where it was and is
//! passed over, so that nothing is moved.

use bpekit_formats::TokenId;

use super::rule::{NOTHING, Part, Rule};

/// The most parts that are merged in this way.
pub(super) const SCAN_LIMIT: usize = 64;

/// Merges up to [`SCAN_LIMIT`] parts until no pair merges; the result is in `parts`.
pub(super) fn merge(rule: &mut impl Rule, bytes: &[u8], parts: &mut Vec<Part>) {
    match parts.len() {
        0..2 => {}
        2..=16 => merge_up_to::<16>(rule, bytes, parts),
        _ => merge_up_to::<SCAN_LIMIT>(rule, bytes, parts),
    }
}

fn merge_up_to<const N: usize>(rule: &mut impl Rule, bytes: &[u8], parts: &mut Vec<Part>) {
    // What each part and its right neighbour become. The priorities have an array of their own, of
    // a fixed length: the best is found with a few wide instructions.
    let mut priorities = [NOTHING; N];
    let mut products: [TokenId; N] = [0; N];
    let mut alive = Alive(u64::MAX >> (64 - parts.len()));
    let update = |rule: &mut _,
                  parts: &[Part],
                  alive: Alive,
                  index: usize,
                  priorities: &mut [u32; N],
                  products: &mut [TokenId; N]| {
        priorities[index] = NOTHING;
        if let Some((priority, id)) = product_at(rule, bytes, parts, alive, index) {
            priorities[index] = priority;
            products[index] = id;
        }
    };
    match rule.byte_pairs() {
        Some(pairs) if parts.len() == bytes.len() => {
            let places = priorities.iter_mut().zip(&mut products);
            for ((priority, id), pair) in places.zip(bytes.windows(2)) {
                let product = pairs.get(pair[0], pair[1]);
                (*priority, *id) = (product.priority, product.id);
            }
        }
        _ => {
            for index in 0..parts.len() {
                update(rule, parts, alive, index, &mut priorities, &mut products);
            }
        }
    }
    loop {
        let best = priorities.iter().copied().fold(NOTHING, u32::min);
        if best == NOTHING {
            break;
        }
        // The leftmost of equals.
        let found = priorities.iter().position(|&priority| priority == best);
        let Some(index) = found else { break };
        let Some(joined) = alive.after(index) else {
            break;
        };
        parts[index].id = products[index];
        alive.remove(joined);
        priorities[joined] = NOTHING;
        update(rule, parts, alive, index, &mut priorities, &mut products);
        if let Some(before) = alive.before(index) {
            update(rule, parts, alive, before, &mut priorities, &mut products);
        }
    }
    let mut index = 0;
    parts.retain(|_| {
        index += 1;
        alive.has(index - 1)
    });
}

#[inline]
fn product_at(
    rule: &mut impl Rule,
    bytes: &[u8],
    parts: &[Part],
    alive: Alive,
    index: usize,
) -> Option<(u32, TokenId)> {
    let right = alive.after(index)?;
    let end = alive
        .after(right)
        .map_or(bytes.len(), |next| parts[next].start);
    let product = rule.product(bytes, parts[index], parts[right], end)?;
    Some((product.priority, product.id))
}

/// Which parts are left, a bit each.
#[derive(Clone, Copy)]
struct Alive(u64);

impl Alive {
    #[inline]
    fn has(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }

    #[inline]
    fn remove(&mut self, index: usize) {
        self.0 &= !(1 << index);
    }

    /// The first part behind this one.
    #[inline]
    fn after(self, index: usize) -> Option<usize> {
        let rest = self.0 & (u64::MAX - 1) << index;
        (rest != 0).then(|| rest.trailing_zeros() as usize)
    }

    /// The last part before this one.
    #[inline]
    fn before(self, index: usize) -> Option<usize> {
        let rest = self.0 & ((1 << index) - 1);
        (rest != 0).then(|| rest.ilog2() as usize)
    }
}
