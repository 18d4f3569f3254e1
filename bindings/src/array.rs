//! Arrays of integers that numpy reads in place, and writes where it may, through Python's buffer
//! protocol: what the engine has made is not copied. A few ids are, into an array that numpy makes
//! through its C interface: `numpy.frombuffer` takes as long as half of encoding a short text does.
//!
//! A kernel: it hands out the address of its memory, and writes to that of numpy.

#![expect(
    unsafe_code,
    reason = "the buffer protocol and numpy's C interface are made of pointers"
)]

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_uint, c_void};
use std::{mem, ptr};

use pyo3::exceptions::PyOverflowError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyCapsule, PyCapsuleMethods};

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

/// Up to so many ids are copied faster than an object is made around them.
const COPIED: usize = 4096;

/// The ids of a text as a read-only array of numpy.
pub(crate) fn of_one_text(py: Python<'_>, ids: Vec<u32>) -> PyResult<Bound<'_, PyAny>> {
    if ids.len() <= COPIED {
        return of_short_text(py, &ids);
    }
    let memory = Bound::new(py, Array::from(ids).read_only())?;
    from_buffer(py, memory.as_any())
}

/// The same, of a copy of the ids.
pub(crate) fn of_short_text<'py>(py: Python<'py>, ids: &[u32]) -> PyResult<Bound<'py, PyAny>> {
    if let Some(numpy) = Numpy::get(py)? {
        return numpy.copy_of(py, ids);
    }
    let memory = PyBytes::new_with(py, size_of_val(ids), |place| {
        for (place, id) in place.as_chunks_mut::<4>().0.iter_mut().zip(ids) {
            *place = id.to_ne_bytes();
        }
        Ok(())
    })?;
    from_buffer(py, memory.as_any())
}

fn from_buffer<'py>(py: Python<'py>, memory: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let numpy = py.import("numpy")?;
    numpy.call_method1("frombuffer", (memory, numpy.getattr("uint32")?))
}

/// What is used of numpy's C interface.
struct Numpy {
    /// `PyArray_Type`, an immortal class.
    class: *mut ffi::PyTypeObject,
    new: New,
    /// The number of the type of ids, which depends on the platform.
    uint32: c_int,
}

// SAFETY: the class and the function are there as long as the process is; both are used by threads
// that are attached to the interpreter alone, as numpy's own users do.
unsafe impl Send for Numpy {}
// SAFETY: the same.
unsafe impl Sync for Numpy {}

/// `PyArray_New`: class, number of dimensions, their lengths, number of the type, strides, memory,
/// size of an item, flags, and an object for subclasses.
type New = unsafe extern "C" fn(
    *mut ffi::PyTypeObject,
    c_int,
    *const isize,
    c_int,
    *const isize,
    *mut c_void,
    c_int,
    c_int,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// Where numpy's table has what is used: the same places in every version (`numpy_api.py`).
const VERSION_PLACE: usize = 0;
const CLASS_PLACE: usize = 2;
const NEW_PLACE: usize = 93;

/// The versions of the table's layout that are known: of numpy 1.x, and 2.x.
const VERSIONS: [c_uint; 2] = [0x0100_0009, 0x0200_0000];

/// The start of `PyArrayObject_fields`, which the macros of numpy's headers read and write.
#[repr(C)]
struct Fields {
    head: ffi::PyObject,
    data: *mut u8,
    dimension_count: c_int,
    dimensions: *mut isize,
    strides: *mut isize,
    base: *mut ffi::PyObject,
    description: *mut c_void,
    flags: c_int,
}

/// `NPY_ARRAY_WRITEABLE`.
const WRITABLE: c_int = 0x0400;

impl Numpy {
    /// The interface, or `None` of a numpy whose interface is not known.
    ///
    /// # Errors
    ///
    /// `ImportError` if numpy is not installed.
    fn get(py: Python<'_>) -> PyResult<Option<&Self>> {
        static NUMPY: PyOnceLock<Option<Numpy>> = PyOnceLock::new();
        let numpy = NUMPY.get_or_try_init(py, || {
            let numpy = py.import("numpy")?;
            let uint32 = numpy.call_method1("dtype", ("uint32",))?.getattr("num")?;
            let table = py
                .import("numpy._core._multiarray_umath")
                .or_else(|_| py.import("numpy.core._multiarray_umath"))
                .and_then(|module| module.getattr("_ARRAY_API"));
            let Ok(table) = table else { return Ok(None) };
            let table = table.cast_into::<PyCapsule>()?.pointer_checked(None)?;
            let table = table.as_ptr().cast::<*const c_void>();
            // SAFETY: the capsule holds a table of pointers, of more than 300 places in any
            // version; this one is a function without arguments.
            let version = unsafe {
                let version = *table.add(VERSION_PLACE);
                mem::transmute::<*const c_void, unsafe extern "C" fn() -> c_uint>(version)()
            };
            if !VERSIONS.contains(&version) {
                return Ok(None);
            }
            // SAFETY: these places hold `PyArray_Type` and `PyArray_New` in the known versions.
            let (class, new) = unsafe {
                let class = (*table.add(CLASS_PLACE)).cast_mut().cast();
                let new = *table.add(NEW_PLACE);
                (class, mem::transmute::<*const c_void, New>(new))
            };
            Ok::<_, PyErr>(Some(Self {
                class,
                new,
                uint32: uint32.extract()?,
            }))
        })?;
        Ok(numpy.as_ref())
    }

    /// A read-only array with these ids.
    fn copy_of<'py>(&self, py: Python<'py>, ids: &[u32]) -> PyResult<Bound<'py, PyAny>> {
        // A slice is never longer than `isize::MAX` bytes.
        let len = ids.len().cast_signed();
        // SAFETY: the thread is attached. Without memory given, `PyArray_New` allocates that of
        // `len` items of the type, and gives a reference that is owned here, or null with an
        // exception set.
        let array = unsafe {
            let array = (self.new)(
                self.class,
                1,
                &raw const len,
                self.uint32,
                ptr::null(),
                ptr::null_mut(),
                0,
                0,
                ptr::null_mut(),
            );
            Bound::from_owned_ptr_or_err(py, array)?
        };
        let fields = array.as_ptr().cast::<Fields>();
        // SAFETY: the object is an array of `len` contiguous items of four bytes, which no other
        // code has seen; its memory is not that of `ids`. Its fields are laid out as in `Fields`.
        unsafe {
            let data = (*fields).data;
            ptr::copy_nonoverlapping(ids.as_ptr().cast::<u8>(), data, size_of_val(ids));
            (*fields).flags &= !WRITABLE;
        }
        Ok(array)
    }
}
