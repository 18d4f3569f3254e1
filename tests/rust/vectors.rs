//! What tiktoken, tokenizers and sentencepiece gave for a list of texts (`fixtures/vectors`), given again.

use bpekit::formats::Category;
use bpekit::{ErrorKind, Special, Tokenizer};
use serde_json::Value;

use crate::fixtures::{self, load};

fn ids(value: &Value) -> Vec<u32> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_u64().unwrap() as u32)
        .collect()
}

/// The ids, or none where the vocab cannot express the text: tokenizers drops it silently, which
/// is an error here.
fn outcome(result: bpekit::Result<Vec<u32>>) -> Option<Vec<u32>> {
    match result {
        Ok(ids) => Some(ids),
        Err(error) => match error.kind() {
            ErrorKind::MissingByte(_) | ErrorKind::MissingCharacter(_) => None,
            _ => panic!("{error}"),
        },
    }
}

fn check(tokenizer: &Tokenizer, case: &Value, name: &str) -> bool {
    let text = case["text"].as_str().unwrap();
    let Some(got) = outcome(tokenizer.encode(text, &Special::allowed())) else {
        return false;
    };
    if !case["ids"].is_null() {
        assert_eq!(got, ids(&case["ids"]), "{name}: {text:?}");
    }
    if !case["framed"].is_null() {
        assert_eq!(
            tokenizer.with_frame(got),
            ids(&case["framed"]),
            "{name}: {text:?}, framed"
        );
    }
    let ordinary = tokenizer.encode_ordinary(text).unwrap();
    assert_eq!(
        ordinary,
        ids(&case["ordinary"]),
        "{name}: {text:?}, ordinary"
    );
    if let Some(decoded) = case["decoded"].as_str() {
        let text = tokenizer.decode(&ordinary).unwrap();
        assert_eq!(text, decoded, "{name}: {ordinary:?}, decoded");
    }
    true
}

#[test]
fn ids_are_those_recorded() {
    let folder = fixtures::root().join("vectors");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 25, "{} vector files", files.len());
    let (mut compared, mut refused) = (0, Vec::new());
    for path in files {
        let document: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = document["tokenizer"].as_str().unwrap();
        let tokenizer = match load(&fixtures::root().join(name)) {
            Ok(tokenizer) => tokenizer,
            Err(error) => {
                let category = error.file().map(bpekit::formats::Error::category);
                assert_eq!(category, Some(Category::Unsupported), "{name}: {error}");
                refused.push(name.to_owned());
                continue;
            }
        };
        for case in document["cases"].as_array().unwrap() {
            compared += usize::from(check(&tokenizer, case, name));
        }
    }
    // A fixture of steps that are carried and not known.
    assert!(refused.len() <= 1, "refused: {refused:?}");
    assert!(compared > 600, "only {compared} texts were compared");
}

#[test]
fn text_comes_back_from_its_ids() {
    for path in fixtures::valid() {
        let Ok(tokenizer) = load(&path) else { continue };
        if tokenizer.definition().normalizer.is_some() {
            continue;
        }
        for text in [
            "hello world",
            " the cat's hat\r\n",
            "日本語 \u{1f680} é",
            "1234567 \t ",
        ] {
            let Ok(ids) = tokenizer.encode_ordinary(text) else {
                continue;
            };
            let Ok(back) = tokenizer.decode(&ids) else {
                continue;
            };
            let is_whole = tokenizer.covers(text).unwrap();
            let has_unknown = tokenizer.definition().options.unk_token.is_some();
            if is_whole && !has_unknown {
                assert_eq!(back, text, "{}", path.display());
            }
        }
    }
}
