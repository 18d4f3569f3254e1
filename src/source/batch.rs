//! Some texts, or a part of one.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use bpekit_formats::{Error as FileError, Location};

use super::json;
use crate::error::{Error, Result};

/// What becomes of bytes that are not UTF-8: Python's `errors`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Invalid {
    /// An error with the place.
    #[default]
    Strict,
    /// U+FFFD for each maximal invalid sequence, as Python and `String::from_utf8_lossy` have it.
    Replace,
    /// Left out.
    Ignore,
}

impl Invalid {
    /// The one with this name: `strict`, `replace` or `ignore`.
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "strict" => Some(Self::Strict),
            "replace" => Some(Self::Replace),
            "ignore" => Some(Self::Ignore),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Replace => "replace",
            Self::Ignore => "ignore",
        }
    }
}

/// Some texts, or a part of one, that can be counted on their own.
#[derive(Default)]
pub(crate) struct Batch {
    pub(super) bytes: Vec<u8>,
    /// Where each text ends. What stands behind the last one is part of a text that goes on in the
    /// next batch.
    pub(super) ends: Vec<usize>,
    pub(super) form: Form,
    pub(super) origin: Origin,
}

/// What the texts of a batch are written as.
#[derive(Clone, Default)]
pub(super) enum Form {
    #[default]
    Text,
    /// A JSON object each, with the text in this member.
    Json { field: Arc<str> },
    /// Texts with this behind them, which is no part of them; the last of a file may lack it.
    Separated { by: Arc<[u8]> },
}

/// Where a text of a batch stands in it.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Of the text, or the line with it, among those of the batch.
    number: usize,
    /// Where it starts, in bytes.
    start: usize,
}

/// Where the bytes of a batch stand, for messages.
#[derive(Clone, Default)]
pub(super) struct Origin {
    pub(super) path: Option<Arc<PathBuf>>,
    /// In the content of the file, out of its compression; without a file, in the first text.
    pub(super) offset: u64,
    /// The number of the first line, from 1; without a file, of the first text.
    pub(super) line: u64,
}

impl Batch {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Whether the last text goes on in the next batch.
    pub(crate) fn is_open(&self) -> bool {
        self.ends.last().copied().unwrap_or(0) < self.bytes.len()
    }

    /// Calls `sink` with each text, or part of one, and whether a text ends with it. Gives how
    /// many entries were null.
    ///
    /// # Errors
    ///
    /// `File` (data), with the place, for bytes that are not UTF-8 under [`Invalid::Strict`] and
    /// for JSON that is none or has no text; errors of `sink`.
    pub(crate) fn for_each_text(
        &self,
        invalid: Invalid,
        mut sink: impl FnMut(&str, bool) -> Result<()>,
    ) -> Result<u64> {
        self.for_each_placed(invalid, |text, is_whole, _| sink(text, is_whole))
    }

    /// The same; `sink` also gets where the text stands, for [`Self::error_at`].
    pub(crate) fn for_each_placed(
        &self,
        invalid: Invalid,
        mut sink: impl FnMut(&str, bool, Place) -> Result<()>,
    ) -> Result<u64> {
        let mut nulls = 0;
        let mut start = 0;
        for (number, &end) in self.ends.iter().enumerate() {
            let place = Place { number, start };
            let last = match &self.form {
                Form::Separated { by } if self.bytes[start..end].ends_with(by) => end - by.len(),
                _ => end,
            };
            let text = self.decode(number, start, last, invalid)?;
            match &self.form {
                Form::Text | Form::Separated { .. } => sink(&text, true, place)?,
                Form::Json { .. } if text.trim_ascii().is_empty() => {}
                Form::Json { field } => {
                    match json::pick(&text, field).map_err(|error| self.in_line(number, error))? {
                        Some(text) => sink(&text, true, place)?,
                        None => nulls += 1,
                    }
                }
            }
            start = end;
        }
        if start < self.bytes.len() {
            let number = self.ends.len();
            let text = self.decode(number, start, self.bytes.len(), invalid)?;
            sink(&text, false, Place { number, start })?;
        }
        Ok(nulls)
    }

    /// The text with this number in the batch.
    fn decode(
        &self,
        number: usize,
        start: usize,
        end: usize,
        invalid: Invalid,
    ) -> Result<Cow<'_, str>> {
        let bytes = &self.bytes[start..end];
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => return Ok(Cow::Borrowed(text)),
            Err(error) => error,
        };
        match invalid {
            Invalid::Replace => Ok(String::from_utf8_lossy(bytes)),
            Invalid::Ignore => Ok(Cow::Owned(
                bytes.utf8_chunks().map(|part| part.valid()).collect(),
            )),
            Invalid::Strict => Err(self.not_utf8(number, start, start + error.valid_up_to())),
        }
    }

    /// The byte `at`, in the text with this number, which starts at `start`, is not UTF-8.
    fn not_utf8(&self, number: usize, start: usize, at: usize) -> Error {
        let byte = self.bytes[at];
        let offset = usize::try_from(self.origin.offset).unwrap_or(usize::MAX);
        let (what, place) = if self.origin.path.is_some() {
            (String::new(), offset.saturating_add(at))
        } else {
            // The first text of a batch may have started in the one before.
            let place = if number == 0 {
                offset.saturating_add(at)
            } else {
                at - start
            };
            (format!(" in text {}", self.number(number)), place)
        };
        let error = FileError::data(format!("0x{byte:02x}{what} is not UTF-8 text"))
            .at(Location::Byte(place))
            .with_hint("`errors=\"replace\"` (`--errors replace`) takes U+FFFD for it")
            .with_hint("or convert the text: `iconv -f ENCODING -t UTF-8`");
        self.in_file(error)
    }

    /// An error about what stands in the text: `what` of it, or, if that is not found, its start.
    pub(crate) fn error_at(&self, place: Place, what: &[u8], error: FileError) -> Error {
        if let Form::Json { .. } = self.form {
            return self.in_line(place.number, error);
        }
        let found = memchr::memmem::find(&self.bytes[place.start..], what).unwrap_or(0);
        let offset = usize::try_from(self.origin.offset).unwrap_or(usize::MAX);
        let at = offset.saturating_add(place.start + found);
        self.in_file(error.at(Location::Byte(at)))
    }

    fn in_line(&self, number: usize, error: FileError) -> Error {
        self.in_file(error.at_line(self.number(number)))
    }

    /// The number of a line or text of the batch among all.
    fn number(&self, number: usize) -> usize {
        let first = usize::try_from(self.origin.line).unwrap_or(usize::MAX);
        first.saturating_add(number)
    }

    fn in_file(&self, error: FileError) -> Error {
        match &self.origin.path {
            Some(path) => error.with_path(path.as_path()).into(),
            None => error.into(),
        }
    }
}
