//! Texts and numbers for people, and JSON for programs.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use bpekit_formats::show_text;
use serde_json::Value;

pub(super) use crate::diff::describe::full_text;

/// The version of the JSON objects that are printed. A member may be added under the same
/// number; one that changes or goes raises it.
pub(super) const SCHEMA: u32 = 1;

/// Whether what is printed may have colours: on a terminal that knows them, where nobody asked for
/// none (<https://no-color.org>).
pub(super) fn is_colorful(stream: &impl IsTerminal) -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !is_dumb && !no_color
}

/// The columns of the terminal on standard output; 0 where there is none.
pub(super) fn columns() -> usize {
    let said = std::env::var("COLUMNS").ok();
    let said = said.and_then(|columns| columns.parse().ok());
    if !io::stdout().is_terminal() {
        return 0;
    }
    let seen = || terminal_size::terminal_size_of(io::stdout());
    said.unwrap_or_else(|| seen().map_or(80, |(width, _)| usize::from(width.0)))
}

/// Prints one JSON object with a line end.
pub(super) fn json(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    writeln!(out, "{}", harmless_json(&text))
}

/// One JSON object with a line end, with each of its lists on a line: those of numbers are long.
pub(super) fn flat_json(value: &Value) -> String {
    let Value::Object(members) = value else {
        return format!("{value}\n");
    };
    let lines: Vec<String> = members
        .iter()
        .map(|(name, member)| format!("  {}: {}", Value::from(name.as_str()), flat_member(member)))
        .collect();
    harmless_json(&format!("{{\n{}\n}}\n", lines.join(",\n")))
}

fn flat_member(member: &Value) -> String {
    let Value::Object(members) = member else {
        return member.to_string();
    };
    let lines: Vec<String> = members
        .iter()
        .map(|(name, member)| format!("    {}: {member}", Value::from(name.as_str())))
        .collect();
    format!("{{\n{}\n  }}", lines.join(",\n"))
}

/// JSON with the characters escaped that a terminal could obey. They stand only in strings, where
/// an escape means the same.
fn harmless_json(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for character in text.chars() {
        let is_escaped = !character.is_ascii() && {
            let mut buffer = [0; 4];
            let plain = character.encode_utf8(&mut buffer);
            show_text(plain) != *plain
        };
        if is_escaped || character == '\u{7f}' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = fmt::Write::write_fmt(&mut harmless, format_args!("\\u{unit:04x}"));
            }
        } else {
            harmless.push(character);
        }
    }
    harmless
}

/// A path for a message or a list.
pub(super) fn path(path: &Path) -> String {
    full_text(&path.to_string_lossy())
}

/// `1 token`, `2 tokens`.
pub(super) fn counted(count: usize, one: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {one}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_a_terminal() {
        let text = "a\u{1b}[2J".repeat(20);
        assert!(!full_text(&text).contains('\u{1b}'));
        let mut out = Vec::new();
        json(
            &mut out,
            &Value::from("\u{1b}\u{9b}\u{202e}\u{7f}\u{e0001}é"),
        )
        .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "\"\\u001b\\u009b\\u202e\\u007f\\udb40\\udc01é\"\n");
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back, "\u{1b}\u{9b}\u{202e}\u{7f}\u{e0001}é");
    }
}
