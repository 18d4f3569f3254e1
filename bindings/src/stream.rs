//! A decoder for ids that come bit by bit.

use std::sync::Mutex;

use bpekit::StreamDecoder;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyBytes;

use crate::batch::released;
use crate::ids::Ids;

/// The bytes of ids; which of them are text is found out in Python.
#[pyclass(frozen, module = "bpekit._bpekit")]
pub(crate) struct Stream(Mutex<StreamDecoder>);

impl From<StreamDecoder> for Stream {
    fn from(decoder: StreamDecoder) -> Self {
        Self(Mutex::new(decoder))
    }
}

#[pymethods]
impl Stream {
    fn feed<'py>(&self, py: Python<'py>, ids: Ids) -> PyResult<Bound<'py, PyBytes>> {
        let mut decoder = self
            .0
            .lock_py_attached(py)
            .map_err(|_| PyRuntimeError::new_err("the decoder failed in another thread"))?;
        let decoder = &mut *decoder;
        let bytes = released(py, ids.len() * 4, move || decoder.feed_bytes(&ids))?;
        Ok(PyBytes::new(py, &bytes))
    }
}
