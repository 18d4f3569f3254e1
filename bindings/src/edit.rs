//! Tokenizers with one thing changed.

use std::collections::HashMap;

use bpekit::edit::{self, Edited, NewToken};
use bpekit::verify::IdMap;
use pyo3::prelude::*;

use crate::core::Core;
use crate::error::python_error;

/// Does an edit without holding Python up.
fn edited(py: Python<'_>, work: impl FnOnce() -> bpekit::Result<Edited> + Send) -> PyResult<Core> {
    let edited = py.detach(work).map_err(python_error)?;
    Ok(edited.tokenizer.into())
}

/// Adds tokens: text, id, and the flags special, `single_word`, lstrip, rstrip, normalized.
#[pyfunction]
pub(crate) fn add_tokens(
    py: Python<'_>,
    source: &Core,
    tokens: Vec<(String, Option<u32>, [bool; 5])>,
) -> PyResult<Core> {
    let tokens: Vec<NewToken> = tokens
        .into_iter()
        .map(|(content, id, flags)| {
            let [is_special, single_word, lstrip, rstrip, normalized] = flags;
            NewToken {
                content,
                id,
                is_special,
                single_word,
                lstrip,
                rstrip,
                normalized,
            }
        })
        .collect();
    edited(py, || edit::add_tokens(&source.tokenizer, &tokens))
}

/// Removes added tokens.
#[pyfunction]
pub(crate) fn remove_tokens(py: Python<'_>, source: &Core, texts: Vec<String>) -> PyResult<Core> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    edited(py, || edit::remove_tokens(&source.tokenizer, &texts))
}

/// The added tokens that nothing refers to.
#[pyfunction]
pub(crate) fn unused_tokens(source: &Core) -> Vec<&str> {
    edit::unused_tokens(&source.tokenizer)
}

/// Fills the vocab up to a size.
#[pyfunction]
pub(crate) fn resize(py: Python<'_>, source: &Core, size: u64, name: &str) -> PyResult<Core> {
    edited(py, || edit::resize(&source.tokenizer, size, name))
}

/// Keeps the first merges.
#[pyfunction]
pub(crate) fn truncate_merges(py: Python<'_>, source: &Core, count: usize) -> PyResult<Core> {
    edited(py, || edit::truncate_merges(&source.tokenizer, count))
}

/// Closes the holes between ids.
#[pyfunction]
pub(crate) fn compact(py: Python<'_>, source: &Core) -> PyResult<Core> {
    edited(py, || edit::compact(&source.tokenizer))
}

/// Gives tokens other ids.
#[pyfunction]
pub(crate) fn reorder(py: Python<'_>, source: &Core, id_map: HashMap<u32, u32>) -> PyResult<Core> {
    let map = IdMap::new(id_map).map_err(python_error)?;
    edited(py, || edit::reorder(&source.tokenizer, &map))
}
