//! Texts part by part, as they are read from a file.

use bpekit_formats::TokenId;

use super::Tokenizer;
use super::encode::Special;
use crate::bpe::{Ids, Output, Scratch};
use crate::error::{Error, Result};
use crate::pretokenize::normalizer_can_be_cut;

/// What is looked for in the text as a whole, so that no cut may lie within it.
pub(crate) struct Uncut<'a> {
    pub(crate) text: &'a str,
    /// Whether it is found or not by what stands beside it too, or takes some of that.
    pub(crate) looks_around: bool,
}

impl Tokenizer {
    /// What must not be cut where a text is encoded in parts; none if a text must be whole. Between
    /// them a text may be cut where [`crate::pretokenize::last_cut`] says.
    ///
    /// Added tokens that are not allowed are here too: where one is found it is refused, or hides
    /// nothing.
    pub(crate) fn uncut<'a>(&'a self, special: &'a Special<'_>) -> Option<Vec<Uncut<'a>>> {
        let normalizer = self.definition.normalizer.as_ref();
        // Where a token stands in normalized text cannot be seen in the text as given.
        let is_found_later = !self.normalizer.changes_nothing() && self.added.normalized.has_any();
        if is_found_later || !self.pretokenizer.can_be_cut() || !normalizer_can_be_cut(normalizer) {
            return None;
        }
        let tokens = self.definition.added_tokens.iter().map(|token| Uncut {
            text: &token.content,
            looks_around: token.lstrip || token.rstrip || token.single_word,
        });
        let refused = special.refused_texts().map(|text| Uncut {
            text,
            looks_around: false,
        });
        Some(tokens.chain(refused).collect())
    }

    /// The added token with this text.
    pub(crate) fn added_id(&self, text: &[u8]) -> Option<TokenId> {
        let tokens = &self.definition.added_tokens;
        let found = tokens
            .iter()
            .find(|token| token.content.as_bytes() == text)?;
        Some(found.id)
    }

    /// The largest id that a text can get, with the frame around it if asked for.
    pub(crate) fn max_id(&self, frame: bool) -> TokenId {
        let max = self.n_vocab().saturating_sub(1) as TokenId;
        let framed = self.frame.before().iter().chain(self.frame.after());
        let most = framed.copied().max().filter(|_| frame);
        most.map_or(max, |id| id.max(max))
    }

    /// Refuses a type of which `most` is the largest number, if it does not hold all ids: whether or
    /// not the texts have them, so that what fits does not hang on that.
    pub(crate) fn check_ids_fit(&self, most: TokenId, frame: bool) -> Result<()> {
        let max = self.max_id(frame);
        if max > most {
            return Err(Error::argument(format!(
                "the largest id is {max}, and 16 bits hold {most} at most; use 32 bits"
            )));
        }
        Ok(())
    }

    /// Ids that stand before and behind each text.
    pub(crate) fn frame_ids(&self) -> (&[TokenId], &[TokenId]) {
        (self.frame.before(), self.frame.after())
    }

    /// Encodes the parts of texts that one thread gets.
    pub(crate) fn part_encoder(&self) -> PartEncoder<'_> {
        PartEncoder {
            tokenizer: self,
            scratch: self.scratches.take(),
            ids: Ids::default(),
        }
    }
}

/// Encodes parts of texts one after the other, in a space of the tokenizer's.
pub(crate) struct PartEncoder<'t> {
    tokenizer: &'t Tokenizer,
    scratch: Box<Scratch>,
    ids: Ids,
}

impl PartEncoder<'_> {
    /// Puts out these.
    pub(crate) fn put(&mut self, ids: &[TokenId]) {
        self.ids.many(ids);
    }

    /// Puts out the ids of a text, or of a part that was cut out where [`Tokenizer::uncut`] lets
    /// it. Meanwhile `look` is called behind each run of pretokens, and stops it with an error.
    ///
    /// # Errors
    ///
    /// As [`Tokenizer::encode`]; those of `look`.
    pub(crate) fn encode(
        &mut self,
        text: &str,
        special: &Special<'_>,
        mut look: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        let Self {
            tokenizer,
            scratch,
            ids,
        } = self;
        tokenizer.check_disallowed(text, special)?;
        tokenizer.encode_watched(text, special.permit(), ids, scratch, |_| look())
    }

    /// What was put out since the last [`Self::clear`].
    pub(crate) fn ids(&self) -> &[TokenId] {
        self.ids.as_slice()
    }

    /// Forgets what was put out.
    pub(crate) fn clear(&mut self) {
        self.ids.reset();
    }
}

impl Drop for PartEncoder<'_> {
    fn drop(&mut self) {
        self.tokenizer
            .scratches
            .give_back(std::mem::take(&mut self.scratch));
    }
}
