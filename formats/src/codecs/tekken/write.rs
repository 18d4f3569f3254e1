//! A definition to the document.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::filler;
use super::read::implied;
use crate::added_token::AddedToken;
use crate::definition::Definition;
use crate::error::{Error, Result, show_bytes, show_text};
use crate::extra::TekkenLayout;
use crate::ranks;
use crate::special_tokens;

/// What is written for a tokenizer from another format: the last version whose readers ask for
/// nothing but tokens.
const VERSION: &str = "v7";

pub(super) fn write(definition: &Definition) -> Result<Vec<u8>> {
    ranks::check_by_rank(definition)?;
    let pattern = ranks::pattern_of(definition)?;
    let (special, _) = special_tokens::by_first_text(&definition.added_tokens);
    special_tokens::check(&special, &definition.vocab, "special_tokens")?;
    let offset = check_ids(definition, &special)?;
    let used = definition.vocab.len();

    let held = definition.extra.carried_by("tekken");
    let mut members = held.map_or_else(Map::new, |held| held.members.clone());
    let padding = match members.get_mut("vocab").map(Value::take) {
        Some(Value::Array(padding)) => padding,
        _ => Vec::new(),
    };
    let mut config = match members.remove("config") {
        Some(Value::Object(config)) => config,
        _ => Map::new(),
    };
    let size =
        |config: &Map<String, Value>| config.get("default_vocab_size").and_then(Value::as_u64);
    // Ranks of padding go on from those of the vocab.
    let padding = match size(&config) {
        Some(size) if size == u64::from(offset) + used as u64 => padding,
        _ => Vec::new(),
    };
    config.insert("pattern".to_owned(), pattern.into());
    let listed = used + padding.len();
    // Whatever a file says there that was read is kept while it has as many tokens.
    let is_as_read = held.is_some() && size(&config) == Some(u64::from(offset) + used as u64);
    if !is_as_read {
        config.insert("num_vocab_tokens".to_owned(), listed.into());
    }
    config.insert(
        "default_vocab_size".to_owned(),
        (offset as usize + used).into(),
    );
    config.insert("default_num_special_tokens".to_owned(), offset.into());
    if !config.contains_key("version") {
        config.insert("version".to_owned(), VERSION.into());
    }
    let mut document = Map::new();
    if held.is_none() {
        document.insert("config".to_owned(), Value::Null);
        document.insert("vocab".to_owned(), Value::Null);
    }
    // In the order that was read.
    for name in held.into_iter().flat_map(|held| held.members.keys()) {
        let value = members.get(name).cloned().unwrap_or_default();
        document.insert(name.clone(), value);
    }
    document.insert("config".to_owned(), Value::Object(config));
    if let Some(listed) = special_member(&document, &special) {
        document.insert("special_tokens".to_owned(), listed);
    }

    let mut writer = Layouter {
        out: Vec::with_capacity(listed * 96),
        layout: definition.extra.tekken.clone().unwrap_or_default(),
        depth: 0,
    };
    writer.document(&document, definition, &padding)?;
    if held.is_none_or(|held| held.has_final_newline) {
        writer.out.push(b'\n');
    }
    Ok(writer.out)
}

/// The number of special tokens, if the ids are such as the format has them.
fn check_ids(definition: &Definition, special: &[AddedToken]) -> Result<u32> {
    let refuse = |what: String| {
        Err(Error::unsupported(format!(
            "{what}; in tekken.json special tokens have the first ids, then come the 256 bytes in \
             their order, then the other tokens, without a gap"
        ))
        .with_hint("`bpekit edit reorder` gives a tokenizer such ids"))
    };
    let Some(first) = definition.vocab.iter().next() else {
        return refuse("there are no tokens".to_owned());
    };
    let offset = first.id;
    for (token, rank) in definition.vocab.iter().zip(0_u32..) {
        let is_in_place = token.id == offset + rank;
        let is_right = u8::try_from(rank).map_or(true, |byte| token.bytes == [byte]);
        if !is_in_place || !is_right || token.bytes.is_empty() {
            return refuse(format!(
                "token {} {} is at rank {rank}",
                token.id,
                show_bytes(token.bytes)
            ));
        }
    }
    if definition.vocab.len() < 256 {
        return refuse(format!("there are {} tokens", definition.vocab.len()));
    }
    let mut ids: Vec<u32> = special.iter().map(|token| token.id).collect();
    ids.sort_unstable();
    if let Some(token) = special.iter().find(|token| token.id >= offset) {
        return refuse(format!(
            "special token `{}` has id {}, and the first token {offset}",
            show_text(&token.content),
            token.id
        ));
    }
    let gap = (0..offset).zip(ids.iter().map(Some).chain(std::iter::repeat(None)));
    if let Some((id, _)) = gap.into_iter().find(|(id, held)| *held != Some(id)) {
        return refuse(format!("id {id} is of no token"));
    }
    Ok(offset)
}

/// `special_tokens`, unless the document says the same already.
fn special_member(document: &Map<String, Value>, special: &[AddedToken]) -> Option<Value> {
    let mut texts: Vec<&str> = vec![""; special.len()];
    for token in special {
        texts[token.id as usize] = &token.content;
    }
    while texts
        .last()
        .is_some_and(|text| *text == filler(texts.len() - 1))
    {
        texts.pop();
    }
    let held = document
        .get("special_tokens")
        .filter(|held| !held.is_null());
    let held_texts: Vec<&str> = match held {
        Some(held) => held
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item.get("token_str")?.as_str())
            .collect(),
        None if document.get("config").is_some_and(implied) => super::read::IMPLIED.to_vec(),
        None => Vec::new(),
    };
    let mut as_held = held_texts.clone();
    while as_held
        .last()
        .is_some_and(|text| *text == filler(as_held.len() - 1))
    {
        as_held.pop();
    }
    let is_said = held.is_some() || document.get("config").is_some_and(implied);
    if as_held == texts && is_said {
        return None;
    }
    let control: std::collections::HashMap<&str, bool> = held
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|item| {
            Some((
                item.get("token_str")?.as_str()?,
                item.get("is_control")?.as_bool()?,
            ))
        })
        .collect();
    let items = texts.iter().enumerate().map(|(rank, text)| {
        let is_control = control.get(text).copied().unwrap_or(true);
        json!({"rank": rank, "token_str": text, "is_control": is_control})
    });
    Some(items.collect())
}

/// Writes JSON in the layout that was read.
struct Layouter {
    out: Vec<u8>,
    layout: TekkenLayout,
    depth: usize,
}

impl Layouter {
    fn document(
        &mut self,
        document: &Map<String, Value>,
        definition: &Definition,
        padding: &[Value],
    ) -> Result<()> {
        self.open(b'{');
        for (index, (name, value)) in document.iter().enumerate() {
            self.item(index);
            self.name(name);
            if name == "vocab" {
                self.vocab(definition, padding)?;
            } else {
                self.value(value);
            }
        }
        self.close(b'}', !document.is_empty());
        Ok(())
    }

    fn vocab(&mut self, definition: &Definition, padding: &[Value]) -> Result<()> {
        self.open(b'[');
        let mut base64 = String::new();
        for (rank, token) in definition.vocab.iter().enumerate() {
            base64.clear();
            STANDARD.encode_string(token.bytes, &mut base64);
            self.entry(rank, &base64, std::str::from_utf8(token.bytes).ok());
        }
        let used = definition.vocab.len();
        for (index, item) in padding.iter().enumerate() {
            let base64 = item.as_str().unwrap_or_default();
            let bytes = STANDARD
                .decode(base64)
                .map_err(|_| Error::data("the padding is not base64"))?;
            self.entry(used + index, base64, std::str::from_utf8(&bytes).ok());
        }
        self.close(b']', true);
        Ok(())
    }

    fn entry(&mut self, rank: usize, base64: &str, text: Option<&str>) {
        self.item(rank);
        self.open(b'{');
        self.item(0);
        self.name("rank");
        self.out.extend_from_slice(rank.to_string().as_bytes());
        self.item(1);
        self.name("token_bytes");
        self.string(base64);
        self.item(2);
        self.name("token_str");
        match text {
            Some(text) => self.string(text),
            None => self.out.extend_from_slice(b"null"),
        }
        self.close(b'}', true);
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Array(items) => {
                self.open(b'[');
                for (index, item) in items.iter().enumerate() {
                    self.item(index);
                    self.value(item);
                }
                self.close(b']', !items.is_empty());
            }
            Value::Object(members) => {
                self.open(b'{');
                for (index, (name, value)) in members.iter().enumerate() {
                    self.item(index);
                    self.name(name);
                    self.value(value);
                }
                self.close(b'}', !members.is_empty());
            }
            Value::String(text) => self.string(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                self.out.extend_from_slice(value.to_string().as_bytes());
            }
        }
    }

    fn open(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.depth += 1;
    }

    fn close(&mut self, bracket: u8, has_items: bool) {
        self.depth -= 1;
        if has_items {
            self.line();
        }
        self.out.push(bracket);
    }

    fn item(&mut self, index: usize) {
        if index > 0 {
            self.out.push(b',');
            if self.layout.indent.is_none() && self.layout.is_spaced {
                self.out.push(b' ');
            }
        }
        self.line();
    }

    fn line(&mut self) {
        if let Some(indent) = self.layout.indent {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + indent * self.depth, b' ');
        }
    }

    fn name(&mut self, name: &str) {
        self.string(name);
        self.out.push(b':');
        if self.layout.is_spaced {
            self.out.push(b' ');
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push(b'"');
        for character in text.chars() {
            let escape = match character {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\u{8}' => "\\b",
                '\u{c}' => "\\f",
                '\0'..='\u{1f}' => {
                    self.escaped(character);
                    continue;
                }
                '\u{7f}' if self.layout.escapes_delete => {
                    self.escaped(character);
                    continue;
                }
                other if self.layout.is_ascii && !other.is_ascii() => {
                    self.escaped(other);
                    continue;
                }
                other => {
                    let mut bytes = [0; 4];
                    self.out
                        .extend_from_slice(other.encode_utf8(&mut bytes).as_bytes());
                    continue;
                }
            };
            self.out.extend_from_slice(escape.as_bytes());
        }
        self.out.push(b'"');
    }

    fn escaped(&mut self, character: char) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            self.out.extend_from_slice(b"\\u");
            for shift in [12, 8, 4, 0] {
                self.out.push(DIGITS[usize::from(*unit >> shift & 15)]);
            }
        }
    }
}
