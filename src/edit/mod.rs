//! Changes to a tokenizer that keep it right: each gives another tokenizer, and what is shown of it.
//!
//! `added` adds tokens, removes them, and fills a vocab up to a size; `merges` keeps the first merges;
//! `ids` numbers tokens anew. To extend a vocab, train with the tokenizer as the base
//! (`TrainOptions::base`). Every change is held against what it promises with
//! [`verify`]: that all other text stays as it is, or that only the
//! numbers differ.

mod added;
mod ids;
pub(crate) mod merges;
#[cfg(test)]
mod tests;

pub use added::{NewToken, add_tokens, remove_tokens, resize, unused_tokens};
pub use ids::{compact, reorder};
pub use merges::truncate_merges;

use bpekit_formats::{Definition, Error as FileError, show_text};

use crate::error::Result;
use crate::tokenizer::Tokenizer;
use crate::verify::{Counterexample, Kind, Verdict, VerifyOptions, verify};

/// A tokenizer that was changed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Edited {
    /// The tokenizer.
    pub tokenizer: Tokenizer,
    /// What was done, in words.
    pub done: Vec<String>,
    /// What is shown of the promise: never `Different`.
    pub proof: Verdict,
}

/// Compiles a definition that was changed: what was known of the file is not true of it.
fn compile(mut definition: Definition) -> Result<Tokenizer> {
    definition.provenance.ranks_sha256 = None;
    definition.provenance.remarks.clear();
    definition.provenance.warnings.clear();
    Tokenizer::from_definition(definition)
}

/// The verdict on two tokenizers that must be the same.
///
/// # Errors
///
/// `File` (unsupported) with a text that shows the difference.
fn shown_same(a: &Tokenizer, b: &Tokenizer, options: &VerifyOptions) -> Result<Verdict> {
    let verdict = verify(a, b, options)?;
    if verdict.kind != Kind::Different {
        return Ok(verdict);
    }
    let text = verdict
        .counterexample
        .as_ref()
        .map(|found: &Counterexample| show_text(&found.text));
    Err(FileError::unsupported(format!(
        "check failed, nothing was changed: `{}` would not be what it is",
        text.unwrap_or_default()
    ))
    .into())
}
