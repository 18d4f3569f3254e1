//! The table from bytes to positions.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

/// Open addressing with linear probing over positions of byte strings kept elsewhere.
///
/// A slot is four bytes, so that the table of a large vocab fits the second-level cache: the
/// position in its low bits, as many as the number of strings needs, and bits of the hash above,
/// so that a probe touches the strings only where those agree. The hash is seeded per process: a
/// file cannot be made to collide.
#[derive(Clone, Default)]
pub(super) struct Index {
    slots: Vec<u32>,
    /// The bits of a slot that hold the position.
    positions: u32,
    /// One bit for each hash that is held, one in eight at most: a table that stays in the cache
    /// where the slots do not. Most lookups of a merge are of strings that are no token, and end
    /// here.
    filter: Vec<u64>,
    state: RandomState,
}

/// The first slot of a string.
#[derive(Clone, Copy, Default)]
pub(super) struct Slot {
    hash: u64,
    held: u32,
}

impl Slot {
    #[inline]
    pub(super) fn is_free(self) -> bool {
        self.held == EMPTY
    }
}

/// No position is all ones: [`Index::with_capacity`] takes one bit more where it would be.
const EMPTY: u32 = u32::MAX;

impl Index {
    /// Room for `count` strings, fewer than 2³², at most half full.
    pub(super) fn with_capacity(count: usize) -> Self {
        let bits = usize::BITS - count.leading_zeros();
        Self {
            slots: vec![EMPTY; (count * 2).max(4)],
            positions: u32::MAX >> (u32::BITS - bits.clamp(1, u32::BITS)),
            filter: vec![0; (count / 8).next_power_of_two()],
            state: RandomState::default(),
        }
    }

    /// Where the bit of a hash stands in the filter; from bits in the middle of it.
    #[inline]
    fn filter_place(&self, hash: u64) -> (usize, u64) {
        let place = (hash.rotate_right(16) & 0xffff_ffff) as usize;
        (place >> 6 & (self.filter.len() - 1), 1 << (place & 63))
    }

    #[inline]
    fn hash(&self, key: Key<'_>) -> u64 {
        let mut hasher = self.state.build_hasher();
        if key.bytes.len() <= Key::SHORT {
            // Strings that differ in zeros at the end alone share a hash; they are compared.
            hasher.write_u128(key.number);
        } else {
            hasher.write(key.bytes);
        }
        hasher.finish()
    }

    /// The first slot of a hash, from its high bits; the tag is made of low ones.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.slots.len() as u128) >> 64) as usize
    }

    /// Whether a slot in use may be that of a hash.
    #[inline]
    fn agrees(&self, held: u32, hash: u64) -> bool {
        (held ^ hash as u32) & !self.positions == 0
    }

    /// Where the string stands, given whether the string of a position is this one.
    #[inline]
    pub(super) fn find(&self, key: Key<'_>, is_at: impl Fn(usize) -> bool) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let hash = self.hash(key);
        let (word, bit) = self.filter_place(hash);
        if self.filter[word] & bit == 0 {
            return None;
        }
        self.find_from(self.home(hash), hash, is_at).ok()
    }

    /// The position of a string with this hash, or else the free slot where it belongs.
    #[inline]
    fn find_from(
        &self,
        mut slot: usize,
        hash: u64,
        is_at: impl Fn(usize) -> bool,
    ) -> Result<usize, usize> {
        loop {
            // Half of the slots are free, so this ends.
            let Some(&held) = self.slots.get(slot) else {
                slot = 0;
                continue;
            };
            if held == EMPTY {
                return Err(slot);
            }
            let position = (held & self.positions) as usize;
            if self.agrees(held, hash) && is_at(position) {
                return Ok(position);
            }
            slot += 1;
        }
    }

    /// For each string, what its first slot holds. Nothing waits for anything here, so the slots
    /// are fetched from memory together.
    #[inline]
    pub(super) fn first<const N: usize>(&self, keys: &[Key<'_>; N]) -> [Slot; N] {
        let mut slots = [Slot::default(); N];
        for (slot, &key) in slots.iter_mut().zip(keys) {
            slot.hash = self.hash(key);
        }
        for slot in &mut slots {
            slot.held = self
                .slots
                .get(self.home(slot.hash))
                .copied()
                .unwrap_or(EMPTY);
        }
        slots
    }

    /// The position in a slot; any where it is free.
    #[inline]
    pub(super) fn position(&self, slot: Slot) -> usize {
        (slot.held & self.positions) as usize
    }

    /// As [`Self::find`], from the first slot of a string on.
    #[inline]
    pub(super) fn find_on(&self, slot: Slot, is_at: impl Fn(usize) -> bool) -> Option<usize> {
        if slot.held == EMPTY {
            return None;
        }
        self.find_from(self.home(slot.hash), slot.hash, is_at).ok()
    }

    /// Adds the strings of the positions below `count`, but for those without one, and returns the
    /// first position whose string is also that of an earlier one, with that. The table does not
    /// grow: no more strings than it was made for.
    pub(super) fn insert_all<'a>(
        &mut self,
        count: usize,
        at: impl Fn(usize) -> Option<Key<'a>>,
        same: impl Fn(usize, Key<'a>) -> bool,
    ) -> Option<(usize, usize)> {
        const GROUP: usize = 32;
        for start in (0..count).step_by(GROUP) {
            let end = count.min(start + GROUP);
            let mut hashes = [0; GROUP];
            let mut homes = 0;
            for (hash, position) in hashes.iter_mut().zip(start..end) {
                *hash = self.hash(at(position).unwrap_or_default());
                homes |= self.slots[self.home(*hash)];
            }
            // The slots of the group are fetched together, before any of them is waited for.
            std::hint::black_box(homes);
            for (hash, position) in hashes.into_iter().zip(start..end) {
                let Some(key) = at(position) else {
                    continue;
                };
                match self.find_from(self.home(hash), hash, |other| same(other, key)) {
                    Ok(earlier) => return Some((earlier, position)),
                    Err(slot) => {
                        self.slots[slot] = hash as u32 & !self.positions | position as u32;
                        let (word, bit) = self.filter_place(hash);
                        self.filter[word] |= bit;
                    }
                }
            }
        }
        None
    }
}

/// A string to look up. One of up to 16 bytes is also a number, its first byte lowest, so that
/// hashing and comparing it asks for no decisions that depend on its length.
#[derive(Clone, Copy, Default)]
pub(crate) struct Key<'a> {
    bytes: &'a [u8],
    /// 0 for a longer string.
    number: u128,
}

/// The lowest bytes of a number, as many as the index says.
static MASKS: [u128; Key::SHORT + 1] = {
    let mut masks = [u128::MAX; Key::SHORT + 1];
    let mut len = 0;
    while len < Key::SHORT {
        masks[len] = (1 << (8 * len)) - 1;
        len += 1;
    }
    masks
};

impl<'a> Key<'a> {
    const SHORT: usize = 16;

    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            number: short(bytes),
        }
    }

    /// A string inside others, best with 16 more bytes behind its start.
    #[inline]
    pub(crate) fn inside(text: &'a [u8], range: std::ops::Range<usize>) -> Self {
        let start = text.get(range.start..).and_then(<[u8]>::first_chunk::<16>);
        match start {
            Some(start) if range.len() <= Self::SHORT => Self {
                number: u128::from_le_bytes(*start) & MASKS[range.len()],
                bytes: &text[range],
            },
            _ => Self::new(&text[range]),
        }
    }

    /// Whether the two are the same string.
    #[inline]
    pub(super) fn is(self, other: Key<'_>) -> bool {
        self.bytes.len() == other.bytes.len()
            && self.number == other.number
            && (self.bytes.len() <= Self::SHORT || self.bytes == other.bytes)
    }
}

/// The number that a string of up to 16 bytes is.
#[inline]
fn short(bytes: &[u8]) -> u128 {
    let len = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        let [first, last] = [*first, *last].map(|end| u128::from(u64::from_le_bytes(end)));
        // The two overlap, and agree where they do.
        return if len <= Key::SHORT {
            first | last << (8 * (len - 8))
        } else {
            0
        };
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let [first, last] = [*first, *last].map(|end| u64::from(u32::from_le_bytes(end)));
        return (first | last << (8 * (len - 4))).into();
    }
    let at = |at: usize| bytes.get(at).map_or(0, |&byte| u32::from(byte) << (8 * at));
    (at(0) | at(1) | at(2)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_as_many_strings_as_it_was_made_for() {
        for count in (0..70).chain([255, 256, 257, 1023, 1024]) {
            let strings: Vec<[u8; 2]> = (0..count as u16).map(u16::to_be_bytes).collect();
            let mut index = Index::with_capacity(count);
            let at = |position: usize| (position % 5 != 4).then(|| Key::new(&strings[position]));
            let same = |position: usize, key: Key<'_>| at(position).unwrap().is(key);
            assert_eq!(index.insert_all(count, at, same), None);
            for (position, string) in strings.iter().enumerate() {
                let key = Key::new(string);
                let found = index.find(key, |other| same(other, key));
                assert_eq!(found, at(position).map(|_| position));
                let [slot] = index.first(&[key]);
                assert_eq!(index.find_on(slot, |other| same(other, key)), found);
            }
            assert_eq!(index.find(Key::new(b"absent"), |_| false), None);
        }
        assert_eq!(Index::default().find(Key::new(b"x"), |_| true), None);
    }

    #[test]
    fn keys_are_the_same_wherever_they_stand() {
        let text: Vec<u8> = (1..=40).collect();
        for start in 0..40 {
            for len in 0..=40 - start {
                let bytes = &text[start..start + len];
                let key = Key::inside(&text, start..start + len);
                assert_eq!(key.bytes, bytes);
                assert_eq!(key.number, Key::new(bytes).number);
                let mut padded = [0; 16];
                if len <= 16 {
                    padded[..len].copy_from_slice(bytes);
                }
                assert_eq!(key.number, u128::from_le_bytes(padded));
                assert!(key.is(Key::new(bytes)));
                for at in 0..len {
                    let mut other = bytes.to_vec();
                    other[at] ^= 1;
                    assert!(!key.is(Key::new(&other)));
                }
                assert!(!key.is(Key::new(&[bytes, &[0]].concat())));
            }
        }
    }

    #[test]
    fn names_the_first_string_that_is_there_twice() {
        for (first, second) in [(0, 1), (0, 99), (30, 31), (31, 32), (7, 64)] {
            let mut strings: Vec<[u8; 1]> = (0..100).map(|byte| [byte]).collect();
            strings[second] = strings[first];
            strings[99] = strings[first];
            let mut index = Index::with_capacity(100);
            let at = |position: usize| Some(Key::new(&strings[position]));
            let same = |position: usize, key: Key<'_>| at(position).unwrap().is(key);
            assert_eq!(index.insert_all(100, at, same), Some((first, second)));
        }
    }
}
