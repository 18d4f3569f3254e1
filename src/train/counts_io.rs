//! Counts as files: `PretokenCounts::save` and `load`. The layout is `bpekit_formats`' business.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bpekit_formats::{CountsHeader, CountsReader, CountsWriter, Error as FileError, files};

use super::count::CountOptions;
use super::counts::{Facts, PretokenCounts};
use super::pretokenization::Pretokenization;
use crate::error::{Error, ErrorKind, Result};
use crate::source::{FedTexts, Feeder, FileForm, FileTexts, ManyFiles, MemoryText};
use crate::watch::Watch;

/// The error with the path of the file, if it is of a file.
fn at(path: &Path, error: Error) -> Error {
    match error.into_kind() {
        ErrorKind::File(error) => error.with_path(path).into(),
        kind => Error::new(kind),
    }
}

impl PretokenCounts {
    /// Writes the counts to a file, whole or not at all. The same counts give the same bytes.
    ///
    /// # Errors
    ///
    /// `File` (I/O), with the path; `Argument` if the counts sum up to more than 2^64 - 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use bpekit::train::{PretokenCounts, Pretokenization};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("words.bpecounts");
    /// let mut counts = PretokenCounts::new(Pretokenization::new("gpt2")?)?;
    /// counts.update("the cat")?;
    /// counts.save(&path)?;
    /// assert_eq!(PretokenCounts::load(&path)?.get(b" cat"), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, path: &Path) -> Result<()> {
        let bytes = self.to_bytes().map_err(|error| at(path, error))?;
        Ok(files::write_atomic(path, &bytes)?)
    }

    /// The bytes of a file with the counts. The same counts give the same bytes.
    ///
    /// # Errors
    ///
    /// `Argument` if the counts sum up to more than 2^64 - 1; `File` for a part of the
    /// pretokenization that the header cannot hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let held = self.table.hold();
        let mut entries = held.entries();
        entries.sort_unstable();
        let how = self.pretokenization();
        let header = CountsHeader {
            normalizer: how.normalizer().cloned(),
            pretokenizer: how.pretokenizer().cloned(),
            special_tokens: how.special_tokens().to_vec(),
            texts: self.facts.texts,
            text_bytes: self.facts.text_bytes,
            skipped: self.facts.skipped,
            pretokens: entries.len() as u64,
            total: super::spill::total(entries.iter().map(|(_, count)| *count))?,
            min_count: self.facts.min_count,
        };
        let mut writer = CountsWriter::new(Vec::new(), &header)?;
        for (pretoken, count) in &entries {
            writer.push(pretoken, *count)?;
        }
        Ok(writer.finish()?)
    }

    /// Reads counts from a file.
    ///
    /// # Errors
    ///
    /// `File`, with the path and the place: (I/O); (syntax, data) for a file that is damaged or
    /// something else; as [`Self::new`].
    pub fn load(path: &Path) -> Result<Self> {
        let open = || File::open(path).map_err(FileError::from);
        let file = open().map_err(|error| error.with_path(path))?;
        Self::read(file).map_err(|error| at(path, error))
    }

    /// Reads counts from the bytes of a file.
    ///
    /// # Errors
    ///
    /// As [`Self::load`], without a path.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::read(bytes)
    }

    fn read(source: impl Read) -> Result<Self> {
        let mut reader = CountsReader::new(source)?;
        let header = reader.header().clone();
        let how = Pretokenization::of_parts(header.normalizer, header.pretokenizer)?
            .with_special_tokens(header.special_tokens)?;
        let mut counts = Self::new(how)?;
        counts.facts = Facts {
            texts: header.texts,
            text_bytes: header.text_bytes,
            skipped: header.skipped,
            min_count: header.min_count,
        };
        while let Some((pretoken, count)) = reader.next()? {
            counts.table.add(pretoken, count)?;
        }
        Ok(counts)
    }

    /// Counts one file on top of what was counted already.
    ///
    /// # Errors
    ///
    /// `File` if it cannot be read, or is not UTF-8 where that is asked for; `Pattern`; `Argument`
    /// if a count does not fit 64 bits or the table does not fit the memory allowed; `Interrupted`
    /// if the watch says so.
    pub fn count_file(
        &mut self,
        path: &Path,
        form: Option<&FileForm>,
        options: &CountOptions,
        watch: &dyn Watch,
    ) -> Result<()> {
        let form = form.map_or_else(|| FileForm::of_name(path), Clone::clone);
        let cutter = self.pretokenization().cutter()?;
        let mut texts = FileTexts::open_watched(path, &form, cutter, false, watch)?;
        self.count(&mut texts, options, watch)
    }

    /// Counts several files, one after the other; what is rare is left out of all of them together.
    ///
    /// # Errors
    ///
    /// As [`Self::count_file`].
    pub fn count_files(
        &mut self,
        paths: &[PathBuf],
        form: Option<&FileForm>,
        options: &CountOptions,
        watch: &dyn Watch,
    ) -> Result<()> {
        let form_of = |path: &Path| form.map_or_else(|| FileForm::of_name(path), Clone::clone);
        let cutter = self.pretokenization().cutter()?;
        let mut texts = ManyFiles::new(paths, &form_of, cutter).watched(watch);
        self.count(&mut texts, options, watch)
    }

    /// Counts one text on several threads; [`Self::update`] is the plain way.
    ///
    /// # Errors
    ///
    /// As [`Self::count_file`].
    pub fn count_text(
        &mut self,
        text: &str,
        options: &CountOptions,
        watch: &dyn Watch,
    ) -> Result<()> {
        let cutter = self.pretokenization().cutter()?;
        let mut texts = MemoryText::new(text, cutter);
        self.count(&mut texts, options, watch)
    }

    /// Counts what another thread hands over, with [`Self::feeder`].
    ///
    /// # Errors
    ///
    /// As [`Self::count_file`]; `Interrupted` if the feeder is dropped before it is finished.
    pub fn count_fed(
        &mut self,
        mut texts: FedTexts,
        options: &CountOptions,
        watch: &dyn Watch,
    ) -> Result<()> {
        self.count(&mut texts, options, watch)
    }

    /// The two ends of a way from a thread that has texts to one that counts them.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn feeder(&self) -> Result<(Feeder, FedTexts)> {
        let cutter = self.pretokenization().cutter()?;
        Ok(Feeder::new(cutter, false))
    }
}
