//! A text that is hard to cut, on which what stands in for a pattern is tried before it is used.
//!
//! What `family` and `regular` accept is equal to the pattern by their rules. The trial is there
//! for what the rules leave out, such as a version of an engine that reads a pattern differently.

use std::ops::Range;
use std::sync::OnceLock;

use fancy_regex::Regex;

use crate::error::Result;

/// What the text is made of: one of each kind that a split pattern tells from others.
const PARTS: [&str; 40] = [
    "word",
    "Word",
    "HTTPServer",
    "aB",
    "é",
    "слово",
    "漢字",
    "かな",
    "ʰ",
    "ǅ",
    "ſ",
    "\u{301}",
    "\u{16ff0}",
    "1",
    "12345678",
    "٣",
    "Ⅷ",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\n\n  ",
    "\u{a0}",
    "\u{3000}",
    "\u{85}",
    "!",
    ");",
    "...",
    "/",
    "_",
    "'",
    "'s",
    "'T",
    "'ll",
    "'VE",
    "'ſ",
    "🚀",
    "\u{200d}",
    "\u{378}",
];

/// How long the text is at least.
const LEN: usize = 2500;

/// The text: the parts in several orders.
fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let mut text = String::with_capacity(LEN + 16);
        let mut step = 1;
        let mut at = 0;
        while text.len() < LEN {
            text.push_str(PARTS[at % PARTS.len()]);
            at += step;
            // Steps without a common divisor with the number of parts reach all of them.
            if at.is_multiple_of(PARTS.len()) {
                step = [1, 3, 7, 9, 11, 13, 17, 19][at / PARTS.len() % 8];
            }
        }
        text.push_str("  \n  ");
        text
    })
}

/// Whether `find_all` has the matches of the regular expression in the text.
pub(in crate::pretokenize) fn agrees(
    regex: &Regex,
    find_all: impl FnOnce(&str, &mut dyn FnMut(Range<usize>) -> Result<()>) -> Result<()>,
) -> bool {
    let text = text();
    let expected: std::result::Result<Vec<_>, _> = regex
        .find_iter(text)
        .map(|found| found.map(|found| found.range()))
        .collect();
    let mut found = Vec::new();
    let result = find_all(text, &mut |range| {
        found.push(range);
        Ok(())
    });
    result.is_ok() && expected.is_ok_and(|expected| expected == found)
}
