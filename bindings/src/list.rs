//! Token ids as Python lists, and lists as token ids. A kernel: the lists are filled and read in
//! place.
//!
//! # Notes on speed
//!
//! A Python integer takes 32 bytes and an allocation. Texts have the same few thousand ids over
//! and over, so that lists share one integer object an id, made when the id is first listed; a
//! list of 2.6 million ids then takes 21 MB in place of 105 MB.
//!
//! A list is read through borrowed references: to count them up and down would write to each
//! integer of it, which takes longer than all else.

#![expect(unsafe_code, reason = "the C interface of Python is unsafe throughout")]

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyList;

use crate::spare;

/// Ids above are not shared. Larger than any real vocab; the table takes 8 bytes an id.
const LARGEST: u64 = 1 << 20;

/// An integer object for each id that was in a list, or null.
///
/// Each pointer that is not null owns a reference, and is never changed again.
pub(crate) struct Integers {
    bound: usize,
    table: OnceLock<Box<[AtomicPtr<ffi::PyObject>]>>,
}

impl Integers {
    /// For ids below `bound`; others may be in a list, and are not shared.
    pub(crate) fn new(bound: u64) -> Self {
        Self {
            bound: bound.min(LARGEST) as usize,
            table: OnceLock::new(),
        }
    }

    /// The ids as a list.
    pub(crate) fn list<'py>(&self, py: Python<'py>, ids: &[u32]) -> PyResult<Bound<'py, PyList>> {
        let table = self.table.get_or_init(|| {
            let nulls = (0..self.bound).map(|_| AtomicPtr::new(ptr::null_mut()));
            nulls.collect()
        });
        // A slice is never longer than `isize::MAX` bytes.
        let len = ids.len().cast_signed();
        // SAFETY: the thread is attached to the interpreter, as `py` shows. `PyList_New` gives a
        // reference that is owned here, or null with an exception set.
        let list = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyList_New(len))? };
        for (index, &id) in (0..len).zip(ids) {
            let integer = match table.get(id as usize) {
                Some(slot) => shared(py, slot, id)?,
                None => made(py, id)?,
            };
            // SAFETY: `list` is a list of `len` items, all null, which no other code has seen;
            // `index` is below `len`, and met once. The list takes over the reference. An error
            // before the last item leaves nulls, which the deallocation of a list allows.
            unsafe { ffi::PyList_SET_ITEM(list.as_ptr(), index, integer) };
        }
        Ok(list.cast_into::<PyList>()?)
    }
}

/// A new reference to an integer object of the id.
fn made(py: Python<'_>, id: u32) -> PyResult<*mut ffi::PyObject> {
    Ok(id.into_pyobject(py)?.into_any().unbind().into_ptr())
}

/// A new reference to the integer object of a slot, which is made if it is not there.
#[inline]
fn shared(
    py: Python<'_>,
    slot: &AtomicPtr<ffi::PyObject>,
    id: u32,
) -> PyResult<*mut ffi::PyObject> {
    let mut integer = slot.load(Ordering::Acquire);
    if integer.is_null() {
        integer = filled(py, slot, id)?;
    }
    // SAFETY: the thread is attached. The slot's reference keeps the object alive: it is dropped
    // with `Integers` alone, which is borrowed here.
    unsafe { ffi::Py_INCREF(integer) };
    Ok(integer)
}

/// The object of a slot that was empty; the reference is the slot's.
#[cold]
fn filled(
    py: Python<'_>,
    slot: &AtomicPtr<ffi::PyObject>,
    id: u32,
) -> PyResult<*mut ffi::PyObject> {
    let integer = made(py, id)?;
    let order = (Ordering::AcqRel, Ordering::Acquire);
    match slot.compare_exchange(ptr::null_mut(), integer, order.0, order.1) {
        Ok(_) => Ok(integer),
        Err(other) => {
            // Another thread was first, where threads run Python code at once.
            // SAFETY: the thread is attached, and the reference is the one made above.
            unsafe { ffi::Py_DECREF(integer) };
            Ok(other)
        }
    }
}

impl Drop for Integers {
    fn drop(&mut self) {
        let Some(table) = self.table.take() else {
            return;
        };
        // Without an interpreter there is nothing left to give the objects back to.
        Python::try_attach(|py| {
            for slot in table {
                let integer = slot.into_inner();
                if !integer.is_null() {
                    // SAFETY: the thread is attached, and the reference is the slot's own, which
                    // nothing can read any more.
                    drop(unsafe { Bound::from_owned_ptr(py, integer) });
                }
            }
        });
    }
}

/// The ids of a list, with tiktoken's error for an item that is none.
pub(crate) fn ids_of(list: &Bound<'_, PyList>) -> PyResult<Vec<u32>> {
    let mut ids = spare::IDS.take();
    ids.clear();
    ids.reserve(list.len());
    if has_one_thread(list.py())? {
        read_integers(list, &mut ids);
    }
    // What is left starts with an item that is no plain integer, or is no id.
    read_plainly(list, &mut ids)?;
    Ok(ids)
}

/// Appends the ids of a list, from item `ids.len()` on: the reference for `read_integers`, and
/// what raises the errors.
fn read_plainly(list: &Bound<'_, PyList>, ids: &mut Vec<u32>) -> PyResult<()> {
    // The length is asked for each time: an item's `__index__` may change the list, and so may
    // another thread between the two calls.
    while ids.len() < list.len() {
        let Ok(item) = list.get_item(ids.len()) else {
            break;
        };
        ids.push(item.extract()?);
    }
    Ok(())
}

/// Appends the ids of a list up to the first item that is not a plain integer of their range.
///
/// Only where no other thread can change the list meanwhile.
fn read_integers(list: &Bound<'_, PyList>, ids: &mut Vec<u32>) {
    let object = list.as_ptr();
    for index in 0..list.len().cast_signed() {
        let mut overflow = 0;
        // SAFETY: `list` is a list, and `index` is below its length: nothing in this loop runs
        // Python code or gives the interpreter up, so that the list stays as it is, and keeps
        // its items alive. The number of an exact integer is asked for without an exception.
        let number = unsafe {
            let item = ffi::PyList_GET_ITEM(object, index);
            if ffi::PyLong_CheckExact(item) == 0 {
                return;
            }
            ffi::PyLong_AsLongAndOverflow(item, &raw mut overflow)
        };
        // One that is too large is given as -1.
        let Ok(id) = u32::try_from(number) else {
            return;
        };
        ids.push(id);
    }
}

/// Whether one thread at a time runs Python code. Once that is so it stays.
fn has_one_thread(py: Python<'_>) -> PyResult<bool> {
    static ANSWER: PyOnceLock<bool> = PyOnceLock::new();
    let answer = ANSWER.get_or_try_init(py, || {
        match py.import("sys")?.getattr_opt("_is_gil_enabled")? {
            Some(function) => function.call0()?.extract(),
            None => Ok(true),
        }
    });
    answer.copied()
}
