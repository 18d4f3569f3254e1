//! tokenizer.json, as the formats that hold one share it: the document read as a stream or
//! scanned, its two huge arrays, and writing them.
//!
//! Version 1.0 is here whole, because a directory of transformers has such a file too. Version 2.0
//! has other words around the same arrays; its codec reads and writes those and leaves the rest to
//! this module.

mod arrays;
mod model;
mod read;
mod scan;
mod texts;
mod write;

pub(crate) use arrays::{ListedMerges, build_vocab, resolve_merges};
pub(crate) use read::{Form, Parts, read, read_added_tokens, read_as, read_options};
pub(crate) use texts::Texts;
pub(crate) use write::{added_token_json, check_added_tokens, render, renders_all_added, write};
