//! Every valid fixture: what the manifest says of it holds, and writing it gives it back.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

mod support;

use std::collections::BTreeSet;

use bpekit_formats::codecs::tiktoken::check_sha256;
use bpekit_formats::{Definition, Limits, Merges, ReadOptions, files};
use support::{files_below, main_files, manifest};

#[test]
fn the_manifest_is_the_directory() {
    let listed: BTreeSet<String> = manifest().into_iter().map(|file| file.path).collect();
    let mut present = files_below("valid");
    present.extend(files_below("invalid"));
    let (messages, present): (BTreeSet<_>, BTreeSet<_>) = present
        .into_iter()
        .partition(|path| path.ends_with(".error.txt"));
    assert_eq!(listed, present);
    let expected: BTreeSet<String> = main_files("invalid")
        .into_iter()
        .map(|file| format!("{}.error.txt", file.path))
        .collect();
    assert_eq!(messages, expected);
}

#[test]
fn every_file_is_described() {
    let files = manifest();
    for file in &files {
        check_sha256(&file.content(), &file.sha256)
            .unwrap_or_else(|error| panic!("{}: {error}", file.path));
        assert!(file.content().len() <= 200_000, "{}", file.path);
        assert!(
            !file.source.is_empty() && !file.licence.is_empty(),
            "{}",
            file.path
        );
        assert!(!file.exercises.is_empty(), "{}", file.path);
        if let Some(main) = &file.companion_of {
            assert!(
                files.iter().any(|other| other.path == *main),
                "{}",
                file.path
            );
        }
    }
}

#[test]
fn facts_hold() {
    for file in main_files("valid") {
        let definition = file.read();
        let merge_count = match &definition.merges {
            Merges::Listed(merges) => merges.len(),
            Merges::ByRank | Merges::ByScore(_) => 0,
        };
        let path = &file.path;
        assert_eq!(Some(definition.id_bound()), file.n_vocab, "{path}");
        assert_eq!(Some(definition.vocab.len()), file.n_tokens, "{path}");
        assert_eq!(Some(merge_count), file.n_merges, "{path}");
        assert_eq!(Some(definition.added_tokens.len()), file.n_added, "{path}");
        assert!(definition.provenance.warnings.is_empty(), "{path}");
        let detected = files::detect(&file.place(), &Limits::default()).unwrap();
        assert_eq!(detected.info().name, file.format, "{path}");
    }
}

#[test]
fn writing_gives_back_what_was_read() {
    for file in main_files("valid") {
        let (bundle, definition) = (file.bundle(), file.read());
        let written = file
            .codec()
            .write(&definition, &file.target_name())
            .unwrap();
        if file.canonical && std::str::from_utf8(bundle.bytes()).is_err() {
            // Nobody can read the two.
            assert!(written.bytes() == bundle.bytes(), "{}", file.path);
        } else if file.canonical {
            assert_eq!(
                String::from_utf8_lossy(written.bytes()),
                String::from_utf8_lossy(bundle.bytes()),
                "{}",
                file.path
            );
            let companions = |bundle: &bpekit_formats::Bundle| -> Vec<(String, String)> {
                let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
                bundle
                    .companions()
                    .map(|(name, bytes)| (name.to_owned(), text(bytes)))
                    .collect()
            };
            assert_eq!(companions(&written), companions(&bundle), "{}", file.path);
        }
        let again = file
            .codec()
            .read(&written, &ReadOptions::default())
            .unwrap();
        assert!(says_the_same(&again, &definition), "{}", file.path);
        let twice = file.codec().write(&again, &file.target_name()).unwrap();
        assert_eq!(twice, written, "{}", file.path);
    }
}

/// As `Definition::says_the_same`, but for added tokens that were written into the vocab so that
/// `tokenizers` keeps their ids.
fn says_the_same(again: &Definition, before: &Definition) -> bool {
    if again.vocab.len() == before.vocab.len() {
        return again.says_the_same(before);
    }
    let mut rest = Vec::new();
    for token in again.vocab.iter() {
        if before.vocab.token(token.id) == Some(token) {
            rest.push(token.id);
        } else if before.added_token(token.id).is_none() {
            return false;
        }
    }
    let mut again = again.clone();
    again.vocab = before.vocab.clone();
    rest.len() == before.vocab.len() && again.says_the_same(before)
}

#[test]
fn lenient_reads_say_the_same_of_strict_files() {
    let lenient = ReadOptions {
        lenient: true,
        allow_missing_bytes: true,
        ..ReadOptions::default()
    };
    for file in main_files("valid") {
        let definition = file.codec().read(&file.bundle(), &lenient).unwrap();
        assert!(definition.says_the_same(&file.read()), "{}", file.path);
        assert!(definition.provenance.warnings.is_empty(), "{}", file.path);
    }
}
