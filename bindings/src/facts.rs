//! What a tokenizer is made of, as Python objects.

use bpekit::Tokenizer;
use bpekit::formats::{Dialect, Merges, registry};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyDictMethods};

use crate::error::python_error;

/// The pattern in tiktoken's dialect, if one pattern is all that splits: as it was given, or as
/// tiktoken has it where it comes from another dialect.
pub(crate) fn pattern(tokenizer: &Tokenizer) -> Option<String> {
    let pretokenizer = tokenizer.definition().pretokenizer.as_ref()?;
    let given = pretokenizer.as_matches_of();
    if let Some(pattern) = given.filter(|given| given.dialect == Dialect::FancyRegex) {
        return Some(pattern.text.clone());
    }
    let known = tokenizer.known_pattern();
    let known = known.map(|known| known.tiktoken.to_owned());
    known.or_else(|| given.map(|pattern| pattern.text.clone()))
}

/// Text and id of each special token.
pub(crate) fn special_tokens<'py>(
    py: Python<'py>,
    tokenizer: &Tokenizer,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for token in &tokenizer.definition().added_tokens {
        if token.is_special {
            dict.set_item(&token.content, token.id)?;
        }
    }
    Ok(dict)
}

/// The tokens as ranks, in the order of ranks; restated, if merges are listed.
pub(crate) fn mergeable_ranks<'py>(
    py: Python<'py>,
    tokenizer: &Tokenizer,
) -> PyResult<Bound<'py, PyDict>> {
    let definition = tokenizer.definition();
    let restated;
    let vocab = if definition.merges == Merges::ByRank {
        &definition.vocab
    } else {
        restated = py
            .detach(|| bpekit::convert::prepare(definition, registry::by_name("tiktoken")?))
            .map_err(python_error)?
            .0;
        &restated.vocab
    };
    let dict = PyDict::new(py);
    for token in vocab.iter() {
        dict.set_item(PyBytes::new(py, token.bytes), token.id)?;
    }
    Ok(dict)
}

/// The bytes of all tokens of the vocab, sorted.
pub(crate) fn token_byte_values<'py>(
    py: Python<'py>,
    tokenizer: &Tokenizer,
) -> Vec<Bound<'py, PyBytes>> {
    let vocab = &tokenizer.definition().vocab;
    tokenizer
        .ids_by_bytes()
        .iter()
        .map(|id| PyBytes::new(py, vocab.bytes(*id).unwrap_or_default()))
        .collect()
}
