//! Gzip and Zstandard around a file: told by magic number when reading, by the name's ending when
//! writing.
//!
//! A tokenizer file is read whole, within a limit: [`decompress`]. A text may be longer than memory
//! and is read as it comes: [`Reader`], and [`Meter`] for how far that is.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read, Write};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::limits::Limits;

/// A compression that a file can be wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Compression {
    /// gzip (RFC 1952), `.gz`.
    Gzip,
    /// Zstandard (RFC 8878), `.zst`.
    Zstd,
}

impl Compression {
    const ALL: [Self; 2] = [Self::Gzip, Self::Zstd];

    /// The name ending, with its dot.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }

    fn magic(self) -> &'static [u8] {
        match self {
            Self::Gzip => &[0x1f, 0x8b],
            Self::Zstd => &[0x28, 0xb5, 0x2f, 0xfd],
        }
    }

    /// The compression that a file name asks for.
    pub fn of_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|kind| lower.ends_with(kind.suffix()))
    }

    /// The compression that a file starts with.
    pub fn of_content(bytes: &[u8]) -> Option<Self> {
        // A frame for other programs may come first (RFC 8878, 3.1.2): pzstd writes such files.
        if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] = bytes {
            return Some(Self::Zstd);
        }
        Self::ALL
            .into_iter()
            .find(|kind| bytes.starts_with(kind.magic()))
    }
}

/// The name without the ending of a compression.
pub fn strip_suffix(name: &str) -> &str {
    Compression::of_name(name).map_or(name, |kind| &name[..name.len() - kind.suffix().len()])
}

/// The content of a file, out of its compression if it is in one.
///
/// # Errors
///
/// `Syntax` if the name says a compression that the content is not in, or the stream is damaged;
/// `Limit` if the content is longer than [`Limits::file_len`], which is checked while it grows.
pub fn decompress<'a>(name: &str, bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>> {
    let Some(kind) = told(name, bytes)? else {
        return Ok(Cow::Borrowed(bytes));
    };
    let mut content = Vec::new();
    let outcome = match kind {
        // Several gzip members one after the other are one file (RFC 1952, 2.2).
        Compression::Gzip => read_within(
            flate2::read::MultiGzDecoder::new(bytes),
            &mut content,
            limits,
        ),
        Compression::Zstd => read_within(Frames::new(bytes), &mut content, limits),
    };
    outcome.map_err(|error| damaged(kind, &error))?;
    if content.len() as u64 > limits.file_len {
        let found = content.len() as u64;
        return Err(Error::limit(
            "content after decompression, in bytes",
            found,
            limits.file_len,
            "file_len",
        ));
    }
    Ok(Cow::Owned(content))
}

fn read_within(reader: impl Read, content: &mut Vec<u8>, limits: &Limits) -> io::Result<()> {
    reader
        .take(limits.file_len.saturating_add(1))
        .read_to_end(content)
        .map(drop)
}

/// The compression that the start of a file is in.
fn told(name: &str, start: &[u8]) -> Result<Option<Compression>> {
    let kind = Compression::of_content(start);
    if let (None, Some(asked)) = (kind, Compression::of_name(name)) {
        return Err(Error::syntax(format!(
            "the name ends in `{}`, but the content is not compressed so",
            asked.suffix()
        ))
        .with_hint("rename the file, or compress it"));
    }
    Ok(kind)
}

fn damaged(kind: Compression, error: &io::Error) -> Error {
    Error::syntax(format!("damaged {} data: {error}", kind.suffix()))
}

/// The content of a file as it comes, out of its compression if it is in one.
///
/// # Examples
///
/// ```
/// use std::io::Read;
/// use bpekit_formats::compression::{Compression, Reader, compress};
///
/// let packed = compress(Compression::Gzip, b"text")?;
/// let mut reader = Reader::new("a.txt.gz", packed.as_slice())?;
/// let mut text = String::new();
/// reader.read_to_string(&mut text)?;
/// assert_eq!(text, "text");
/// # Ok::<(), bpekit_formats::Error>(())
/// ```
pub struct Reader<R> {
    engine: Engine<R>,
}

/// The bytes that were read to tell the compression, and the rest.
type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

enum Engine<R> {
    Plain(Whole<R>),
    // Several gzip members one after the other are one file (RFC 1952, 2.2).
    Gzip(Box<flate2::read::MultiGzDecoder<Whole<R>>>),
    Zstd(Box<Frames<Whole<R>>>),
}

impl<R: Read> Reader<R> {
    /// Reads the first bytes, which tell the compression.
    ///
    /// # Errors
    ///
    /// `Io`; `Syntax` if the name says a compression that the content is not in.
    pub fn new(name: &str, mut source: R) -> Result<Self> {
        let longest = Compression::ALL.map(|kind| kind.magic().len() as u64);
        let mut start = Vec::new();
        source
            .by_ref()
            .take(longest.into_iter().max().unwrap_or_default())
            .read_to_end(&mut start)?;
        let kind = told(name, &start)?;
        let whole = Cursor::new(start).chain(source);
        let engine = match kind {
            None => Engine::Plain(whole),
            Some(Compression::Gzip) => {
                Engine::Gzip(Box::new(flate2::read::MultiGzDecoder::new(whole)))
            }
            Some(Compression::Zstd) => Engine::Zstd(Box::new(Frames::new(whole))),
        };
        Ok(Self { engine })
    }

    /// What it reads from.
    pub fn get_ref(&self) -> &R {
        match &self.engine {
            Engine::Plain(whole) => whole.get_ref().1,
            Engine::Gzip(decoder) => decoder.get_ref().get_ref().1,
            Engine::Zstd(frames) => frames.source.get_ref().get_ref().1,
        }
    }

    /// Why reading failed: the file is damaged, or the operating system refused.
    pub fn explain(&self, error: io::Error) -> Error {
        match &self.engine {
            Engine::Gzip(_) if error.raw_os_error().is_none() => damaged(Compression::Gzip, &error),
            Engine::Zstd(_) if error.raw_os_error().is_none() => damaged(Compression::Zstd, &error),
            _ => error.into(),
        }
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.engine {
            Engine::Plain(whole) => whole.read(buffer),
            Engine::Gzip(decoder) => decoder.read(buffer),
            Engine::Zstd(frames) => frames.read(buffer),
        }
    }
}

/// Zstandard, frame after frame: concatenated frames are one file (RFC 8878, 3.1), and the decoder
/// stops after each.
struct Frames<R> {
    source: BufReader<R>,
    decoder: FrameDecoder,
    is_inside: bool,
}

impl<R: Read> Frames<R> {
    fn new(source: R) -> Self {
        Self {
            source: BufReader::with_capacity(1 << 15, source),
            decoder: FrameDecoder::new(),
            is_inside: false,
        }
    }

    /// Reads the header of a frame. One for other programs is passed over (RFC 8878, 3.1.2).
    fn start(&mut self) -> io::Result<()> {
        match self.decoder.init(&mut self.source) {
            Ok(()) => self.is_inside = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = u64::from(length);
                let mut rest = self.source.by_ref().take(length);
                if io::copy(&mut rest, &mut io::sink())? < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
        Ok(())
    }

    /// The decoder computes the checksum and leaves the comparison to its caller.
    fn end(&mut self) -> io::Result<()> {
        self.is_inside = false;
        let stored = self.decoder.get_checksum_from_data();
        if stored.is_some() && stored != self.decoder.get_calculated_checksum() {
            return Err(io::Error::other("wrong checksum"));
        }
        Ok(())
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() {
            if !self.is_inside {
                if self.source.fill_buf()?.is_empty() {
                    break;
                }
                self.start()?;
                continue;
            }
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            if self.decoder.is_finished() {
                self.end()?;
            } else {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
        }
        Ok(0)
    }
}

/// How many bytes were read, and which.
///
/// # Examples
///
/// ```
/// use bpekit_formats::compression::Meter;
///
/// let mut meter = Meter::new(true);
/// meter.add(b"text");
/// assert_eq!(meter.len(), 4);
/// assert_eq!(meter.sha256().unwrap()[..2], [0x98, 0x2d]);
/// ```
#[derive(Clone, Debug)]
pub struct Meter {
    len: u64,
    sha256: Option<Sha256>,
}

impl Meter {
    /// Nothing was read yet. The sha256 takes time and is made only if it `is_hashing`.
    pub fn new(is_hashing: bool) -> Self {
        Self {
            len: 0,
            sha256: is_hashing.then(Sha256::new),
        }
    }

    /// These bytes were read.
    pub fn add(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
    }

    /// How many bytes were read.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The sha256 of what was read so far, if it is made.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        self.sha256.clone().map(|sha256| sha256.finalize().into())
    }
}

/// The bytes in a compression. The same bytes give the same result: no time, no name inside.
///
/// # Errors
///
/// `Io` if the compressor fails, which it does not do in memory.
pub fn compress(kind: Compression, bytes: &[u8]) -> Result<Vec<u8>> {
    match kind {
        Compression::Gzip => {
            let mut encoder =
                flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::new(9));
            encoder.write_all(bytes)?;
            Ok(encoder.finish()?)
        }
        Compression::Zstd => Ok(ruzstd::encoding::compress_to_vec(
            bytes,
            ruzstd::encoding::CompressionLevel::Fastest,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_it_took() {
        let text = b"IQ== 0\n".repeat(5000);
        for kind in Compression::ALL {
            let packed = compress(kind, &text).unwrap();
            assert!(packed.len() < text.len() / 4, "{kind:?}: {}", packed.len());
            let twice = [packed.clone(), packed.clone()].concat();
            for (input, times) in [(&packed, 1), (&twice, 2)] {
                let got = decompress("x", input, &Limits::default()).unwrap();
                assert_eq!(&*got, text.repeat(times));
            }
            assert_eq!(compress(kind, &text).unwrap(), packed);
            let tight = Limits {
                file_len: 100,
                ..Limits::default()
            };
            assert!(decompress("x", &packed, &tight).is_err());
            assert!(decompress("x", &packed[..packed.len() / 2], &Limits::default()).is_err());
        }
        assert!(decompress("a.tiktoken.gz", b"IQ== 0\n", &Limits::default()).is_err());
        assert_eq!(strip_suffix("a.tiktoken.ZST"), "a.tiktoken");
    }

    /// Gives one byte at a time, as a pipe may.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = buffer.len().min(1);
            self.0.read(&mut buffer[..len])
        }
    }

    fn read_all(bytes: &[u8]) -> Result<Vec<u8>> {
        let mut reader = Reader::new("x", Drops(bytes))?;
        let mut content = Vec::new();
        let outcome = reader.read_to_end(&mut content);
        outcome.map_err(|error| reader.explain(error))?;
        assert!(reader.get_ref().0.is_empty());
        Ok(content)
    }

    #[test]
    fn reads_what_comes_as_what_is_there() {
        let text = b"IQ== 0\n".repeat(500);
        for plain in [&text[..], b"", b"\x1f", b"\x28\xb5"] {
            assert_eq!(read_all(plain).unwrap(), plain);
        }
        for kind in Compression::ALL {
            let packed = compress(kind, &text).unwrap();
            let nothing = compress(kind, b"").unwrap();
            let all = [&packed[..], &nothing, &packed].concat();
            assert_eq!(read_all(&all).unwrap(), text.repeat(2));
            let cuts = (4..packed.len()).map(|len| &packed[..len]);
            for cut in cuts.chain([&[&packed[..], &packed[..9]].concat()[..]]) {
                let error = read_all(cut).unwrap_err();
                assert!(
                    error.to_string().starts_with("damaged ."),
                    "{kind:?} {}: {error}",
                    cut.len()
                );
            }
            let name = format!("a.txt{}", kind.suffix());
            assert!(Reader::new(&name, &text[..]).is_err());
        }
    }

    #[test]
    fn passes_over_frames_for_other_programs() {
        let packed = compress(Compression::Zstd, b"text").unwrap();
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let all = [&skipped[..], &packed, &skipped, &packed, &skipped].concat();
        assert_eq!(read_all(&all).unwrap(), b"texttext");
        let whole = decompress("x", &all, &Limits::default()).unwrap();
        assert_eq!(&*whole, b"texttext");
        assert!(read_all(&all[..all.len() - 1]).is_err());
    }

    #[test]
    fn compares_checksums() {
        for kind in Compression::ALL {
            let mut packed = compress(kind, b"text").unwrap();
            // gzip ends with the length of the text, Zstandard with the checksum.
            let at = packed.len() - if kind == Compression::Gzip { 5 } else { 1 };
            packed[at] ^= 1;
            let error = read_all(&packed).unwrap_err();
            assert!(error.to_string().contains("checksum"), "{error}");
            assert!(decompress("x", &packed, &Limits::default()).is_err());
        }
    }
}
