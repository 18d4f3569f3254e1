//! The document, read as a stream: `vocab` holds a hundred thousand objects and never becomes JSON
//! values.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::{Error, Result, show_text};
use crate::json::items::{Item, Key, Strings};
use crate::json::{self, Context, StrictValue, given_twice};
use crate::limits::Limits;

/// The document.
#[derive(Default)]
pub(super) struct Document {
    /// All members, with null for `vocab`.
    pub(super) members: Map<String, Value>,
    /// `token_bytes` of each entry of `vocab`, in base64.
    pub(super) bytes: Strings,
    /// `token_str` of each; the empty text for null.
    pub(super) texts: Strings,
    /// Which of them have a text.
    pub(super) has_text: Vec<bool>,
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Document> {
    let context = Context::new(limits.nesting);
    let seed = DocumentSeed {
        context: &context,
        limits,
    };
    let document = json::parse(bytes, &context, seed)?;
    if document.members.contains_key("vocab") {
        return Ok(document);
    }
    Err(Error::data("member `vocab` is not there").at_json("document"))
}

#[derive(Clone, Copy)]
struct DocumentSeed<'a> {
    context: &'a Context,
    limits: &'a Limits,
}

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = Document;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Document, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_> {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Document, A::Error> {
        let context = self.context;
        let mut document = Document::default();
        context.deeper(|| {
            while let Some(name) = access.next_key::<String>()? {
                let value = context.member(&name, || {
                    if document.members.contains_key(&name) {
                        return Err(context.fail(given_twice()));
                    }
                    if name == "vocab" {
                        let entries = Entries {
                            seed: self,
                            document: &mut document,
                        };
                        return access.next_value_seed(entries).map(|()| Value::Null);
                    }
                    access.next_value_seed(StrictValue(context))
                })?;
                document.members.insert(name, value);
            }
            Ok(document)
        })
    }
}

/// The array `vocab`.
struct Entries<'a, 'd> {
    seed: DocumentSeed<'a>,
    document: &'d mut Document,
}

impl<'de> DeserializeSeed<'de> for Entries<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of tokens")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let DocumentSeed { context, limits } = self.seed;
        loop {
            let index = self.document.has_text.len();
            let mut fault = None;
            let entry = Entry {
                document: self.document,
                index,
                fault: &mut fault,
            };
            if access.next_element_seed(entry)?.is_none() {
                return Ok(());
            }
            if index as u64 >= limits.token_count {
                let limit = limits.token_count;
                fault = Some(Error::limit(
                    "number of tokens",
                    limit + 1,
                    limit,
                    "token_count",
                ));
            }
            if let Some(fault) = fault {
                return Err(context.fail(fault.at_json(format!("vocab[{index}]"))));
            }
        }
    }
}

/// One of its objects; a fault is handed back beside serde, because the index becomes a path only
/// there.
struct Entry<'d> {
    document: &'d mut Document,
    index: usize,
    fault: &'d mut Option<Error>,
}

impl<'de> DeserializeSeed<'de> for Entry<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entry<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let (mut rank, mut bytes, mut text) = (None, None, None);
        while let Some(Key(name)) = access.next_key::<Key<'de>>()? {
            let place = match &*name {
                "rank" => &mut rank,
                "token_bytes" => &mut bytes,
                "token_str" => &mut text,
                other => {
                    *self.fault = Some(Error::data(format!(
                        "`{}` is not a member; expected rank, token_bytes and token_str",
                        show_text(other)
                    )));
                    access.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if place.replace(access.next_value::<Item<'de>>()?).is_some() {
                *self.fault = Some(Error::data(format!("`{name}` is given twice")));
            }
        }
        let wrong = |name: &str, item: &Option<Item<'de>>, expected: &str| {
            let found = item.as_ref().map_or("nothing".to_owned(), Item::shown);
            Some(Error::data(format!(
                "{name} is {found}; expected {expected}"
            )))
        };
        match (&rank, &bytes, &text) {
            (Some(Item::Number(number)), ..) if *number == self.index as u64 => {}
            _ => {
                let expected = format!("{}, the place in the list", self.index);
                *self.fault = wrong("rank", &rank, &expected);
                return Ok(());
            }
        }
        let Some(Item::Text(base64)) = &bytes else {
            *self.fault = wrong("token_bytes", &bytes, "base64");
            return Ok(());
        };
        let text = match &text {
            Some(Item::Text(text)) => Some(text),
            Some(Item::Other(words)) if words == "null" => None,
            other => {
                *self.fault = wrong("token_str", other, "a text or null");
                return Ok(());
            }
        };
        self.document.bytes.push(base64);
        self.document.texts.push(text.map_or("", |text| text));
        self.document.has_text.push(text.is_some());
        Ok(())
    }
}
