//! A definition to tokenizer.json: the two arrays of any version, and the rest of version 1.0 in
//! the form that `tokenizers` 0.23 writes.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::read::{read_added_tokens, read_options};
use super::texts::Texts;
use crate::added_token::{self, AddedToken};
use crate::definition::{Atoms, Definition, Merge, Merges, ModelOptions};
use crate::error::{Error, Result, show_text};
use crate::extra::JsonDocument;
use crate::json::Writer;
use crate::limits::Limits;
use crate::pipeline::{Dialect, Needle, Normalizer, Pretokenizer};
use crate::pipeline_json::{
    read_decoder, read_normalizer, read_post_processor, read_pretokenizer, write_decoder,
    write_normalizer, write_post_processor, write_pretokenizer,
};

/// Writes a document of version 1.0.
pub(crate) fn write(definition: &Definition) -> Result<Vec<u8>> {
    listed_merges(definition)?;
    check_dialects(definition)?;
    check_atoms(definition)?;
    check_added_tokens(definition)?;
    render(definition, &document_of(definition)?, loses_ids(definition))
}

/// Refuses added tokens that contradict one another or the vocab.
pub(crate) fn check_added_tokens(definition: &Definition) -> Result<()> {
    let texts = Texts {
        vocab: &definition.vocab,
        atoms: definition.atoms,
    };
    added_token::check(&definition.added_tokens, &texts, |position| {
        format!("added_tokens[{position}]")
    })
}

fn listed_merges(definition: &Definition) -> Result<&[Merge]> {
    let Merges::Listed(merges) = &definition.merges else {
        return Err(Error::missing(
            "the definition has ranks; the format needs a list of merges",
        ));
    };
    Ok(merges)
}

/// A document with the two arrays in their places; all added tokens stand in the vocab if so
/// wanted.
pub(crate) fn render(
    definition: &Definition,
    document: &JsonDocument,
    with_added: bool,
) -> Result<Vec<u8>> {
    let merges = listed_merges(definition)?;
    let tokens = token_texts(definition, with_added)?;
    let merges = merge_texts(definition, merges, &tokens)?;
    let unjoinable = merges.iter().find(|merge| needs_pair(merge));
    if let (true, Some((left, right))) = (definition.extra.string_merges, unjoinable) {
        return Err(Error::unsupported(format!(
            "the merge of {left:?} and {right:?} cannot be one string; it is told from another, or \
             from a comment, as a pair alone"
        ))
        .with_hint("leave string merges out: tokenizers from 0.20 on reads pairs"));
    }
    let wants_pairs = document.has_merge_pairs && !definition.extra.string_merges;
    let as_pairs = wants_pairs || unjoinable.is_some();

    let size = definition.vocab.len() * 32 + merges.len() * if as_pairs { 64 } else { 32 };
    let mut writer = Writer::new(document.is_pretty, size);
    writer.open(b'{');
    for (name, value) in &document.members {
        writer.member(name);
        match (name.as_str(), value) {
            ("model", Value::Object(model)) => {
                write_model(&mut writer, model, &tokens, &merges, as_pairs);
            }
            _ => writer.value(value),
        }
    }
    writer.close(b'}');
    let mut bytes = writer.finish();
    if document.has_final_newline {
        bytes.push(b'\n');
    }
    Ok(bytes)
}

fn write_model(
    writer: &mut Writer,
    model: &Map<String, Value>,
    tokens: &[(u32, Cow<'_, str>)],
    merges: &[(&str, &str)],
    as_pairs: bool,
) {
    writer.open(b'{');
    for (name, value) in model {
        writer.member(name);
        match name.as_str() {
            "vocab" => {
                writer.open(b'{');
                for (id, text) in tokens {
                    writer.member(text);
                    writer.number(*id);
                }
                writer.close(b'}');
            }
            "merges" => write_merges(writer, merges, as_pairs),
            _ => writer.value(value),
        }
    }
    writer.close(b'}');
}

fn write_merges(writer: &mut Writer, merges: &[(&str, &str)], as_pairs: bool) {
    let mut joined = String::new();
    writer.open(b'[');
    for (left, right) in merges {
        writer.element();
        if as_pairs {
            writer.open(b'[');
            writer.element();
            writer.string(left);
            writer.element();
            writer.string(right);
            writer.close(b']');
        } else {
            joined.clear();
            joined.extend([left, " ", right]);
            writer.string(&joined);
        }
    }
    writer.close(b']');
}

/// The two texts of each merge.
fn merge_texts<'a>(
    definition: &Definition,
    merges: &[Merge],
    tokens: &'a [(u32, Cow<'_, str>)],
) -> Result<Vec<(&'a str, &'a str)>> {
    let text_of = |id: u32| {
        let dense = tokens.get(id as usize).filter(|(held, _)| *held == id);
        let found = dense.or_else(|| {
            let position = tokens.binary_search_by_key(&id, |(held, _)| *held).ok()?;
            tokens.get(position)
        });
        found.map(|(_, text)| &**text).ok_or_else(|| {
            Error::data(format!(
                "a merge names token id {id}, which is not in the vocab"
            ))
        })
    };
    // The format leaves the product to be found by its text. With a prefix that text is not the
    // joined one, and such a definition was read from this very format.
    let has_prefix = !definition.options.continuing_subword_prefix.is_empty();
    let pair = |merge: &Merge| {
        let (left, right, product) = (
            text_of(merge.left)?,
            text_of(merge.right)?,
            text_of(merge.product)?,
        );
        if has_prefix || product.strip_prefix(left) == Some(right) {
            return Ok((left, right));
        }
        Err(Error::data(format!(
            "the merge of `{}` and `{}` makes `{}`; the format can only join the two",
            show_text(left),
            show_text(right),
            show_text(product)
        )))
    };
    merges.iter().map(pair).collect()
}

/// A merge as a string cannot hold a part with a space, and tokenizers takes a string that starts
/// with `#version` for a comment.
fn needs_pair((left, right): &(&str, &str)) -> bool {
    left.contains(' ') || right.contains(' ') || left.starts_with("#version")
}

/// The format says by its pretokenizer whether the texts of the vocab stand for bytes.
fn check_atoms(definition: &Definition) -> Result<()> {
    let has_byte_level = definition
        .pretokenizer
        .as_ref()
        .is_some_and(Pretokenizer::has_byte_level);
    match (definition.atoms, has_byte_level) {
        (Atoms::Bytes, false) => Err(Error::missing(
            "the vocab is of bytes; the format needs a `ByteLevel` pretokenizer",
        )),
        (Atoms::Characters, true) => Err(Error::missing(
            "the vocab is of characters, and the pretokenizer has a `ByteLevel`",
        )),
        _ => Ok(()),
    }
}

/// Every entry of `model.vocab` with its text, in the order of ids.
fn token_texts(definition: &Definition, with_added: bool) -> Result<Vec<(u32, Cow<'_, str>)>> {
    let texts = Texts {
        vocab: &definition.vocab,
        atoms: definition.atoms,
    };
    let mut entries: Vec<(u32, Cow<'_, str>)> = definition
        .vocab
        .iter()
        .map(|token| Ok((token.id, texts.text_of(token)?)))
        .collect::<Result<_>>()?;
    if with_added {
        let absent = definition
            .added_tokens
            .iter()
            .filter(|token| !is_in_vocab(definition, token));
        entries.extend(absent.map(|token| (token.id, Cow::Borrowed(token.content.as_str()))));
        entries.sort_by_key(|(id, _)| *id);
    }
    Ok(entries)
}

/// Whether `tokenizers` would give an added token another id: it ignores the id in the file, and
/// counts on from the vocab and the tokens added before, unless the text is in the vocab
/// (`tokenizer/added_vocabulary.rs`, `add_tokens`).
fn loses_ids(definition: &Definition) -> bool {
    let vocab_len = definition.vocab.len() as u64;
    let mut highest: Option<u64> = None;
    for token in &definition.added_tokens {
        if !is_in_vocab(definition, token) {
            let given = match highest {
                Some(highest) if highest >= vocab_len || vocab_len == 0 => highest + 1,
                _ => vocab_len,
            };
            if given != u64::from(token.id) {
                return true;
            }
        }
        highest = highest.max(Some(u64::from(token.id)));
    }
    false
}

/// Whether tokenizers 1.0 would give an added token another id: it takes them in the order of
/// their ids and counts on from the vocab, unless the text is in the vocab (tk-encode
/// `vocab/bucket_added_vocabulary.rs`, `add_tokens`).
pub(crate) fn renders_all_added(definition: &Definition) -> bool {
    let mut absent: Vec<u32> = definition
        .added_tokens
        .iter()
        .filter(|token| !is_in_vocab(definition, token))
        .map(|token| token.id)
        .collect();
    absent.sort_unstable();
    let given = (definition.vocab.len() as u64)..;
    absent
        .into_iter()
        .zip(given)
        .any(|(id, given)| u64::from(id) != given)
}

fn is_in_vocab(definition: &Definition, token: &AddedToken) -> bool {
    // The added tokens were checked: the token of their id, if there is one, is theirs.
    definition.vocab.position(token.id).is_some()
}

/// The document to write: the one that was read, with the members written anew whose meaning has
/// changed since.
fn document_of(definition: &Definition) -> Result<JsonDocument> {
    let extra = &definition.extra;
    let held = extra.json.clone();
    let mut document = held.unwrap_or_else(|| blank_document(extra.json_2.as_ref()));
    let members = &mut document.members;

    let limits = Limits {
        added_token_count: u64::MAX,
        ..Limits::default()
    };
    let held = members.get("added_tokens").filter(|value| !value.is_null());
    if read_added_tokens(held, &limits).ok().as_ref() != Some(&definition.added_tokens) {
        let tokens: Vec<Value> = definition
            .added_tokens
            .iter()
            .map(added_token_json)
            .collect();
        members.insert("added_tokens".to_owned(), Value::Array(tokens));
    }
    put(
        members,
        "normalizer",
        definition.normalizer.as_ref(),
        read_normalizer,
        write_normalizer,
    )?;
    put(
        members,
        "pre_tokenizer",
        definition.pretokenizer.as_ref(),
        read_pretokenizer,
        write_pretokenizer,
    )?;
    put(
        members,
        "post_processor",
        definition.post_processor.as_ref(),
        read_post_processor,
        write_post_processor,
    )?;
    put(
        members,
        "decoder",
        definition.decoder.as_ref(),
        read_decoder,
        write_decoder,
    )?;

    if !matches!(members.get("model"), Some(Value::Object(_))) {
        members.insert("model".to_owned(), Value::Object(Map::new()));
    }
    if let Some(Value::Object(model)) = members.get_mut("model") {
        put_options(model, &definition.options)?;
        for name in ["vocab", "merges"] {
            model.entry(name).or_insert(Value::Null);
        }
    }
    Ok(document)
}

/// Puts a part into the document, unless what stands there already says it.
fn put<T: PartialEq>(
    members: &mut Map<String, Value>,
    name: &str,
    part: Option<&T>,
    read: fn(&Value, &str) -> Result<T>,
    write: fn(&T) -> Result<Value>,
) -> Result<()> {
    let held = match members.get(name) {
        None | Some(Value::Null) => None,
        Some(value) => read(value, name).ok(),
    };
    if held.as_ref() != part {
        let value = part
            .map(write)
            .transpose()
            .map_err(|error| error.at_json(name))?;
        members.insert(name.to_owned(), value.unwrap_or(Value::Null));
    } else if !members.contains_key(name) {
        members.insert(name.to_owned(), Value::Null);
    }
    Ok(())
}

fn put_options(model: &mut Map<String, Value>, options: &ModelOptions) -> Result<()> {
    if !model.is_empty() && read_options(model)? == *options {
        return Ok(());
    }
    let text = |text: &str| {
        if text.is_empty() {
            Value::Null
        } else {
            text.into()
        }
    };
    let written = [
        ("type", json!("BPE")),
        ("dropout", json!(options.dropout)),
        ("unk_token", json!(options.unk_token)),
        (
            "continuing_subword_prefix",
            text(&options.continuing_subword_prefix),
        ),
        ("end_of_word_suffix", text(&options.end_of_word_suffix)),
        ("fuse_unk", json!(options.fuse_unk)),
        ("byte_fallback", json!(options.byte_fallback)),
        ("ignore_merges", json!(options.ignore_merges)),
    ];
    let is_new = model.is_empty();
    for (name, value) in written {
        // Members that an old file lacks and that say nothing new stay away.
        let is_silent = matches!(value, Value::Null | Value::Bool(false));
        if is_new || model.contains_key(name) || !is_silent {
            model.insert(name.to_owned(), value);
        }
    }
    Ok(())
}

/// An added token as every version has it.
pub(crate) fn added_token_json(token: &AddedToken) -> Value {
    json!({
        "id": token.id,
        "content": token.content,
        "single_word": token.single_word,
        "lstrip": token.lstrip,
        "rstrip": token.rstrip,
        "normalized": token.normalized,
        "special": token.is_special,
    })
}

/// The members in the order of `tokenizers` (`tokenizer/serialization.rs`). Merges are strings:
/// every version of tokenizers reads them, pairs need 0.20. Truncation and padding say the same in
/// version 2.0.
fn blank_document(second: Option<&JsonDocument>) -> JsonDocument {
    let mut members = Map::new();
    members.insert("version".to_owned(), json!("1.0"));
    for name in ["truncation", "padding"] {
        let held = second.and_then(|second| second.members.get(name));
        members.insert(name.to_owned(), held.cloned().unwrap_or(Value::Null));
    }
    members.insert("added_tokens".to_owned(), json!([]));
    for name in ["normalizer", "pre_tokenizer", "post_processor", "decoder"] {
        members.insert(name.to_owned(), Value::Null);
    }
    members.insert("model".to_owned(), Value::Object(Map::new()));
    JsonDocument {
        members,
        is_pretty: true,
        has_merge_pairs: false,
        has_final_newline: false,
    }
}

/// The format speaks Oniguruma; a pattern of another dialect would be read differently.
fn check_dialects(definition: &Definition) -> Result<()> {
    fn check(needle: &Needle) -> Result<()> {
        match needle {
            Needle::Regex(pattern) if pattern.dialect != Dialect::Oniguruma => Err(Error::missing(
                "a pattern is not in the dialect of tokenizers",
            )),
            _ => Ok(()),
        }
    }
    fn check_pretokenizer(step: &Pretokenizer) -> Result<()> {
        match step {
            Pretokenizer::Split { needle, .. } => check(needle),
            Pretokenizer::Sequence(steps) => steps.iter().try_for_each(check_pretokenizer),
            _ => Ok(()),
        }
    }
    fn check_normalizer(step: &Normalizer) -> Result<()> {
        match step {
            Normalizer::Replace { needle, .. } => check(needle),
            Normalizer::Sequence(steps) => steps.iter().try_for_each(check_normalizer),
            _ => Ok(()),
        }
    }
    definition
        .pretokenizer
        .as_ref()
        .map_or(Ok(()), check_pretokenizer)?;
    definition
        .normalizer
        .as_ref()
        .map_or(Ok(()), check_normalizer)
}
