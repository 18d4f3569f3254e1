//! Text to the pretokens that are counted: what a [`Pretokenization`] says, compiled.

use aho_corasick::{AhoCorasick, MatchKind};

use super::pretokenization::Pretokenization;
use crate::error::{Error, Result};
use crate::pretokenize::Pretokenizer;
use crate::tokenizer::Normalizer;

/// Cuts texts.
pub(crate) struct Segmenter {
    special: Option<AhoCorasick>,
    normalizer: Normalizer,
    pretokenizer: Pretokenizer,
}

impl Segmenter {
    /// # Errors
    ///
    /// `Pattern`, `File` (unsupported) if a part cannot be run; `Argument` for special tokens that
    /// are too many to be looked for.
    pub(crate) fn new(how: &Pretokenization) -> Result<Self> {
        let tokens = how.special_tokens();
        let special = if tokens.is_empty() {
            None
        } else {
            let found = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(tokens);
            Some(found.map_err(|error| Error::argument(format!("special tokens: {error}")))?)
        };
        Ok(Self {
            special,
            normalizer: Normalizer::new(how.normalizer())?,
            pretokenizer: Pretokenizer::new(how.pretokenizer())?,
        })
    }

    /// Calls `sink` with each pretoken of a whole text: a source, and where in it the pretoken
    /// starts and ends.
    ///
    /// # Errors
    ///
    /// `Pattern` if a pattern gives up; errors of `sink`.
    #[inline]
    pub(crate) fn for_each(
        &self,
        text: &str,
        mut sink: impl FnMut(&[u8], usize, usize) -> Result<()>,
    ) -> Result<()> {
        let Some(special) = &self.special else {
            return self.segment(text, true, &mut sink);
        };
        let mut start = 0;
        for found in special.find_iter(text) {
            self.segment(&text[start..found.start()], start == 0, &mut sink)?;
            start = found.end();
        }
        self.segment(&text[start..], start == 0, &mut sink)
    }

    #[inline]
    fn segment(
        &self,
        text: &str,
        is_first: bool,
        sink: &mut impl FnMut(&[u8], usize, usize) -> Result<()>,
    ) -> Result<()> {
        let text = self.normalizer.apply(text)?;
        self.pretokenizer
            .for_each_in(&text, is_first, |source, part| {
                sink(source, part.start, part.end)
            })
    }
}
