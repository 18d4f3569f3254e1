//! The scanned document and the streamed one are the same, and nothing is scanned that the stream
//! refuses.

use super::super::read::{read_scanned, read_streamed};
use crate::byte_alphabet;
use crate::definition::{Definition, Merges};
use crate::limits::{Limits, ReadOptions};

const BYTE_LEVEL: &str =
    r#""pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true},"#;

fn document(before: &str, vocab: &str, merges: &str, after: &str) -> String {
    format!(
        r#"{{"version": "1.0", {before} "model": {{"type": "BPE", "vocab": {vocab}, "merges": {merges}}}{after}}}"#
    )
}

/// Documents of all shapes: both forms of merges, both kinds of atoms, compact and pretty,
/// escapes, literals, and oddities that the scan leaves to the stream.
fn documents() -> Vec<String> {
    let vocab =
        r#"{"a": 0, "b": 1, "ab": 2, "Ġ": 3, "Ġab": 4, "\"": 5, "\\": 6, "\"\\": 7, "日": 8}"#;
    let escaped = r##"{"a": 0, "\u0062": 1, "a\u0062": 2, "\u0120": 3, "\u0120ab": 9, "\ud83d\ude00": 5, "#v": 6, "#": 7, "v": 8}"##;
    let strings = r#"["a b", "Ġ ab", "\" \\"]"#;
    let pairs = r#"[["a", "b"], ["Ġ", "ab"], ["\"", "\\"]]"#;
    let more_pairs = r#"[["a","\u0062"],["\u0120", "ab" ]]"#;
    let added = r#", "added_tokens": [{"id": 20, "content": "<x>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}]"#;
    let mut found = Vec::new();
    for before in [
        "",
        BYTE_LEVEL,
        r#""pre_tokenizer": null,"#,
        r#""x": [{"model": "}"}, "]"],"#,
    ] {
        for (vocab, merges) in [
            (vocab, strings),
            (vocab, pairs),
            (escaped, more_pairs),
            (escaped, r##"["# v"]"##),
            (r#"{"a": 1}"#, "[]"),
            (r#"{"a": 1, "aa": 0}"#, "[[\"a\", \"a\"]]"),
            (r#"{"a": 7, "aa": 4294967294}"#, "[ \"a a\" ]"),
        ] {
            for after in ["", added, BYTE_LEVEL.trim_end_matches(',')] {
                let after = if after.starts_with(['"']) {
                    format!(", {after}")
                } else {
                    after.to_owned()
                };
                found.push(document(before, vocab, merges, &after));
            }
        }
    }
    let pretty: Vec<String> = found
        .iter()
        .filter_map(|text| {
            let value: serde_json::Value = serde_json::from_str(text).ok()?;
            serde_json::to_string_pretty(&value).ok()
        })
        .collect();
    found.extend(pretty);
    found
}

fn same(one: &Definition, other: &Definition) -> bool {
    one.says_the_same(other)
        && one.extra == other.extra
        && one.name == other.name
        && one.provenance.format == other.provenance.format
        && one.provenance.warnings == other.provenance.warnings
}

/// Whether the text was scanned; it is then read as the stream reads it.
fn is_scanned(text: &[u8], options: &ReadOptions) -> bool {
    let scanned = read_scanned(text, options);
    if let Some(scanned) = &scanned {
        match read_streamed(text, options) {
            Ok(streamed) => assert!(same(scanned, &streamed), "{}", text.escape_ascii()),
            Err(error) => panic!("{error}: {}", text.escape_ascii()),
        }
    }
    scanned.is_some()
}

#[test]
fn plain_documents_are_scanned() {
    let options = ReadOptions::default();
    let documents = documents();
    let count = documents
        .iter()
        .filter(|text| is_scanned(text.as_bytes(), &options))
        .count();
    assert!(
        count * 3 > documents.len(),
        "{count} of {}",
        documents.len()
    );
    let plain = document(BYTE_LEVEL, r#"{"a": 0, "b": 1, "ab": 2}"#, r#"["a b"]"#, "");
    assert!(is_scanned(plain.as_bytes(), &options));
}

#[test]
fn every_prefix_and_every_changed_byte() {
    let lenient = ReadOptions {
        lenient: true,
        ..ReadOptions::default()
    };
    for (number, text) in documents().into_iter().enumerate().step_by(3) {
        let options = if number % 2 == 0 {
            &lenient
        } else {
            &ReadOptions::default()
        };
        let mut bytes = text.into_bytes();
        for len in 0..bytes.len() {
            assert!(!is_scanned(&bytes[..len], options));
        }
        for at in 0..bytes.len() {
            let byte = bytes[at];
            for other in [
                byte ^ 1,
                byte ^ 0x20,
                byte ^ 0x80,
                b'"',
                b'\\',
                b' ',
                b',',
                b'[',
                b'{',
                b'0',
                0x1f,
                0xc4,
            ] {
                bytes[at] = other;
                is_scanned(&bytes, options);
            }
            bytes[at] = byte;
            // Members, merges and digits given twice or left out.
            for len in [1, 3, 8, 20] {
                let end = (at + len).min(bytes.len());
                let twice = [&bytes[..end], &bytes[at..]].concat();
                is_scanned(&twice, options);
                let without = [&bytes[..at], &bytes[end..]].concat();
                is_scanned(&without, options);
            }
        }
    }
}

#[test]
fn values_that_the_stream_refuses() {
    let ids = [
        "1.0",
        "1e0",
        "-0",
        "01",
        "4294967295",
        "18446744073709551616",
        "\"1\"",
        "null",
        "[]",
        "{}",
    ];
    let keys = [r#""\ud800""#, r#""\x""#, "\"\u{1}\"", "\"\n\"", "'a'", "a"];
    let merges = [
        r#"["a  b"]"#,
        r#"["a"]"#,
        r#"[" b"]"#,
        r##"["#version: 0.2"]"##,
        r#"[["a"]]"#,
        r#"[["a", ""]]"#,
        r#"[["a", "b"], "a b"]"#,
        r#"["a b", "a b"]"#,
        r#"[["a", "b"], ["a", "b"]]"#,
        r#"[["a", "b", "b"]]"#,
        r#"["a b",]"#,
        r#"["a c"]"#,
        r#"["b a"]"#,
        "{}",
        "null",
        r#"[["a", "b"]"#,
        r#"[[["a", "b"]]]"#,
        r#"["a b" "a b"]"#,
        r#"["日 b"]"#,
    ];
    let options = ReadOptions::default();
    for before in ["", BYTE_LEVEL] {
        let all = [
            ids.map(|id| document(before, &format!("{{\"a\": {id}}}"), "[]", ""))
                .to_vec(),
            keys.map(|key| document(before, &format!("{{{key}: 1}}"), "[]", ""))
                .to_vec(),
            merges
                .map(|merges| document(before, r#"{"a": 0, "b": 1, "ab": 2, "日": 3}"#, merges, ""))
                .to_vec(),
        ]
        .concat();
        for text in all {
            assert!(!is_scanned(text.as_bytes(), &options), "{text}");
            assert!(read_streamed(text.as_bytes(), &options).is_err(), "{text}");
        }
    }
}

#[test]
fn limits_are_left_to_the_stream() {
    let text = document(BYTE_LEVEL, r#"{"a": 0, "b": 1, "ab": 2}"#, r#"["a b"]"#, "");
    let with = |change: fn(&mut Limits)| {
        let mut options = ReadOptions::default();
        change(&mut options.limits);
        is_scanned(text.as_bytes(), &options)
    };
    assert!(with(|limits| (
        limits.token_count,
        limits.token_len,
        limits.merge_count
    ) = (3, 2, 1)));
    assert!(!with(|limits| limits.token_count = 2));
    assert!(!with(|limits| limits.token_len = 1));
    assert!(!with(|limits| limits.merge_count = 0));
}

/// Long enough for two threads. Where tokens end in what looks like the border between two
/// merges, the second half does not start at one.
#[test]
fn halves_are_put_together() {
    let options = ReadOptions::default();
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    for (are_pairs, suffix) in [(false, ""), (false, ","), (true, ""), (true, "],[")] {
        let texts: Vec<String> = (0..30_000_u32)
            .map(|number| byte_alphabet::encode(&number.to_be_bytes()) + suffix)
            .collect();
        let entries: Vec<String> = (1_u32..)
            .step_by(2)
            .zip(&texts)
            .map(|(id, text)| {
                let product = format!("{text}x");
                format!(", {}: {id}, {}: {}", quoted(text), quoted(&product), id + 1)
            })
            .collect();
        let entries = entries.concat();
        let document = |merges: &[String]| {
            let indent = format!(",{:60}", "");
            let merges = merges.join(&indent);
            let vocab = format!("{{\"x\": 0{entries}}}");
            document(BYTE_LEVEL, &vocab, &format!("[{merges}]"), "")
        };
        let merge = |text: &String| {
            if are_pairs {
                format!("[\n{},\"x\"\n]", quoted(text))
            } else {
                quoted(&format!("{text} x"))
            }
        };
        let mut merges: Vec<String> = texts.iter().map(merge).collect();
        let text = document(&merges);
        assert!(text.len() - entries.len() > 2 << 20);
        assert!(is_scanned(text.as_bytes(), &options));
        let scanned = read_scanned(text.as_bytes(), &options).unwrap();
        assert!(matches!(scanned.merges, Merges::Listed(listed) if listed.len() == texts.len()));
        // The same merge in both halves.
        merges.push(merge(&texts[0]));
        assert!(!is_scanned(document(&merges).as_bytes(), &options));
    }
}
