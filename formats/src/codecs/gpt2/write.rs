//! A definition to both files.

use super::names;
use crate::bundle::Bundle;
use crate::compression;
use crate::definition::{Atoms, Definition, Merges};
use crate::error::{Error, Result, show_bytes};
use crate::json::Writer;
use crate::ranks;
use crate::sidecar;
use crate::tokenizer_json::Texts;
use crate::vocab::TokenId;

pub(super) fn write(definition: &Definition, name: &str) -> Result<Bundle> {
    if definition.atoms != Atoms::Bytes {
        return Err(Error::unsupported(
            "the tokens are made of characters, not bytes; GPT-2's files are of bytes",
        ));
    }
    let Merges::Listed(merges) = &definition.merges else {
        return Err(Error::missing(
            "the definition has ranks; GPT-2's files list merges",
        ));
    };
    if definition.options.ignore_merges {
        return Err(Error::unsupported(
            "pretokens are looked up whole (`ignore_merges`), which GPT-2's files cannot say",
        ));
    }
    let of_merges = [".txt", ".bpe"];
    let name_of_merges = |name: &str| of_merges.iter().any(|ending| name.ends_with(ending));
    if name_of_merges(compression::strip_suffix(name)) {
        return Err(Error::unsupported(
            "is the name of a file of merges; the ids are the main file",
        )
        .with_hint("name the file of the ids, as `vocab.json`; the merges go beside it"));
    }
    let vocab = vocab_json(definition)?;
    let of_vocab = ranks::sha256_hex(&vocab);
    let mut text = String::with_capacity(merges.len() * 12);
    text.push_str("#version: 0.2\n");
    for merge in merges {
        text.push_str(&part(definition, merge.left)?);
        text.push(' ');
        text.push_str(&part(definition, merge.right)?);
        text.push('\n');
    }
    let mut bundle = Bundle::new(name, vocab);
    if let [merges, ..] = names::of_merges(name).as_slice() {
        bundle.add_part(merges.clone(), text.into_bytes());
    }
    if let Some(held) = sidecar::write(definition, &of_vocab)? {
        bundle.add(names::of_sidecar(name), held);
    }
    Ok(bundle)
}

/// A part of a merge as its line has it.
fn part(definition: &Definition, id: TokenId) -> Result<String> {
    let token = definition.vocab.token(id).ok_or_else(|| {
        Error::unsupported(format!("a merge has the id {id}, which is of no token"))
    })?;
    let text = Texts {
        vocab: &definition.vocab,
        atoms: definition.atoms,
    }
    .text_of(token)?;
    if text.is_empty() || text.contains([' ', '\n', '\r']) {
        return Err(Error::unsupported(format!(
            "token {id} {} is part of a merge, and no line can hold it",
            show_bytes(token.bytes)
        )));
    }
    Ok(text.into_owned())
}

/// The object of token to id, in the order of ids.
fn vocab_json(definition: &Definition) -> Result<Vec<u8>> {
    let texts = Texts {
        vocab: &definition.vocab,
        atoms: definition.atoms,
    };
    let is_ascii = definition
        .extra
        .gpt2
        .as_ref()
        .is_some_and(|layout| layout.is_ascii);
    let mut writer = Writer::new(false, definition.vocab.len() * 16);
    let mut ascii = String::from("{");
    if !is_ascii {
        writer.open(b'{');
    }
    for (index, token) in definition.vocab.iter().enumerate() {
        let text = texts.text_of(token)?;
        if is_ascii {
            ascii.push_str(if index > 0 { ", " } else { "" });
            push_ascii(&mut ascii, &text);
            ascii.push_str(": ");
            ascii.push_str(&token.id.to_string());
        } else {
            writer.member(&text);
            writer.number(token.id);
        }
    }
    if is_ascii {
        ascii.push('}');
        return Ok(ascii.into_bytes());
    }
    writer.close(b'}');
    Ok(writer.finish())
}

/// A string as Python's `json.dumps` writes it by default: whatever does not print in ASCII is
/// escaped.
fn push_ascii(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    out.push_str("\\u");
                    for shift in [12, 8, 4, 0] {
                        let digit = u32::from(*unit >> shift & 15);
                        out.extend(char::from_digit(digit, 16));
                    }
                }
            }
        }
    }
    out.push('"');
}
