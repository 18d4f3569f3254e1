//! Added tokens: entries matched in the text before it is pretokenized.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::error::{Error, Result, show_text};
use crate::vocab::TokenId;

/// A token found by its text, outside the merges.
///
/// The flags are those of HuggingFace's `AddedToken`; a special token of tiktoken is one with
/// `is_special` and no other flag.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, clippy::struct_excessive_bools)]
pub struct AddedToken {
    /// The text, never empty.
    pub content: String,
    /// The token id, kept exactly.
    pub id: TokenId,
    /// Ordinary text never becomes it unless the caller allows it.
    pub is_special: bool,
    /// It matches only where no word character stands beside it.
    pub single_word: bool,
    /// It takes the white space before it.
    pub lstrip: bool,
    /// It takes the white space after it.
    pub rstrip: bool,
    /// It is looked for in the normalized text, not in the text as given. So its own text is
    /// normalized too, but for that of a token which SentencePiece cuts out.
    pub normalized: bool,
}

impl AddedToken {
    /// A special token without flags, as tiktoken has them.
    pub fn special(content: impl Into<String>, id: TokenId) -> Self {
        Self {
            content: content.into(),
            id,
            is_special: true,
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
        }
    }
}

/// What a vocab has to say about added tokens. How a token's text is spelled is the format's
/// business: raw bytes in a rank file, the byte alphabet in tokenizer.json.
pub(crate) trait Spelling {
    /// How messages call the vocab.
    const PLACE: &'static str;

    /// Whether the token of that id has this text; none if there is no such token.
    fn holds(&self, id: TokenId, text: &str) -> Option<bool>;

    /// The token of that id, for a message.
    fn show(&self, id: TokenId) -> String;

    /// The id that the text must have, if the vocab settles it.
    fn id_of(&self, text: &str) -> Option<TokenId>;
}

/// Refuses added tokens that contradict one another or the vocab: an empty text, a text or an id
/// given twice, the id of another token. `path` says where a token stands.
pub(crate) fn check(
    added_tokens: &[AddedToken],
    vocab: &impl Spelling,
    path: impl Fn(usize) -> String,
) -> Result<()> {
    // Seeded hashes: a file cannot be made to collide.
    let mut by_id: HashMap<TokenId, usize, RandomState> = HashMap::default();
    let mut by_content: HashMap<&str, usize, RandomState> = HashMap::default();
    for (position, token) in added_tokens.iter().enumerate() {
        check_one(token, vocab, |error| error.at_json(path(position)))?;
        let shown = show_text(&token.content);
        if let Some(earlier) = by_content.insert(&token.content, position) {
            return Err(
                Error::data(format!("`{shown}` is also {}", path(earlier))).at_json(path(position))
            );
        }
        if let Some(earlier) = by_id.insert(token.id, position) {
            return Err(Error::data(format!(
                "id {} of `{shown}` is also that of {}",
                token.id,
                path(earlier)
            ))
            .at_json(path(position)));
        }
    }
    Ok(())
}

fn check_one<S: Spelling>(
    token: &AddedToken,
    vocab: &S,
    at: impl Fn(Error) -> Error,
) -> Result<()> {
    let shown = show_text(&token.content);
    if token.content.is_empty() {
        return Err(at(Error::data(
            "the text is empty; it would match everywhere",
        )));
    }
    if let Some(id) = vocab.id_of(&token.content).filter(|&id| id != token.id) {
        return Err(at(Error::data(format!(
            "`{shown}` has id {} here and {id} in {}",
            token.id,
            S::PLACE
        ))));
    }
    match vocab.holds(token.id, &token.content) {
        Some(false) => Err(at(Error::data(format!(
            "id {} of `{shown}` is that of {} in {}",
            token.id,
            vocab.show(token.id),
            S::PLACE
        )))),
        _ => Ok(()),
    }
}
