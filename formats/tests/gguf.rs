//! GGUF beyond the fixtures: how much of a file is read, its limits, what a name of a split brings,
//! and the writing of what comes from elsewhere.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

mod support;

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

use bpekit_formats::codecs::gguf::unknown_pre_error;
use bpekit_formats::{
    AddedToken, Bundle, Category, Definition, Limits, LossPart, Part, PostProcessor, ReadOptions,
    Role, TemplatePart, files, registry,
};
use support::root;

fn fixture(name: &str) -> PathBuf {
    root().join(format!("valid/gguf/{name}/{name}.gguf"))
}

fn read(bytes: Vec<u8>) -> Definition {
    registry::by_name("gguf")
        .unwrap()
        .read(&Bundle::new("t.gguf", bytes), &ReadOptions::default())
        .unwrap()
}

fn write(definition: &Definition) -> bpekit_formats::Result<Vec<u8>> {
    let codec = registry::by_name("gguf")?;
    Ok(codec.write(definition, "t.gguf")?.into_bytes())
}

/// A model of 40 GB, of which a disk holds a few kilobytes.
#[test]
fn weights_are_never_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let mut file = File::create(&path).unwrap();
    file.write_all(&fs::read(fixture("with-weights")).unwrap())
        .unwrap();
    file.seek(SeekFrom::Start(40 << 30)).unwrap();
    file.write_all(b"end").unwrap();
    drop(file);
    let bytes = files::read_needed(&path, &Limits::default()).unwrap();
    assert!(bytes.len() < 20_000, "{}", bytes.len());
    for format in [None, Some("gguf")] {
        let definition = files::load(&path, format, &ReadOptions::default()).unwrap();
        assert_eq!(definition.roles[&Role::Bos], 296);
    }
    let found = files::detect(&path, &Limits::default()).unwrap();
    assert_eq!(found.info().name, "gguf");
    // What is not of the kind is read whole, or not at all.
    let error = files::read_bytes(&path, &Limits::default()).unwrap_err();
    assert_eq!(error.category(), Category::Limit);
}

#[test]
fn metadata_has_limits() {
    let load = |limits: Limits| {
        let options = ReadOptions {
            limits,
            ..ReadOptions::default()
        };
        files::load(&fixture("llama-bpe"), None, &options)
            .unwrap_err()
            .to_string()
    };
    let limits = Limits::default;
    for (limits, field) in [
        (
            Limits {
                file_len: 5000,
                ..limits()
            },
            "file_len",
        ),
        (
            Limits {
                token_count: 299,
                ..limits()
            },
            "token_count",
        ),
        (
            Limits {
                token_len: 9,
                ..limits()
            },
            "token_len",
        ),
        (
            Limits {
                merge_count: 39,
                ..limits()
            },
            "merge_count",
        ),
        (
            Limits {
                added_token_count: 1,
                ..limits()
            },
            "added_token_count",
        ),
    ] {
        let message = load(limits);
        assert!(message.contains(&format!("`{field}`")), "{message}");
    }
}

/// A file whose lengths contradict it is told before memory is taken for them.
#[test]
fn a_length_beyond_the_file_is_not_a_matter_of_limits() {
    for name in ["string-longer-than-file", "strings-longer-than-file"] {
        let path = root().join(format!("invalid/gguf/{name}.gguf"));
        let error = files::load(&path, None, &ReadOptions::default()).unwrap_err();
        assert_eq!(error.category(), Category::Syntax, "{error}");
    }
}

#[test]
fn a_name_of_a_split_brings_what_hangs_on_it() {
    let definition = read(fs::read(fixture("llama-bpe")).unwrap());
    assert!(definition.options.ignore_merges);
    assert_eq!(definition.name.as_deref(), Some("Small Llama"));
    assert_eq!(definition.provenance.remarks.len(), 1);
    assert!(definition.provenance.remarks[0].contains("U+017F"));
    let Some(PostProcessor::Template { single, .. }) = &definition.post_processor else {
        panic!("no template");
    };
    assert!(matches!(&single[0], TemplatePart::Special { name, .. } if name == "<|begin|>"));
    assert_eq!(single.len(), 2);
    assert_eq!(definition.roles[&Role::FimPrefix], 5, "under its old key");
    // `<|eot_id|>` is of type NORMAL in the file.
    let special: Vec<_> = definition
        .added_tokens
        .iter()
        .map(|token| (token.content.as_str(), token.is_special))
        .collect();
    assert_eq!(special, [("<|begin|>", true), ("<|eot_id|>", true)]);
    assert!(
        definition
            .chat_template
            .unwrap()
            .starts_with("{{ bos_token }}")
    );
}

#[test]
fn a_name_that_nobody_knows_is_a_missing_pattern() {
    let definition = read(fs::read(fixture("unknown-pre")).unwrap());
    assert_eq!(definition.missing, [Part::Pattern]);
    assert!(definition.pretokenizer.is_none());
    let error = unknown_pre_error(&definition).to_string();
    assert!(
        error.contains("`my-own-split`") && error.contains("llama-bpe, llama3"),
        "{error}"
    );
}

#[test]
fn what_is_written_is_whole() {
    let definition = read(fs::read(fixture("with-weights")).unwrap());
    let written = write(&definition).unwrap();
    assert!(written.len() < 10_000);
    let has = |text: &[u8]| written.windows(text.len()).any(|window| window == text);
    assert!(!has(b"split."), "it is no part of several files");
    assert!(read(written).says_the_same(&definition));
}

/// What was changed since is written anew, the rest as it was.
#[test]
fn changes_are_written() {
    let before = read(fs::read(fixture("gpt-2")).unwrap());
    let mut definition = before.clone();
    definition.roles.insert(Role::Pad, 5);
    definition.roles.remove(&Role::Eos);
    definition.chat_template = Some("{{ x }}".to_owned());
    definition.added_tokens.push(AddedToken {
        is_special: false,
        ..AddedToken::special("<tool>", 300)
    });
    let codec = registry::by_name("gguf").unwrap();
    let holes: Vec<_> = codec
        .losses(&definition)
        .iter()
        .map(|loss| loss.part)
        .collect();
    assert_eq!(holes, [LossPart::UnreachableTokens]);
    let again = read(write(&definition).unwrap());
    assert_eq!(again.roles, definition.roles);
    assert_eq!(again.chat_template, definition.chat_template);
    assert_eq!(again.added_tokens, definition.added_tokens);
    assert_eq!(again.vocab.bytes(299), Some(b"[PAD299]".as_slice()));
    assert_eq!(write(&again).unwrap(), write(&definition).unwrap());
}

#[test]
fn what_cannot_be_said_is_not_written() {
    let base = read(fs::read(fixture("gpt-2")).unwrap());
    let fails = |change: fn(&mut Definition), words: &str| {
        let mut definition = base.clone();
        change(&mut definition);
        let error = write(&definition).unwrap_err();
        assert_eq!(error.category(), Category::Unsupported, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    fails(|it| it.options.ignore_merges = true, "looked up whole");
    fails(|it| it.pretokenizer = None, "no name for");
    fails(|it| it.options.dropout = Some(0.1), "`dropout`");
    fails(
        |it| it.options.end_of_word_suffix = "</w>".to_owned(),
        "`end_of_word_suffix`",
    );
    fails(
        |it| {
            it.added_tokens
                .push(AddedToken::special("<x>", u32::MAX - 1));
        },
        "ids have no token",
    );
    fails(
        |it| it.added_tokens[0].content = "<y>".to_owned(),
        "is both",
    );
    fails(
        |it| it.added_tokens.push(AddedToken::special("Ġt", 500)),
        "also that of another token",
    );
}
