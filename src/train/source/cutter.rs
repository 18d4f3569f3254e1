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
    /// whatever is found on the left ends by the cut, and the search starts anew at it. Bytes that
    /// are not UTF-8 can turn into a token, or go away from within one, so that there are none of
    /// them as near as a token can reach.
    pub(super) fn last_cut(&self, text: &[u8]) -> Option<usize> {
        let tokens = self.special_tokens.as_ref()?;
        if self.longest == 0 {
            return last_cut(text, text.len());
        }
        let reach = self.longest + MAX_CUT_SHORT;
        // What may be the start of a token that goes on behind the bytes is not known to be none.
        let mut limit = text.len().checked_sub(reach)?;
        loop {
            let at = last_cut(text, limit)?;
            if is_utf8_around(text, at, reach)
                && !tokens.iter().any(|token| lies_over(text, token, at))
            {
                return Some(at);
            }
            limit = at - 1;
        }
    }
}

/// How many bytes a character has at most without its first or its last one.
const MAX_CUT_SHORT: usize = 3;

/// Whether the bytes so near to `at` are UTF-8, but for a character cut short where they end.
fn is_utf8_around(text: &[u8], at: usize, reach: usize) -> bool {
    let is_first = |byte: &u8| byte & 0xc0 != 0x80;
    let (start, skipped) = match at.checked_sub(reach) {
        Some(start) => (start, MAX_CUT_SHORT),
        // Nothing is cut short where the bytes start: that is the start of the text, or a cut.
        None => (0, 0),
    };
    let around = &text[start..at + reach];
    let first = around.iter().take(skipped).position(is_first);
    std::str::from_utf8(&around[first.unwrap_or(skipped)..])
        .map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// Whether an occurrence of the token starts before `at` and ends behind it.
fn lies_over(text: &[u8], token: &[u8], at: usize) -> bool {
    let first = (at + 1).saturating_sub(token.len());
    (first..at).any(|start| text[start..].starts_with(token))
}
