//! The lines of a file to a definition.

use super::{INFO, VERSION, has_capturing_group, is_python_space};
use crate::added_token::AddedToken;
use crate::definition::{Definition, Merge, Merges, ModelOptions};
use crate::error::{Error, Result, show_bytes, show_text};
use crate::limits::Limits;
use crate::pipeline::{Pattern, Pretokenizer};
use crate::ranks;
use crate::special_tokens;
use crate::vocab::{TokenId, TokenKind, VocabBuilder};

/// The ids of the bytes.
const BYTES: usize = 256;

/// What all tokens may take together: so much, and so much for each byte of the file. Real ones take
/// one byte or less.
const TOKEN_BYTES: usize = 64 << 20;
const TOKEN_BYTES_PER_BYTE: usize = 64;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Definition> {
    let mut lines = Lines::new(bytes)?;
    let version = lines.take("the version, `minbpe v1`")?;
    if version != "minbpe v1" {
        let shown = show_text(version);
        return Err(
            Error::unsupported(format!("is `{shown}`; only `{VERSION}1` can be read")).at_line(1),
        );
    }
    let pattern = lines.take("the pattern")?;
    if has_capturing_group(pattern) {
        return Err(Error::unsupported(
            "the pattern has a capturing group, of which minbpe takes the group for the match",
        )
        .at_line(2)
        .with_hint("write `(?:…)` for `(…)`"));
    }
    let special = special_tokens(&mut lines, limits)?;
    let first_merge = lines.number;
    let merges = merges(&mut lines, limits)?;
    let arena = tokens(&merges, first_merge, bytes.len(), limits)?;

    let mut builder = VocabBuilder::with_capacity(arena.ends.len(), arena.bytes.len());
    for id in 0..arena.ends.len() {
        builder.push(id as TokenId, arena.token(id), TokenKind::Ordinary);
    }
    let vocab = builder
        .finish()
        .map_err(|_| Error::data("two merges make the same token"))?;
    special_tokens::check_at(&special, &vocab, |position| {
        format!("line {}", position + 4)
    })?;

    let mut definition = Definition::from_ranks(vocab);
    definition.options = ModelOptions::default();
    definition.merges = Merges::Listed(merges);
    definition.pretokenizer =
        (!pattern.is_empty()).then(|| Pretokenizer::matches_of(Pattern::fancy(pattern)));
    definition.added_tokens = special;
    definition.missing.clear();
    definition.provenance.format = Some(INFO.name);
    definition.provenance.ranks_sha256 = Some(ranks::ranks_sha256(&definition.vocab, &[]));
    definition.provenance.remarks = lines.remarks();
    Ok(definition)
}

/// The lines, stripped as minbpe strips them.
struct Lines<'a> {
    rest: Option<&'a str>,
    /// Of the line to come, from 1 on.
    number: usize,
    has_carriage_returns: bool,
    has_spaces: bool,
    ends_with_line: bool,
}

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            Error::syntax("invalid UTF-8").at_line(memchr::memchr_iter(b'\n', before).count() + 1)
        })?;
        Ok(Self {
            rest: Some(text.strip_suffix('\n').unwrap_or(text)),
            number: 1,
            has_carriage_returns: false,
            has_spaces: false,
            ends_with_line: text.ends_with('\n'),
        })
    }

    /// The next line; none behind the last.
    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let (line, behind) = match rest.split_once('\n') {
            Some((line, behind)) => (line, Some(behind)),
            None => (rest, None),
        };
        self.rest = behind;
        self.number += 1;
        let ended = line.strip_suffix('\r').unwrap_or(line);
        self.has_carriage_returns |= ended.len() < line.len();
        let stripped = ended.trim_matches(is_python_space);
        self.has_spaces |= stripped.len() < ended.len();
        Some(stripped)
    }

    /// A line that has to be there.
    fn take(&mut self, what: &str) -> Result<&'a str> {
        let number = self.number;
        self.next().ok_or_else(|| {
            Error::syntax(format!("the file ends here; expected {what}")).at_line(number)
        })
    }

    /// What is not written back.
    fn remarks(&self) -> Vec<String> {
        let remarks = [
            (
                self.has_carriage_returns,
                "CRLF line ends; written back with LF",
            ),
            (
                self.has_spaces,
                "white space around the content of lines, which minbpe strips; written back without",
            ),
            (
                !self.ends_with_line,
                "no line end behind the last line; written back with one",
            ),
        ];
        let found = remarks.iter().filter(|(is_so, _)| *is_so);
        found.map(|(_, remark)| (*remark).to_owned()).collect()
    }
}

fn special_tokens(lines: &mut Lines<'_>, limits: &Limits) -> Result<Vec<AddedToken>> {
    let count = lines.take("the number of special tokens")?;
    let Some(count) = decimal(count) else {
        let shown = show_text(count);
        return Err(Error::syntax(format!(
            "`{shown}` is not the number of special tokens; expected plain decimal digits"
        ))
        .at_line(3));
    };
    if u64::from(count) > limits.added_token_count {
        let (what, limit) = ("number of special tokens", limits.added_token_count);
        return Err(Error::limit(what, count.into(), limit, "added_token_count").at_line(3));
    }
    let mut tokens = Vec::new();
    for _ in 0..count {
        let number = lines.number;
        let line = lines.take(&format!("one of {count} special tokens, `<text> <id>`"))?;
        let token = fields(line)
            .and_then(|[text, id]| Some(AddedToken::special(text.to_owned(), decimal(id)?)));
        tokens.push(token.ok_or_else(|| {
            Error::syntax(format!(
                "`{}` is not a special token; expected a text without white space, and an id",
                show_text(line)
            ))
            .at_line(number)
        })?);
    }
    Ok(tokens)
}

/// The pairs, with ids that are given before.
fn merges(lines: &mut Lines<'_>, limits: &Limits) -> Result<Vec<Merge>> {
    let mut merges: Vec<Merge> = Vec::new();
    loop {
        let number = lines.number;
        let Some(line) = lines.next() else {
            return Ok(merges);
        };
        if merges.len() as u64 >= limits.merge_count {
            let (found, limit) = (limits.merge_count + 1, limits.merge_count);
            return Err(Error::limit(
                "number of merges",
                found,
                limit,
                "merge_count",
            ));
        }
        let product = (BYTES + merges.len()) as TokenId;
        let ids = fields(line).and_then(|[left, right]| Some([decimal(left)?, decimal(right)?]));
        let Some([left, right]) = ids else {
            return Err(Error::syntax(format!(
                "`{}` is not a merge; expected two ids with a space between",
                show_text(line)
            ))
            .at_line(number));
        };
        if let Some(id) = [left, right].into_iter().find(|&id| id >= product) {
            return Err(Error::data(format!(
                "{id} is no token yet; the merge on this line makes {product}"
            ))
            .at_line(number));
        }
        merges.push(Merge {
            left,
            right,
            product,
        });
    }
}

/// The bytes of tokens, by id.
struct Arena {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Arena {
    fn range(&self, id: usize) -> std::ops::Range<usize> {
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[id]
    }

    fn token(&self, id: usize) -> &[u8] {
        &self.bytes[self.range(id)]
    }
}

/// Spells the tokens out. A short file can ask for long tokens.
fn tokens(merges: &[Merge], first_line: usize, file_len: usize, limits: &Limits) -> Result<Arena> {
    let room = TOKEN_BYTES.saturating_add(file_len.saturating_mul(TOKEN_BYTES_PER_BYTE));
    let count = BYTES + merges.len();
    if count as u64 > limits.token_count {
        let limit = limits.token_count;
        return Err(Error::limit(
            "number of tokens",
            count as u64,
            limit,
            "token_count",
        ));
    }
    let mut arena = Arena {
        bytes: (0..=255).collect(),
        ends: (1..=BYTES).collect(),
    };
    for (index, merge) in merges.iter().enumerate() {
        let parts = [merge.left, merge.right].map(|id| arena.range(id as usize));
        let len: usize = parts.iter().map(std::ops::Range::len).sum();
        if len as u64 > limits.token_len {
            let limit = limits.token_len;
            return Err(
                Error::limit("length of a token in bytes", len as u64, limit, "token_len")
                    .at_line(first_line + index),
            );
        }
        if arena.bytes.len() + len > room {
            return Err(Error::data(format!(
                "the tokens take over {room} bytes all together, out of proportion to the file"
            ))
            .at_line(first_line + index));
        }
        for part in parts {
            arena.bytes.extend_from_within(part);
        }
        arena.ends.push(arena.bytes.len());
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| (arena.token(a), a).cmp(&(arena.token(b), b)));
    let twins = order
        .windows(2)
        .filter(|two| arena.token(two[0]) == arena.token(two[1]));
    if let Some([first, second]) = twins
        .filter_map(|two| two.first_chunk::<2>())
        .min_by_key(|two| two[1])
    {
        return Err(Error::unsupported(format!(
            "makes {second} {}, which {first} is too; expected a token for each sequence of bytes",
            show_bytes(arena.token(*second))
        ))
        .at_line(first_line + second - BYTES));
    }
    Ok(arena)
}

/// Two fields with white space between.
fn fields(line: &str) -> Option<[&str; 2]> {
    let mut fields = line
        .split(is_python_space)
        .filter(|field| !field.is_empty());
    let found = [fields.next()?, fields.next()?];
    fields.next().is_none().then_some(found)
}

/// A number in plain decimal digits, small enough for an id.
fn decimal(text: &str) -> Option<TokenId> {
    let is_plain = !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    let number: TokenId = text.parse().ok().filter(|_| is_plain)?;
    (number < TokenId::MAX).then_some(number)
}
