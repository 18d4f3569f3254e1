//! The sidecar: what a file of a vocab and merges cannot say, beside it.
//!
//! It names the file by sha256, so that it is never applied to another one. It is this toolkit's
//! own layout, so that whatever it does not know in it is refused.

use serde_json::{Value, json};

use crate::added_token::AddedToken;
use crate::definition::{Definition, Part};
use crate::error::{Error, Result, show_text};
use crate::json::{self, Writer};
use crate::limits::Limits;
use crate::pipeline::{Normalizer, Pattern, Pretokenizer};
use crate::pipeline_json::{Node, read_normalizer, write_normalizer};
use crate::ranks::{compare_sha256, pattern_of};
use crate::special_tokens;

/// The version of the layout, under the key `bpekit_sidecar`.
const VERSION: u32 = 1;

/// Every member of the layout. Others are refused: they could change what the tokenizer does, and
/// would be lost when the sidecar is written again.
const MEMBERS: [&str; 8] = [
    "bpekit_sidecar",
    "name",
    "pattern",
    "special_tokens",
    "second_texts",
    "normalizer",
    "n_vocab",
    "sha256",
];

/// Adds what the sidecar says to a definition of the file whose sha256 is given.
pub(crate) fn apply(
    bytes: &[u8],
    file_sha256: &str,
    definition: &mut Definition,
    limits: &Limits,
) -> Result<()> {
    let document = json::parse_value(bytes, limits.nesting)?;
    let node = Node::of(&document, "")?;
    let version = node.id("bpekit_sidecar").map_err(|_| {
        Error::data("not a sidecar: no version in a member `bpekit_sidecar`")
            .with_hint("a file of this name beside a tokenizer is read as its sidecar; move it")
    })?;
    if version != VERSION {
        return Err(
            Error::unsupported(format!("version {version}; expected {VERSION}"))
                .at_json("bpekit_sidecar"),
        );
    }
    if let Some(name) = node.names().find(|name| !MEMBERS.contains(name)) {
        return Err(
            Error::unsupported(format!("not a member of version {VERSION}"))
                .at_json(node.path_of(name)),
        );
    }
    compare_sha256(file_sha256, node.text("sha256")?).map_err(|error| {
        error
            .at_json("sha256")
            .with_hint("the sidecar belongs to another file")
    })?;
    definition.name = node.optional_text("name")?.map(str::to_owned);
    if let Some(pattern) = node.optional_text("pattern")? {
        definition.pretokenizer = Some(Pretokenizer::matches_of(Pattern::fancy(pattern)));
        definition.missing.retain(|part| *part != Part::Pattern);
    }
    if let Some(value) = node.get("special_tokens").filter(|value| !value.is_null()) {
        definition.added_tokens = special_tokens::read(value, "special_tokens", limits)?;
        definition
            .missing
            .retain(|part| *part != Part::SpecialTokens);
        special_tokens::check(
            &definition.added_tokens,
            &definition.vocab,
            "special_tokens",
        )?;
    }
    if let Some(value) = node.get("second_texts") {
        let seconds = special_tokens::read(value, "second_texts", limits)?;
        check_second_texts(&definition.added_tokens, &seconds)?;
        definition.added_tokens.extend(seconds);
    }
    if let Some(value) = node.get("normalizer").filter(|value| !value.is_null()) {
        definition.normalizer = Some(read_own_normalizer(value)?);
    }
    if let Some(value) = node.get("n_vocab") {
        let found = definition.id_bound();
        if value.as_u64() != Some(found) {
            return Err(Error::data(format!(
                "is {}; the file and its special tokens give {found}",
                show_text(&value.to_string())
            ))
            .at_json("n_vocab"));
        }
    }
    Ok(())
}

/// A second text belongs to a special token that is there, and is none itself.
fn check_second_texts(tokens: &[AddedToken], seconds: &[AddedToken]) -> Result<()> {
    for second in seconds {
        let place = || special_tokens::path_of("second_texts", &second.content);
        if second.content.is_empty() {
            let fault = "the text is empty; it would match everywhere";
            return Err(Error::data(fault).at_json(place()));
        }
        if tokens.iter().any(|token| token.content == second.content) {
            return Err(Error::data("is among the special tokens too").at_json(place()));
        }
        if !tokens.iter().any(|token| token.id == second.id) {
            let fault = format!("id {} is that of no special token", second.id);
            return Err(Error::data(fault).at_json(place()));
        }
    }
    Ok(())
}

/// A normalizer of which no member would be lost when it is written again.
fn read_own_normalizer(value: &Value) -> Result<Normalizer> {
    let normalizer = read_normalizer(value, "normalizer")?;
    if write_normalizer(&normalizer).map_err(|error| error.at_json("normalizer"))? != *value {
        return Err(Error::unsupported("has a member that is not known").at_json("normalizer"));
    }
    Ok(normalizer)
}

/// The sidecar of a definition whose file has that sha256; none if nothing beyond vocab and merges
/// is known.
pub(crate) fn write(definition: &Definition, file_sha256: &str) -> Result<Option<Vec<u8>>> {
    let normalizer = match &definition.normalizer {
        Some(normalizer) if !normalizer.is_neutral() => write_normalizer(normalizer)?,
        _ => Value::Null,
    };
    let is_missing = |part| definition.missing.contains(&part);
    let pattern = match &definition.pretokenizer {
        None if is_missing(Part::Pattern) => None,
        _ => Some(pattern_of(definition)?),
    };
    let (tokens, seconds) = special_tokens::by_first_text(&definition.added_tokens);
    special_tokens::check(&tokens, &definition.vocab, "special_tokens")?;
    check_second_texts(&tokens, &seconds)?;
    let special_tokens = if tokens.is_empty() && is_missing(Part::SpecialTokens) {
        Value::Null
    } else {
        special_tokens::to_json(&tokens)
    };
    if pattern.is_none() && special_tokens.is_null() && normalizer.is_null() {
        return Ok(None);
    }
    let mut document = json!({
        "bpekit_sidecar": VERSION,
        "name": definition.name,
        "pattern": pattern,
        "special_tokens": special_tokens,
        "normalizer": normalizer,
        "n_vocab": definition.id_bound(),
        "sha256": file_sha256,
    });
    if !seconds.is_empty() {
        document["second_texts"] = special_tokens::to_json(&seconds);
    }
    let mut writer = Writer::new(true, 1024);
    writer.value(&document);
    let mut bytes = writer.finish();
    bytes.push(b'\n');
    Ok(Some(bytes))
}
