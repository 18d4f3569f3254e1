//! Whole files to token ids.

use std::collections::HashSet;
use std::path::PathBuf;

use bpekit::{FileEncoder, FileForm, FileReport, IdType, Invalid, Tokenizer};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::PyDict;

use crate::arguments::{Policy, argument};
use crate::array::Array;
use crate::error::python_error;
use crate::watched::watched;

/// Documents, ids, bytes of text, nulls passed over, and the type of the ids.
pub(crate) type Facts = (u64, u64, u64, u64, &'static str);

/// Encodes files, into a file if one is given, or else into an array.
pub(crate) fn encode_file(
    py: Python<'_>,
    tokenizer: &Tokenizer,
    paths: &[PathBuf],
    arguments: &Bound<'_, PyDict>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Option<Array>, Facts)> {
    let out: Option<PathBuf> = argument(arguments, "out")?;
    let allowed: Option<HashSet<PyBackedStr>> = argument(arguments, "allowed")?;
    let policy = Policy::new(allowed, argument(arguments, "disallowed")?);
    let mut encoder = FileEncoder::new(tokenizer);
    encoder.special = policy.special();
    set(&mut encoder, arguments)?;
    let id_type = encoder.chosen_id_type().map_err(python_error)?;
    let facts = |report: FileReport| {
        (
            report.documents,
            report.ids,
            report.text_bytes,
            report.skipped,
            id_type.name(),
        )
    };
    if let Some(out) = out {
        let report = watched(py, progress, None, |watch| {
            encoder.to_file(paths, &out, watch)
        })?;
        return Ok((None, facts(report)));
    }
    let (array, report) = match id_type {
        IdType::U16 => {
            let (ids, report) = watched(py, progress, None, |watch| {
                encoder.to_vec::<u16>(paths, watch)
            })?;
            (Array::from(ids), report)
        }
        IdType::U32 => {
            let (ids, report) = watched(py, progress, None, |watch| {
                encoder.to_vec::<u32>(paths, watch)
            })?;
            (Array::from(ids), report)
        }
    };
    Ok((Some(array), facts(report)))
}

fn set(encoder: &mut FileEncoder<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<()> {
    encoder.separator = argument(arguments, "separator")?;
    encoder.prepend = argument(arguments, "prepend")?;
    encoder.append = argument(arguments, "append")?;
    encoder.frame = argument(arguments, "frame")?;
    let field: Option<String> = argument(arguments, "field")?;
    encoder.form = field.map(|field| FileForm::JsonLines { field });
    let errors: String = argument(arguments, "errors")?;
    encoder.invalid = Invalid::by_name(&errors).ok_or_else(|| {
        PyValueError::new_err(format!(
            "errors={errors:?}; expected 'strict', 'replace' or 'ignore'"
        ))
    })?;
    let id_type: Option<String> = argument(arguments, "id_type")?;
    encoder.id_type = id_type.as_deref().and_then(IdType::by_name);
    if let Some(threads) = argument(arguments, "num_threads")? {
        encoder.thread_count = threads;
    }
    if let Some(block_len) = argument(arguments, "block_len")? {
        encoder.block_len = block_len;
    }
    Ok(())
}
