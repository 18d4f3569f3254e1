//! Whether two tokenizers make the same of every text.

use std::collections::HashMap;

use bpekit::diff::Part;
use bpekit::verify::{IdMap, Side, Verdict, VerifyOptions};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyDictMethods};

use crate::core::Core;
use crate::error::python_error;

/// The keyword arguments of `bpekit.Verdict`.
#[pyfunction]
pub(crate) fn verify<'py>(
    py: Python<'py>,
    a: &Core,
    b: &Core,
    id_map: HashMap<u32, u32>,
    ignore: Vec<String>,
) -> PyResult<Bound<'py, PyDict>> {
    let options = VerifyOptions {
        id_map: IdMap::new(id_map).map_err(python_error)?,
        ignore: ignore
            .iter()
            .map(|name| part(name))
            .collect::<PyResult<_>>()?,
    };
    let verdict = py
        .detach(|| bpekit::verify::verify(&a.tokenizer, &b.tokenizer, &options))
        .map_err(python_error)?;
    verdict_dict(py, &verdict)
}

fn part(name: &str) -> PyResult<Part> {
    let found = Part::ALL.iter().find(|part| part.name() == name);
    found.copied().ok_or_else(|| {
        let names: Vec<_> = Part::ALL.iter().map(|part| part.name()).collect();
        PyValueError::new_err(format!(
            "{name:?} is no part of a tokenizer; expected one of {}",
            names.join(", ")
        ))
    })
}

/// A verdict as keyword arguments.
pub(crate) fn verdict_dict<'py>(
    py: Python<'py>,
    verdict: &Verdict,
) -> PyResult<Bound<'py, PyDict>> {
    let reasons: Vec<(&str, &str, &str)> = verdict
        .reasons
        .iter()
        .map(|reason| {
            (
                reason.part.name(),
                reason.kind.name(),
                reason.detail.as_str(),
            )
        })
        .collect();
    let dict = PyDict::new(py);
    dict.set_item("kind", verdict.kind.name())?;
    dict.set_item("reasons", reasons)?;
    dict.set_item("texts", verdict.texts)?;
    let found = verdict.counterexample.as_ref();
    dict.set_item("counterexample", found.map(|found| found.text.as_str()))?;
    dict.set_item("with_special", found.is_none_or(|found| found.with_special))?;
    for (name, side) in [
        ("a", found.map(|found| &found.a)),
        ("b", found.map(|found| &found.b)),
    ] {
        dict.set_item(
            format!("ids_{name}"),
            side.and_then(|side| side.ids.clone()),
        )?;
        dict.set_item(format!("tokens_{name}"), side.map(|side| tokens(py, side)))?;
        dict.set_item(
            format!("note_{name}"),
            side.and_then(|side| side.note.as_deref()),
        )?;
    }
    Ok(dict)
}

fn tokens<'py>(py: Python<'py>, side: &Side) -> Vec<Bound<'py, PyBytes>> {
    side.tokens
        .iter()
        .map(|token| PyBytes::new(py, token))
        .collect()
}
