//! Split patterns and encodings that are published, as static data.
//!
//! A rank file carries neither its pattern nor its special tokens, a tokenizer.json spells its
//! pattern in another regex dialect, and a GGUF file only names it. These tables hold the facts
//! such files leave out: [`patterns()`] has every pattern in each spelling it is published in,
//! [`encodings()`] says which pattern and special tokens belong to which ranks.
//!
//! The module needs nothing but `std`; nothing here reads a file or compiles a regex.

mod encodings;
mod lookup;
mod patterns;
mod specials;

#[cfg(test)]
mod encoding_tests;
#[cfg(test)]
mod equality_tests;

pub(crate) use encodings::share_an_id;
pub use encodings::{
    KnownEncoding, encoding_by_file_stem, encoding_by_name, encodings, encodings_by_ranks,
};
pub use patterns::{
    KnownBy, KnownPattern, Stage, pattern_by_gguf_name, pattern_by_name, pattern_by_spelling,
    pattern_by_stages, patterns, published_stage,
};
pub use specials::SpecialRun;
