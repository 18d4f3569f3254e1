//! A report for programs.

use bpekit_formats::show_bytes;
use serde_json::{Value, json};

use super::Report;
use super::vocab::Listed;

/// A member may be added under the same number; one that changes or goes raises it.
const SCHEMA: u32 = 1;

impl Report {
    /// The facts of the report as one JSON object. Tokens are given as `id` and `shown`.
    pub fn to_json(&self) -> Value {
        let vocab = &self.vocab;
        json!({
            "schema": SCHEMA,
            "title": self.title,
            "tokens": vocab.token_count,
            "n_vocab": vocab.n_vocab,
            "added_tokens": vocab.added_count,
            "facts": object(vocab.facts.iter().map(|(name, fact)| (*name, Value::from(fact.as_str())))),
            "lengths": vocab.lengths,
            "kinds": object(vocab.kinds.iter().map(|(name, count)| (*name, Value::from(*count)))),
            "longest": listed(&vocab.longest),
            "odd": vocab.odd.iter().map(|odd| {
                json!({ "id": odd.token.id, "shown": show_bytes(&odd.token.bytes), "reason": odd.reason })
            }).collect::<Vec<_>>(),
            "unreachable": { "count": vocab.unreachable_count, "first": listed(&vocab.unreachable) },
            "samples": self.has_samples,
            "texts": self.texts.iter().map(|text| json!({
                "label": text.label,
                "bytes": text.bytes,
                "characters": text.characters,
                "tokens": text.tokens,
                "distinct": text.distinct,
            })).collect::<Vec<_>>(),
            "usage": self.usage.as_ref().map(|usage| json!({
                "unused": usage.unused_count,
                "counts": usage.counts,
            })),
            "curve": self.curve.iter().map(|point| json!({
                "merges": point.merges,
                "bytes": point.bytes,
                "tokens": point.tokens,
            })).collect::<Vec<_>>(),
            "other": self.other.as_ref().map(|pair| json!({
                "title": pair.title,
                "shared": pair.shared,
                "moved": pair.moved,
                "only_here": pair.only_here.0,
                "only_there": pair.only_there.0,
                "texts": pair.texts.iter().map(|text| json!({
                    "label": text.label,
                    "bytes": text.bytes,
                    "here": text.here,
                    "there": text.there,
                })).collect::<Vec<_>>(),
                "findings": pair.findings,
            })),
        })
    }
}

fn object<'a>(members: impl Iterator<Item = (&'a str, Value)>) -> Value {
    let members = members.map(|(name, value)| (name.to_owned(), value));
    Value::Object(members.collect())
}

fn listed(tokens: &[Listed]) -> Vec<Value> {
    let one = |token: &Listed| json!({ "id": token.id, "shown": show_bytes(&token.bytes) });
    tokens.iter().map(one).collect()
}
