//! The classes of sixty-four bytes, a set for each.
//!
//! The sets are the same wherever they come from: from any processor with [`Portable`], and with
//! wider instructions where there are some, which `fill` chooses when the program runs.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without the instructions of its caller"
)]

use super::classes::{
    Class, HAN, LETTER, MARK, NUMBER, SPACE, UNCASED, UPPER, first_beyond_ascii, table,
};

/// How many bytes a block has.
pub(super) const LEN: usize = 64;

/// A set of the bytes of a block, the first byte lowest.
pub(super) type Set = u64;

/// The ASCII characters of a block, by class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AsciiSets {
    pub(super) letters: Set,
    pub(super) capitals: Set,
    pub(super) digits: Set,
    /// White space.
    pub(super) spaces: Set,
    /// Line breaks and slashes.
    pub(super) tails: Set,
    /// The space.
    pub(super) blanks: Set,
    pub(super) apostrophes: Set,
    /// The bytes that are no ASCII characters.
    pub(super) beyond_ascii: Set,
}

/// The characters of a block beyond ASCII, by class. All bytes of a character are in its sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BeyondAscii {
    /// The first bytes of characters.
    pub(super) leads: Set,
    pub(super) upper: Set,
    pub(super) uncased: Set,
    pub(super) letters: Set,
    pub(super) marks: Set,
    /// White space and numbers.
    pub(super) stops: Set,
    pub(super) han: Set,
    /// Where a character starts that the block cuts in two, which is in no set; or else the length
    /// of the block.
    pub(super) end: usize,
}

/// A way to find the classes of a block, all of which find the same.
pub(super) trait Planes {
    /// The classes of the ASCII characters.
    fn ascii(block: &[u8; LEN]) -> AsciiSets;

    /// The classes of the others, which are where `beyond_ascii` says. The first byte of the block
    /// is the first one of a character.
    fn beyond_ascii(block: &[u8; LEN], beyond_ascii: Set) -> BeyondAscii;
}

/// What every processor can do.
pub(super) struct Portable;

impl Planes for Portable {
    #[inline(always)]
    fn ascii(block: &[u8; LEN]) -> AsciiSets {
        let [
            letters,
            capitals,
            digits,
            spaces,
            tails,
            blanks,
            apostrophes,
            beyond_ascii,
        ] = planes(&block.map(classes));
        AsciiSets {
            letters,
            capitals,
            digits,
            spaces,
            tails,
            blanks,
            apostrophes,
            beyond_ascii,
        }
    }

    #[inline(always)]
    fn beyond_ascii(block: &[u8; LEN], beyond_ascii: Set) -> BeyondAscii {
        let table = table();
        let mut classes: [Class; LEN] = [0; LEN];
        let mut leads = 0;
        let mut end = LEN;
        let mut left = beyond_ascii;
        while left != 0 {
            let at = left.trailing_zeros() as usize;
            let Some((class, rest)) = first_beyond_ascii(&block[at..], table) else {
                end = at;
                break;
            };
            let behind = LEN - rest.len();
            classes[at..behind].fill(class);
            leads |= 1 << at;
            left &= Set::MAX << at << (behind - at);
        }
        let [upper, lower, uncased, marks, numbers, spaces, _, han] = planes(&classes);
        BeyondAscii {
            leads,
            upper,
            uncased,
            letters: upper | lower | uncased,
            marks,
            stops: numbers | spaces,
            han,
            end,
        }
    }
}

// The rows of `planes` are in the order of the bits of a class.
const _: () = assert!(
    UPPER == 1
        && LETTER == 7
        && UNCASED == 4
        && MARK == 8
        && NUMBER == 16
        && SPACE == 32
        && HAN == 128
);

/// Set `i` has the bytes with the bit `i`.
#[inline(always)]
fn planes(bytes: &[u8; LEN]) -> [Set; 8] {
    let (words, _) = bytes.as_chunks::<8>();
    let mut rows = [0; 8];
    for (row, word) in rows.iter_mut().zip(words) {
        *row = u64::from_le_bytes(*word);
    }
    transposed(rows)
}

/// One bit for each set, in the order of [`AsciiSets`]. Comparisons, not a table: they are done for many
/// bytes at once.
#[inline(always)]
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
#[inline(always)]
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
            let sets = Portable::ascii(&block);
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
