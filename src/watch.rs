//! Looking on while long work is done, and stopping it.

use crate::error::{Error, ErrorKind, Result};

/// What long work tells, and asks. Called from any of its threads.
pub trait Watch: Sync {
    /// Whether to stop: asked at least every tenth of a second.
    fn is_stopped(&self) -> bool {
        false
    }

    /// How far it is: told a few times a second.
    fn progress(&self, progress: &Progress) {
        let _ = progress;
    }
}

impl dyn Watch + '_ {
    /// An error if the work is to stop.
    pub(crate) fn go_on(&self) -> Result<()> {
        if self.is_stopped() {
            return Err(Error::new(ErrorKind::Interrupted));
        }
        Ok(())
    }
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Counting pretokens.
    Counting {
        /// Bytes of the source that are done: of files as they lie on disk.
        done: u64,
        /// How many there are, where that is known.
        all: Option<u64>,
    },
    /// Encoding files.
    Encoding {
        /// Bytes of the files that are done, as they lie on disk.
        done: u64,
        /// How many there are, where that is known.
        all: Option<u64>,
    },
    /// Merging.
    Merging {
        /// Tokens there are.
        done: u64,
        /// Tokens asked for.
        all: u64,
    },
}

/// Nobody looks on.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct Unwatched;

impl Watch for Unwatched {}
