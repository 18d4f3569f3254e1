//! Where a text may be cut between two batches.

use crate::pretokenize::last_cut;

/// Where texts that are split in one way may be cut.
#[derive(Clone)]
pub(crate) struct Cutter {
    /// None if they may not.
    whole: Option<Vec<Whole>>,
    /// The longest of them, in bytes.
    longest: usize,
}

/// What is looked for in the text as a whole: a special token, or a separator of texts.
#[derive(Clone)]
pub(crate) struct Whole {
    pub(crate) bytes: Vec<u8>,
    /// Whether the characters beside it count too: it takes white space there, or is none within a
    /// word.
    pub(crate) looks_around: bool,
}

impl Whole {
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            looks_around: false,
        }
    }
}

impl Cutter {
    /// Of texts that may be cut where their pretokens are, but not within any of these.
    pub(crate) fn around(whole: impl IntoIterator<Item = Whole>) -> Self {
        let whole: Vec<_> = whole.into_iter().collect();
        Self {
            longest: whole.iter().map(|one| one.bytes.len()).max().unwrap_or(0),
            whole: Some(whole),
        }
    }

    /// Of texts that may not be cut.
    pub(crate) fn never() -> Self {
        Self {
            whole: None,
            longest: 0,
        }
    }

    /// The same, not within this one either.
    pub(crate) fn and_around(self, one: Whole) -> Self {
        match self.whole {
            None => Self::never(),
            Some(whole) => Self::around(whole.into_iter().chain([one])),
        }
    }

    /// Whether texts may be cut at all: where they may not, each is counted as one.
    pub(crate) fn may_cut(&self) -> bool {
        self.whole.is_some()
    }

    /// The last place at which a text that goes on behind these bytes may be cut.
    ///
    /// Special tokens are looked for before anything else, from left to right and the longest
    /// first. No occurrence of one may lie over the cut, not even one that another hides: then
    /// whatever is found on the left ends by the cut, and the search starts anew at it. Bytes that
    /// are not UTF-8 can turn into a token, or go away from within one, so that there are none of
    /// them as near as a token can reach.
    pub(super) fn last_cut(&self, text: &[u8]) -> Option<usize> {
        let whole = self.whole.as_ref()?;
        if self.longest == 0 {
            return last_cut(text, text.len());
        }
        let reach = self.longest + MAX_CUT_SHORT;
        // What may be the start of a token that goes on behind the bytes is not known to be none.
        let mut limit = text.len().checked_sub(reach)?;
        loop {
            let at = last_cut(text, limit)?;
            if is_utf8_around(text, at, reach) && !whole.iter().any(|one| lies_over(text, one, at))
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

/// Whether an occurrence starts before `at` and ends behind it; or ends or starts there, if it looks
/// around.
fn lies_over(text: &[u8], whole: &Whole, at: usize) -> bool {
    let beside = usize::from(whole.looks_around);
    let first = (at + 1).saturating_sub(whole.bytes.len() + beside);
    (first..at + beside).any(|start| text[start..].starts_with(&whole.bytes))
}
