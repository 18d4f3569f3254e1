//! Real tokenizer files (fixtures/real/FILES.toml, fetched by `tools/real_files.py`): each loads,
//! and is written back as it was.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use bpekit_formats::{Bundle, Limits, Merges, ReadOptions, files, registry};
use serde::Deserialize;
use support::root;

#[derive(Deserialize)]
struct List {
    archive: Vec<Archive>,
}

#[derive(Deserialize)]
struct Archive {
    set: String,
    file: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    format: String,
    sha256: String,
}

fn cache() -> PathBuf {
    match std::env::var_os("BPEKIT_REAL_FILES") {
        Some(folder) if !folder.is_empty() => folder.into(),
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/real-files"),
    }
}

/// The present files of the wanted formats. An absent one is named; in CI it fails the test if it
/// belongs to the chosen set.
fn present(formats: &[&str]) -> Vec<(String, Bundle)> {
    let text = fs::read_to_string(root().join("real/FILES.toml")).unwrap();
    let list: List = toml::from_str(&text).unwrap();
    let wanted_set = std::env::var("BPEKIT_TEST_SET").unwrap_or_else(|_| "core".to_owned());
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let mut found = Vec::new();
    let mut listed_count = 0;
    for archive in &list.archive {
        for file in archive
            .file
            .iter()
            .filter(|file| formats.contains(&file.format.as_str()))
        {
            listed_count += 1;
            let path = cache().join(&file.name);
            if path.is_file() {
                let bytes = files::read_bytes(&path, &Limits::default()).unwrap();
                bpekit_formats::codecs::tiktoken::check_sha256(&bytes, &file.sha256)
                    .unwrap_or_else(|error| panic!("{}: {error}", file.name));
                let bundle = files::unpack(&file.name, bytes, &Limits::default()).unwrap();
                found.push((file.name.clone(), bundle));
            } else {
                println!("skipped: {} is not in {}", file.name, cache().display());
                let is_wanted = wanted_set == "all" || archive.set == wanted_set;
                assert!(!(is_ci && is_wanted), "{} is not there", file.name);
            }
        }
    }
    assert!(listed_count > 0, "{formats:?}: none listed");
    found
}

#[test]
fn rank_files_are_written_back_byte_for_byte() {
    for (name, bundle) in present(&[".tiktoken", ".tiktoken.gz", ".tiktoken.zst"]) {
        let codec = registry::detect(&bundle).unwrap();
        assert_eq!(codec.info().name, "tiktoken", "{name}");
        let definition = codec
            .read(&bundle, &ReadOptions::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let remarks = &definition.provenance.remarks;
        let written = codec.write(&definition, &name).unwrap();
        assert_eq!(
            written.bytes() == bundle.bytes(),
            remarks.is_empty(),
            "{name}: {remarks:?}"
        );
        assert!(remarks.is_empty(), "{name}: {remarks:?}");
        let hash = definition.provenance.ranks_sha256.unwrap();
        let again = codec.read(&written, &ReadOptions::default()).unwrap();
        assert_eq!(again.provenance.ranks_sha256.unwrap(), hash, "{name}");
    }
}

/// What npm `tiktoken` and `@anthropic-ai/tokenizer` ship.
#[test]
fn rank_documents_are_written_back_byte_for_byte() {
    for (name, bundle) in present(&["rank json"]) {
        let codec = registry::detect(&bundle).unwrap();
        assert_eq!(codec.info().name, "rank-json", "{name}");
        let definition = codec
            .read(&bundle, &ReadOptions::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let written = codec.write(&definition, &name).unwrap();
        assert!(written.bytes() == bundle.bytes(), "{name}");
        // Claude's says the number of its merges.
        let has_remark = name == "claude_rank.json";
        let remarks = &definition.provenance.remarks;
        assert_eq!(remarks.len(), usize::from(has_remark), "{remarks:?}");
        let hash = definition.provenance.ranks_sha256.unwrap();
        let expected = match name.as_str() {
            "npm_tiktoken_cl100k_base.json" => "223921b7",
            "npm_tiktoken_o200k_base.json" => "446a9538",
            _ => "ba9ebb28",
        };
        assert!(hash.starts_with(expected), "{name}: {hash}");
    }
}

/// Mistral's own, out of two programs, with the padding.
#[test]
fn tekken_files_are_written_back_byte_for_byte() {
    for (name, bundle) in present(&["tekken.json"]) {
        let codec = registry::detect(&bundle).unwrap();
        assert_eq!(codec.info().name, "tekken", "{name}");
        let definition = codec
            .read(&bundle, &ReadOptions::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(definition.id_bound(), 131_072, "{name}");
        assert_eq!(definition.added_tokens.len(), 1000, "{name}");
        let written = codec.write(&definition, &name).unwrap();
        assert!(written.bytes() == bundle.bytes(), "{name}");
    }
}

/// What OpenAI and Qwen ship: either file leads to the other, and the layouts of OpenAI and of
/// tokenizers come back.
#[test]
fn pairs_of_gpt2_are_written_back() {
    let ids = present(&["vocab.json"]);
    let merges = present(&["merges.txt"]);
    for (name, bundle) in &ids {
        let other = match name.as_str() {
            "qwen3_vocab.json" => "qwen3_merges.txt".to_owned(),
            name => name.replace("encoder.json", "vocab.bpe"),
        };
        let (_, beside) = merges.iter().find(|(name, _)| *name == other).unwrap();
        let definition = files::load(&cache().join(name), None, &ReadOptions::default()).unwrap();
        let same = files::load(&cache().join(&other), None, &ReadOptions::default()).unwrap();
        assert!(definition.says_the_same(&same), "{name}");
        let remarks = definition.provenance.remarks.join("\n");
        let (hash, remark, is_crlf) = match name.as_str() {
            // Of qwen1.tiktoken and of r50k_base.tiktoken.
            "qwen3_vocab.json" => ("b2b1b8df", "CRLF line ends", true),
            _ => ("306cd27f", "1 tokens that no merge makes", false),
        };
        assert!(remarks.starts_with(remark), "{name}: {remarks}");
        let found = definition.provenance.ranks_sha256.clone().unwrap();
        assert!(found.starts_with(hash), "{name}: {found}");
        let codec = registry::by_name("gpt2").unwrap();
        let written = codec.write(&definition, name).unwrap();
        // The one of tiktoken-rs is indented by four.
        if name != "gpt2_encoder.json" {
            assert!(written.bytes() == bundle.bytes(), "{name}");
        }
        let mut expected = beside.bytes().to_vec();
        if is_crlf {
            expected.retain(|byte| *byte != b'\r');
        }
        assert!(written.get(&other).unwrap() == expected, "{other}");
    }
}

/// Written by other programs than `tokenizers`, or with members it leaves away: the same
/// tokenizer in other bytes.
const IN_ANOTHER_LAYOUT: [&str; 2] = [
    "deepseek_v4_tokenizer.json",
    "lenml_deepseek_v3_tokenizer.json",
];

#[test]
fn documents_are_written_back_byte_for_byte() {
    for (name, bundle) in present(&["tokenizer.json"]) {
        let codec = registry::detect(&bundle).unwrap();
        let definition = codec
            .read(&bundle, &ReadOptions::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(matches!(&definition.merges, Merges::Listed(merges) if !merges.is_empty()));
        let written = codec.write(&definition, &name).unwrap();
        if IN_ANOTHER_LAYOUT.contains(&name.as_str()) {
            let again = codec.read(&written, &ReadOptions::default()).unwrap();
            assert!(again.says_the_same(&definition), "{name}");
        } else {
            assert!(
                written.bytes() == bundle.bytes(),
                "{name} is not written back as it was"
            );
        }
    }
}

/// The rest have another kind of tokenizer, which is named.
const OF_OTHER_KINDS: [(&str, &str); 2] = [
    ("ggml-vocab-bert-bge.gguf", "`bert` (WordPiece)"),
    ("ggml-vocab-nomic-bert-moe.gguf", "`t5` (Unigram)"),
];

/// Byte for byte, but for the version's number in one of version 2.
#[test]
fn gguf_files_are_written_back() {
    for (name, bundle) in present(&["GGUF vocab-only"]) {
        let codec = registry::detect(&bundle).unwrap();
        assert_eq!(codec.info().name, "gguf", "{name}");
        let outcome = codec.read(&bundle, &ReadOptions::default());
        if let Some((_, words)) = OF_OTHER_KINDS.iter().find(|(other, _)| *other == name) {
            let message = outcome.unwrap_err().to_string();
            assert!(message.contains(words), "{name}: {message}");
            continue;
        }
        let definition = outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
        let written = codec.write(&definition, &name).unwrap();
        let mut bytes = bundle.bytes().to_vec();
        bytes[4] = 3;
        assert!(
            written.bytes() == bytes,
            "{name} is not written back as it was"
        );
    }
}

/// Models of byte pair encoding load, and what is pickled of one says the same; others are named.
#[test]
fn models_are_read_whole() {
    for (name, bundle) in present(&["SentencePiece .model"]) {
        let codec = registry::detect(&bundle).unwrap();
        assert_eq!(codec.info().name, "sentencepiece", "{name}");
        let outcome = codec.read(&bundle, &ReadOptions::default());
        if name == "ai21_j2.model" {
            let message = outcome.unwrap_err().to_string();
            assert!(message.contains("is `unigram`"), "{message}");
            continue;
        }
        let definition = outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(definition.vocab.len() >= 32_000, "{name}");
        assert!(matches!(&definition.merges, Merges::ByScore(_)), "{name}");
        assert_eq!(definition.roles.len(), 3, "{name}: {:?}", definition.roles);
        let written = codec.write(&definition, &name).unwrap();
        let again = codec.read(&written, &ReadOptions::default()).unwrap();
        assert!(again.says_the_same(&definition), "{name}");
    }
}

/// Files of other formats are named, and never taken for one of ours.
#[test]
fn other_formats_are_refused() {
    let formats = [".tkv.zst", "tokenizer_config.json", "merges.txt.gz"];
    for (name, bundle) in present(&formats) {
        let outcome = registry::detect(&bundle)
            .and_then(|codec| codec.read(&bundle, &ReadOptions::default()));
        let error = outcome.map(|_| ()).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("looks like") || message.contains("not"),
            "{name}: {message}"
        );
    }
}
