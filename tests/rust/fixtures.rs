//! The fixtures, and how the tests load them.

use std::fs;
use std::path::{Path, PathBuf};

use bpekit::formats::{Layout, registry};
use bpekit::{LoadOptions, Tokenizer};

/// The folder of the fixtures.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The main file of every valid fixture, in a fixed order; for a format of directories, the
/// directory.
pub(crate) fn valid() -> Vec<PathBuf> {
    let text = fs::read_to_string(root().join("MANIFEST.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let text_of = |file: &toml::Value, member: &str| {
        let text = file.get(member).and_then(toml::Value::as_str);
        text.map(str::to_owned)
    };
    let mut found = Vec::new();
    for file in manifest["file"].as_array().unwrap() {
        let path = text_of(file, "path").unwrap();
        if !path.starts_with("valid/") || text_of(file, "companion_of").is_some() {
            continue;
        }
        let format = text_of(file, "format").unwrap();
        let layout = registry::by_name(&format).unwrap().info().layout;
        let mut path = root().join(path);
        if layout == Layout::Directory {
            path.pop();
        }
        found.push(path);
    }
    found.sort();
    assert!(found.len() >= 30, "{} valid fixtures", found.len());
    found
}

/// A fixture as a tokenizer; a rank file without sidecar gets GPT-2's pattern.
pub(crate) fn load(path: &Path) -> bpekit::Result<Tokenizer> {
    match Tokenizer::load(path, &LoadOptions::default()) {
        Err(error) if error.to_string().contains("no split pattern") => {
            let pattern = Some("gpt2".to_owned());
            Tokenizer::load(
                path,
                &LoadOptions {
                    pattern,
                    ..LoadOptions::default()
                },
            )
        }
        outcome => outcome,
    }
}
