//! The textbook version, as the oracle of the others: find the best pair, merge it, start over.

use bpekit_formats::Vocab;

use super::rule::{Part, Product, Rule};

/// By rank, without tables: the joined bytes looked up in the vocab.
pub(super) struct ByRank<'a>(pub(super) &'a Vocab);

impl Rule for ByRank<'_> {
    fn product(&mut self, bytes: &[u8], left: Part, _right: Part, end: usize) -> Option<Product> {
        let joined = &bytes[left.start..end];
        let id = self.0.iter().find(|token| token.bytes == joined)?.id;
        Some(Product { priority: id, id })
    }
}

/// Merges `parts` until no pair merges.
pub(super) fn merge(rule: &mut impl Rule, bytes: &[u8], parts: &mut Vec<Part>) {
    loop {
        let mut best = None;
        for index in 0..parts.len().saturating_sub(1) {
            let end = parts.get(index + 2).map_or(bytes.len(), |part| part.start);
            if let Some(product) = rule.product(bytes, parts[index], parts[index + 1], end)
                && best.is_none_or(|(priority, _, _)| product.priority < priority)
            {
                best = Some((product.priority, index, product.id));
            }
        }
        let Some((_, index, id)) = best else { return };
        parts[index].id = id;
        parts.remove(index + 1);
    }
}
