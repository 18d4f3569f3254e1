//! How a token of the vocab is spelled in the document: in the byte alphabet, or as it is.

use std::borrow::Cow;

use crate::added_token::Spelling;
use crate::byte_alphabet;
use crate::definition::Atoms;
use crate::error::{Error, Result, show_bytes, show_text};
use crate::vocab::{Token, TokenId, TokenKind, Vocab};

/// A vocab, seen as the texts of a tokenizer.json.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a> {
    pub(crate) vocab: &'a Vocab,
    pub(crate) atoms: Atoms,
}

impl<'a> Texts<'a> {
    /// The id of a text. `scratch` is working memory; its content is overwritten.
    pub(crate) fn id_of(&self, text: &str, scratch: &mut Vec<u8>) -> Option<TokenId> {
        scratch.clear();
        match self.atoms {
            Atoms::Characters => self.vocab.id_of(text.as_bytes()),
            Atoms::Bytes if byte_alphabet::decode_into(text, scratch) => self.vocab.id_of(scratch),
            Atoms::Bytes => self.vocab.id_of_literal(text),
        }
    }

    /// The text of a token.
    ///
    /// # Errors
    ///
    /// `Unsupported` if no text of the document would be read as this token.
    pub(crate) fn text_of(&self, token: Token<'a>) -> Result<Cow<'a, str>> {
        let as_text = || {
            std::str::from_utf8(token.bytes)
                .map(Cow::Borrowed)
                .map_err(|_| {
                    Error::unsupported(format!(
                        "token {} {} is not UTF-8; a vocab of characters cannot hold it",
                        token.id,
                        show_bytes(token.bytes)
                    ))
                })
        };
        match (self.atoms, token.kind) {
            (Atoms::Bytes, TokenKind::Ordinary) => Ok(byte_alphabet::encode(token.bytes).into()),
            (Atoms::Characters, TokenKind::Ordinary) => as_text(),
            (atoms, TokenKind::Literal) => {
                let text = as_text()?;
                let would_be_ordinary = atoms == Atoms::Characters
                    || text
                        .chars()
                        .all(|character| byte_alphabet::to_byte(character).is_some());
                if would_be_ordinary {
                    return Err(Error::unsupported(format!(
                        "literal token {} `{}` would be read back as an ordinary one",
                        token.id,
                        show_text(&text)
                    )));
                }
                Ok(text)
            }
        }
    }
}

impl Spelling for Texts<'_> {
    const PLACE: &'static str = "model.vocab";

    fn holds(&self, id: TokenId, text: &str) -> Option<bool> {
        let token = self.vocab.token(id)?;
        Some(self.text_of(token).is_ok_and(|held| held == text))
    }

    fn show(&self, id: TokenId) -> String {
        let text = self
            .vocab
            .token(id)
            .and_then(|token| self.text_of(token).ok());
        format!("`{}`", show_text(&text.unwrap_or_default()))
    }

    fn id_of(&self, text: &str) -> Option<TokenId> {
        Self::id_of(self, text, &mut Vec::new())
    }
}
