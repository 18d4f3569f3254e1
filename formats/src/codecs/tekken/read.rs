//! The document to a definition.

use serde_json::{Map, Value};

use super::document::{self, Document};
use super::{ROLES, filler};
use crate::added_token::AddedToken;
use crate::definition::Definition;
use crate::error::{Error, Result, show_bytes, show_text};
use crate::extra::{CarriedDocument, TekkenLayout};
use crate::limits::{Limits, ReadOptions};
use crate::pipeline::{Pattern, Pretokenizer};
use crate::pipeline_json::{Node, wrong_type};
use crate::ranks::{decode_into, not_base64};
use crate::special_tokens;
use crate::vocab::{Duplicate, TokenId, TokenKind, Vocab, VocabBuilder};

/// `TokenizerVersion` of mistral-common 1.13.1, in its order.
const VERSIONS: [&str; 7] = ["v1", "v2", "v3", "v7", "v11", "v13", "v15"];

/// The last version that may leave out its special tokens.
const LAST_IMPLIED: &str = "v7";

/// Those of files that list none (`tekken.py`, `DEPRECATED_SPECIAL_TOKENS`).
pub(super) const IMPLIED: [&str; 20] = [
    "<unk>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[TOOL_CALLS]",
    "[IMG]",
    "<pad>",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
];

/// Members that are read; others that mistral-common knows are carried without reading.
const READ: [&str; 3] = ["config", "vocab", "special_tokens"];
const KNOWN: [&str; 6] = [
    "image",
    "multimodal",
    "audio",
    "model_settings_builder",
    "type",
    "version",
];

/// Whether a file with that `config` may leave out its special tokens.
pub(super) fn implied(config: &Value) -> bool {
    let version = config.get("version").and_then(Value::as_str);
    let place = |wanted: &str| VERSIONS.iter().position(|known| *known == wanted);
    version.and_then(place) <= place(LAST_IMPLIED) && version.and_then(place).is_some()
}

pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Result<Definition> {
    let limits = &options.limits;
    let mut document = document::read(bytes, limits)?;
    let members = Value::Object(std::mem::take(&mut document.members));
    let node = Node::of(&members, "")?;
    let config = Node::of(node.need("config")?, "config")?;
    let version = config.text("version")?;
    if !VERSIONS.contains(&version) {
        return Err(Error::unsupported(format!(
            "is `{}`; known are {}",
            show_text(version),
            VERSIONS.join(", ")
        ))
        .at_json("config.version"));
    }
    let pattern = Pattern::fancy(config.text("pattern")?);
    let listed = document.has_text.len() as u64;
    let special_count = config.number("default_num_special_tokens")?;
    let size = config.number("default_vocab_size")?;
    let used = size
        .checked_sub(special_count)
        .filter(|used| *used <= listed);
    let Some(used) = used else {
        return Err(Error::data(format!(
            "is {size}; expected from {special_count}, which are special, to {}, with the \
             {listed} tokens listed",
            special_count.saturating_add(listed)
        ))
        .at_json("config.default_vocab_size"));
    };
    let over = special_count > limits.added_token_count;
    if over || u32::try_from(size).is_err() || size == u64::from(u32::MAX) {
        let limit = limits.added_token_count;
        return Err(Error::limit(
            "number of special tokens",
            special_count,
            limit,
            "added_token_count",
        )
        .at_json("config.default_num_special_tokens"));
    }
    let is_implied = implied(node.need("config")?);
    let special = read_special(&node, special_count as usize, is_implied)?;
    let vocab = read_vocab(&document, used as usize, special_count as u32, limits)?;
    special_tokens::check(&special, &vocab, "special_tokens")?;
    check_padding(&document, used as usize)?;

    let mut definition = Definition::from_ranks(vocab);
    definition.pretokenizer = Some(Pretokenizer::matches_of(pattern));
    definition.added_tokens = special;
    definition.missing.clear();
    for (role, text) in ROLES {
        let mut tokens = definition.added_tokens.iter();
        if let Some(token) = tokens.find(|token| token.content == text) {
            definition.roles.insert(role, token.id);
        }
    }
    definition.provenance.format = Some("tekken");
    definition.provenance.remarks = remarks(&config, listed)?;
    let padding: Vec<Value> = (used as usize..listed as usize)
        .map(|rank| document.bytes.get(rank).into())
        .collect();
    definition.extra.tekken = Some(layout_of(bytes));
    definition.extra.carried = Some(carried(members, padding, bytes));
    Ok(definition)
}

/// Those that are listed or implied, and after them the ones that go by their number.
fn read_special(node: &Node<'_>, count: usize, is_implied: bool) -> Result<Vec<AddedToken>> {
    let mut texts: Vec<String> = match node.get("special_tokens") {
        None | Some(Value::Null) if is_implied => {
            IMPLIED.iter().map(|text| (*text).to_owned()).collect()
        }
        None | Some(Value::Null) => {
            return Err(Error::data(format!(
                "member `special_tokens` is not there; only versions up to {LAST_IMPLIED} go \
                 without"
            ))
            .at_json("document"));
        }
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(index, item)| read_special_token(item, index))
            .collect::<Result<_>>()?,
        Some(other) => return Err(wrong_type(other, "special_tokens", "an array")),
    };
    if texts.len() > count {
        return Err(Error::data(format!(
            "{} special tokens; default_num_special_tokens is {count}",
            texts.len()
        ))
        .at_json("special_tokens"));
    }
    texts.extend((texts.len()..count).map(filler));
    let tokens = texts.into_iter().zip(0..);
    Ok(tokens
        .map(|(text, id)| AddedToken::special(text, id))
        .collect())
}

fn read_special_token(item: &Value, index: usize) -> Result<String> {
    let node = Node::of(item, &format!("special_tokens[{index}]"))?;
    node.flag("is_control", None)?;
    let rank = node.number("rank")?;
    if rank != index as u64 {
        return Err(Error::data(format!(
            "is {rank}; expected {index}, the place in the list"
        ))
        .at_json(node.path_of("rank")));
    }
    Ok(node.text("token_str")?.to_owned())
}

fn read_vocab(document: &Document, used: usize, offset: u32, limits: &Limits) -> Result<Vocab> {
    let at = |rank: usize, error: Error| error.at_json(format!("vocab[{rank}]"));
    let len_limit = limits.token_len.min(u64::from(u32::MAX));
    let mut builder = VocabBuilder::with_capacity(used, used * 8);
    for rank in 0..used {
        let base64 = document.bytes.get(rank);
        if base64.len() as u64 / 4 * 3 > len_limit.saturating_add(2) {
            let found = base64.len() as u64 / 4 * 3;
            return Err(at(
                rank,
                Error::limit("token, in bytes", found, len_limit, "token_len"),
            ));
        }
        builder
            .push_with(offset + rank as u32, TokenKind::Ordinary, |bytes| {
                check_entry(document, rank, bytes)?;
                if rank < 256 && *bytes != [rank as u8] {
                    return Err(Error::data(format!(
                        "is {}; the first 256 tokens are the bytes in their order",
                        show_bytes(bytes)
                    )));
                }
                Ok(())
            })
            .map_err(|error| at(rank, error))?;
    }
    if used < 256 {
        return Err(
            Error::data(format!("{used} tokens; expected at least the 256 bytes")).at_json("vocab"),
        );
    }
    builder.finish().map_err(|duplicate| match duplicate {
        Duplicate::Id(id) | Duplicate::Token(id, _) => {
            let (one, other) = match duplicate {
                Duplicate::Token(one, other) => (one, other),
                Duplicate::Id(_) => (id, id),
            };
            let [one, other] = [one, other].map(|id: TokenId| id - offset);
            Error::data(format!("is the same token as vocab[{one}]"))
                .at_json(format!("vocab[{other}]"))
        }
    })
}

/// The bytes of an entry, held against its text.
fn check_entry(document: &Document, rank: usize, bytes: &mut Vec<u8>) -> Result<()> {
    let base64 = document.bytes.get(rank).as_bytes();
    if base64.is_empty() || base64 == b"=" {
        return Err(Error::data("token_bytes is empty"));
    }
    if !decode_into(base64, bytes) {
        return Err(Error::data(format!("token_bytes: {}", not_base64(base64))));
    }
    let given = document.has_text[rank].then(|| document.texts.get(rank));
    if std::str::from_utf8(bytes).ok() == given {
        return Ok(());
    }
    Err(Error::data(format!(
        "token_str is {}; token_bytes are {}",
        given.map_or("null".to_owned(), |text| format!("`{}`", show_text(text))),
        show_bytes(bytes)
    )))
}

/// Padding is no vocab, but it is written back from its bytes.
fn check_padding(document: &Document, used: usize) -> Result<()> {
    let mut bytes = Vec::new();
    for rank in used..document.has_text.len() {
        bytes.clear();
        check_entry(document, rank, &mut bytes)
            .map_err(|error| error.at_json(format!("vocab[{rank}]")))?;
    }
    Ok(())
}

fn remarks(config: &Node<'_>, listed: u64) -> Result<Vec<String>> {
    let mut remarks = vec![
        "mistral-common never looks for special tokens in a text; here they are found where that \
         is allowed"
            .to_owned(),
    ];
    if config.get("num_vocab_tokens").is_some() {
        let said = config.number("num_vocab_tokens")?;
        if said != listed {
            remarks.push(format!(
                "`num_vocab_tokens` is {said}, and {listed} are listed; no reader looks at it"
            ));
        }
    }
    Ok(remarks)
}

/// What the definition does not have of the document; the padding stands in the place of the vocab.
fn carried(members: Value, padding: Vec<Value>, bytes: &[u8]) -> CarriedDocument {
    let mut members = match members {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let unread = members
        .keys()
        .filter(|name| !READ.contains(&name.as_str()) && !KNOWN.contains(&name.as_str()))
        .cloned()
        .collect();
    members.insert("vocab".to_owned(), padding.into());
    CarriedDocument {
        format: "tekken",
        members,
        is_pretty: true,
        has_final_newline: bytes.ends_with(b"\n"),
        unread,
    }
}

/// How the document is laid out, by its first bytes.
fn layout_of(bytes: &[u8]) -> TekkenLayout {
    let text = bytes.strip_prefix(b"{").unwrap_or(bytes);
    let indent = text.strip_prefix(b"\n").map(|line| {
        let spaces = line.iter().take_while(|byte| **byte == b' ').count();
        spaces.min(16)
    });
    TekkenLayout {
        indent,
        is_spaced: indent.is_some()
            || memchr::memmem::find(text, b"\": ").is_some_and(|at| at < 64),
        is_ascii: bytes.is_ascii(),
        escapes_delete: memchr::memmem::find(bytes, b"\\u007f").is_some(),
    }
}
