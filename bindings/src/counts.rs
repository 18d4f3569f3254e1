//! Counts of pretokens as a Python object.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use bpekit::train::PretokenCounts;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};

use crate::error::python_error;
use crate::train_arguments::{Texts, count_options, file_form, how};
use crate::watched::watched;

/// Counts the pretokens of texts.
#[pyfunction]
pub(crate) fn count(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    arguments: &Bound<'_, PyDict>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Counts> {
    let mut counts = PretokenCounts::new(how(arguments)?).map_err(python_error)?;
    let (options, form) = (&count_options(arguments)?, file_form(arguments)?);
    let nulls = Cell::new(0);
    match Texts::of(source)? {
        Texts::Text(text) => watched(py, progress, None, |watch| {
            counts.count_text(&text, options, watch)
        }),
        Texts::Files(paths) => watched(py, progress, None, |watch| {
            counts.count_files(&paths, form.as_ref(), options, watch)
        }),
        Texts::Iterator(texts) => {
            let (feed, handed) = texts.through(counts.feeder(), &nulls)?;
            let counts = &mut counts;
            watched(py, progress, Some(feed), |watch| {
                counts.count_fed(handed, options, watch)
            })
        }
    }?;
    counts.add_skipped(nulls.get()).map_err(python_error)?;
    Ok(counts.into())
}

/// A table of counts. Work on it that takes long is never done while another thread could wait for
/// it and keep the interpreter: one that finds it in use raises instead.
#[pyclass(frozen, module = "bpekit._bpekit")]
pub(crate) struct Counts(Mutex<PretokenCounts>);

impl From<PretokenCounts> for Counts {
    fn from(counts: PretokenCounts) -> Self {
        Self(Mutex::new(counts))
    }
}

impl Counts {
    pub(crate) fn held(&self) -> PyResult<MutexGuard<'_, PretokenCounts>> {
        self.0
            .try_lock()
            .map_err(|_| PyRuntimeError::new_err("the counts are in use by another thread"))
    }
}

#[pymethods]
impl Counts {
    #[staticmethod]
    fn new(arguments: &Bound<'_, PyDict>) -> PyResult<Self> {
        PretokenCounts::new(how(arguments)?)
            .map(Self::from)
            .map_err(python_error)
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| PretokenCounts::load(&path))
            .map(Self::from)
            .map_err(python_error)
    }

    /// Of the bytes of a file.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: PyBackedBytes) -> PyResult<Self> {
        py.detach(|| PretokenCounts::from_bytes(&bytes))
            .map(Self::from)
            .map_err(python_error)
    }

    /// The bytes of a file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let held = self.held()?;
        let counts = &*held;
        let bytes = py.detach(|| counts.to_bytes()).map_err(python_error)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// An empty table for texts that are cut in the same way.
    fn like(&self) -> PyResult<Self> {
        let how = self.held()?.pretokenization().clone();
        PretokenCounts::new(how)
            .map(Self::from)
            .map_err(python_error)
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let counts = self.held()?;
        py.detach(|| counts.save(&path)).map_err(python_error)
    }

    fn merge(&self, py: Python<'_>, other: &Bound<'_, Self>) -> PyResult<()> {
        let mut held = self.held()?;
        let counts = &mut *held;
        if std::ptr::eq(self, other.get()) {
            return py.detach(|| counts.double()).map_err(python_error);
        }
        let other = other.get().held()?;
        let other = &*other;
        py.detach(|| counts.merge(other)).map_err(python_error)
    }

    fn add(&self, pretoken: &[u8], count: u64) -> PyResult<()> {
        self.held()?.add(pretoken, count).map_err(python_error)
    }

    fn prune(&self, py: Python<'_>, min_count: u64) -> PyResult<usize> {
        let mut held = self.held()?;
        let counts = &mut *held;
        Ok(py.detach(|| counts.prune(min_count)))
    }

    fn get(&self, pretoken: &[u8]) -> PyResult<u64> {
        Ok(self.held()?.get(pretoken))
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.held()?.len())
    }

    fn total(&self) -> PyResult<u64> {
        self.held()?.total().map_err(python_error)
    }

    fn most_common<'py>(
        &self,
        py: Python<'py>,
        limit: Option<usize>,
    ) -> PyResult<Vec<(Bound<'py, PyBytes>, u64)>> {
        let counts = self.held()?;
        let limit = limit.unwrap_or_else(|| counts.len());
        let found = py.detach(|| counts.most_common(limit));
        drop(counts);
        Ok(found
            .into_iter()
            .map(|(pretoken, count)| (PyBytes::new(py, &pretoken), count))
            .collect())
    }

    #[getter]
    fn pattern(&self) -> PyResult<Option<String>> {
        Ok(self.held()?.pretokenization().pattern().map(str::to_owned))
    }

    #[getter]
    fn special_tokens(&self) -> PyResult<Vec<String>> {
        Ok(self.held()?.pretokenization().special_tokens().to_vec())
    }

    /// Texts, their bytes, nulls passed over, and below which count pretokens may be missing.
    #[getter]
    fn facts(&self) -> PyResult<(u64, u64, u64, u64)> {
        let counts = self.held()?;
        Ok((
            counts.texts(),
            counts.text_bytes(),
            counts.skipped(),
            counts.min_count(),
        ))
    }
}
