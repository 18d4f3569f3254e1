//! `bpe_ranks`: a vocab as lines of `! <first rank> <base64> <base64> …`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::{Error, Result, show_bytes, show_text};
use crate::limits::Limits;
use crate::ranks::{decode_into, not_base64};
use crate::vocab::{Duplicate, TokenId, TokenKind, Vocab, VocabBuilder};

/// What was read.
pub(super) struct Read {
    pub(super) vocab: Vocab,
    /// What is odd about it.
    pub(super) remarks: Vec<String>,
}

/// Reads the text, without a place in errors.
pub(super) fn read(text: &str, limits: &Limits) -> Result<Read> {
    let mut remarks = Vec::new();
    let body = match text.strip_suffix('\n') {
        Some(body) => {
            remarks.push("`bpe_ranks` ends in a line end; written back without".to_owned());
            body
        }
        None => text,
    };
    if body.is_empty() {
        return Err(Error::data(
            "no tokens; expected `! <first rank> <base64> …`",
        ));
    }
    let mut reader = Reader {
        builder: VocabBuilder::with_capacity(text.len() / 12, text.len() * 3 / 4),
        limits,
        last: None,
        is_in_order: true,
    };
    let has_runs = body.starts_with('!');
    for (index, line) in body.split('\n').enumerate() {
        let outcome = if has_runs {
            reader.read_run(line)
        } else {
            reader.read_rank_line(line)
        };
        outcome.map_err(|error| in_line(error, index + 1))?;
    }
    if !has_runs {
        remarks.push("`bpe_ranks` is a rank file; written back as runs".to_owned());
    }
    if !reader.is_in_order {
        remarks.push("ranks out of order; written back sorted".to_owned());
    }
    let vocab = reader.builder.finish().map_err(duplicate_error)?;
    Ok(Read { vocab, remarks })
}

/// The place is the member; the line inside it is a part of the words.
fn in_line(error: Error, number: usize) -> Error {
    match error.kind() {
        crate::error::ErrorKind::Data(message) => {
            Error::data(format!("line {number} of the text: {message}"))
        }
        _ => error,
    }
}

struct Reader<'a> {
    builder: VocabBuilder,
    limits: &'a Limits,
    last: Option<TokenId>,
    is_in_order: bool,
}

impl Reader<'_> {
    fn read_run(&mut self, line: &str) -> Result<()> {
        let expected = "expected `! <first rank> <base64> …`";
        let mut fields = line.split(' ');
        let (Some("!"), Some(first)) = (fields.next(), fields.next()) else {
            return Err(Error::data(format!(
                "`{}` is no run; {expected}",
                show_text(line)
            )));
        };
        let first = u64::from(rank(first, expected)?);
        let mut count = 0;
        for token in fields {
            let rank = u32::try_from(first + count)
                .ok()
                .filter(|rank| *rank != u32::MAX)
                .ok_or_else(|| {
                    Error::data(format!(
                        "rank {} is too large; expected at most 4294967294",
                        first + count
                    ))
                })?;
            self.add(token, rank, expected)?;
            count += 1;
        }
        if count == 0 {
            return Err(Error::data(format!("a run without a token; {expected}")));
        }
        Ok(())
    }

    fn read_rank_line(&mut self, line: &str) -> Result<()> {
        let expected = "expected `<base64> <rank>`";
        match line.split_once(' ') {
            Some((token, number)) => self.add(token, rank(number, expected)?, expected),
            None => Err(Error::data(format!(
                "`{}` has one column; {expected}",
                show_text(line)
            ))),
        }
    }

    fn add(&mut self, token: &str, rank: TokenId, expected: &str) -> Result<()> {
        if token.is_empty() {
            return Err(Error::data(format!(
                "an empty token for rank {rank}; {expected}"
            )));
        }
        let len = token.len() as u64 / 4 * 3;
        // The vocab keeps lengths in 32 bits.
        let limit = self.limits.token_len.min(u64::from(u32::MAX));
        let padding = token.bytes().rev().take_while(|&byte| byte == b'=').count() as u64;
        if len.saturating_sub(padding) > limit {
            return Err(Error::limit(
                "token, in bytes",
                len - padding,
                limit,
                "token_len",
            ));
        }
        if self.builder.len() as u64 >= self.limits.token_count {
            return Err(Error::limit(
                "number of tokens",
                self.builder.len() as u64 + 1,
                self.limits.token_count,
                "token_count",
            ));
        }
        self.builder.push_with(rank, TokenKind::Ordinary, |bytes| {
            // A lone `=` is how rank files spell the empty token; JavaScript cannot decode it.
            if token != "=" && decode_into(token.as_bytes(), bytes) {
                Ok(())
            } else {
                let fault = not_base64(token.as_bytes());
                Err(Error::data(format!("rank {rank}: {fault}; {expected}")))
            }
        })?;
        self.is_in_order &= self.last.is_none_or(|last| last < rank);
        self.last = Some(rank);
        Ok(())
    }
}

/// A rank in plain decimal.
fn rank(text: &str, expected: &str) -> Result<TokenId> {
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let value = text.parse().ok().filter(|_| is_plain);
    value.filter(|rank| *rank != u32::MAX).ok_or_else(|| {
        Error::data(format!(
            "rank `{}` is not a decimal integer up to 4294967294; {expected}",
            show_text(text)
        ))
    })
}

fn duplicate_error(duplicate: Duplicate) -> Error {
    Error::data(match duplicate {
        Duplicate::Id(rank) => format!("rank {rank} is given twice"),
        Duplicate::Token(one, other) => format!("ranks {one} and {other} are the same token"),
    })
}

/// The text of a vocab: a run for ranks without a gap.
///
/// # Errors
///
/// `Unsupported` for the empty token.
pub(super) fn write(vocab: &Vocab) -> Result<String> {
    let mut out = String::with_capacity(vocab.len() * 12);
    let mut next = None;
    for token in vocab.iter() {
        if token.bytes.is_empty() {
            return Err(Error::unsupported(format!(
                "token {} {} is empty; the format has no spelling for it",
                token.id,
                show_bytes(token.bytes)
            )));
        }
        if next != Some(token.id) {
            if next.is_some() {
                out.push('\n');
            }
            out.push_str("! ");
            out.push_str(&token.id.to_string());
        }
        out.push(' ');
        STANDARD.encode_string(token.bytes, &mut out);
        next = token.id.checked_add(1);
    }
    Ok(out)
}
