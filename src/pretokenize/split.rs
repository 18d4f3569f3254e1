//! What becomes of matches and of the text between them.

use std::ops::Range;

use bpekit_formats::SplitBehavior;

use super::matcher::Matcher;
use crate::error::Result;

/// A split: a matcher and what becomes of its matches.
pub(crate) struct Split {
    pub(crate) matcher: Matcher,
    pub(crate) behavior: SplitBehavior,
    pub(crate) invert: bool,
}

/// Whether each match of a split is a pretoken.
pub(crate) fn keeps_matches(behavior: SplitBehavior, invert: bool) -> bool {
    matches!(
        (behavior, invert),
        (SplitBehavior::Isolated, _) | (SplitBehavior::Removed, true)
    )
}

impl Split {
    /// Calls `sink` with each pretoken, none of them empty.
    #[inline]
    pub(crate) fn for_each(
        &self,
        text: &str,
        mut sink: impl FnMut(Range<usize>) -> Result<()>,
    ) -> Result<()> {
        if keeps_matches(self.behavior, self.invert) {
            // Where matches cover the text there is nothing between them.
            if let Some(scanner) = self.matcher.scanner() {
                return scanner.for_each(text, sink);
            }
            if let Matcher::Known(automaton) = &self.matcher {
                return automaton.for_each(text, sink);
            }
        }
        match (self.behavior, self.invert) {
            (SplitBehavior::Isolated, _) => {
                let mut end = 0;
                self.matcher.for_each(text, |found| {
                    if end < found.start {
                        sink(end..found.start)?;
                    }
                    end = found.end;
                    // An empty match cuts and is no pretoken.
                    if found.is_empty() {
                        Ok(())
                    } else {
                        sink(found)
                    }
                })?;
                if end < text.len() {
                    sink(end..text.len())
                } else {
                    Ok(())
                }
            }
            (SplitBehavior::Removed, true) => self.matcher.for_each(text, |found| {
                if found.is_empty() {
                    return self.matcher.meets_empty_match();
                }
                sink(found)
            }),
            _ => self
                .parts(text)?
                .into_iter()
                .filter(|part| !part.is_empty())
                .try_for_each(sink),
        }
    }

    /// The behaviours that look at neighbours, as `NormalizedString::split` of tokenizers 0.23
    /// has them.
    fn parts(&self, text: &str) -> Result<Vec<Range<usize>>> {
        let mut all: Vec<(Range<usize>, bool)> = Vec::new();
        let mut end = 0;
        self.matcher.for_each(text, |found| {
            if end < found.start {
                all.push((end..found.start, self.invert));
            }
            end = found.end;
            all.push((found, !self.invert));
            Ok(())
        })?;
        if end < text.len() {
            all.push((end..text.len(), self.invert));
        }
        let mut parts: Vec<Range<usize>> = Vec::with_capacity(all.len());
        let mut was_match = false;
        match self.behavior {
            SplitBehavior::Removed => {
                parts.extend(
                    all.into_iter()
                        .filter(|(_, is_match)| !is_match)
                        .map(|(part, _)| part),
                );
            }
            SplitBehavior::Isolated => parts.extend(all.into_iter().map(|(part, _)| part)),
            SplitBehavior::Contiguous => {
                for (part, is_match) in all {
                    match parts.last_mut() {
                        Some(last) if is_match == was_match => last.end = part.end,
                        _ => parts.push(part),
                    }
                    was_match = is_match;
                }
            }
            SplitBehavior::MergedWithPrevious => {
                for (part, is_match) in all {
                    match parts.last_mut() {
                        Some(last) if is_match && !was_match => last.end = part.end,
                        _ => parts.push(part),
                    }
                    was_match = is_match;
                }
            }
            SplitBehavior::MergedWithNext => {
                for (part, is_match) in all.into_iter().rev() {
                    match parts.last_mut() {
                        Some(last) if is_match && !was_match => last.start = part.start,
                        _ => parts.push(part),
                    }
                    was_match = is_match;
                }
                parts.reverse();
            }
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ab12cd345` cut at digits: recorded from tokenizers 0.23.3.
    #[test]
    fn behaves_as_tokenizers_does() {
        let cut = |behavior, invert| {
            let split = Split {
                matcher: Matcher::Run(char::is_numeric),
                behavior,
                invert,
            };
            let mut parts = Vec::new();
            split
                .for_each("ab12cd345", |part| {
                    parts.push(&"ab12cd345"[part]);
                    Ok(())
                })
                .unwrap();
            parts.join("|")
        };
        assert_eq!(cut(SplitBehavior::Isolated, false), "ab|12|cd|345");
        assert_eq!(cut(SplitBehavior::Removed, false), "ab|cd");
        assert_eq!(cut(SplitBehavior::Removed, true), "12|345");
        assert_eq!(cut(SplitBehavior::MergedWithPrevious, false), "ab12|cd345");
        assert_eq!(cut(SplitBehavior::MergedWithNext, false), "ab|12cd|345");
        assert_eq!(cut(SplitBehavior::Contiguous, false), "ab|12|cd|345");
    }
}
