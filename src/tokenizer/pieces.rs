//! A long text in pieces, whose ids one behind the other are those of the text.

use std::borrow::Cow;
use std::ops::Range;

use bpekit_formats::TokenId;

use super::Tokenizer;
use super::encode::Permit;
use super::segments::Segment;
use crate::bpe::{Output, Scratch};
use crate::error::Result;
use crate::pretokenize::last_cut;

/// The pieces of a text, in order.
pub(super) struct Pieces<'t> {
    /// Normalized text without added tokens.
    texts: Vec<Cow<'t, str>>,
    pieces: Vec<Piece>,
}

enum Piece {
    Tokens(Vec<TokenId>),
    Text {
        /// Which of the texts.
        text: usize,
        range: Range<usize>,
        /// Whether it starts where the whole text does.
        is_first: bool,
    },
}

impl Pieces<'_> {
    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }

    fn push_tokens(&mut self, ids: &[TokenId]) {
        match self.pieces.last_mut() {
            Some(Piece::Tokens(held)) => held.extend_from_slice(ids),
            _ if ids.is_empty() => {}
            _ => self.pieces.push(Piece::Tokens(ids.to_vec())),
        }
    }
}

impl Tokenizer {
    /// Cuts a text into pieces of about `size` bytes, or more where there is no cut. With the frame
    /// around it, if asked for. For tokenizers whose pretokenizer can be cut.
    pub(super) fn pieces<'t>(
        &self,
        text: &'t str,
        permit: Permit<'_>,
        frame: bool,
        size: usize,
    ) -> Result<Pieces<'t>> {
        let mut all = Pieces {
            texts: Vec::new(),
            pieces: Vec::new(),
        };
        if frame {
            all.push_tokens(self.frame.before());
        }
        self.for_each_segment(text, permit, |segment| {
            match segment {
                Segment::Token(id) => all.push_tokens(&[id]),
                Segment::Text {
                    text,
                    range,
                    is_first,
                } => {
                    let text = match text {
                        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
                        Cow::Owned(text) => Cow::Owned(text[range].to_owned()),
                    };
                    let number = all.texts.len();
                    all.pieces
                        .extend(parts(text.as_bytes(), size).map(|range| Piece::Text {
                            text: number,
                            is_first: is_first && range.start == 0,
                            range,
                        }));
                    all.texts.push(text);
                }
            }
            Ok(())
        })?;
        if frame {
            all.push_tokens(self.frame.after());
        }
        Ok(all)
    }

    /// Puts out the ids of a piece.
    pub(super) fn encode_piece(
        &self,
        pieces: &Pieces<'_>,
        number: usize,
        out: &mut impl Output,
        scratch: &mut Scratch,
    ) -> Result<()> {
        match &pieces.pieces[number] {
            Piece::Tokens(ids) => {
                out.many(ids);
                Ok(())
            }
            Piece::Text {
                text,
                range,
                is_first,
            } => {
                let text = &pieces.texts[*text][range.clone()];
                self.encode_segment(text, *is_first, out, scratch, |_| Ok(()))
            }
        }
    }
}

/// The parts of a text, each of `size` bytes or up to half less, or more where there is no cut.
fn parts(text: &[u8], size: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        if start == text.len() {
            return None;
        }
        let mut end = text.len();
        let mut limit = start + size;
        while limit < text.len() {
            // No byte is looked at twice, whether there is a cut or not.
            let from = limit - size / 2;
            if let Some(at) = last_cut(&text[from..], size / 2) {
                end = from + at;
                break;
            }
            limit += size / 2;
        }
        let part = start..end;
        start = end;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_text_cut_at_cuts() {
        let text = "one two three. 四，五 ".repeat(50) + &"x".repeat(500) + " end of it";
        for size in [64, 65, 100, 5000] {
            let mut end = 0;
            for part in parts(text.as_bytes(), size) {
                assert_eq!(part.start, end);
                assert!(part.end > end);
                let is_long = part.len() > size;
                assert!(!is_long || part.len() >= 500, "{part:?} of {size}");
                end = part.end;
            }
            assert_eq!(end, text.len());
        }
        assert_eq!(parts(b"", 8).count(), 0);
    }
}
