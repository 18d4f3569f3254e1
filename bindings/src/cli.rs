//! The command line over the streams of the process, for the entry point of the wheel.

use std::ffi::OsString;
use std::io::{BufWriter, stderr, stdin, stdout};
use std::path::PathBuf;

use pyo3::prelude::*;

/// Runs the command line and gives the exit code. The first argument is the program's name;
/// `packages` are the folders of installed packages.
#[pyfunction]
pub(crate) fn run_cli(py: Python<'_>, args: Vec<OsString>, packages: Vec<PathBuf>) -> u8 {
    py.detach(|| {
        let mut out = BufWriter::with_capacity(1 << 16, stdout().lock());
        bpekit::cli::run_beside(
            &packages,
            args,
            &mut stdin().lock(),
            &mut out,
            &mut stderr(),
        )
    })
}
