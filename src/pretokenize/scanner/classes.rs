//! What a character is: general categories, white space, line breaks, Han.
//!
//! The classes are those of regex-syntax, so that they are the same as in the regular expressions.
//! ASCII has a table in the program. The rest is filled in at the first character that is not
//! ASCII: one byte a code point, in memory that the system gives zeroed and that is touched only
//! where there are characters. ASCII texts do without.
//!
//! # Notes on speed
//!
//! Filling in takes 0.25 to 0.35 ms, once a process. A table in the program would save that for
//! the first text beyond ASCII, for 140,000 more lines of data or another form of it to check.

use std::sync::OnceLock;

use regex_syntax::hir::{Class as HirClass, HirKind};

/// The classes of a character, one bit each. Zero is punctuation, symbols, control characters and
/// code points that are not assigned.
pub(super) type Class = u8;

/// `\p{Lu}` and `\p{Lt}`.
pub(super) const UPPER: Class = 1;
/// `\p{Ll}`.
pub(super) const LOWER: Class = 1 << 1;
/// `\p{Lm}` and `\p{Lo}`.
pub(super) const UNCASED: Class = 1 << 2;
/// `\p{L}`.
pub(super) const LETTER: Class = UPPER | LOWER | UNCASED;
/// `\p{M}`.
pub(super) const MARK: Class = 1 << 3;
/// `\p{N}`.
pub(super) const NUMBER: Class = 1 << 4;
/// `\s`.
pub(super) const SPACE: Class = 1 << 5;
/// `[\r\n]`.
pub(super) const BREAK: Class = 1 << 6;
/// `\p{Han}`.
pub(super) const HAN: Class = 1 << 7;

/// The classes beyond ASCII, and where they come from. Line breaks are ASCII.
const SOURCES: [(&str, Class); 7] = [
    (r"[\p{Lu}\p{Lt}]", UPPER),
    (r"\p{Ll}", LOWER),
    (r"[\p{Lm}\p{Lo}]", UNCASED),
    (r"\p{M}", MARK),
    (r"\p{N}", NUMBER),
    (r"\s", SPACE),
    (r"\p{Han}", HAN),
];

static ASCII: [Class; 256] = ascii();

const fn ascii() -> [Class; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        table[byte as usize] = match byte {
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            b'0'..=b'9' => NUMBER,
            b'\r' | b'\n' => SPACE | BREAK,
            b' ' | b'\t' | 0x0b | 0x0c => SPACE,
            _ => 0,
        };
        byte += 1;
    }
    table
}

/// The classes of an ASCII character.
#[inline]
pub(super) fn of_byte(byte: u8) -> Class {
    ASCII[usize::from(byte)]
}

/// How many bytes are behind the last code point in the table, so that a class may be read as the
/// lowest byte of four.
pub(super) const TABLE_PADDING: usize = 3;

/// The classes by code point, and then [`TABLE_PADDING`].
pub(super) fn table() -> &'static [Class] {
    static TABLE: OnceLock<Vec<Class>> = OnceLock::new();
    TABLE.get_or_init(build)
}

#[cold]
fn build() -> Vec<Class> {
    let mut table = vec![0; char::MAX as usize + 1 + TABLE_PADDING];
    for (source, bit) in SOURCES {
        // Each source is a class; the tests rule out that one does not compile.
        let Ok(hir) = regex_syntax::parse(source) else {
            continue;
        };
        let HirKind::Class(HirClass::Unicode(class)) = hir.into_kind() else {
            continue;
        };
        for range in class.ranges() {
            for held in &mut table[range.start() as usize..=range.end() as usize] {
                *held |= bit;
            }
        }
    }
    for (held, byte) in table.iter_mut().zip(0..0x80) {
        *held = of_byte(byte);
    }
    table
}

/// The classes of the first character of `rest`, and what follows it. None at the end of the text.
#[inline]
pub(super) fn first(rest: &[u8]) -> Option<(Class, &[u8])> {
    match rest {
        [] => None,
        [a, rest @ ..] if *a < 0x80 => Some((of_byte(*a), rest)),
        _ => first_beyond_ascii(rest, table()),
    }
}

/// As [`first`], for a character of more than one byte.
#[inline]
pub(super) fn first_beyond_ascii<'t>(rest: &'t [u8], table: &[Class]) -> Option<(Class, &'t [u8])> {
    let low = |byte: u8| usize::from(byte & 0x3f);
    let (code, rest) = match *rest {
        [a, b, ref rest @ ..] if a < 0xe0 => (usize::from(a & 0x1f) << 6 | low(b), rest),
        [a, b, c, ref rest @ ..] if a < 0xf0 => {
            (usize::from(a & 0x0f) << 12 | low(b) << 6 | low(c), rest)
        }
        [a, b, c, d, ref rest @ ..] => (
            usize::from(a & 0x07) << 18 | low(b) << 12 | low(c) << 6 | low(d),
            rest,
        ),
        _ => return None,
    };
    Some((table.get(code).copied().unwrap_or(0), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code point, decoded and by table, against regex-syntax.
    #[test]
    fn classes_are_those_of_regex_syntax() {
        let is_in = |source: &str| {
            let hir = regex_syntax::parse(source).unwrap();
            let HirKind::Class(HirClass::Unicode(class)) = hir.into_kind() else {
                panic!("{source}");
            };
            let mut held = vec![false; char::MAX as usize + 1];
            for range in class.ranges() {
                held[range.start() as usize..=range.end() as usize].fill(true);
            }
            held
        };
        let sources = [
            (r"\p{L}", LETTER),
            (r"\p{Lu}", UPPER),
            (r"\p{Lt}", UPPER),
            (r"\p{Ll}", LOWER),
            (r"\p{Lm}", UNCASED),
            (r"\p{Lo}", UNCASED),
            (r"\p{M}", MARK),
            (r"\p{N}", NUMBER),
            (r"\s", SPACE),
            (r"[\r\n]", BREAK),
            (r"\p{Han}", HAN),
            (r"[^\s\p{L}\p{N}\p{M}\p{Han}]", 0),
        ];
        let mut expected = vec![0; char::MAX as usize + 1];
        let mut is_covered = vec![false; expected.len()];
        for (source, class) in sources {
            for (code, _) in is_in(source).iter().enumerate().filter(|(_, held)| **held) {
                is_covered[code] = true;
                // `\p{L}` is the union, which the other rows fill in.
                if class.count_ones() < 2 {
                    expected[code] |= class;
                }
            }
        }
        let mut bytes = [0; 4];
        for c in '\0'..=char::MAX {
            let (class, rest) = first(c.encode_utf8(&mut bytes).as_bytes()).unwrap();
            assert!(rest.is_empty() && is_covered[c as usize], "{c:?}");
            assert_eq!(class, expected[c as usize], "{c:?}");
            assert_eq!(class, table()[c as usize], "{c:?}");
        }
        assert!(first(b"").is_none());
    }
}
