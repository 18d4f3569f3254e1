#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod added_token;
pub mod bundle;
pub mod byte_alphabet;
pub mod charsmap;
pub mod codec;
pub mod codecs;
pub mod compression;
pub mod counts_file;
pub mod definition;
pub mod error;
pub mod extra;
pub mod files;
mod foreign;
mod json;
pub mod limits;
pub mod loss;
pub mod merge_log;
pub mod pipeline;
mod pipeline_json;
mod rank_file;
mod ranks;
pub mod registry;
mod sidecar;
mod special_tokens;
mod tokenizer_json;
pub mod vocab;

pub use added_token::AddedToken;
pub use bundle::Bundle;
pub use charsmap::Charsmap;
pub use codec::{
    Carries, Codec, Confidence, Extent, FormatInfo, Layout, MergeTerms, StepTerms, Terms,
};
pub use counts_file::{CountsHeader, CountsReader, CountsWriter};
pub use definition::{
    Atoms, Definition, Merge, Merges, ModelOptions, Part, Provenance, Role, Score, Scores,
};
pub use error::{Category, Error, ErrorKind, Location, Result, show_bytes, show_text};
pub use extra::{
    CarriedDocument, Extra, GgufDocument, GgufEntry, Gpt2Layout, HfDirFiles, JsonDocument,
    TekkenLayout,
};
pub use limits::{Limits, ReadOptions};
pub use loss::{Loss, LossPart, Severity};
pub use merge_log::{MergeLog, MergeLogWriter, MergeRecord};
pub use pipeline::{
    Decoder, Dialect, Needle, Normalizer, Pattern, PostProcessor, PrependScheme, Pretokenizer,
    SentencePieceNormalizer, SplitBehavior, TemplatePart, TextStart,
};
pub use vocab::{Duplicate, Token, TokenId, TokenKind, Vocab, VocabBuilder};
