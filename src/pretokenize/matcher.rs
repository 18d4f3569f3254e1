//! What a split looks for: a pattern, a fixed text, or a class of characters.

use std::ops::Range;

use bpekit_formats::{Dialect, Needle, Pattern};
use fancy_regex::Regex;

use super::automaton::Automaton;
use super::compile::{Node, Regular, agrees, family_of};
use super::dialect;
use super::scanner::Scanner;
use crate::error::{Error, Result};
use crate::known::{KnownPattern, pattern_by_spelling, pattern_by_stages};

/// Finds matches from left to right.
pub(crate) enum Matcher {
    /// A published pattern. Its matches cover every text.
    Known(&'static Automaton),
    /// Another pattern of the GPT-2 family, or another spelling. Its matches cover every text.
    Scanner(Box<Scanner>),
    /// Another pattern without look-around. Its matches leave gaps, and none of them is empty.
    Regular(Box<Regular>),
    /// Any other pattern, as tiktoken runs it.
    Regex {
        /// Compiled, in the dialect of fancy-regex.
        regex: Box<Regex>,
        /// As given.
        source: Pattern,
    },
    /// A fixed text.
    Literal(String),
    /// One character of a class.
    Class(fn(char) -> bool),
    /// A run of characters of a class.
    Run(fn(char) -> bool),
}

/// Why a pattern of tiktoken's kind is refused.
pub(crate) const EMPTY_MATCH: &str = "it matches the empty text, so that it never gets on";

/// A pattern longer than this is no split pattern; compiling one takes memory in proportion.
const MAX_PATTERN_LEN: usize = 1 << 16;

impl Matcher {
    /// A matcher for what a split looks for.
    ///
    /// # Errors
    ///
    /// `Pattern` if it does not compile; `File` (unsupported) if it cannot be translated.
    pub(crate) fn new(needle: &Needle) -> Result<Self> {
        match needle {
            Needle::Literal(text) if text.is_empty() => {
                Err(bpekit_formats::Error::unsupported("a split at the empty text").into())
            }
            Needle::Literal(text) => Ok(Self::Literal(text.clone())),
            Needle::Regex(pattern) => Self::of_pattern(pattern),
        }
    }

    /// A matcher for a pattern: the fastest that was shown to be equal to the regular expression.
    pub(crate) fn of_pattern(pattern: &Pattern) -> Result<Self> {
        match known_pattern(pattern) {
            Some(known) => Self::known(known),
            None => Self::reference(pattern).map(Self::faster),
        }
    }

    /// A scanner or an automaton in place of a regular expression, if it has one.
    fn faster(self) -> Self {
        let Self::Regex { regex, source } = self else {
            return self;
        };
        let Some(tree) = Node::of_pattern(regex.as_str()) else {
            return Self::Regex { regex, source };
        };
        if let Some(family) = family_of(tree.clone()) {
            let scanner = Scanner::new(family);
            if agrees(&regex, |text, sink| scanner.for_each(text, sink)) {
                return Self::Scanner(Box::new(scanner));
            }
        }
        if let Some(regular) = Regular::new(tree, &regex)
            && agrees(&regex, |text, sink| regular.for_each(text, sink))
        {
            return Self::Regular(Box::new(regular));
        }
        Self::Regex { regex, source }
    }

    pub(crate) fn known(known: &'static KnownPattern) -> Result<Self> {
        Automaton::of(known).map(Self::Known)
    }

    /// The regular expression itself, published or not.
    pub(crate) fn reference(pattern: &Pattern) -> Result<Self> {
        if pattern.text.len() > MAX_PATTERN_LEN {
            return Err(Error::pattern(
                &pattern.text,
                format!(
                    "{} bytes long; expected at most {MAX_PATTERN_LEN}",
                    pattern.text.len()
                ),
            ));
        }
        let text = dialect::translate(pattern, Dialect::FancyRegex)?;
        let regex = Regex::new(&text).map_err(|error| Error::pattern(&pattern.text, error))?;
        Ok(Self::Regex {
            regex: Box::new(regex),
            source: pattern.clone(),
        })
    }

    /// A matcher for text that is to be replaced. Never the automaton of a split pattern: that
    /// one covers texts, it does not search them.
    ///
    /// # Errors
    ///
    /// As [`Self::new`]; `Argument` if it would replace the empty text.
    pub(crate) fn for_replacement(needle: &Needle) -> Result<Self> {
        let matcher = match needle {
            Needle::Regex(pattern) => Self::reference(pattern)?,
            Needle::Literal(text) => Self::Literal(text.clone()),
        };
        if matcher.matches_nothing() {
            return Err(Error::argument(
                "a replacement of the empty text never gets on",
            ));
        }
        Ok(matcher)
    }

    /// The text with every match replaced; none if there is no match.
    ///
    /// # Errors
    ///
    /// `Pattern` if the regular expression gives up.
    pub(crate) fn replace_all(&self, text: &str, content: &str) -> Result<Option<String>> {
        let mut out = String::new();
        let mut done = 0;
        let mut has_match = false;
        self.for_each(text, |found| {
            has_match = true;
            out.push_str(&text[done..found.start]);
            out.push_str(content);
            done = found.end;
            Ok(())
        })?;
        if !has_match {
            return Ok(None);
        }
        out.push_str(&text[done..]);
        Ok(Some(out))
    }

    /// The published pattern, if it is one.
    pub(crate) fn as_known(&self) -> Option<&'static KnownPattern> {
        match self {
            Self::Known(automaton) => Some(automaton.known()),
            _ => None,
        }
    }

    /// The scanner, if it is of the GPT-2 family. What it matches covers every text.
    #[inline]
    pub(crate) fn scanner(&self) -> Option<&Scanner> {
        match self {
            Self::Known(automaton) => automaton.scanner(),
            Self::Scanner(scanner) => Some(scanner),
            _ => None,
        }
    }

    /// Whether it is known how its matches lie between letters, white space and punctuation, as
    /// cutting a text needs.
    pub(crate) fn is_published_or_alike(&self) -> bool {
        matches!(self, Self::Known(_) | Self::Scanner(_))
    }

    /// Whether it matches the empty text, so that it can stand still.
    pub(crate) fn matches_nothing(&self) -> bool {
        match self {
            Self::Regex { regex, .. } => {
                matches!(regex.find(""), Ok(Some(_)))
            }
            Self::Literal(text) => text.is_empty(),
            Self::Known(_)
            | Self::Scanner(_)
            | Self::Regular(_)
            | Self::Class(_)
            | Self::Run(_) => false,
        }
    }

    /// What an empty match means where the matches alone are kept: nothing in tokenizers; an
    /// error for a pattern of tiktoken, where the text around it would be dropped unseen.
    pub(crate) fn meets_empty_match(&self) -> Result<()> {
        match self {
            Self::Regex { source, .. } if source.dialect == Dialect::FancyRegex => {
                Err(Error::pattern(&source.text, EMPTY_MATCH))
            }
            _ => Ok(()),
        }
    }

    /// Calls `sink` with each match. Only a regular expression has empty ones.
    ///
    /// # Errors
    ///
    /// `Pattern` if the regular expression gives up, as fancy-regex does after a million steps
    /// back; errors of `sink`.
    #[inline]
    pub(crate) fn for_each(
        &self,
        text: &str,
        mut sink: impl FnMut(Range<usize>) -> Result<()>,
    ) -> Result<()> {
        if let Some(scanner) = self.scanner() {
            return scanner.for_each(text, sink);
        }
        match self {
            Self::Known(automaton) => automaton.for_each(text, sink),
            Self::Scanner(_) => Ok(()),
            Self::Regular(regular) => regular.for_each(text, sink),
            Self::Regex { regex, source } => {
                let mut start = 0;
                let mut last_end = None;
                while start <= text.len() {
                    let found = regex
                        .find_from_pos(text, start)
                        .map_err(|error| Error::pattern(&source.text, error))?;
                    let Some(found) = found else { break };
                    let range = found.start()..found.end();
                    if range.is_empty() && last_end == Some(range.end) {
                        // An empty match right behind a match is none, and the search goes on one
                        // character further: so do Rust's and Oniguruma's iterators.
                        start += text[start..].chars().next().map_or(1, char::len_utf8);
                        continue;
                    }
                    start = range.end;
                    last_end = Some(range.end);
                    sink(range)?;
                }
                Ok(())
            }
            Self::Literal(needle) => {
                if needle.is_empty() {
                    return Ok(());
                }
                text.match_indices(needle.as_str())
                    .try_for_each(|(start, found)| sink(start..start + found.len()))
            }
            Self::Class(is_in) => text
                .char_indices()
                .filter(|&(_, character)| is_in(character))
                .try_for_each(|(start, character)| sink(start..start + character.len_utf8())),
            Self::Run(is_in) => {
                let mut run: Option<usize> = None;
                for (at, character) in text.char_indices() {
                    match (run, is_in(character)) {
                        (None, true) => run = Some(at),
                        (Some(start), false) => {
                            sink(start..at)?;
                            run = None;
                        }
                        _ => {}
                    }
                }
                run.map_or(Ok(()), |start| sink(start..text.len()))
            }
        }
    }
}

/// The published pattern with this spelling.
pub(crate) fn known_pattern(pattern: &Pattern) -> Option<&'static KnownPattern> {
    match pattern.dialect {
        Dialect::FancyRegex => pattern_by_spelling(&pattern.text),
        Dialect::Oniguruma => pattern_by_stages(&[&pattern.text]),
    }
}
