//! The files beside a tokenizer.json: as they were read, or in the form that transformers writes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::settings;
use super::{ADDED_TOKENS, CONFIG, MAIN, ROLES, SPECIAL_TOKENS, TEMPLATE, TEMPLATES};
use crate::added_token::AddedToken;
use crate::bundle::Bundle;
use crate::definition::Definition;
use crate::json::{self, Writer};
use crate::limits::{Limits, ReadOptions};
use crate::pipeline::Pretokenizer;

/// What transformers writes where nothing limits the length of a text: the double nearest to 1e30.
const NO_LIMIT: f64 = 1e30;

/// The directory, given its tokenizer.json.
pub(super) fn write(definition: &Definition, main: Vec<u8>) -> Bundle {
    let mut bundle = Bundle::in_directory(MAIN, main);
    if let Some(files) = kept(definition) {
        for (name, bytes) in files {
            bundle.add_part(name.clone(), bytes.clone());
        }
        if bundle.get(CONFIG).is_none() {
            bundle.add_part(CONFIG, config(definition));
        }
    } else {
        bundle.add_part(CONFIG, config(definition));
        bundle.add_part(SPECIAL_TOKENS, document(&special_tokens(definition)));
        if let Some(template) = &definition.chat_template {
            bundle.add_part(TEMPLATE, template.clone().into_bytes());
        }
    }
    for name in [SPECIAL_TOKENS, ADDED_TOKENS, TEMPLATE] {
        if bundle.get(name).is_none() {
            bundle.must_not_have(name);
        }
    }
    let has_templates = bundle
        .companions()
        .any(|(name, _)| name.starts_with(TEMPLATES));
    if !has_templates {
        bundle.must_not_have(TEMPLATES);
    }
    bundle
}

/// The files that were read, if they still say what the definition does.
fn kept(definition: &Definition) -> Option<&[(String, Vec<u8>)]> {
    let files = &definition.extra.hf_dir.as_ref()?.files;
    let mut bundle = Bundle::in_directory(MAIN, Vec::new());
    for (name, bytes) in files {
        bundle.add_part(name.clone(), bytes.clone());
    }
    let found = settings::read(&bundle, definition, &unlimited()).ok()?;
    let says_the_same = found.roles == definition.roles
        && found.chat_template == definition.chat_template
        && found.added_tokens == definition.added_tokens;
    says_the_same.then_some(files)
}

fn unlimited() -> ReadOptions {
    ReadOptions {
        limits: Limits {
            added_token_count: u64::MAX,
            ..Limits::default()
        },
        ..ReadOptions::default()
    }
}

/// The configuration: what transformers 4 and 5 need, and the members that were carried.
fn config(definition: &Definition) -> Vec<u8> {
    let mut members: BTreeMap<String, Value> = carried(definition).into_iter().collect();
    let mut put = |name: &str, value: Value| {
        members.entry(name.to_owned()).or_insert(value);
    };
    // The one class that both versions take for what tokenizer.json says: version 4 does not know
    // `TokenizersBackend`, and version 5 builds `GPT2Tokenizer` from the vocab anew.
    put("tokenizer_class", json!("PreTrainedTokenizerFast"));
    put("clean_up_tokenization_spaces", json!(false));
    put("model_max_length", json!(NO_LIMIT));
    put("added_tokens_decoder", added_tokens_decoder(definition));
    if let Some(Pretokenizer::ByteLevel {
        add_prefix_space: true,
        ..
    }) = definition.pretokenizer
    {
        // Version 4 goes by this member, not by tokenizer.json.
        put("add_prefix_space", json!(true));
    }
    for (name, text) in special_tokens(definition) {
        put(&name, text);
    }
    document(&members)
}

/// Whether a member of the configuration follows from the definition.
fn is_derived(name: &str) -> bool {
    const OTHERS: &[&str] = &[
        "add_prefix_space",
        "added_tokens_decoder",
        "additional_special_tokens",
        "chat_template",
        "extra_special_tokens",
    ];
    OTHERS.contains(&name) || ROLES.iter().any(|(role, _)| *role == name)
}

/// The other members of the configuration that was read.
fn carried(definition: &Definition) -> Map<String, Value> {
    let files = definition.extra.hf_dir.as_ref().map(|held| &held.files);
    let bytes = files.and_then(|files| files.iter().find(|(name, _)| name == CONFIG));
    let read =
        |(_, bytes): &(String, Vec<u8>)| json::parse_value(bytes, Limits::default().nesting).ok();
    match bytes.and_then(read) {
        Some(Value::Object(mut members)) => {
            members.retain(|name, _| !is_derived(name));
            members
        }
        _ => Map::new(),
    }
}

fn added_tokens_decoder(definition: &Definition) -> Value {
    let mut tokens: Vec<&AddedToken> = definition.added_tokens.iter().collect();
    tokens.sort_by_key(|token| token.id);
    let object = |token: &AddedToken| {
        json!({
            "content": token.content,
            "lstrip": token.lstrip,
            "normalized": token.normalized,
            "rstrip": token.rstrip,
            "single_word": token.single_word,
            "special": token.is_special,
        })
    };
    let members = tokens
        .into_iter()
        .map(|token| (token.id.to_string(), object(token)));
    Value::Object(members.collect())
}

/// The roles that transformers knows, with the texts of their tokens.
fn special_tokens(definition: &Definition) -> BTreeMap<String, Value> {
    let text_of = |(name, role): &(&str, _)| {
        let token = definition.added_token(*definition.roles.get(role)?)?;
        Some(((*name).to_owned(), json!(token.content)))
    };
    ROLES.iter().filter_map(text_of).collect()
}

/// JSON as transformers writes it: members in order, two spaces, a line end.
fn document(members: &BTreeMap<String, Value>) -> Vec<u8> {
    let mut writer = Writer::new(true, 1024);
    writer.open(b'{');
    for (name, value) in members {
        writer.member(name);
        match value.as_f64() {
            // Python writes an integer of any size as one.
            Some(number) if value.is_f64() && number.fract() == 0.0 && number >= 1e18 => {
                writer.digits(&format!("{number:.0}"));
            }
            _ => writer.value(value),
        }
    }
    writer.close(b'}');
    let mut bytes = writer.finish();
    bytes.push(b'\n');
    bytes
}
