//! Where no token of the vocab can lie over the border of two characters.
//!
//! A merge makes a token of the vocab. If no token has two characters side by side, then no merge
//! ever crosses their border in any text, and what stands on its two sides can be merged apart. Two
//! of three borders in Chinese and Japanese text are such seams: pretokens of a whole sentence fall
//! apart into words, and these are short and come again.
//!
//! Borders between two characters of ASCII, which nearly all are within some token, are not looked
//! at: most tokens have no others.
//!
//! A token also crosses a border if it has a part of a character on one side. Such tokens are few,
//! and what they rule out is told by the two bytes at the border alone.

use bpekit_formats::{TokenKind, Vocab};

/// Borders that some token may lie over: by a hash of the two characters. Borders that happen to
/// have the same hash are no seams either, which costs time and nothing else.
pub(super) struct Seams {
    /// 64 KiB of bits.
    characters: Vec<u64>,
    /// A bit for each pair of bytes, the first byte above.
    bytes: Vec<u64>,
}

const HASH_BITS: u32 = 19;

impl Seams {
    pub(super) fn new(vocab: &Vocab) -> Self {
        let mut seams = Self {
            characters: vec![0; 1 << (HASH_BITS - 6)],
            bytes: vec![0; 1 << (16 - 6)],
        };
        for token in vocab.iter() {
            if token.kind == TokenKind::Ordinary && !token.bytes.is_ascii() {
                seams.add(token.bytes);
            }
        }
        seams
    }

    /// Notes the borders within a token.
    fn add(&mut self, token: &[u8]) {
        let mut before = Part::at(token, 0);
        while before.end < token.len() {
            let after = Part::at(token, before.end);
            let (bits, number) = match (before.character, after.character) {
                (Some(before), Some(after)) => (&mut self.characters, hash(before, after)),
                _ => (&mut self.bytes, pair(token, before.end)),
            };
            bits[number / 64] |= 1 << (number % 64);
            before = after;
        }
    }

    /// Where the seams of a text are, and its end.
    pub(super) fn of<'t>(&'t self, text: &'t str) -> impl Iterator<Item = usize> + 't {
        let mut characters = text.char_indices();
        let mut before = characters.next().map(|(_, character)| character);
        let mut is_done = before.is_none();
        std::iter::from_fn(move || {
            for (at, after) in characters.by_ref() {
                let known = before.replace(after)?;
                let is_beyond_ascii = !(known.is_ascii() && after.is_ascii());
                if is_beyond_ascii
                    && !has(&self.characters, hash(known, after))
                    && !has(&self.bytes, pair(text.as_bytes(), at))
                {
                    return Some(at);
                }
            }
            (!std::mem::replace(&mut is_done, true)).then_some(text.len())
        })
    }
}

#[inline]
fn has(bits: &[u64], number: usize) -> bool {
    bits[number / 64] >> (number % 64) & 1 == 1
}

/// The bytes on both sides of a border.
#[inline]
fn pair(bytes: &[u8], at: usize) -> usize {
    usize::from(bytes[at - 1]) << 8 | usize::from(bytes[at])
}

#[inline]
fn hash(before: char, after: char) -> usize {
    let pair = u64::from(u32::from(before)) << 32 | u64::from(u32::from(after));
    let mixed = (pair ^ pair >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - HASH_BITS)) as usize
}

/// A part of a token: a character, or some bytes that are none.
#[derive(Clone, Copy)]
struct Part {
    end: usize,
    character: Option<char>,
}

impl Part {
    /// The part that starts here: a byte, and what follows it that starts no character.
    fn at(bytes: &[u8], start: usize) -> Self {
        let is_inner = |byte: &u8| byte & 0xc0 == 0x80;
        let rest = bytes[start + 1..].iter();
        let end = start + 1 + rest.take_while(|byte| is_inner(byte)).count();
        let text = std::str::from_utf8(&bytes[start..end]).unwrap_or_default();
        let mut characters = text.chars();
        Self {
            end,
            // More than one: a character and bytes that belong to none.
            character: characters.next().filter(|_| characters.next().is_none()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHARACTERS: [&str; 10] = ["a", "b", "é", "中", "国", "人", "か", "🚀", "🦀", "ж"];

    /// Text that may be cut anywhere, also within characters.
    fn bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
        let all = prop::collection::vec(prop::sample::select(CHARACTERS.to_vec()), 1..longest);
        (all, 0..3_usize, 0..3_usize).prop_map(|(all, from, to)| {
            let text = all.concat().into_bytes();
            let to = text.len().saturating_sub(to).max(1);
            text[from.min(to - 1)..to].to_vec()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn no_token_lies_over_a_seam(
            tokens in prop::collection::hash_set(bytes(4), 0..12),
            text in prop::collection::vec(prop::sample::select(CHARACTERS.to_vec()), 0..20),
        ) {
            let all = tokens.iter().enumerate().map(|(id, token)| (id as u32, token.as_slice()));
            let seams = Seams::new(&Vocab::from_tokens(all).unwrap());
            let text = text.concat();
            let mut last = 0;
            for seam in seams.of(&text) {
                prop_assert!(seam > last);
                last = seam;
                let (left, right) = text.as_bytes().split_at(seam);
                for token in &tokens {
                    for split in 1..token.len() {
                        let crosses = left.ends_with(&token[..split])
                            && right.starts_with(&token[split..]);
                        prop_assert!(!crosses, "{token:?} over {seam} of {text:?}");
                    }
                }
            }
            prop_assert_eq!(last, text.len());
        }
    }

    #[test]
    fn finds_the_seams_that_there_are() {
        let tokens: [&[u8]; 4] = [b"", "中国".as_bytes(), "国人".as_bytes(), b"\xb8\xad\xe4"];
        let all = tokens.iter().zip(0..).map(|(token, id)| (id, *token));
        let seams = Seams::new(&Vocab::from_tokens(all).unwrap());
        let cut = |text: &str| {
            let mut parts = Vec::new();
            let mut start = 0;
            for end in seams.of(text) {
                parts.push(&text[start..end]);
                start = end;
            }
            parts.join("|")
        };
        assert_eq!(cut("中国人人中国国中"), "中国人|人|中国|国|中");
        // The last token has the end of 中 and a byte that 中 and 人 start with.
        assert_eq!(cut("中中人中か"), "中中人|中|か");
        assert_eq!(cut("abc"), "abc");
        assert_eq!(cut("ab中c"), "ab|中|c");
    }
}
