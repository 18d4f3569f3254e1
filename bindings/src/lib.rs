//! `bpekit._bpekit`, the extension module under the Python package: types and errors converted,
//! the interpreter released while the engine works. Defaults, documentation and special cases of
//! Python are in `python/bpekit`; what text becomes is in the crate `bpekit`.

#![expect(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value, and most are only read"
)]

mod arguments;
mod array;
mod arrow;
mod arrow_texts;
mod batch;
mod cli;
mod core;
mod counts;
mod edit;
mod encode_file;
mod error;
mod facts;
mod files;
mod ids;
mod list;
mod spare;
mod state;
mod stream;
mod text;
mod train;
mod train_arguments;
mod verify;
mod watched;
mod work;

use pyo3::prelude::*;

/// The extension module.
#[pymodule(gil_used = false)]
mod _bpekit {
    #[pymodule_export]
    use crate::array::Array;
    #[pymodule_export]
    use crate::arrow::ArrowArray;
    #[pymodule_export]
    use crate::cli::run_cli;
    #[pymodule_export]
    use crate::core::Core;
    #[pymodule_export]
    use crate::counts::{Counts, count};
    #[pymodule_export]
    use crate::edit::{
        add_tokens, compact, remove_tokens, reorder, resize, truncate_merges, unused_tokens,
    };
    #[pymodule_export]
    use crate::files::{convert, detect, encoding_name, encoding_names, formats, loss_parts};
    #[pymodule_export]
    use crate::stream::Stream;
    #[pymodule_export]
    use crate::train::{Report, train, train_from_counts};
    #[pymodule_export]
    use crate::verify::verify;

    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
