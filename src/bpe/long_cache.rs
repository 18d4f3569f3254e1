//! The tokens of long pretokens that were encoded before, and of short ones with many tokens.
//!
//! Pretoken and tokens lie in two arenas; an entry is found by a hash of the bytes and taken for the
//! pretoken only if the bytes are the same. When the arenas reach their bound all is forgotten: that
//! costs nothing a pretoken, and what is common is soon back.

use std::hash::BuildHasher;

use bpekit_formats::TokenId;
use foldhash::fast::RandomState;

/// The bytes that pretokens, tokens and entries may take before all are forgotten.
const MAX_BYTES: usize = 24 << 20;

/// Pretokens longer than this are encoded anew each time: they hardly come again, and some of them
/// would turn out all others.
const MAX_LEN: usize = 1 << 10;

const FIRST_SLOTS: usize = 1 << 8;

/// Tokens by pretoken, of one model.
pub(super) struct LongCache {
    /// Entry numbers plus one by hash, open addressing; 0 is empty. A power of two.
    index: Vec<u32>,
    entries: Vec<Entry>,
    bytes: Vec<u8>,
    ids: Vec<TokenId>,
    /// Seeded: a text cannot be made to collide.
    hasher: RandomState,
    max_bytes: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    /// The upper half of the hash; the lower one is where the search starts.
    tag: u32,
    /// Where its bytes and its ids start, and how many there are.
    start: u32,
    ids_start: u32,
    len: u16,
    count: u16,
}

impl LongCache {
    pub(super) fn new() -> Self {
        Self::with_max(MAX_BYTES)
    }

    fn with_max(max_bytes: usize) -> Self {
        Self {
            index: vec![0; FIRST_SLOTS],
            entries: Vec::new(),
            bytes: Vec::new(),
            ids: Vec::new(),
            hasher: RandomState::default(),
            max_bytes,
        }
    }

    pub(super) fn hash(&self, pretoken: &[u8]) -> u64 {
        self.hasher.hash_one(pretoken)
    }

    /// The ids of a pretoken with this hash, if it is held.
    #[inline]
    pub(super) fn find(&self, hash: u64, pretoken: &[u8]) -> Option<&[TokenId]> {
        let mask = self.index.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let number = (self.index[at] as usize).checked_sub(1)?;
            let entry = &self.entries[number];
            if entry.tag == (hash >> 32) as u32 && self.pretoken(entry) == pretoken {
                return Some(&self.ids[entry.ids_start as usize..][..usize::from(entry.count)]);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a pretoken that is not there, unless it is too long.
    pub(super) fn insert(&mut self, hash: u64, pretoken: &[u8], ids: &[TokenId]) {
        // The most ids are one a byte but for unknown bytes, which may become several.
        if pretoken.len() > MAX_LEN || ids.len() > usize::from(u16::MAX) {
            return;
        }
        if self.memory() >= self.max_bytes {
            self.clear();
        }
        if self.entries.len() * 2 >= self.index.len() {
            self.grow();
        }
        let entry = Entry {
            tag: (hash >> 32) as u32,
            start: self.bytes.len() as u32,
            ids_start: self.ids.len() as u32,
            len: pretoken.len() as u16,
            count: ids.len() as u16,
        };
        self.bytes.extend_from_slice(pretoken);
        self.ids.extend_from_slice(ids);
        self.entries.push(entry);
        self.put(hash as usize, self.entries.len() as u32);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.index.fill(0);
        self.entries.clear();
        self.bytes.clear();
        self.ids.clear();
    }

    fn memory(&self) -> usize {
        self.bytes.len()
            + self.ids.len() * size_of::<TokenId>()
            + self.entries.len() * size_of::<Entry>()
            + self.index.len() * size_of::<u32>()
    }

    fn pretoken(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.start as usize..][..usize::from(entry.len)]
    }

    fn put(&mut self, hash: usize, number: u32) {
        let mask = self.index.len() - 1;
        let mut at = hash & mask;
        while self.index[at] != 0 {
            at = (at + 1) & mask;
        }
        self.index[at] = number;
    }

    #[cold]
    fn grow(&mut self) {
        self.index = vec![0; self.index.len() * 2];
        for number in 0..self.entries.len() {
            let hash = self.hash(self.pretoken(&self.entries[number]));
            self.put(hash as usize, number as u32 + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn gives_what_was_put_in_or_nothing() {
        for max_bytes in [2 << 10, 1 << 20] {
            let mut cache = LongCache::with_max(max_bytes);
            let mut all: HashMap<Vec<u8>, Vec<u32>> = HashMap::new();
            let mut random = 1_u32;
            let mut held = 0;
            for _ in 0..5_000 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let number = random >> 22;
                let pretoken = vec![(number % 7) as u8; (number / 7) as usize + 1];
                let ids: Vec<u32> = (0..number % 50).collect();
                let hash = cache.hash(&pretoken);
                match cache.find(hash, &pretoken) {
                    Some(found) => {
                        held += 1;
                        assert_eq!(found, all[&pretoken]);
                    }
                    None => cache.insert(hash, &pretoken, &ids),
                }
                all.insert(pretoken, ids);
                assert!(cache.memory() <= max_bytes * 2);
            }
            assert!(held > 0);
            if max_bytes > 1 << 16 {
                for (pretoken, ids) in &all {
                    assert_eq!(cache.find(cache.hash(pretoken), pretoken), Some(&ids[..]));
                }
            }
            let long = vec![0; MAX_LEN + 1];
            let hash = cache.hash(&long);
            cache.insert(hash, &long, &[1]);
            assert_eq!(cache.find(hash, &long), None);
            cache.clear();
            let one = all.keys().next().unwrap();
            assert_eq!(cache.find(cache.hash(one), one), None);
        }
    }
}
