//! A definition to version 2.0, in the form that tokenizers 1.0 writes.

use serde_json::{Map, Value, json};

use super::raise::{self, name_specials, text_of};
use super::{FORM, ROLES, lower};
use crate::definition::{Atoms, Definition, ModelOptions, Role};
use crate::error::{Error, Result};
use crate::extra::JsonDocument;
use crate::limits::Limits;
use crate::pipeline::{Decoder, Dialect, Normalizer, Pretokenizer};
use crate::tokenizer_json::{
    Parts, added_token_json, check_added_tokens, read_options, render, renders_all_added,
};
use crate::vocab::TokenId;

/// Writes the document.
pub(super) fn write(definition: &Definition) -> Result<Vec<u8>> {
    check_dialects(definition)?;
    check_added_tokens(definition)?;
    let document = document_of(definition)?;
    render(definition, &document, renders_all_added(definition))
}

/// The format speaks fancy-regex; a pattern of another dialect would be read differently.
fn check_dialects(definition: &Definition) -> Result<()> {
    let mut steps = (
        definition.normalizer.clone(),
        definition.pretokenizer.clone(),
        definition.decoder.clone(),
    );
    let mut patterns: Vec<_> = steps
        .0
        .iter_mut()
        .flat_map(Normalizer::patterns_mut)
        .collect();
    patterns.extend(steps.1.iter_mut().flat_map(Pretokenizer::patterns_mut));
    patterns.extend(steps.2.iter_mut().flat_map(Decoder::patterns_mut));
    if patterns
        .iter()
        .all(|held| held.dialect == Dialect::FancyRegex)
    {
        return Ok(());
    }
    Err(Error::missing(
        "a pattern is not in the dialect of tokenizers 1.0",
    ))
}

/// The document to write: the one that was read, with the members written anew whose meaning has
/// changed since.
fn document_of(definition: &Definition) -> Result<JsonDocument> {
    let held = definition.extra.json_2.as_ref();
    let says = held.and_then(|held| parts_of(held, definition));
    let mut document = held.cloned().unwrap_or_else(|| blank_document(definition));
    let members = &mut document.members;

    let is_held = |same: fn(&Parts, &Definition) -> bool| {
        says.as_ref().is_some_and(|parts| same(parts, definition))
    };
    let roles = members.get("role_to_token").unwrap_or(&Value::Null);
    if raise::roles(roles, definition).ok().as_ref() != Some(&definition.roles) {
        members.insert("role_to_token".to_owned(), roles_json(definition));
    }
    if !is_held(|parts, definition| parts.added_tokens == definition.added_tokens) {
        let mut tokens: Vec<_> = definition.added_tokens.iter().collect();
        tokens.sort_by_key(|token| token.id);
        let tokens = tokens.into_iter().map(added_token_json).collect();
        members.insert("added_tokens".to_owned(), Value::Array(tokens));
    }
    let has_steps = is_held(|parts, definition| {
        parts.normalizer == definition.normalizer
            && parts.pretokenizer == definition.pretokenizer
            && parts.atoms == definition.atoms
    });
    let mut is_byte_level = definition.atoms == Atoms::Bytes;
    if !has_steps {
        let steps = lower::steps(definition)?;
        if steps.is_byte_level != is_byte_level {
            return Err(Error::missing(
                "the vocab and the pretokenizer do not agree on whether tokens are of bytes",
            ));
        }
        is_byte_level = steps.is_byte_level;
        members.insert("normalizer".to_owned(), steps.normalizer);
        members.insert("pre_tokenizer".to_owned(), steps.pretokenizer);
    }
    if !is_held(|parts, definition| parts.post_processor == definition.post_processor) {
        // What cannot be said was allowed to be lost.
        let processor = lower::post_processor(definition).unwrap_or(Value::Null);
        members.insert("post_processor".to_owned(), processor);
    }
    if !is_held(|parts, definition| parts.decoder == definition.decoder) {
        let decoder = definition.decoder.as_ref().map(lower::decoder);
        let decoder = decoder.transpose()?.unwrap_or(Value::Null);
        members.insert("decoder".to_owned(), decoder);
    }
    if !matches!(members.get("model"), Some(Value::Object(_))) {
        members.insert("model".to_owned(), Value::Object(Map::new()));
    }
    if let Some(Value::Object(model)) = members.get_mut("model") {
        put_options(model, &definition.options, is_byte_level)?;
    }
    Ok(document)
}

/// What a document says beside the two arrays, with the names that tokens have in a definition.
fn parts_of(document: &JsonDocument, definition: &Definition) -> Option<Parts> {
    let model = document.members.get("model")?.as_object()?;
    let limits = Limits {
        added_token_count: u64::MAX,
        ..Limits::default()
    };
    let mut parts = (FORM.read_parts)(&document.members, model, &limits).ok()?;
    let mut named = definition.clone();
    named.post_processor = parts.post_processor.take();
    name_specials(&mut named).ok()?;
    parts.post_processor = named.post_processor;
    Some(parts)
}

fn put_options(
    model: &mut Map<String, Value>,
    options: &ModelOptions,
    is_byte_level: bool,
) -> Result<()> {
    let text = |text: &str| match text {
        "" => Value::Null,
        text => text.into(),
    };
    let is_new = model.is_empty();
    let mut put = |name: &str, value: Value| {
        model.insert(name.to_owned(), value);
    };
    if is_new {
        put("type", json!("BPE"));
    }
    if is_new || read_options(model)? != *options {
        let mut put = |name: &str, value: Value| {
            model.insert(name.to_owned(), value);
        };
        // tokenizers 1.0.0rc3 reads this member, refuses what it asks for, and never writes it.
        if let Some(dropout) = options.dropout {
            put("dropout", json!(dropout));
        }
        put("unk_token", json!(options.unk_token));
        put(
            "continuing_subword_prefix",
            text(&options.continuing_subword_prefix),
        );
        put("end_of_word_suffix", text(&options.end_of_word_suffix));
        put("fuse_unk", json!(options.fuse_unk));
        put("byte_fallback", json!(options.byte_fallback));
        put("ignore_merges", json!(options.ignore_merges));
        if options.dropout.is_none() {
            model.shift_remove("dropout");
        }
    }
    model.insert("byte_level".to_owned(), json!(is_byte_level));
    for name in ["vocab", "merges"] {
        model.entry(name).or_insert(Value::Null);
    }
    Ok(())
}

/// The name and the text of a role, if the format can say it.
pub(super) fn role(
    role: Role,
    id: TokenId,
    definition: &Definition,
) -> Option<(&'static str, String)> {
    let (name, _) = ROLES.iter().find(|(_, known)| *known == role)?;
    Some((name, text_of(id, definition)?))
}

fn roles_json(definition: &Definition) -> Value {
    let named = ROLES.iter().filter_map(|(_, known)| {
        let id = definition.roles.get(known)?;
        role(*known, *id, definition)
    });
    let members: Map<String, Value> = named
        .map(|(name, text)| (name.to_owned(), json!(text)))
        .collect();
    if members.is_empty() {
        return Value::Null;
    }
    Value::Object(members)
}

/// The members in the order of tokenizers 1.0, on one line. Truncation and padding say the same in
/// both versions.
fn blank_document(definition: &Definition) -> JsonDocument {
    let mut members = Map::new();
    members.insert("version".to_owned(), json!(FORM.version));
    let first = definition.extra.json.as_ref();
    for name in ["truncation", "padding"] {
        let held = first.and_then(|first| first.members.get(name));
        members.insert(name.to_owned(), held.cloned().unwrap_or(Value::Null));
    }
    for name in ["role_to_token", "added_tokens"] {
        members.insert(name.to_owned(), Value::Null);
    }
    members.insert("added_tokens".to_owned(), json!([]));
    for name in ["normalizer", "pre_tokenizer", "post_processor", "decoder"] {
        members.insert(name.to_owned(), Value::Null);
    }
    members.insert("model".to_owned(), Value::Object(Map::new()));
    JsonDocument {
        members,
        is_pretty: false,
        has_merge_pairs: true,
        has_final_newline: false,
    }
}
