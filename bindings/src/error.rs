//! Errors of the engine as Python exceptions: the whole mapping, in one `match` for each of the
//! two crates. The classes are in `bpekit/_errors.py`.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use bpekit::formats::{Category, Error as FileError, Location, Severity};
use bpekit::{Error, ErrorKind};
use pyo3::exceptions::{
    PyFileNotFoundError, PyKeyError, PyKeyboardInterrupt, PyOSError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyBytes;

/// Which lookup failed, as tiktoken's `KeyError` differs between the two.
pub(crate) fn unknown_id(error: Error) -> PyErr {
    match error.kind() {
        ErrorKind::UnknownId(id) => PyKeyError::new_err(id.to_string()),
        _ => python_error(error),
    }
}

/// The exception of an error.
pub(crate) fn python_error(error: Error) -> PyErr {
    Python::attach(|py| convert(py, &error).unwrap_or_else(|failure| failure))
}

fn convert(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let message = || error.to_string();
    Ok(match error.kind() {
        ErrorKind::File(file) => return file_error(py, file),
        ErrorKind::DisallowedSpecial(token) => {
            let make = class(py, "disallowed_special")?;
            PyErr::from_value(make.call1((token,))?)
        }
        ErrorKind::UnknownId(id) => {
            PyKeyError::new_err(format!("Invalid token for decoding: {id}"))
        }
        ErrorKind::UnknownToken(bytes) => PyKeyError::new_err(PyBytes::new(py, bytes).unbind()),
        ErrorKind::Pattern { .. } => {
            PyErr::from_value(class(py, "PatternError")?.call1((message(),))?)
        }
        // Python's own decoder words the error.
        ErrorKind::NotUtf8 { bytes, .. } => {
            match PyBytes::new(py, bytes).call_method1("decode", ("utf-8", "strict")) {
                Ok(_) => PyValueError::new_err(message()),
                Err(unicode_error) => unicode_error,
            }
        }
        ErrorKind::NotFound { .. } => PyFileNotFoundError::new_err(message()),
        ErrorKind::Interrupted => PyKeyboardInterrupt::new_err(()),
        _ => PyValueError::new_err(message()),
    })
}

fn file_error(py: Python<'_>, error: &FileError) -> PyResult<PyErr> {
    let name = match error.category() {
        Category::Io => match error.io_error() {
            Some(cause) => return os_error(py, cause, error.path().map(AsRef::as_ref)),
            None => "FormatError",
        },
        Category::Unsupported => "UnsupportedError",
        Category::Limit => "LimitError",
        Category::Loss => "LossyConversionError",
        _ => "FormatError",
    };
    let location = error.location().map(|location| match location {
        Location::Line { line, .. } => format!("line {line}"),
        Location::Json(path) => path.clone(),
        Location::Byte(offset) => format!("byte {offset}"),
    });
    let losses: Vec<(&str, &str, bool)> = error
        .losses()
        .iter()
        .map(|loss| {
            (
                loss.part.name(),
                loss.detail.as_str(),
                loss.severity == Severity::Refused,
            )
        })
        .collect();
    let make = class(py, "file_error")?;
    let value = make.call1((
        name,
        error.to_string(),
        error.format(),
        error.path().map(Path::as_os_str),
        error.line(),
        location,
        error.hints(),
        losses,
    ))?;
    Ok(PyErr::from_value(value))
}

/// `OSError(errno, text, path)`, of which Python makes the subclass.
fn os_error(py: Python<'_>, error: &io::Error, path: Option<&OsStr>) -> PyResult<PyErr> {
    let name = match error.kind() {
        io::ErrorKind::NotFound => Some("ENOENT"),
        io::ErrorKind::PermissionDenied => Some("EACCES"),
        io::ErrorKind::AlreadyExists => Some("EEXIST"),
        io::ErrorKind::IsADirectory => Some("EISDIR"),
        io::ErrorKind::NotADirectory => Some("ENOTDIR"),
        io::ErrorKind::ReadOnlyFilesystem => Some("EROFS"),
        io::ErrorKind::StorageFull => Some("ENOSPC"),
        _ => None,
    };
    // An error made by this crate, or wrapped by a library, has a kind and no number.
    let number = match (error.raw_os_error(), name) {
        (Some(number), _) => Some(number),
        (None, Some(name)) => Some(py.import("errno")?.getattr(name)?.extract()?),
        (None, None) => None,
    };
    Ok(match number {
        Some(number) => {
            let text: String = py
                .import("os")?
                .call_method1("strerror", (number,))?
                .extract()?;
            PyOSError::new_err((number, text, path.map(OsStr::to_os_string)))
        }
        None => PyOSError::new_err(match path {
            Some(path) => format!("{}: {error}", path.to_string_lossy()),
            None => error.to_string(),
        }),
    })
}

/// A class or function of `bpekit/_errors.py`.
fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE
        .get_or_try_init(py, || py.import("bpekit._errors").map(Bound::unbind))?
        .bind(py);
    module.getattr(name)
}
