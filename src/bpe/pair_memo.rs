//! What pairs of tokens became before.
//!
//! What a pair becomes depends on the two tokens alone, also where the rule asks for the joined
//! bytes. Most pairs that a text asks for are among a few thousand, and most of them become nothing:
//! a small table spares the way into the tables of a large vocab, which no cache of the processor
//! holds. An entry is found by the two ids themselves.

use bpekit_formats::TokenId;

use super::byte_pairs::BytePairs;
use super::rule::{NO_TOKEN, Part, Product, Rule};

/// 256 KiB.
const SLOTS: usize = 1 << 14;

/// No pair is this one: a byte without a token is not held. Not zeros, so that the system gives
/// memory that is written; see [`super::short_cache`].
const FREE: [u64; 2] = [u64::MAX; 2];

/// Products by pair, of one model.
pub(super) struct PairMemo {
    /// The pair, and its product: id above, priority below.
    slots: Vec<[u64; 2]>,
}

impl PairMemo {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![FREE; SLOTS],
        }
    }
}

/// A rule with a memory of its answers.
pub(super) struct Remembered<'a, R> {
    pub(super) rule: R,
    pub(super) memo: &'a mut PairMemo,
    pub(super) byte_pairs: Option<&'a BytePairs>,
}

impl<R: Rule> Rule for Remembered<'_, R> {
    #[inline]
    fn byte_pairs(&self) -> Option<&BytePairs> {
        self.byte_pairs
    }

    #[inline]
    fn product(&mut self, bytes: &[u8], left: Part, right: Part, end: usize) -> Option<Product> {
        let pair = u64::from(left.id) << 32 | u64::from(right.id);
        let hash = pair.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let Some(slot) = self.memo.slots.get_mut((hash >> 50) as usize) else {
            return self.rule.product(bytes, left, right, end);
        };
        // What a byte without a token becomes is a matter of the byte, not of its id.
        if slot[0] != pair || pair == FREE[0] {
            if left.id == NO_TOKEN || right.id == NO_TOKEN {
                return self.rule.product(bytes, left, right, end);
            }
            let product = self.rule.product(bytes, left, right, end);
            let held = product.map_or(u64::from(NO_TOKEN) << 32, |product| {
                u64::from(product.id) << 32 | u64::from(product.priority)
            });
            *slot = [pair, held];
        }
        let id = (slot[1] >> 32) as TokenId;
        (id != NO_TOKEN).then_some(Product {
            priority: slot[1] as u32,
            id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Joins `a` and `a + 1` to `10 a`, and bytes without a token by the bytes.
    struct Counting(usize);

    impl Rule for Counting {
        fn product(
            &mut self,
            bytes: &[u8],
            left: Part,
            right: Part,
            end: usize,
        ) -> Option<Product> {
            self.0 += 1;
            if left.id == NO_TOKEN {
                return Some(Product {
                    priority: u32::from(bytes[left.start]),
                    id: end as u32,
                });
            }
            (right.id == left.id + 1).then_some(Product {
                priority: left.id + 1000,
                id: left.id * 10,
            })
        }
    }

    #[test]
    fn answers_as_the_rule_does() {
        let mut memo = PairMemo::new();
        let mut rule = Remembered {
            rule: Counting(0),
            memo: &mut memo,
            byte_pairs: None,
        };
        let part = |id| Part { start: 0, id };
        for _ in 0..3 {
            for left in 0..100 {
                for right in 0..100 {
                    let found = rule.product(b"", part(left), part(right), 0);
                    let expected = Counting(0).product(b"", part(left), part(right), 0);
                    assert_eq!(found, expected);
                }
            }
        }
        assert!(rule.rule.0 < 3 * 100 * 100, "{}", rule.rule.0);
        for bytes in [b"a", b"b"] {
            let found = rule.product(bytes, part(NO_TOKEN), part(7), 5).unwrap();
            assert_eq!((found.priority, found.id), (u32::from(bytes[0]), 5));
        }
    }
}
