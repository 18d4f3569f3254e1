//! What the tokens of a vocab are.

use std::cmp::Reverse;

use bpekit_formats::{Definition, Merges, TokenId};
use regex_syntax::hir::{Class, HirKind};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::diff::{describe, published_pattern};
use crate::tokenizer::Tokenizer;

/// How many tokens a list shows.
pub(super) const LIST_LEN: usize = 40;
/// How many tokens it shows for each reason to be odd.
const ODD_LEN: usize = 6;
/// From here on a row of one character is remarkable.
const LONG_RUN: usize = 16;

/// The scripts with most tokens in published vocabs; letters of others count together.
const SCRIPTS: [&str; 24] = [
    "Latin",
    "Cyrillic",
    "Greek",
    "Arabic",
    "Hebrew",
    "Devanagari",
    "Bengali",
    "Gujarati",
    "Gurmukhi",
    "Tamil",
    "Telugu",
    "Kannada",
    "Malayalam",
    "Sinhala",
    "Thai",
    "Khmer",
    "Myanmar",
    "Georgian",
    "Armenian",
    "Ethiopic",
    "Han",
    "Hiragana",
    "Katakana",
    "Hangul",
];

/// A token in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// Its id.
    pub id: TokenId,
    /// Its bytes; of a vocab of characters, its literal text.
    pub bytes: Vec<u8>,
}

impl Listed {
    pub(super) fn of(bytes: &[u8], id: TokenId) -> Self {
        Self {
            id,
            bytes: bytes.to_vec(),
        }
    }
}

/// A token that one would not expect, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OddToken {
    /// The token.
    pub token: Listed,
    /// Why it is odd.
    pub reason: String,
}

/// What the tokens of a vocab are. Added tokens are counted apart.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VocabReport {
    /// Tokens, without the added ones.
    pub token_count: usize,
    /// One above the highest id.
    pub n_vocab: u64,
    /// Tokens that are matched in the text before all others.
    pub added_count: usize,
    /// What else there is to know, each with its name.
    pub facts: Vec<(&'static str, String)>,
    /// How many tokens have as many bytes as the place in this list, from 0.
    pub lengths: Vec<usize>,
    /// How many tokens there are of each kind, the most numerous first.
    pub kinds: Vec<(&'static str, usize)>,
    /// The longest tokens.
    pub longest: Vec<Listed>,
    /// Some odd ones.
    pub odd: Vec<OddToken>,
    /// How many tokens no text becomes by merging.
    pub unreachable_count: usize,
    /// The first of them.
    pub unreachable: Vec<Listed>,
}

impl VocabReport {
    pub(super) fn of(tokenizer: &Tokenizer) -> Self {
        let definition = tokenizer.definition();
        let vocab = &definition.vocab;
        let added: FxHashSet<TokenId> = definition.added_tokens.iter().map(|t| t.id).collect();
        let mut tokens: Vec<Listed> = vocab
            .iter()
            .filter(|token| !added.contains(&token.id))
            .map(|token| Listed::of(token.bytes, token.id))
            .collect();
        let mut lengths = vec![0; vocab.max_token_len() + 1];
        for token in &tokens {
            lengths[token.bytes.len()] += 1;
        }
        let mut unreachable = tokenizer.unreachable_tokens();
        unreachable.retain(|id| !added.contains(id));
        unreachable.sort_unstable();
        let shown = unreachable.iter().take(LIST_LEN);
        let scripts = Scripts::new();
        tokens.sort_by_key(|token| (Reverse(token.bytes.len()), token.id));
        Self {
            token_count: tokens.len(),
            n_vocab: tokenizer.n_vocab(),
            added_count: definition.added_tokens.len(),
            facts: facts(definition),
            lengths,
            kinds: kinds(&tokens, &scripts),
            odd: odd(&tokens, &scripts),
            unreachable_count: unreachable.len(),
            unreachable: shown
                .map(|id| Listed::of(vocab.bytes(*id).unwrap_or_default(), *id))
                .collect(),
            longest: tokens.into_iter().take(LIST_LEN).collect(),
        }
    }
}

/// The parts of the definition in words.
pub(crate) fn facts(definition: &Definition) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(format) = definition.provenance.format {
        facts.push(("Format", format.to_owned()));
    }
    let merges = match &definition.merges {
        Merges::ByRank => "by the ranks of the tokens".to_owned(),
        Merges::ByScore(_) => "by the scores of the tokens".to_owned(),
        Merges::Listed(merges) => format!("{}, listed", merges.len()),
    };
    facts.push(("Merges", merges));
    let pattern = published_pattern(definition);
    if let Some(pattern) = pattern {
        facts.push(("Pattern", pattern.name.to_owned()));
    }
    if let Some(normalizer) = &definition.normalizer {
        facts.push(("Normalizer", describe::normalizer(normalizer)));
    }
    if let (Some(pretokenizer), None) = (&definition.pretokenizer, pattern) {
        facts.push(("Pretokenizer", describe::pretokenizer(pretokenizer)));
    }
    if let Some(processor) = &definition.post_processor {
        facts.push(("Post-processor", describe::post_processor(processor)));
    }
    facts
}

/// The letters of each script as ranges in ascending order.
struct Scripts(Vec<(char, char, &'static str)>);

impl Scripts {
    fn new() -> Self {
        let mut ranges = Vec::new();
        for name in SCRIPTS {
            let class = regex_syntax::parse(&format!(r"\p{{{name}}}"));
            if let Ok(hir) = class
                && let HirKind::Class(Class::Unicode(class)) = hir.kind()
            {
                let these = class.ranges().iter();
                ranges.extend(these.map(|range| (range.start(), range.end(), name)));
            }
        }
        ranges.sort_unstable();
        Self(ranges)
    }

    fn of(&self, character: char) -> &'static str {
        let after = self.0.partition_point(|(start, _, _)| *start <= character);
        match after.checked_sub(1).map(|at| self.0[at]) {
            Some((_, end, name)) if character <= end => name,
            _ => "other letters",
        }
    }

    /// The scripts of the letters, each once.
    fn in_text(&self, text: &str) -> Vec<&'static str> {
        let mut found = Vec::new();
        for character in text.chars().filter(|character| character.is_alphabetic()) {
            let script = self.of(character);
            if !found.contains(&script) {
                found.push(script);
            }
        }
        found
    }
}

fn kinds(tokens: &[Listed], scripts: &Scripts) -> Vec<(&'static str, usize)> {
    let mut counts: FxHashMap<&'static str, usize> = FxHashMap::default();
    for token in tokens {
        *counts.entry(kind(&token.bytes, scripts)).or_default() += 1;
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_unstable_by_key(|(name, count)| (Reverse(*count), *name));
    sorted
}

fn kind(bytes: &[u8], scripts: &Scripts) -> &'static str {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return "not UTF-8 alone";
    };
    match scripts.in_text(text).as_slice() {
        [script] => script,
        [] if text.chars().all(char::is_whitespace) => "white space",
        [] if text.chars().any(char::is_numeric) => "numbers",
        [] => "punctuation and symbols",
        // Japanese is written so.
        several if several.iter().all(|script| is_japanese(script)) => "Japanese, mixed",
        _ => "several scripts",
    }
}

fn is_japanese(script: &str) -> bool {
    matches!(
        script,
        "Han" | "Hiragana" | "Katakana" | "other letters" // ー belongs to no script.
    )
}

/// Some tokens for each reason, the longest first.
fn odd(tokens: &[Listed], scripts: &Scripts) -> Vec<OddToken> {
    let mut by_reason: Vec<(&'static str, Vec<OddToken>)> = Vec::new();
    for token in tokens {
        let Some((kind, reason)) = oddity(&token.bytes, scripts) else {
            continue;
        };
        let at = by_reason.iter().position(|(known, _)| *known == kind);
        let at = at.unwrap_or_else(|| {
            by_reason.push((kind, Vec::new()));
            by_reason.len() - 1
        });
        if by_reason[at].1.len() < ODD_LEN {
            by_reason[at].1.push(OddToken {
                token: token.clone(),
                reason,
            });
        }
    }
    by_reason.sort_unstable_by_key(|(kind, _)| *kind);
    by_reason.into_iter().flat_map(|(_, odd)| odd).collect()
}

/// The kind of oddity, and what to say of it.
fn oddity(bytes: &[u8], scripts: &Scripts) -> Option<(&'static str, String)> {
    if bytes.len() < 2 {
        return None;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return if is_within_text(bytes) {
            let has_whole = bytes.iter().any(u8::is_ascii_alphanumeric);
            has_whole.then(|| ("half", "letters and half a character".to_owned()))
        } else {
            Some(("bytes", "bytes that no UTF-8 text has in a row".to_owned()))
        };
    };
    if let Some(control) = text
        .chars()
        .find(|&c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        let number = u32::from(control);
        return Some(("control", format!("control character U+{number:04X}")));
    }
    if let Some(private) = text.chars().find(|c| ('\u{e000}'..='\u{f8ff}').contains(c)) {
        let number = u32::from(private);
        return Some(("private", format!("private-use character U+{number:04X}")));
    }
    if text.contains('\u{fffd}') {
        return Some(("replaced", "U+FFFD: text that was lost before".to_owned()));
    }
    let found = scripts.in_text(text);
    let alike = ["Latin", "Cyrillic", "Greek"];
    let mixed: Vec<_> = found
        .iter()
        .filter(|script| alike.contains(script))
        .collect();
    if let [one, two, ..] = mixed[..] {
        return Some(("mixed", format!("{one} and {two} letters together")));
    }
    let run = longest_run(text);
    if run >= LONG_RUN {
        return Some(("run", format!("one character {run} times")));
    }
    let trimmed = text.trim();
    if trimmed.contains('\n') {
        return Some(("lines", "a line end between others".to_owned()));
    }
    None
}

/// Whether a UTF-8 text can have these bytes in a row, in the middle of characters too.
fn is_within_text(bytes: &[u8]) -> bool {
    let is_continuation = |byte: &&u8| (0x80..0xc0).contains(*byte);
    let first = bytes.iter().take_while(is_continuation).count();
    let rest = std::str::from_utf8(&bytes[first..]);
    first <= 3 && rest.map_or_else(|error| error.error_len().is_none(), |_| true)
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut current, mut last) = (0, 0, None);
    for character in text.chars() {
        current = if last == Some(character) {
            current + 1
        } else {
            1
        };
        last = Some(character);
        longest = longest.max(current);
    }
    longest
}
