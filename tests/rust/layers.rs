//! The layers point one way: `formats` <- `src` <- `bindings` <- `python`. This test holds the
//! edges between modules; a new one is a visible change to the tables below.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// `src/`: module, and the modules it may use. Modules not named here may use none.
const ENGINE: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("known", &[]),
    ("pretokenize", &["error", "known"]),
    ("threads", &[]),
    ("huge_pages", &[]),
    ("watch", &["error"]),
    ("source", &["error", "pretokenize", "watch"]),
    ("bpe", &["error", "huge_pages", "threads"]),
    (
        "tokenizer",
        &[
            "error",
            "huge_pages",
            "known",
            "pretokenize",
            "bpe",
            "threads",
        ],
    ),
    ("load", &["error", "known", "tokenizer"]),
    ("show", &["error", "tokenizer"]),
    (
        "report",
        &["error", "diff", "edit", "show", "threads", "tokenizer"],
    ),
    ("tiktoken_cache", &["error"]),
    (
        "find",
        &["error", "known", "load", "tiktoken_cache", "tokenizer"],
    ),
    ("sentencepiece", &["error", "bpe"]),
    (
        "convert",
        &[
            "error",
            "sentencepiece",
            "known",
            "pretokenize",
            "bpe",
            "tokenizer",
            "load",
            "threads",
            "diff",
            "verify",
        ],
    ),
    (
        "verify",
        &[
            "error",
            "sentencepiece",
            "pretokenize",
            "bpe",
            "tokenizer",
            "threads",
            "diff",
        ],
    ),
    ("edit", &["error", "bpe", "tokenizer", "verify"]),
    (
        "train",
        &[
            "error",
            "known",
            "pretokenize",
            "bpe",
            "tokenizer",
            "source",
            "watch",
        ],
    ),
    (
        "encode_file",
        &["error", "tokenizer", "source", "threads", "watch"],
    ),
    ("demo", &["error", "known", "tokenizer"]),
    (
        "diff",
        &[
            "error",
            "known",
            "pretokenize",
            "bpe",
            "sentencepiece",
            "tokenizer",
            "load",
        ],
    ),
    (
        "serve",
        &[
            "error",
            "convert",
            "find",
            "known",
            "load",
            "report",
            "show",
            "tokenizer",
        ],
    ),
    (
        "cli",
        &[
            "error",
            "known",
            "tokenizer",
            "load",
            "convert",
            "demo",
            "diff",
            "verify",
            "edit",
            "find",
            "report",
            "serve",
            "show",
            "threads",
            "tiktoken_cache",
            "train",
            "source",
            "encode_file",
            "watch",
        ],
    ),
];

/// `formats/src/`, from the bottom up.
const FORMATS: &[(&str, &[&str])] = &[
    ("error", &["loss"]),
    ("limits", &[]),
    ("loss", &[]),
    ("vocab", &[]),
    ("added_token", &["error", "vocab"]),
    ("charsmap", &[]),
    ("pipeline", &["charsmap"]),
    ("extra", &[]),
    ("byte_alphabet", &[]),
    ("definition", &["added_token", "extra", "pipeline", "vocab"]),
    ("json", &["error", "limits"]),
    ("pipeline_json", &["charsmap", "error", "json", "pipeline"]),
    (
        "ranks",
        &["definition", "error", "loss", "pipeline", "vocab"],
    ),
    (
        "special_tokens",
        &[
            "added_token",
            "error",
            "json",
            "limits",
            "loss",
            "pipeline_json",
            "vocab",
        ],
    ),
    (
        "sidecar",
        &[
            "added_token",
            "definition",
            "error",
            "json",
            "limits",
            "pipeline",
            "pipeline_json",
            "ranks",
            "special_tokens",
        ],
    ),
    ("bundle", &[]),
    ("compression", &["error", "limits"]),
    ("foreign", &["error"]),
    (
        "rank_file",
        &[
            "bundle",
            "compression",
            "definition",
            "error",
            "foreign",
            "limits",
            "ranks",
            "sidecar",
            "vocab",
        ],
    ),
    (
        "counts_file",
        &[
            "compression",
            "error",
            "json",
            "limits",
            "pipeline",
            "pipeline_json",
        ],
    ),
    ("merge_log", &["error"]),
    (
        "codec",
        &["bundle", "definition", "error", "limits", "loss"],
    ),
    (
        "tokenizer_json",
        &[
            "added_token",
            "byte_alphabet",
            "definition",
            "error",
            "extra",
            "json",
            "limits",
            "pipeline",
            "pipeline_json",
            "vocab",
        ],
    ),
    (
        "codecs",
        &[
            "added_token",
            "bundle",
            "byte_alphabet",
            "charsmap",
            "codec",
            "compression",
            "definition",
            "error",
            "extra",
            "foreign",
            "json",
            "limits",
            "loss",
            "pipeline",
            "pipeline_json",
            "rank_file",
            "ranks",
            "sidecar",
            "special_tokens",
            "tokenizer_json",
            "vocab",
        ],
    ),
    (
        "registry",
        &[
            "bundle",
            "codec",
            "codecs",
            "compression",
            "error",
            "foreign",
            "json",
            "limits",
        ],
    ),
    (
        "files",
        &[
            "bundle",
            "codec",
            "compression",
            "definition",
            "error",
            "limits",
            "registry",
        ],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn files_of(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    rust_files(&root().join(folder), &mut found);
    assert!(!found.is_empty(), "{folder} has no Rust files");
    found.sort();
    found
}

/// The code of a file, without comments, and without its tests.
fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn check_edges(folder: &str, table: &[(&str, &[&str])]) {
    let base = root().join(folder);
    let mut found: BTreeSet<(String, String)> = BTreeSet::new();
    for path in files_of(folder) {
        let relative = path.strip_prefix(&base).unwrap();
        let first = relative
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy();
        let module = first.trim_end_matches(".rs").to_owned();
        if module == "lib" || module == "main" || is_test(relative) {
            continue;
        }
        let code = code_of(&path);
        for (at, _) in code.match_indices("crate::") {
            // `pub(crate)::` does not exist; `bpekit_crate::` would.
            let name: String = code[at + 7..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            if !name.is_empty() && name != module && name.starts_with(|c: char| c.is_lowercase()) {
                found.insert((module.clone(), name));
            }
        }
    }
    let is_module = |name: &str| table.iter().any(|(module, _)| *module == name);
    let mut faults = Vec::new();
    for (module, used) in &found {
        let Some((_, allowed)) = table.iter().find(|(name, _)| name == module) else {
            faults.push(format!("{folder}/{module} is not in the table"));
            continue;
        };
        if is_module(used) && !allowed.contains(&used.as_str()) {
            faults.push(format!("{folder}/{module} uses {used}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Files of tests may look at everything.
fn is_test(relative: &Path) -> bool {
    relative.file_stem().is_some_and(|stem| {
        let stem = stem.to_string_lossy();
        stem.ends_with("_tests") || stem == "tests" || stem == "naive"
    })
}

/// No module reaches itself through others.
fn check_acyclic(table: &[(&str, &[&str])]) {
    fn visit<'t>(name: &'t str, table: &[(&'t str, &'t [&'t str])], path: &mut Vec<&'t str>) {
        assert!(
            !path.contains(&name),
            "cycle: {} -> {name}",
            path.join(" -> ")
        );
        path.push(name);
        if let Some((_, used)) = table.iter().find(|(module, _)| *module == name) {
            for next in *used {
                visit(next, table, path);
            }
        }
        path.pop();
    }
    for (module, _) in table {
        visit(module, table, &mut Vec::new());
    }
}

#[test]
fn modules_use_only_what_lies_below() {
    check_edges("src", ENGINE);
    check_edges("formats/src", FORMATS);
    check_acyclic(ENGINE);
    check_acyclic(FORMATS);
}

#[test]
fn codecs_do_not_use_one_another() {
    for path in files_of("formats/src/codecs") {
        let relative = path
            .strip_prefix(root().join("formats/src/codecs"))
            .unwrap()
            .to_path_buf();
        let own = relative
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy()
            .into_owned();
        let own = own.trim_end_matches(".rs");
        for used in code_of(&path).split("crate::codecs::").skip(1) {
            assert!(
                used.starts_with(own),
                "{} uses another codec",
                path.display()
            );
        }
    }
}

#[test]
fn python_stays_in_the_bindings() {
    for folder in ["src", "formats/src"] {
        for path in files_of(folder) {
            assert!(
                !code_of(&path).contains("pyo3"),
                "{} uses pyo3",
                path.display()
            );
        }
    }
    for manifest in ["Cargo.toml", "formats/Cargo.toml"] {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        assert!(!text.contains("pyo3"), "{manifest} names pyo3");
    }
    let text = fs::read_to_string(root().join("bindings/Cargo.toml")).unwrap();
    assert!(
        !text.contains("\"extension-module\""),
        "the feature is deprecated"
    );
}

#[test]
fn formats_need_no_regex_and_no_file_system_but_in_files() {
    let manifest = fs::read_to_string(root().join("formats/Cargo.toml")).unwrap();
    assert!(!manifest.contains("regex"));
    for path in files_of("formats/src") {
        let inside = ["files.rs", "files/atomic.rs", "files/directory.rs"];
        if inside.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        assert!(
            !code_of(&path).contains("std::fs"),
            "{} uses std::fs",
            path.display()
        );
    }
}

/// Unsafe code stands in named kernel modules only, each with its reason and its test.
#[test]
fn unsafe_code_stands_where_it_is_known() {
    const KERNELS: &[&str] = &[
        "src/bpe/prefetch.rs",
        "src/huge_pages.rs",
        "src/pretokenize/scanner/levels.rs",
        "src/pretokenize/scanner/levels/avx2.rs",
        "src/pretokenize/scanner/levels/avx512.rs",
        "src/tokenizer/join.rs",
        "bindings/src/array.rs",
        "bindings/src/arrow.rs",
        "bindings/src/list.rs",
    ];
    for folder in ["src", "formats/src", "bindings/src"] {
        for path in files_of(folder) {
            let code = code_of(&path);
            let uses = code.contains("unsafe {")
                || code.contains("unsafe fn")
                || code.contains("unsafe impl");
            let name = path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .into_owned();
            assert!(
                !uses || KERNELS.contains(&name.as_str()),
                "{name} has unsafe code"
            );
        }
    }
}
