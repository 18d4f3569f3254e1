//! A list of merges to ranks, where ranks can say the same.
//!
//! In a rank file the id is the priority, every pair whose joined bytes are a token merges, and a
//! pretoken that is a token is looked up whole. So a list is the same as ranks only if, for every
//! token, the one pair that can make it is the same under both, and the pairs come in the order
//! of their products' ids. Both are checked by building that pair for every token in both ways
//! (`bpe/live_pairs.rs` says why one pair a token is all there is).

use bpekit_formats::{
    Atoms, Decoder, Definition, Error as FileError, JsonDocument, Loss, LossPart, Merge, Merges,
    Pretokenizer, TokenId, TokenKind, Vocab, VocabBuilder, show_bytes, show_text,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::patterns;
use crate::bpe::live_pairs::{self, LivePairs};
use crate::error::Result;

/// A list of merges as ranks.
pub(super) fn restate_merges(target: &mut Definition, losses: &mut Vec<Loss>) -> Result<()> {
    if target.atoms != Atoms::Bytes {
        return Err(patterns::not_bytes().into());
    }
    let Merges::Listed(merges) = &target.merges else {
        return Ok(());
    };
    let listed = live_pairs::of_merges(&target.vocab, merges);
    let vocab = base_vocab(target, &listed, losses)?;
    let missing = vocab.missing_bytes();
    if !missing.is_empty() {
        return Err(bpekit_formats::codecs::tiktoken::missing_bytes_error(&missing).into());
    }
    compare(&vocab, &listed)?;
    target.vocab = vocab;
    target.merges = Merges::ByRank;
    target.options = bpekit_formats::ModelOptions {
        ignore_merges: true,
        ..bpekit_formats::ModelOptions::default()
    };
    Ok(())
}

/// The steps around the merges as one pattern.
pub(super) fn restate_steps(target: &mut Definition, losses: &mut Vec<Loss>) -> Result<()> {
    if target.atoms != Atoms::Bytes {
        return Err(patterns::not_bytes().into());
    }
    let pattern = patterns::to_tiktoken(target.pretokenizer.as_ref(), losses)?;
    target.pretokenizer = Some(Pretokenizer::matches_of(pattern));
    if !target.decoder.as_ref().is_none_or(joins_bytes) {
        losses.push(Loss::refused(
            LossPart::Decoder,
            "tiktoken joins the bytes of the tokens; other steps of the decoder are left out",
        ));
    }
    target.decoder = None;
    report_unread(target, losses);
    Ok(())
}

/// The vocab without the entries that are there only because tokenizers wants added tokens in it.
fn base_vocab(source: &Definition, listed: &LivePairs, losses: &mut Vec<Loss>) -> Result<Vocab> {
    let added: FxHashSet<TokenId> = source.added_tokens.iter().map(|token| token.id).collect();
    let made: FxHashSet<TokenId> = listed.merges.iter().map(|merge| merge.product).collect();
    let mut builder = VocabBuilder::with_capacity(source.vocab.len(), source.vocab.len() * 8);
    let mut unwritten: Vec<(TokenId, String)> = Vec::new();
    for token in source.vocab.iter() {
        // The empty token is a rank like others; no pretoken is empty.
        let is_made = token.bytes.len() <= 1 || made.contains(&token.id);
        if token.kind == TokenKind::Literal {
            if !added.contains(&token.id) {
                unwritten.push((token.id, String::from_utf8_lossy(token.bytes).into_owned()));
            }
        } else if is_made || (source.options.ignore_merges && !added.contains(&token.id)) {
            builder.push(token.id, token.bytes, TokenKind::Ordinary);
        } else if !added.contains(&token.id) {
            // A rank file would look it up as a whole pretoken, which this list never does.
            unwritten.push((token.id, show_bytes(token.bytes)));
        }
    }
    if let Some((id, text)) = unwritten.first() {
        losses.push(Loss::refused(
            LossPart::UnreachableTokens,
            format!(
                "{} tokens that no text becomes are left out, the first is `{}` ({id})",
                unwritten.len(),
                show_text(text)
            ),
        ));
    }
    builder
        .finish()
        .map_err(|_| FileError::data("two tokens of the vocab have the same bytes or id").into())
}

/// Refuses, naming the first token, unless ranks make every token of the same pair in the same
/// order.
fn compare(vocab: &Vocab, listed: &LivePairs) -> Result<()> {
    let shown = |id: TokenId| {
        let bytes = vocab.bytes(id).map_or_else(|| "?".to_owned(), show_bytes);
        format!("{bytes} ({id})")
    };
    // The order of priorities must be the order of ids.
    for pair in listed.merges.windows(2) {
        if pair[0].product >= pair[1].product {
            return Err(FileError::unsupported(format!(
                "token {} merges before token {}, but has the higher id; \
                 in a rank file the id is the order",
                shown(pair[0].product),
                shown(pair[1].product)
            ))
            .with_hint("keep it as tokenizer.json")
            .into());
        }
    }
    let by_product: FxHashMap<TokenId, &Merge> = listed
        .merges
        .iter()
        .map(|merge| (merge.product, merge))
        .collect();
    for merge in &live_pairs::of_ranks(vocab).merges {
        match by_product.get(&merge.product) {
            Some(held) if *held == merge => {}
            Some(held) => {
                return Err(FileError::unsupported(format!(
                    "token {} is made of {} and {} by the merges, but of {} and {} by ranks",
                    shown(merge.product),
                    shown(held.left),
                    shown(held.right),
                    shown(merge.left),
                    shown(merge.right)
                ))
                .into());
            }
            None => {
                return Err(FileError::unsupported(format!(
                    "token {} is made by no merge, but ranks would make it of {} and {}",
                    shown(merge.product),
                    shown(merge.left),
                    shown(merge.right)
                ))
                .into());
            }
        }
    }
    Ok(())
}

/// Every member of a tokenizer.json that this toolkit reads, at any depth.
const READ_MEMBERS: &[&str] = &[
    "version",
    "truncation",
    "padding",
    "added_tokens",
    "normalizer",
    "pre_tokenizer",
    "post_processor",
    "decoder",
    "model",
    "type",
    "pattern",
    "String",
    "Regex",
    "behavior",
    "invert",
    "add_prefix_space",
    "trim_offsets",
    "use_regex",
    "normalizers",
    "pretokenizers",
    "processors",
    "decoders",
    "individual_digits",
    "replacement",
    "prepend_scheme",
    "split",
    "str_rep",
    "prepend",
    "content",
    "strip_left",
    "strip_right",
    "single",
    "pair",
    "special_tokens",
    "Sequence",
    "SpecialToken",
    "id",
    "type_id",
    "sep",
    "cls",
    "start",
    "stop",
    "single_word",
    "lstrip",
    "rstrip",
    "normalized",
    "special",
    "dropout",
    "unk_token",
    "continuing_subword_prefix",
    "end_of_word_suffix",
    "fuse_unk",
    "byte_fallback",
    "ignore_merges",
    "vocab",
    "merges",
    // Those of version 2.0.
    "role_to_token",
    "byte_level",
    "drop_whitespace",
    "seq",
    "ids",
];

/// The paths of members that are not known. Settings that are not applied, and the tokens of a
/// template under their own names, are not looked into.
fn collect_unknown(name: &str, path: &str, value: &serde_json::Value, unknown: &mut Vec<String>) {
    if !READ_MEMBERS.contains(&name) {
        unknown.push(show_text(path));
        return;
    }
    if matches!(
        name,
        "truncation" | "padding" | "special_tokens" | "role_to_token"
    ) {
        return;
    }
    let items = match value {
        serde_json::Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    for (index, item) in items.iter().enumerate() {
        let Some(members) = item.as_object() else {
            continue;
        };
        let place = if value.is_array() {
            format!("{path}[{index}]")
        } else {
            path.to_owned()
        };
        for (name, value) in members {
            collect_unknown(name, &format!("{place}.{name}"), value, unknown);
        }
    }
}

/// Whether a decoder does no more than tiktoken's, given tokens of bytes.
fn joins_bytes(decoder: &Decoder) -> bool {
    match decoder {
        Decoder::ByteLevel { .. } | Decoder::Fuse => true,
        Decoder::Sequence(steps) => steps.iter().all(joins_bytes),
        _ => false,
    }
}

/// What the source carries and the toolkit does not act on.
pub(super) fn report_unread(source: &Definition, losses: &mut Vec<Loss>) {
    let extra = &source.extra;
    let Some(document) = extra.json.as_ref().or(extra.json_2.as_ref()) else {
        return;
    };
    let is_set = |name: &&str| {
        document
            .members
            .get(*name)
            .is_some_and(|value| !value.is_null())
    };
    let set: Vec<&str> = ["truncation", "padding"]
        .into_iter()
        .filter(is_set)
        .collect();
    if !set.is_empty() {
        losses.push(Loss::reported(
            LossPart::TruncationPadding,
            format!(
                "{} is left out; it was not applied here either",
                set.join(" and ")
            ),
        ));
    }
    report_unknown(document, losses);
}

/// The members of a tokenizer.json that are carried and not known.
pub(super) fn report_unknown(document: &JsonDocument, losses: &mut Vec<Loss>) {
    let mut unknown = Vec::new();
    for (name, value) in &document.members {
        collect_unknown(name, name, value, &mut unknown);
    }
    if !unknown.is_empty() {
        losses.push(Loss::reported(
            LossPart::UnknownFields,
            format!(
                "members that are not known are left out: {}",
                unknown.join(", ")
            ),
        ));
    }
}
