//! The list of codecs is the directory of codecs, and each brings what a format needs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bpekit_formats::registry::{self, CODECS};
use bpekit_formats::{Bundle, Layout, ReadOptions, files};
use support::manifest;

fn module_of(name: &str) -> String {
    name.replace('-', "_")
}

#[test]
fn the_list_is_the_directory() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/codecs");
    let names: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| files::file_name(&entry.unwrap().path()))
        .collect();
    let modules: BTreeSet<&str> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".rs"))
        .filter(|n| *n != "mod")
        .collect();
    let specs: BTreeSet<&str> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".md"))
        .collect();
    let listed: BTreeSet<String> = registry::formats()
        .map(|info| module_of(info.name))
        .collect();
    let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    assert_eq!(
        modules, listed,
        "a module of codecs/ without an entry in CODECS, or the other way"
    );
    assert_eq!(specs, listed, "each codec needs its NAME.md");
    for module in listed {
        let source = fs::read_to_string(folder.join(format!("{module}.rs"))).unwrap();
        assert!(source.starts_with(&format!("#![doc = include_str!(\"{module}.md\")]")));
    }
}

#[test]
fn names_are_unique_and_plain() {
    let names: BTreeSet<&str> = registry::formats().map(|info| info.name).collect();
    assert_eq!(names.len(), CODECS.len());
    let mut file_names = BTreeSet::new();
    for info in registry::formats() {
        assert!(
            info.name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        );
        assert!(!info.title.is_empty() && !info.file_names.is_empty());
        // In a directory a name says what the file is there, and nothing of it alone.
        let claimed = match info.layout {
            Layout::File => info.file_names,
            Layout::Directory => &[],
        };
        for name in claimed {
            assert!(file_names.insert(name), "{name} is claimed twice");
        }
        assert_eq!(registry::by_name(info.name).unwrap().info().name, info.name);
    }
}

#[test]
fn every_codec_has_fixtures() {
    let files = manifest();
    for info in registry::formats() {
        let count = |folder: &str| {
            let folder = format!("{folder}/{}/", module_of(info.name));
            files
                .iter()
                .filter(|file| file.path.starts_with(&folder))
                .count()
        };
        assert!(count("valid") >= 2, "{} needs valid fixtures", info.name);
        assert!(
            count("invalid") >= 3,
            "{} needs invalid fixtures",
            info.name
        );
    }
    for file in files {
        assert!(registry::by_name(&file.format).is_ok(), "{}", file.path);
        assert!(
            file.path.split('/').nth(1) == Some(&module_of(&file.format)),
            "{}",
            file.path
        );
    }
}

#[test]
fn names_of_files_ask_for_formats() {
    for (name, format) in [
        ("a.tiktoken", Some("tiktoken")),
        ("A.TIKTOKEN.GZ", Some("tiktoken")),
        ("tokenizer.model", Some("tiktoken")),
        ("spiece.model", Some("sentencepiece")),
        ("tokenizer.json", Some("hf-json")),
        ("tokenizer.json.zst", Some("hf-json")),
        ("mine.ranks.json", Some("rank-json")),
        ("ranks.json", Some("hf-json")),
        ("model-Q4_K_M.gguf", Some("gguf")),
        ("x.txt", None),
    ] {
        assert_eq!(
            registry::by_file_name(name).map(|codec| codec.info().name),
            format,
            "{name}"
        );
    }
}

#[test]
fn detection_goes_by_content() {
    let detect = |name: &str, bytes: &[u8]| {
        registry::detect(&Bundle::new(name, bytes.to_vec())).map(|codec| codec.info().name)
    };
    assert_eq!(detect("tokenizer.json", b"IQ== 0\n").unwrap(), "tiktoken");
    assert_eq!(
        detect("a.tiktoken", b"{\"version\": \"1.0\"}").unwrap(),
        "hf-json"
    );
    let added_first = format!("{{\"added_tokens\": [{}]", "1,".repeat(10_000));
    assert_eq!(detect("x", added_first.as_bytes()).unwrap(), "hf-json");
    let model_first = format!("{{\"model\": {{\"vocab\": {{{}", "\"a\": 1,".repeat(10_000));
    assert_eq!(detect("x", model_first.as_bytes()).unwrap(), "hf-json");
    assert_eq!(
        detect("x", &b"IQ== 0\rIg== 1\r".repeat(9000)).unwrap(),
        "tiktoken"
    );
    assert_eq!(
        detect("x.json", b"nonsense").unwrap(),
        "hf-json",
        "the name decides"
    );
    assert_eq!(detect("x.json", b"GGUF\x03\0\0\0").unwrap(), "gguf");
    assert_eq!(detect("x", b"GGUF 300\n").unwrap(), "tiktoken");
    let piece = b"\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\x02";
    assert_eq!(detect("tokenizer.model", piece).unwrap(), "sentencepiece");
    assert_eq!(
        detect("tokenizer.model", b"\nIQ== 0\n").unwrap(),
        "tiktoken"
    );
    assert!(detect("x", b"nonsense").is_err());
    assert!(detect("x.tiktoken", b"\x80\x04\x95").is_err());
}

/// A model that is read as what it is not says what it is.
#[test]
fn a_model_is_told_from_ranks() {
    let piece = b"\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\x02".to_vec();
    let bundle = Bundle::new("tokenizer.model", piece);
    for format in ["tiktoken", "hf-json"] {
        let codec = registry::by_name(format).unwrap();
        let error = codec.read(&bundle, &ReadOptions::default()).unwrap_err();
        assert_eq!(error.message(), "looks like a SentencePiece model");
        assert!(error.hints()[0].contains("names two formats"), "{error}");
    }
}
