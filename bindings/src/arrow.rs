//! Arrow arrays from and to other libraries, by the `PyCapsule` interface of Arrow: capsules with the
//! structures of Arrow's C data interface, whose memory nobody copies.
//!
//! A kernel: it takes structures out of capsules, and calls what a stream has for functions.
//!
//! <https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html>

#![expect(
    unsafe_code,
    reason = "Arrow's C interfaces are made of pointers and functions"
)]

use std::ffi::CStr;
use std::ptr::NonNull;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, ArrayRef, make_array};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods};

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// An array that other libraries take, as `pyarrow.array` and `polars.Series` do.
#[pyclass(frozen, module = "bpekit._bpekit")]
pub(crate) struct ArrowArray(pub(crate) ArrayRef);

#[pymethods]
impl ArrowArray {
    /// The array as capsules of its type and of itself. It cannot be cast to another type, which
    /// the interface leaves to whoever asked.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        let _ = requested_schema;
        let (array, schema) = to_ffi(&self.0.to_data()).map_err(|error| wrong(&error))?;
        let schema = PyCapsule::new_with_value(py, schema, SCHEMA)?;
        let array = PyCapsule::new_with_value(py, array, ARRAY)?;
        Ok((schema, array))
    }

    /// The type as a capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema =
            FFI_ArrowSchema::try_from(self.0.data_type()).map_err(|error| wrong(&error))?;
        PyCapsule::new_with_value(py, schema, SCHEMA)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}

/// The arrays of an object that has one, or a stream of them.
pub(crate) fn arrays_of(object: &Bound<'_, PyAny>) -> PyResult<Vec<ArrayRef>> {
    let py = object.py();
    if object.hasattr("__arrow_c_array__")? {
        let (schema, array): (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) =
            object.call_method0("__arrow_c_array__")?.extract()?;
        let schema = pointer(&schema, SCHEMA)?.cast::<FFI_ArrowSchema>();
        // SAFETY: a capsule of this name holds a schema, by the interface. It stays the capsule's,
        // which lives to the end of this block.
        let schema = unsafe { schema.as_ref() };
        let array = pointer(&array, ARRAY)?.cast::<FFI_ArrowArray>();
        // SAFETY: a capsule of this name holds an array. It is moved out: what stays in the capsule
        // is marked as released, so that its destructor does nothing.
        let array = unsafe { FFI_ArrowArray::from_raw(array.as_ptr()) };
        return read(array, schema).map(|array| vec![array]);
    }
    if !object.hasattr("__arrow_c_stream__")? {
        return Err(PyTypeError::new_err(format!(
            "expected an Arrow array, as of pyarrow or polars, not {}; for a list of str there is \
             `encode_batch`",
            object.get_type().qualname()?
        )));
    }
    let capsule = object.call_method0("__arrow_c_stream__")?;
    let capsule = capsule.cast::<PyCapsule>()?;
    let stream = pointer(capsule, STREAM)?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: a capsule of this name holds a stream. It is moved out, as the array is above, and
    // released when it goes out of scope.
    let mut stream = unsafe { FFI_ArrowArrayStream::from_raw(stream.as_ptr()) };
    let mut schema = FFI_ArrowSchema::empty();
    let get_schema = stream.get_schema().ok_or_else(released)?;
    // SAFETY: the stream is not released, and `schema` is empty and may be written to.
    let status = unsafe { get_schema(&raw mut stream, &raw mut schema) };
    check(&mut stream, status)?;
    let mut arrays = Vec::new();
    loop {
        let mut array = FFI_ArrowArray::empty();
        let get_next = stream.get_next().ok_or_else(released)?;
        // SAFETY: as for the schema.
        let status = unsafe { get_next(&raw mut stream, &raw mut array) };
        check(&mut stream, status)?;
        // The end is an array that is released.
        if array.is_released() {
            return Ok(arrays);
        }
        arrays.push(read(array, &schema)?);
        py.check_signals()?;
    }
}

/// An array of what is said of it.
fn read(array: FFI_ArrowArray, schema: &FFI_ArrowSchema) -> PyResult<ArrayRef> {
    // SAFETY: both come from one capsule or one stream, whose maker says that they are valid.
    let data = unsafe { from_ffi(array, schema) }.map_err(|error| wrong(&error))?;
    // What other programs have made is looked through before anything relies on it: a string that
    // is not UTF-8 would be undefined behaviour.
    data.validate_full().map_err(|error| wrong(&error))?;
    Ok(make_array(data))
}

/// What a capsule points to, if it has this name.
fn pointer(capsule: &Bound<'_, PyCapsule>, name: &CStr) -> PyResult<NonNull<std::ffi::c_void>> {
    capsule.pointer_checked(Some(name))
}

/// The error of a stream, if it tells of one.
fn check(stream: &mut FFI_ArrowArrayStream, status: i32) -> PyResult<()> {
    if status == 0 {
        return Ok(());
    }
    let words = stream.get_last_error().and_then(|last_error| {
        // SAFETY: the stream is not released, and its last function failed.
        let words = unsafe { last_error(stream) };
        // SAFETY: it is null, or text that is valid up to the next call.
        (!words.is_null()).then(|| {
            unsafe { CStr::from_ptr(words) }
                .to_string_lossy()
                .into_owned()
        })
    });
    Err(PyValueError::new_err(words.unwrap_or_else(|| {
        format!("the Arrow stream failed with error {status}")
    })))
}

fn released() -> PyErr {
    PyValueError::new_err("the Arrow stream is released")
}

fn wrong(error: &arrow_schema::ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
