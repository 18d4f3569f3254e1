//! Reading a table of counts, entry by entry.

use std::io::Read;

use sha2::{Digest, Sha256};

use super::first_line::{self, FIRST_LINE};
use super::{CHUNK, CountsHeader, FORMAT, HEADER_LEN_LIMIT, SHA256_LEN, header};
use crate::error::{Category, Error, Location, Result, show_bytes};

const DAMAGED: &str = "the file is damaged; copy it again, or count again";
const CUT: &str = "it was cut short; copy it again, or count again";

/// Reads a table of counts with memory for its header and its longest pretoken.
///
/// What it gives is certain only when [`CountsReader::next`] has returned `None`: sums and sha256
/// are compared at the end.
pub struct CountsReader<R> {
    source: Source<R>,
    header: CountsHeader,
    pretoken: Vec<u8>,
    read: u64,
    sum: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Done,
    Failed,
}

impl<R: Read> CountsReader<R> {
    /// Reads the header. Bytes are read in large lots; no buffer is needed around `source`.
    ///
    /// # Errors
    ///
    /// `Syntax` for another kind of file, which is named if it is one that is often at hand, or
    /// one that is cut short; `Unsupported` for another version; `Data` for a member that is
    /// wrong; `Io`.
    pub fn new(source: R) -> Result<Self> {
        let mut source = Source::new(source);
        let header = source
            .read_header()
            .map_err(|error| error.with_format(FORMAT))?;
        Ok(Self {
            source,
            header,
            pretoken: Vec::new(),
            read: 0,
            sum: 0,
            state: State::Reading,
        })
    }

    /// What the table says about itself.
    pub fn header(&self) -> &CountsHeader {
        &self.header
    }

    /// The next pretoken and its count, in rising order of the pretokens' bytes; none at the end,
    /// when everything has been found to agree.
    ///
    /// # Errors
    ///
    /// `Syntax` for an entry that is none, or a file that is cut short; `Data` for entries out of
    /// order, sums that differ, another sha256 or bytes behind it; `Io`. After an error there is
    /// nothing more to read, which is an error too.
    #[allow(
        clippy::should_implement_trait,
        reason = "what it gives is borrowed from it, which an iterator cannot do"
    )]
    pub fn next(&mut self) -> Result<Option<(&[u8], u64)>> {
        match self.state {
            State::Done => return Ok(None),
            State::Failed => {
                return Err(Error::data("read after an error; expected no more reading")
                    .with_format(FORMAT));
            }
            State::Reading => {}
        }
        let outcome = if self.read == self.header.pretokens {
            self.check_end().map(|()| None)
        } else {
            self.read_entry().map(Some)
        };
        self.state = match outcome {
            Ok(Some(_)) => State::Reading,
            Ok(None) => State::Done,
            Err(_) => State::Failed,
        };
        match outcome {
            Ok(count) => Ok(count.map(|count| (self.pretoken.as_slice(), count))),
            Err(error) => Err(error.with_format(FORMAT)),
        }
    }

    fn read_entry(&mut self) -> Result<u64> {
        let at = Location::Byte(self.source.position());
        let (shared, len) = (self.number()?, self.number()?);
        let before = self.pretoken.len();
        let shared = usize::try_from(shared)
            .ok()
            .filter(|&shared| shared <= before)
            .ok_or_else(|| {
                Error::data(format!(
                    "shares {shared} bytes with the pretoken before, which has {before}"
                ))
                .at(at.clone())
                .with_hint(DAMAGED)
            })?;
        let replaced = self.pretoken.get(shared).copied();
        self.pretoken.truncate(shared);
        if !self.source.take(len, &mut self.pretoken)? {
            return Err(self.ends_early());
        }
        // The bytes before are equal, so the first of the others tells the order.
        let fault = match (replaced, self.pretoken.get(shared)) {
            (None, None) if shared == 0 => "an empty pretoken; expected a byte or more",
            (_, None) => "a pretoken out of order; expected rising order",
            (Some(old), Some(&new)) if new < old => {
                "a pretoken out of order; expected rising order"
            }
            (Some(old), Some(&new)) if new == old => {
                "shares more bytes with the pretoken before than it says; expected all of them"
            }
            _ => return self.read_count(at),
        };
        Err(Error::data(fault).at(at).with_hint(DAMAGED))
    }

    fn read_count(&mut self, at: Location) -> Result<u64> {
        let count = self.number()?;
        if count == 0 {
            let shown = show_bytes(&self.pretoken);
            let fault = format!("pretoken {shown} has a count of 0; expected 1 or more");
            return Err(Error::data(fault).at(at).with_hint(DAMAGED));
        }
        let total = self.header.total;
        let sum = self.sum.checked_add(count).filter(|&sum| sum <= total);
        self.sum = sum.ok_or_else(|| {
            let fault = format!("the counts add up to more than {total}, which the header says");
            Error::data(fault).at(at).with_hint(DAMAGED)
        })?;
        self.read += 1;
        Ok(count)
    }

    fn number(&mut self) -> Result<u64> {
        let at = Location::Byte(self.source.position());
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let Some(byte) = self.source.byte()? else {
                return Err(self.ends_early());
            };
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte == 0 && shift > 0 {
                return Err(Error::syntax("a number with needless bytes; expected none")
                    .at(at)
                    .with_hint(DAMAGED));
            }
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Error::syntax("a number of more than 64 bits")
            .at(at)
            .with_hint(DAMAGED))
    }

    fn check_end(&mut self) -> Result<()> {
        let at = Location::Byte(self.source.position());
        let found = self.source.sha256();
        let mut expected = Vec::with_capacity(SHA256_LEN);
        if !self.source.take(SHA256_LEN as u64, &mut expected)? {
            return Err(self.ends_early());
        }
        if found != expected {
            let fault = format!(
                "after {} pretokens comes another sha256 than that of the content",
                self.read
            );
            return Err(Error::data(fault).at(at).with_hint(DAMAGED));
        }
        if self.sum != self.header.total {
            return Err(Error::data(format!(
                "the counts add up to {}; the header says {}",
                self.sum, self.header.total
            ))
            .at(at)
            .with_hint("what wrote the file is at fault; count again"));
        }
        let end = Location::Byte(self.source.position());
        if self.source.byte()?.is_some() {
            return Err(Error::data("more bytes after the sha256; expected the end")
                .at(end)
                .with_hint(DAMAGED));
        }
        Ok(())
    }

    fn ends_early(&self) -> Error {
        Error::syntax(format!(
            "the file ends after {} of {} pretokens; expected them all and a sha256",
            self.read, self.header.pretokens
        ))
        .at(Location::Byte(self.source.position()))
        .with_hint(CUT)
    }
}

/// The bytes of a file as they are used, each hashed.
struct Source<R> {
    inner: R,
    buffer: Vec<u8>,
    /// How many of the buffer are used.
    used: usize,
    /// How many of the buffer are hashed.
    hashed: usize,
    /// How many came before the buffer.
    offset: usize,
    hasher: Sha256,
}

impl<R: Read> Source<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
            used: 0,
            hashed: 0,
            offset: 0,
            hasher: Sha256::new(),
        }
    }

    fn position(&self) -> usize {
        self.offset + self.used
    }

    fn read_header(&mut self) -> Result<CountsHeader> {
        self.fill()?;
        first_line::check(&self.buffer)?;
        self.used = FIRST_LINE.len();
        let mut line = Vec::new();
        loop {
            let rest = &self.buffer[self.used..];
            let end = memchr::memchr(b'\n', rest);
            let len = end.unwrap_or(rest.len());
            line.extend_from_slice(&rest[..len]);
            self.used += len;
            if line.len() >= HEADER_LEN_LIMIT {
                let fault = format!("no line end in the {HEADER_LEN_LIMIT} bytes of the header");
                return Err(Error::syntax(fault)
                    .at(Location::Byte(self.position()))
                    .with_hint(DAMAGED));
            }
            if end.is_some() {
                self.used += 1;
                return header::read(&line).map_err(|error| match error.category() {
                    Category::Syntax => error.with_hint(DAMAGED),
                    _ => error.with_hint("read it with what wrote it, or count again"),
                });
            }
            if !self.fill()? {
                return Err(
                    Error::syntax("the file ends in its header; expected a line end")
                        .at(Location::Byte(self.position()))
                        .with_hint(CUT),
                );
            }
        }
    }

    /// Fills the buffer anew, all of which is used. False if there is nothing more.
    fn fill(&mut self) -> Result<bool> {
        self.hash_used();
        self.offset += self.buffer.len();
        self.buffer.clear();
        (self.used, self.hashed) = (0, 0);
        // Reads on after a short read and an interrupted one.
        let mut chunk = self.inner.by_ref().take(CHUNK as u64);
        chunk.read_to_end(&mut self.buffer)?;
        Ok(!self.buffer.is_empty())
    }

    fn hash_used(&mut self) {
        self.hasher.update(&self.buffer[self.hashed..self.used]);
        self.hashed = self.used;
    }

    /// The sha256 of all bytes that are used.
    fn sha256(&mut self) -> Vec<u8> {
        self.hash_used();
        self.hasher.clone().finalize().to_vec()
    }

    #[inline]
    fn byte(&mut self) -> Result<Option<u8>> {
        if self.used == self.buffer.len() && !self.fill()? {
            return Ok(None);
        }
        self.used += 1;
        Ok(Some(self.buffer[self.used - 1]))
    }

    /// Adds so many bytes to `into`, which grows with the bytes there are. False if there are
    /// fewer.
    fn take(&mut self, len: u64, into: &mut Vec<u8>) -> Result<bool> {
        let mut missing = len;
        while missing > 0 {
            if self.used == self.buffer.len() && !self.fill()? {
                return Ok(false);
            }
            let rest = &self.buffer[self.used..];
            let taken = usize::try_from(missing).map_or(rest.len(), |len| len.min(rest.len()));
            into.extend_from_slice(&rest[..taken]);
            self.used += taken;
            missing -= taken as u64;
        }
        Ok(true)
    }
}
