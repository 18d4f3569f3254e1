//! Text to token ids.

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, MatchKind};

use super::Tokenizer;
use super::added::Finder;
use super::segments::Segment;
use crate::bpe::{Count, Ids, Output, Scratch};
use crate::error::{Error, ErrorKind, Result};
use bpekit_formats::{AddedToken, TokenId};

/// Which special tokens text may become, and which it must not contain.
///
/// The default is tiktoken's: none are allowed, and text that contains one is an error, because
/// text from outside could otherwise give orders to a model.
///
/// # Examples
///
/// ```
/// use bpekit::{Special, Tokenizer};
///
/// let tokenizer = Tokenizer::demo()?;
/// let text = "a<|endoftext|>";
/// assert!(tokenizer.encode(text, &Special::refused()).is_err());
/// let allowed = tokenizer.encode(text, &Special::allowed())?;
/// assert_eq!(allowed.last(), tokenizer.token_id(b"<|endoftext|>").as_ref());
/// assert_eq!(tokenizer.encode(text, &Special::ordinary())?, tokenizer.encode_ordinary(text)?);
/// # Ok::<(), bpekit::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Special<'a> {
    allowed: Allowed<'a>,
    disallowed: Disallowed<'a>,
}

#[derive(Clone, Debug, Default)]
enum Allowed<'a> {
    #[default]
    None,
    All,
    Only(HashSet<&'a str>),
}

#[derive(Clone, Debug, Default)]
enum Disallowed<'a> {
    None,
    /// All that are not allowed.
    #[default]
    Others,
    Only(HashSet<&'a str>),
}

impl<'a> Special<'a> {
    /// Text with a special token is an error.
    pub fn refused() -> Self {
        Self::default()
    }

    /// Special tokens in the text become their ids.
    pub fn allowed() -> Self {
        Self {
            allowed: Allowed::All,
            disallowed: Disallowed::None,
        }
    }

    /// Special tokens in the text are ordinary text.
    pub fn ordinary() -> Self {
        Self {
            allowed: Allowed::None,
            disallowed: Disallowed::None,
        }
    }

    /// These become their ids; the others are an error.
    pub fn allow(tokens: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            allowed: Allowed::Only(tokens.into_iter().collect()),
            disallowed: Disallowed::Others,
        }
    }

    /// The same, but these and no others are an error: they need not be special tokens.
    #[must_use]
    pub fn disallow(self, texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            disallowed: Disallowed::Only(texts.into_iter().collect()),
            ..self
        }
    }

    /// The same, but nothing is an error.
    #[must_use]
    pub fn disallow_none(self) -> Self {
        Self {
            disallowed: Disallowed::None,
            ..self
        }
    }

    /// What is an error beside special tokens that are not allowed.
    pub(super) fn refused_texts(&self) -> impl Iterator<Item = &'a str> {
        let texts = match &self.disallowed {
            Disallowed::Only(texts) => Some(texts),
            Disallowed::None | Disallowed::Others => None,
        };
        texts.into_iter().flatten().copied()
    }

    pub(super) fn permit(&self) -> Permit<'_> {
        match &self.allowed {
            Allowed::None => Permit::Ordinary,
            Allowed::All => Permit::All,
            Allowed::Only(tokens) => Permit::Only(tokens),
        }
    }
}

/// Which added tokens are looked for. Those that are not special always are: they belong to the
/// text itself (Gemma's runs of line breaks, Qwen's `<think>`).
#[derive(Clone, Copy, Debug)]
pub(super) enum Permit<'a> {
    /// No special token.
    Ordinary,
    /// All.
    All,
    /// These special tokens.
    Only(&'a HashSet<&'a str>),
}

impl Permit<'_> {
    pub(super) fn allows(self, token: &AddedToken) -> bool {
        !token.is_special
            || match self {
                Self::Ordinary => false,
                Self::All => true,
                Self::Only(tokens) => tokens.contains(token.content.as_str()),
            }
    }

    pub(super) fn is_ordinary(self) -> bool {
        matches!(self, Self::Ordinary)
    }
}

impl Tokenizer {
    /// The ids of a text in which special tokens are not looked for.
    ///
    /// # Errors
    ///
    /// `MissingByte`, `MissingCharacter` if the vocab cannot express the text; `Pattern` if an
    /// unpublished pattern gives up on it.
    pub fn encode_ordinary(&self, text: &str) -> Result<Vec<TokenId>> {
        self.encode_permitted(text, Permit::Ordinary, Ids::take)
    }

    /// The ids of a text.
    ///
    /// # Errors
    ///
    /// `DisallowedSpecial` if the text contains a special token that `special` refuses; as
    /// [`Self::encode_ordinary`].
    pub fn encode(&self, text: &str, special: &Special<'_>) -> Result<Vec<TokenId>> {
        self.check_disallowed(text, special)?;
        self.encode_permitted(text, special.permit(), Ids::take)
    }

    /// Calls `then` with the ids of a text, where they are: what [`Self::encode`] copies.
    ///
    /// # Errors
    ///
    /// As [`Self::encode`].
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit::{Special, Tokenizer};
    /// let tokenizer = Tokenizer::demo()?;
    /// let last = tokenizer.encode_then("hello", &Special::refused(), |ids| ids.last().copied())?;
    /// assert_eq!(last, Some(78));
    /// # Ok::<(), bpekit::Error>(())
    /// ```
    pub fn encode_then<R>(
        &self,
        text: &str,
        special: &Special<'_>,
        then: impl FnOnce(&[TokenId]) -> R,
    ) -> Result<R> {
        self.check_disallowed(text, special)?;
        self.encode_permitted(text, special.permit(), |ids| then(ids.as_slice()))
    }

    /// The number of ids of a text.
    ///
    /// # Errors
    ///
    /// As [`Self::encode`].
    pub fn count(&self, text: &str, special: &Special<'_>) -> Result<usize> {
        self.check_disallowed(text, special)?;
        self.scratches.with(|scratch| {
            let mut count = Count::default();
            self.encode_into(text, special.permit(), &mut count, scratch)?;
            Ok(count.len())
        })
    }

    /// The ids of one pretoken: the bytes are not split, and no special token is looked for.
    ///
    /// # Errors
    ///
    /// As [`Self::encode_ordinary`].
    pub fn encode_single_pretoken(&self, bytes: &[u8]) -> Result<Vec<TokenId>> {
        let mut ids = Ids::default();
        if !bytes.is_empty() {
            let scratch = &mut Scratch::default();
            self.bpe.encode(bytes, 0..bytes.len(), &mut ids, scratch)?;
        }
        Ok(ids.into_vec())
    }

    /// The ids with those that the post-processor puts around a text, as the beginning-of-text
    /// token of Llama 3.
    pub fn with_frame(&self, ids: Vec<TokenId>) -> Vec<TokenId> {
        self.frame.around(ids)
    }

    /// Whether the text may contain an added token; those looked for in normalized text count as
    /// if they might.
    pub(crate) fn has_added_token(&self, text: &str) -> bool {
        self.added.raw.first(text, |_| true).is_some() || self.added.normalized.has_any()
    }

    /// Refuses a text which contains what `special` disallows.
    pub(super) fn check_disallowed(&self, text: &str, special: &Special<'_>) -> Result<()> {
        let refuse = |token: &str| Err(Error::new(ErrorKind::DisallowedSpecial(token.to_owned())));
        match &special.disallowed {
            Disallowed::None => Ok(()),
            Disallowed::Others => {
                let permit = special.permit();
                let finders = [&self.added.raw, &self.added.normalized];
                let first =
                    |finder: &Finder| finder.first(text, |token| !permit.allows(token)).cloned();
                match finders.into_iter().find_map(first) {
                    Some(token) => refuse(&token.content),
                    None => Ok(()),
                }
            }
            Disallowed::Only(texts) => match first_of(text, texts)? {
                Some(found) => refuse(found),
                None => Ok(()),
            },
        }
    }

    /// Calls `then` with the ids of a text, which it may take.
    pub(super) fn encode_permitted<R>(
        &self,
        text: &str,
        permit: Permit<'_>,
        then: impl FnOnce(&mut Ids) -> R,
    ) -> Result<R> {
        self.scratches.with(|scratch| {
            let mut ids = std::mem::take(&mut scratch.collected);
            ids.reserve_for_text(text.len());
            let outcome = self.encode_into(text, permit, &mut ids, scratch);
            let result = outcome.map(|()| then(&mut ids));
            // Giving the space back forgets the ids that were not taken.
            scratch.collected = ids;
            result
        })
    }

    /// Puts out the ids of a text.
    pub(super) fn encode_into(
        &self,
        text: &str,
        permit: Permit<'_>,
        out: &mut impl Output,
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.encode_watched(text, permit, out, scratch, |_| Ok(()))
    }

    /// As [`Self::encode_into`]; behind each run of pretokens and each added token `look` is told
    /// how many ids `out` has, and may stop it with an error.
    pub(super) fn encode_watched(
        &self,
        text: &str,
        permit: Permit<'_>,
        out: &mut impl Output,
        scratch: &mut Scratch,
        mut look: impl FnMut(usize) -> Result<()>,
    ) -> Result<()> {
        self.for_each_segment(text, permit, |segment| match segment {
            Segment::Token(id) => {
                out.many(&[id]);
                look(out.len())
            }
            Segment::Text {
                text,
                range,
                is_first,
            } => self.encode_segment(&text[range], is_first, out, scratch, &mut look),
        })
    }

    /// Puts out the ids of normalized text without added tokens.
    pub(super) fn encode_segment(
        &self,
        text: &str,
        is_first: bool,
        out: &mut impl Output,
        scratch: &mut Scratch,
        mut look: impl FnMut(usize) -> Result<()>,
    ) -> Result<()> {
        self.pretokenizer
            .for_each_run(text, is_first, |source, start, ends| {
                self.bpe.encode_run(source, start, ends, out, scratch)?;
                look(out.len())
            })
    }
}

/// The leftmost place in the text where one of these stands, the longest of them there.
fn first_of<'t>(text: &'t str, texts: &HashSet<&str>) -> Result<Option<&'t str>> {
    if texts.contains("") {
        // The empty text stands everywhere, as a search for it would say.
        return Ok(Some(&text[..0]));
    }
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(texts)
        .map_err(|error| Error::argument(format!("too many disallowed texts: {error}")))?;
    Ok(automaton.find(text).map(|found| &text[found.range()]))
}
