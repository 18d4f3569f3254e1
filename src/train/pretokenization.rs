//! How text becomes the pretokens that are counted, and that the trained tokenizer will make.

use std::collections::BTreeSet;

use bpekit_formats::{Definition, Normalizer, Pattern, Pretokenizer, show_text};

use super::segment::Segmenter;
use crate::error::{Error, Result};
use crate::known::{pattern_by_name, patterns};
use crate::pretokenize::{Pretokenizer as Steps, known_pattern, normalizer_can_be_cut};
use crate::source::{Cutter, Whole};

/// How text becomes pretokens: special tokens are cut out, the text between them is normalized and
/// then cut.
///
/// Counts can be added up only where this is the same.
///
/// # Examples
///
/// ```
/// use bpekit::train::Pretokenization;
///
/// let how = Pretokenization::new("cl100k")?.with_special_tokens(["<|endoftext|>"])?;
/// assert_eq!(how.special_tokens(), ["<|endoftext|>"]);
/// assert!(Pretokenization::new("(unclosed").is_err());
/// // A name that is misspelt is not taken for an expression.
/// assert!(Pretokenization::new("cl100").is_err());
/// # Ok::<(), bpekit::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pretokenization {
    normalizer: Option<Normalizer>,
    pretokenizer: Option<Pretokenizer>,
    special_tokens: Vec<String>,
}

impl Pretokenization {
    /// By a pattern: the name of a published one, or a regular expression of fancy-regex's kind,
    /// as tiktoken has them.
    ///
    /// # Errors
    ///
    /// `Pattern` if it does not compile, or matches the empty text; for a name that no published
    /// pattern has.
    pub fn new(pattern: &str) -> Result<Self> {
        let text = match pattern_by_name(pattern) {
            Some(known) => known.tiktoken,
            None if looks_like_name(pattern) => return Err(unknown_name(pattern)),
            None => pattern,
        };
        Self::of_parts(None, Some(Pretokenizer::matches_of(Pattern::fancy(text))))
    }

    /// The same with special tokens, in the order in which they will get their ids.
    ///
    /// # Errors
    ///
    /// `Argument` for an empty text, or one given twice.
    pub fn with_special_tokens(
        mut self,
        tokens: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self> {
        self.special_tokens.clear();
        for token in tokens {
            let token = token.into();
            let shown = show_text(&token);
            if token.is_empty() {
                return Err(Error::argument(
                    "a special token is the empty text; it would match everywhere",
                ));
            }
            if self.special_tokens.contains(&token) {
                return Err(Error::argument(format!(
                    "special token `{shown}` is given twice"
                )));
            }
            self.special_tokens.push(token);
        }
        Ok(self)
    }

    /// What rewrites text first.
    pub fn normalizer(&self) -> Option<&Normalizer> {
        self.normalizer.as_ref()
    }

    /// The pattern, if splitting by one of tiktoken's kind is all there is.
    pub fn pattern(&self) -> Option<&str> {
        let pattern = self.pretokenizer.as_ref()?.as_matches_of()?;
        Some(&pattern.text)
    }

    /// What cuts text; none leaves it whole.
    pub fn pretokenizer(&self) -> Option<&Pretokenizer> {
        self.pretokenizer.as_ref()
    }

    /// The special tokens, in the order of their ids.
    pub fn special_tokens(&self) -> &[String] {
        &self.special_tokens
    }

    /// Of a normalizer and a pretokenizer, as a definition has them.
    ///
    /// # Errors
    ///
    /// As [`Self::new`], and `File` (unsupported) for a step that cannot be run.
    pub fn of_parts(
        normalizer: Option<Normalizer>,
        pretokenizer: Option<Pretokenizer>,
    ) -> Result<Self> {
        let how = Self {
            normalizer,
            pretokenizer,
            special_tokens: Vec::new(),
        };
        Segmenter::new(&how)?;
        Ok(how)
    }

    /// The same with a normalizer.
    ///
    /// # Errors
    ///
    /// As [`Self::of_parts`].
    pub fn with_normalizer(self, normalizer: Option<Normalizer>) -> Result<Self> {
        let how = Self { normalizer, ..self };
        Segmenter::new(&how)?;
        Ok(how)
    }

    /// Where texts may be cut into parts whose pretokens are those of the whole.
    ///
    /// # Errors
    ///
    /// `Pattern`, `File` (unsupported) if a part of the pretokenization cannot be run.
    pub(crate) fn cutter(&self) -> Result<Cutter> {
        let can_be_cut = Steps::new(self.pretokenizer())?.can_be_cut()
            && normalizer_can_be_cut(self.normalizer());
        Ok(if can_be_cut {
            Cutter::around(
                self.special_tokens()
                    .iter()
                    .map(|token| Whole::new(token.as_str())),
            )
        } else {
            Cutter::never()
        })
    }

    /// Whether counts of the two can be added up: spellings of one published pattern are one, and
    /// the order of special tokens does not count.
    ///
    /// # Errors
    ///
    /// `Argument`, naming what differs.
    pub(super) fn check_same(&self, other: &Self) -> Result<()> {
        self.check_same_cuts(other)?;
        let sorted = |how: &Self| how.special_tokens.iter().cloned().collect::<BTreeSet<_>>();
        let (mine, others) = (sorted(self), sorted(other));
        if mine != others {
            let show = |tokens: &BTreeSet<String>| match tokens.len() {
                0 => "none".to_owned(),
                count => {
                    let first: Vec<_> = tokens.iter().take(3).map(|text| show_text(text)).collect();
                    let more = if count > 3 { ", ..." } else { "" };
                    format!("{count} ({}{more})", first.join(", "))
                }
            };
            return differs("special tokens", &show(&mine), &show(&others));
        }
        Ok(())
    }

    /// The name of the published pattern, or the steps as they are, in full.
    pub fn pattern_name(&self) -> String {
        match pattern_of(self) {
            (Some(name), _) => name.to_owned(),
            (None, None) => "none".to_owned(),
            (None, Some(steps)) => match steps.as_matches_of() {
                Some(pattern) => pattern.text.clone(),
                None => format!("{steps:?}"),
            },
        }
    }

    /// The normalizer as it is, in full.
    pub(super) fn normalizer_name(&self) -> String {
        match &self.normalizer {
            None => "none".to_owned(),
            Some(normalizer) => format!("{normalizer:?}"),
        }
    }

    /// Whether a tokenizer cuts text in the same way, whatever its special tokens.
    ///
    /// # Errors
    ///
    /// `Argument`, naming what differs.
    pub(super) fn check_cuts_as(&self, definition: &Definition) -> Result<()> {
        self.check_same_cuts(&Self {
            normalizer: definition.normalizer.clone(),
            pretokenizer: definition.pretokenizer.clone(),
            special_tokens: Vec::new(),
        })
    }

    fn check_same_cuts(&self, other: &Self) -> Result<()> {
        if pattern_of(self) != pattern_of(other) {
            return differs("patterns", &self.pattern_name(), &other.pattern_name());
        }
        if self.normalizer != other.normalizer {
            let (one, other) = (self.normalizer_name(), other.normalizer_name());
            return differs("normalizers", &one, &other);
        }
        Ok(())
    }
}

/// Whether a pattern is one word. As an expression it would match that word alone, and everything
/// else would be cut away: a name that was misspelt.
fn looks_like_name(pattern: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    pattern.bytes().all(is_of_name)
        && pattern.starts_with(|first: char| first.is_ascii_alphabetic())
}

fn unknown_name(name: &str) -> Error {
    let names: Vec<_> = patterns().iter().map(|known| known.name).collect();
    let names = names.join(", ");
    Error::pattern(
        name,
        format!(
            "no published pattern has this name; expected one of {names}, or a regular expression"
        ),
    )
}

fn differs(what: &str, one: &str, other: &str) -> Result<()> {
    Err(Error::argument(format!(
        "made with different {what}: `{}` and `{}`",
        show_text(one),
        show_text(other)
    )))
}

/// The published pattern, whatever its spelling, or else the steps as they are.
fn pattern_of(how: &Pretokenization) -> (Option<&'static str>, Option<&Pretokenizer>) {
    let known = how
        .pretokenizer
        .as_ref()
        .and_then(|steps| match steps.as_matches_of() {
            Some(pattern) => known_pattern(pattern),
            // Splits of tokenizer.json, and its way to say GPT-2's pattern.
            None => Steps::new(Some(steps)).ok()?.known(),
        });
    match known {
        Some(known) => (Some(known.name), None),
        None => (None, how.pretokenizer.as_ref()),
    }
}
