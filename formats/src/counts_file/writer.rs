//! Writing a table of counts, entry by entry.

use std::io::Write;

use sha2::{Digest, Sha256};

use super::first_line::FIRST_LINE;
use super::{CHUNK, CountsHeader, FORMAT, header};
use crate::error::{Error, Result, show_bytes};

/// Writes a table of counts. The header comes first and names the sums, so they are known before:
/// what is then pushed has to agree.
pub struct CountsWriter<W> {
    out: W,
    /// What is not written yet, and not hashed.
    buffer: Vec<u8>,
    hasher: Sha256,
    last: Vec<u8>,
    pushed: u64,
    sum: u64,
    pretokens: u64,
    total: u64,
}

impl<W: Write> CountsWriter<W> {
    /// Starts a table. Bytes go to `out` in large lots.
    ///
    /// # Errors
    ///
    /// `Data` for a header that contradicts itself (a special token given twice, a `min_count` of
    /// 0); `Unsupported` for a step that is carried but not known; `Io`.
    pub fn new(out: W, header: &CountsHeader) -> Result<Self> {
        let mut buffer = FIRST_LINE.to_vec();
        buffer.extend(header::write(header).map_err(|error| error.with_format(FORMAT))?);
        Ok(Self {
            out,
            buffer,
            hasher: Sha256::new(),
            last: Vec::new(),
            pushed: 0,
            sum: 0,
            pretokens: header.pretokens,
            total: header.total,
        })
    }

    /// Adds a pretoken and its count.
    ///
    /// # Errors
    ///
    /// `Data` if the pretoken is empty or does not come after the one before, if the count is 0,
    /// or if there are more of either than the header says; `Io`.
    pub fn push(&mut self, pretoken: &[u8], count: u64) -> Result<()> {
        let sum = self.sum.checked_add(count).filter(|&sum| sum <= self.total);
        let (Some(sum), true) = (sum, self.pushed < self.pretokens) else {
            return Err(self.disagrees("more than"));
        };
        if count == 0 || pretoken.is_empty() {
            return Err(wrong(format!(
                "pretoken {} with count {count}; expected a byte or more, once or more",
                show_bytes(pretoken)
            )));
        }
        if pretoken <= self.last.as_slice() {
            return Err(wrong(format!(
                "pretoken {} comes after {}; expected rising order",
                show_bytes(pretoken),
                show_bytes(&self.last)
            )));
        }
        let pairs = pretoken.iter().zip(&self.last);
        let shared = pairs.take_while(|(one, other)| one == other).count();
        push_number(&mut self.buffer, shared as u64);
        push_number(&mut self.buffer, (pretoken.len() - shared) as u64);
        self.buffer.extend_from_slice(&pretoken[shared..]);
        push_number(&mut self.buffer, count);
        self.last.truncate(shared);
        self.last.extend_from_slice(&pretoken[shared..]);
        self.pushed += 1;
        self.sum = sum;
        if self.buffer.len() >= CHUNK {
            self.write_out()?;
        }
        Ok(())
    }

    /// Ends the table and flushes the writer.
    ///
    /// # Errors
    ///
    /// `Data` if there was less than the header says; `Io`.
    pub fn finish(mut self) -> Result<W> {
        if (self.pushed, self.sum) != (self.pretokens, self.total) {
            return Err(self.disagrees("less than"));
        }
        self.write_out()?;
        self.out.write_all(&self.hasher.finalize())?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_out(&mut self) -> Result<()> {
        self.hasher.update(&self.buffer);
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn disagrees(&self, how: &str) -> Error {
        wrong(format!(
            "{how} the {} pretokens with a sum of {} that the header says",
            self.pretokens, self.total
        ))
    }
}

fn wrong(message: String) -> Error {
    Error::data(message).with_format(FORMAT)
}

/// LEB128.
fn push_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
