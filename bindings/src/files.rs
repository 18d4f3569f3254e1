//! Files: telling their format, converting them, and what a conversion says about itself.

use std::path::PathBuf;

use bpekit::convert::Report;
use bpekit::formats::{FormatInfo, LossPart, Severity, files, limits::Limits, registry};
use bpekit::known;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyDictMethods};

use crate::arguments::{LoadArguments, convert_options};
use crate::error::python_error;
use crate::verify::verdict_dict;

/// The keyword arguments of `bpekit.Report`.
pub(crate) fn report_dict<'py>(py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyDict>> {
    let losses: Vec<(&str, &str, bool)> = report
        .losses
        .iter()
        .map(|loss| {
            (
                loss.part.name(),
                loss.detail.as_str(),
                loss.severity == Severity::Refused,
            )
        })
        .collect();
    let dict = PyDict::new(py);
    dict.set_item("from_format", &report.from)?;
    dict.set_item("to_format", &report.to)?;
    dict.set_item("verdict", report.verdict.name())?;
    dict.set_item("losses", losses)?;
    dict.set_item("checked_texts", report.checked_texts)?;
    let proof = report.proof.as_ref();
    dict.set_item(
        "proof",
        proof.map(|proof| verdict_dict(py, proof)).transpose()?,
    )?;
    dict.set_item("n_vocab", report.n_vocab)?;
    dict.set_item("n_tokens", report.token_count)?;
    dict.set_item("n_merges", report.merge_count)?;
    Ok(dict)
}

/// Converts a file to another.
#[pyfunction]
pub(crate) fn convert(
    py: Python<'_>,
    src: PathBuf,
    dst: PathBuf,
    load: LoadArguments,
    to_format: Option<String>,
    allow_loss: Vec<String>,
    string_merges: bool,
) -> PyResult<Bound<'_, PyDict>> {
    let load = load.0;
    let options = convert_options(to_format, &allow_loss, string_merges)?;
    let report = py
        .detach(|| bpekit::convert::convert(&src, &dst, &load, &options))
        .map_err(python_error)?;
    report_dict(py, &report)
}

/// The name of the format a file is of.
#[pyfunction]
pub(crate) fn detect(py: Python<'_>, path: PathBuf) -> PyResult<&'static str> {
    py.detach(|| files::detect(&path, &Limits::default()))
        .map(|codec| codec.info().name)
        .map_err(|error| python_error(error.into()))
}

/// The keyword arguments of `bpekit.FormatInfo`, for each format.
#[pyfunction]
pub(crate) fn formats(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    registry::formats()
        .map(|info| info_dict(py, info))
        .collect()
}

fn info_dict<'py>(py: Python<'py>, info: &FormatInfo) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("name", info.name)?;
    dict.set_item("title", info.title)?;
    dict.set_item("file_names", info.file_names)?;
    let parts = [
        ("pattern", info.carries.pattern),
        ("added-tokens", info.carries.added_tokens),
        ("normalizer", info.carries.normalizer),
        ("merges", info.carries.merges),
        ("post-processor", info.carries.post_processor),
        ("roles", info.carries.roles),
        ("chat-template", info.carries.chat_template),
    ];
    let carried: Vec<&str> = parts
        .iter()
        .filter(|(_, is_carried)| *is_carried)
        .map(|(name, _)| *name)
        .collect();
    dict.set_item("carries", carried)?;
    Ok(dict)
}

/// The names of the parts that a conversion may lose.
#[pyfunction]
pub(crate) fn loss_parts() -> Vec<&'static str> {
    LossPart::ALL.iter().map(|part| part.name()).collect()
}

/// The name of the published encoding that this is a name of.
#[pyfunction]
pub(crate) fn encoding_name(name: &str) -> Option<&'static str> {
    known::encoding_by_name(name).map(|known| known.name)
}

/// The names of all published encodings.
#[pyfunction]
pub(crate) fn encoding_names() -> Vec<&'static str> {
    known::encodings().iter().map(|known| known.name).collect()
}
