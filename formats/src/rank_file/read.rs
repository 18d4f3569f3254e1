//! The lines of a rank file into a vocab, with what is odd about them.

#[cfg(test)]
mod tests;

use memchr::memchr;

use super::lane;
use crate::error::{Error, Result, show_bytes, show_text};
use crate::limits::{Limits, ReadOptions};
use crate::ranks::{decode_into, missing_bytes_error, missing_bytes_remark, not_base64};
use crate::vocab::{Duplicate, TokenKind, Vocab, VocabBuilder};

/// The lines of a file with their numbers, from 1, without LF. What follows the last LF is a line
/// only if it is not empty.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = bytes;
    let mut number = 0;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let len = memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..len];
        rest = rest.get(len + 1..).unwrap_or_default();
        number += 1;
        Some((number, line))
    })
}

/// Token and rank of a line whose rank is as a writer writes it. The token is not looked at: what
/// base64 refuses in it, white space too, is refused where it is decoded.
fn plain_columns(line: &[u8]) -> Option<(&[u8], u32)> {
    let space = line.iter().rposition(|byte| !byte.is_ascii_digit())?;
    let digits = &line[space + 1..];
    let is_plain =
        line[space] == b' ' && matches!(digits, [b'0'] | [b'1'..=b'9', ..]) && digits.len() <= 10;
    let value = || {
        digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
    };
    let rank = u32::try_from(is_plain.then(value)?).ok()?;
    (rank != u32::MAX && space > 0).then(|| (&line[..space], rank))
}

/// The columns of a line, as a lenient read takes them apart.
fn columns(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t'))
        .filter(|column| !column.is_empty())
}

/// Reads lines into a vocab, and remembers what is odd about them.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    options: &'a ReadOptions,
    builder: VocabBuilder,
    is_sorted: bool,
    last_rank: Option<u32>,
    has_crlf: bool,
    blank_lines: usize,
    warnings: Vec<String>,
}

/// What was read.
pub(super) struct Outcome {
    pub(super) vocab: Vocab,
    /// Whether writing the vocab gives the same bytes.
    pub(super) is_canonical: bool,
    pub(super) remarks: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], options: &'a ReadOptions) -> Result<Self> {
        let mut warnings = Vec::new();
        let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) if options.lenient => {
                warnings.push("a byte-order mark was passed over".to_owned());
                rest
            }
            Some(_) => {
                return Err(Error::syntax("the file starts with a byte-order mark")
                    .at_line(1)
                    .with_hint("save it as ASCII without BOM, or read it leniently"));
            }
            None => bytes,
        };
        // A line of a token of n bytes takes about 1.4 n + 8 bytes.
        let builder = VocabBuilder::with_capacity(bytes.len() / 16, bytes.len() / 2);
        Ok(Self {
            bytes,
            options,
            builder,
            is_sorted: true,
            last_rank: None,
            has_crlf: false,
            blank_lines: 0,
            warnings,
        })
    }

    pub(super) fn read_lines(&mut self) -> Result<()> {
        let mut rest = self.bytes;
        let mut number = 0;
        loop {
            let (count, len) = lane::read_lines(
                rest,
                &self.options.limits,
                &mut self.last_rank,
                &mut self.builder,
            );
            number += count;
            rest = &rest[len..];
            let Some((_, line)) = lines(rest).next() else {
                return Ok(());
            };
            number += 1;
            rest = rest.get(line.len() + 1..).unwrap_or_default();
            self.read_whole_line(line)
                .map_err(|error| error.at_line(number))?;
        }
    }

    /// Reads a line of any kind, without its LF.
    fn read_whole_line(&mut self, line: &'a [u8]) -> Result<()> {
        let line = match line {
            [rest @ .., b'\r'] => {
                self.has_crlf = true;
                rest
            }
            line => line,
        };
        if line.is_empty() {
            self.blank_lines += 1;
        } else if self.options.lenient && memchr(b'\r', line).is_some() {
            self.warn("lone CR line ends were read as line ends");
            for line in line
                .split(|&byte| byte == b'\r')
                .filter(|line| !line.is_empty())
            {
                self.read_line(line)?;
            }
        } else {
            self.read_line(line)?;
        }
        Ok(())
    }

    fn read_line(&mut self, line: &'a [u8]) -> Result<()> {
        // Most lines are this plain; the way below finds the words for what is wrong.
        if let Some((token, rank)) = plain_columns(line) {
            check_limits(token, &self.builder, &self.options.limits)?;
            let decoded = self.builder.push_with(rank, TokenKind::Ordinary, |arena| {
                if decode_into(token, arena) {
                    Ok(())
                } else {
                    Err(())
                }
            });
            if decoded.is_ok() {
                self.note_rank(rank);
                return Ok(());
            }
        }
        let Some((token, rank)) = self.columns(line)? else {
            return Ok(());
        };
        let rank = self.rank(rank)?;
        check_limits(token, &self.builder, &self.options.limits)?;
        self.builder.push_with(rank, TokenKind::Ordinary, |arena| {
            if decode_into(token, arena) {
                Ok(())
            } else {
                Err(Error::syntax(format!(
                    "{}; expected `<base64> <rank>`",
                    not_base64(token)
                )))
            }
        })?;
        self.note_rank(rank);
        Ok(())
    }

    fn note_rank(&mut self, rank: u32) {
        if self.last_rank.is_some_and(|last| last >= rank) {
            self.is_sorted = false;
        }
        self.last_rank = Some(rank);
    }

    /// `<base64> <rank>`, one space between; none if a lenient read passes over the line.
    fn columns(&mut self, line: &'a [u8]) -> Result<Option<(&'a [u8], &'a [u8])>> {
        let mut fields = columns(line);
        let (first, second, third) = (fields.next(), fields.next(), fields.next());
        if memchr(b'\r', line).is_some() {
            return Err(Error::syntax(
                "a carriage return inside the line; expected LF or CRLF line ends",
            )
            .with_hint("a lenient read (`--lenient`, `lenient=True`) accepts lone CR line ends"));
        }
        match (first, second, third) {
            (None, ..) if self.options.lenient => {
                self.warn("lines of white space alone were passed over");
                Ok(None)
            }
            (None, ..) => Err(
                Error::syntax("white space alone; expected `<base64> <rank>`")
                    .with_hint("a lenient read (`--lenient`, `lenient=True`) passes over the line"),
            ),
            (Some(token), Some(rank), None) => {
                let is_plain =
                    line.len() == token.len() + rank.len() + 1 && line[token.len()] == b' ';
                if !is_plain && !self.options.lenient {
                    return Err(Error::syntax(
                        "white space other than one space between token and rank; \
                         expected `<base64> <rank>`",
                    )
                    .with_hint("a lenient read (`--lenient`, `lenient=True`) accepts it"));
                }
                if !is_plain {
                    self.warn("white space other than one space between token and rank");
                }
                Ok(Some((token, rank)))
            }
            _ => {
                let count = columns(line).count();
                Err(Error::syntax(format!(
                    "{count} column{} in `{}`; expected `<base64> <rank>`",
                    if count == 1 { "" } else { "s" },
                    show_text(&String::from_utf8_lossy(line))
                )))
            }
        }
    }

    fn rank(&mut self, text: &[u8]) -> Result<u32> {
        let shown = || show_text(&String::from_utf8_lossy(text));
        if !text.iter().all(u8::is_ascii_digit) {
            return Err(Error::syntax(format!(
                "rank `{}` is not a decimal integer; expected `<base64> <rank>`",
                shown()
            )));
        }
        let digits = match text {
            [b'0', rest @ ..] if !rest.is_empty() => {
                if !self.options.lenient {
                    return Err(
                        Error::syntax(format!("rank `{}` has a leading zero", shown()))
                            .with_hint("a lenient read (`--lenient`, `lenient=True`) accepts it"),
                    );
                }
                self.warn("ranks with leading zeros were read as decimal");
                let zeros = text.iter().take_while(|&&byte| byte == b'0').count();
                &text[zeros.min(text.len() - 1)..]
            }
            text => text,
        };
        // Ten digits fit in a u64 without overflow; more are too large whatever they are.
        let value = (digits.len() <= 10).then(|| {
            digits
                .iter()
                .fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'))
        });
        match value.and_then(|value| u32::try_from(value).ok()) {
            // The largest u32 means "no merge" inside tiktoken, which would never produce it.
            Some(rank) if rank != u32::MAX => Ok(rank),
            _ => Err(Error::syntax(format!(
                "rank `{}` is too large; expected at most 4294967294",
                shown()
            ))),
        }
    }

    fn warn(&mut self, warning: &str) {
        if !self.warnings.iter().any(|held| held == warning) {
            self.warnings.push(warning.to_owned());
        }
    }

    pub(super) fn finish(self) -> Result<Outcome> {
        let Self {
            bytes,
            options,
            builder,
            is_sorted,
            has_crlf,
            blank_lines,
            warnings,
            ..
        } = self;
        if builder.is_empty() {
            return Err(Error::syntax(
                "no tokens; expected lines of `<base64> <rank>`",
            ));
        }
        let vocab = builder
            .finish()
            .map_err(|duplicate| duplicate_error(bytes, duplicate))?;
        let missing = vocab.missing_bytes();
        if !missing.is_empty() && !options.allow_missing_bytes {
            return Err(missing_bytes_error(&missing));
        }
        // Base64 and ranks have one spelling each, and whatever white space a line may have
        // beside its one space is among the warnings.
        let is_canonical = is_sorted
            && !has_crlf
            && blank_lines == 0
            && warnings.is_empty()
            && bytes.ends_with(b"\n");
        let mut remarks = Vec::new();
        if has_crlf {
            remarks.push("CRLF line ends; written back as LF".to_owned());
        }
        if !is_sorted {
            remarks.push("ranks out of order; written back sorted".to_owned());
        }
        if blank_lines > 0 {
            let s = if blank_lines == 1 { "" } else { "s" };
            remarks.push(format!("{blank_lines} blank line{s}; not written back"));
        }
        if !bytes.ends_with(b"\n") {
            remarks.push("no line end after the last line; written back with one".to_owned());
        }
        if !missing.is_empty() {
            remarks.push(missing_bytes_remark(&missing));
        }
        Ok(Outcome {
            vocab,
            is_canonical,
            remarks,
            warnings,
        })
    }
}

fn check_limits(token: &[u8], builder: &VocabBuilder, limits: &Limits) -> Result<()> {
    let padding = token.iter().rev().take_while(|&&byte| byte == b'=').count();
    let token_len = (token.len() as u64 / 4 * 3).saturating_sub(padding as u64);
    // The vocab itself keeps lengths in 32 bits.
    let limit = limits.token_len.min(u64::from(u32::MAX));
    if token_len > limit {
        return Err(Error::limit(
            "token, in bytes",
            token_len,
            limit,
            "token_len",
        ));
    }
    if builder.len() as u64 >= limits.token_count {
        let found = builder.len() as u64 + 1;
        return Err(Error::limit(
            "number of tokens",
            found,
            limits.token_count,
            "token_count",
        ));
    }
    Ok(())
}

/// Finds the two lines of a duplicate. The file was read without error, so every line splits.
fn duplicate_error(bytes: &[u8], duplicate: Duplicate) -> Error {
    let (one, other) = match duplicate {
        Duplicate::Id(rank) => (rank, rank),
        Duplicate::Token(one, other) => (one, other),
    };
    let parts = |(number, line)| {
        let parts = <[u8]>::split(line, |&byte| byte == b'\r');
        parts.filter_map(move |part| {
            let mut fields = columns(part);
            let (token, rank) = (fields.next()?, fields.next()?);
            let rank: u32 = std::str::from_utf8(rank).ok()?.parse().ok()?;
            Some((number, token, rank))
        })
    };
    let found: Vec<(usize, &[u8], u32)> = lines(bytes)
        .flat_map(parts)
        .filter(|&(_, _, rank)| rank == one || rank == other)
        .take(2)
        .collect();
    let shown = |token: &[u8]| {
        let mut bytes = Vec::new();
        // Every token here was decoded before.
        decode_into(token, &mut bytes);
        show_bytes(&bytes)
    };
    match (duplicate, found.as_slice()) {
        (Duplicate::Id(rank), &[(first, a, _), (second, b, _)]) if a != b => Error::data(format!(
            "rank {rank} is given to {} here and to {} on line {first}",
            shown(b),
            shown(a)
        ))
        .at_line(second),
        (Duplicate::Id(rank), &[(first, token, _), (second, ..)]) => Error::data(format!(
            "token {} with rank {rank} is also on line {first}",
            shown(token)
        ))
        .at_line(second),
        (Duplicate::Token(..), &[(first, token, a), (second, _, b)]) => Error::data(format!(
            "token {} has rank {b} here and rank {a} on line {first}",
            shown(token)
        ))
        .at_line(second),
        (Duplicate::Id(rank), _) => Error::data(format!("rank {rank} is given twice")),
        (Duplicate::Token(one, other), _) => {
            Error::data(format!("ranks {one} and {other} have the same token"))
        }
    }
}
