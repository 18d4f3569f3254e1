//! The first line of a table of counts, and what a file with another one is.

use crate::compression::Compression;
use crate::error::{Error, Location, Result, show_text};

/// What the first line starts with, in every version.
pub(super) const NAME: &[u8] = b"bpekit-counts ";

/// The first line of the one version there is.
pub(super) const FIRST_LINE: &[u8] = b"bpekit-counts 1\n";

const EXPECTED: &str = "expected the first line `bpekit-counts 1`";

/// Checks the first bytes of a file.
///
/// # Errors
///
/// `Unsupported` for another version; `Syntax` for another kind of file, which is named if it is
/// one that is often at hand.
pub(super) fn check(start: &[u8]) -> Result<()> {
    if start.starts_with(FIRST_LINE) {
        return Ok(());
    }
    Err(what_it_is(start).at(Location::Byte(0)))
}

fn what_it_is(start: &[u8]) -> Error {
    if start.is_empty() {
        return Error::syntax(format!("the file is empty; {EXPECTED}"));
    }
    if FIRST_LINE.starts_with(start) {
        return Error::syntax(format!("the file ends in its first line; {EXPECTED}"))
            .with_hint("it was cut short; copy it again, or count again");
    }
    if let Some(rest) = start.strip_prefix(NAME) {
        return other_version(rest);
    }
    let what = if let Some(kind) = Compression::of_content(start) {
        let fault = format!("the file is compressed ({}); {EXPECTED}", kind.suffix());
        return Error::syntax(fault).with_hint("unpack it first");
    } else if start.starts_with(b"bpekit-merges ") {
        "is the merge log of a checkpoint, not a table of counts"
    } else if start.trim_ascii_start().starts_with(b"{") {
        "looks like JSON (a tokenizer.json, perhaps), not a table of counts"
    } else if looks_like_ranks(start) {
        "looks like a rank file (`.tiktoken`), not a table of counts"
    } else {
        "not a table of counts"
    };
    Error::syntax(format!("{what}; {EXPECTED}"))
        .with_hint("a table of counts is what counting texts writes; texts are not read as one")
}

fn other_version(rest: &[u8]) -> Error {
    let line = rest.split(|&byte| byte == b'\n').next().unwrap_or(rest);
    // No version has more digits; a damaged file may have no line end at all.
    let line = &line[..line.len().min(20)];
    if line == b"1\r" {
        return Error::syntax(format!("the first line ends in CR LF; {EXPECTED} and LF"))
            .with_hint("it was copied as text, which changes it; copy it as binary");
    }
    let shown = show_text(&String::from_utf8_lossy(line));
    if !line.is_empty() && line.iter().all(u8::is_ascii_digit) {
        return Error::unsupported(format!("version {shown}; expected 1"))
            .with_hint("read it with the bpekit that wrote it, or count again");
    }
    Error::syntax(format!("`{shown}` is not a version; {EXPECTED}"))
        .with_hint("the file is damaged; copy it again, or count again")
}

/// `<base64> <rank>` and a line end.
fn looks_like_ranks(start: &[u8]) -> bool {
    let line = start.split(|&byte| byte == b'\n').next().unwrap_or(start);
    let mut columns = line.trim_ascii_end().split(|&byte| byte == b' ');
    let (Some(token), Some(rank), None) = (columns.next(), columns.next(), columns.next()) else {
        return false;
    };
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    token.len() % 4 == 0
        && !rank.is_empty()
        && token.iter().all(is_base64)
        && rank.iter().all(u8::is_ascii_digit)
}
