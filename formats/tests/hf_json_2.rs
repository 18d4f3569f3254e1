//! tokenizer.json 2.0: what it says in the words of 1.0, and what it cannot say.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

mod support;

use bpekit_formats::{
    AddedToken, Definition, Needle, Normalizer, Pattern, PostProcessor, PrependScheme,
    Pretokenizer, ReadOptions, Role, SplitBehavior, TemplatePart, registry,
};
use serde_json::{Value, json};
use support::main_files;

fn fixture(name: &str) -> Definition {
    let path = format!("valid/hf_json_2/{name}/{name}.json");
    let files = main_files("valid");
    files.iter().find(|file| file.path == path).unwrap().read()
}

fn written(definition: &Definition) -> Result<Value, bpekit_formats::Error> {
    let codec = registry::by_name("hf-json-2").unwrap();
    let bundle = codec.write(definition, "x")?;
    let options = ReadOptions::default();
    codec.read(&bundle, &options).unwrap();
    Ok(serde_json::from_slice(bundle.bytes()).unwrap())
}

const LEVEL: Pretokenizer = Pretokenizer::ByteLevel {
    add_prefix_space: false,
    trim_offsets: true,
    use_regex: true,
};

fn split(pattern: &str) -> Pretokenizer {
    Pretokenizer::Split {
        needle: Needle::Regex(Pattern::fancy(pattern)),
        behavior: SplitBehavior::Isolated,
        invert: false,
    }
}

fn metaspace(prepend: PrependScheme, split: bool) -> Pretokenizer {
    Pretokenizer::Metaspace {
        replacement: '▁',
        prepend,
        split,
    }
}

#[test]
fn is_read_in_the_words_of_version_1() {
    assert_eq!(fixture("gpt2").pretokenizer, Some(LEVEL));
    assert_eq!(fixture("gpt2").roles, [(Role::Eos, 287)].into());
    let Some(Pretokenizer::Sequence(steps)) = fixture("llama3").pretokenizer else {
        panic!("no sequence")
    };
    assert_eq!(steps.len(), 2);
    let Some(PostProcessor::Template { single, .. }) = fixture("llama3").post_processor else {
        panic!("no template")
    };
    let TemplatePart::Special { name, ids, .. } = &single[3] else {
        panic!("no token")
    };
    assert_eq!(
        (name.as_str(), ids.as_slice()),
        ("<|endoftext|>", &[287][..])
    );
    let space = fixture("metaspace");
    assert_eq!(space.normalizer, None);
    let step = metaspace(PrependScheme::First, false);
    assert_eq!(space.pretokenizer, Some(step));
    let cut = fixture("metaspace-cut");
    assert_eq!(cut.normalizer, Some(Normalizer::Lowercase));
    let steps = vec![
        Pretokenizer::WhitespaceSplit,
        metaspace(PrependScheme::Always, true),
    ];
    assert_eq!(cut.pretokenizer, Some(Pretokenizer::Sequence(steps)));
}

#[test]
fn a_changed_part_is_written_anew_and_the_rest_stays() {
    let mut definition = fixture("converted");
    definition.options.ignore_merges = true;
    definition.roles.insert(Role::Bos, 286);
    definition.pretokenizer = Some(Pretokenizer::Sequence(vec![split("a"), LEVEL]));
    let document = written(&definition).unwrap();
    assert_eq!(document["x_unknown"], json!({"a": [1, null]}));
    assert_eq!(document["decoder"]["use_regex"], json!(true));
    assert_eq!(document["model"]["ignore_merges"], json!(true));
    assert_eq!(document["role_to_token"], json!({"bos_token": "<|begin|>"}));
    assert_eq!(
        document["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"],
        json!("a")
    );
    assert_eq!(
        document["pre_tokenizer"]["pretokenizers"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn what_the_version_cannot_say_is_refused() {
    let refused = |name: &str, change: &dyn Fn(&mut Definition), words: &str| {
        let mut definition = fixture(name);
        change(&mut definition);
        let error = written(&definition).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    };
    let steps = |steps: Vec<Pretokenizer>| Some(Pretokenizer::Sequence(steps));
    refused(
        "gpt2",
        &|d| d.pretokenizer = steps(vec![LEVEL, split("a")]),
        "a `ByteLevel` stands before another step",
    );
    refused("gpt2", &|d| d.pretokenizer = None, "do not agree");
    refused(
        "metaspace",
        &|d| {
            let digits = Pretokenizer::Digits { individual: true };
            d.pretokenizer = steps(vec![digits, metaspace(PrependScheme::Always, true)]);
        },
        "among other steps",
    );
    refused(
        "metaspace",
        &|d| {
            let step = metaspace(PrependScheme::First, true);
            d.pretokenizer = steps(vec![Pretokenizer::WhitespaceSplit, step]);
        },
        "does not always prepend",
    );
    refused(
        "gpt2",
        &|d| {
            let split = Pretokenizer::Split {
                needle: Needle::Regex(Pattern::oniguruma("a")),
                behavior: SplitBehavior::Isolated,
                invert: false,
            };
            d.pretokenizer = steps(vec![split, LEVEL]);
        },
        "dialect",
    );
}

#[test]
fn what_is_lost_is_told() {
    let codec = registry::by_name("hf-json-2").unwrap();
    let details = |definition: &Definition| -> Vec<String> {
        let losses = codec.losses(definition);
        losses.into_iter().map(|loss| loss.to_string()).collect()
    };
    let mut definition = fixture("llama3");
    assert!(details(&definition).is_empty());
    definition.pretokenizer = Some(Pretokenizer::ByteLevel {
        add_prefix_space: true,
        trim_offsets: true,
        use_regex: true,
    });
    let template = definition.post_processor.clone().unwrap();
    definition.post_processor = Some(PostProcessor::Sequence(vec![template.clone(), template]));
    definition.normalizer = Some(Normalizer::Nfc);
    definition.roles.insert(Role::Eot, 287);
    let told = details(&definition).join("; ");
    for word in [
        "pretokenizer: a space",
        "post-processor: several",
        "Unicode 18",
        "eot (id 287)",
    ] {
        assert!(told.contains(word), "{told}");
    }
    // Allowed, it is written without them.
    let document = written(&definition).unwrap();
    assert_eq!(document["post_processor"], Value::Null);
}

/// tokenizers 1.0 counts ids of added tokens on from the vocab, in the order of their ids.
#[test]
fn ids_that_tokenizers_would_change_are_written_into_the_vocab() {
    let mut definition = fixture("gpt2");
    let size = |definition: &Definition| {
        let document = written(definition).unwrap();
        document["model"]["vocab"].as_object().unwrap().len()
    };
    assert_eq!(size(&definition), 286);
    definition.added_tokens.reverse();
    assert_eq!(size(&definition), 286);
    definition.added_tokens[0].id = 290;
    definition.roles.clear();
    assert_eq!(size(&definition), 288);
    definition.added_tokens = vec![AddedToken::special("<|x|>", 287)];
    assert_eq!(size(&definition), 287);
}
