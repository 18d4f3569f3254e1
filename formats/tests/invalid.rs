//! Every invalid fixture fails with exactly the message beside it.
//!
//! `BLESS=1 cargo test -p bpekit-formats --test invalid` writes the messages anew; read each as a
//! user would.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

mod support;

use std::fs;
use std::path::Path;

use bpekit_formats::{Category, ReadOptions, files};
use support::{main_files, root};

#[test]
fn fails_with_the_message_beside_it() {
    let is_blessing = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for file in main_files("invalid") {
        let path = file.absolute();
        let message_path = root().join(format!("{}.error.txt", file.path));
        let folder = format!("{}/", path.parent().unwrap().display());
        let message = match files::load(&file.place(), None, &ReadOptions::default()) {
            Ok(_) => "(no error)".to_owned(),
            Err(error) => error.to_string().replace(&folder, ""),
        };
        let message = format!("{message}\n");
        if is_blessing {
            fs::write(&message_path, &message).unwrap();
        }
        let expected = fs::read_to_string(&message_path).unwrap_or_default();
        if message != expected || message.starts_with("(no error)") {
            wrong.push(format!(
                "{}\n  expected: {expected}  found:    {message}",
                file.path
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn says_where_and_shows_no_raw_control_character() {
    for file in main_files("invalid") {
        let Err(error) = files::load(&file.place(), None, &ReadOptions::default()) else {
            panic!("{} loads", file.path);
        };
        assert_ne!(error.category(), Category::Io, "{}: {error}", file.path);
        let folder = file.absolute();
        let folder = folder.parent().unwrap();
        let is_there = |path: &Path| path.starts_with(folder);
        assert!(error.path().is_some_and(is_there), "{}: {error}", file.path);
        let text = error.to_string();
        assert!(
            text.chars().all(|c| c == '\n' || !c.is_control()),
            "{}: {text:?}",
            file.path
        );
        assert!(!text.contains('\u{202e}'), "{}: {text:?}", file.path);
        for line in error
            .message()
            .lines()
            .chain(error.hints().iter().map(String::as_str))
        {
            assert!(
                !line.ends_with('.') && line.chars().count() < 260,
                "{}: {line}",
                file.path
            );
        }
        assert!(!text.contains("refused"), "{}: {text}", file.path);
    }
}

/// Which of them a lenient read takes, with a warning.
#[test]
fn a_lenient_read_accepts_the_listed_oddities_alone() {
    let options = ReadOptions {
        lenient: true,
        ..ReadOptions::default()
    };
    let mut accepted = Vec::new();
    for file in main_files("invalid") {
        if let Ok(definition) = files::load(&file.place(), None, &options) {
            assert_eq!(definition.provenance.warnings.len(), 1, "{}", file.path);
            accepted.push(files::file_name(&file.place()));
        }
    }
    let expected = [
        "duplicate-merge.gguf",
        // merge-twice of gpt2.
        "vocab.json",
        "added-tokens-unknown",
        "additional-unknown",
        "decoder-another-flag",
        "decoder-another-token",
        "extra-unknown",
        "map-another-role-counts",
        "map-another-role",
        "model-role-unknown",
        "prefix-space",
        "role-of-the-vocab",
        "role-unknown",
        "duplicate-merge.json",
        "merge-version-line-inside.json",
        "merge-version-line.json",
        "added-renamed.json",
        "bom.tiktoken",
        "leading-space.tiktoken",
        "leading-zeros.tiktoken",
        "lone-cr.tiktoken",
        "tab.tiktoken",
        "trailing-space.tiktoken",
        "two-spaces.tiktoken",
        "white-space-line.tiktoken",
    ];
    assert_eq!(accepted, expected);
}
