//! Where texts come from: files, one text, or batches that another thread hands over.
//!
//! A source gives its texts in batches, each of which can be worked on alone by any thread.
//! `batch` has what a batch is and how its bytes become texts, `cutter` says where a text may be
//! cut between two batches, `file` and `memory` are the sources, `input` reads the bytes
//! of a file, and `json` lines of JSON.

mod batch;
mod cutter;
mod file;
mod input;
mod json;
mod memory;
#[cfg(test)]
mod tests;

use crate::error::Result;

pub use batch::Invalid;
pub(crate) use batch::{Batch, Place};
pub(crate) use cutter::{Cutter, Whole};
pub use file::FileForm;
pub(crate) use file::{FileTexts, ManyFiles, total_len};
pub(crate) use input::Blocks;
pub(crate) use memory::MemoryText;
pub use memory::{FedTexts, Feeder};

/// Texts in batches.
pub(crate) trait Texts: Send {
    /// Fills the batch with what comes next; false at the end.
    ///
    /// # Errors
    ///
    /// `File` (I/O, damaged compression), with the path.
    fn next(&mut self, batch: &mut Batch) -> Result<bool>;

    /// The bytes that were read, as they lie on disk, and how many there are, where that is known.
    fn progress(&self) -> (u64, Option<u64>);
}

/// A batch ends when it has this many bytes, or at the next cut behind them. Each thread holds
/// one, and the processor's cache has room for some.
pub(crate) const BATCH_LEN: usize = 1 << 18;
