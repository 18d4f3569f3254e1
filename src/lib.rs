#![doc = include_str!("crate.md")]

mod bpe;
pub mod cli;
pub mod convert;
pub mod demo;
pub mod diff;
mod error;
mod huge_pages;
pub mod known;
mod load;
mod pretokenize;
mod threads;
mod tokenizer;
pub mod train;

pub use bpekit_formats as formats;
pub use bpekit_formats::TokenId;
pub use error::{Error, ErrorKind, Result};
pub use load::{LoadOptions, load_definition};
pub use tokenizer::{FlatIds, OutputId, Special, Tokenizer};

/// The README's example in Rust is a test too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
