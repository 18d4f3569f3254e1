//! Where a text may be cut between two batches.

use super::super::pretokenization::Pretokenization;
use crate::error::Result;
use crate::pretokenize::{Pretokenizer, last_cut, normalizer_can_be_cut};

/// Where texts of one pretokenization may be cut.
#[derive(Clone)]
pub(crate) struct Cutter {
    /// None if they may not.
    special_tokens: Option<Vec<Vec<u8>>>,
    /// Of the special tokens, in bytes.
    longest: usize,
}

impl Cutter {
    /// # Errors
    ///
    /// `Pattern`, `File` (unsupported) if a part of the pretokenization cannot be run.
    pub(crate) fn new(how: &Pretokenization) -> Result<Self> {
        let can_be_cut = Pretokenizer::new(how.pretokenizer())?.can_be_cut()
            && normalizer_can_be_cut(how.normalizer());
        let tokens = how.special_tokens().iter();
        let tokens: Vec<_> = tokens.map(|token| token.as_bytes().to_vec()).collect();
        Ok(Self {
            longest: tokens.iter().map(Vec::len).max().unwrap_or(0),
            special_tokens: can_be_cut.then_some(tokens),
        })
    }

    /// Whether texts may be cut at all: where they may not, each is counted as one.
    pub(crate) fn may_cut(&self) -> bool {
        self.special_tokens.is_some()
    }

    /// The last place at which a text that goes on behind these bytes may be cut.
    ///
    /// Special tokens are looked for before anything else, from left to right and the longest
    /// first. No occurrence of one may lie over the cut, not even one that another hides: then
    /// whatever is found on the left ends by the cut, and the search starts anew at it.
    pub(super) fn last_cut(&self, text: &[u8]) -> Option<usize> {
        let tokens = self.special_tokens.as_ref()?;
        // What may be the start of a token that goes on behind the bytes is not known to be none.
        let mut limit = text.len().checked_sub(self.longest)?;
        loop {
            let at = last_cut(text, limit)?;
            if !tokens.iter().any(|token| lies_over(text, token, at)) {
                return Some(at);
            }
            limit = at - 1;
        }
    }
}

/// Whether an occurrence of the token starts before `at` and ends behind it.
fn lies_over(text: &[u8], token: &[u8], at: usize) -> bool {
    let first = (at + 1).saturating_sub(token.len());
    (first..at).any(|start| text[start..].starts_with(token))
}
