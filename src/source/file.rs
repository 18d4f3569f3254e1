//! The texts of a file.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bpekit_formats::Error as FileError;
use bpekit_formats::compression::{self, Meter, Reader};
use bpekit_formats::files;
use memchr::memmem::Finder;

use super::batch::{Batch, Form, Origin};
use super::cutter::Whole;
use super::input::{Blocks, Input};
use super::{BATCH_LEN, Cutter, Texts};
use crate::error::Result;
use crate::watch::{Unwatched, Watch};

/// What a file holds. Any of it may be in gzip or Zstandard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileForm {
    /// One text: the whole file.
    #[default]
    Text,
    /// A text each line, with its line end, as tokenizers' `train` reads files.
    Lines,
    /// A JSON object each line, with the text in this member. Blank lines are passed over.
    JsonLines {
        /// The member's name.
        field: String,
    },
    /// Texts with these bytes between them, which are part of none. What stands behind the last
    /// of them is a text if there is anything.
    Separated {
        /// One byte or more.
        by: Vec<u8>,
    },
}

impl FileForm {
    /// What the name of a file says: `.jsonl` and `.ndjson` have lines of JSON with the text in
    /// `text`, any other file is one text.
    pub fn of_name(path: &Path) -> Self {
        let name = files::file_name(path).to_lowercase();
        let name = compression::strip_suffix(&name);
        if matches!(name.rsplit_once('.'), Some((_, "jsonl" | "ndjson"))) {
            Self::JsonLines {
                field: "text".to_owned(),
            }
        } else {
            Self::Text
        }
    }
}

/// The bytes of files as they lie on disk; none if one of them has no length.
pub(crate) fn total_len(paths: &[PathBuf]) -> Option<u64> {
    paths
        .iter()
        .map(|path| std::fs::metadata(path).ok())
        .map(|found| found.filter(std::fs::Metadata::is_file))
        .map(|found| found.map(|metadata| metadata.len()))
        .sum()
}

/// The texts of several files, one file after the other.
pub(crate) struct ManyFiles<'a> {
    paths: std::slice::Iter<'a, PathBuf>,
    form_of: &'a (dyn Fn(&Path) -> FileForm + Sync),
    cutter: Cutter,
    watch: &'a dyn Watch,
    current: Option<FileTexts<'a>>,
    /// Bytes of the files before the current one.
    before: u64,
    all: Option<u64>,
    batch_len: usize,
}

impl<'a> ManyFiles<'a> {
    pub(crate) fn new(
        paths: &'a [PathBuf],
        form_of: &'a (dyn Fn(&Path) -> FileForm + Sync),
        cutter: Cutter,
    ) -> Self {
        Self {
            paths: paths.iter(),
            form_of,
            cutter,
            watch: &Unwatched,
            current: None,
            before: 0,
            all: total_len(paths),
            batch_len: BATCH_LEN,
        }
    }

    /// The same, stopped by a watch also while it reads.
    pub(crate) fn watched(self, watch: &'a dyn Watch) -> Self {
        Self { watch, ..self }
    }

    /// The same in batches of about so many bytes.
    pub(crate) fn with_batch_len(self, batch_len: usize) -> Self {
        Self { batch_len, ..self }
    }
}

impl Texts for ManyFiles<'_> {
    fn next(&mut self, batch: &mut Batch) -> Result<bool> {
        loop {
            if let Some(current) = &mut self.current {
                if current.next(batch)? {
                    return Ok(true);
                }
                self.before += current.progress().0;
                self.current = None;
            }
            let Some(path) = self.paths.next() else {
                return Ok(false);
            };
            let form = (self.form_of)(path);
            let cutter = self.cutter.clone();
            let texts = FileTexts::open_watched(path, &form, cutter, false, self.watch)?;
            self.current = Some(texts.with_batch_len(self.batch_len));
        }
    }

    fn progress(&self) -> (u64, Option<u64>) {
        let current = self.current.as_ref().map_or(0, |texts| texts.progress().0);
        (self.before + current, self.all)
    }
}

/// Where the texts of a file end, apart from its end.
enum Ends {
    Nowhere,
    Lines,
    Behind(Box<Finder<'static>>),
}

impl Ends {
    /// Where texts end in these bytes, which start where a text or a part of one does.
    fn all_in(&self, bytes: &[u8]) -> Vec<usize> {
        match self {
            Self::Nowhere => Vec::new(),
            Self::Lines => memchr::memchr_iter(b'\n', bytes).map(|at| at + 1).collect(),
            Self::Behind(separator) => {
                let len = separator.needle().len();
                separator.find_iter(bytes).map(|at| at + len).collect()
            }
        }
    }

    /// The last of them. Separators are found from the left, as they may overlap.
    fn last_in(&self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => memchr::memrchr(b'\n', bytes).map(|at| at + 1),
            _ => self.all_in(bytes).last().copied(),
        }
    }
}

/// The texts of a file, read as they are asked for.
pub(crate) struct FileTexts<'w> {
    reader: Reader<Input<'w>>,
    watch: &'w dyn Watch,
    path: Arc<PathBuf>,
    len: Option<u64>,
    form: Form,
    ends: Ends,
    cutter: Cutter,
    batch_len: usize,
    /// What was read and belongs to the next batch.
    rest: Vec<u8>,
    origin: Origin,
    is_done: bool,
}

impl<'w> FileTexts<'w> {
    /// Opens a file that nobody looks on at.
    #[cfg(test)]
    pub(crate) fn open(
        path: &Path,
        form: &FileForm,
        cutter: Cutter,
        is_hashing: bool,
    ) -> Result<Self> {
        Self::open_watched(path, form, cutter, is_hashing, &Unwatched)
    }

    /// Opens a file. Its sha256 is made on the way if it `is_hashing`; the watch stops it also
    /// while it reads.
    ///
    /// # Errors
    ///
    /// `File` (I/O), with the path; also if the name says a compression that the content is not in.
    /// `Interrupted` if the watch says so.
    pub(crate) fn open_watched(
        path: &Path,
        form: &FileForm,
        cutter: Cutter,
        is_hashing: bool,
        watch: &'w dyn Watch,
    ) -> Result<Self> {
        let open = || -> bpekit_formats::Result<_> {
            let (input, len) = Input::open(path, Meter::new(is_hashing), watch)?;
            Ok((Reader::new(&files::file_name(path), input)?, len))
        };
        let (reader, len) = match open() {
            Ok(opened) => opened,
            Err(error) => {
                watch.go_on()?;
                return Err(error.with_path(path).into());
            }
        };
        Ok(Self::new(reader, len, path, form, cutter, watch))
    }

    /// Of what another thread reads, by this name.
    pub(crate) fn of_blocks(
        blocks: Blocks,
        name: &str,
        form: &FileForm,
        cutter: Cutter,
        watch: &'w dyn Watch,
    ) -> Result<Self> {
        let reader = match Reader::new(name, Input::of_blocks(blocks, watch)) {
            Ok(reader) => reader,
            Err(error) => {
                watch.go_on()?;
                return Err(error.with_path(name).into());
            }
        };
        Ok(Self::new(
            reader,
            None,
            Path::new(name),
            form,
            cutter,
            watch,
        ))
    }

    fn new(
        reader: Reader<Input<'w>>,
        len: Option<u64>,
        path: &Path,
        form: &FileForm,
        cutter: Cutter,
        watch: &'w dyn Watch,
    ) -> Self {
        let path = Arc::new(path.to_path_buf());
        Self {
            reader,
            watch,
            len,
            form: match form {
                FileForm::Text | FileForm::Lines => Form::Text,
                FileForm::JsonLines { field } => Form::Json {
                    field: field.as_str().into(),
                },
                FileForm::Separated { by } => Form::Separated {
                    by: by.as_slice().into(),
                },
            },
            ends: match form {
                FileForm::Text => Ends::Nowhere,
                FileForm::Lines | FileForm::JsonLines { .. } => Ends::Lines,
                FileForm::Separated { by } => Ends::Behind(Box::new(Finder::new(by).into_owned())),
            },
            cutter: match form {
                FileForm::Separated { by } => cutter.and_around(Whole::new(by.as_slice())),
                _ => cutter,
            },
            batch_len: BATCH_LEN,
            rest: Vec::new(),
            origin: Origin {
                path: Some(Arc::clone(&path)),
                offset: 0,
                line: 1,
            },
            path,
            is_done: false,
        }
    }

    /// The sha256 of the file as it lies on disk, once it was read to its end.
    pub(crate) fn sha256(&self) -> Option<[u8; 32]> {
        self.reader.get_ref().meter().sha256()
    }

    /// The same in batches of about so many bytes.
    pub(crate) fn with_batch_len(mut self, batch_len: usize) -> Self {
        self.batch_len = batch_len;
        self
    }

    /// Reads until there are this many bytes more, or the file ends.
    fn read(&mut self, bytes: &mut Vec<u8>, len: usize) -> Result<()> {
        bytes.reserve(len);
        let mut part = (&mut self.reader).take(len as u64);
        let outcome = part.read_to_end(bytes);
        match outcome {
            Ok(read) if read < len => {
                self.is_done = true;
                self.check_whole()?;
            }
            Ok(_) => {}
            Err(error) => {
                self.watch.go_on()?;
                let error = self.reader.explain(error);
                return Err(error.with_path(self.path.as_path()).into());
            }
        }
        Ok(())
    }

    /// At its end: that the file has not become shorter meanwhile. A part of the texts is never
    /// taken for all of them. One that grew is as it was when its end was reached.
    fn check_whole(&self) -> Result<()> {
        let (read, len) = self.progress();
        match len {
            Some(len) if read < len => Err(FileError::data(format!(
                "the file became shorter while it was read: {read} of {len} bytes were there"
            ))
            .with_path(self.path.as_path())
            .into()),
            _ => Ok(()),
        }
    }

    /// The last place where a batch may end: behind a text, or where the text may be cut.
    fn last_cut(&self, bytes: &[u8]) -> Option<usize> {
        match (self.ends.last_in(bytes), &self.ends) {
            (None, Ends::Lines) => None,
            (None, _) => self.cutter.last_cut(bytes),
            (end, _) => end,
        }
    }
}

impl Texts for FileTexts<'_> {
    fn next(&mut self, batch: &mut Batch) -> Result<bool> {
        batch.clear();
        batch.form = self.form.clone();
        std::mem::swap(&mut batch.bytes, &mut self.rest);
        self.rest.clear();
        while !self.is_done {
            // Twice as much each time: a place to cut is looked for in all of it again.
            let len = self.batch_len.max(batch.bytes.len());
            self.read(&mut batch.bytes, len)?;
            if self.is_done {
                break;
            }
            if let Some(cut) = self.last_cut(&batch.bytes) {
                self.rest.extend_from_slice(&batch.bytes[cut..]);
                batch.bytes.truncate(cut);
                break;
            }
        }
        // An empty file is an empty text, and no line.
        let is_one_text = matches!(self.ends, Ends::Nowhere);
        if batch.bytes.is_empty() && (!is_one_text || self.origin.line > 1) {
            return Ok(false);
        }
        batch.ends.extend(self.ends.all_in(&batch.bytes));
        if self.is_done && batch.ends.last() != Some(&batch.bytes.len()) {
            batch.ends.push(batch.bytes.len());
        }
        batch.origin = self.origin.clone();
        self.origin.offset += batch.bytes.len() as u64;
        self.origin.line += batch.ends.len() as u64;
        Ok(true)
    }

    fn progress(&self) -> (u64, Option<u64>) {
        (self.reader.get_ref().meter().len(), self.len)
    }
}
