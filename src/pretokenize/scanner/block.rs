//! Sixty-four bytes at once: where all their pretokens start.
//!
//! A block starts where a pretoken starts. Each class of its bytes is a set, one bit a byte, and
//! the arms of a family are operations on sets: what starts a run, what a prefix joins to a word,
//! what is left of white space behind its last line break. Addition fills runs: a bit added at a
//! place of a run of ones clears the run from there on.
//!
//! A character beyond ASCII has all its bytes in the sets of its class. What is rare and would make
//! the sets more complicated ends the block: white space and numbers beyond ASCII, capitals behind
//! letters without case. Nothing says what follows a block, so the last starts of it are not sure
//! and are left to the next one.

use super::classes::{HAN, LETTER, MARK, NUMBER, SPACE, UNCASED, UPPER, first_beyond_ascii, table};
use super::endings::Endings;
use super::family::{Contractions, Family, Marks, Prefix, Space, Tail};

/// How many bytes a block has.
pub(super) const LEN: usize = 64;

/// A set of the bytes of a block, the first byte lowest.
type Set = u64;

/// The classes of the bytes of a block.
struct Sets {
    /// Letters that belong to words, and marks that do.
    letters: Set,
    capitals: Set,
    digits: Set,
    /// White space.
    spaces: Set,
    /// Line breaks and slashes.
    tails: Set,
    /// The space.
    blanks: Set,
    apostrophes: Set,
    beyond_ascii: Set,
    /// The first bytes of characters; only beyond ASCII, as the next three.
    leads: Set,
    /// Letters and marks of both cases.
    uncased: Set,
    /// Marks, whatever they belong to.
    marks: Set,
    /// Han that stands apart.
    han: Set,
}

/// Where pretokens start in a block, and how many of its bytes that is said of.
pub(super) struct Starts {
    pub(super) set: u64,
    pub(super) len: usize,
}

/// Where pretokens start behind the first byte of a block, of which `len` bytes are text, as far as
/// that is sure. There is a pretoken at its first byte.
#[inline]
pub(super) fn starts(family: &Family, block: &[u8; LEN], len: usize) -> Starts {
    let mut sets = Sets::new(block);
    let mut len = len;
    if sets.beyond_ascii != 0 {
        len = len.min(sets.add_beyond_ascii(family, block));
        if len == 0 {
            return Starts { set: 0, len };
        }
    }
    let valid = Set::MAX >> (LEN - len);
    let letters = sets.letters & valid;
    let digits = sets.digits & valid;
    let blanks = sets.blanks & valid;
    let all_spaces = sets.spaces & valid;
    let all_signs = valid & !(letters | digits | all_spaces | sets.han);

    // What punctuation takes along is neither white space nor punctuation of its own.
    let tails = match family.tail {
        Tail::None => 0,
        Tail::Breaks => sets.tails & all_spaces,
        Tail::BreaksAndSlashes => sets.tails & valid,
    };
    let tail_starts = all_signs << 1 & !all_signs & tails;
    // More than one start in a run with slashes: addition leaves the later ones out.
    let eaten = tails & !tails.wrapping_add(tail_starts) | tail_starts;
    let spaces = all_spaces & !eaten;
    let signs = all_signs & !eaten;

    let breaks = match family.space {
        Space::Plain => 0,
        Space::Breaks | Space::EndThenBreaks => sets.tails & spaces,
    };
    let first_spaces = spaces & !(spaces << 1);
    let last_spaces = spaces & !(spaces >> 1) & !breaks;
    let space_starts = first_spaces | last_spaces | behind_last_breaks(spaces & !breaks, breaks);

    let first_signs = signs & !(signs << 1) & !(blanks << 1);
    let behind_prefix = match family.words.prefix {
        None => 0,
        Some(Prefix::Space) => blanks << 1,
        // Of more signs than one the last belongs to those before it.
        Some(Prefix::Any) => (spaces & !sets.tails) << 1 | sets.behind_characters(first_signs),
    };
    let mut word_starts = letters & !(letters << 1) & !behind_prefix;
    if family.words.is_cased {
        let small = letters & !sets.capitals;
        word_starts |= letters & sets.capitals & small << 1;
    }
    let han = sets.han & valid;

    let mut starts = space_starts
        | first_signs
        | word_starts
        | han & !(han << 1)
        | digit_starts(family, digits, blanks);
    let sure = match &family.contractions {
        Contractions::None => valid,
        // A contraction reads some bytes behind its apostrophe.
        Contractions::First(endings) => {
            let sure = valid >> endings.longest();
            take_contractions(block, &mut starts, sets.apostrophes & sure, endings);
            sure
        }
        Contractions::Suffix(endings) => {
            let sure = valid >> endings.longest();
            let apostrophes = sets.apostrophes & sure & letters << 1;
            take_suffixes(block, &mut starts, apostrophes, endings);
            sure
        }
    };
    // White space that reaches the end of the block may go on behind it; only its start is sure.
    let sure = if spaces & !(valid >> 1) == 0 {
        sure
    } else {
        sure & (Set::MAX >> first_spaces.leading_zeros())
    };
    Starts {
        set: starts & sure & !1,
        len,
    }
}

/// The starts of what follows the last line break of a run of white space. `blanks` are the
/// white space that is no line break.
#[inline]
fn behind_last_breaks(blanks: Set, breaks: Set) -> Set {
    let mut starts = blanks & breaks << 1;
    // Behind some of them comes another line break.
    let mut followed = blanks.wrapping_add(starts) & !blanks & breaks;
    while followed != 0 {
        let before = starts & (followed & followed.wrapping_neg()).wrapping_sub(1);
        starts ^= highest(before);
        followed &= followed - 1;
    }
    starts
}

/// The highest member of a set, as a set.
#[inline]
fn highest(set: Set) -> Set {
    if set == 0 { 0 } else { 1 << set.ilog2() }
}

#[inline]
fn digit_starts(family: &Family, digits: Set, blanks: Set) -> Set {
    let first = digits & !(digits << 1);
    let mut starts = if family.digits.has_space {
        first & !(blanks << 1)
    } else {
        first
    };
    let Some(max) = family.digits.max else {
        return starts;
    };
    let max = u32::from(max.get());
    if max == 1 {
        return starts | digits & digits << 1;
    }
    // The places whose last digits, as many as a group has, are without a gap.
    let mut groups = digits;
    for _ in 1..max.min(LEN as u32) {
        groups &= groups << 1 & digits;
    }
    let mut next = first;
    loop {
        next = next.checked_shl(max).unwrap_or(0) & groups;
        if next == 0 {
            return starts;
        }
        starts |= next;
    }
}

/// Makes a pretoken of each contraction that stands at one of `apostrophes` and of `starts`.
#[inline]
fn take_contractions(block: &[u8; LEN], starts: &mut Set, mut apostrophes: Set, endings: &Endings) {
    apostrophes &= *starts;
    while apostrophes != 0 {
        let at = apostrophes.trailing_zeros() as usize;
        let len = endings.contraction_len(&block[at..]);
        if len > 0 {
            *starts = *starts & !(((1 << len) - 2) << at) | 1 << at << len;
        }
        apostrophes &= apostrophes - 1;
    }
}

/// Joins each contraction that stands at one of `apostrophes` to the word before it.
#[inline]
fn take_suffixes(block: &[u8; LEN], starts: &mut Set, mut apostrophes: Set, endings: &Endings) {
    let mut taken = 0;
    while apostrophes != 0 {
        let at = apostrophes.trailing_zeros() as usize;
        // A word takes one.
        if at != taken {
            let len = endings.contraction_len(&block[at..]);
            if len > 0 {
                *starts = *starts & !(((1 << len) - 1) << at) | 1 << at << len;
                taken = at + len;
            }
        }
        apostrophes &= apostrophes - 1;
    }
}

impl Sets {
    /// The sets of the ASCII characters.
    #[inline]
    fn new(block: &[u8; LEN]) -> Self {
        let classes = block.map(classes);
        let (words, _) = classes.as_chunks::<8>();
        let mut rows = [0; 8];
        for (row, word) in rows.iter_mut().zip(words) {
            *row = u64::from_le_bytes(*word);
        }
        let [
            letters,
            capitals,
            digits,
            spaces,
            tails,
            blanks,
            apostrophes,
            beyond_ascii,
        ] = transposed(rows);
        Self {
            letters,
            capitals,
            digits,
            spaces,
            tails,
            blanks,
            apostrophes,
            beyond_ascii,
            leads: 0,
            uncased: 0,
            marks: 0,
            han: 0,
        }
    }

    /// Adds the characters beyond ASCII and says where the block ends because of them.
    #[inline]
    fn add_beyond_ascii(&mut self, family: &Family, block: &[u8; LEN]) -> usize {
        let table = table();
        let mut end = LEN;
        let mut left = self.beyond_ascii;
        while left != 0 {
            let at = left.trailing_zeros() as usize;
            let Some((class, rest)) = first_beyond_ascii(&block[at..], table) else {
                // The block cuts the character in two.
                end = at;
                break;
            };
            let bytes = Set::MAX >> rest.len() & Set::MAX << at;
            left &= !bytes;
            self.leads |= 1 << at;
            let bytes_if = |is_in: bool| if is_in { bytes } else { 0 };
            let is_han = family.words.is_han_apart && class & HAN != 0;
            if class & (SPACE | NUMBER) != 0 || is_han && class & LETTER == 0 {
                end = at;
                break;
            }
            let is_in_words = family.is_in_words(class);
            self.letters |= bytes_if(is_in_words);
            if family.words.is_han_apart {
                self.han |= bytes_if(is_han);
            }
            if family.words.is_cased {
                self.capitals |= bytes_if(class & UPPER != 0);
                self.uncased |= bytes_if(is_in_words && class & (UNCASED | MARK) != 0);
            }
            if family.words.marks == Marks::Both {
                self.marks |= bytes_if(class & MARK != 0);
            }
        }
        let mut ends = 0;
        if family.words.is_cased {
            ends |= self.capitals & self.uncased << 1;
        }
        if family.words.marks == Marks::Both {
            // Behind punctuation, marks are punctuation, and so behind a space that words lack.
            let words = match family.words.prefix {
                None => self.letters | self.digits | self.spaces & !self.blanks,
                Some(Prefix::Space | Prefix::Any) => self.letters | self.digits | self.spaces,
            };
            ends |= self.marks & !((words | self.han) << 1) & !1;
        }
        end.min(ends.trailing_zeros() as usize)
    }

    /// The bytes behind those characters whose first bytes are given.
    #[inline]
    fn behind_characters(&self, first: Set) -> Set {
        if self.beyond_ascii == 0 {
            return first << 1;
        }
        let inner = self.beyond_ascii & !self.leads;
        (first << 1).wrapping_add(inner) & !inner
    }
}

/// One bit for each set, in the order of [`Sets`]. Comparisons, not a table: they are done for many
/// bytes at once.
#[inline]
fn classes(byte: u8) -> u8 {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let is_capital = byte.wrapping_sub(b'A') < 26;
    let is_digit = byte.wrapping_sub(b'0') < 10;
    let is_blank = byte == b' ';
    let is_space = is_blank || byte.wrapping_sub(b'\t') < 5;
    let is_tail = byte == b'\n' || byte == b'\r' || byte == b'/';
    let bit = |is_in: bool, index: u8| if is_in { 1 << index } else { 0 };
    bit(is_letter, 0)
        | bit(is_capital, 1)
        | bit(is_digit, 2)
        | bit(is_space, 3)
        | bit(is_tail, 4)
        | bit(is_blank, 5)
        | bit(byte == b'\'', 6)
        | byte & 0x80
}

/// Eight rows of eight bytes of eight bits, turned so that row `i` has the bits `i` of all bytes
/// (Warren, Hacker's Delight, 7-3). Each step is done for all rows, two or four at a time.
#[inline]
fn transposed(mut rows: [u64; 8]) -> [u64; 8] {
    // Bits within each row.
    for (shift, mask) in [
        (7, 0x00aa_00aa_00aa_00aa),
        (14, 0x0000_cccc_0000_cccc),
        (28, 0x0000_0000_f0f0_f0f0),
    ] {
        for row in &mut rows {
            let swapped = (*row ^ *row >> shift) & mask;
            *row ^= swapped ^ swapped << shift;
        }
    }
    // Bytes between rows.
    for (distance, mask) in [
        (4, 0x0000_0000_ffff_ffff_u64),
        (2, 0x0000_ffff_0000_ffff),
        (1, 0x00ff_00ff_00ff_00ff),
    ] {
        let shift = distance * 8;
        for index in (0..8).filter(|index| index & distance == 0) {
            let (low, high) = (rows[index], rows[index + distance]);
            rows[index] = low & mask | (high & mask) << shift;
            rows[index + distance] = low >> shift & mask | high & !mask;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_those_of_their_bytes() {
        for first in 0..=255_u8 {
            let block =
                std::array::from_fn(|index| first.wrapping_add((index as u8).wrapping_mul(37)));
            let sets = Sets::new(&block);
            for (index, byte) in block.iter().enumerate() {
                let is_in = |set: Set| set >> index & 1 == 1;
                assert_eq!(is_in(sets.letters), byte.is_ascii_alphabetic());
                assert_eq!(is_in(sets.capitals), byte.is_ascii_uppercase());
                assert_eq!(is_in(sets.digits), byte.is_ascii_digit());
                let is_space = byte.is_ascii_whitespace() || *byte == 0x0b;
                assert_eq!(is_in(sets.spaces), is_space);
                assert_eq!(is_in(sets.tails), matches!(byte, b'\r' | b'\n' | b'/'));
                assert_eq!(is_in(sets.blanks), *byte == b' ');
                assert_eq!(is_in(sets.apostrophes), *byte == b'\'');
                assert_eq!(is_in(sets.beyond_ascii), !byte.is_ascii());
            }
        }
    }
}
