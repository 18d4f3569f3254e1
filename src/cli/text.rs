//! What is encoded, decoded and counted: files, or standard input.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use bpekit_formats::{Error as FileError, Limits, Location, files};

use super::output;
use super::{Failure, Streams};

/// One input.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    /// A file.
    File(&'a Path),
    /// Standard input, by `-` or for want of files.
    Stdin,
}

/// The inputs that the arguments name.
pub(super) fn inputs(paths: &[PathBuf]) -> Vec<Input<'_>> {
    if paths.is_empty() {
        return vec![Input::Stdin];
    }
    paths
        .iter()
        .map(|path| {
            if path == Path::new("-") {
                Input::Stdin
            } else {
                Input::File(path)
            }
        })
        .collect()
}

impl Input<'_> {
    /// For messages, escaped.
    pub(super) fn name(self) -> String {
        match self {
            Self::File(path) => output::path(path),
            Self::Stdin => "standard input".to_owned(),
        }
    }

    /// All its bytes.
    pub(super) fn bytes(self, streams: &mut Streams<'_>) -> Result<Vec<u8>, Failure> {
        match self {
            Self::File(path) => file_bytes(path),
            Self::Stdin => {
                let mut bytes = Vec::new();
                let outcome = streams.stdin.read_to_end(&mut bytes);
                outcome.map_err(|error| Failure::at(self.name(), FileError::from(error)))?;
                Ok(bytes)
            }
        }
    }

    /// All its text.
    pub(super) fn text(self, streams: &mut Streams<'_>) -> Result<String, Failure> {
        let bytes = self.bytes(streams)?;
        self.text_of(bytes)
    }

    /// Its bytes as text.
    pub(super) fn text_of(self, bytes: Vec<u8>) -> Result<String, Failure> {
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes()[at];
            Failure::at(self.name(), not_utf8(at, byte))
        })
    }

    /// Calls `work` with each line, its number from 1, and the streams. The line end, LF or CRLF,
    /// is not part of a line. Output is flushed before it waits for more input, so that another
    /// program can hold a conversation with this one.
    pub(super) fn for_each_line(
        self,
        streams: &mut Streams<'_>,
        mut work: impl FnMut(&str, usize, &mut dyn std::io::Write) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::at(self.name(), FileError::from(error));
        let source: &mut dyn Read = match self {
            Self::File(path) => &mut File::open(path).map_err(failed)?,
            Self::Stdin => &mut *streams.stdin,
        };
        let mut reader = BufReader::with_capacity(1 << 16, source);
        let mut line = Vec::new();
        let mut offset = 0;
        for number in 1.. {
            line.clear();
            if !reader.buffer().contains(&b'\n') {
                streams.stdout.flush()?;
            }
            let len = reader.read_until(b'\n', &mut line).map_err(failed)?;
            if len == 0 {
                break;
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let text = std::str::from_utf8(text).map_err(|error| {
                let at = error.valid_up_to();
                Failure::at(self.name(), not_utf8(offset + at, text[at]))
            })?;
            work(text, number, streams.stdout)?;
            offset += len;
        }
        Ok(())
    }
}

/// All bytes of a file. The limit is for tokenizer files; a text may be as long as memory holds.
pub(super) fn file_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let limits = Limits {
        file_len: u64::MAX,
        ..Limits::default()
    };
    Ok(files::read_bytes(path, &limits)?)
}

pub(super) fn not_utf8(offset: usize, byte: u8) -> FileError {
    FileError::data(format!("0x{byte:02x} is not UTF-8 text"))
        .at(Location::Byte(offset))
        .with_hint("text is read as UTF-8; `iconv -f ENCODING -t UTF-8` converts it")
}
