//! The facts of `inspect` for programs.

use std::path::Path;

use bpekit_formats::{AddedToken, Definition, Merges, show_bytes};
use serde_json::{Value, json};

use super::inspect::{ByteOrder, Facts};
use super::output;
use crate::diff::{describe, pattern_texts};

/// All facts; parts in words are those that are printed for people.
pub(super) fn to_json(facts: &Facts, path: &Path) -> Value {
    let definition = &*facts.definition;
    let vocab = &definition.vocab;
    let names: Vec<&str> = facts.encodings.iter().map(|known| known.name).collect();
    let longest = facts.longest.and_then(|id| vocab.token(id)).map(|token| {
        json!({ "id": token.id, "length": token.bytes.len(), "shown": show_bytes(token.bytes) })
    });
    let added: Vec<Value> = definition.added_tokens.iter().map(added_json).collect();
    let texts = definition
        .pretokenizer
        .as_ref()
        .map(pattern_texts)
        .unwrap_or_default();
    json!({
        "schema": output::SCHEMA,
        "path": path.to_string_lossy(),
        "format": facts.format.name,
        "name": definition.name,
        "encodings": names,
        "ranks_sha256": facts.ranks_sha256,
        "n_vocab": definition.id_bound(),
        "tokens": vocab.len(),
        "holes": { "count": facts.hole_count(), "ranges": facts.holes },
        "single_bytes": match facts.bytes {
            ByteOrder::Identity(_) => "identity",
            ByteOrder::Gpt2(_) => "gpt2",
            ByteOrder::Other => "other",
            ByteOrder::Incomplete => "incomplete",
            ByteOrder::Characters => "characters",
        },
        "longest_token": longest,
        "missing_bytes": match facts.bytes {
            ByteOrder::Characters => Value::Null,
            _ => json!(vocab.missing_bytes()),
        },
        "not_utf8": facts.not_utf8,
        "merges": match &definition.merges {
            Merges::ByRank | Merges::ByScore(_) => Value::Null,
            Merges::Listed(merges) => json!(merges.len()),
        },
        "ignore_merges": definition.merges == Merges::ByRank || definition.options.ignore_merges,
        "unreachable": facts.unreachable,
        "pattern": facts.pattern.map(|known| known.name),
        "pattern_texts": texts,
        "added_tokens": facts.knows_added_tokens().then_some(added),
        "roles": roles_json(definition),
        "chat_template": definition.chat_template,
        "normalizer": definition.normalizer.as_ref().map(describe::normalizer),
        "pretokenizer": definition.pretokenizer.as_ref().map(describe::pretokenizer),
        "post_processor": definition.post_processor.as_ref().map(describe::post_processor),
        "decoder": definition.decoder.as_ref().map(describe::decoder),
        "truncation": facts.has_member("truncation"),
        "padding": facts.has_member("padding"),
        "remarks": definition.provenance.remarks,
        "warnings": definition.provenance.warnings,
        "can_encode": facts.trouble.is_none(),
        "trouble": facts.trouble.as_ref().map(ToString::to_string),
    })
}

/// Name of the role to token id.
fn roles_json(definition: &Definition) -> Value {
    let roles = definition.roles.iter();
    let members = roles.map(|(role, id)| (role.name().to_owned(), json!(id)));
    Value::Object(members.collect())
}

fn added_json(token: &AddedToken) -> Value {
    json!({
        "content": token.content,
        "id": token.id,
        "special": token.is_special,
        "single_word": token.single_word,
        "lstrip": token.lstrip,
        "rstrip": token.rstrip,
        "normalized": token.normalized,
    })
}
