//! Every prefix and every changed byte of small fixtures: read or refused, never a panic.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

mod support;

use bpekit_formats::{Definition, Error, ErrorKind, Layout, ReadOptions, files, registry};
use support::{Fixture, main_files, manifest};

/// An error names the place, or is about the file as a whole and says so.
fn assert_helpful(error: &Error, what: &str) {
    assert!(!matches!(error.kind(), ErrorKind::Io(_)), "{what}: {error}");
    let message = error.message();
    assert!(
        message.len() > 8 && !message.contains("refused"),
        "{what}: {error}"
    );
    let is_about_the_whole = [
        "looks like",
        "is a Git LFS pointer",
        "the file is empty",
        "no tokens",
        "UTF-16",
        "of the 256 bytes ha",
        "not a tokenizer file",
        "no member `model`",
        "damaged",
        "not compressed so",
        "beside it",
    ]
    .iter()
    .any(|words| message.contains(words));
    assert!(
        error.location().is_some() || is_about_the_whole,
        "{what}: {error}"
    );
}

/// Main files, and the merges of GPT-2's pairs, which can be named as well.
fn small_files() -> Vec<Fixture> {
    let mut files = manifest();
    let is_read = |file: &Fixture| {
        let is_merges = || [".txt", ".bpe"].iter().any(|end| file.path.ends_with(end));
        file.companion_of.is_none() || (file.format == "gpt2" && is_merges())
    };
    files.retain(|file| {
        file.path.starts_with("valid") && is_read(file) && file.content().len() < 12_000
    });
    files
}

/// Reads a fixture with other content, beside what stands beside it.
fn read(file: &Fixture, bytes: &[u8]) -> Result<Definition, Error> {
    let options = ReadOptions::default();
    let mut bundle = files::unpack(&file.name(), bytes.to_vec(), &options.limits)?;
    // The parts of a directory, and sidecars, are about the whole file.
    if file.codec().info().layout == Layout::File && file.format != "tiktoken" {
        for (name, bytes) in file.bundle().companions() {
            bundle.add_part(name, bytes.to_vec());
        }
    }
    registry::detect(&bundle)?.read(&bundle, &options)
}

#[test]
fn prefixes() {
    for file in small_files() {
        let (name, content) = (file.name(), file.content());
        // JSON is parsed from its start each time, so every prefix of a long one is too slow.
        let step = if file.format == "tiktoken" {
            1
        } else {
            1 + content.len() / 2000
        };
        for len in (0..content.len()).step_by(step) {
            let what = format!("{} cut to {len} bytes", file.path);
            match read(&file, &content[..len]) {
                Err(error) => assert_helpful(&error, &what),
                // Fields behind those that are read may be cut off.
                Ok(definition) if file.format == "sentencepiece" => {
                    assert!(definition.says_the_same(&file.read()), "{what}");
                }
                Ok(definition) => {
                    if matches!(file.format.as_str(), "gpt2" | "minbpe") {
                        // Less merges are a tokenizer too, with a remark if not cut at a line end.
                        let remarks = &definition.provenance.remarks;
                        assert!(!remarks.is_empty() || content[len - 1] == b'\n', "{what}");
                        assert!(
                            file.format == "minbpe" || file.companion_of.is_some(),
                            "{what}"
                        );
                        continue;
                    }
                    let has_ranks = matches!(file.format.as_str(), "tiktoken" | "tiktoken-plugin");
                    assert!(has_ranks, "{what}");
                    let tokens = file.n_tokens.unwrap();
                    let is_at_line_end = matches!(content[len - 1], b'\n' | b'\r')
                        || matches!(content[len], b'\n' | b'\r');
                    if name.ends_with(".tiktoken") {
                        let is_whole = definition.vocab.len() == tokens;
                        let is_shorter = definition.vocab.len() < tokens;
                        assert!(is_whole || is_shorter, "{what}");
                        // A rank may be cut to a shorter number that no other token has.
                        let is_cut_rank = content[..len].last().is_some_and(u8::is_ascii_digit);
                        assert!(is_at_line_end || is_cut_rank, "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn flipped_bytes() {
    for file in small_files() {
        let (name, mut content) = (file.name(), file.content());
        let step = match file.format.as_str() {
            "gguf" => 7,
            _ if content.len() > 6000 => 3,
            _ => 1,
        };
        for at in (0..content.len()).step_by(step) {
            for flip in [0x01, 0x20, 0x80] {
                content[at] ^= flip;
                let what = format!("{} with byte {at} changed by {flip:#x}", file.path);
                match read(&file, &content) {
                    Err(error) => assert_helpful(&error, &what),
                    Ok(definition) => {
                        // A changed byte may make another format of it.
                        let format = definition.provenance.format.unwrap();
                        let codec = registry::by_name(format).unwrap();
                        // The ids are what is named for writing.
                        let main = file.companion_of.as_deref().unwrap_or(&name);
                        let written = codec.write(&definition, main);
                        let written = written.unwrap_or_else(|error| panic!("{what}: {error}"));
                        let again = codec.read(&written, &ReadOptions::default());
                        again.unwrap_or_else(|error| panic!("{what}: {error}"));
                    }
                }
                content[at] ^= flip;
            }
        }
    }
}

/// A sidecar is part of the tokenizer too.
#[test]
fn sidecars() {
    for file in main_files("valid")
        .iter()
        .filter(|file| file.path.contains("sidecar"))
    {
        let bundle = file.bundle();
        let (name, sidecar) = bundle.companions().last().unwrap();
        assert!(name.ends_with(".tiktoken.json") || name.ends_with(".bpekit.json"));
        let mut variants: Vec<Vec<u8>> = (0..sidecar.len())
            .map(|len| sidecar[..len].to_vec())
            .collect();
        for at in 0..sidecar.len() {
            for flip in [0x01, 0x20, 0x80] {
                let mut changed = sidecar.to_vec();
                changed[at] ^= flip;
                variants.push(changed);
            }
        }
        for variant in variants {
            let mut changed = bpekit_formats::Bundle::new(bundle.name(), bundle.bytes().to_vec());
            for (other, bytes) in bundle.companions().filter(|(other, _)| *other != name) {
                changed.add_part(other, bytes.to_vec());
            }
            changed.add(name, variant);
            if let Err(error) = file.codec().read(&changed, &ReadOptions::default()) {
                assert!(error.location().is_some() || error.message().contains("not a sidecar"));
                assert_eq!(error.path().unwrap().to_str(), Some(name));
            }
        }
    }
}
