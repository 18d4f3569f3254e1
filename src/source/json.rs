//! Lines of JSON: an object each, with the text in one of its members.

use std::borrow::Cow;
use std::fmt;

use bpekit_formats::{Error as FileError, show_text};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

/// The text in a member of an object; none if it is null.
///
/// # Errors
///
/// `Syntax` for what is no JSON, `Data` for what is no object with such a member, or has it twice.
pub(super) fn pick<'t>(
    line: &'t str,
    field: &str,
) -> std::result::Result<Option<Cow<'t, str>>, FileError> {
    let mut reader = serde_json::Deserializer::from_str(line);
    let picked = Member(field)
        .deserialize(&mut reader)
        .and_then(|picked| reader.end().map(|()| picked));
    match picked {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(FileError::data(format!(
            "no member `{}`; expected one with the text",
            show_text(field)
        ))
        .with_hint("`field=NAME` (`--field NAME`) names the member that has the text")),
        Err(error) if error.is_data() => Err(FileError::data(without_place(&error))),
        Err(error) => Err(FileError::syntax(format!(
            "no JSON: {}",
            without_place(&error)
        ))),
    }
}

/// The line's number is said elsewhere, and the column alone remains.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let plain = text
        .rfind(" at line ")
        .map_or(text.as_str(), |at| &text[..at]);
    match error.column() {
        0 => plain.to_owned(),
        column => format!("{plain} (byte {column} of the line)"),
    }
}

/// Reads one member of an object and passes over the others.
struct Member<'f>(&'f str);

/// The member: none if it is missing, and none inside if it is null.
type Found<'t> = Option<Option<Cow<'t, str>>>;

impl<'t> DeserializeSeed<'t> for Member<'_> {
    type Value = Found<'t>;

    fn deserialize<D: Deserializer<'t>>(self, reader: D) -> Result<Found<'t>, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'t> Visitor<'t> for Member<'_> {
    type Value = Found<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<Found<'t>, A::Error> {
        let mut found = None;
        while let Some(is_it) = members.next_key_seed(Name(self.0))? {
            if !is_it {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            if found.is_some() {
                let name = show_text(self.0);
                return Err(A::Error::custom(format!(
                    "the member `{name}` stands twice"
                )));
            }
            found = Some(members.next_value_seed(Text)?);
        }
        Ok(found)
    }
}

/// Whether a member has this name.
struct Name<'f>(&'f str);

impl<'t> DeserializeSeed<'t> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'t>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

/// A text or null.
struct Text;

impl<'t> DeserializeSeed<'t> for Text {
    type Value = Option<Cow<'t, str>>;

    fn deserialize<D: Deserializer<'t>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Text {
    type Value = Option<Cow<'t, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or null")
    }

    fn visit_borrowed_str<E>(self, text: &'t str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}
