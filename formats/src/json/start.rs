//! The start of a JSON object, looked at without parsing it: which format it may be of.

/// A document of one of the formats that are JSON objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    /// tokenizer.json, of version 1.0 as far as the start says.
    Tokenizer,
    /// tokenizer.json 2.0.
    Tokenizer2,
    /// The ranks of npm `tiktoken`.
    Ranks,
    /// tekken.json.
    Tekken,
    /// GPT-2's vocab.json: texts and their ids.
    TokenIds,
    /// Any other object.
    Other,
}

/// What a text is that starts with an object: each format has members that no other has. What stands
/// there counts too, as a vocab.json has any names.
pub(crate) fn document(bytes: &[u8]) -> Option<Document> {
    let (mut numbers, mut others) = (0_usize, 0_usize);
    // The version decides between the two, and may stand behind the members that both have.
    let mut is_tokenizer = false;
    for (name, value) in members(bytes)? {
        if name == b"version" && string(value).is_some_and(|(text, _)| text == b"2.0") {
            return Some(Document::Tokenizer2);
        }
        if is_tokenizer {
            continue;
        }
        match (name, kind(value)) {
            (b"bpe_ranks" | b"pat_str", Kind::Text) => return Some(Document::Ranks),
            (b"config", Kind::Object)
                if holds(value, b"\"pattern\"") || holds(value, b"\"default_vocab_size\"") =>
            {
                return Some(Document::Tekken);
            }
            (b"vocab", Kind::Array) if holds(value, b"\"token_bytes\"") => {
                return Some(Document::Tekken);
            }
            (b"special_tokens", Kind::Array) if holds(value, b"\"is_control\"") => {
                return Some(Document::Tekken);
            }
            // Null, or the part.
            (
                b"truncation" | b"padding" | b"normalizer" | b"pre_tokenizer" | b"post_processor"
                | b"decoder",
                Kind::Object | Kind::Other,
            )
            | (b"added_tokens", Kind::Array)
            | (b"model", Kind::Object) => is_tokenizer = true,
            (_, Kind::Number) => numbers += 1,
            _ => others += 1,
        }
    }
    Some(if is_tokenizer {
        Document::Tokenizer
    } else if numbers > others {
        Document::TokenIds
    } else {
        Document::Other
    })
}

/// How far this looks, in bytes.
const LENGTH: usize = 1 << 16;

/// The members of the object that a text starts with, each with its raw name and its value from
/// the first byte on, as far as they lie in the first 64 KB. Ends where the text is no JSON.
///
/// None if the text starts with no object.
fn members(bytes: &[u8]) -> Option<impl Iterator<Item = (&[u8], &[u8])>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = bytes.trim_ascii_start().strip_prefix(b"{")?;
    let mut rest = Some(&text[..text.len().min(LENGTH)]);
    Some(std::iter::from_fn(move || {
        let (name, after) = string(rest.take()?.trim_ascii_start())?;
        let value = after
            .trim_ascii_start()
            .strip_prefix(b":")?
            .trim_ascii_start();
        if value.is_empty() {
            return None;
        }
        rest = behind_value(value).and_then(|after| after.trim_ascii_start().strip_prefix(b","));
        Some((name, value))
    }))
}

/// What a value is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Object,
    Array,
    Text,
    Number,
    /// True, false, null, or no JSON.
    Other,
}

/// What a value is.
fn kind(value: &[u8]) -> Kind {
    match value.first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::Text,
        Some(b'0'..=b'9' | b'-') => Kind::Number,
        _ => Kind::Other,
    }
}

/// Whether the first bytes of a value hold these.
fn holds(value: &[u8], words: &[u8]) -> bool {
    memchr::memmem::find(&value[..value.len().min(4096)], words).is_some()
}

/// A string's raw text, and what is behind it.
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"\"")?;
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some((&text[..at], &text[at + 1..]));
        }
        at += 2;
    }
}

/// What is behind a value; none where it does not end.
fn behind_value(value: &[u8]) -> Option<&[u8]> {
    let mut depth = 0_usize;
    let mut rest = value;
    loop {
        match rest.first()? {
            b'"' => rest = string(rest)?.1,
            b'{' | b'[' => {
                depth += 1;
                rest = &rest[1..];
            }
            b'}' | b']' | b',' if depth == 0 => return Some(rest),
            b'}' | b']' => {
                depth -= 1;
                rest = &rest[1..];
            }
            _ => rest = &rest[1..],
        }
        if depth == 0 && matches!(rest.first(), Some(b',' | b'}')) {
            return Some(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Option<Vec<(String, Kind)>> {
        let shown = |(name, value): (&[u8], &[u8])| {
            (String::from_utf8_lossy(name).into_owned(), kind(value))
        };
        members(text.as_bytes()).map(|found| found.map(shown).collect())
    }

    #[test]
    fn sees_members_and_what_they_are() {
        let found =
            names(r#" {"a\"b" : {"x": [1, "}"]}, "c": [[]], "d":-1,"e":"\\", "f":null,"g": 0}"#);
        let expected = [
            (r#"a\"b"#, Kind::Object),
            ("c", Kind::Array),
            ("d", Kind::Number),
            ("e", Kind::Text),
            ("f", Kind::Other),
            ("g", Kind::Number),
        ];
        let expected: Vec<_> = expected
            .map(|(name, kind)| (name.to_owned(), kind))
            .into_iter()
            .collect();
        assert_eq!(found, Some(expected));
        assert_eq!(names("[1]"), None);
        assert_eq!(names(""), None);
        assert_eq!(names("{}"), Some(Vec::new()));
    }

    #[test]
    fn tells_documents_apart() {
        for (text, expected) in [
            (
                r#"{"version": "1.0", "truncation": null}"#,
                Document::Tokenizer,
            ),
            (r#"{"model": {"vocab": {"config": 1"#, Document::Tokenizer),
            (
                r#"{"version": "2.0", "truncation": null}"#,
                Document::Tokenizer2,
            ),
            (
                r#"{"model": {"version": 1}, "version" : "2.0""#,
                Document::Tokenizer2,
            ),
            (
                r#"{"model": {"version": "2.0"}, "padding": null}"#,
                Document::Tokenizer,
            ),
            (
                r#"{"explicit_n_vocab": 5, "pat_str": "x"}"#,
                Document::Ranks,
            ),
            (
                r#"{"special_tokens": {"a": 1}, "bpe_ranks": "! 0"#,
                Document::Ranks,
            ),
            (r#"{"config": {"pattern": "x"}}"#, Document::Tekken),
            (
                r#"{"vocab": [{"rank": 0, "token_bytes": ""#,
                Document::Tekken,
            ),
            (
                r#"{"special_tokens": [{"is_control": true}]}"#,
                Document::Tekken,
            ),
            (
                r#"{"model": 0, "config": 1, "pat_str": 2, "vocab": 3}"#,
                Document::TokenIds,
            ),
            (r#"{"a": 1, "b": 2, "c": "3"}"#, Document::TokenIds),
            (r#"{"version": "1.0"}"#, Document::Other),
            (r#"{"config": {}, "vocab": []}"#, Document::Other),
            ("{}", Document::Other),
        ] {
            assert_eq!(document(text.as_bytes()), Some(expected), "{text}");
        }
        assert_eq!(document(b"IQ== 0"), None);
    }

    #[test]
    fn ends_where_the_text_does_and_looks_no_further_than_it_says() {
        for cut in [
            "{\"", "{\"a", "{\"a\\", "{\"a\"", "{\"a\":", "{\"a\" 1", "{x",
        ] {
            assert_eq!(names(cut), Some(Vec::new()), "{cut}");
        }
        for (cut, count) in [
            ("{\"a\":1", 1),
            ("{\"a\":[1,", 1),
            ("{\"a\":[1],\"b", 1),
            ("{\"a\":1,,", 1),
        ] {
            assert_eq!(names(cut).unwrap().len(), count, "{cut}");
        }
        let long = format!("{{\"a\": \"{}\", \"b\": 1}}", "x".repeat(LENGTH));
        assert_eq!(names(&long).unwrap().len(), 1);
        let deep = "{\"a\":".to_owned() + &"[".repeat(LENGTH * 2);
        assert_eq!(names(&deep).unwrap().len(), 1);
    }
}
