//! JSON read strictly and written the way `tokenizers` writes it.
//!
//! Parsing is `serde_json`'s, through visitors that refuse what it would let pass: a member given
//! twice. Errors carry the path of the member (`model.merges[3]`) or, for broken syntax, line and
//! column. Writing is by hand because two of the arrays of a tokenizer.json are not kept as
//! `Value`s; its output is that of `serde_json`'s compact and pretty printers.

pub(crate) mod items;
pub(crate) mod start;

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::{Error, Location, Result, show_text};

/// What a parse carries along: where it is, and what it found wrong.
#[derive(Default)]
pub(crate) struct Context {
    path: RefCell<Vec<Step>>,
    problem: RefCell<Option<Error>>,
    depth: Cell<u64>,
    nesting_limit: u64,
}

/// One step of a JSON path.
enum Step {
    Member(String),
    Index(usize),
}

impl Context {
    pub(crate) fn new(nesting_limit: u64) -> Self {
        Self {
            nesting_limit,
            ..Self::default()
        }
    }

    /// Runs `work` one level deeper. The step stays on the path if `work` fails, so that the
    /// error knows where it is.
    pub(crate) fn member<T, E>(
        &self,
        name: &str,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.path.borrow_mut().push(Step::Member(name.to_owned()));
        let value = work()?;
        self.path.borrow_mut().pop();
        Ok(value)
    }

    fn index<T, E>(&self, index: usize, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.path.borrow_mut().push(Step::Index(index));
        let value = work()?;
        self.path.borrow_mut().pop();
        Ok(value)
    }

    /// Runs `work` inside one more array or object, within the limit of nesting.
    pub(crate) fn deeper<T, E: serde::de::Error>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.depth.set(self.depth.get() + 1);
        if self.depth.get() > self.nesting_limit {
            return Err(self.fail(Error::limit(
                "nesting of the document",
                self.depth.get(),
                self.nesting_limit,
                "nesting",
            )));
        }
        let value = work()?;
        self.depth.set(self.depth.get() - 1);
        Ok(value)
    }

    /// Keeps an error of ours, at the path of this moment unless it has a place, and gives serde
    /// one to stop with.
    pub(crate) fn fail<E: serde::de::Error>(&self, error: Error) -> E {
        let error = if error.location().is_some() {
            error
        } else {
            error.at_json(self.here())
        };
        self.problem.borrow_mut().get_or_insert(error);
        E::custom("refused")
    }

    fn here(&self) -> String {
        let mut text = String::new();
        for step in &*self.path.borrow() {
            match step {
                Step::Index(index) => text.extend(["[", &index.to_string(), "]"]),
                Step::Member(name) => text.push_str(&member_path(text.is_empty(), name)),
            }
        }
        if text.is_empty() {
            "document".to_owned()
        } else {
            text
        }
    }
}

/// How a member continues a path: `.name`, or `["any text"]`.
pub(crate) fn member_path(is_first: bool, name: &str) -> String {
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match (is_plain, is_first) {
        (true, true) => name.to_owned(),
        (true, false) => format!(".{name}"),
        (false, _) => format!("[\"{}\"]", show_text(name)),
    }
}

/// Parses a whole text with a seed. The text must be UTF-8 without a byte-order mark, and hold
/// one value.
///
/// # Errors
///
/// The error that the seed kept in `context`, or else `Syntax` with line and column.
pub(crate) fn parse<'de, S: DeserializeSeed<'de>>(
    bytes: &'de [u8],
    context: &Context,
    seed: S,
) -> Result<S::Value> {
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        return Err(
            Error::syntax("the file starts with a byte-order mark; expected `{`")
                .at(Location::Byte(0))
                .with_hint("save it as UTF-8 without BOM"),
        );
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let (line, column) = line_and_column(bytes, offset);
        Error::syntax("invalid UTF-8").at(Location::Line { line, column })
    })?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let outcome = seed
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    outcome.map_err(|error| match context.problem.borrow_mut().take() {
        Some(problem) => problem,
        None if error.is_data() => type_error(&error).at_json(context.here()),
        None => Error::syntax(message_of(&error)).at(Location::Line {
            line: error.line(),
            column: error.column(),
        }),
    })
}

/// The message without the place that `serde_json` appends: the place is kept as data here.
fn message_of(error: &serde_json::Error) -> String {
    let full = error.to_string();
    full.rsplit_once(" at line ")
        .map_or(full.as_str(), |(message, _)| message)
        .to_owned()
}

/// A value of another type than the visitor takes: `invalid type: null, expected an object`.
fn type_error(error: &serde_json::Error) -> Error {
    let message = message_of(error);
    let message = message.strip_prefix("invalid type: ").unwrap_or(&message);
    Error::data(match message.rsplit_once(", expected ") {
        Some((found, expected)) => {
            let found = match found {
                "sequence" => "an array".to_owned(),
                "map" => "an object".to_owned(),
                found => show_text(found),
            };
            format!("found {found}; expected {expected}")
        }
        None => show_text(message),
    })
}

fn line_and_column(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = &bytes[..offset];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = offset
        - before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1)
        + 1;
    (line, column)
}

/// A `Value`, with no member given twice and within the limit of nesting.
#[derive(Clone, Copy)]
pub(crate) struct StrictValue<'a>(pub(crate) &'a Context);

impl<'de> DeserializeSeed<'de> for StrictValue<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.0.deeper(|| {
            let mut items = Vec::new();
            while let Some(item) = self
                .0
                .index(items.len(), || access.next_element_seed(self))?
            {
                items.push(item);
            }
            Ok(Value::Array(items))
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.0.deeper(|| {
            let mut members = Map::new();
            while let Some(name) = access.next_key::<String>()? {
                let value = self.0.member(&name, || {
                    if members.contains_key(&name) {
                        return Err(self.0.fail(given_twice()));
                    }
                    access.next_value_seed(self)
                })?;
                members.insert(name, value);
            }
            Ok(Value::Object(members))
        })
    }
}

/// The error for a member that is there twice, for every place that checks it.
pub(crate) fn given_twice() -> Error {
    Error::data("given twice; expected each member once")
}

/// Parses a text into a strict value.
///
/// # Errors
///
/// As [`parse`].
pub(crate) fn parse_value(bytes: &[u8], nesting_limit: u64) -> Result<Value> {
    let context = Context::new(nesting_limit);
    parse(bytes, &context, StrictValue(&context))
}

/// Pretty means that the first member of a document stands on a line of its own.
pub(crate) fn is_pretty(bytes: &[u8]) -> bool {
    let after_brace = bytes.trim_ascii_start().get(1);
    matches!(after_brace, Some(b'\n' | b'\r'))
}

/// Writes JSON as `serde_json` does: compact, or pretty with two spaces.
pub(crate) struct Writer {
    out: Vec<u8>,
    is_pretty: bool,
    depth: usize,
    is_first: bool,
}

impl Writer {
    pub(crate) fn new(is_pretty: bool, capacity: usize) -> Self {
        Self {
            out: Vec::with_capacity(capacity),
            is_pretty,
            depth: 0,
            is_first: true,
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Opens an array (`[`) or an object (`{`).
    pub(crate) fn open(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.depth += 1;
        self.is_first = true;
    }

    /// Closes it with `]` or `}`.
    pub(crate) fn close(&mut self, bracket: u8) {
        self.depth -= 1;
        if !self.is_first {
            self.line();
        }
        self.is_first = false;
        self.out.push(bracket);
    }

    /// Starts an element of the open array.
    pub(crate) fn element(&mut self) {
        if !self.is_first {
            self.out.push(b',');
        }
        self.is_first = false;
        self.line();
    }

    /// Starts a member of the open object.
    pub(crate) fn member(&mut self, name: &str) {
        self.element();
        self.string(name);
        self.out
            .extend_from_slice(if self.is_pretty { b": " } else { b":" });
    }

    /// A string, escaped as `serde_json` does: quotes, backslash and control characters alone.
    pub(crate) fn string(&mut self, text: &str) {
        self.out.push(b'"');
        let mut rest = text.as_bytes();
        while let Some(at) = rest
            .iter()
            .position(|&byte| byte < 0x20 || matches!(byte, b'"' | b'\\'))
        {
            self.out.extend_from_slice(&rest[..at]);
            match rest[at] {
                b'"' => self.out.extend_from_slice(b"\\\""),
                b'\\' => self.out.extend_from_slice(b"\\\\"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                0x08 => self.out.extend_from_slice(b"\\b"),
                0x0c => self.out.extend_from_slice(b"\\f"),
                byte => self
                    .out
                    .extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            }
            rest = &rest[at + 1..];
        }
        self.out.extend_from_slice(rest);
        self.out.push(b'"');
    }

    /// Any value.
    pub(crate) fn value(&mut self, value: &Value) {
        match value {
            Value::Array(items) => {
                self.open(b'[');
                for item in items {
                    self.element();
                    self.value(item);
                }
                self.close(b']');
            }
            Value::Object(members) => {
                self.open(b'{');
                for (name, value) in members {
                    self.member(name);
                    self.value(value);
                }
                self.close(b'}');
            }
            Value::String(text) => self.string(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                self.out.extend_from_slice(value.to_string().as_bytes());
            }
        }
    }

    /// An unsigned number.
    pub(crate) fn number(&mut self, number: u32) {
        self.out.extend_from_slice(number.to_string().as_bytes());
    }

    /// A number, given its text.
    pub(crate) fn digits(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn line(&mut self) {
        if self.is_pretty {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * self.depth, b' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(text: &str) -> String {
        parse_value(text.as_bytes(), 100).unwrap_err().to_string()
    }

    #[test]
    fn refuses_what_serde_json_lets_pass() {
        assert_eq!(
            error_of(r#"{"a": {"b": 1, "b": 2}}"#),
            "a.b: given twice; expected each member once"
        );
        assert_eq!(
            error_of(r#"{"a": [0, {"x y": 1, "x y": 2}]}"#),
            "a[1][\"x y\"]: given twice; expected each member once"
        );
        assert_eq!(error_of("{} x"), "line 1, column 4: trailing characters");
        assert_eq!(
            error_of("{\n\"a\": tru}"),
            "line 2, column 9: expected ident"
        );
        assert!(error_of(&"[".repeat(120)).contains("over the limit of 100 (`nesting`)"));
        assert!(error_of(&"[".repeat(100_000)).contains("nesting"));
        assert!(error_of("\u{feff}{}").contains("byte-order mark"));
    }

    #[test]
    fn writes_as_serde_json_does() {
        let value: Value = serde_json::from_str(
            r#"{"a": [], "b": {}, "c": [1, [2.5, "x\n\u0001\"\\/é\u007f\u2028"]], "d": {"e": null, "f": true}}"#,
        )
        .unwrap();
        for is_pretty in [false, true] {
            let mut writer = Writer::new(is_pretty, 0);
            writer.value(&value);
            let expected = if is_pretty {
                serde_json::to_vec_pretty(&value).unwrap()
            } else {
                serde_json::to_vec(&value).unwrap()
            };
            assert_eq!(
                String::from_utf8(writer.finish()),
                String::from_utf8(expected)
            );
        }
    }
}
