//! What SentencePiece does to a text (`normalizer.cc`, `Normalizer::Normalize`).
//!
//! A text is taken in units: a token that is left as it stands, the longest key of the map, or a
//! character. Spaces are told by what a unit becomes, so that an ideographic space that the map
//! makes a space of is one.

use aho_corasick::{AhoCorasick, Input, MatchKind};
use bpekit_formats::SentencePieceNormalizer as Spec;

use super::replacements::Replacements;
use crate::error::{Error, Result};

/// The mark of a space.
const MARK: &str = "\u{2581}";

pub(super) struct SentencePiece {
    map: Option<Replacements>,
    /// Tokens that the map leaves alone.
    kept: Option<AhoCorasick>,
    /// What a space becomes.
    space: &'static str,
    has_prefix: bool,
    has_suffix: bool,
    removes_spaces: bool,
    /// Bytes that start no key, no kept token, and are no space: text without them is copied.
    is_plain: [bool; 256],
}

impl SentencePiece {
    pub(super) fn new(spec: &Spec, kept: &[&str]) -> Result<Self> {
        let map = spec.charsmap.as_ref().map(Replacements::new);
        // Without a map, a token is changed by nothing but what is done to its spaces.
        let matters = |text: &&str| map.is_some() || text.contains(' ');
        let kept: Vec<&str> = kept.iter().copied().filter(matters).collect();
        let mut is_plain = [true; 256];
        is_plain[usize::from(b' ')] = false;
        for byte in 0..=255_u8 {
            let starts = map.as_ref().is_some_and(|map| map.has_key_from(byte));
            is_plain[usize::from(byte)] &= !starts;
        }
        for text in &kept {
            let first = text.bytes().next().unwrap_or_default();
            is_plain[usize::from(first)] = false;
        }
        let automaton = |kept: &[&str]| {
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(kept)
                .map_err(|error| Error::argument(format!("too many added tokens: {error}")))
        };
        Ok(Self {
            kept: (!kept.is_empty()).then(|| automaton(&kept)).transpose()?,
            map,
            space: if spec.escape_whitespaces { MARK } else { " " },
            has_prefix: spec.add_dummy_prefix && !spec.treat_whitespace_as_suffix,
            has_suffix: spec.add_dummy_prefix && spec.treat_whitespace_as_suffix,
            removes_spaces: spec.remove_extra_whitespaces,
            is_plain,
        })
    }

    /// The normalized text.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut units = Units {
            normalizer: self,
            text,
            at: 0,
            next_kept: None,
        };
        if self.removes_spaces {
            while units.next_if(" ") {}
        }
        // A text of spaces alone is nothing, even where a space is to stand before each text.
        if units.at == text.len() {
            return String::new();
        }
        let mut out = String::with_capacity(text.len() + text.len() / 2 + 2 * MARK.len());
        if self.has_prefix {
            out.push_str(self.space);
        }
        let mut is_behind_space = self.removes_spaces;
        while units.at < text.len() {
            let plain = units.plain();
            if !plain.is_empty() {
                out.push_str(plain);
                is_behind_space = false;
                continue;
            }
            let mut unit = units.next();
            if is_behind_space {
                unit = unit.trim_start_matches(' ');
            }
            // What becomes nothing leaves spaces on its two sides neighbours.
            if !unit.is_empty() {
                let mut parts = unit.split(' ');
                out.push_str(parts.next().unwrap_or_default());
                for part in parts {
                    out.push_str(self.space);
                    out.push_str(part);
                }
                is_behind_space = self.removes_spaces && unit.ends_with(' ');
            }
        }
        if self.removes_spaces {
            // Also what the text itself has of the mark, and the prefix.
            let len = out.trim_end_matches(self.space).len();
            out.truncate(len);
        }
        if self.has_suffix {
            out.push_str(self.space);
        }
        out
    }
}

/// A text in units.
struct Units<'a> {
    normalizer: &'a SentencePiece,
    text: &'a str,
    at: usize,
    /// The next kept token at `at` or behind it, if it was looked for; the end of the text for none.
    next_kept: Option<(usize, usize)>,
}

impl<'a> Units<'a> {
    /// Takes text that nothing changes.
    fn plain(&mut self) -> &'a str {
        let rest = &self.text.as_bytes()[self.at..];
        let is_plain = &self.normalizer.is_plain;
        // A byte within a character starts nothing: it stands behind one that is plain.
        let is_end = |&byte: &u8| !is_plain[usize::from(byte)] && byte & 0xc0 != 0x80;
        let start = self.at;
        self.at += rest.iter().position(is_end).unwrap_or(rest.len());
        &self.text[start..self.at]
    }

    /// Takes a unit if it becomes this.
    fn next_if(&mut self, wanted: &str) -> bool {
        if self.at == self.text.len() {
            return false;
        }
        let start = self.at;
        let is_it = self.next() == wanted;
        if !is_it {
            self.at = start;
        }
        is_it
    }

    /// Takes a unit: what it becomes.
    fn next(&mut self) -> &'a str {
        let start = self.at;
        let rest = &self.text[start..];
        if let Some(end) = self.end_of_kept() {
            self.at = end;
            return &self.text[start..end];
        }
        let found = self
            .normalizer
            .map
            .as_ref()
            .and_then(|map| map.longest(rest));
        if let Some((len, replacement)) = found {
            self.at += len;
            return replacement;
        }
        self.at += rest.chars().next().map_or(1, char::len_utf8);
        &self.text[start..self.at]
    }

    /// Where the longest kept token ends that starts here.
    fn end_of_kept(&mut self) -> Option<usize> {
        let kept = self.normalizer.kept.as_ref()?;
        let known = self.next_kept.filter(|&(start, _)| start >= self.at);
        let next = known.unwrap_or_else(|| {
            let found = kept.find(Input::new(self.text).range(self.at..));
            found.map_or((self.text.len(), 0), |found| (found.start(), found.end()))
        });
        self.next_kept = Some(next);
        (next.0 == self.at).then_some(next.1)
    }
}

#[cfg(test)]
mod tests;
