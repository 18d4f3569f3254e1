//! A definition to the metadata of a file without weights.

use std::collections::{BTreeMap, HashSet};

use foldhash::fast::RandomState;

use super::frame::frame_of;
use super::keys;
use super::kv::{self, kind};
use super::pre::{self, Pre};
use super::read::pres_of;
use super::types::{Class, Classes, UNUSED};
use super::{characters, read};
use crate::byte_alphabet;
use crate::definition::{Atoms, Definition, Merges, Part, Role};
use crate::error::{Error, Result, show_text};
use crate::extra::{GgufDocument, GgufEntry};
use crate::limits::ReadOptions;
use crate::vocab::{Token, TokenId, TokenKind};

/// More ids without a token than this are not filled up.
const HOLE_LIMIT: u64 = 1 << 20;

/// Writes the file.
pub(super) fn write(definition: &Definition) -> Result<Vec<u8>> {
    check_options(definition)?;
    let blank = GgufDocument::default();
    let held = definition.extra.gguf.as_ref().unwrap_or(&blank);
    let pre = match definition.atoms {
        Atoms::Bytes => Some(pre_of(definition)?),
        Atoms::Characters if definition.extra.gguf.is_some() => None,
        Atoms::Characters => return Err(not_bytes()),
    };
    let texts = token_texts(definition)?;
    let members = Members {
        definition,
        held,
        texts: &texts,
        pre,
    };
    let mut values = members.values()?;
    let mut pairs: Vec<(&str, Value<'_>)> = Vec::new();
    if held.entries.is_empty() {
        // llama.cpp needs the name of an architecture, and looks at nothing else of it here.
        pairs.push((keys::ARCHITECTURE, Value::Text("llama")));
        if let Some(name) = &definition.name {
            pairs.push((keys::NAME, Value::Text(name)));
        }
    }
    for entry in &held.entries {
        let key = entry.key.as_str();
        if key.starts_with(keys::SPLIT) {
            continue;
        }
        match values.iter().position(|(managed, _)| *managed == key) {
            Some(at) => pairs.extend(values[at].1.take().map(|value| (key, value))),
            None => pairs.push((key, Value::Held(entry))),
        }
    }
    let rest = values.into_iter();
    pairs.extend(rest.filter_map(|(key, value)| Some((key, value?))));
    let bytes = bytes_of(&pairs, texts.len());
    if definition.atoms == Atoms::Characters {
        check_characters(definition, &bytes)?;
    }
    Ok(bytes)
}

fn bytes_of(pairs: &[(&str, Value<'_>)], count: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(count * 64);
    kv::write_header(pairs.len(), &mut out);
    for (key, value) in pairs {
        value.write(key, &mut out);
    }
    out
}

fn not_bytes() -> Error {
    Error::unsupported(
        "the tokens are made of characters, not bytes; only byte-level tokenizers are written",
    )
    .with_hint("keep it as tokenizer.json")
}

/// What such a file says of characters is made anew from its scores; what has been changed since
/// cannot be said.
fn check_characters(definition: &Definition, bytes: &[u8]) -> Result<()> {
    let again = read::read(bytes, &ReadOptions::default())?;
    if again.says_the_same(definition) {
        return Ok(());
    }
    Err(Error::unsupported(
        "a tokenizer of characters was changed since it was read; its scores cannot say the change",
    )
    .with_hint("write it as tokenizer.json"))
}

/// Settings of the model that the format has no place for.
fn check_options(definition: &Definition) -> Result<()> {
    let options = &definition.options;
    let fail = |name: &str| {
        Err(Error::unsupported(format!(
            "the model has `{name}`; llama.cpp knows nothing of the kind"
        )))
    };
    if options.dropout.is_some_and(|chance| chance > 0.0) {
        return fail("dropout");
    }
    if !options.continuing_subword_prefix.is_empty() {
        return fail("continuing_subword_prefix");
    }
    if !options.end_of_word_suffix.is_empty() {
        return fail("end_of_word_suffix");
    }
    Ok(())
}

/// The name that cuts as the definition does: the one it was read with, if that is one of several.
fn pre_of(definition: &Definition) -> Result<&str> {
    let held = held_text(definition.extra.gguf.as_ref(), keys::PRE);
    if definition.missing.contains(&Part::Pattern) {
        // A name that is not known can be written as it was read.
        return held.ok_or_else(|| {
            Error::missing("the split pattern is not known; the format needs the name of one")
        });
    }
    let mut fitting = pres_of(definition.pretokenizer.as_ref());
    fitting.extend(nearest(definition));
    fitting.retain(|pre| pre.ignore_merges == definition.options.ignore_merges);
    let names = fitting.iter().flat_map(|pre| pre.names);
    let as_held = names.clone().find(|name| Some(**name) == held);
    let found = as_held.or_else(|| names.clone().next());
    found.copied().ok_or_else(|| no_pre(definition))
}

/// What comes near to the definition's splits: those of models whose own splits they are.
pub(super) fn nearest(definition: &Definition) -> Vec<&'static Pre> {
    let stages = definition.pretokenizer.as_ref().and_then(pre::stages_of);
    let is_of = |pre: &&Pre| {
        // Most have no splits that llama.cpp rewrote.
        !pre.original.is_empty()
            && stages
                .as_ref()
                .is_some_and(|stages| pre::same_stages(pre.original, stages))
    };
    pre::PRES.iter().filter(is_of).collect()
}

fn no_pre(definition: &Definition) -> Error {
    let mut cuts_alike = pres_of(definition.pretokenizer.as_ref());
    cuts_alike.extend(nearest(definition));
    let (wanted, held) = if definition.options.ignore_merges {
        ("looked up whole", "merged")
    } else {
        ("merged", "looked up whole")
    };
    match cuts_alike.first().and_then(|pre| pre.names.first()) {
        Some(name) => Error::unsupported(format!(
            "pretokens that are tokens are {wanted}, and under `{name}`, as llama.cpp calls this \
             split, they are {held}"
        )),
        None => Error::unsupported(
            "text is cut in a way that llama.cpp has no name for; a GGUF file holds a name alone",
        ),
    }
    .with_hint("choose a format that carries patterns, as `hf-json`")
}

fn held_text<'d>(document: Option<&'d GgufDocument>, key: &str) -> Option<&'d str> {
    let entry = document?.entries.iter().find(|entry| entry.key == key)?;
    if entry.kind != kind::STRING {
        return None;
    }
    std::str::from_utf8(entry.value.get(8..)?).ok()
}

/// The texts of all ids up to the largest, and where there is no token, nothing.
fn token_texts(definition: &Definition) -> Result<Vec<Option<String>>> {
    let bound = definition.id_bound();
    let mut count = definition.vocab.len() as u64;
    let is_new = |id: TokenId| definition.vocab.position(id).is_none();
    count += definition
        .added_tokens
        .iter()
        .filter(|token| is_new(token.id))
        .count() as u64;
    if bound.saturating_sub(count) > HOLE_LIMIT {
        return Err(Error::unsupported(format!(
            "{} ids have no token; a GGUF file has one for each",
            bound - count
        )));
    }
    let mut texts: Vec<Option<String>> = vec![None; bound as usize];
    for token in definition.vocab.iter() {
        texts[token.id as usize] = Some(text_of(definition.atoms, token)?);
    }
    for token in &definition.added_tokens {
        let held = texts[token.id as usize].get_or_insert_with(|| token.content.clone());
        if *held != token.content {
            return Err(Error::unsupported(format!(
                "id {} is both `{}` and `{}`; a GGUF file has one text for each",
                token.id,
                show_text(held),
                show_text(&token.content)
            )));
        }
    }
    let mut seen: HashSet<&str, RandomState> = HashSet::default();
    for (id, text) in texts.iter().enumerate() {
        let Some(text) = text else { continue };
        if text.is_empty() || !seen.insert(text) {
            let what = if text.is_empty() {
                "is empty, which a GGUF file cannot hold".to_owned()
            } else {
                format!("`{}` is also that of another token", show_text(text))
            };
            return Err(Error::unsupported(format!("the text of id {id} {what}")));
        }
    }
    Ok(texts)
}

fn text_of(atoms: Atoms, token: Token<'_>) -> Result<String> {
    if atoms == Atoms::Bytes && token.kind == TokenKind::Ordinary {
        return Ok(byte_alphabet::encode(token.bytes));
    }
    let text = std::str::from_utf8(token.bytes).map_err(|_| {
        Error::unsupported(format!(
            "token {} is not UTF-8; a GGUF file cannot hold it",
            token.id
        ))
    })?;
    let would_be_bytes = token.kind == TokenKind::Literal
        && text
            .chars()
            .all(|character| byte_alphabet::to_byte(character).is_some());
    if would_be_bytes {
        return Err(Error::unsupported(format!(
            "literal token {} `{}` would be read back as an ordinary one",
            token.id,
            show_text(text)
        )));
    }
    Ok(text.to_owned())
}

/// The texts of tokens that llama.cpp classes otherwise than the definition does: those that merges
/// make and it looks for, and added ones of which it decides by itself whether they are special.
pub(super) fn changed_classes(definition: &Definition) -> (Vec<&str>, Vec<&str>) {
    let added: HashSet<TokenId, RandomState> = definition
        .added_tokens
        .iter()
        .map(|token| token.id)
        .collect();
    let merged = definition.vocab.iter().filter_map(|token| {
        // In the file other bytes have other texts than their own.
        let has_its_text = token.kind == TokenKind::Literal || token.bytes.is_ascii();
        if added.contains(&token.id) || !has_its_text {
            return None;
        }
        Some((std::str::from_utf8(token.bytes).ok()?, Class::Merged))
    });
    let looked_for = definition.added_tokens.iter().map(|token| {
        let class = if token.is_special {
            Class::Special
        } else {
            Class::Plain
        };
        (token.content.as_str(), class)
    });
    let has = |text: &str| {
        definition.vocab.id_of(text.as_bytes()).is_some()
            || definition.vocab.id_of_literal(text).is_some()
            || definition
                .added_tokens
                .iter()
                .any(|token| token.content == text)
    };
    let classes = Classes::new(&definition.roles, has);
    let differs = |text: &str, class| classes.class(classes.kind(class, text, None), text) != class;
    let is_changed = |(text, class): &(&str, Class)| differs(text, *class);
    (
        merged.filter(is_changed).map(|(text, _)| text).collect(),
        looked_for
            .filter(is_changed)
            .map(|(text, _)| text)
            .collect(),
    )
}

/// The parts of a definition as values of keys.
struct Members<'d> {
    definition: &'d Definition,
    held: &'d GgufDocument,
    texts: &'d [Option<String>],
    /// None for characters.
    pre: Option<&'d str>,
}

enum Value<'d> {
    Text(&'d str),
    Flag(bool),
    Id(TokenId),
    Texts(&'d [Option<String>]),
    Kinds(Vec<i32>),
    Merges(Vec<(&'d str, &'d str)>),
    Held(&'d GgufEntry),
}

impl<'d> Members<'d> {
    /// Every key that the definition decides, in the order of llama.cpp's converter; without a
    /// value it is left out.
    fn values(&self) -> Result<Vec<(&'static str, Option<Value<'d>>)>> {
        let definition = self.definition;
        let frame = frame_of(definition);
        let mut roles = definition.roles.clone();
        let framed = frame.map_or([None; 2], |frame| [frame.bos, frame.eos]);
        for (role, id) in [Role::Bos, Role::Eos].into_iter().zip(framed) {
            let is_implied = definition.atoms == Atoms::Characters
                && characters::IMPLIED.contains(&(role, id.unwrap_or_default()));
            if let Some(id) = id.filter(|_| !is_implied) {
                roles.entry(role).or_insert(id);
            }
        }
        // Characters are written as they were read alone.
        let model = match definition.atoms {
            Atoms::Bytes => "gpt2",
            Atoms::Characters => held_text(Some(self.held), keys::MODEL).unwrap_or("llama"),
        };
        let mut values = vec![
            (keys::MODEL, Some(Value::Text(model))),
            (keys::PRE, self.pre()),
            (keys::TOKENS, Some(Value::Texts(self.texts))),
            (keys::TOKEN_TYPE, Some(Value::Kinds(self.kinds(&roles)))),
        ];
        if definition.atoms == Atoms::Bytes || self.held(keys::MERGES).is_some() {
            values.push((keys::MERGES, Some(Value::Merges(self.merges()?))));
        }
        for (role, key) in keys::ROLES.iter().chain(keys::OLD_ROLES) {
            values.push((key, self.role(*role, key, &roles)));
        }
        for (key, is_added) in [
            (
                keys::ADD_BOS,
                frame.is_some_and(|frame| frame.bos.is_some()),
            ),
            (
                keys::ADD_EOS,
                frame.is_some_and(|frame| frame.eos.is_some()),
            ),
        ] {
            values.push((key, self.flag(key, is_added)));
        }
        let template = definition.chat_template.as_deref();
        values.push((keys::CHAT_TEMPLATE, template.map(Value::Text)));
        Ok(values)
    }

    fn held(&self, key: &str) -> Option<&'d GgufEntry> {
        self.held.entries.iter().find(|entry| entry.key == key)
    }

    /// A file that has no name, and needs none, gets none.
    fn pre(&self) -> Option<Value<'d>> {
        let Some(name) = self.pre else {
            return self.held(keys::PRE).map(Value::Held);
        };
        let held = self.held(keys::PRE);
        let is_default = name == pre::DEFAULT && !self.held.entries.is_empty();
        let is_silent = held.is_none_or(|entry| entry.value.len() == 8);
        match (is_default && is_silent, held) {
            (true, held) => held.map(Value::Held),
            (false, _) => Some(Value::Text(name)),
        }
    }

    /// An id as it was, if it is the same; under an old key where that is what the file has.
    fn role(&self, role: Role, key: &str, roles: &BTreeMap<Role, TokenId>) -> Option<Value<'d>> {
        let id = roles.get(&role)?;
        let old = keys::OLD_ROLES.iter().find(|(old, _)| *old == role);
        let has = |key: &str| self.held(key).is_some();
        let is_old = old.is_some_and(|(_, old)| *old == key);
        let is_under_old = old.is_some_and(|(_, old)| has(old)) && !has(key);
        match self.held(key) {
            Some(entry) if id_of(entry) == Some(u64::from(*id)) => Some(Value::Held(entry)),
            None if is_old || is_under_old => None,
            _ => Some(Value::Id(*id)),
        }
    }

    /// Whether a token is put around a text; nothing where a file said nothing and meant the same.
    fn flag(&self, key: &str, is_added: bool) -> Option<Value<'d>> {
        let adds = match self.pre {
            Some(name) => pre::by_name(name).is_some_and(|pre| pre.add_bos),
            None => true,
        };
        let default = key == keys::ADD_BOS && adds;
        let is_silent = !self.held.entries.is_empty() && self.held(key).is_none();
        (!is_silent || is_added != default).then_some(Value::Flag(is_added))
    }

    fn kinds(&self, roles: &BTreeMap<Role, TokenId>) -> Vec<i32> {
        let has: HashSet<&str, RandomState> =
            self.texts.iter().flatten().map(String::as_str).collect();
        let classes = Classes::new(roles, |text| has.contains(text));
        let mut wanted = vec![Class::Merged; self.texts.len()];
        for token in &self.definition.added_tokens {
            wanted[token.id as usize] = if token.is_special {
                Class::Special
            } else {
                Class::Plain
            };
        }
        let held = self.held(keys::TOKEN_TYPE);
        let held_kind = |id: usize| {
            let bytes = held?.value.get(12 + id * 4..)?;
            bytes.first_chunk().map(|bytes| i32::from_le_bytes(*bytes))
        };
        let texts = self.texts.iter().zip(wanted).enumerate();
        texts
            .map(|(id, (text, class))| match text {
                Some(text) => classes.kind(class, text, held_kind(id)),
                None => UNUSED,
            })
            .collect()
    }

    fn merges(&self) -> Result<Vec<(&'d str, &'d str)>> {
        let Merges::Listed(merges) = &self.definition.merges else {
            return Err(Error::missing(
                "the definition has ranks; the format needs a list of merges",
            ));
        };
        let text = |id: TokenId| {
            let text = self.texts.get(id as usize).and_then(Option::as_deref);
            text.ok_or_else(|| {
                Error::data(format!("a merge names token id {id}, which is not there"))
            })
        };
        let mut pairs = Vec::with_capacity(merges.len());
        for merge in merges {
            let (left, right, product) =
                (text(merge.left)?, text(merge.right)?, text(merge.product)?);
            if left.contains(' ') || right.contains(' ') {
                return Err(Error::unsupported(format!(
                    "the merge of `{}` and `{}` has a space in it, which the format has between them",
                    show_text(left),
                    show_text(right)
                )));
            }
            if product.strip_prefix(left) != Some(right) {
                return Err(Error::data(format!(
                    "the merge of `{}` and `{}` makes `{}`; the format can only join the two",
                    show_text(left),
                    show_text(right),
                    show_text(product)
                )));
            }
            pairs.push((left, right));
        }
        Ok(pairs)
    }
}

fn id_of(entry: &GgufEntry) -> Option<u64> {
    let entry = kv::Entry {
        key: &entry.key,
        kind: entry.kind,
        value: &entry.value,
    };
    entry.id().ok()
}

impl Value<'_> {
    fn write(&self, key: &str, out: &mut Vec<u8>) {
        let kind = match self {
            Self::Text(_) => kind::STRING,
            Self::Flag(_) => kind::BOOL,
            Self::Id(_) => kind::U32,
            Self::Texts(_) | Self::Kinds(_) | Self::Merges(_) => kind::ARRAY,
            Self::Held(entry) => entry.kind,
        };
        kv::write_key(key, kind, out);
        match self {
            Self::Text(text) => kv::write_text(text, out),
            Self::Flag(flag) => out.push(u8::from(*flag)),
            Self::Id(id) => out.extend_from_slice(&id.to_le_bytes()),
            Self::Texts(texts) => {
                kv::write_array_head(kind::STRING, texts.len(), out);
                for (id, text) in texts.iter().enumerate() {
                    match text {
                        Some(text) => kv::write_text(text, out),
                        None => kv::write_text(&padding_name(id), out),
                    }
                }
            }
            Self::Kinds(kinds) => {
                kv::write_array_head(kind::I32, kinds.len(), out);
                out.extend(kinds.iter().flat_map(|kind| kind.to_le_bytes()));
            }
            Self::Merges(pairs) => {
                kv::write_array_head(kind::STRING, pairs.len(), out);
                let mut joined = String::new();
                for (left, right) in pairs {
                    joined.clear();
                    joined.extend([left, " ", right]);
                    kv::write_text(&joined, out);
                }
            }
            Self::Held(entry) => out.extend_from_slice(&entry.value),
        }
    }
}

/// What llama.cpp's converter calls an id without a token.
fn padding_name(id: usize) -> String {
    format!("[PAD{id}]")
}
