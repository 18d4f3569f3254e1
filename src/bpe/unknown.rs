//! What becomes of bytes and characters that the vocab has no token for.

use bpekit_formats::{Atoms, Definition, TokenId, byte_alphabet};

use super::rule::Part;
use crate::error::Result;

/// What becomes of an atom without a token.
pub(super) struct Unknown {
    token: Option<TokenId>,
    fuse: bool,
    /// The `<0x..>` token of each byte, if byte fallback is on. HuggingFace takes it only where
    /// all bytes of the character have one.
    fallback: Option<Box<[Option<TokenId>; 256]>>,
}

impl Unknown {
    /// As the options of a definition have it.
    ///
    /// # Errors
    ///
    /// A file error with the place if the unknown token is not in the vocab.
    pub(super) fn new(definition: &Definition) -> Result<Self> {
        let options = &definition.options;
        Ok(Self {
            token: match &options.unk_token {
                None => None,
                Some(text) => Some(token_of_text(definition, text).ok_or_else(|| {
                    bpekit_formats::Error::data(format!(
                        "`{}` is not in model.vocab",
                        bpekit_formats::show_text(text)
                    ))
                    .at_json("model.unk_token")
                })?),
            },
            fuse: options.fuse_unk,
            fallback: options.byte_fallback.then(|| {
                let mut tokens = Box::new([None; 256]);
                for byte in 0..=255_u8 {
                    let text = byte_alphabet::fallback_token(byte);
                    tokens[usize::from(byte)] = token_of_text(definition, &text);
                }
                tokens
            }),
        })
    }
}

/// Collects the first parts of a pretoken where some atoms have no token, in the order in which
/// tokenizers does (`models/bpe/model.rs`, `merge_word`).
pub(super) struct Filler<'a> {
    unknown: &'a Unknown,
    parts: &'a mut Vec<Part>,
    pending: Option<Part>,
}

impl<'a> Filler<'a> {
    pub(super) fn new(unknown: &'a Unknown, parts: &'a mut Vec<Part>) -> Self {
        parts.clear();
        Self {
            unknown,
            parts,
            pending: None,
        }
    }

    pub(super) fn known(&mut self, start: usize, id: TokenId) {
        self.parts.extend(self.pending.take());
        self.parts.push(Part { start, id });
    }

    /// Puts fallback tokens or the unknown token; false if there is neither.
    pub(super) fn unknown(&mut self, start: usize, bytes: &[u8]) -> bool {
        if let Some(fallback) = &self.unknown.fallback {
            let token_of = |byte: &u8| fallback[usize::from(*byte)];
            if bytes.iter().all(|byte| token_of(byte).is_some()) {
                // A pending unknown token stays pending, as in tokenizers.
                let ids = bytes.iter().filter_map(token_of);
                self.parts.extend(ids.map(|id| Part { start, id }));
                return true;
            }
        }
        let Some(id) = self.unknown.token else {
            return false;
        };
        if self.pending.is_none() || !self.unknown.fuse {
            self.parts.extend(self.pending.take());
            self.pending = Some(Part { start, id });
        }
        true
    }

    pub(super) fn finish(&mut self) {
        self.parts.extend(self.pending.take());
    }
}

/// The id of a token by its text in tokenizer.json: raw, or in the byte alphabet.
fn token_of_text(definition: &Definition, text: &str) -> Option<TokenId> {
    let vocab = &definition.vocab;
    let mut bytes = Vec::new();
    match definition.atoms {
        Atoms::Characters => vocab.id_of(text.as_bytes()),
        Atoms::Bytes if byte_alphabet::decode_into(text, &mut bytes) => vocab.id_of(&bytes),
        Atoms::Bytes => vocab.id_of_literal(text),
    }
}
