//! The table of pretoken counts: shards of distinct pretokens, and in front of them a small table
//! for each thread.
//!
//! Nine of ten pretokens of a text are among the few thousand commonest. [`Front`] counts those in
//! a table that fits the processor's second-level cache; what it turns out goes to the shards in
//! lots, so that a lock is taken once for thousands of pretokens. Every pretoken is kept once,
//! whatever the number of threads.

use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;

use crate::bpe::{key_bytes, short_key};
use crate::error::{Error, Result};

const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;

/// Counts by pretoken.
pub(crate) struct Table {
    shards: Vec<Mutex<Shard>>,
    /// Seeded: a corpus cannot be made to collide.
    hasher: RandomState,
}

/// The pretokens whose hash starts with one number.
#[derive(Default)]
struct Shard {
    /// The pretokens, one after the other.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    counts: Vec<u64>,
    /// Entry numbers plus one by hash, open addressing; 0 is empty. A power of two.
    index: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Entry {
    /// Behind its last byte; it starts where the one before ends.
    end: u32,
    /// The lower half of its hash.
    hash: u32,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::default(),
        }
    }
}

impl Table {
    /// How many distinct pretokens there are.
    pub(crate) fn len(&self) -> usize {
        self.shards().map(|shard| shard.entries.len()).sum()
    }

    /// The count of a pretoken; 0 if it is not there.
    pub(crate) fn get(&self, pretoken: &[u8]) -> u64 {
        let hash = self.hasher.hash_one(pretoken);
        let shard = lock(&self.shards[shard_of(hash)]);
        shard
            .find(hash as u32, pretoken)
            .map_or(0, |number| shard.counts[number])
    }

    /// Adds to the count of a pretoken.
    ///
    /// # Errors
    ///
    /// `Argument` if the count does not fit 64 bits, or the table has no room.
    pub(crate) fn add(&self, pretoken: &[u8], count: u64) -> Result<()> {
        let hash = self.hasher.hash_one(pretoken);
        lock(&self.shards[shard_of(hash)]).add(hash as u32, pretoken, count)
    }

    /// Whether the count of a pretoken can grow by this much.
    ///
    /// # Errors
    ///
    /// As [`Self::add`].
    pub(crate) fn check_add(&self, pretoken: &[u8], count: u64) -> Result<()> {
        match self.get(pretoken).checked_add(count) {
            Some(_) => Ok(()),
            None => Err(overflow(pretoken)),
        }
    }

    /// Removes the pretokens with lower counts, and gives their memory back.
    pub(crate) fn retain(&mut self, min_count: u64) {
        for shard in &mut self.shards {
            let shard = shard.get_mut().unwrap_or_else(PoisonError::into_inner);
            shard.retain(min_count);
        }
    }

    /// Calls `sink` with each pretoken and its count, in no order that means anything.
    ///
    /// # Errors
    ///
    /// Those of `sink`.
    pub(crate) fn for_each(&self, mut sink: impl FnMut(&[u8], u64) -> Result<()>) -> Result<()> {
        for shard in self.shards() {
            let mut start = 0;
            for (entry, &count) in shard.entries.iter().zip(&shard.counts) {
                let end = entry.end as usize;
                sink(&shard.bytes[start..end], count)?;
                start = end;
            }
        }
        Ok(())
    }

    /// Takes everything out.
    pub(crate) fn take(&self) -> Self {
        Self {
            shards: self
                .shards()
                .map(|mut shard| Mutex::new(std::mem::take(&mut *shard)))
                .collect(),
            hasher: self.hasher.clone(),
        }
    }

    /// Holds the table as it is, for borrowing from it.
    pub(crate) fn hold(&self) -> Held<'_> {
        Held(self.shards().collect())
    }

    /// The bytes of memory it takes.
    pub(crate) fn memory(&self) -> u64 {
        self.shards().map(|shard| shard.memory()).sum()
    }

    fn shards(&self) -> impl Iterator<Item = MutexGuard<'_, Shard>> {
        self.shards.iter().map(lock)
    }
}

/// A table that nobody else can change.
pub(crate) struct Held<'a>(Vec<MutexGuard<'a, Shard>>);

impl Held<'_> {
    /// Every pretoken with its count, in no order that means anything.
    pub(crate) fn entries(&self) -> Vec<(&[u8], u64)> {
        let count = self.0.iter().map(|shard| shard.entries.len()).sum();
        let mut all = Vec::with_capacity(count);
        for shard in &self.0 {
            let mut start = 0;
            for (entry, &count) in shard.entries.iter().zip(&shard.counts) {
                let end = entry.end as usize;
                all.push((&shard.bytes[start..end], count));
                start = end;
            }
        }
        all
    }
}

/// A panic of another thread leaves a shard as it was between two additions.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shard_of(hash: u64) -> usize {
    (hash >> (64 - SHARD_BITS)) as usize
}

/// Where a pretoken is in a shard, or would be.
enum Place {
    Held(usize),
    Free(usize),
}

impl Shard {
    fn add(&mut self, hash: u32, pretoken: &[u8], count: u64) -> Result<()> {
        if (self.entries.len() + 1) * 4 > self.index.len() * 3 {
            self.grow();
        }
        let at = match self.place_of(hash, pretoken) {
            Place::Held(number) => {
                let sum = self.counts[number].checked_add(count);
                self.counts[number] = sum.ok_or_else(|| overflow(pretoken))?;
                return Ok(());
            }
            Place::Free(at) => at,
        };
        let end = u32::try_from(self.bytes.len() + pretoken.len())
            .ok()
            .filter(|_| self.entries.len() < u32::MAX as usize - 1)
            .ok_or_else(|| {
                Error::argument(
                    "more than 256 GiB of distinct pretokens; count in parts and prune each",
                )
            })?;
        self.bytes.extend_from_slice(pretoken);
        self.entries.push(Entry { end, hash });
        self.counts.push(count);
        self.index[at] = self.entries.len() as u32;
        Ok(())
    }

    fn find(&self, hash: u32, pretoken: &[u8]) -> Option<usize> {
        if self.index.is_empty() {
            return None;
        }
        match self.place_of(hash, pretoken) {
            Place::Held(number) => Some(number),
            Place::Free(_) => None,
        }
    }

    #[inline]
    fn place_of(&self, hash: u32, pretoken: &[u8]) -> Place {
        let mask = self.index.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let Some(number) = (self.index[at] as usize).checked_sub(1) else {
                return Place::Free(at);
            };
            if self.entries[number].hash == hash && self.pretoken(number) == pretoken {
                return Place::Held(number);
            }
            at = (at + 1) & mask;
        }
    }

    fn retain(&mut self, min_count: u64) {
        let old = std::mem::take(self);
        let kept = old.counts.iter().filter(|&&count| count >= min_count);
        self.entries.reserve_exact(kept.count());
        let mut start = 0;
        for (entry, &count) in old.entries.iter().zip(&old.counts) {
            let end = entry.end as usize;
            if count >= min_count {
                self.bytes.extend_from_slice(&old.bytes[start..end]);
                let end = self.bytes.len() as u32;
                self.entries.push(Entry { end, ..*entry });
                self.counts.push(count);
            }
            start = end;
        }
        let mut size = 64;
        while (self.entries.len() + 1) * 4 > size * 3 {
            size *= 2;
        }
        self.index_anew(size);
    }

    fn pretoken(&self, number: usize) -> &[u8] {
        let start = match number.checked_sub(1) {
            Some(before) => self.entries[before].end as usize,
            None => 0,
        };
        &self.bytes[start..self.entries[number].end as usize]
    }

    fn grow(&mut self) {
        self.index_anew((self.index.len() * 2).max(64));
    }

    fn index_anew(&mut self, size: usize) {
        let mask = size - 1;
        let mut index = vec![0; size];
        for (number, entry) in self.entries.iter().enumerate() {
            let mut at = entry.hash as usize & mask;
            while index[at] != 0 {
                at = (at + 1) & mask;
            }
            index[at] = number as u32 + 1;
        }
        self.index = index;
    }

    fn memory(&self) -> u64 {
        let entries = self.entries.capacity() * size_of::<Entry>();
        let counts = self.counts.capacity() * size_of::<u64>();
        let index = self.index.capacity() * size_of::<u32>();
        (self.bytes.capacity() + entries + counts + index) as u64
    }
}

fn overflow(pretoken: &[u8]) -> Error {
    Error::argument(format!(
        "the count of {} exceeds 2^64 - 1",
        bpekit_formats::show_bytes(pretoken)
    ))
}

/// One thread's counts of the commonest pretokens. What it holds belongs to no table until
/// [`Front::flush`].
pub(crate) struct Front {
    slots: Box<[Slot]>,
    /// What was turned out, to be added to the table.
    out: Lot,
}

/// A short pretoken by its key; 0 is empty.
#[derive(Clone, Copy, Default)]
struct Slot {
    key: u128,
    count: u64,
}

/// Two slots a place, 64 bytes together: 1 MiB.
const PLACE_BITS: u32 = 14;

/// Pretokens on their way to the table.
#[derive(Default)]
struct Lot {
    bytes: Vec<u8>,
    entries: Vec<Sent>,
    /// Where the entries of each shard go, while they are sorted.
    by_shard: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Sent {
    hash: u64,
    count: u64,
    start: u32,
    len: u32,
}

/// A lot is sent when it has this many pretokens or bytes.
const LOT_ENTRIES: usize = 1 << 13;
const LOT_BYTES: usize = 1 << 18;

impl Front {
    pub(crate) fn new() -> Self {
        Self {
            slots: vec![Slot::default(); 2 << PLACE_BITS].into_boxed_slice(),
            out: Lot::default(),
        }
    }

    /// Counts one pretoken, which is `source[start..end]`: the bytes behind it are read along, so
    /// that a short one is loaded in one go.
    ///
    /// # Errors
    ///
    /// As [`Table::add`].
    #[inline]
    pub(crate) fn count(
        &mut self,
        table: &Table,
        source: &[u8],
        start: usize,
        end: usize,
    ) -> Result<()> {
        let Some(key) = short_key(source, &(start..end)) else {
            return self.send(table, &source[start..end], 1);
        };
        let place = place_of(key);
        let Some([one, other]) = self.slots.get_mut(place..place + 2) else {
            return Ok(());
        };
        if one.key == key {
            one.count += 1;
            return Ok(());
        }
        if other.key == key {
            other.count += 1;
            return Ok(());
        }
        self.miss(table, place, key)
    }

    #[cold]
    #[inline(never)]
    fn miss(&mut self, table: &Table, place: usize, key: u128) -> Result<()> {
        // The rarer one goes: common pretokens stay, whatever comes between.
        let rarer = place + usize::from(self.slots[place + 1].count < self.slots[place].count);
        let old = std::mem::replace(&mut self.slots[rarer], Slot { key, count: 1 });
        self.send_slot(table, old)
    }

    fn send_slot(&mut self, table: &Table, slot: Slot) -> Result<()> {
        let (bytes, len) = key_bytes(slot.key);
        if len == 0 {
            return Ok(());
        }
        self.send(table, &bytes[..len], slot.count)
    }

    fn send(&mut self, table: &Table, pretoken: &[u8], count: u64) -> Result<()> {
        let out = &mut self.out;
        out.entries.push(Sent {
            hash: table.hasher.hash_one(pretoken),
            count,
            start: out.bytes.len() as u32,
            len: pretoken.len() as u32,
        });
        out.bytes.extend_from_slice(pretoken);
        if out.entries.len() >= LOT_ENTRIES || out.bytes.len() >= LOT_BYTES {
            out.deliver(table)?;
        }
        Ok(())
    }

    /// Adds everything to the table.
    ///
    /// # Errors
    ///
    /// As [`Table::add`].
    pub(crate) fn flush(&mut self, table: &Table) -> Result<()> {
        for number in 0..self.slots.len() {
            let slot = std::mem::take(&mut self.slots[number]);
            self.send_slot(table, slot)?;
        }
        self.out.deliver(table)
    }
}

impl Lot {
    fn deliver(&mut self, table: &Table) -> Result<()> {
        // Sorted by shard with two passes of counting.
        let mut ends = [0_u32; SHARDS + 1];
        for entry in &self.entries {
            ends[shard_of(entry.hash) + 1] += 1;
        }
        for shard in 0..SHARDS {
            ends[shard + 1] += ends[shard];
        }
        let mut next = ends;
        self.by_shard.clear();
        self.by_shard.resize(self.entries.len(), 0);
        for (number, entry) in self.entries.iter().enumerate() {
            let place = &mut next[shard_of(entry.hash)];
            self.by_shard[*place as usize] = number as u32;
            *place += 1;
        }
        for (shard, range) in table.shards.iter().zip(ends.windows(2)) {
            let numbers = &self.by_shard[range[0] as usize..range[1] as usize];
            if numbers.is_empty() {
                continue;
            }
            let mut shard = lock(shard);
            for &number in numbers {
                let entry = self.entries[number as usize];
                let start = entry.start as usize;
                let pretoken = &self.bytes[start..start + entry.len as usize];
                shard.add(entry.hash as u32, pretoken, entry.count)?;
            }
        }
        self.entries.clear();
        self.bytes.clear();
        Ok(())
    }
}

/// The first of the two slots of a key: a folded multiplication, all bits of the key.
#[inline]
fn place_of(key: u128) -> usize {
    let one = key as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let other = (key >> 64) as u64 ^ 0xd1b5_4a32_d192_ed03;
    let product = u128::from(one) * u128::from(other);
    let mixed = product as u64 ^ (product >> 64) as u64;
    (mixed >> (64 - PLACE_BITS)) as usize * 2
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn counted(table: &Table) -> HashMap<Vec<u8>, u64> {
        let mut found = HashMap::new();
        table
            .for_each(|pretoken, count| {
                assert!(found.insert(pretoken.to_vec(), count).is_none());
                Ok(())
            })
            .unwrap();
        found
    }

    /// Pretokens of all lengths around the limit of a slot, in texts that end at once behind them
    /// and in texts that go on; more of them than there are slots.
    #[test]
    fn counts_what_a_map_counts() {
        let mut random = 1_u32;
        let mut expected: HashMap<Vec<u8>, u64> = HashMap::new();
        let table = Table::default();
        let mut front = Front::new();
        for _ in 0..200_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = (random >> 8) % 150_000;
            let len = (random >> 27) as usize % 20 + 1;
            let mut source = format!("{number:0len$}").into_bytes();
            source[0] = if number.is_multiple_of(3) {
                0
            } else {
                source[0]
            };
            let end = source.len();
            *expected.entry(source.clone()).or_default() += 1;
            source.resize(end + number as usize % 20, b'x');
            front.count(&table, &source, 0, end).unwrap();
        }
        front.flush(&table).unwrap();
        assert_eq!(counted(&table), expected);
        assert_eq!(table.len(), expected.len());
    }

    #[test]
    fn a_zero_byte_is_no_padding() {
        let table = Table::default();
        let mut front = Front::new();
        for pretoken in [&b"a"[..], b"a\0", b"a\0\0", b"\0"] {
            front.count(&table, pretoken, 0, pretoken.len()).unwrap();
        }
        front.flush(&table).unwrap();
        assert_eq!(table.len(), 4);
    }

    #[test]
    fn counts_do_not_wrap() {
        let table = Table::default();
        table.add(b"a", u64::MAX).unwrap();
        let error = table.add(b"a", 1).unwrap_err();
        assert!(error.to_string().contains("exceeds 2^64 - 1"), "{error}");
        assert_eq!(counted(&table)[&b"a"[..]], u64::MAX);
    }
}
