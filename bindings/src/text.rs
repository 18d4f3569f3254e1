//! Bytes of tokens as Python text.

use pyo3::exceptions::PyUnicodeDecodeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// What `bytes.decode("utf-8", errors)` gives. The bytes of nearly every list of ids are UTF-8,
/// so that the handler of errors is asked for only when they are not.
pub(crate) fn decoded<'py>(
    py: Python<'py>,
    bytes: &[u8],
    errors: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyString>> {
    match PyString::from_bytes(py, bytes) {
        Err(error) if error.is_instance_of::<PyUnicodeDecodeError>(py) => {
            let arguments = (PyString::new(py, "utf-8"), errors);
            let text = PyBytes::new(py, bytes).call_method1("decode", arguments)?;
            Ok(text.cast_into()?)
        }
        outcome => outcome,
    }
}
