//! The facts of `inspect` in words.

use std::io::{self, Write};
use std::path::Path;

use super::inspect::{ByteOrder, Facts};
use super::output::{self, counted};
use crate::diff::describe;
use crate::diff::pattern_texts;
use bpekit_formats::{
    AddedToken, Atoms, Definition, Merges, Role, Token, TokenId, show_bytes, show_text,
};

/// How many of a kind are named.
const SHOWN: usize = 6;
/// Where the values stand.
const INDENT: usize = 18;

/// Prints one fact a line.
pub(super) fn print(out: &mut dyn Write, facts: &Facts, path: &Path) -> io::Result<()> {
    let definition = &*facts.definition;
    writeln!(out, "{}", output::path(path))?;
    let mut line = |label: &str, value: String| writeln!(out, "  {label:<16}{value}");
    line(
        "format",
        format!("{} ({})", facts.format.name, facts.format.title),
    )?;
    line("name", name(facts))?;
    let siblings = siblings(facts);
    if !siblings.is_empty() {
        line(
            "also",
            format!("{} (choose with --name)", siblings.join(", ")),
        )?;
    }
    line("ranks sha256", ranks(facts))?;
    line("n_vocab", definition.id_bound().to_string())?;
    line("tokens", definition.vocab.len().to_string())?;
    line("holes", holes(facts))?;
    line("single bytes", byte_order(facts.bytes))?;
    line("longest token", longest(facts))?;
    line("missing bytes", missing_bytes(facts))?;
    line("not UTF-8", counted(facts.not_utf8, "token"))?;
    line("merges", merges(definition))?;
    line("unreachable", unreachable(facts))?;
    line("pattern", pattern(facts))?;
    for text in definition
        .pretokenizer
        .as_ref()
        .map(pattern_texts)
        .unwrap_or_default()
    {
        line("", output::full_text(text))?;
    }
    line("special tokens", added(facts, |token| token.is_special))?;
    let plain = added(facts, |token| !token.is_special);
    if facts.knows_added_tokens() && plain != "none" {
        line("added tokens", plain)?;
    }
    if let Some(flags) = flags(definition) {
        line("flags", flags)?;
    }
    if !definition.roles.is_empty() {
        line("roles", roles(definition))?;
    }
    if let Some(template) = &definition.chat_template {
        let count = counted(template.chars().count(), "character");
        line("chat template", format!("{count}; carried, not run"))?;
    }
    line(
        "normalizer",
        or_none(definition.normalizer.as_ref().map(describe::normalizer)),
    )?;
    line(
        "pretokenizer",
        or_none(definition.pretokenizer.as_ref().map(describe::pretokenizer)),
    )?;
    line(
        "post-processor",
        or_none(
            definition
                .post_processor
                .as_ref()
                .map(describe::post_processor),
        ),
    )?;
    line(
        "decoder",
        or_none(definition.decoder.as_ref().map(describe::decoder)),
    )?;
    for member in ["truncation", "padding"] {
        if facts.has_member(member) {
            line(member, "present; not applied".to_owned())?;
        }
    }
    for companion in &definition.provenance.companions {
        line("read beside it", output::path(companion))?;
    }
    for remark in &definition.provenance.remarks {
        line("remark", output::full_text(remark))?;
    }
    if let Some(trouble) = &facts.trouble {
        let indent = format!("\n{:INDENT$}", "");
        let message = match trouble.file() {
            Some(error) => in_place(error),
            None => trouble.to_string(),
        };
        line("cannot encode", message.replace('\n', &indent))?;
    }
    Ok(())
}

/// The error without the path, which stands in the first line.
fn in_place(error: &bpekit_formats::Error) -> String {
    let mut message = match error.location() {
        Some(bpekit_formats::Location::Json(place)) => format!("{place}: {}", error.message()),
        _ => error.message(),
    };
    for hint in error.hints() {
        message.push_str("\nhint: ");
        message.push_str(hint);
    }
    message
}

fn name(facts: &Facts) -> String {
    match &facts.definition.name {
        Some(name) if facts.encodings.iter().any(|known| known.name == name) => {
            format!("{name}, a published encoding known by its ranks")
        }
        Some(name) => output::full_text(name),
        None => "none".to_owned(),
    }
}

/// Other encodings with the same ranks, where a name can choose between them.
fn siblings(facts: &Facts) -> Vec<&'static str> {
    if facts.definition.merges != Merges::ByRank {
        return Vec::new();
    }
    let names = facts.encodings.iter().map(|known| known.name);
    names
        .filter(|name| facts.definition.name.as_deref() != Some(name))
        .collect()
}

fn ranks(facts: &Facts) -> String {
    let Some(hash) = &facts.ranks_sha256 else {
        return "none; no ranks mean the same as the merges".to_owned();
    };
    match facts.encodings.as_slice() {
        [] => hash.clone(),
        known => {
            let names: Vec<&str> = known.iter().map(|known| known.name).collect();
            format!("{hash} ({})", names.join(", "))
        }
    }
}

fn holes(facts: &Facts) -> String {
    if facts.holes.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<String> = facts
        .holes
        .iter()
        .take(SHOWN)
        .map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            }
        })
        .collect();
    let rest = if facts.holes.len() > SHOWN {
        ", …"
    } else {
        ""
    };
    format!("{} ({}{rest})", facts.hole_count(), shown.join(", "))
}

fn roles(definition: &Definition) -> String {
    let shown = |(role, id): (&Role, &TokenId)| match definition.added_token(*id) {
        Some(token) => format!("{} `{}`", role.name(), show_text(&token.content)),
        None => format!("{} {id}", role.name()),
    };
    definition
        .roles
        .iter()
        .map(shown)
        .collect::<Vec<_>>()
        .join(", ")
}

fn byte_order(order: ByteOrder) -> String {
    let range = |first: u32| format!("ids {first}-{}", first + 255);
    match order {
        ByteOrder::Identity(first) => format!("in the order of the bytes, {}", range(first)),
        ByteOrder::Gpt2(first) => format!("in GPT-2's order, {}", range(first)),
        ByteOrder::Other => "in an order of their own".to_owned(),
        ByteOrder::Incomplete => "not all are tokens".to_owned(),
        ByteOrder::Characters => "the tokens are made of characters".to_owned(),
    }
}

fn longest(facts: &Facts) -> String {
    let vocab = &facts.definition.vocab;
    match facts.longest.and_then(|id| vocab.token(id)) {
        Some(token) => {
            let len = counted(token.bytes.len(), "byte");
            format!("{len}, id {}: {}", token.id, show(&facts.definition, token))
        }
        None => "none".to_owned(),
    }
}

fn missing_bytes(facts: &Facts) -> String {
    if facts.bytes == ByteOrder::Characters {
        return "the tokens are made of characters".to_owned();
    }
    let missing = facts.definition.vocab.missing_bytes();
    if missing.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<String> = missing
        .iter()
        .take(2 * SHOWN)
        .map(|byte| format!("0x{byte:02x}"))
        .collect();
    let rest = if missing.len() > shown.len() {
        ", …"
    } else {
        ""
    };
    format!("{} ({}{rest})", missing.len(), shown.join(", "))
}

fn merges(definition: &Definition) -> String {
    match &definition.merges {
        Merges::ByRank => "by rank: the id is the order".to_owned(),
        Merges::Listed(merges) if definition.options.ignore_merges => {
            format!(
                "{} listed; a pretoken that is a token needs none",
                merges.len()
            )
        }
        Merges::Listed(merges) => format!("{} listed", merges.len()),
        Merges::ByScore(_) => "by score".to_owned(),
    }
}

fn unreachable(facts: &Facts) -> String {
    let definition = &*facts.definition;
    if facts.unreachable.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<String> = facts
        .unreachable
        .iter()
        .take(SHOWN)
        .filter_map(|&id| definition.vocab.token(id))
        .map(|token| format!("{} {}", show(definition, token), token.id))
        .collect();
    let rest = if facts.unreachable.len() > SHOWN {
        ", …"
    } else {
        ""
    };
    let is_empty = |id: &u32| definition.vocab.bytes(*id).is_some_and(<[u8]>::is_empty);
    // No pretoken is empty.
    let has_lookup = (definition.merges == Merges::ByRank || definition.options.ignore_merges)
        && !facts.unreachable.iter().all(is_empty);
    let why = if has_lookup {
        "no merge makes them, only whole pretokens are"
    } else {
        "no text becomes"
    };
    format!(
        "{}; {why}: {}{rest}",
        facts.unreachable.len(),
        shown.join(", ")
    )
}

fn pattern(facts: &Facts) -> String {
    let definition = &*facts.definition;
    if definition.missing.contains(&bpekit_formats::Part::Pattern) {
        return "not known: a rank file carries none".to_owned();
    }
    match facts.pattern {
        Some(known) => format!("{} ({})", known.name, known.title),
        None if definition.pretokenizer.is_none() => "none".to_owned(),
        None => "not a published one".to_owned(),
    }
}

fn added(facts: &Facts, is_of_kind: impl Fn(&AddedToken) -> bool) -> String {
    if !facts.knows_added_tokens() {
        return "not known: a rank file carries none".to_owned();
    }
    let tokens: Vec<&AddedToken> = facts
        .definition
        .added_tokens
        .iter()
        .filter(|token| is_of_kind(token))
        .collect();
    if tokens.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<String> = tokens
        .iter()
        .take(SHOWN)
        .map(|token| format!("`{}` {}", show_text(&token.content), token.id))
        .collect();
    let rest = if tokens.len() > SHOWN { ", …" } else { "" };
    format!("{}: {}{rest}", tokens.len(), shown.join(", "))
}

/// How many added tokens have which flag, if any has one.
fn flags(definition: &Definition) -> Option<String> {
    let count = |has: fn(&AddedToken) -> bool| {
        definition
            .added_tokens
            .iter()
            .filter(|token| has(token))
            .count()
    };
    let flags = [
        ("single_word", count(|token| token.single_word)),
        ("lstrip", count(|token| token.lstrip)),
        ("rstrip", count(|token| token.rstrip)),
        ("normalized", count(|token| token.normalized)),
    ];
    let set: Vec<String> = flags
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name} on {count}"))
        .collect();
    (!set.is_empty()).then(|| set.join(", "))
}

/// A token, cut if it is long: bytes, or text where tokens are made of characters.
fn show(definition: &Definition, token: Token<'_>) -> String {
    if let (Atoms::Characters, Ok(text)) = (definition.atoms, std::str::from_utf8(token.bytes)) {
        return format!("`{}`", show_text(text));
    }
    let shown = show_bytes(token.bytes);
    // The length that a cut token ends in is told apart.
    match shown.split_once('…') {
        Some((start, _)) => format!("{start}…"),
        None => shown,
    }
}

fn or_none(words: Option<String>) -> String {
    words.unwrap_or_else(|| "none".to_owned())
}
