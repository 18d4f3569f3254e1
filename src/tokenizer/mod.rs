//! `Tokenizer`: a definition compiled, ready to encode and decode.
//!
//! Text goes through `added` (tokens found by their text), `normalize`, the pretokenizer and the
//! merges, in that order, as `encode` puts them together; `decode` goes back. What it
//! gives never changes after it is made, and threads share it freely; it only remembers pretokens.

mod added;
mod batch;
mod decode;
mod encode;
mod join;
mod limit;
mod normalize;
mod parts;
mod pieces;
mod post;
mod segments;
mod stream;
#[cfg(test)]
mod tests;
mod unstable;

use std::fmt;
use std::sync::{Arc, OnceLock};

use bpekit_formats::{Definition, Error as FileError, Merges, Part};
use rustc_hash::FxHashMap;

use crate::bpe::{Bpe, Pool, live_pairs};
use crate::error::Result;
use crate::known::{self, KnownPattern};
use crate::pretokenize::Pretokenizer;

pub use batch::{FlatIds, OutputId};
pub use encode::Special;
pub use stream::StreamDecoder;

use added::AddedTokens;
use decode::Decoder;
pub(crate) use normalize::Normalizer;
pub(crate) use parts::PartEncoder;

/// A tokenizer.
///
/// # Examples
///
/// ```
/// use bpekit::Tokenizer;
///
/// let tokenizer = Tokenizer::demo()?;
/// let ids = tokenizer.encode_ordinary("hello world")?;
/// assert_eq!(tokenizer.decode(&ids)?, "hello world");
/// # Ok::<(), bpekit::Error>(())
/// ```
pub struct Tokenizer {
    definition: Arc<Definition>,
    added: AddedTokens,
    normalizer: Normalizer,
    pretokenizer: Pretokenizer,
    bpe: Bpe,
    decoder: Decoder,
    frame: post::Frame,
    /// What texts are encoded in, with what is remembered of earlier ones.
    scratches: Pool,
    /// Token ids in the order of their bytes, for completions of a text.
    sorted_ids: OnceLock<Vec<u32>>,
}

impl Tokenizer {
    /// Compiles a definition.
    ///
    /// # Errors
    ///
    /// A file error of kind `Data` if the split pattern is not known (a rank file without sidecar
    /// has none) or two added tokens share an id; `Unsupported`, with the place, for a part that
    /// cannot be run; `Pattern` for a pattern that does not compile.
    pub fn from_definition(definition: Definition) -> Result<Self> {
        if definition.missing.contains(&Part::Pattern) {
            return Err(FileError::missing("the split pattern is not known").into());
        }
        check_added_tokens(&definition)?;
        let definition = Arc::new(definition);
        let normalizer = Normalizer::of(&definition)?;
        Ok(Self {
            added: AddedTokens::new(&definition, &normalizer)?,
            pretokenizer: Pretokenizer::new(definition.pretokenizer.as_ref())?,
            bpe: Bpe::new(Arc::clone(&definition))?,
            decoder: Decoder::new(&definition)?,
            frame: post::Frame::new(definition.post_processor.as_ref())?,
            scratches: Pool::default(),
            sorted_ids: OnceLock::new(),
            normalizer,
            definition,
        })
    }

    /// What the tokenizer was made of.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// The definition, shared.
    pub fn definition_arc(&self) -> Arc<Definition> {
        Arc::clone(&self.definition)
    }

    /// The encoding's name, or `unnamed`.
    pub fn name(&self) -> &str {
        self.definition.name.as_deref().unwrap_or("unnamed")
    }

    /// One more than the largest id: tiktoken's `n_vocab`. Holes count.
    pub fn n_vocab(&self) -> u64 {
        self.definition.id_bound()
    }

    /// The published pattern that splits text, if it is one and nothing else splits.
    pub fn known_pattern(&self) -> Option<&'static KnownPattern> {
        self.pretokenizer.known()
    }

    /// The ids of all tokens in the order of their bytes; added tokens that are not in the vocab
    /// are left out. Tiktoken's `token_byte_values` has the bytes in this order.
    pub fn ids_by_bytes(&self) -> &[u32] {
        self.sorted_ids.get_or_init(|| {
            let mut tokens: Vec<_> = self.definition.vocab.iter().collect();
            tokens.sort_unstable_by(|a, b| a.bytes.cmp(b.bytes));
            tokens.into_iter().map(|token| token.id).collect()
        })
    }

    /// Whether every text comes out of the pretokenizer whole, tried on `text`: what a pattern
    /// does not match is dropped by tiktoken, and so here.
    pub fn covers(&self, text: &str) -> Result<bool> {
        self.pretokenizer.covers(text)
    }

    /// The tokens that no text becomes by merging, so that only the lookup of a whole pretoken
    /// finds them. A list may name a merge for such a token that can never happen. Where the
    /// smallest tokens are characters, only what is no merge's product is given.
    pub fn unreachable_tokens(&self) -> Vec<u32> {
        live_pairs::unreachable_tokens(&self.definition)
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("name", &self.name())
            .field("n_vocab", &self.n_vocab())
            .finish_non_exhaustive()
    }
}

/// Added tokens must be told apart: by text, and by id unless a published encoding itself has two
/// texts for one id (`o200k_harmony`).
fn check_added_tokens(definition: &Definition) -> Result<()> {
    let mut by_text: FxHashMap<&str, u32> = FxHashMap::default();
    let mut by_id: FxHashMap<u32, &str> = FxHashMap::default();
    let shown = bpekit_formats::show_text;
    for token in &definition.added_tokens {
        let text = token.content.as_str();
        if text.is_empty() {
            return Err(FileError::data(
                "a special token is the empty text; it would match everywhere",
            )
            .into());
        }
        if by_text.insert(text, token.id).is_some() {
            return Err(
                FileError::data(format!("special token `{}` is given twice", shown(text))).into(),
            );
        }
        if let Some(other) = by_id.insert(token.id, text)
            && !known::share_an_id(other, text, token.id)
        {
            return Err(FileError::data(format!(
                "special tokens `{}` and `{}` have the same id {}",
                shown(other),
                shown(text),
                token.id
            ))
            .into());
        }
        if definition.merges == Merges::ByRank
            && let Some(bytes) = definition.vocab.bytes(token.id)
            && bytes != text.as_bytes()
        {
            return Err(FileError::data(format!(
                "special token `{}` has the id {} of the token {}",
                shown(text),
                token.id,
                bpekit_formats::show_bytes(bytes)
            ))
            .into());
        }
    }
    Ok(())
}
