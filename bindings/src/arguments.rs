//! Python arguments in the engine's terms.

use std::collections::HashSet;

use bpekit::convert::ConvertOptions;
use bpekit::formats::{LossPart, ReadOptions};
use bpekit::{LoadOptions, Special};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyDictMethods};

/// Which special tokens are allowed and which refused. `None` means all that are allowed, and
/// all others that are refused.
pub(crate) struct Policy {
    allowed: Option<HashSet<PyBackedStr>>,
    disallowed: Option<HashSet<PyBackedStr>>,
}

impl Policy {
    pub(crate) fn new(
        allowed: Option<HashSet<PyBackedStr>>,
        disallowed: Option<HashSet<PyBackedStr>>,
    ) -> Self {
        Self {
            allowed,
            disallowed,
        }
    }

    pub(crate) fn special(&self) -> Special<'_> {
        let special = match &self.allowed {
            None => Special::allowed(),
            Some(tokens) if tokens.is_empty() => Special::refused(),
            Some(tokens) => Special::allow(tokens.iter().map(AsRef::as_ref)),
        };
        match &self.disallowed {
            None => special,
            Some(texts) if texts.is_empty() => special.disallow_none(),
            Some(texts) => special.disallow(texts.iter().map(AsRef::as_ref)),
        }
    }
}

/// Text and id of each special token, in the order of the dictionary.
pub(crate) fn special_tokens(tokens: &Bound<'_, PyDict>) -> PyResult<Vec<(String, u32)>> {
    tokens
        .iter()
        .map(|(text, id)| Ok((text.extract()?, id.extract()?)))
        .collect()
}

/// How a file is loaded: the keyword arguments of `load`, which are the same in each function.
pub(crate) struct LoadArguments(pub(crate) LoadOptions);

impl FromPyObject<'_, '_> for LoadArguments {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let arguments = object.cast::<PyDict>()?;
        let tokens: Option<Bound<'_, PyDict>> = argument(&arguments, "special_tokens")?;
        Ok(Self(LoadOptions {
            format: argument(&arguments, "format")?,
            pattern: argument(&arguments, "pattern")?,
            special_tokens: tokens.as_ref().map(special_tokens).transpose()?,
            name: argument(&arguments, "name")?,
            sha256: argument(&arguments, "sha256")?,
            n_vocab: argument(&arguments, "n_vocab")?,
            read: ReadOptions {
                lenient: argument(&arguments, "lenient")?,
                allow_missing_bytes: argument(&arguments, "allow_missing_bytes")?,
                ..ReadOptions::default()
            },
        }))
    }
}

/// An argument by name; an error names it, and keeps its class.
pub(crate) fn argument<'py, T>(arguments: &Bound<'py, PyDict>, name: &str) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    let Some(value) = arguments.get_item(name)? else {
        return Err(PyTypeError::new_err(format!("no argument {name}")));
    };
    value.extract::<T>().map_err(|error| {
        let error: PyErr = error.into();
        let py = arguments.py();
        PyErr::from_type(error.get_type(py), format!("{name}: {}", error.value(py)))
    })
}

/// How a file is written.
pub(crate) fn convert_options(
    to: Option<String>,
    allow_loss: &[String],
    string_merges: bool,
) -> PyResult<ConvertOptions> {
    let allow_loss = allow_loss
        .iter()
        .map(|name| {
            LossPart::from_name(name).ok_or_else(|| {
                let names: Vec<_> = LossPart::ALL.iter().map(|part| part.name()).collect();
                PyValueError::new_err(format!(
                    "{name:?} is not a part that can be lost; expected one of {}",
                    names.join(", ")
                ))
            })
        })
        .collect::<PyResult<_>>()?;
    Ok(ConvertOptions {
        to,
        allow_loss,
        string_merges,
    })
}
