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

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without the instructions of its caller"
)]

use super::endings::Endings;
use super::family::{Contractions, Family, Marks, Prefix, Space, Tail};
use super::planes::{AsciiSets, LEN, Planes, Set};

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
#[inline(always)]
pub(super) fn starts<P: Planes>(family: &Family, block: &[u8; LEN], len: usize) -> Starts {
    let mut sets = Sets::new(P::ascii(block));
    let mut len = len;
    if sets.beyond_ascii != 0 {
        len = len.min(sets.add_beyond_ascii::<P>(family, block));
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
#[inline(always)]
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
#[inline(always)]
fn highest(set: Set) -> Set {
    if set == 0 { 0 } else { 1 << set.ilog2() }
}

#[inline(always)]
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
#[inline(always)]
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
#[inline(always)]
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
    #[inline(always)]
    fn new(ascii: AsciiSets) -> Self {
        let AsciiSets {
            letters,
            capitals,
            digits,
            spaces,
            tails,
            blanks,
            apostrophes,
            beyond_ascii,
        } = ascii;
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
    #[inline(always)]
    fn add_beyond_ascii<P: Planes>(&mut self, family: &Family, block: &[u8; LEN]) -> usize {
        let found = P::beyond_ascii(block, self.beyond_ascii);
        self.leads = found.leads;
        let mut ends = found.stops;
        let mut in_words = match family.words.marks {
            Marks::Punctuation => found.letters,
            Marks::Words | Marks::Both => found.letters | found.marks,
        };
        if family.words.is_han_apart {
            ends |= found.han & !found.letters;
            in_words &= !found.han;
            self.han = found.han;
        }
        self.letters |= in_words;
        if family.words.is_cased {
            self.capitals |= found.upper;
            self.uncased = in_words & (found.uncased | found.marks);
            ends |= self.capitals & self.uncased << 1;
        }
        if family.words.marks == Marks::Both {
            self.marks = found.marks;
            // Behind punctuation, marks are punctuation, and so behind a space that words lack.
            let words = match family.words.prefix {
                None => self.letters | self.digits | self.spaces & !self.blanks,
                Some(Prefix::Space | Prefix::Any) => self.letters | self.digits | self.spaces,
            };
            ends |= self.marks & !((words | self.han) << 1) & !1;
        }
        found.end.min(ends.trailing_zeros() as usize)
    }

    /// The bytes behind those characters whose first bytes are given.
    #[inline(always)]
    fn behind_characters(&self, first: Set) -> Set {
        if self.beyond_ascii == 0 {
            return first << 1;
        }
        let inner = self.beyond_ascii & !self.leads;
        (first << 1).wrapping_add(inner) & !inner
    }
}
