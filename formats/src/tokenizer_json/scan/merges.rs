//! `model.merges`, each resolved to the ids of its tokens.

use super::cursor::{Cursor, Separator};
use crate::byte_alphabet;
use crate::definition::{Atoms, Merge};
use crate::limits::Limits;
use crate::vocab::{Key, Vocab};

/// The merges of a model.
pub(super) struct Scanned {
    pub(super) merges: Vec<Merge>,
    /// Whether they are pairs; the first decides.
    pub(super) are_pairs: bool,
}

/// A text shorter than this is not worth a second thread.
const MIN_SHARED: usize = 1 << 20;

/// Scans the array of merges.
pub(super) fn scan(
    cursor: &mut Cursor<'_>,
    vocab: &Vocab,
    atoms: Atoms,
    limits: &Limits,
) -> Option<Scanned> {
    cursor.eat_between(b'[')?;
    if cursor.eat(b']').is_some() {
        return Some(Scanned {
            merges: Vec::new(),
            are_pairs: false,
        });
    }
    let are_pairs = cursor.peek()? == b'[';
    open(cursor, are_pairs)?;
    let new = |at| Scanner {
        cursor: Cursor { at, ..*cursor },
        vocab,
        atoms,
        are_pairs,
        limit: limits.merge_count,
        inside: Separator::default(),
        between: Separator::default(),
        group: Group::default(),
        last: 0,
        seen: vec![0; vocab.range(vocab.len() - 1).end / 64 + 1],
        merges: Vec::with_capacity((cursor.bytes.len() - cursor.at) / 32),
    };
    let mut first = new(cursor.at);
    let middle = Some(cursor.at + (cursor.bytes.len() - cursor.at) / 2)
        .filter(|middle| middle - cursor.at >= MIN_SHARED)
        .and_then(|middle| {
            a_start(
                Cursor {
                    at: middle,
                    ..*cursor
                },
                are_pairs,
            )
        });
    let (end, second) = match middle {
        None => (first.run(None)?, None),
        Some(middle) => std::thread::scope(|scope| {
            let work = || {
                let mut second = new(middle);
                matches!(second.run(None), Some(End::Array)).then_some(second)
            };
            let thread = std::thread::Builder::new().spawn_scoped(scope, work);
            let end = first.run(Some(middle))?;
            Some((end, thread.ok().and_then(|thread| thread.join().ok())))
        })?,
    };
    if end == End::Middle {
        // The second half starts where the first one ends, so that it is made of merges, too.
        match second {
            Some(second) => first.append(&second?)?,
            None => {
                first.run(None)?;
            }
        }
    }
    cursor.at = first.cursor.at;
    let merges = first.merges;
    Some(Scanned { merges, are_pairs })
}

/// Steps over the start of a merge, up to behind the quote of its first string.
fn open(cursor: &mut Cursor<'_>, are_pairs: bool) -> Option<()> {
    if are_pairs {
        cursor.eat_between(b'[')?;
    }
    cursor.eat(b'"')
}

/// What looks like the start of a merge, behind the place of the cursor; the place that [`open`]
/// stops at. It may be inside a string.
fn a_start(mut cursor: Cursor<'_>, are_pairs: bool) -> Option<usize> {
    let before = if are_pairs { b']' } else { b'"' };
    loop {
        cursor.at += memchr::memchr(before, &cursor.bytes[cursor.at..])? + 1;
        let mut next = cursor;
        if next.eat_between(b',').is_some() && open(&mut next, are_pairs).is_some() {
            return Some(next.at);
        }
    }
}

/// Where a scanner stopped.
#[derive(PartialEq, Eq)]
enum End {
    /// Behind the array.
    Array,
    /// At the start of the merge where it was told to.
    Middle,
}

/// Merges that are looked up together, as the memory of the vocab is waited for: as many as make
/// the working memory of a group small.
const GROUP: usize = 32;

/// Parts are decoded into room for this many bytes; longer ones take the way of those with
/// escapes.
const MAX_PART: usize = 256;

/// Merges whose tokens are not looked up yet.
#[derive(Default)]
struct Group {
    /// The bytes of their parts, one behind the other; more is room for the next one.
    bytes: Vec<u8>,
    end: usize,
    /// Where left ends and where right ends; right of the one before ends where left starts.
    places: Vec<(usize, usize)>,
}

impl Group {
    fn room(&mut self, len: usize) -> &mut [u8] {
        if self.bytes.len() < self.end + len {
            self.bytes.resize(2 * (self.end + len), 0);
        }
        &mut self.bytes[self.end..][..len]
    }
}

struct Scanner<'a> {
    cursor: Cursor<'a>,
    vocab: &'a Vocab,
    atoms: Atoms,
    are_pairs: bool,
    limit: u64,
    /// What stands between the parts of a pair.
    inside: Separator,
    /// What stands between two merges, from behind the last quote of one.
    between: Separator,
    group: Group,
    /// The position of the last product.
    last: usize,
    /// A bit for each place between two bytes of the vocab: whether a merge puts a token together
    /// there. The same merge twice is the same place twice, as its parts are its product's bytes.
    seen: Vec<u64>,
    merges: Vec<Merge>,
}

impl Scanner<'_> {
    /// Scans up to the end of the array, or up to a merge whose first string starts at `middle`.
    fn run(&mut self, middle: Option<usize>) -> Option<End> {
        let are_pairs = self.are_pairs;
        loop {
            if middle == Some(self.cursor.at) {
                self.resolve()?;
                return Some(End::Middle);
            }
            if are_pairs {
                self.pair()?;
            } else {
                self.string()?;
            }
            if self.group.places.len() == GROUP {
                self.resolve()?;
            }
            let has_more = self.between.step(&mut self.cursor, |cursor| {
                if are_pairs {
                    cursor.space();
                    cursor.eat(b']')?;
                }
                cursor.space();
                if cursor.eat(b']').is_some() {
                    return Some(false);
                }
                cursor.eat_between(b',')?;
                open(cursor, are_pairs).map(|()| true)
            })?;
            if !has_more {
                self.resolve()?;
                return Some(End::Array);
            }
        }
    }

    /// `["a", "b"]`, between the outer quotes.
    #[inline]
    fn pair(&mut self) -> Option<()> {
        self.part()?;
        let middle = self.group.end;
        self.inside.step(&mut self.cursor, |cursor| {
            cursor.eat_between(b',')?;
            cursor.eat(b'"').map(|()| true)
        })?;
        self.part()?;
        self.group.places.push((middle, self.group.end));
        Some(())
    }

    /// A string of a pair, from behind its first quote.
    #[inline]
    fn part(&mut self) -> Option<()> {
        let start = self.cursor.at;
        if self.atoms == Atoms::Bytes {
            let len = self.cursor.byte_level(self.group.room(MAX_PART));
            if len > 0 && self.cursor.eat(b'"').is_some() {
                self.group.end += len;
                return Some(());
            }
        }
        self.cursor.at = start - 1;
        let text = self.cursor.text()?;
        self.push_text(&text)
    }

    /// `"a b"`, from behind its first quote.
    #[inline]
    fn string(&mut self) -> Option<()> {
        let start = self.cursor.at;
        let group_start = self.group.end;
        if self.atoms == Atoms::Bytes && !self.cursor.bytes[start..].starts_with(b"#version") {
            let left = self.cursor.byte_level(self.group.room(MAX_PART));
            if left > 0 && self.cursor.eat(b' ').is_some() {
                self.group.end += left;
                let right = self.cursor.byte_level(self.group.room(MAX_PART));
                if right > 0 && self.cursor.eat(b'"').is_some() {
                    let middle = self.group.end;
                    self.group.end += right;
                    self.group.places.push((middle, self.group.end));
                    return Some(());
                }
            }
        }
        self.cursor.at = start - 1;
        self.group.end = group_start;
        let text = self.cursor.text()?;
        let (left, right) = text.split_once(' ')?;
        if text.starts_with("#version") || right.contains(' ') {
            return None;
        }
        self.push_text(left)?;
        let middle = self.group.end;
        self.push_text(right)?;
        self.group.places.push((middle, self.group.end));
        Some(())
    }

    /// Adds the bytes of a token to the group. None if it stands for no bytes: few files have
    /// such merges.
    fn push_text(&mut self, text: &str) -> Option<()> {
        let mut bytes = Vec::new();
        match self.atoms {
            Atoms::Characters => bytes.extend_from_slice(text.as_bytes()),
            Atoms::Bytes => byte_alphabet::decode_into(text, &mut bytes).then_some(())?,
        }
        let len = bytes.len();
        self.group.room(len).copy_from_slice(&bytes);
        self.group.end += len;
        (len > 0).then_some(())
    }

    /// Looks up the merges of the group.
    fn resolve(&mut self) -> Option<()> {
        let vocab = self.vocab;
        let places = &self.group.places;
        let bytes = &self.group.bytes[..];
        let mut parts = [Key::default(); 2 * GROUP];
        let mut start = 0;
        for (parts, &(middle, end)) in parts.chunks_exact_mut(2).zip(places) {
            parts[0] = Key::inside(bytes, start..middle);
            parts[1] = Key::inside(bytes, middle..end);
            start = end;
        }
        let positions = vocab.positions_of(&parts);
        let (pairs, _) = positions.as_chunks::<2>();
        let mut start = 0;
        for (&(middle, end), &[left, right]) in places.iter().zip(pairs) {
            let joined = Key::inside(bytes, start..end);
            // The merges of one token stand together, and tokens in the order of their ids.
            let product = [self.last, self.last + 1]
                .into_iter()
                .find(|&position| vocab.is_ordinary(position, joined))
                .or_else(|| vocab.position_of(joined))?;
            self.last = product;
            let place = vocab.range(product).start + (middle - start);
            let (word, bit) = (place / 64, 1 << (place % 64));
            if self.seen[word] & bit != 0 {
                return None;
            }
            self.seen[word] |= bit;
            self.merges.push(Merge {
                left: vocab.id_at(left?),
                right: vocab.id_at(right?),
                product: vocab.id_at(product),
            });
            start = end;
        }
        self.group.places.clear();
        self.group.end = 0;
        (self.merges.len() as u64 <= self.limit).then_some(())
    }

    /// Takes over what another scanner has scanned from the place of this one.
    fn append(&mut self, other: &Self) -> Option<()> {
        if self
            .seen
            .iter()
            .zip(&other.seen)
            .any(|(one, other)| one & other != 0)
        {
            return None;
        }
        self.merges.extend_from_slice(&other.merges);
        self.cursor = other.cursor;
        (self.merges.len() as u64 <= self.limit).then_some(())
    }
}
