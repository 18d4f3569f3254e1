//! GGUF files in the engine: each name of a split is compiled, and what a name cannot say is asked
//! for.

use bpekit::convert::{ConvertOptions, to_bundle};
use bpekit::formats::{Category, LossPart};
use bpekit::{LoadOptions, Tokenizer};

use crate::fixtures;

fn bytes_of(name: &str) -> Vec<u8> {
    let path = format!("valid/gguf/{name}/{name}.gguf");
    std::fs::read(fixtures::root().join(path)).unwrap()
}

/// The file with another name of a split.
fn with_pre(name: &str) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let bytes = bytes_of("unknown-pre");
    let old = text("my-own-split");
    let at = bytes
        .windows(old.len())
        .position(|part| part == old)
        .unwrap();
    [&bytes[..at], &text(name), &bytes[at + old.len()..]].concat()
}

fn load(bytes: Vec<u8>, options: &LoadOptions) -> bpekit::Result<Tokenizer> {
    Tokenizer::from_bytes("t.gguf", bytes, options)
}

fn names() -> Vec<String> {
    let error = load(bytes_of("unknown-pre"), &LoadOptions::default()).unwrap_err();
    let hint = error.file().unwrap().hints()[0].clone();
    let listed = hint.strip_prefix("known are ").unwrap();
    listed.split(", ").map(str::to_owned).collect()
}

#[test]
fn every_name_is_compiled_and_covers_all_text() {
    let names = names();
    assert!(names.len() > 80, "{names:?}");
    for name in names {
        // These put a token in front that the file has not.
        let needs_bos = [
            "llama",
            "falcon",
            "pixtral",
            "midm",
            "lfm2",
            "jina-v5",
            "tekken",
            "chameleon",
        ]
        .iter()
        .any(|start| name.starts_with(start) && !["falcon", "llama4"].contains(&name.as_str()));
        match load(with_pre(&name), &LoadOptions::default()) {
            Ok(tokenizer) => {
                let text = "It's  12345 Wörter…\n\n don't カ・ド 'ſ\u{301} ٣٤٥\t ";
                let ids = tokenizer.encode_ordinary(text).unwrap();
                assert_eq!(tokenizer.decode(&ids).unwrap(), text, "{name}");
            }
            Err(error) => {
                assert!(needs_bos, "{name}: {error}");
                assert!(
                    error.to_string().contains("bos_token_id"),
                    "{name}: {error}"
                );
            }
        }
    }
}

#[test]
fn an_unknown_name_is_asked_for() {
    let error = load(with_pre("mine"), &LoadOptions::default()).unwrap_err();
    let file = error.file().unwrap();
    assert_eq!(file.category(), Category::Unsupported);
    assert!(file.message().contains("`mine`"), "{file}");
    let given = LoadOptions {
        pattern: Some("gpt2".to_owned()),
        ..LoadOptions::default()
    };
    let tokenizer = load(with_pre("mine"), &given).unwrap();
    let known = load(with_pre("gpt-2"), &LoadOptions::default()).unwrap();
    let text = " the 123's  \n";
    let ids = |tokenizer: &Tokenizer| tokenizer.encode_ordinary(text).unwrap();
    assert_eq!(ids(&tokenizer), ids(&known));
    let error = load(with_pre("gpt-2"), &given).unwrap_err().to_string();
    assert!(error.contains("`pattern` is for rank files"), "{error}");
}

/// llama.cpp's name for a split that it does otherwise is a loss; one that it has not, an error.
#[test]
fn a_split_is_exact_or_a_loss() {
    let of_pattern = |pattern: &str| {
        let options = LoadOptions {
            pattern: Some(pattern.to_owned()),
            ..LoadOptions::default()
        };
        let ranks = bpekit::demo::ranks().to_vec();
        Tokenizer::from_bytes("d.tiktoken", ranks, &options).unwrap()
    };
    let convert = |pattern: &str, allow_loss: &[LossPart]| {
        let options = ConvertOptions {
            to: Some("gguf".to_owned()),
            allow_loss: allow_loss.to_vec(),
            ..ConvertOptions::default()
        };
        to_bundle(&of_pattern(pattern), "t.gguf", &options)
    };
    for pattern in ["gpt2", "deepseek-v3"] {
        let (_, report) = convert(pattern, &[]).unwrap();
        assert!(report.is_exact(), "{pattern}");
    }
    for (pattern, words) in [
        ("llama3", "`llama-bpe`"),
        ("qwen2", "`qwen2`"),
        ("qwen3.5", "`qwen35`"),
        ("o200k", "`gpt-4o`"),
        ("tekken", "`tekken`"),
        ("kimi-k2", "`kimi-k2`"),
    ] {
        let error = convert(pattern, &[]).unwrap_err();
        let losses = error.file().unwrap().losses();
        assert_eq!(losses.len(), 1, "{error}");
        assert_eq!(losses[0].part, LossPart::Pretokenizer);
        assert!(losses[0].detail.contains(words), "{error}");
        let (bundle, _) = convert(pattern, &[LossPart::Pretokenizer]).unwrap();
        let again = load(bundle.into_bytes(), &LoadOptions::default()).unwrap();
        assert_eq!(again.definition().provenance.remarks.len(), 1, "{pattern}");
    }
    for pattern in ["cl100k", r"\w+|\W"] {
        let error = convert(pattern, &[]).unwrap_err();
        assert!(error.to_string().contains("no name for"), "{error}");
    }
}
