//! A token id in a slot: two bytes while all ids fit, because half the memory is half the cache
//! misses.

/// A token id of the training, or a mark.
pub(super) trait Symbol: Copy + Eq + Send + Sync {
    /// Stands before and behind every word.
    const BOUNDARY: Self;
    /// Stands where a token neither starts nor ends.
    const INSIDE: Self;
    /// One more than the largest id.
    const ID_BOUND: u64;

    /// The symbol of an id below [`Self::ID_BOUND`].
    fn of(id: u32) -> Self;

    /// The id.
    fn index(self) -> usize;
}

impl Symbol for u16 {
    const BOUNDARY: Self = Self::MAX;
    const INSIDE: Self = Self::MAX - 1;
    const ID_BOUND: u64 = Self::INSIDE as u64;

    #[inline]
    fn of(id: u32) -> Self {
        id as Self
    }

    #[inline]
    fn index(self) -> usize {
        usize::from(self)
    }
}

impl Symbol for u32 {
    const BOUNDARY: Self = Self::MAX;
    const INSIDE: Self = Self::MAX - 1;
    const ID_BOUND: u64 = Self::INSIDE as u64;

    #[inline]
    fn of(id: u32) -> Self {
        id
    }

    #[inline]
    fn index(self) -> usize {
        self as usize
    }
}
