//! Tokenizers that a rank file cannot say: each is refused or a named loss, never `exact`.

use bpekit::convert::{ConvertOptions, to_bundle};
use bpekit::formats::{Category, LossPart, byte_alphabet};
use bpekit::{LoadOptions, Special, Tokenizer};
use serde_json::{Map, Value, json};

/// A byte-level tokenizer.json: the 256 bytes, and one merge of two characters of the alphabet.
fn document(pre_tokenizer: &Value, merge: [&str; 2]) -> Value {
    let mut vocab = Map::new();
    for byte in 0..=255_u8 {
        vocab.insert(byte_alphabet::to_char(byte).to_string(), byte.into());
    }
    vocab.insert(merge.concat(), 256.into());
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": pre_tokenizer, "post_processor": null,
        "decoder": { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
            "use_regex": true },
        "model": { "type": "BPE", "dropout": null, "unk_token": null,
            "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
            "byte_fallback": false, "ignore_merges": false, "vocab": vocab,
            "merges": [merge.join(" ")] },
    })
}

fn byte_level() -> Value {
    json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
        "use_regex": false })
}

fn split(pattern: &Value, behavior: &str, invert: bool) -> Value {
    json!({ "type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert })
}

fn sequence(steps: &[Value]) -> Value {
    json!({ "type": "Sequence", "pretokenizers": steps })
}

fn load(document: &Value) -> bpekit::Result<Tokenizer> {
    let bytes = serde_json::to_vec(document).unwrap();
    Tokenizer::from_bytes("tokenizer.json", bytes, &LoadOptions::default())
}

fn to_ranks(source: &Tokenizer, allow_loss: &[LossPart]) -> bpekit::Result<bool> {
    let options = ConvertOptions {
        to: Some("tiktoken".to_owned()),
        allow_loss: allow_loss.to_vec(),
        ..ConvertOptions::default()
    };
    to_bundle(source, "t.tiktoken", &options).map(|(_, report)| report.is_exact())
}

#[test]
fn splits_that_one_pattern_cannot_do_are_a_loss() {
    let text = |text: &str| json!({ "String": text });
    let regex = |text: &str| json!({ "Regex": text });
    let behind = |step: Value| sequence(&[byte_level(), step]);
    let before = |step: Value| sequence(&[step, byte_level()]);
    for (name, pre_tokenizer, merge) in [
        (
            "removed",
            before(split(&text("abracadabra"), "Removed", false)),
            ["a", "b"],
        ),
        (
            "removed run",
            before(split(&regex("<sep>+"), "Removed", false)),
            ["e", "p"],
        ),
        (
            "behind",
            behind(split(&text("qéqé"), "Isolated", false)),
            ["z", "q"],
        ),
        (
            "behind, space",
            behind(split(&text("Ġqzqz"), "Isolated", false)),
            ["x", "Ġ"],
        ),
        (
            "ahead",
            before(split(&regex("(?=zqzq)"), "Isolated", false)),
            ["z", "q"],
        ),
        (
            "ahead, alone",
            before(split(&regex("(?=b)"), "Removed", true)),
            ["z", "q"],
        ),
        (
            "merged",
            before(split(&regex("b+"), "MergedWithNext", false)),
            ["z", "q"],
        ),
    ] {
        let source = load(&document(&pre_tokenizer, merge)).unwrap();
        let error = to_ranks(&source, &[]).unwrap_err();
        let file = error.file().unwrap();
        assert_eq!(file.category(), Category::Loss, "{name}: {error}");
        assert!(
            file.losses()
                .iter()
                .all(|loss| loss.part == LossPart::Pretokenizer),
            "{name}"
        );
        // What is allowed is written, and said to be conditional.
        assert!(
            !to_ranks(&source, &[LossPart::Pretokenizer]).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn a_split_that_one_pattern_can_do_is_exact() {
    for (pattern, behavior, invert) in [
        (json!({ "Regex": r"\d+" }), "Isolated", false),
        (json!({ "String": "ab" }), "Isolated", false),
        (json!({ "Regex": r"\w+|\W" }), "Removed", true),
    ] {
        let pre_tokenizer = sequence(&[split(&pattern, behavior, invert), byte_level()]);
        let source = load(&document(&pre_tokenizer, ["a", "b"])).unwrap();
        assert!(to_ranks(&source, &[]).unwrap(), "{pattern}");
    }
}

#[test]
fn a_step_that_leaves_the_byte_alphabet_is_refused() {
    let metaspace = json!({ "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always",
        "split": true });
    for steps in [[byte_level(), metaspace], [byte_level(), byte_level()]] {
        let error = load(&document(&sequence(&steps), ["a", "b"])).unwrap_err();
        assert_eq!(
            error.file().unwrap().category(),
            Category::Unsupported,
            "{error}"
        );
    }
}

#[test]
fn decoder_and_unknown_members_are_named() {
    let mut changed = document(&byte_level(), ["a", "b"]);
    changed["decoder"] = json!({ "type": "Sequence", "decoders": [
        { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true },
        { "type": "Replace", "pattern": { "String": "ab" }, "content": "zz" },
    ] });
    let error = to_ranks(&load(&changed).unwrap(), &[]).unwrap_err();
    assert_eq!(error.file().unwrap().losses()[0].part, LossPart::Decoder);

    let mut unknown = document(&byte_level(), ["a", "b"]);
    unknown["model"]["weird"] = json!(1);
    unknown["pre_tokenizer"]["odd"] = json!(2);
    let options = ConvertOptions {
        to: Some("tiktoken".to_owned()),
        ..ConvertOptions::default()
    };
    let (_, report) = to_bundle(&load(&unknown).unwrap(), "t", &options).unwrap();
    let loss = report
        .losses
        .iter()
        .find(|loss| loss.part == LossPart::UnknownFields)
        .unwrap();
    assert!(loss.detail.contains("model.weird") && loss.detail.contains("pre_tokenizer.odd"));
}

#[test]
fn a_special_token_named_like_a_byte_is_refused_for_json() {
    let mut demo = Tokenizer::demo().unwrap().definition().clone();
    demo.added_tokens[0].content = "é".to_owned();
    let source = Tokenizer::from_definition(demo).unwrap();
    let options = ConvertOptions {
        to: Some("hf-json".to_owned()),
        ..ConvertOptions::default()
    };
    let error = to_bundle(&source, "t", &options).unwrap_err();
    assert_eq!(error.file().unwrap().category(), Category::Unsupported);
    assert!(error.to_string().contains(r#"b"\xe9""#), "{error}");
}

/// A run without a match of the pattern takes neither stack nor time beyond its length.
#[test]
fn a_composed_pattern_survives_a_long_gap() {
    let pattern = json!({ "Regex": r"\s+" });
    let pre_tokenizer = sequence(&[split(&pattern, "Isolated", false), byte_level()]);
    let source = load(&document(&pre_tokenizer, ["a", "b"])).unwrap();
    let options = ConvertOptions {
        to: Some("tiktoken".to_owned()),
        ..ConvertOptions::default()
    };
    let (bundle, _) = to_bundle(&source, "t.tiktoken", &options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.tiktoken");
    bpekit::formats::files::save(&bundle, &path).unwrap();
    let target = Tokenizer::load(&path, &LoadOptions::default()).unwrap();
    let text = "a".repeat(300_000);
    let ids = target.encode(&text, &Special::allowed()).unwrap();
    assert_eq!(ids.len(), text.len());
}
