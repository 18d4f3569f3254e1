#![doc = include_str!("crate.md")]
// Some of what the modules share is for the command line alone.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

mod bpe;
#[cfg(feature = "cli")]
pub mod cli;
pub mod convert;
pub mod demo;
pub mod diff;
pub mod edit;
mod encode_file;
mod error;
pub mod find;
mod huge_pages;
pub mod known;
mod load;
mod pretokenize;
pub mod report;
mod sentencepiece;
#[cfg(feature = "cli")]
mod serve;
pub mod show;
mod source;
mod threads;
pub mod tiktoken_cache;
mod tokenizer;
pub mod train;
pub mod verify;
mod watch;

pub use bpekit_formats as formats;
pub use bpekit_formats::TokenId;
pub use encode_file::{FileEncoder, FileReport, IdType};
pub use error::{Error, ErrorKind, Result};
pub use load::{LoadOptions, load_definition};
pub use source::{FileForm, Invalid};
pub use tokenizer::{FlatIds, OutputId, Special, StreamDecoder, Tokenizer};
pub use watch::{Progress, Unwatched, Watch};

/// The README's example in Rust is a test too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
