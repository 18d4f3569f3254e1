//! tokenizer.json, as the formats that hold one share it: the document read as a stream or
//! scanned, and written.

mod arrays;
mod model;
mod read;
mod scan;
mod texts;
mod write;

pub(crate) use arrays::{ListedMerges, build_vocab, resolve_merges};
pub(crate) use read::read;
pub(crate) use texts::Texts;
pub(crate) use write::write;
