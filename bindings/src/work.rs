//! What the methods of [`Core`] have in common: work with Python released where it is long, and what
//! is made of its outcome.

use bpekit::{Special, Tokenizer};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::array;
use crate::batch::{SHORT, in_parts, released};
use crate::core::Core;
use crate::error::python_error;
use crate::ids::Ids;
use crate::spare;

/// The ids of a text of so many bytes are copied faster than an object is made around them.
const COPIED: usize = 1 << 16;

/// The ids with what the post-processor puts around them, if asked for.
pub(crate) fn framed(tokenizer: &Tokenizer, ids: Vec<u32>, frame: bool) -> Vec<u32> {
    if frame {
        tokenizer.with_frame(ids)
    } else {
        ids
    }
}

impl Core {
    /// What `make` makes of the ids of a text. Those of a short one are not copied before.
    pub(crate) fn encoded<T>(
        &self,
        py: Python<'_>,
        text: &str,
        special: &Special<'_>,
        frame: bool,
        make: impl FnOnce(&[u32]) -> PyResult<T>,
    ) -> PyResult<T> {
        if text.len() <= SHORT && !frame {
            return self
                .tokenizer
                .encode_then(text, special, make)
                .map_err(python_error)?;
        }
        let ids = released(py, text.len(), || {
            let ids = self.tokenizer.encode(text, special)?;
            Ok(framed(&self.tokenizer, ids, frame))
        })?;
        make(&ids)
    }

    pub(crate) fn listed<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        special: &Special<'_>,
        frame: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        self.encoded(py, text, special, frame, |ids| self.integers.list(py, ids))
    }

    /// The ids of a text as a read-only array of numpy.
    pub(crate) fn array_of<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        special: &Special<'_>,
        frame: bool,
        threads: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        // So short a text is not worth a second thread either.
        if text.len() <= COPIED {
            let make = |ids: &[u32]| array::of_short_text(py, ids);
            return self.encoded(py, text, special, frame, make);
        }
        let flat = released(py, text.len(), || {
            let tokenizer = &self.tokenizer;
            tokenizer.encode_batch_flat::<u32>(&[text], special, frame, threads)
        })?;
        array::of_one_text(py, flat.ids)
    }

    /// How many ids the post-processor puts around a text, if asked for.
    pub(crate) fn frame_len(&self, frame: bool) -> usize {
        framed(&self.tokenizer, Vec::new(), frame).len()
    }

    /// What `make` makes of the bytes of ids.
    pub(crate) fn decoded<T>(
        &self,
        py: Python<'_>,
        ids: &Ids,
        make: impl FnOnce(&[u8]) -> PyResult<T>,
    ) -> PyResult<T> {
        let mut bytes = spare::BYTES.take();
        bytes.clear();
        let decode = || self.tokenizer.decode_into(ids, &mut bytes);
        released(py, ids.len() * 4, decode)?;
        let outcome = make(&bytes);
        spare::BYTES.give_back(bytes);
        outcome
    }

    pub(crate) fn decoded_batch<P>(
        &self,
        py: Python<'_>,
        batch: &[Ids],
        threads: usize,
        finish: impl Fn(Vec<u8>) -> PyResult<P>,
    ) -> PyResult<Vec<P>> {
        in_parts(
            py,
            batch,
            threads,
            |ids| ids.len() * 4,
            |part| self.tokenizer.decode_bytes_batch(part, threads),
            finish,
        )
    }
}
