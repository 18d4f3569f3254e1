//! Lines, and lines of JSON.

use super::*;

fn json_lines(field: &str) -> FileForm {
    FileForm::JsonLines {
        field: field.to_owned(),
    }
}

/// Reads lines of JSON in batches of several lengths, which must not matter.
fn read_json(content: impl AsRef<[u8]>, field: &str) -> std::result::Result<Found, String> {
    let dir = Dir::new();
    let path = dir.write("a.jsonl", content);
    let outcomes = [1, 7, 30, 1000].map(|batch_len| {
        let how = how("gpt2");
        let found = read(&path, &json_lines(field), &how, Invalid::Strict, batch_len);
        match found {
            Ok(found) => Ok(Found {
                batches: 0,
                ..found
            }),
            Err(error) => {
                let message = error.to_string();
                let shown = message.strip_prefix(&*path.to_string_lossy());
                Err(shown.unwrap().to_owned())
            }
        }
    });
    let [first, ..] = &outcomes;
    assert!(
        outcomes.iter().all(|outcome| outcome == first),
        "{outcomes:?}"
    );
    let [first, ..] = outcomes;
    first
}

#[test]
fn the_name_tells_the_form() {
    for name in ["a.jsonl", "A.JSONL", "a.ndjson.gz", "a.b.Jsonl.ZST"] {
        assert_eq!(
            FileForm::of_name(Path::new(name)),
            json_lines("text"),
            "{name}"
        );
    }
    for name in ["a.txt", "jsonl", "a.jsonl.txt", "a.json", "a.jsonl.bz2", ""] {
        assert_eq!(FileForm::of_name(Path::new(name)), FileForm::Text, "{name}");
    }
}

#[test]
fn lines_are_texts_with_their_ends() {
    let dir = Dir::new();
    let how = how("o200k").with_special_tokens(["b\nc"]).unwrap();
    for text in [
        "",
        "\n",
        "one",
        "one\n",
        "one\r\ntwo \n\n\n three\n",
        "a b\nc d\ne\r\u{2028}f\u{85}g",
        "\u{feff}first\nlast \0",
    ] {
        let lines: Vec<_> = text.split_inclusive('\n').collect();
        for batch_len in batch_lens() {
            let path = dir.write("a.txt", text);
            let found = read(&path, &FileForm::Lines, &how, Invalid::Strict, batch_len).unwrap();
            assert_eq!(found.counts, whole(&how, &lines), "{text:?} {batch_len}");
            assert_eq!(found.texts, lines.len() as u64);
        }
    }
}

#[test]
fn the_member_with_the_text_is_picked() {
    let content = concat!(
        "{\"text\": \"one two\", \"id\": 1}\n",
        "\r\n",
        "  {\"id\": {\"text\": \"no\"}, \"text\":\"\\u00e9\\n\\ud83d\\ude80 \\\"q\\\"\"}  \r\n",
        "\n",
        "{\"text\": null}\n",
        "{\"te\\u0078t\": \"by an escape\"}\n",
        "{\"Text\": 7, \"text\": \"\"}\n",
        "   \t\n",
        "{\"x\": [1, {\"text\": 2}, \"\\ud800\"], \"text\": \"no line end\"}",
    );
    let found = read_json(content, "text").unwrap();
    let texts = ["one two", "é\n🚀 \"q\"", "by an escape", "", "no line end"];
    assert_eq!(found.counts, whole(&how("gpt2"), &texts));
    assert_eq!((found.texts, found.nulls), (5, 1));

    let found = read_json("{\"a.b \\\"c\\\"\": \"x\", \"\": \"y\"}", "a.b \"c\"").unwrap();
    assert_eq!(found.counts, whole(&how("gpt2"), &["x"]));
    let found = read_json("{\"a\": \"x\", \"\": \"y\"}", "").unwrap();
    assert_eq!(found.counts, whole(&how("gpt2"), &["y"]));
    assert_eq!(read_json("", "text").unwrap().texts, 0);
    assert_eq!(read_json("\n\n  \n", "text").unwrap().texts, 0);
}

#[test]
fn lines_that_have_no_text_are_errors_with_their_number() {
    let good = "{\"text\": \"one\"}\n\n";
    for (line, expected) in [
        (
            "{\"txt\": \"a\"}",
            "no member `text`; expected one with the text\n\
             hint: `field=NAME` (`--field NAME`) names the member that has the text",
        ),
        (
            "{}",
            "no member `text`; expected one with the text\n\
             hint: `field=NAME` (`--field NAME`) names the member that has the text",
        ),
        (
            "{\"text\": 12}",
            "invalid type: integer `12`, expected a text or null",
        ),
        (
            "{\"text\": [\"a\"]}",
            "invalid type: sequence, expected a text or null",
        ),
        (
            "{\"text\": {}}",
            "invalid type: map, expected a text or null",
        ),
        (
            "{\"text\": true}",
            "invalid type: boolean `true`, expected a text or null",
        ),
        (
            "{\"text\": \"a\", \"text\": \"b\"}",
            "the member `text` stands twice",
        ),
        (
            "{\"text\": null, \"text\": \"b\"}",
            "the member `text` stands twice",
        ),
        ("[\"text\"]", "invalid type: sequence, expected an object"),
        (
            "\"text\"",
            "invalid type: string \"text\", expected an object",
        ),
        ("{\"text\": \"a\"", "no JSON: EOF while parsing an object"),
        ("{\"text\": \"a\"} x", "no JSON: trailing characters"),
        ("plain text", "no JSON: expected value"),
        ("\u{feff}{\"text\": \"a\"}", "no JSON: expected value"),
        (
            "{\"text\": \"\\ud800\"}",
            "no JSON: unexpected end of hex escape",
        ),
        (
            "{\"text\": \"a\tb\"}",
            "no JSON: control character (\\u0000-\\u001F) found while parsing a string",
        ),
    ] {
        for (before, after, number) in [("", "", 1), (good, "\n", 3), (good, "\nnothing\n", 3)] {
            let message = read_json(format!("{before}{line}{after}"), "text").unwrap_err();
            // The place is where serde_json stopped.
            let (plain, place) = message.split_once(" (byte ").unwrap_or((&message, ""));
            assert_eq!(plain, format!(":{number}: {expected}"), "{line}");
            assert!(
                place.is_empty() || place.ends_with(" of the line)"),
                "{message}"
            );
        }
    }
    let far = format!("{}\n{{}}", good.repeat(5000));
    let message = read_json(far, "text").unwrap_err();
    assert!(message.starts_with(":10002: no member"), "{message}");
}

#[test]
fn lines_that_are_not_utf8_are_errors_with_their_place() {
    let message = read_json(b"{\"text\": \"a\"}\n{\"text\": \"\xff\"}", "text").unwrap_err();
    assert!(
        message.starts_with(": byte 24: 0xff is not UTF-8 text"),
        "{message}"
    );
    let dir = Dir::new();
    let path = dir.write("a.jsonl", b"{\"text\": \"a\xffb\"}\n");
    for (invalid, expected) in [(Invalid::Replace, "a\u{fffd}b"), (Invalid::Ignore, "ab")] {
        let found = read(&path, &json_lines("text"), &how("gpt2"), invalid, 64).unwrap();
        assert_eq!(found.counts, whole(&how("gpt2"), &[expected]));
    }
}

/// A name that stands in a message is shown, whatever is in it.
#[test]
fn names_of_members_are_shown_in_messages() {
    let message = read_json("{}", "a\u{1b}[31m\nb").unwrap_err();
    let first = message.lines().next().unwrap();
    assert!(!message.contains('\u{1b}') && first.ends_with("expected one with the text"));
}
