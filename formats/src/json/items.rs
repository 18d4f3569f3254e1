//! Texts and numbers of long arrays and objects, read as a stream.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Context;
use crate::error::{Error, Result, show_text};
use crate::limits::Limits;

/// Strings end to end in one buffer.
#[derive(Default)]
pub(crate) struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }
}

/// A value that should be a text or a number: a text, an unsigned number, or in words what else stands there.
///
/// The text is borrowed from the document where it has no escapes.
pub(crate) enum Item<'de> {
    Text(Cow<'de, str>),
    Number(u64),
    Other(String),
}

impl Item<'_> {
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Text(text) => format!("the string `{}`", show_text(text)),
            Self::Number(number) => number.to_string(),
            Self::Other(words) => words.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Item<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ItemVisitor;
        impl<'de> Visitor<'de> for ItemVisitor {
            type Value = Item<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Item<'de>, E> {
                Ok(Item::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Item<'de>, E> {
                Ok(Item::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Item<'de>, E> {
                Ok(Item::Number(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Item<'de>, E> {
                Ok(Item::Other(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Item<'de>, E> {
                Ok(Item::Other(Value::from(value).to_string()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Item<'de>, E> {
                Ok(Item::Other(value.to_string()))
            }

            fn visit_unit<E>(self) -> Result<Item<'de>, E> {
                Ok(Item::Other("null".to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<Item<'de>, A::Error> {
                pass_over(access)?;
                Ok(Item::Other("an array".to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Item<'de>, A::Error> {
                while access.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Item::Other("an object".to_owned()))
            }
        }
        deserializer.deserialize_any(ItemVisitor)
    }
}

/// `IgnoredAny` needs no stack for nested values: `serde_json` skips them in a loop.
pub(crate) fn pass_over<'de, A: SeqAccess<'de>>(mut access: A) -> Result<(), A::Error> {
    while access.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// The key of a member, borrowed from the document where it has no escapes.
pub(crate) struct Key<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// An object of token to id, in the order of the file. It holds millions of bytes and never becomes
/// a JSON value.
#[derive(Default)]
pub(crate) struct TokenIds {
    pub(crate) tokens: Strings,
    /// As many.
    pub(crate) ids: Vec<u32>,
}

impl TokenIds {
    /// Reads the members of the object.
    pub(crate) fn read<'de, A: MapAccess<'de>>(
        &mut self,
        mut access: A,
        context: &Context,
        limits: &Limits,
    ) -> Result<(), A::Error> {
        let fail = |error: Error| Err(context.fail(error));
        let fail_at = |token: &str, error: Error| context.member(token, || fail(error));
        // The vocab keeps positions in 32 bits.
        let count_limit = limits.token_count.min(u64::from(u32::MAX));
        while let Some(Key(token)) = access.next_key::<Key<'de>>()? {
            if self.tokens.len() as u64 >= count_limit {
                let found = self.tokens.len() as u64 + 1;
                return fail(Error::limit(
                    "number of tokens",
                    found,
                    count_limit,
                    "token_count",
                ));
            }
            match access.next_value::<Item<'de>>()? {
                Item::Number(id) if id < u64::from(u32::MAX) => self.ids.push(id as u32),
                item => {
                    let found = item.shown();
                    let expected = "a token id (0 to 4294967294)";
                    let error = Error::data(format!("found {found}; expected {expected}"));
                    return fail_at(&token, error);
                }
            }
            self.tokens.push(&token);
        }
        Ok(())
    }
}
