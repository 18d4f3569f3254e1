//! What two neighbouring parts of a pretoken become.

use bpekit_formats::{Merge, TokenId, Vocab};

use super::byte_pairs::BytePairs;

/// A part of a pretoken during merging: where it starts, and its token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// The first byte, counted from the start of the pretoken.
    pub(crate) start: usize,
    /// Its token, or [`NO_TOKEN`] for a byte that has none of its own.
    pub(crate) id: TokenId,
}

/// Stands for a byte without a token. No vocab has this id: codecs refuse it.
pub(crate) const NO_TOKEN: TokenId = TokenId::MAX;

/// Stands for the priority of a pair that merges to nothing. No pair has it: there are fewer tokens
/// and fewer merges.
pub(crate) const NOTHING: u32 = u32::MAX;

/// What a pair becomes, and how early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    /// The lower, the earlier.
    pub(crate) priority: u32,
    /// The token it becomes.
    pub(crate) id: TokenId,
}

/// Decides what a pair of neighbours becomes, if anything.
pub(crate) trait Rule {
    /// `bytes` is the pretoken, `end` where the right part ends in it.
    fn product(&mut self, bytes: &[u8], left: Part, right: Part, end: usize) -> Option<Product>;

    /// What pairs of single bytes become, if that is known in advance.
    fn byte_pairs(&self) -> Option<&BytePairs> {
        None
    }
}

/// By rank: the joined bytes are looked up in the vocab, and the id is the priority.
#[derive(Clone, Copy)]
pub(crate) struct ByRank<'a>(pub(crate) &'a Vocab);

impl Rule for ByRank<'_> {
    #[inline]
    fn product(&mut self, bytes: &[u8], left: Part, _: Part, end: usize) -> Option<Product> {
        let id = self.0.id_of(&bytes[left.start..end])?;
        Some(Product { priority: id, id })
    }
}

/// As [`ByRank`], with a copy of the pretoken behind which there are bytes to read along.
#[derive(Clone, Copy)]
pub(crate) struct ByRankInside<'a> {
    pub(crate) vocab: &'a Vocab,
    /// Starts with the pretoken.
    pub(crate) text: &'a [u8],
}

impl Rule for ByRankInside<'_> {
    #[inline]
    fn product(&mut self, _: &[u8], left: Part, _: Part, end: usize) -> Option<Product> {
        let id = self.vocab.id_of_inside(self.text, left.start..end)?;
        Some(Product { priority: id, id })
    }
}

/// By score: the joined text is looked up in the vocab. Tokens of the same score have the same
/// priority.
#[derive(Clone, Copy)]
pub(crate) struct ByScore<'a> {
    pub(crate) vocab: &'a Vocab,
    /// Of each token, in the order of ids; [`NOTHING`] for one that no merge makes.
    pub(crate) priorities: &'a [u32],
}

impl ByScore<'_> {
    /// The token of this text and its priority, if merges make it or start from it.
    #[inline]
    pub(crate) fn find(&self, text: &[u8]) -> Option<Product> {
        let id = self.vocab.id_of(text)?;
        let priority = *self.priorities.get(self.vocab.position(id)?)?;
        (priority != NOTHING).then_some(Product { priority, id })
    }
}

impl Rule for ByScore<'_> {
    #[inline]
    fn product(&mut self, bytes: &[u8], left: Part, _: Part, end: usize) -> Option<Product> {
        self.find(&bytes[left.start..end])
    }
}

/// Listed pairs; the place in the list is the priority.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'a> {
    pub(crate) merges: &'a [Merge],
    pub(crate) places: &'a Places,
}

/// The place of each pair in a list of merges: the number of the last merge of it plus one, by
/// hash, open addressing; 0 is empty. A power of two.
pub(crate) struct Places(Vec<u32>);

impl Places {
    pub(crate) fn new(merges: &[Merge]) -> Self {
        let mut places = Self(vec![0; (merges.len() * 2).next_power_of_two().max(2)]);
        for (number, merge) in merges.iter().enumerate() {
            // Of a pair that is listed twice the last counts, as in tokenizers.
            let at = places.slot_of(merges, merge.left, merge.right);
            places.0[at] = number as u32 + 1;
        }
        places
    }

    /// Where the pair is, or would be.
    #[inline]
    fn slot_of(&self, merges: &[Merge], left: TokenId, right: TokenId) -> usize {
        let mask = self.0.len() - 1;
        let pair = u64::from(left) << 32 | u64::from(right);
        let hash = pair.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut at = (hash >> 32) as usize & mask;
        while let Some(number) = (self.0[at] as usize).checked_sub(1) {
            let merge = &merges[number];
            if merge.left == left && merge.right == right {
                break;
            }
            at = (at + 1) & mask;
        }
        at
    }
}

impl Rule for Listed<'_> {
    #[inline]
    fn product(&mut self, _: &[u8], left: Part, right: Part, _: usize) -> Option<Product> {
        let slot = self.places.slot_of(self.merges, left.id, right.id);
        let number = self.places.0[slot].checked_sub(1)?;
        Some(Product {
            priority: number,
            id: self.merges[number as usize].product,
        })
    }
}
