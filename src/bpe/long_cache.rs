//! The tokens of long pretokens that were encoded before, and of short ones with many tokens.
//!
//! A pretoken and its tokens lie side by side in one arena; they are found by a hash of the bytes
//! and taken for the pretoken only if the bytes are the same. The tokens of short pretokens have no
//! bytes with them: the table of short pretokens knows where they lie. When the arena reaches its bound all
//! is forgotten: that costs nothing a pretoken, and what is common is soon back.

use std::hash::{BuildHasher, Hasher};

use bpekit_formats::TokenId;
use foldhash::fast::RandomState;

use super::output::Row;

/// The bytes that pretokens, tokens and the index may take before all are forgotten.
const MAX_BYTES: usize = 24 << 20;

/// Pretokens longer than this are encoded anew each time: they hardly come again, and some of them
/// would turn out all others.
const MAX_LEN: usize = 1 << 10;

const FIRST_SLOTS: usize = 1 << 8;

/// An index entry that is free: no record starts so far behind. Not zero, so that the system gives
/// memory that is written; see [`super::short_cache`].
const FREE: u64 = u64::MAX;

/// The bytes of a record before its ids: the length of its pretoken, 0 if it has none, and the
/// number of its ids, two bytes each.
const HEADER: usize = 4;

/// What is behind the last record, so that the last ids are a [`Row`] and the last bytes are read
/// many at a time.
const PADDING: usize = 64;

/// Tokens by pretoken, of one model.
pub(super) struct LongCache {
    /// By hash, open addressing: the upper half of the hash, and below where the record starts. A
    /// power of two.
    index: Vec<u64>,
    /// How many records there are.
    count: usize,
    /// Records: header, ids, bytes; then [`PADDING`] or more.
    arena: Vec<u8>,
    /// Where the next record goes.
    end: usize,
    /// How often all was forgotten.
    generation: u32,
    /// Seeded: a text cannot be made to collide.
    hasher: RandomState,
    max_bytes: usize,
}

/// Where ids lie that have no bytes with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) start: u32,
    /// After they were forgotten something else may lie there.
    pub(super) generation: u32,
}

impl LongCache {
    pub(super) fn new() -> Self {
        Self::with_max(MAX_BYTES)
    }

    fn with_max(max_bytes: usize) -> Self {
        Self {
            index: vec![FREE; FIRST_SLOTS],
            count: 0,
            arena: Vec::new(),
            end: 0,
            generation: 0,
            hasher: RandomState::default(),
            max_bytes,
        }
    }

    #[inline]
    pub(super) fn hash(&self, pretoken: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(pretoken);
        hasher.finish()
    }

    /// The ids of a pretoken with this hash, if it is held.
    #[inline]
    pub(super) fn find(&self, hash: u64, pretoken: &[u8]) -> Option<Row<'_>> {
        let mask = self.index.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let held = *self.index.get(at)?;
            if (held ^ hash) >> 32 == 0
                && let Some(record) = self.arena.get(held as u32 as usize..)
                && let Some((&[len, more_len, count, more_count], rest)) =
                    record.split_first_chunk::<HEADER>()
            {
                let len = usize::from(u16::from_le_bytes([len, more_len]));
                let count = usize::from(u16::from_le_bytes([count, more_count]));
                if len == pretoken.len() && is_start(rest.get(count * 4..)?, pretoken) {
                    return Some(Row { bytes: rest, count });
                }
            }
            if held == FREE {
                return None;
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
        self.make_room();
        if self.count * 2 >= self.index.len() {
            self.grow();
        }
        let start = self.push(pretoken, ids);
        self.count += 1;
        self.put(hash, start);
    }

    /// Keeps ids without a pretoken, up to 65,535 of them.
    pub(super) fn keep(&mut self, ids: &[TokenId]) -> At {
        self.make_room();
        At {
            start: self.push(&[], ids) as u32,
            generation: self.generation,
        }
    }

    /// What was kept, unless it was forgotten.
    #[inline]
    pub(super) fn kept(&self, at: At) -> Option<Row<'_>> {
        if at.generation != self.generation {
            return None;
        }
        let record = self.arena.get(at.start as usize..)?;
        let (&[_, _, count, more_count], bytes) = record.split_first_chunk::<HEADER>()?;
        let count = usize::from(u16::from_le_bytes([count, more_count]));
        Some(Row { bytes, count })
    }

    fn make_room(&mut self) {
        if self.memory() >= self.max_bytes {
            self.clear();
        }
    }

    /// Adds a record and says where it starts.
    fn push(&mut self, pretoken: &[u8], ids: &[TokenId]) -> usize {
        let start = self.end;
        self.end += HEADER + ids.len() * 4 + pretoken.len();
        if self.arena.len() < self.end + PADDING {
            self.arena
                .resize((self.end + PADDING).next_power_of_two(), 0);
        }
        let (header, rest) = self.arena[start..self.end].split_at_mut(HEADER);
        header[..2].copy_from_slice(&(pretoken.len() as u16).to_le_bytes());
        header[2..].copy_from_slice(&(ids.len() as u16).to_le_bytes());
        let (places, bytes) = rest.split_at_mut(ids.len() * 4);
        for (place, id) in places.as_chunks_mut::<4>().0.iter_mut().zip(ids) {
            *place = id.to_le_bytes();
        }
        bytes.copy_from_slice(pretoken);
        start
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.index.fill(FREE);
        self.count = 0;
        self.end = 0;
        self.generation = self.generation.wrapping_add(1);
    }

    fn memory(&self) -> usize {
        self.end + self.index.len() * size_of::<u64>()
    }

    fn put(&mut self, hash: u64, start: usize) {
        let mask = self.index.len() - 1;
        let mut at = hash as usize & mask;
        while self.index[at] != FREE {
            at = (at + 1) & mask;
        }
        self.index[at] = hash >> 32 << 32 | start as u64;
    }

    #[cold]
    fn grow(&mut self) {
        self.index = vec![FREE; self.index.len() * 2];
        let mut start = 0;
        while start < self.end {
            let number =
                |at: usize| usize::from(u16::from_le_bytes([self.arena[at], self.arena[at + 1]]));
            let bytes = start + HEADER + number(start + 2) * 4;
            let end = bytes + number(start);
            if end > bytes {
                let hash = self.hash(&self.arena[bytes..end]);
                self.put(hash, start);
            }
            start = end;
        }
    }
}

/// Whether these bytes, behind which there are [`PADDING`] more, start with `pretoken`. A call of
/// the library's comparison would cost as much as all else here.
#[inline]
fn is_start(held: &[u8], pretoken: &[u8]) -> bool {
    let (Some(first), Some(last)) = (pretoken.first_chunk::<8>(), pretoken.last_chunk::<8>())
    else {
        return held.starts_with(pretoken);
    };
    let word = |chunk: &[u8; 8]| u64::from_ne_bytes(*chunk);
    let Some(held) = held.get(..pretoken.len()) else {
        return false;
    };
    let (Some(held_first), Some(held_last)) = (held.first_chunk(), held.last_chunk()) else {
        return false;
    };
    let mut differ = (word(first) ^ word(held_first)) | (word(last) ^ word(held_last));
    for (one, other) in pretoken
        .as_chunks()
        .0
        .iter()
        .zip(held.as_chunks().0)
        .skip(1)
    {
        differ |= word(one) ^ word(other);
    }
    differ == 0
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::output::{Ids, Output};
    use super::*;

    fn ids_of(row: Row<'_>) -> Vec<TokenId> {
        let mut ids = Ids::default();
        ids.row(row);
        ids.into_vec()
    }

    #[test]
    fn compares_every_byte() {
        for len in 0..70 {
            let pretoken: Vec<u8> = (0..len).collect();
            let mut held = [pretoken.clone(), vec![7; PADDING]].concat();
            assert!(is_start(&held, &pretoken));
            for at in 0..usize::from(len) {
                held[at] ^= 0x10;
                assert!(!is_start(&held, &pretoken), "{len} {at}");
                held[at] ^= 0x10;
            }
        }
    }

    #[test]
    fn gives_what_was_put_in_or_nothing() {
        for max_bytes in [2 << 10, 1 << 20] {
            let mut cache = LongCache::with_max(max_bytes);
            let mut all: HashMap<Vec<u8>, Vec<u32>> = HashMap::new();
            let mut random = 1_u32;
            let mut held = 0;
            let mut kept = Vec::new();
            for _ in 0..5_000 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let number = random >> 22;
                let pretoken = vec![(number % 7) as u8; (number / 7) as usize + 1];
                let ids: Vec<u32> = (0..number % 50).collect();
                let hash = cache.hash(&pretoken);
                match cache.find(hash, &pretoken) {
                    Some(found) => {
                        held += 1;
                        assert_eq!(ids_of(found), all[&pretoken]);
                    }
                    None => cache.insert(hash, &pretoken, &ids),
                }
                all.insert(pretoken, ids);
                if number.is_multiple_of(32) {
                    let ids = vec![number; 3 + (number / 32 % 5) as usize];
                    kept.push((cache.keep(&ids), ids));
                }
                for (at, ids) in &kept[kept.len().saturating_sub(20)..] {
                    let is_known = at.generation == cache.generation;
                    assert_eq!(
                        cache.kept(*at).map(ids_of).as_ref(),
                        is_known.then_some(ids)
                    );
                }
                assert!(cache.memory() <= max_bytes * 2);
            }
            assert!(held > 0);
            if max_bytes > 1 << 16 {
                for (pretoken, ids) in &all {
                    let found = cache.find(cache.hash(pretoken), pretoken);
                    assert_eq!(found.map(ids_of).as_ref(), Some(ids));
                }
            }
            let long = vec![0; MAX_LEN + 1];
            let hash = cache.hash(&long);
            cache.insert(hash, &long, &[1]);
            assert!(cache.find(hash, &long).is_none());
            cache.clear();
            let one = all.keys().next().unwrap();
            assert!(cache.find(cache.hash(one), one).is_none());
        }
    }
}
