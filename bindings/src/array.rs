//! Arrays of integers that numpy reads in place, and writes where it may, through Python's buffer
//! protocol: what the engine has made is never copied.

#![expect(
    unsafe_code,
    reason = "the buffer protocol hands out a pointer, which no safe code can"
)]

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};

use pyo3::exceptions::PyOverflowError;
use pyo3::ffi;
use pyo3::prelude::*;

/// The memory of an array. Python knows it as bytes; which integers they are is said beside it.
#[pyclass(frozen, module = "bpekit._bpekit")]
pub(crate) struct Array {
    items: UnsafeCell<Items>,
    is_writable: bool,
}

enum Items {
    Two(Vec<u16>),
    Four(Vec<u32>),
    Eight(Vec<u64>),
}

// SAFETY: nothing in Rust reads or writes the items after the array is made; only `__getbuffer__`
// looks at where they are, which never changes. What Python's views do with the memory is in the
// hands of Python's code, as with any writable buffer.
unsafe impl Sync for Array {}

impl From<Vec<u16>> for Array {
    fn from(items: Vec<u16>) -> Self {
        Self::new(Items::Two(items))
    }
}

impl From<Vec<u32>> for Array {
    fn from(items: Vec<u32>) -> Self {
        Self::new(Items::Four(items))
    }
}

impl From<Vec<u64>> for Array {
    fn from(items: Vec<u64>) -> Self {
        Self::new(Items::Eight(items))
    }
}

impl Array {
    fn new(items: Items) -> Self {
        Self {
            items: UnsafeCell::new(items),
            is_writable: true,
        }
    }

    /// The same, whose views cannot be written to.
    pub(crate) fn read_only(self) -> Self {
        Self {
            is_writable: false,
            ..self
        }
    }
}

#[pymethods]
impl Array {
    // SAFETY: Python calls this with a view that it owns. The pointer stays valid as long as the
    // view, which holds a reference to `slf`: the vector is never touched again, nor dropped before.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        // SAFETY: no other reference to the items exists: this is the only method, and the
        // reference ends before it returns. Threads that ask at once all read the same two words.
        let (start, len) = match unsafe { &*slf.get().items.get() } {
            Items::Two(items) => (items.as_ptr().cast_mut().cast::<c_void>(), items.len() * 2),
            Items::Four(items) => (items.as_ptr().cast_mut().cast(), items.len() * 4),
            Items::Eight(items) => (items.as_ptr().cast_mut().cast(), items.len() * 8),
        };
        let len = ffi::Py_ssize_t::try_from(len)
            .map_err(|_| PyOverflowError::new_err("the array is too long"))?;
        let read_only = c_int::from(!slf.get().is_writable);
        // SAFETY: `view` is Python's, `start` is the start of `len` bytes.
        let status =
            unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), start, len, read_only, flags) };
        if status == 0 {
            Ok(())
        } else {
            Err(PyErr::fetch(slf.py()))
        }
    }
}
