//! What two bytes become: where merging starts.
//!
//! Half of all pairs that are asked for are of bytes, and what they become fits a table that needs
//! no search.

use bpekit_formats::{Merge, TokenId, TokenKind, Vocab};
use rustc_hash::FxHashMap;

use super::rule::{NOTHING, Product};

/// Stands for a pair that becomes nothing.
const NO_PRODUCT: Product = Product {
    priority: NOTHING,
    id: 0,
};

/// Products by pair of bytes, of a model in which each byte is a token.
pub(super) struct BytePairs(Vec<Product>);

impl BytePairs {
    /// By rank.
    pub(super) fn of_ranks(vocab: &Vocab) -> Self {
        let mut pairs = Self::empty();
        for token in vocab.iter() {
            if let (&[left, right], TokenKind::Ordinary) = (token.bytes, token.kind) {
                pairs.0[place(left, right)] = Product {
                    priority: token.id,
                    id: token.id,
                };
            }
        }
        pairs
    }

    /// By a list of merges.
    pub(super) fn of_merges(merges: &[Merge], byte_tokens: &[TokenId; 256]) -> Self {
        let bytes: FxHashMap<TokenId, u8> = byte_tokens.iter().copied().zip(0..=255).collect();
        let mut pairs = Self::empty();
        for (merge, priority) in merges.iter().zip(0..) {
            // Of a pair that is listed twice the last counts, as in tokenizers.
            if let (Some(&left), Some(&right)) = (bytes.get(&merge.left), bytes.get(&merge.right)) {
                pairs.0[place(left, right)] = Product {
                    priority,
                    id: merge.product,
                };
            }
        }
        pairs
    }

    fn empty() -> Self {
        Self(vec![NO_PRODUCT; 1 << 16])
    }

    /// What a pair becomes; of one that becomes nothing the priority is [`NOTHING`].
    #[inline]
    pub(super) fn get(&self, left: u8, right: u8) -> Product {
        self.0
            .get(place(left, right))
            .copied()
            .unwrap_or(NO_PRODUCT)
    }
}

#[inline]
fn place(left: u8, right: u8) -> usize {
    usize::from(left) << 8 | usize::from(right)
}

#[cfg(test)]
mod tests {
    use super::super::live_pairs;
    use super::super::rule::{ByRank, Listed, Part, Places, Rule};
    use super::*;

    /// Every pair of bytes, by the table and by the rule.
    #[test]
    fn pairs_become_what_the_rule_says() {
        let mut tokens: Vec<Vec<u8>> = (0..=255).rev().map(|byte| vec![byte]).collect();
        tokens.extend((0..3000_u32).map(|n| vec![(n * 7 % 251) as u8, (n * n % 241) as u8]));
        tokens.extend([b"abc".to_vec(), b"abcd".to_vec()]);
        let mut seen = std::collections::HashSet::new();
        tokens.retain(|token| seen.insert(token.clone()));
        let all = tokens
            .iter()
            .zip(0..)
            .map(|(token, id)| (id * 3, token.as_slice()));
        let vocab = Vocab::from_tokens(all).unwrap();
        let mut merges = live_pairs::of_ranks(&vocab).merges;
        // One that is listed again, later.
        merges.push(Merge {
            product: merges[9].product,
            ..merges[2]
        });
        let byte_tokens = std::array::from_fn(|byte| vocab.id_of(&[byte as u8]).unwrap());
        let places = Places::new(&merges);
        let mut listed = Listed {
            merges: &merges,
            places: &places,
        };
        let of_ranks = BytePairs::of_ranks(&vocab);
        let of_merges = BytePairs::of_merges(&merges, &byte_tokens);
        let mut count = 0;
        for left in 0..=255_u8 {
            for right in 0..=255 {
                let part = |start, byte: u8| Part {
                    start,
                    id: byte_tokens[usize::from(byte)],
                };
                let (one, other) = (part(0, left), part(1, right));
                let bytes = [left, right];
                let by_rank = ByRank(&vocab).product(&bytes, one, other, 2);
                let by_list = listed.product(&bytes, one, other, 2);
                count += usize::from(by_rank.is_some());
                assert_eq!(of_ranks.get(left, right), by_rank.unwrap_or(NO_PRODUCT));
                assert_eq!(of_merges.get(left, right), by_list.unwrap_or(NO_PRODUCT));
            }
        }
        assert!(count > 1000);
    }
}
