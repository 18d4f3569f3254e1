//! Token ids as Python gives them: lists, arrays of numbers, any sequence of integers.

use std::ops::Deref;

use pyo3::buffer::{Element, PyBuffer, PyUntypedBuffer};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::spare;

/// Token ids taken out of a Python object. What cannot be ids raises what tiktoken does.
pub(crate) struct Ids(Vec<u32>);

impl Deref for Ids {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.0
    }
}

impl AsRef<[u32]> for Ids {
    fn as_ref(&self) -> &[u32] {
        self
    }
}

impl Drop for Ids {
    fn drop(&mut self) {
        spare::IDS.give_back(std::mem::take(&mut self.0));
    }
}

impl FromPyObject<'_, '_> for Ids {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(list) = object.cast_exact::<PyList>() {
            return crate::list::ids_of(&list).map(Self);
        }
        if !object.is_exact_instance_of::<PyTuple>()
            && let Ok(buffer) = PyUntypedBuffer::get(&object)
            && buffer.dimensions() == 1
            && let Some(ids) = of_buffer(object.py(), &buffer)
        {
            return Ok(Self(ids));
        }
        object.extract().map(Self)
    }
}

/// The numbers of a buffer. `None` if they are not integers in the machine's byte order, or are no
/// ids: as Python's integers, taken one by one, they raise what integers in a list do.
fn of_buffer(py: Python<'_>, buffer: &PyUntypedBuffer) -> Option<Vec<u32>> {
    // PyO3 0.30 takes `>`, the other byte order, for the machine's; `c` is text.
    let is_native = match buffer.format().to_bytes() {
        [kind] | [b'@' | b'=', kind] => *kind != b'c',
        _ => false,
    };
    if !is_native {
        return None;
    }
    if let Ok(buffer) = buffer.as_typed::<u32>() {
        let mut ids = spare::IDS.take();
        // What it holds is written over; to clear it first would be to write twice.
        ids.resize(buffer.item_count(), 0);
        buffer.copy_to_slice(py, &mut ids).ok()?;
        return Some(ids);
    }
    converted::<i64>(py, buffer)
        .or_else(|| converted::<i32>(py, buffer))
        .or_else(|| converted::<u16>(py, buffer))
        .or_else(|| converted::<u64>(py, buffer))
        .or_else(|| converted::<u8>(py, buffer))
        .or_else(|| converted::<i16>(py, buffer))
        .or_else(|| converted::<i8>(py, buffer))
}

fn converted<T: Element + TryInto<u32>>(
    py: Python<'_>,
    buffer: &PyUntypedBuffer,
) -> Option<Vec<u32>> {
    let buffer: &PyBuffer<T> = buffer.as_typed().ok()?;
    let numbers = buffer.to_vec(py).ok()?;
    let mut ids = spare::IDS.take();
    ids.clear();
    ids.reserve(numbers.len());
    for number in numbers {
        ids.push(number.try_into().ok()?);
    }
    Some(ids)
}
