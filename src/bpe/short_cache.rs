//! The tokens of short pretokens that were encoded before.
//!
//! Nine of ten pretokens of a text are among a few thousand, and a text that was seen before has
//! no others. An entry is found by the bytes of the pretoken themselves, never by a hash alone, in
//! one of four slots: two in one cache line, two in the line beside it, which the processor fetches
//! along; or, if these were full, in four others. The table starts small and grows, up to a bound;
//! from there on the newest pretoken takes the place of another.

use bpekit_formats::TokenId;

use super::long_cache::At;
use super::output::Few;
use super::prefetch::prefetch;
use crate::huge_pages::prefer_huge_pages;

/// Key and tokens, 32 bytes: the key in two words, then three ids, then their number.
type Slot = [u64; 4];

/// A slot that is free. Not zeros, which the system would give unwritten: a page that is read before
/// it is written costs two faults instead of one, and the second one stops all other threads.
const FREE: Slot = [u64::MAX; 4];

/// Four slots: a line of two and its neighbour.
const GROUP: usize = 4;

/// Stands for the number of ids where they are kept elsewhere.
const ELSEWHERE: usize = 0xff;

/// 256 KiB, which fits the second-level cache beside much else.
const FIRST_SLOTS: usize = 1 << 13;

/// How many times as large a table is as the one before. A text with many pretokens is soon through
/// with the small ones, and each costs the system's time as well as that of moving.
const GROWTH: usize = 4;

/// 16 MiB.
const MAX_SLOTS: usize = 1 << 19;

/// Tokens by short pretoken, of one model.
pub(super) struct ShortCache {
    slots: Vec<Slot>,
    /// How many slots are in use.
    used: usize,
    max_slots: usize,
    /// Against texts that are made to collide; tokens do not depend on it.
    seed: u64,
}

/// What is known of a pretoken.
pub(super) enum Found {
    /// Its ids.
    Ids(Few),
    /// Where its ids are kept: more than an entry holds.
    Elsewhere(At),
    Nothing,
}

impl ShortCache {
    pub(super) fn new(seed: u64) -> Self {
        Self::with_slots(FIRST_SLOTS, MAX_SLOTS, seed)
    }

    fn with_slots(first: usize, max_slots: usize, seed: u64) -> Self {
        Self {
            slots: free_slots(first),
            used: 0,
            max_slots,
            seed,
        }
    }

    /// For looking keys up.
    #[inline]
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader {
            slots: &self.slots,
            seed: self.seed,
        }
    }

    /// Adds a key that is not there, with its ids, [`FEW`] at most.
    pub(super) fn insert(&mut self, key: u128, ids: &[TokenId]) {
        let id = |number: usize| u64::from(ids.get(number).copied().unwrap_or(0));
        let count = ids.len() as u64;
        self.add([
            key as u64,
            (key >> 64) as u64,
            id(0) | id(1) << 32,
            id(2) | count << 32,
        ]);
    }

    /// Adds a key that is not there, whose ids are kept elsewhere; or says where they are kept of
    /// one that is there.
    pub(super) fn insert_elsewhere(&mut self, key: u128, at: At) {
        let slot = [
            key as u64,
            (key >> 64) as u64,
            u64::from(at.start) | u64::from(at.generation) << 32,
            (ELSEWHERE as u64) << 32,
        ];
        let place = self.place_of(key);
        let held = (0..2 * GROUP)
            .map(|number| place ^ number)
            .find(|&place| self.slots[place][..2] == slot[..2]);
        match held {
            Some(held) => self.slots[held] = slot,
            None => self.add(slot),
        }
    }

    fn add(&mut self, slot: Slot) {
        if self.used * 2 >= self.slots.len() && self.slots.len() < self.max_slots {
            self.grow();
        }
        self.put(slot);
    }

    fn put(&mut self, slot: Slot) {
        let place = self.place_of(u128::from(slot[1]) << 64 | u128::from(slot[0]));
        // In the order in which `find` looks: the last of its own group is the last to be taken, so
        // that nothing is beside it as long as that is free.
        let free = (0..2 * GROUP)
            .map(|number| place ^ number)
            .find(|&place| is_free(&self.slots[place]));
        self.used += usize::from(free.is_some());
        // Full groups lose an entry, chosen by the hash.
        self.slots[free.unwrap_or(place)] = slot;
    }

    #[cold]
    fn grow(&mut self) {
        let larger = free_slots((self.slots.len() * GROWTH).min(self.max_slots));
        let old = std::mem::replace(&mut self.slots, larger);
        self.used = 0;
        for slot in old {
            if !is_free(&slot) {
                self.put(slot);
            }
        }
    }

    fn place_of(&self, key: u128) -> usize {
        hash(key, self.seed) as usize & (self.slots.len() - 1)
    }
}

/// A cache as it is, for looking keys up.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    slots: &'a [Slot],
    seed: u64,
}

impl Reader<'_> {
    /// Looks a key of [`super::short_key`] up.
    #[inline]
    pub(super) fn find(&self, key: u128) -> Found {
        self.find_hashed(key, self.hash(key))
    }

    /// The hash of a key.
    #[inline]
    pub(super) fn hash(&self, key: u128) -> u64 {
        hash(key, self.seed)
    }

    /// Has the slots of a hash fetched, for a [`Self::find_hashed`] that comes soon.
    #[inline]
    pub(super) fn prefetch(&self, hash: u64) {
        if let Some(slot) = self.slots.get(self.place(hash)) {
            prefetch(slot);
        }
    }

    #[inline]
    fn place(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    /// As [`Self::find`], for a key with this hash.
    #[inline]
    pub(super) fn find_hashed(&self, key: u128, hash: u64) -> Found {
        let place = self.place(hash);
        let start = place & !(GROUP - 1);
        let Some(group) = self.slots[start..].first_chunk::<GROUP>() else {
            return Found::Nothing;
        };
        let (low, high) = (key as u64, (key >> 64) as u64);
        let holds = |number: usize| {
            let slot = &group[number & (GROUP - 1)];
            (slot[0] ^ low) | (slot[1] ^ high) == 0
        };
        // Which of the two in a line it is nobody can foresee, so that there is no branch for it.
        let mut number = place ^ usize::from(!holds(place));
        if !holds(number) {
            number ^= 2;
            number ^= usize::from(!holds(number));
            if !holds(number) {
                return self.find_beside(place, key);
            }
        }
        read(&group[number & (GROUP - 1)])
    }

    /// The group beside that of `place`, where a key is if its own was full.
    #[cold]
    #[inline(never)]
    fn find_beside(&self, place: usize, key: u128) -> Found {
        if is_free(&self.slots[place ^ (GROUP - 1)]) {
            return Found::Nothing;
        }
        let start = (place ^ GROUP) & !(GROUP - 1);
        let holds = |slot: &&Slot| slot[0] == key as u64 && slot[1] == (key >> 64) as u64;
        let beside = self.slots[start..][..GROUP].iter().find(holds);
        beside.map_or(Found::Nothing, read)
    }
}

fn free_slots(count: usize) -> Vec<Slot> {
    let mut slots = Vec::with_capacity(count);
    prefer_huge_pages(slots.spare_capacity_mut());
    slots.resize(count, FREE);
    slots
}

/// The upper half of no key is all ones.
#[inline]
fn is_free(slot: &Slot) -> bool {
    slot[1] == FREE[1]
}

#[inline]
fn read(slot: &Slot) -> Found {
    let count = (slot[3] >> 32) as usize;
    if count == ELSEWHERE {
        return Found::Elsewhere(At {
            start: slot[2] as u32,
            generation: (slot[2] >> 32) as u32,
        });
    }
    Found::Ids(Few {
        pair: slot[2],
        third: slot[3] as TokenId,
        count,
    })
}

/// A folded multiplication: every bit of the key reaches the low bits.
#[inline]
fn hash(key: u128, seed: u64) -> u64 {
    let one = key as u64 ^ seed;
    let other = (key >> 64) as u64 ^ 0xd1b5_4a32_d192_ed03;
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::output::{FEW, Ids, Output};
    use super::super::short_key::short_key;
    use super::*;

    fn at(ids: &[u32], generation: u32) -> At {
        At {
            start: ids[3],
            generation,
        }
    }

    fn key(text: &str) -> u128 {
        short_key(text.as_bytes(), &(0..text.len())).unwrap()
    }

    #[test]
    fn gives_what_was_put_in_or_nothing() {
        // Little room, so that most is turned out again; and room enough to grow.
        for (first, max) in [(8, 8), (8, 64), (16, 1 << 14)] {
            let mut cache = ShortCache::with_slots(first, max, 12345);
            let mut all = HashMap::new();
            let mut random = 1_u32;
            let mut held = 0;
            for _ in 0..20_000 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let text = (random >> 20).to_string();
                let ids: Vec<u32> = (0..(random >> 20) % 6).map(|n| n * n + 7).collect();
                all.insert(text.clone(), ids.clone());
                match cache.reader().find(key(&text)) {
                    Found::Nothing if ids.len() > FEW => {
                        cache.insert_elsewhere(key(&text), at(&ids, 0));
                    }
                    Found::Nothing => cache.insert(key(&text), &ids),
                    Found::Elsewhere(found) => {
                        assert!(ids.len() > FEW);
                        assert_eq!(found, at(&ids, found.generation));
                        let later = at(&ids, found.generation + 1);
                        cache.insert_elsewhere(key(&text), later);
                        let found = cache.reader().find(key(&text));
                        assert!(matches!(found, Found::Elsewhere(found) if found == later));
                    }
                    Found::Ids(found) => {
                        held += 1;
                        let mut out = Ids::default();
                        out.few(found);
                        assert_eq!(out.as_slice(), ids);
                    }
                }
                assert!(cache.slots.len() <= max && cache.used <= cache.slots.len());
            }
            assert!(held > 0);
            if max > 1 << 13 {
                let is_held =
                    |text: &String| !matches!(cache.reader().find(key(text)), Found::Nothing);
                assert!(all.keys().filter(|text| is_held(text)).count() * 20 > all.len() * 19);
            }
        }
    }
}
