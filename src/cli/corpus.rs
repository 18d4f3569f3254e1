//! What `train`, `counts make` and `encode --out` read: files, or standard input.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use bpekit_formats::counts_file::is_counts_file;
use bpekit_formats::{Error as FileError, Normalizer, Pretokenizer, compression, files, registry};

use super::args::LoadArgs;
use super::output;
use super::text::not_utf8;
use super::train_args::{CutArgs, DEFAULT_PATTERN, TextArgs};
use super::{Failure, Streams};
use crate::error::{Error, Result};
use crate::train::{Feeder, FileForm, Invalid, Pretokenization};

/// The inputs that the arguments name.
#[derive(Clone, Copy)]
pub(super) enum Corpus<'a> {
    Files(&'a [PathBuf]),
    Stdin,
}

impl<'a> Corpus<'a> {
    /// Refuses what cannot be read before any of it is counted.
    pub(super) fn of(paths: &'a [PathBuf]) -> Result<Self, Failure> {
        let is_stdin = |path: &PathBuf| path == Path::new("-");
        if paths.is_empty() || (paths.len() == 1 && is_stdin(&paths[0])) {
            return Ok(Self::Stdin);
        }
        if paths.iter().any(is_stdin) {
            return Err(Error::argument(
                "standard input is read alone, and `-` stands among files here",
            )
            .into());
        }
        for path in paths {
            check_file(path).map_err(|error| error.with_path(path))?;
        }
        Ok(Self::Files(paths))
    }

    /// The files, if they have counts and no text.
    pub(super) fn counts(self) -> Result<Option<&'a [PathBuf]>, Failure> {
        let Self::Files(paths) = self else {
            return Ok(None);
        };
        let mut kinds = Vec::with_capacity(paths.len());
        for path in paths {
            let kind = has_counts(path).map_err(|error| FileError::from(error).with_path(path))?;
            kinds.push(kind);
        }
        let Some(first) = kinds.iter().position(|kind| *kind) else {
            return Ok(None);
        };
        match kinds.iter().position(|kind| !kind) {
            None => Ok(Some(paths)),
            Some(text) => Err(Failure::at(
                output::path(&paths[text]),
                FileError::data(format!(
                    "has text, and {} has counts",
                    output::path(&paths[first])
                ))
                .with_hint("count the text first: `bpekit counts make`"),
            )),
        }
    }

    /// Refuses a target that is one of the inputs.
    pub(super) fn check_target(self, target: &Path) -> Result<(), Failure> {
        let Self::Files(paths) = self else {
            return Ok(());
        };
        let Ok(target_there) = fs::canonicalize(target) else {
            return Ok(());
        };
        let is_target = |path: &&PathBuf| fs::canonicalize(path).is_ok_and(|at| at == target_there);
        match paths.iter().find(is_target) {
            Some(_) => Err(Failure::at(
                output::path(target),
                Error::argument("is one of the texts; it would be overwritten"),
            )),
            None => Ok(()),
        }
    }

    /// For a report.
    pub(super) fn name(self) -> String {
        match self {
            Self::Files([path]) => output::path(path),
            Self::Files(paths) => output::counted(paths.len(), "file"),
            Self::Stdin => STDIN.to_owned(),
        }
    }
}

pub(super) const STDIN: &str = "standard input";

fn check_file(path: &Path) -> bpekit_formats::Result<()> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory).into());
    }
    if metadata.is_file() {
        File::open(path)?;
    }
    Ok(())
}

fn has_counts(path: &Path) -> std::io::Result<bool> {
    let name = files::file_name(path).to_lowercase();
    if compression::strip_suffix(&name).ends_with(".bpecounts") {
        return Ok(true);
    }
    // What is read from a pipe is gone.
    if !fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut start = Vec::new();
    File::open(path)?.take(32).read_to_end(&mut start)?;
    Ok(is_counts_file(&start))
}

/// Refuses a file that could not be written for want of a folder.
pub(super) fn check_place(path: &Path) -> Result<(), Failure> {
    let check = || -> std::io::Result<()> {
        let kind = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => fs::metadata(folder)?.is_dir(),
            _ => true,
        };
        if !kind {
            return Err(std::io::ErrorKind::NotADirectory.into());
        }
        if path.is_dir() {
            return Err(std::io::ErrorKind::IsADirectory.into());
        }
        Ok(())
    };
    Ok(check().map_err(|error| FileError::from(error).with_path(path))?)
}

/// Refuses a place at which no directory can be.
pub(super) fn check_directory(path: &Path) -> Result<(), Failure> {
    if path.exists() && !path.is_dir() {
        let error = FileError::from(std::io::Error::from(std::io::ErrorKind::NotADirectory));
        return Err(error.with_path(path).into());
    }
    Ok(())
}

/// Refuses to write counts under the name of something else.
pub(super) fn check_counts_name(path: &Path) -> Result<(), Failure> {
    let name = files::file_name(path);
    let is_packed = compression::strip_suffix(&name) != name;
    if is_packed || registry::by_file_name(&name).is_some() {
        let message = if is_packed {
            "counts are not compressed further"
        } else {
            "is the name of a tokenizer file, and counts are none"
        };
        let error = FileError::unsupported(message).with_hint("name it `NAME.bpecounts`");
        return Err(Failure::at(output::path(path), error));
    }
    check_place(path)
}

impl CutArgs {
    /// The same for the engine; what is not said is as the base has it.
    pub(super) fn pretokenization(
        &self,
        base: Option<(Option<&Normalizer>, Option<&Pretokenizer>)>,
        base_tokens: &[String],
    ) -> Result<Pretokenization> {
        let how = match (&self.pattern, base) {
            (Some(pattern), _) => Pretokenization::new(pattern)?,
            (None, Some((_, pretokenizer))) => {
                Pretokenization::of_parts(None, pretokenizer.cloned())?
            }
            (None, None) => Pretokenization::new(DEFAULT_PATTERN)?,
        };
        let normalizer = match (self.normalizer.as_slice(), base) {
            ([], base) => base.and_then(|(normalizer, _)| normalizer.cloned()),
            ([only], _) => Some(only.clone()),
            (steps, _) => Some(Normalizer::Sequence(steps.to_vec())),
        };
        let new = self.special.iter();
        let new = new.filter(|token| !base_tokens.contains(token));
        how.with_normalizer(normalizer)?
            .with_special_tokens(base_tokens.iter().chain(new).cloned())
    }

    /// How the file of a tokenizer is read: what it lacks, the arguments say.
    pub(super) fn load_args(&self) -> LoadArgs {
        LoadArgs {
            pattern: self.pattern.clone(),
            ..LoadArgs::default()
        }
    }
}

/// All of standard input, as one text.
pub(super) fn stdin_text(args: &TextArgs, streams: &mut Streams<'_>) -> Result<String, Failure> {
    if args.field.is_some() {
        return Err(FileError::unsupported(
            "lines of JSON are read from files, not from standard input",
        )
        .with_hint("name it as a file, if the system can: `/dev/stdin`")
        .into());
    }
    let mut bytes = Vec::new();
    let outcome = streams.stdin.read_to_end(&mut bytes);
    outcome.map_err(|error| Failure::at(STDIN.to_owned(), FileError::from(error)))?;
    text_of(bytes, args.errors).map_err(|error| Failure::at(STDIN.to_owned(), error))
}

/// A text that is not trained on. It may be compressed, as other texts.
pub(super) fn held_out(path: &Path, args: &TextArgs) -> Result<String, Failure> {
    let name = files::file_name(path);
    if matches!(FileForm::of_name(path), FileForm::JsonLines { .. }) {
        let error = FileError::unsupported("held-out text is one plain text, not lines of JSON");
        return Err(Failure::at(output::path(path), error));
    }
    let read = || -> bpekit_formats::Result<String> {
        check_file(path)?;
        let mut reader = compression::Reader::new(&name, File::open(path)?)?;
        let mut bytes = Vec::new();
        let outcome = reader.read_to_end(&mut bytes);
        outcome.map_err(|error| reader.explain(error))?;
        text_of(bytes, args.errors)
    };
    Ok(read().map_err(|error| error.with_path(path))?)
}

fn text_of(bytes: Vec<u8>, invalid: Option<Invalid>) -> bpekit_formats::Result<String> {
    match invalid {
        Some(Invalid::Replace) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Some(Invalid::Ignore) => Ok(bytes.utf8_chunks().map(|part| part.valid()).collect()),
        _ => String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            not_utf8_hinted(at, error.as_bytes()[at])
        }),
    }
}

fn not_utf8_hinted(at: usize, byte: u8) -> FileError {
    not_utf8(at, byte).with_hint("`--errors replace` takes U+FFFD for what is not")
}

/// Does the work on what is fed to it, while this thread reads the lines of standard input.
pub(super) fn feed_lines<T: Send>(
    args: &TextArgs,
    streams: &mut Streams<'_>,
    mut feeder: Feeder,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<T, Failure> {
    let mut wait = || {
        thread::sleep(Duration::from_millis(1));
        Ok(())
    };
    thread::scope(|scope| {
        let worker = scope.spawn(work);
        let outcome = push_lines(args, streams, &mut feeder, &mut wait).and_then(|()| {
            feeder.finish(&mut wait)?;
            Ok(())
        });
        let done = worker.join().unwrap_or_else(|panic| {
            std::panic::resume_unwind(panic);
        });
        match (outcome, done) {
            (Ok(()), done) => Ok(done?),
            // Without its feeder the worker stops, and a feeder without its worker.
            (Err(failure), Err(error)) if is_interruption(&error) => Err(failure),
            (Err(_), Err(error)) => Err(error.into()),
            (Err(failure), Ok(_)) => Err(failure),
        }
    })
}

fn push_lines(
    args: &TextArgs,
    streams: &mut Streams<'_>,
    feeder: &mut Feeder,
    wait: &mut dyn FnMut() -> Result<()>,
) -> Result<(), Failure> {
    let failed = |error: FileError| Failure::at(STDIN.to_owned(), error);
    let is_strict = matches!(args.errors, None | Some(Invalid::Strict));
    let mut reader = BufReader::with_capacity(1 << 16, &mut *streams.stdin);
    let mut line = Vec::new();
    let mut offset = 0;
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line);
        let len = read.map_err(|error| failed(error.into()))?;
        if len == 0 {
            return Ok(());
        }
        if is_strict && let Err(error) = std::str::from_utf8(&line) {
            let at = error.valid_up_to();
            return Err(failed(not_utf8_hinted(offset + at, line[at])));
        }
        feeder.push(&line, wait)?;
        offset += len;
    }
}

fn is_interruption(error: &Error) -> bool {
    matches!(error.kind(), crate::error::ErrorKind::Interrupted)
}
