//! Every valid fixture to every format and back: exact, conditional on a named loss, or refused
//! with a reason, and never anything else.

use std::fmt::Write as _;
use std::path::Path;

use bpekit::convert::{ConvertOptions, Verdict, convert, prepare, save, to_bundle};
use bpekit::formats::{Category, FormatInfo, Layout, LossPart, Merges, registry};
use bpekit::{LoadOptions, Special, Tokenizer};

use crate::fixtures::{self, load};

const TEXTS: &[&str] = &[
    "hello world",
    " the cat's  hat \n ",
    "1234567",
    "日本語 カ・ド",
    "x \n  ",
    "a<|endoftext|>b",
    "<s>[INST] hi [/INST]</s>",
    "\u{1f680}\u{200d}é e\u{301}",
    "    \t\r\n\r\n",
];

fn options(to: &str, allow_loss: &[LossPart]) -> ConvertOptions {
    ConvertOptions {
        to: Some(to.to_owned()),
        allow_loss: allow_loss.to_vec(),
        ..ConvertOptions::default()
    }
}

/// The table of outcomes, a line a fixture and format: reviewed like any other expectation. What
/// converts is loaded from disk and has the same ids, and the way back is a part of the outcome.
#[test]
fn outcomes_are_those_expected() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = String::new();
    for path in fixtures::valid() {
        let name = path.strip_prefix(fixtures::root().join("valid")).unwrap();
        let name = name.components().take(2).collect::<std::path::PathBuf>();
        let name = name.display().to_string();
        let source = match load(&path) {
            Ok(source) => source,
            Err(error) => {
                let reason = first_line(&error, &path);
                writeln!(table, "{name}: not run: {reason}").unwrap();
                continue;
            }
        };
        for info in registry::formats().filter(|info| info.writes.is_some()) {
            let target = folder.path().join(name.replace('/', "-")).join(info.name);
            let outcome = outcome(&source, &target, info);
            writeln!(table, "{name} -> {}: {outcome}", info.name).unwrap();
        }
    }
    let expected = fixtures::root().join("expected/convert_matrix.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(expected.parent().unwrap()).unwrap();
        std::fs::write(&expected, &table).unwrap();
    }
    assert_eq!(
        table,
        std::fs::read_to_string(&expected).unwrap(),
        "BLESS=1 writes it anew"
    );
}

/// The way there, and back if there is one.
fn outcome(source: &Tokenizer, folder: &Path, info: &FormatInfo) -> String {
    std::fs::create_dir_all(folder).unwrap();
    let there = folder.join(place_of(info));
    let report = match save(source, &there, &options(info.name, &[])) {
        Ok(report) => report,
        Err(error) => return refusal(source, &error, info),
    };
    assert!(report.checked_texts > 1000, "{report:?}");
    assert!(report.is_exact());
    let middle = load(&there).unwrap();
    same_ids(source, &middle, &there.display().to_string());
    let losses: Vec<_> = report.losses.iter().map(|loss| loss.part.name()).collect();
    let outcome = format!("exact {}", losses.join(","));
    format!("{}{}", outcome.trim_end(), way_back(source, &there, info))
}

fn way_back(source: &Tokenizer, there: &Path, info: &FormatInfo) -> String {
    let home = source.definition().provenance.format.unwrap();
    let home = registry::by_name(home).unwrap().info();
    if home.name == info.name || home.writes.is_none() {
        return String::new();
    }
    let folder = there.parent().unwrap().join("back");
    std::fs::create_dir_all(&folder).unwrap();
    let back = folder.join(place_of(home));
    let load_options = LoadOptions::default();
    match convert(there, &back, &load_options, &options(home.name, &[])) {
        Ok(report) => {
            assert!(report.is_exact());
            let home_again = load(&back).unwrap();
            same_ids(source, &home_again, &back.display().to_string());
            if home.name == "tiktoken" {
                assert_eq!(home_again.definition().vocab, source.definition().vocab);
            }
            "; back: exact".to_owned()
        }
        Err(error) => {
            let middle = load(there).unwrap();
            format!("; back: {}", refusal(&middle, &error, home))
        }
    }
}

/// The words for what is not exact: on what it is conditional, or why it is refused.
fn refusal(source: &Tokenizer, error: &bpekit::Error, info: &FormatInfo) -> String {
    let file = error.file().unwrap_or_else(|| panic!("{error}"));
    let parts: Vec<_> = file.losses().iter().map(|loss| loss.part).collect();
    if parts.is_empty() {
        assert_ne!(file.category(), Category::Loss);
        return format!("refused: {}", file.message());
    }
    let verdict = match to_bundle(source, "t", &options(info.name, &parts)) {
        Ok((_, report)) => {
            assert_eq!(report.verdict, Verdict::Conditional);
            "conditional".to_owned()
        }
        Err(error) => format!("and refused: {error}"),
    };
    let names: Vec<_> = parts.iter().map(|part| part.name()).collect();
    format!("{verdict} on {}", names.join(","))
}

/// A name that asks for the format.
fn place_of(info: &FormatInfo) -> String {
    match (info.layout, info.file_names[0]) {
        (Layout::Directory, _) => "there".to_owned(),
        (Layout::File, ending) if ending.starts_with('.') => format!("there{ending}"),
        (Layout::File, name) => name.to_owned(),
    }
}

fn first_line(error: &bpekit::Error, path: &Path) -> String {
    let message = error
        .to_string()
        .replace(&path.display().to_string(), "FILE");
    message.lines().next().unwrap().to_owned()
}

fn same_ids(one: &Tokenizer, other: &Tokenizer, name: &str) {
    for text in TEXTS {
        let [a, b] = [one, other].map(|side| side.encode(text, &Special::allowed()).ok());
        assert_eq!(a, b, "{name}: {text:?}");
    }
}

/// A refusal writes nothing, and leaves what was there.
#[test]
fn a_refusal_leaves_the_target_alone() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("t.tiktoken");
    std::fs::write(&target, "old").unwrap();
    let source = fixtures::root().join("valid/hf_json/qwen/tokenizer.json");
    let error = convert(
        &source,
        &target,
        &LoadOptions::default(),
        &ConvertOptions::default(),
    )
    .unwrap_err();
    let file = error.file().unwrap();
    assert_eq!(file.category(), Category::Loss);
    assert!(
        file.losses()
            .iter()
            .any(|loss| loss.part == LossPart::Normalizer)
    );
    assert_eq!(file.path(), Some(target.as_path()));
    assert_eq!(std::fs::read(&target).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// A target that encodes otherwise is found by the check, with a short text. The fault is made
/// here: a list of merges that lost its last.
#[test]
fn restated_merges_are_one_a_token() {
    let source = Tokenizer::demo().unwrap();
    let codec = registry::by_name("hf-json").unwrap();
    let (prepared, losses) = prepare(source.definition(), codec).unwrap();
    assert!(losses.is_empty());
    let Merges::Listed(merges) = &prepared.merges else {
        panic!("no list")
    };
    assert_eq!(merges.len(), 3000 - 256);
    assert!(!prepared.options.ignore_merges);
}
