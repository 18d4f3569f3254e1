//! Where ids go: into a file, or one array.

use bpekit_formats::TokenId;
use bpekit_formats::files::AtomicFile;

use crate::error::Result;
use crate::tokenizer::OutputId;

/// How ids are written: as integers of this many bits, the lowest byte first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum IdType {
    /// 16 bits, for ids below 65,536.
    U16,
    /// 32 bits.
    U32,
}

impl IdType {
    /// The one with this name: `u16` or `u32`.
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "u16" => Some(Self::U16),
            "u32" => Some(Self::U32),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::U16 => "u16",
            Self::U32 => "u32",
        }
    }

    /// The smallest that holds all ids up to this one.
    pub(super) fn holding(max: TokenId) -> Self {
        if max <= <u16 as OutputId>::MAX {
            Self::U16
        } else {
            Self::U32
        }
    }

    pub(super) fn max(self) -> TokenId {
        match self {
            Self::U16 => <u16 as OutputId>::MAX,
            Self::U32 => <u32 as OutputId>::MAX,
        }
    }
}

/// Takes ids in order.
pub(super) trait Sink: Send {
    /// Ids as it wants them.
    type Part: Send;

    /// Makes a part ready, on any thread.
    fn part(ids: &[TokenId]) -> Self::Part;

    /// Takes the next part.
    ///
    /// # Errors
    ///
    /// `File` (I/O), with the path.
    fn put(&mut self, part: Self::Part) -> Result<()>;
}

/// A file of ids, each of so many bytes.
pub(super) struct ToFile<const WIDTH: usize>(pub(super) AtomicFile);

impl<const WIDTH: usize> Sink for ToFile<WIDTH> {
    type Part = Vec<u8>;

    fn part(ids: &[TokenId]) -> Vec<u8> {
        let mut bytes = vec![0; ids.len() * WIDTH];
        for (place, id) in bytes.chunks_exact_mut(WIDTH).zip(ids) {
            // The lowest bytes come first; the others are 0, as it was chosen.
            place.copy_from_slice(&id.to_le_bytes()[..WIDTH]);
        }
        bytes
    }

    fn put(&mut self, part: Vec<u8>) -> Result<()> {
        Ok(self.0.append(&part)?)
    }
}

impl<T: OutputId> Sink for Vec<T> {
    type Part = Self;

    fn part(ids: &[TokenId]) -> Self {
        ids.iter().map(|&id| T::of(id)).collect()
    }

    fn put(&mut self, part: Self) -> Result<()> {
        self.extend_from_slice(&part);
        Ok(())
    }
}
