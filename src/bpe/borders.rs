//! Where a text of characters can be cut, so that its parts are merged apart: what [`super::seams`]
//! is for tokens of bytes.
//!
//! A merge makes a token of the vocab. If none has two characters side by side, no merge ever
//! crosses their border in any text. Between words there are such borders, because hardly any token
//! has a space but at its start: a text of a megabyte, which has no pretokens, falls apart into
//! words that come again.
//!
//! Beside a character that has no token there is no border, as several of these may become one
//! unknown token.

use bpekit_formats::{Definition, Merges, Vocab};

/// Borders that some token lies over, and characters without a token.
pub(super) struct Borders {
    /// For each character of ASCII those that may be cut off behind it.
    ascii: [u128; 128],
    /// A bit for each character that is a token. Not by hash: one taken for another would be cut
    /// off from what it becomes one token with.
    known: Vec<u64>,
    /// By a hash of two characters: whether some token may have them side by side. Two that happen
    /// to have the hash of others are not cut apart, which costs time and nothing else. 64 KiB.
    joined: Vec<u64>,
}

const HASH_BITS: u32 = 19;

impl Borders {
    /// Those of a definition whose tokens are made of characters; `is_known` says whether merges
    /// start from a character.
    pub(super) fn new(definition: &Definition, is_known: impl Fn(char) -> bool) -> Self {
        let mut borders = Self {
            ascii: [0; 128],
            known: vec![0; (char::MAX as usize + 1).div_ceil(64)],
            joined: vec![0; 1 << (HASH_BITS - 6)],
        };
        let vocab = &definition.vocab;
        for token in vocab.iter() {
            let text = std::str::from_utf8(token.bytes).unwrap_or_default();
            for (before, after) in text.chars().zip(text.chars().skip(1)) {
                set(&mut borders.joined, hash(before, after));
            }
            let mut characters = text.chars();
            if let (Some(character), None) = (characters.next(), characters.next())
                && is_known(character)
            {
                set(&mut borders.known, character as usize);
            }
        }
        if let Merges::Listed(merges) = &definition.merges {
            // A list may say of two tokens that they become one with another text.
            for merge in merges {
                let last = text_of(vocab, merge.left).chars().next_back();
                let first = text_of(vocab, merge.right).chars().next();
                if let (Some(last), Some(first)) = (last, first) {
                    set(&mut borders.joined, hash(last, first));
                }
            }
        }
        for before in 0..128_u8 {
            for after in 0..128_u8 {
                let is_border = borders.is_border(char::from(before), char::from(after));
                borders.ascii[usize::from(before)] |= u128::from(is_border) << after;
            }
        }
        borders
    }

    fn is_border(&self, before: char, after: char) -> bool {
        has(&self.known, before as usize)
            && has(&self.known, after as usize)
            && !has(&self.joined, hash(before, after))
    }

    /// Appends where parts of a text end, its end included, until there are `most`, or the whole
    /// text is in parts. The text starts at `start`, from which ends are counted.
    pub(super) fn ends(&self, text: &str, start: usize, most: usize, ends: &mut Vec<usize>) {
        let mut characters = text.char_indices();
        let Some((_, mut before)) = characters.next() else {
            return;
        };
        for (at, after) in characters {
            let is_border = if before.is_ascii() && after.is_ascii() {
                self.ascii[before as usize] >> after as u32 & 1 == 1
            } else {
                self.is_border(before, after)
            };
            if is_border {
                ends.push(start + at);
                if ends.len() == most {
                    return;
                }
            }
            before = after;
        }
        ends.push(start + text.len());
    }
}

fn text_of(vocab: &Vocab, id: u32) -> &str {
    std::str::from_utf8(vocab.bytes(id).unwrap_or_default()).unwrap_or_default()
}

#[inline]
fn has(bits: &[u64], number: usize) -> bool {
    bits[number / 64] >> (number % 64) & 1 == 1
}

fn set(bits: &mut [u64], number: usize) {
    bits[number / 64] |= 1 << (number % 64);
}

#[inline]
fn hash(before: char, after: char) -> usize {
    let pair = u64::from(u32::from(before)) << 32 | u64::from(u32::from(after));
    let mixed = (pair ^ pair >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - HASH_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use bpekit_formats::{Atoms, TokenKind, VocabBuilder};
    use proptest::prelude::*;

    use super::*;

    const CHARACTERS: [&str; 8] = ["a", "b", "▁", "é", "中", "国", "🚀", "🦀"];

    fn word(longest: usize) -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(CHARACTERS.to_vec()), 1..longest)
            .prop_map(|word| word.concat())
    }

    fn borders(tokens: &[String]) -> Borders {
        let mut builder = VocabBuilder::default();
        for (token, id) in tokens.iter().zip(0..) {
            builder.push(id, token.as_bytes(), TokenKind::Ordinary);
        }
        let definition = Definition {
            atoms: Atoms::Characters,
            ..Definition::from_ranks(builder.finish().unwrap())
        };
        Borders::new(&definition, |_| true)
    }

    fn parts(borders: &Borders, text: &str, most: usize) -> Vec<String> {
        let (mut parts, mut start) = (Vec::new(), 0);
        while start < text.len() {
            let mut ends = Vec::new();
            borders.ends(&text[start..], start, most, &mut ends);
            assert!(ends.len() <= most);
            for end in ends {
                parts.push(text[start..end].to_owned());
                start = end;
            }
        }
        parts
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn no_token_lies_over_a_border(
            tokens in prop::collection::hash_set(word(4), 0..16),
            text in word(24),
        ) {
            let tokens: Vec<String> = tokens.into_iter().collect();
            let borders = borders(&tokens);
            let all = parts(&borders, &text, 256);
            prop_assert_eq!(&all, &parts(&borders, &text, 1));
            prop_assert_eq!(all.concat(), text.as_str());
            let mut at = 0;
            for pair in all.windows(2) {
                at += pair[0].len();
                let (left, right) = text.split_at(at);
                let sides = [left.chars().next_back(), right.chars().next()];
                for side in sides.into_iter().flatten() {
                    prop_assert!(tokens.contains(&side.to_string()), "{side} is no token");
                }
                for token in &tokens {
                    let crosses = token.char_indices().skip(1).any(|(split, _)| {
                        left.ends_with(&token[..split]) && right.starts_with(&token[split..])
                    });
                    prop_assert!(!crosses, "{token} over {at} of {text}");
                }
            }
        }
    }

    #[test]
    fn finds_the_borders_that_there_are() {
        let tokens = ["a", "b", "▁", "é", "中", "国", "▁a", "ab", "中国"].map(str::to_owned);
        let borders = borders(&tokens);
        let cut = |text: &str| parts(&borders, text, 256).join("|");
        assert_eq!(cut("▁ab▁ba"), "▁ab|▁|b|a");
        assert_eq!(cut("中国中é国国"), "中国|中|é|国|国");
        // Beside what is no token there is none.
        assert_eq!(cut("a🚀🚀b▁"), "a🚀🚀b|▁");
        assert_eq!(cut(""), "");
    }
}
