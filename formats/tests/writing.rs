//! What writers do with definitions that no file gave, or that were changed after reading.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

mod support;

use bpekit_formats::{
    AddedToken, Atoms, Bundle, Category, Definition, Dialect, Merge, Merges, Needle, Normalizer,
    Part, Pattern, Pretokenizer, ReadOptions, SplitBehavior, TokenKind, Vocab, VocabBuilder,
    registry,
};
use serde_json::{Value, json};
use support::{main_files, rank_file, read_as};

fn write(format: &str, definition: &Definition) -> Result<Bundle, bpekit_formats::Error> {
    registry::by_name(format)
        .unwrap()
        .write(definition, "tokenizer.json")
}

fn written_json(definition: &Definition) -> Value {
    serde_json::from_slice(write("hf-json", definition).unwrap().bytes()).unwrap()
}

fn fixture(name: &str) -> Definition {
    let files = main_files("valid");
    let path = format!("valid/hf_json/{name}/tokenizer.json");
    files.iter().find(|file| file.path == path).unwrap().read()
}

const LEVEL: Pretokenizer = Pretokenizer::ByteLevel {
    add_prefix_space: false,
    trim_offsets: true,
    use_regex: true,
};

fn byte_level(tokens: &[(u32, &[u8])], merges: Vec<Merge>) -> Definition {
    Definition {
        pretokenizer: Some(LEVEL),
        missing: Vec::new(),
        merges: Merges::Listed(merges),
        ..Definition::from_ranks(Vocab::from_tokens(tokens.iter().copied()).unwrap())
    }
}

fn characters(tokens: &[(u32, &str)], merges: Vec<Merge>) -> Definition {
    let tokens: Vec<(u32, &[u8])> = tokens
        .iter()
        .map(|(id, text)| (*id, text.as_bytes()))
        .collect();
    Definition {
        atoms: Atoms::Characters,
        pretokenizer: None,
        ..byte_level(&tokens, merges)
    }
}

#[test]
fn a_changed_part_is_written_anew_and_the_rest_stays() {
    let mut definition = fixture("unknown-fields");
    definition.normalizer = Some(Normalizer::Nfc);
    let written = written_json(&definition);
    assert_eq!(written["normalizer"], json!({"type": "NFC"}));
    assert_eq!(written["pre_tokenizer"]["x_level"]["deep"][1], json!(2.5));
    assert_eq!(written["model"]["x_model"], json!(true));
    assert_eq!(written["added_tokens"][0]["x_note"], json!("kept"));
    definition.options.ignore_merges = true;
    definition.added_tokens[0].lstrip = true;
    let written = written_json(&definition);
    assert_eq!(written["model"]["ignore_merges"], json!(true));
    assert_eq!(written["added_tokens"][0]["lstrip"], json!(true));
    assert_eq!(written["model"]["x_model"], json!(true));
}

#[test]
fn members_that_an_old_file_lacks_stay_away() {
    let mut definition = fixture("old");
    definition.options.unk_token = Some("a".to_owned());
    let written = written_json(&definition);
    assert_eq!(written["model"]["unk_token"], json!("a"));
    assert_eq!(written["model"].get("ignore_merges"), None);
    assert!(written["model"]["merges"][0].is_string());
}

#[test]
fn ids_that_tokenizers_would_change_are_written_into_the_vocab() {
    let tokens: Vec<(u32, &[u8])> = vec![(0, b"a"), (1, b"b")];
    let mut definition = byte_level(&tokens, Vec::new());
    definition.added_tokens = vec![AddedToken::special("<x>", 2), AddedToken::special("<y>", 3)];
    assert_eq!(
        written_json(&definition)["model"]["vocab"],
        json!({"a": 0, "b": 1})
    );
    definition.added_tokens[1].id = 70;
    let vocab = json!({"a": 0, "b": 1, "<x>": 2, "<y>": 70});
    assert_eq!(written_json(&definition)["model"]["vocab"], vocab);
}

#[test]
fn merges_become_pairs_only_where_strings_cannot_hold_them() {
    let merge = |left, right, product| Merge {
        left,
        right,
        product,
    };
    let is_pairs =
        |definition: &Definition| written_json(definition)["model"]["merges"][0].is_array();
    let tokens = [(0, "a"), (1, " "), (2, "aa"), (3, "a ")];
    assert!(!is_pairs(&characters(&tokens, vec![merge(0, 0, 2)])));
    assert!(is_pairs(&characters(
        &tokens,
        vec![merge(0, 0, 2), merge(0, 1, 3)]
    )));
    let tokens = [(0, "#version"), (1, "s"), (2, "#versions")];
    assert!(is_pairs(&characters(&tokens, vec![merge(0, 1, 2)])));
}

#[test]
fn what_the_format_cannot_say_is_refused() {
    let merge = |left, right, product| Merge {
        left,
        right,
        product,
    };
    let tokens: [(u32, &[u8]); 3] = [(0, b"a"), (1, b"b"), (2, b"ab")];
    let good = byte_level(&tokens, vec![merge(0, 1, 2)]);
    write("hf-json", &good).unwrap();
    let refused = |change: &dyn Fn(&mut Definition), words: &str| {
        let mut definition = good.clone();
        change(&mut definition);
        let error = write("hf-json", &definition).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(&|d| d.merges = Merges::ByRank, "list of merges");
    refused(
        &|d| d.merges = Merges::Listed(vec![merge(1, 0, 2)]),
        "can only join",
    );
    refused(
        &|d| d.merges = Merges::Listed(vec![merge(0, 9, 2)]),
        "not in the vocab",
    );
    refused(&|d| d.missing.push(Part::Pattern), "pattern is not known");
    refused(&|d| d.pretokenizer = None, "`ByteLevel`");
    refused(&|d| d.atoms = Atoms::Characters, "`ByteLevel`");
    refused(
        &|d| d.normalizer = Some(Normalizer::Other("X".to_owned())),
        "`X`",
    );
    refused(
        &|d| d.added_tokens = vec![AddedToken::special("", 5)],
        "empty",
    );
    refused(
        &|d| d.added_tokens = vec![AddedToken::special("ab", 5)],
        "has id 5",
    );
    refused(
        &|d| d.added_tokens = vec![AddedToken::special("<x>", 2)],
        "is that of `ab`",
    );
    refused(
        &|d| d.added_tokens = vec![AddedToken::special("x", 5), AddedToken::special("x", 6)],
        "is also added_tokens[0]",
    );
    let split = Pretokenizer::Split {
        needle: Needle::Regex(Pattern {
            text: "x".to_owned(),
            dialect: Dialect::FancyRegex,
        }),
        behavior: SplitBehavior::Isolated,
        invert: false,
    };
    refused(
        &|d| d.pretokenizer = Some(Pretokenizer::Sequence(vec![split.clone(), LEVEL])),
        "dialect",
    );
    let bytes = Vocab::from_tokens([(0, b"\xff".as_slice())]).unwrap();
    let definition = Definition {
        vocab: bytes,
        ..characters(&[], Vec::new())
    };
    assert!(
        write("hf-json", &definition)
            .unwrap_err()
            .message()
            .contains("not UTF-8")
    );
    let mut builder = VocabBuilder::default();
    builder.push(0, b"ab", TokenKind::Literal);
    let definition = Definition {
        vocab: builder.finish().unwrap(),
        ..byte_level(&[], vec![])
    };
    assert!(
        write("hf-json", &definition)
            .unwrap_err()
            .message()
            .contains("read back")
    );
}

#[test]
fn rank_files_refuse_what_ranks_cannot_say() {
    let good = read_as("x.tiktoken", &rank_file(""), &ReadOptions::default()).unwrap();
    write("tiktoken", &good).unwrap();
    let refused = |change: &dyn Fn(&mut Definition), words: &str| {
        let mut definition = good.clone();
        change(&mut definition);
        let error = write("tiktoken", &definition).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(matches!(
            error.category(),
            Category::Data | Category::Unsupported
        ));
    };
    refused(&|d| d.atoms = Atoms::Characters, "characters");
    refused(&|d| d.merges = Merges::Listed(Vec::new()), "merges");
    refused(
        &|d| d.pretokenizer = Some(Pretokenizer::Whitespace),
        "one pattern",
    );
    refused(&|d| d.missing.clear(), "no pattern");
    refused(
        &|d| d.normalizer = Some(Normalizer::Other("X".to_owned())),
        "`X`",
    );
    refused(
        &|d| d.added_tokens = vec![AddedToken::special("<x>", 5)],
        "in the vocab",
    );
    refused(
        &|d| {
            let mut builder = VocabBuilder::default();
            builder.push(0, "日".as_bytes(), TokenKind::Literal);
            d.vocab = builder.finish().unwrap();
        },
        "stands for no bytes",
    );
}

#[test]
fn special_tokens_are_kept_without_a_pattern() {
    let mut definition = read_as("x.tiktoken", &rank_file(""), &ReadOptions::default()).unwrap();
    assert_eq!(
        write("tiktoken", &definition).unwrap().companions().len(),
        0
    );
    definition.added_tokens = vec![
        AddedToken::special("<x>", 300),
        AddedToken::special("a", 299),
    ];
    definition.missing = vec![Part::Pattern];
    let written = write("tiktoken", &definition).unwrap();
    let codec = registry::by_name("tiktoken").unwrap();
    let again = codec.read(&written, &ReadOptions::default()).unwrap();
    assert!(again.says_the_same(&definition));
}

#[test]
fn a_lenient_read_numbers_merges_as_the_file_does() {
    let text = |merges: &str| {
        format!(
            "{{\"version\": \"1.0\", \"model\": {{\"vocab\": {{\"a\": 0, \"b\": 1, \"ab\": 2}}, \
             \"merges\": [{merges}]}}}}"
        )
    };
    let lenient = ReadOptions {
        lenient: true,
        ..ReadOptions::default()
    };
    let read = |merges: &str| read_as("x.json", text(merges).as_bytes(), &lenient);
    let versions = r##""#version: 0.2", "a b", "#version", "#versions a b c""##;
    let definition = read(versions).unwrap();
    assert_eq!(
        definition.merges,
        Merges::Listed(vec![Merge {
            left: 0,
            right: 1,
            product: 2
        }])
    );
    assert_eq!(definition.provenance.warnings.len(), 1);
    for (merges, path) in [
        (format!("{versions}, \"x a\""), "model.merges[4]: `x` `a`"),
        (
            r##""#version: 0.2", "a x""##.to_owned(),
            "model.merges[1]: `a` `x`",
        ),
        (
            r##""a x", "#version: 0.2""##.to_owned(),
            "model.merges[0]: `a` `x`",
        ),
    ] {
        let error = read(&merges).unwrap_err().to_string();
        assert!(error.contains(path), "{error}");
    }
    // A comment in front does not decide the form of the merges.
    let definition = read(r##""#version: 0.2", ["a", "b"]"##).unwrap();
    assert!(matches!(definition.merges, Merges::Listed(merges) if merges.len() == 1));
    // Of a merge given twice, the first stays.
    let twice = text(r#""a b", "a b""#);
    let error = read_as("x.json", twice.as_bytes(), &ReadOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("model.merges[1]: `a` `b` is also model.merges[0]")
    );
    assert_eq!(
        read(r#""a b", "a b""#).unwrap().provenance.warnings.len(),
        1
    );
}
