//! A rank file and its sidecar are written as a pair, never over a file of another kind.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

use std::fs;
use std::path::Path;

use bpekit_formats::{Bundle, Category, Limits, ReadOptions, files, registry};

const OLD: &[u8] = b"IQ== 0\n";
/// Of the ranks of [`pair`].
const SHA256: &str = "b9bfee718103062821e7829ac56027d992ed4d97d12d10e3a798c4a4b20e58cb";
const SIDECAR: &str = "is the sidecar of a tokenizer; load the file beside it";

/// A rank file of two tokens and a sidecar that gives it a pattern.
fn pair(name: &str) -> Bundle {
    let ranks = b"IQ== 0\nIg== 1\n".to_vec();
    let sidecar = format!(r#"{{"bpekit_sidecar": 1, "pattern": ".", "sha256": "{SHA256}"}}"#);
    let mut bundle = Bundle::new(name, ranks);
    bundle.add(
        format!("{}.json", name.trim_end_matches(".gz")),
        sidecar.into_bytes(),
    );
    bundle
}

/// Two tokens are no whole alphabet.
fn options() -> ReadOptions {
    ReadOptions {
        allow_missing_bytes: true,
        ..ReadOptions::default()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| files::file_name(&entry.unwrap().path()))
        .collect();
    names.sort();
    names
}

fn has_pattern(path: &Path) -> bool {
    let definition = files::load(path, None, &options()).unwrap();
    definition.pretokenizer.is_some()
}

#[test]
fn a_failure_changes_neither_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tiktoken");
    let companion = folder.path().join("a.tiktoken.json");
    fs::write(&path, OLD).unwrap();
    fs::create_dir(&companion).unwrap();
    let error = files::save(&pair("a.tiktoken"), &path).unwrap_err();
    assert_eq!(error.category(), Category::Io);
    assert_eq!(error.path(), Some(companion.as_path()));
    assert_eq!(fs::read(&path).unwrap(), OLD);
    assert_eq!(names(folder.path()), ["a.tiktoken", "a.tiktoken.json"]);

    let path = folder.path().join("b.tiktoken");
    fs::create_dir(&path).unwrap();
    let error = files::save(&pair("b.tiktoken"), &path).unwrap_err();
    let io_error = error.io_error().unwrap();
    assert_eq!(io_error.kind(), std::io::ErrorKind::IsADirectory);
    assert_eq!(error.path(), Some(path.as_path()));
    assert_eq!(names(folder.path()).len(), 3);
}

#[test]
fn an_error_names_the_file_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none/a.tiktoken");
    let message = files::save(&Bundle::new("a.tiktoken", OLD.to_vec()), &path)
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with(&format!("{}: ", path.display())),
        "{message}"
    );
    assert!(!message.contains(".bpekit-"), "{message}");
    assert!(!message.contains(".tmp\""), "{message}");
}

#[test]
fn a_pair_replaces_a_pair() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.tiktoken", "b.tiktoken.gz"] {
        let path = folder.path().join(name);
        for _ in 0..2 {
            files::save(&pair(name), &path).unwrap();
            assert!(has_pattern(&path));
        }
    }
    assert_eq!(
        names(folder.path()),
        [
            "a.tiktoken",
            "a.tiktoken.json",
            "b.tiktoken.gz",
            "b.tiktoken.json"
        ]
    );
}

#[cfg(unix)]
#[test]
fn a_pair_stands_where_the_link_points() {
    let folder = tempfile::tempdir().unwrap();
    let (links, store) = (folder.path().join("links"), folder.path().join("store"));
    fs::create_dir(&links).unwrap();
    fs::create_dir(&store).unwrap();
    let link = links.join("link.tiktoken");
    std::os::unix::fs::symlink("../store/real.tiktoken", &link).unwrap();
    files::save(&pair("link.tiktoken"), &link).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(names(&links), ["link.tiktoken"]);
    assert_eq!(names(&store), ["real.tiktoken", "real.tiktoken.json"]);
    assert!(has_pattern(&store.join("real.tiktoken")));
    assert!(has_pattern(&link));

    let sidecar = store.join("real.tiktoken.json");
    let definition = files::load(&link, None, &options()).unwrap();
    let [found] = definition.provenance.companions.as_slice() else {
        panic!("one companion");
    };
    assert_eq!(
        found.canonicalize().unwrap(),
        sidecar.canonicalize().unwrap()
    );
    fs::write(&sidecar, r#"{"bpekit_sidecar": 2}"#).unwrap();
    let error = files::load(&link, None, &options()).unwrap_err();
    assert_eq!(error.path(), Some(found.as_path()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_gets_the_main_file_alone() {
    files::save(&pair("null"), Path::new("/dev/null")).unwrap();
    assert!(!Path::new("/dev/null.json").exists());
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    let error = files::save(&pair("full"), Path::new("/dev/full")).unwrap_err();
    assert_eq!(error.path(), Some(Path::new("/dev/full")));
    assert!(!Path::new("/dev/full.json").exists());
}

#[test]
fn a_sidecar_replaces_sidecars_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tiktoken");
    let other = folder.path().join("a.tiktoken.json");
    let text = r#"{"added_tokens": [{"content": "bpekit_sidecar"}]}"#;
    fs::write(&other, text).unwrap();
    let error = files::save(&pair("a.tiktoken"), &path).unwrap_err();
    assert_eq!(error.category(), Category::Data);
    assert_eq!(error.path(), Some(other.as_path()));
    assert_eq!(
        error.message(),
        "a file that is no sidecar stands where the sidecar goes; move it, or save under another \
         name"
    );
    assert_eq!(fs::read_to_string(&other).unwrap(), text);
    assert_eq!(names(folder.path()), ["a.tiktoken.json"]);
}

#[test]
fn a_main_file_never_replaces_a_sidecar() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tiktoken");
    files::save(&pair("a.tiktoken"), &path).unwrap();
    let sidecar = folder.path().join("a.tiktoken.json");
    let old = fs::read(&sidecar).unwrap();
    let error = files::save(&Bundle::new("a.tiktoken.json", b"{}".to_vec()), &sidecar).unwrap_err();
    assert_eq!(error.category(), Category::Data);
    assert_eq!(
        error.message(),
        "is the sidecar of a tokenizer; save under another name"
    );
    assert_eq!(fs::read(&sidecar).unwrap(), old);
    assert_eq!(names(folder.path()).len(), 2);
}

#[test]
fn a_sidecar_is_no_tokenizer_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tiktoken");
    files::save(&pair("a.tiktoken"), &path).unwrap();
    let sidecar = folder.path().join("a.tiktoken.json");
    for format in [None, Some("hf-json")] {
        let error = files::load(&sidecar, format, &options()).unwrap_err();
        assert_eq!(error.message(), SIDECAR);
    }
    let Err(error) = files::detect(&sidecar, &Limits::default()) else {
        panic!("a sidecar was taken for a tokenizer file");
    };
    assert_eq!(error.message(), SIDECAR);
    assert_eq!(error.category(), Category::Unsupported);
    // A token of this text makes no sidecar.
    let text = r#"{"model": {"vocab": {"bpekit_sidecar": 0}, "merges": []}}"#;
    let bundle = Bundle::new("tokenizer.json", text.into());
    assert_eq!(registry::detect(&bundle).unwrap().info().name, "hf-json");
}
