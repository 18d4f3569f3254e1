//! What a training is asked for.

use std::sync::Arc;

use bpekit_formats::Definition;

/// Which of two pairs that are equally frequent merges first. The ids decide, the lower ones
/// first, and these depend on the order of the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// Bytes in their own order: that of rustbpe and minbpe.
    #[default]
    Bytes,
    /// Bytes in the order of their characters in the byte alphabet: that of tokenizers'
    /// `BpeTrainer` for byte-level models.
    Hf,
}

/// The ids of the 256 bytes in the vocab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ByteOrder {
    /// The byte itself: rustbpe, minbpe, tekken.
    Identity,
    /// The order of the byte alphabet, `!` first: GPT-2 and the files of OpenAI.
    Gpt2,
}

impl Order {
    /// The order with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "bytes" => Some(Self::Bytes),
            "hf" => Some(Self::Hf),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Hf => "hf",
        }
    }

    /// The ids of the bytes which tokenizers of this order have.
    pub fn byte_order(self) -> ByteOrder {
        match self {
            Self::Bytes => ByteOrder::Identity,
            Self::Hf => ByteOrder::Gpt2,
        }
    }
}

impl ByteOrder {
    /// The byte order with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "identity" => Some(Self::Identity),
            "gpt2" => Some(Self::Gpt2),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gpt2 => "gpt2",
        }
    }
}

/// What a training is asked for.
///
/// # Examples
///
/// ```
/// use bpekit::train::{Order, TrainOptions};
///
/// let options = TrainOptions {
///     order: Order::Hf,
///     ..TrainOptions::new(32_000)
/// };
/// assert_eq!(options.min_frequency, 1);
/// ```
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct TrainOptions {
    /// The size of the whole vocab: the 256 bytes, the merges and the special tokens.
    pub vocab_size: u64,
    /// How ties are broken.
    pub order: Order,
    /// The ids of the bytes; none for those of `order`.
    pub byte_order: Option<ByteOrder>,
    /// Pairs that occur less often do not merge; 0 means 1.
    pub min_frequency: u64,
    /// The most bytes a token has. With [`Order::Hf`] it means what it means to tokenizers, whose
    /// tokens stay one byte below it, except that two bytes may always merge.
    pub max_token_length: Option<u64>,
    /// A tokenizer to go on from: its tokens keep their ids, and its merges come first.
    pub base: Option<Arc<Definition>>,
}

impl TrainOptions {
    /// The defaults: any pair that occurs merges, in the order of bytes.
    pub fn new(vocab_size: u64) -> Self {
        Self {
            vocab_size,
            order: Order::default(),
            byte_order: None,
            min_frequency: 1,
            max_token_length: None,
            base: None,
        }
    }

    /// The most bytes that two tokens have together to merge.
    pub(super) fn max_len(&self) -> u64 {
        match (self.max_token_length, self.order) {
            (None, _) => u64::MAX,
            (Some(len), Order::Bytes) => len,
            // tokenizers 0.23 `models/bpe/word.rs`, `merge`: the new pair is left out unless it is
            // shorter; pairs of two characters are counted before any limit is looked at.
            (Some(len), Order::Hf) => len.saturating_sub(1).max(2),
        }
    }
}
