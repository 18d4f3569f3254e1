//! `FileEncoder`: what is wanted of the files, and the ways to get it.

use std::path::{Path, PathBuf};

use bpekit_formats::files::AtomicFile;
use bpekit_formats::{TokenId, show_text};

use super::run::{How, run};
use super::sink::{IdType, Sink, ToFile};
use crate::error::{Error, Result};
use crate::source::{Blocks, Cutter, FileForm, FileTexts, Invalid, ManyFiles, Texts, Whole};
use crate::threads;
use crate::tokenizer::{OutputId, Special, Tokenizer};
use crate::watch::Watch;

/// Encodes whole files to token ids: into a file of integers, as training programs map it into
/// memory, or into one array.
///
/// The ids are those of [`Tokenizer::encode`] for each document as a whole, one document behind the
/// other in the order of the files, whatever the number of threads.
///
/// **Documents.** A file is one document. With a [`Self::separator`] its documents are what stands
/// between separators; white space around one belongs to them. The end of a file ends a document
/// too, if there is anything behind the last separator. A `.jsonl` or `.ndjson` has one in each
/// line.
///
/// **What stands between them.** The separator itself is never encoded as text. If it is an added
/// token of the tokenizer, as `<|endoftext|>` mostly is, its id is written behind each document, the
/// last one of a file too: nothing runs into the next file. [`Self::prepend`] and [`Self::append`]
/// say otherwise. A separator that is no such token leaves nothing behind.
///
/// **Memory.** Files are read in blocks, so that a document may be longer than memory, if the
/// tokenizer's pattern is a published one or like one. With other patterns, and with normalizers
/// other than Unicode forms and lower case, each document is held as a whole.
///
/// # Examples
///
/// ```
/// use bpekit::{FileEncoder, Tokenizer, Unwatched};
///
/// let folder = tempfile::tempdir()?;
/// let [text, ids] = ["a.txt", "ids.bin"].map(|name| folder.path().join(name));
/// std::fs::write(&text, "the<|endoftext|>hello")?;
/// let tokenizer = Tokenizer::demo()?;
/// let mut encoder = FileEncoder::new(&tokenizer);
/// encoder.separator = Some(b"<|endoftext|>".to_vec());
///
/// let (array, report) = encoder.to_vec::<u16>(&[text.clone()], &Unwatched)?;
/// assert_eq!(array, [1169, 3000, 258, 297, 78, 3000]);
/// assert_eq!((report.documents, report.ids), (2, 6));
///
/// encoder.to_file(&[text], &ids, &Unwatched)?;
/// assert_eq!(std::fs::read(&ids)?[..4], [0x91, 0x04, 0xb8, 0x0b]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileEncoder<'t> {
    tokenizer: &'t Tokenizer,
    /// What stands between documents; it is looked for before anything else. None: each file is one
    /// document.
    pub separator: Option<Vec<u8>>,
    /// An added token whose id is written before each document.
    pub prepend: Option<String>,
    /// An added token whose id is written behind each document. Without this and [`Self::prepend`]
    /// it is that of the separator.
    pub append: Option<String>,
    /// What becomes of special tokens in documents. The default refuses them.
    pub special: Special<'t>,
    /// Whether the tokens of the post-processor stand around each document.
    pub frame: bool,
    /// What files hold; none tells by the name: `.jsonl` and `.ndjson` have lines of JSON with the
    /// text in `text`, any other file is text.
    pub form: Option<FileForm>,
    /// What becomes of bytes that are not UTF-8.
    pub invalid: Invalid,
    /// How ids are written to a file; none is the smallest type that holds all ids.
    pub id_type: Option<IdType>,
    /// The most threads that work. The default is as many as the machine runs at once.
    pub thread_count: usize,
    /// The length of blocks, for tests. It does not show in the ids.
    #[doc(hidden)]
    pub block_len: usize,
}

/// What was encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileReport {
    /// Documents.
    pub documents: u64,
    /// Ids, with those around documents.
    pub ids: u64,
    /// The bytes of the documents, as UTF-8.
    pub text_bytes: u64,
    /// Lines of JSON that had null in place of a text.
    pub skipped: u64,
}

impl FileReport {
    pub(super) fn add(&mut self, other: &Self) {
        self.documents += other.documents;
        self.ids += other.ids;
        self.text_bytes += other.text_bytes;
        self.skipped += other.skipped;
    }
}

/// The length of a block: its text and ids fit the cache of a processor, and a document that is
/// much longer is shared by several threads.
const BLOCK_LEN: usize = 1 << 18;

impl<'t> FileEncoder<'t> {
    /// With the defaults: each file one document, special tokens refused.
    pub fn new(tokenizer: &'t Tokenizer) -> Self {
        Self {
            tokenizer,
            separator: None,
            prepend: None,
            append: None,
            special: Special::refused(),
            frame: false,
            form: None,
            invalid: Invalid::default(),
            id_type: None,
            thread_count: threads::available(),
            block_len: BLOCK_LEN,
        }
    }

    /// Writes the ids of files to one file, which appears whole or not at all.
    ///
    /// # Errors
    ///
    /// `File`, with path and place: (I/O); (syntax) for damaged compression; (data) for what is not
    /// UTF-8 under [`Invalid::Strict`], for text that the tokenizer refuses or cannot express, and
    /// for JSON that is none. `Argument` for what cannot be: ids that do not fit, tokens that there
    /// are not, an empty separator. `Interrupted` if the watch says so. In all cases the old file
    /// is as it was.
    pub fn to_file(&self, paths: &[PathBuf], out: &Path, watch: &dyn Watch) -> Result<FileReport> {
        self.write(Origin::Files(paths), out, watch)
    }

    /// The same for what another thread reads, by this name.
    pub(crate) fn blocks_to_file(
        &self,
        blocks: Blocks,
        name: &str,
        out: &Path,
        watch: &dyn Watch,
    ) -> Result<FileReport> {
        self.write(Origin::Blocks(blocks, name), out, watch)
    }

    /// The ids of files in one array.
    ///
    /// # Errors
    ///
    /// As [`Self::to_file`].
    pub fn to_vec<T: OutputId>(
        &self,
        paths: &[PathBuf],
        watch: &dyn Watch,
    ) -> Result<(Vec<T>, FileReport)> {
        self.tokenizer.check_ids_fit(T::MAX, self.frame)?;
        let mut ids = Vec::new();
        let report = self.encode(Origin::Files(paths), &mut ids, watch)?;
        Ok((ids, report))
    }

    /// How ids are written to a file.
    ///
    /// # Errors
    ///
    /// `Argument` if [`Self::id_type`] does not hold all ids.
    pub fn chosen_id_type(&self) -> Result<IdType> {
        let Some(id_type) = self.id_type else {
            return Ok(IdType::holding(self.tokenizer.max_id(self.frame)));
        };
        self.tokenizer.check_ids_fit(id_type.max(), self.frame)?;
        Ok(id_type)
    }

    fn write(&self, origin: Origin<'_>, out: &Path, watch: &dyn Watch) -> Result<FileReport> {
        let id_type = self.chosen_id_type()?;
        self.how()?;
        if let Origin::Files(paths) = &origin {
            check_is_no_source(out, paths)?;
        }
        let file = AtomicFile::create(out)?;
        match id_type {
            IdType::U16 => self.write_as::<2>(origin, file, watch),
            IdType::U32 => self.write_as::<4>(origin, file, watch),
        }
    }

    fn write_as<const WIDTH: usize>(
        &self,
        origin: Origin<'_>,
        file: AtomicFile,
        watch: &dyn Watch,
    ) -> Result<FileReport> {
        let mut sink = ToFile::<WIDTH>(file);
        let report = self.encode(origin, &mut sink, watch)?;
        sink.0.sync()?;
        watch.go_on()?;
        sink.0.persist()?;
        Ok(report)
    }

    fn encode<S: Sink>(
        &self,
        origin: Origin<'_>,
        sink: &mut S,
        watch: &dyn Watch,
    ) -> Result<FileReport> {
        let how = self.how()?;
        let form_of = |path: &Path| self.form_of(path);
        let (mut files, mut blocks);
        let texts: &mut dyn Texts = match origin {
            Origin::Files(paths) => {
                self.check_forms(paths)?;
                files = ManyFiles::new(paths, &form_of, self.cutter())
                    .watched(watch)
                    .with_batch_len(self.block_len);
                &mut files
            }
            Origin::Blocks(given, name) => {
                let form = form_of(Path::new(name));
                blocks = FileTexts::of_blocks(given, name, &form, self.cutter(), watch)?
                    .with_batch_len(self.block_len);
                &mut blocks
            }
        };
        run(&how, texts, sink, self.thread_count, watch)
    }

    fn how(&self) -> Result<How<'_>> {
        if self.separator.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::argument(
                "the separator is empty; without one, each file is one document",
            ));
        }
        let before = self.token(self.prepend.as_deref())?;
        let mut behind = self.token(self.append.as_deref())?;
        if let (Some(separator), None, None) = (&self.separator, before, behind) {
            behind = self.tokenizer.added_id(separator);
        }
        let (frame_before, frame_behind) = if self.frame {
            self.tokenizer.frame_ids()
        } else {
            (&[][..], &[][..])
        };
        Ok(How {
            tokenizer: self.tokenizer,
            special: &self.special,
            invalid: self.invalid,
            before: before.iter().chain(frame_before).copied().collect(),
            behind: frame_behind.iter().chain(&behind).copied().collect(),
        })
    }

    /// The id of an added token that is named.
    fn token(&self, text: Option<&str>) -> Result<Option<TokenId>> {
        let Some(text) = text else { return Ok(None) };
        let Some(id) = self.tokenizer.added_id(text.as_bytes()) else {
            return Err(Error::argument(format!(
                "`{}` is no special token of the tokenizer, so that no id stands for it",
                show_text(text)
            )));
        };
        Ok(Some(id))
    }

    /// Where documents may be cut between two blocks.
    fn cutter(&self) -> Cutter {
        let Some(uncut) = self.tokenizer.uncut(&self.special) else {
            return Cutter::never();
        };
        Cutter::around(uncut.into_iter().map(|one| Whole {
            bytes: one.text.into(),
            looks_around: one.looks_around,
        }))
    }

    fn form_of(&self, path: &Path) -> FileForm {
        match (&self.separator, &self.form) {
            (Some(by), _) => FileForm::Separated { by: by.clone() },
            (None, Some(form)) => form.clone(),
            (None, None) => FileForm::of_name(path),
        }
    }

    /// Refuses a separator for what is no text.
    fn check_forms(&self, paths: &[PathBuf]) -> Result<()> {
        let is_json = |path: &PathBuf| {
            let form = self.form.clone();
            let form = form.unwrap_or_else(|| FileForm::of_name(path));
            matches!(form, FileForm::JsonLines { .. })
        };
        match paths.iter().find(|path| is_json(path)) {
            Some(path) if self.separator.is_some() => Err(Error::argument(format!(
                "{} has a document in each line, and a separator is for texts; `--append` \
                 (`append=`) writes a special token behind each document",
                show_text(&path.to_string_lossy())
            ))),
            _ => Ok(()),
        }
    }
}

/// Where texts come from.
enum Origin<'a> {
    Files(&'a [PathBuf]),
    /// Another thread reads them.
    Blocks(Blocks, &'a str),
}

/// Refuses to replace a file by its own ids.
fn check_is_no_source(out: &Path, paths: &[PathBuf]) -> Result<()> {
    let Ok(there) = std::fs::canonicalize(out) else {
        return Ok(());
    };
    let is_regular = there.is_file();
    let is_out = |path: &PathBuf| std::fs::canonicalize(path).is_ok_and(|path| path == there);
    if is_regular && paths.iter().any(is_out) {
        return Err(Error::argument(format!(
            "{} is one of the texts; it would be overwritten",
            show_text(&out.to_string_lossy())
        )));
    }
    Ok(())
}
