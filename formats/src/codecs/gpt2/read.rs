//! Both files to a definition.

use std::collections::HashSet;
use std::fmt;

use foldhash::fast::RandomState;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::names::{Named, Pair};
use crate::byte_alphabet;
use crate::definition::{Atoms, Definition, Merge, Merges, ModelOptions};
use crate::error::{Error, Result, show_bytes, show_text};
use crate::extra::Gpt2Layout;
use crate::foreign;
use crate::json::items::{Strings, TokenIds};
use crate::json::{self, Context};
use crate::limits::{Limits, ReadOptions};
use crate::ranks;
use crate::sidecar;
use crate::tokenizer_json::{ListedMerges, Texts, build_vocab, resolve_merges};
use crate::vocab::{TokenId, TokenKind, Vocab, VocabBuilder};

/// The start of the first line, which is no merge.
pub(super) const VERSION: &str = "#version";

/// How CLIP ends the tokens that end a word.
const END_OF_WORD: &str = "</w>";

pub(super) fn read(pair: &Pair<'_>, options: &ReadOptions) -> Result<Definition> {
    refuse_clip(pair.merges.bytes).map_err(|error| pair.merges.fail(error))?;
    let texts = read_ids(pair.vocab.bytes, &options.limits).map_err(|e| pair.vocab.fail(e))?;
    let vocab = build_vocab(&texts, Atoms::Bytes, &options.limits, "")
        .map_err(|error| pair.vocab.fail(error))?;
    if is_of_words(&vocab) {
        return Err(pair.vocab.fail(clip()));
    }
    let missing = vocab.missing_bytes();
    if !missing.is_empty() && !options.allow_missing_bytes {
        return Err(pair.vocab.fail(ranks::missing_bytes_error(&missing)));
    }
    let listed = Lines::read(pair.merges, &options.limits).map_err(|e| pair.merges.fail(e))?;
    let spelled = Texts {
        vocab: &vocab,
        atoms: Atoms::Bytes,
    };
    let resolved = resolve_merges(&listed, spelled, &ModelOptions::default(), options.lenient)?;
    let mut remarks = listed.remarks;
    if !missing.is_empty() {
        remarks.push(ranks::missing_bytes_remark(&missing));
    }
    let made = Made::of(&vocab, &resolved.merges);
    remarks.extend(made.remark(&vocab));

    let mut definition = Definition::from_ranks(vocab);
    definition.options = ModelOptions::default();
    definition.provenance.ranks_sha256 = made.ranks_sha256(&definition.vocab, &resolved.merges);
    definition.merges = Merges::Listed(resolved.merges);
    definition.provenance.format = Some("gpt2");
    definition.provenance.remarks = remarks;
    if resolved.repeated > 0 {
        definition.provenance.warnings.push(format!(
            "{} repeated merges; the first of each was kept",
            resolved.repeated
        ));
    }
    definition.extra.gpt2 = Some(Gpt2Layout {
        is_ascii: is_ascii_layout(pair.vocab.bytes),
    });
    if let Some(held) = pair.sidecar {
        let of_vocab = ranks::sha256_hex(pair.vocab.bytes);
        sidecar::apply(held.bytes, &of_vocab, &mut definition, &options.limits)
            .map_err(|error| error.with_path(held.name).with_format("gpt2"))?;
    }
    Ok(definition)
}

/// Whether a text is a list of merges: nothing else begins with their version, and in a file of
/// ranks the second column is a number, behind base64 that is a multiple of four long.
pub(super) fn looks_like_merges(bytes: &[u8]) -> bool {
    const LINES: usize = 64;
    let start = &bytes[..bytes.len().min(1 << 14)];
    if start.starts_with(VERSION.as_bytes()) || is_clip_archive(bytes) {
        return true;
    }
    if foreign::looks_like_minbpe(bytes) {
        return false;
    }
    let Some(end) = memchr::memrchr(b'\n', start) else {
        return false;
    };
    let Ok(text) = std::str::from_utf8(&start[..end]) else {
        return false;
    };
    let mut is_sure = false;
    for line in text.split('\n').take(LINES) {
        let Some((left, right)) = line.trim_end_matches('\r').split_once(' ') else {
            return false;
        };
        let is_merge = [left, right].iter().all(|part| {
            !part.is_empty() && part.chars().all(|c| byte_alphabet::to_byte(c).is_some())
        });
        if !is_merge {
            return false;
        }
        is_sure |= left.len() % 4 != 0 && !right.bytes().all(|byte| byte.is_ascii_digit());
    }
    is_sure
}

/// CLIP's own file of merges, which has its name in the first line.
fn is_clip_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\"bpe_simple_vocab")
}

/// Says what CLIP's own file of merges is, before its ids are looked for: they are in no file.
pub(super) fn refuse_clip(merges: &[u8]) -> Result<()> {
    if is_clip_archive(merges) {
        return Err(clip());
    }
    Ok(())
}

/// Whether the tokens are those of words: every letter is there a second time, at a word's end.
fn is_of_words(vocab: &Vocab) -> bool {
    let ends = |letter: &u8| {
        let text = [&[*letter], END_OF_WORD.as_bytes()].concat();
        vocab.id_of(&text).is_some()
    };
    (b'!'..=b'~').filter(ends).count() > 64
}

fn clip() -> Error {
    Error::unsupported(format!(
        "looks like CLIP's kind of BPE, with `{END_OF_WORD}` at the end of each word; only byte-level \
         BPE can be read"
    ))
}

/// The object of token to id.
fn read_ids(bytes: &[u8], limits: &Limits) -> Result<TokenIds> {
    struct Ids<'a>(&'a Context, &'a Limits);
    impl<'de> DeserializeSeed<'de> for Ids<'_> {
        type Value = TokenIds;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<TokenIds, D::Error> {
            deserializer.deserialize_map(self)
        }
    }
    impl<'de> Visitor<'de> for Ids<'_> {
        type Value = TokenIds;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of token to id")
        }

        fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<TokenIds, A::Error> {
            let mut read = TokenIds::default();
            read.read(access, self.0, self.1)?;
            Ok(read)
        }
    }
    let context = Context::new(limits.nesting);
    let texts = json::parse(bytes, &context, Ids(&context, limits))?;
    if texts.ids.is_empty() {
        return Err(Error::data("no tokens; expected an object of token to id"));
    }
    Ok(texts)
}

/// Whether a vocab is written as Python's `json.dumps` does by default: ASCII alone, a space behind
/// colons and commas.
fn is_ascii_layout(bytes: &[u8]) -> bool {
    bytes.is_ascii() && memchr::memmem::find(&bytes[..bytes.len().min(4096)], b"\": ").is_some()
}

/// The lines of a file of merges.
struct Lines<'a> {
    file: Named<'a>,
    /// Two a merge.
    parts: Strings,
    /// The number of the line with the first merge.
    first_line: usize,
    remarks: Vec<String>,
}

impl<'a> Lines<'a> {
    fn read(file: Named<'a>, limits: &Limits) -> Result<Self> {
        let text = std::str::from_utf8(file.bytes).map_err(|error| {
            let before = &file.bytes[..error.valid_up_to()];
            Error::syntax("invalid UTF-8").at_line(memchr::memchr_iter(b'\n', before).count() + 1)
        })?;
        if text.starts_with('\u{feff}') {
            return Err(Error::syntax("the file starts with a byte-order mark")
                .at_line(1)
                .with_hint("save it as UTF-8 without BOM"));
        }
        let mut read = Self {
            file,
            parts: Strings::default(),
            first_line: 1,
            remarks: Vec::new(),
        };
        let mut rest = text;
        if text.starts_with(VERSION) {
            read.first_line = 2;
            rest = text.split_once('\n').map_or("", |(_, rest)| rest);
        } else {
            read.remarks.push(
                "the merges have no `#version` line, and readers that pass over the first line lose \
                 a merge; written back with one"
                    .to_owned(),
            );
        }
        if rest.is_empty() {
            return Ok(read);
        }
        let body = rest.strip_suffix('\n').unwrap_or(rest);
        if body.len() == rest.len() {
            read.remarks.push(
                "the last merge has no line end, and readers that drop what is behind the last one \
                 lose it; written back with one"
                    .to_owned(),
            );
        }
        let mut has_carriage_returns = false;
        for (index, line) in body.split('\n').enumerate() {
            if index as u64 >= limits.merge_count {
                let found = limits.merge_count + 1;
                let what = "number of merges";
                return Err(Error::limit(what, found, limits.merge_count, "merge_count"));
            }
            let merge = line.strip_suffix('\r').unwrap_or(line);
            has_carriage_returns |= merge.len() < line.len();
            match merge.split_once(' ') {
                Some((left, right))
                    if !left.is_empty() && !right.is_empty() && !right.contains(' ') =>
                {
                    read.parts.push(left);
                    read.parts.push(right);
                }
                _ => {
                    return Err(Error::syntax(format!(
                        "`{}` is not a merge; expected two tokens with one space between",
                        show_text(merge)
                    ))
                    .at_line(read.first_line + index));
                }
            }
        }
        if has_carriage_returns {
            let remark = "CRLF line ends in the merges; written back with LF";
            read.remarks.push(remark.to_owned());
        }
        Ok(read)
    }
}

impl ListedMerges for Lines<'_> {
    const VOCAB: &'static str = "the vocab";

    fn count(&self) -> usize {
        self.parts.len() / 2
    }

    fn parts(&self, index: usize) -> [&str; 2] {
        [self.parts.get(2 * index), self.parts.get(2 * index + 1)]
    }

    fn name(&self, index: usize) -> String {
        format!("line {}", self.first_line + index)
    }

    fn fail(&self, index: usize, error: Error) -> Error {
        self.file.fail(error.at_line(self.first_line + index))
    }
}

/// The tokens that merges make, and single bytes.
struct Made {
    /// Tokens of the vocab that are neither.
    others: Vec<TokenId>,
}

impl Made {
    fn of(vocab: &Vocab, merges: &[Merge]) -> Self {
        let products: HashSet<TokenId, RandomState> =
            merges.iter().map(|merge| merge.product).collect();
        let is_other = |token: &crate::vocab::Token<'_>| {
            token.kind == TokenKind::Literal
                || (token.bytes.len() != 1 && !products.contains(&token.id))
        };
        let others = vocab.iter().filter(is_other).map(|token| token.id);
        Self {
            others: others.collect(),
        }
    }

    /// What is said of the others.
    fn remark(&self, vocab: &Vocab) -> Option<String> {
        let shown: Vec<String> = self
            .others
            .iter()
            .take(3)
            .filter_map(|&id| Some(format!("{} ({id})", show_bytes(vocab.bytes(id)?))))
            .collect();
        if shown.is_empty() {
            return None;
        }
        Some(format!(
            "{} tokens that no merge makes, special tokens perhaps: {}{}",
            self.others.len(),
            shown.join(", "),
            if self.others.len() > shown.len() {
                ", …"
            } else {
                ""
            }
        ))
    }

    /// The hash of the rank file that says the same, if ids are ranks: special tokens in the vocab
    /// are none of its lines, as in the files of OpenAI.
    fn ranks_sha256(&self, vocab: &Vocab, merges: &[Merge]) -> Option<String> {
        let in_order = merges.windows(2).all(|two| two[0].product < two[1].product);
        if !in_order {
            return None;
        }
        if self.others.is_empty() {
            return Some(ranks::ranks_sha256(vocab, &[]));
        }
        let mut builder = VocabBuilder::with_capacity(vocab.len(), vocab.len() * 8);
        for token in vocab.iter() {
            if self.others.binary_search(&token.id).is_err() {
                builder.push(token.id, token.bytes, token.kind);
            }
        }
        let made = builder.finish().ok()?;
        Some(ranks::ranks_sha256(&made, &[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_merges_from_ranks() {
        for text in [
            "#version: 0.2\ni n\n",
            "i n\nt h\n",
            "Ġ t\nĠ a\n",
            "\"bpe_simple_vocab_16e6.txt#v",
        ] {
            assert!(looks_like_merges(text.as_bytes()), "{text}");
        }
        for text in [
            "IQ== 0\nIg== 1\n",
            "IQ== x\n",
            "",
            "a\n",
            "a b c\n",
            "\u{1}a b\n",
            "日 本\n",
        ] {
            assert!(!looks_like_merges(text.as_bytes()), "{text}");
        }
    }
}
