//! Added tokens found in text: leftmost, longest, before anything else looks at the text.
//!
//! tiktoken leaves open which of two special tokens wins where one starts with the other; here,
//! as in tokenizers, it is the longer one. Tokens the caller does not allow are passed over as if
//! they were not there.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use bpekit_formats::{AddedToken, Definition, TokenId};

use super::encode::Permit;
use super::normalize::Normalizer;
use crate::error::{Error, Result};

/// The added tokens of a definition, ready to be looked for.
pub(super) struct AddedTokens {
    /// Looked for in the text as given.
    pub(super) raw: Finder,
    /// Looked for in normalized text.
    pub(super) normalized: Finder,
}

/// Looks for some of the added tokens.
pub(super) struct Finder {
    automaton: Option<AhoCorasick>,
    tokens: Vec<AddedToken>,
    /// For each token the longest other one that it starts with.
    shorter: Vec<Option<usize>>,
    has_plain: bool,
    /// The byte that all of them start with. A text without it is told sooner than the automaton
    /// is started, which for a short text is a part of the whole time.
    start: Option<u8>,
}

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// Text to go on with.
    Text(Range<usize>),
    /// An added token. The span may reach into the one before: HuggingFace lets a token that
    /// takes white space behind it overlap the next.
    Token(TokenId),
}

impl AddedTokens {
    pub(super) fn new(definition: &Definition, normalizer: &Normalizer) -> Result<Self> {
        // Special tokens first: of two tokens that read the same after normalization, the first
        // counts. tokenizers leaves open which does.
        let (special, plain): (Vec<&AddedToken>, Vec<&AddedToken>) = definition
            .added_tokens
            .iter()
            .partition(|token| token.is_special);
        let (mut in_given, mut in_normalized) = (Vec::new(), Vec::new());
        for token in special.into_iter().chain(plain) {
            if token.normalized {
                let content = normalizer.apply_to_token(&token.content)?.into_owned();
                in_normalized.push((content, token.clone()));
            } else {
                in_given.push((token.content.clone(), token.clone()));
            }
        }
        Ok(Self {
            raw: Finder::new(in_given)?,
            normalized: Finder::new(in_normalized)?,
        })
    }
}

impl Finder {
    fn new(tokens: Vec<(String, AddedToken)>) -> Result<Self> {
        // A token of white space alone may be normalized away; the empty text matches nowhere.
        let tokens: Vec<_> = tokens
            .into_iter()
            .filter(|(content, _)| !content.is_empty())
            .collect();
        let (contents, tokens): (Vec<String>, Vec<AddedToken>) = tokens.into_iter().unzip();
        let automaton = if contents.is_empty() {
            None
        } else {
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(&contents)
                .map_err(|error| Error::argument(format!("too many added tokens: {error}")))?;
            Some(automaton)
        };
        let shorter = shorter_prefixes(&contents);
        let has_plain = tokens.iter().any(|token| !token.is_special);
        let first_byte = |content: &String| content.as_bytes().first().copied();
        let start = contents.first().and_then(first_byte);
        let is_common = contents.iter().all(|content| first_byte(content) == start);
        Ok(Self {
            automaton,
            tokens,
            shorter,
            has_plain,
            start: start.filter(|_| is_common),
        })
    }

    /// Calls `sink` with each segment from left to right; text segments are not empty.
    pub(super) fn for_each(
        &self,
        text: &str,
        permit: Permit<'_>,
        mut sink: impl FnMut(Segment) -> Result<()>,
    ) -> Result<()> {
        let done_with = |start: usize, sink: &mut dyn FnMut(Segment) -> Result<()>| {
            if start < text.len() {
                sink(Segment::Text(start..text.len()))
            } else {
                Ok(())
            }
        };
        let automaton = match &self.automaton {
            Some(automaton) if self.has_plain || !permit.is_ordinary() => automaton,
            _ => return done_with(0, &mut sink),
        };
        let mut from = 0;
        let mut done = 0;
        while let Some(found) = automaton.find(aho_corasick::Input::new(text).range(from..)) {
            let mut chosen = Some(found.pattern().as_usize());
            while let Some(index) = chosen
                && !permit.allows(&self.tokens[index])
            {
                chosen = self.shorter[index];
            }
            let Some(index) = chosen else {
                let next = text[found.start()..]
                    .chars()
                    .next()
                    .map_or(1, char::len_utf8);
                from = found.start() + next;
                continue;
            };
            let token = &self.tokens[index];
            let is_whole = index == found.pattern().as_usize();
            let end = if is_whole {
                found.end()
            } else {
                found.start() + token.content.len()
            };
            from = end;
            if token.single_word && !stands_alone(text, found.start()..end) {
                continue;
            }
            let mut span = found.start()..end;
            if token.lstrip {
                // White space that the token before has taken stays with it.
                span.start = text[..span.start].trim_end().len().max(done);
            }
            if token.rstrip {
                span.end += text[end..].len() - text[end..].trim_start().len();
            }
            if span.is_empty() {
                // The token before has taken all of it; tokenizers drops what is left.
                continue;
            }
            if done < span.start {
                sink(Segment::Text(done..span.start))?;
            }
            sink(Segment::Token(token.id))?;
            done = span.end;
        }
        done_with(done, &mut sink)
    }

    /// Whether there is any token to look for.
    pub(super) fn has_any(&self) -> bool {
        self.automaton.is_some()
    }

    /// The first token in the text which `is_wanted`.
    pub(super) fn first(
        &self,
        text: &str,
        is_wanted: impl Fn(&AddedToken) -> bool,
    ) -> Option<&AddedToken> {
        let automaton = self.automaton.as_ref()?;
        if let Some(start) = self.start {
            memchr::memchr(start, text.as_bytes())?;
        }
        let mut from = 0;
        while let Some(found) = automaton.find(aho_corasick::Input::new(text).range(from..)) {
            let mut candidate = Some(found.pattern().as_usize());
            while let Some(index) = candidate {
                if is_wanted(&self.tokens[index]) {
                    return Some(&self.tokens[index]);
                }
                candidate = self.shorter[index];
            }
            from = found.start()
                + text[found.start()..]
                    .chars()
                    .next()
                    .map_or(1, char::len_utf8);
        }
        None
    }
}

/// For each text the longest other one that is a proper prefix of it.
fn shorter_prefixes(contents: &[String]) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..contents.len()).collect();
    order.sort_by(|&a, &b| contents[a].cmp(&contents[b]));
    let mut shorter = vec![None; contents.len()];
    // In sorted order the prefixes of a text stand before it, each a prefix of the next.
    let mut chain: Vec<usize> = Vec::new();
    for index in order {
        while chain.last().is_some_and(|&last| {
            !contents[index].starts_with(&contents[last]) || contents[index] == contents[last]
        }) {
            chain.pop();
        }
        shorter[index] = chain.last().copied();
        chain.push(index);
    }
    shorter
}

/// Whether no word character stands beside the span.
fn stands_alone(text: &str, span: Range<usize>) -> bool {
    let before = text[..span.start].chars().next_back();
    let after = text[span.end..].chars().next();
    !before.is_some_and(is_word) && !after.is_some_and(is_word)
}

/// `\w` of the regex crate, with which tokenizers decides this.
fn is_word(character: char) -> bool {
    regex_syntax::try_is_word_character(character).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finder(contents: &[&str]) -> Finder {
        let tokens = contents.iter().enumerate().map(|(id, content)| {
            (
                (*content).to_owned(),
                AddedToken::special(*content, id as u32),
            )
        });
        Finder::new(tokens.collect()).unwrap()
    }

    fn found(finder: &Finder, text: &str, permit: Permit<'_>) -> Vec<Segment> {
        let mut segments = Vec::new();
        finder
            .for_each(text, permit, |segment| {
                segments.push(segment);
                Ok(())
            })
            .unwrap();
        segments
    }

    #[test]
    fn takes_the_longest_that_is_allowed() {
        let finder = finder(&["<a>", "<a>b", "<a>bcd", "b"]);
        let all = found(&finder, "x<a>bc<a>bcd", Permit::All);
        assert_eq!(
            all,
            [
                Segment::Text(0..1),
                Segment::Token(1),
                Segment::Text(5..6),
                Segment::Token(2)
            ]
        );
        let only = ["<a>", "b"].into_iter().collect();
        let some = found(&finder, "x<a>bc", Permit::Only(&only));
        assert_eq!(
            some,
            [
                Segment::Text(0..1),
                Segment::Token(0),
                Segment::Token(3),
                Segment::Text(5..6)
            ]
        );
        assert_eq!(
            found(&finder, "<a>b", Permit::Ordinary),
            [Segment::Text(0..4)]
        );
    }

    #[test]
    fn finds_the_first_whatever_they_start_with() {
        for contents in [&["<a>", "<b>"][..], &["<a>", "|b"], &["é", "ê"]] {
            let finder = finder(contents);
            assert!(finder.first("x a> b y", |_| true).is_none());
            for content in contents {
                let text = format!("x {content} y");
                let found = finder.first(&text, |_| true).unwrap();
                assert_eq!(found.content, *content);
            }
        }
    }

    #[test]
    fn strips_and_looks_at_words_as_tokenizers_does() {
        let mut token = AddedToken::special("<a>", 7);
        token.lstrip = true;
        token.rstrip = true;
        let finder = Finder::new(vec![("<a>".to_owned(), token)]).unwrap();
        assert_eq!(
            found(&finder, "b  <a> \n c", Permit::All),
            [Segment::Text(0..1), Segment::Token(7), Segment::Text(9..10)]
        );
        let mut token = AddedToken::special("ab", 7);
        token.single_word = true;
        let finder = Finder::new(vec![("ab".to_owned(), token)]).unwrap();
        assert_eq!(
            found(&finder, "abc ab-éab", Permit::All),
            [Segment::Text(0..4), Segment::Token(7), Segment::Text(6..11)]
        );
    }
}
