//! The parts of a text: added tokens, and normalized text between them.

use std::borrow::Cow;
use std::ops::Range;

use bpekit_formats::TokenId;

use super::Tokenizer;
use super::added;
use super::encode::Permit;
use crate::error::Result;

/// A part of a text.
pub(super) enum Segment<'t, 's> {
    /// An added token.
    Token(TokenId),
    /// Text without added tokens, as a part of what was normalized at once.
    Text {
        text: &'s Cow<'t, str>,
        range: Range<usize>,
        /// Whether it starts where the whole text does.
        is_first: bool,
    },
}

impl Tokenizer {
    /// Calls `sink` with the parts of a text, in order.
    ///
    /// # Errors
    ///
    /// `Pattern` if the pattern of a normalizer gives up; errors of `sink`.
    pub(super) fn for_each_segment<'t>(
        &self,
        text: &'t str,
        permit: Permit<'_>,
        mut sink: impl FnMut(Segment<'t, '_>) -> Result<()>,
    ) -> Result<()> {
        self.added.raw.for_each(text, permit, |found| match found {
            added::Segment::Token(id) => sink(Segment::Token(id)),
            added::Segment::Text(range) => {
                let given = &text[range.clone()];
                let normalized = self.normalizer.apply(given)?;
                let starts = range.start == 0 && !self.normalizer.strips_start_of(given);
                self.added
                    .normalized
                    .for_each(&normalized, permit, |found| match found {
                        added::Segment::Token(id) => sink(Segment::Token(id)),
                        added::Segment::Text(range) => sink(Segment::Text {
                            text: &normalized,
                            is_first: starts && range.start == 0,
                            range,
                        }),
                    })
            }
        })
    }
}
