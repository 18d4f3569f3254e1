//! The header of a table of counts, as one line of JSON.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use serde_json::{Value, json};

use super::dialects::{read_step, write_step};
use super::first_line::FIRST_LINE;
use super::{CountsHeader, HEADER_LEN_LIMIT};
use crate::error::{Error, Location, Result};
use crate::json::{self, Writer};
use crate::limits::Limits;
use crate::pipeline_json::{Node, wrong_type};

/// Every member of the layout. Others are refused: they could change what is counted, and would be
/// lost when tables are added up.
const MEMBERS: [&str; 9] = [
    "normalizer",
    "pretokenizer",
    "special_tokens",
    "texts",
    "text_bytes",
    "skipped",
    "pretokens",
    "total",
    "min_count",
];

/// Writes the line, with its line end.
///
/// # Errors
///
/// That of [`read`] if the header is one that could not be read back.
pub(super) fn write(header: &CountsHeader) -> Result<Vec<u8>> {
    let mut document = json!({
        "normalizer": write_step(header.normalizer.as_ref(), "normalizer")?,
        "pretokenizer": write_step(header.pretokenizer.as_ref(), "pretokenizer")?,
        "special_tokens": header.special_tokens,
        "texts": header.texts,
        "text_bytes": header.text_bytes,
        "skipped": header.skipped,
        "pretokens": header.pretokens,
        "total": header.total,
    });
    if header.min_count != 1 {
        document["min_count"] = header.min_count.into();
    }
    let mut writer = Writer::new(false, 1024);
    writer.value(&document);
    let mut line = writer.finish();
    if line.len() >= HEADER_LEN_LIMIT {
        return Err(Error::unsupported(format!(
            "the header has {} bytes; expected less than {HEADER_LEN_LIMIT}",
            line.len()
        )));
    }
    if read(&line)? != *header {
        return Err(Error::data("the header would not be read as it is"));
    }
    line.push(b'\n');
    Ok(line)
}

/// Reads the line, without its line end.
///
/// # Errors
///
/// `Syntax` if it is not JSON; `Data` or `Unsupported` with the member that is wrong.
pub(super) fn read(line: &[u8]) -> Result<CountsHeader> {
    let document = json::parse_value(line, Limits::default().nesting).map_err(in_second_line)?;
    let node = Node::of(&document, "")?;
    if let Some(name) = node.names().find(|name| !MEMBERS.contains(name)) {
        return Err(Error::unsupported("not a member of version 1").at_json(node.path_of(name)));
    }
    Ok(CountsHeader {
        normalizer: read_step(node.need("normalizer")?, "normalizer")?,
        pretokenizer: read_step(node.need("pretokenizer")?, "pretokenizer")?,
        special_tokens: read_special_tokens(&node)?,
        texts: node.number("texts")?,
        text_bytes: node.number("text_bytes")?,
        skipped: node.number("skipped")?,
        pretokens: node.number("pretokens")?,
        total: node.number("total")?,
        min_count: read_min_count(&node)?,
    })
}

/// One table has one spelling, so a member that says nothing is not written.
fn read_min_count(node: &Node<'_>) -> Result<u64> {
    let Some(value) = node.get("min_count") else {
        return Ok(1);
    };
    value
        .as_u64()
        .filter(|&count| count > 1)
        .ok_or_else(|| wrong_type(value, "min_count", "a number from 2, or no such member"))
}

fn read_special_tokens(node: &Node<'_>) -> Result<Vec<String>> {
    let mut seen: HashSet<&str, RandomState> = HashSet::default();
    let values = node.list("special_tokens")?;
    let mut tokens = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let path = format!("special_tokens[{index}]");
        let Value::String(text) = value else {
            return Err(wrong_type(value, &path, "a string"));
        };
        if text.is_empty() {
            let fault = "the text is empty; it would match everywhere";
            return Err(Error::data(fault).at_json(path));
        }
        if !seen.insert(text) {
            return Err(Error::data("given twice; expected each text once").at_json(path));
        }
        tokens.push(text.clone());
    }
    Ok(tokens)
}

/// The place in the file of a place in the line.
fn in_second_line(error: Error) -> Error {
    match error.location() {
        Some(&Location::Line { line, column }) => error.at(Location::Line {
            line: line + 1,
            column,
        }),
        Some(&Location::Byte(at)) => error.at(Location::Byte(at + FIRST_LINE.len())),
        _ => error,
    }
}
