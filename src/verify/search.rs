//! Looking for a text that two tokenizers treat differently, and making it short.

use bpekit_formats::{TokenId, show_text};

use super::map::IdMap;
use super::strings::texts_holding;
use super::verdict::{Counterexample, Side};
use crate::error::{Error, ErrorKind, Result};
use crate::threads;
use crate::tokenizer::{Special, Tokenizer};

/// Two tokenizers, and in which ways a text is tried on them.
pub(super) struct Search<'a> {
    pub(super) a: &'a Tokenizer,
    pub(super) b: &'a Tokenizer,
    pub(super) map: &'a IdMap,
    /// Whether what belongs around a text is compared.
    pub(super) has_frame: bool,
    /// Whether texts are also tried without looking for added tokens.
    pub(super) is_ordinary_too: bool,
    /// Whether the ids are decoded and the texts compared.
    pub(super) decodes: bool,
}

/// What differs for a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The ids, added tokens found.
    Special,
    /// The ids, added tokens not looked for.
    Ordinary,
    /// The text the ids become.
    Decoded,
}

type Outcome = std::result::Result<Vec<TokenId>, String>;

/// A text that is longer than this is not shortened by two places at once.
const PAIRS: usize = 60;

impl Search<'_> {
    /// The first of some texts that differs, in their order, made short.
    pub(super) fn first_of(&self, texts: &[String]) -> Option<Counterexample> {
        const PART: usize = 64;
        let parts = texts.len().div_ceil(PART);
        // The error of the first part that has one is what comes back, whichever thread is faster.
        let found = threads::in_order(threads::available(), parts, |number| {
            let start = number * PART;
            let part = &texts[start..(start + PART).min(texts.len())];
            match part.iter().find_map(|text| Some((text, self.way(text)?))) {
                Some((text, way)) => Err((text.clone(), way)),
                None => Ok(()),
            }
        });
        let (text, way) = found.err()?;
        Some(self.counterexample(&self.shortest(&text, way), way))
    }

    /// Texts for strings that may differ, the plainest first.
    pub(super) fn texts_for(strings: &[Vec<u8>]) -> Vec<String> {
        const WHOLE: usize = 16;
        let mut texts = Vec::new();
        for bytes in strings {
            for text in texts_holding(bytes, WHOLE) {
                for (before, after) in [
                    ("", ""),
                    (" ", ""),
                    ("", " "),
                    ("a", ""),
                    ("", "a"),
                    ("A", "a"),
                    ("1", ""),
                    ("", "1"),
                    ("\n", ""),
                    ("", "\n"),
                    (".", ""),
                    ("", "."),
                    (" a", "a "),
                    ("  ", "  a"),
                ] {
                    texts.push(format!("{before}{text}{after}"));
                }
                texts.push(text.repeat(2));
                texts.push(text.repeat(3));
            }
        }
        texts
    }

    fn encode(&self, text: &str, special: &Special<'_>, has_frame: bool) -> [Outcome; 2] {
        let outcome = |side: &Tokenizer| {
            let ids = side.encode(text, special);
            ids.map(|ids| if has_frame { side.with_frame(ids) } else { ids })
                .map_err(|error| outcome_words(&error))
        };
        let mapped =
            outcome(self.a).map(|ids| ids.into_iter().map(|id| self.map.apply(id)).collect());
        [mapped, outcome(self.b)]
    }

    fn way(&self, text: &str) -> Option<Way> {
        let [a, b] = self.encode(text, &Special::allowed(), self.has_frame);
        if a != b {
            return Some(Way::Special);
        }
        if self.is_ordinary_too && (self.a.has_added_token(text) || self.b.has_added_token(text)) {
            let [a, b] = self.encode(text, &Special::ordinary(), false);
            if a != b {
                return Some(Way::Ordinary);
            }
        }
        if self.decodes {
            let [a, b] = self.decoded(text);
            if a != b {
                return Some(Way::Decoded);
            }
        }
        None
    }

    /// What each side makes of the ids of a text.
    fn decoded(&self, text: &str) -> [Option<Vec<u8>>; 2] {
        [self.a, self.b].map(|side| {
            let ids = side.encode(text, &Special::allowed()).ok()?;
            side.decode_bytes(&ids).ok()
        })
    }

    fn is_so(&self, text: &str, way: Way) -> bool {
        match way {
            Way::Special => {
                let [a, b] = self.encode(text, &Special::allowed(), self.has_frame);
                a != b
            }
            Way::Ordinary => {
                let [a, b] = self.encode(text, &Special::ordinary(), false);
                a != b
            }
            Way::Decoded => {
                let [a, b] = self.decoded(text);
                a != b
            }
        }
    }

    /// A text that still differs and of which no part of any length can be left out, nor any part
    /// stand alone.
    fn shortest(&self, text: &str, way: Way) -> String {
        let mut text: Vec<char> = text.chars().collect();
        let mut size = (text.len() / 2).max(1);
        loop {
            let mut start = 0;
            let mut is_shorter = false;
            while start < text.len() {
                let end = (start + size).min(text.len());
                let rest: String = text[..start].iter().chain(&text[end..]).collect();
                if self.is_so(&rest, way) {
                    text.drain(start..end);
                    is_shorter = true;
                } else {
                    start = end;
                }
            }
            if size == 1 && !is_shorter {
                break;
            }
            size = (size / 2).max(1);
        }
        // What cannot lose one part may still lose two; tried where it takes few texts.
        let mut is_shorter = text.len() <= PAIRS;
        while is_shorter {
            is_shorter = false;
            'pairs: for one in 0..text.len() {
                for two in one + 1..text.len() {
                    let kept = text.iter().enumerate();
                    let rest: Vec<char> = kept
                        .filter(|(at, _)| *at != one && *at != two)
                        .map(|(_, character)| *character)
                        .collect();
                    if self.is_so(&rest.iter().collect::<String>(), way) {
                        text = rest;
                        is_shorter = true;
                        break 'pairs;
                    }
                }
            }
        }
        text.into_iter().collect()
    }

    fn counterexample(&self, text: &str, way: Way) -> Counterexample {
        let with_special = way != Way::Ordinary;
        let special = if with_special {
            Special::allowed()
        } else {
            Special::ordinary()
        };
        let [a, b] = [self.a, self.b].map(|side| {
            let has_frame = self.has_frame && way == Way::Special;
            let ids: Result<Vec<TokenId>> = side.encode(text, &special);
            let ids = ids.map(|ids| if has_frame { side.with_frame(ids) } else { ids });
            match ids {
                Ok(ids) => Side {
                    tokens: ids
                        .iter()
                        .map(|id| side.token_bytes(*id).unwrap_or_default().to_vec())
                        .collect(),
                    note: (way == Way::Decoded).then(|| match side.decode(&ids) {
                        Ok(text) => format!("decoded: `{}`", show_text(&text)),
                        Err(error) => error.to_string(),
                    }),
                    ids: Some(ids),
                },
                Err(error) => Side {
                    ids: None,
                    tokens: Vec::new(),
                    note: Some(error.to_string()),
                },
            }
        });
        Counterexample {
            text: text.to_owned(),
            with_special,
            a,
            b,
        }
    }
}

/// Why a text is refused, such that two sides that refuse it alike are the same.
pub(crate) fn outcome_words(error: &Error) -> String {
    match error.kind() {
        // The texts of the patterns may differ, where they fail alike.
        ErrorKind::Pattern { .. } => "the pattern gave up".to_owned(),
        _ => error.to_string(),
    }
}
