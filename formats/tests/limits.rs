//! Each limit stops a file that is over it, and nothing runs out of stack or memory before.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bpekit_formats::{
    Bundle, Category, Definition, Error, Limits, ReadOptions, compression, files,
};
use bpekit_formats::{Merges, registry};
use support::{rank_file, read_as};

fn read(name: &str, bytes: &[u8], limits: Limits) -> Result<Definition, Error> {
    read_as(
        name,
        bytes,
        &ReadOptions {
            limits,
            ..ReadOptions::default()
        },
    )
}

/// The error is about this limit, and a limit one higher accepts the file.
fn assert_limit(name: &str, bytes: &[u8], field: &str, at: impl Fn(u64) -> Limits, needed: u64) {
    let error = read(name, bytes, at(needed - 1)).unwrap_err();
    assert_eq!(error.category(), Category::Limit, "{error}");
    assert!(error.to_string().contains(&format!("`{field}`")), "{error}");
    assert!(error.to_string().contains(&needed.to_string()), "{error}");
    read(name, bytes, at(needed)).unwrap();
}

fn document(vocab: &str, merges: &str, more: &str) -> Vec<u8> {
    format!(
        "{{\"version\": \"1.0\", {more} \"model\": {{\"type\": \"BPE\", \
         \"vocab\": {{{vocab}}}, \"merges\": [{merges}]}}}}"
    )
    .into_bytes()
}

#[test]
fn rank_files() {
    let file = rank_file("YWJj 256\nYWI= 257\n");
    let of = |token_count, token_len| Limits {
        token_count,
        token_len,
        ..Limits::default()
    };
    assert_limit(
        "x.tiktoken",
        &file,
        "token_count",
        |limit| of(limit, 100),
        258,
    );
    assert_limit("x.tiktoken", &file, "token_len", |limit| of(1000, limit), 3);
    let error = read("x.tiktoken", &file, of(257, 100)).unwrap_err();
    assert_eq!(error.line(), Some(258));
}

#[test]
fn rank_documents() {
    let tokens: Vec<_> = (0..=255_u8).map(|byte| STANDARD.encode([byte])).collect();
    let file = format!(
        r#"{{"pat_str": "x", "special_tokens": {{"<a>": 300, "<b>": 301}}, "bpe_ranks": "! 0 {} YWJj YWI="}}"#,
        tokens.join(" ")
    );
    let file = file.as_bytes();
    let of = |token_count, token_len, added_token_count| Limits {
        token_count,
        token_len,
        added_token_count,
        ..Limits::default()
    };
    let name = "x.json";
    assert_limit(name, file, "token_count", |limit| of(limit, 9, 9), 258);
    assert_limit(name, file, "token_len", |limit| of(999, limit, 9), 3);
    assert_limit(
        name,
        file,
        "added_token_count",
        |limit| of(999, 9, limit),
        2,
    );
}

#[test]
fn documents() {
    let added = |content: &str, id: u32| {
        format!(
            "{{\"id\": {id}, \"content\": \"{content}\", \"single_word\": false, \"lstrip\": false, \
             \"rstrip\": false, \"normalized\": false, \"special\": true}}"
        )
    };
    let more = format!(
        "\"added_tokens\": [{}, {}],",
        added("<a>", 9),
        added("<b>", 10)
    );
    let file = document(
        r#""a": 0, "b": 1, "ab": 2, "abab": 3, "é": 4"#,
        r#""a b", "ab ab""#,
        &more,
    );
    let base = Limits::default;
    let check = |field, at: fn(u64) -> Limits, needed| {
        assert_limit("x.json", &file, field, at, needed);
    };
    check(
        "token_count",
        |limit| Limits {
            token_count: limit,
            ..Limits::default()
        },
        5,
    );
    check(
        "token_len",
        |limit| Limits {
            token_len: limit,
            ..Limits::default()
        },
        4,
    );
    check(
        "merge_count",
        |limit| Limits {
            merge_count: limit,
            ..Limits::default()
        },
        2,
    );
    check(
        "added_token_count",
        |limit| Limits {
            added_token_count: limit,
            ..Limits::default()
        },
        2,
    );
    check(
        "nesting",
        |limit| Limits {
            nesting: limit,
            ..Limits::default()
        },
        3,
    );
    assert!(read("x.json", &file, base()).is_ok());
}

#[test]
fn bytes_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tiktoken");
    let file = rank_file("");
    std::fs::write(&path, &file).unwrap();
    let load = |file_len| {
        let limits = Limits {
            file_len,
            ..Limits::default()
        };
        files::load(
            &path,
            None,
            &ReadOptions {
                limits,
                ..ReadOptions::default()
            },
        )
    };
    load(file.len() as u64).unwrap();
    let error = load(file.len() as u64 - 1).unwrap_err();
    assert_eq!(error.category(), Category::Limit);
    assert_eq!(error.path(), Some(&*path));
}

#[test]
fn decompression_stops_at_the_limit() {
    let limits = Limits {
        file_len: 1 << 20,
        ..Limits::default()
    };
    let zeros = vec![0; 64 << 20];
    for (kind, name) in [
        (compression::Compression::Gzip, "x.tiktoken.gz"),
        (compression::Compression::Zstd, "x.tiktoken.zst"),
    ] {
        let bomb = compression::compress(kind, &zeros).unwrap();
        assert!(bomb.len() < 200_000, "{}", bomb.len());
        let many = bomb.repeat(20);
        for bytes in [&bomb, &many] {
            let error = read(name, bytes, limits.clone()).unwrap_err();
            assert_eq!(error.category(), Category::Limit, "{error}");
            assert!(error.to_string().contains("`file_len`"));
        }
        assert_eq!(
            compression::decompress(name, &bomb, &Limits::default())
                .unwrap()
                .len(),
            zeros.len()
        );
    }
}

/// A small stack, as a thread of a server has it.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(512 << 10)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn nesting_does_not_exhaust_the_stack() {
    on_a_small_stack(|| {
        let depth = 100_000;
        let sequence = |member: &str| {
            let open = format!("{{\"type\": \"Sequence\", \"{member}\": [").repeat(depth);
            format!("{open}{}", "]}".repeat(depth))
        };
        let arrays = "[".repeat(depth) + &"]".repeat(depth);
        let objects = "{\"a\": ".repeat(depth) + "1" + &"}".repeat(depth);
        let places = [
            format!("\"x\": {arrays},"),
            format!("\"x\": {objects},"),
            format!("\"normalizer\": {},", sequence("normalizers")),
            format!("\"pre_tokenizer\": {},", sequence("pretokenizers")),
            format!("\"post_processor\": {},", sequence("processors")),
            format!("\"decoder\": {},", sequence("decoders")),
            format!("\"added_tokens\": {arrays},"),
            format!("\"truncation\": {objects},"),
        ];
        let generous = Limits {
            nesting: u64::MAX,
            ..Limits::default()
        };
        for more in &places {
            let file = document("\"a\": 0", "", more);
            let error = read("x.json", &file, Limits::default()).unwrap_err();
            assert_eq!(error.category(), Category::Limit, "{error}");
            assert!(error.to_string().len() < 500);
            // The parser's own limit stands behind ours.
            assert!(read("x.json", &file, generous.clone()).is_err());
        }
        for (vocab, merges) in [
            (format!("\"a\": {arrays}"), String::new()),
            (format!("\"a\": {objects}"), String::new()),
            ("\"a\": 0".to_owned(), arrays.clone()),
            ("\"a\": 0".to_owned(), objects.clone()),
            ("\"a\": 0".to_owned(), format!("[\"a\", {arrays}]")),
            ("\"a\": 0".to_owned(), format!("[\"a\", \"a\", {arrays}]")),
        ] {
            let error = read("x.json", &document(&vocab, &merges, ""), Limits::default());
            assert!(error.unwrap_err().location().is_some());
        }
        for text in [arrays, objects, "[".repeat(depth), "{\"a\":".repeat(depth)] {
            assert!(read("x.json", text.as_bytes(), Limits::default()).is_err());
        }
    });
}

/// As deep as the limits let anything be: reading, comparing, cloning, writing and dropping.
#[test]
fn the_deepest_allowed_nesting_works() {
    on_a_small_stack(|| {
        let depth = 48;
        let open = r#"{"type": "Sequence", "normalizers": ["#.repeat(depth);
        let steps = format!("{open}{{\"type\": \"NFC\"}}{}", "]}".repeat(depth));
        let file = document("\"a\": 0", "", &format!("\"normalizer\": {steps},"));
        let definition = read("x.json", &file, Limits::default()).unwrap();
        let codec = registry::by_name("hf-json").unwrap();
        let written = codec.write(&definition.clone(), "x.json").unwrap();
        let again = codec.read(&written, &ReadOptions::default()).unwrap();
        assert!(again.says_the_same(&definition));
    });
}

#[test]
fn a_template_cannot_multiply_its_ids() {
    let ids = (0..50_000)
        .map(|id| id.to_string())
        .collect::<Vec<_>>()
        .join(",");
    let parts = vec![r#"{"SpecialToken":{"id":"x","type_id":0}}"#; 50_000].join(",");
    let more = format!(
        "\"post_processor\": {{\"type\": \"TemplateProcessing\", \"single\": [{parts}], \"pair\": [], \
         \"special_tokens\": {{\"x\": {{\"id\": \"x\", \"ids\": [{ids}], \"tokens\": []}}}}}},"
    );
    let error = read(
        "x.json",
        &document("\"a\": 0", "", &more),
        Limits::default(),
    )
    .unwrap_err();
    assert_eq!(error.category(), Category::Unsupported);
}

#[test]
fn a_sidecar_has_limits_too() {
    let mut bundle = Bundle::new("x.tiktoken", rank_file(""));
    let deep = format!("{{\"bpekit_sidecar\": 1, \"x\": {}", "[".repeat(100_000));
    bundle.add("x.tiktoken.json", deep.into_bytes());
    let codec = registry::by_name("tiktoken").unwrap();
    let error = codec.read(&bundle, &ReadOptions::default()).unwrap_err();
    assert_eq!(error.category(), Category::Limit);
}

/// Time and memory in proportion to the file: shapes that are quadratic in a naive reader.
#[test]
fn large_hostile_files_are_read_in_linear_time() {
    // Literal tokens, each looked up by merges; added tokens, each looked up in the vocab.
    let count = 100_000_u32;
    let join = |make: &dyn Fn(u32) -> String| (0..count).map(make).collect::<Vec<_>>().join(",");
    let vocab = format!(
        "\"日\":{},{}",
        count * 2,
        join(&|n| { format!("\"x{n}\":{n},\"x{n}日\":{}", n + count) })
    );
    let merges = join(&|n| format!("[\"x{n}\",\"日\"]"));
    let level = r#""pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true},"#;
    let definition = read(
        "x.json",
        &document(&vocab, &merges, level),
        Limits::default(),
    )
    .unwrap();
    assert!(matches!(&definition.merges, Merges::Listed(merges) if merges.len() == count as usize));
    // One line of many columns, and many blank lines.
    assert!(read("x.tiktoken", &b"a ".repeat(2_000_000), Limits::default()).is_err());
    assert!(read("x.tiktoken", &b"\n".repeat(4_000_000), Limits::default()).is_err());
    // A token given twice at the far end.
    let mut file = rank_file("");
    for id in 256..200_000_u32 {
        let token = STANDARD.encode(id.to_be_bytes());
        file.extend_from_slice(format!("{token} {id}\n").as_bytes());
    }
    file.extend_from_slice(b"AAABAA== 200000\n");
    let error = read("x.tiktoken", &file, Limits::default()).unwrap_err();
    assert_eq!(error.line(), Some(200_001));
}

fn model() -> Vec<u8> {
    std::fs::read(support::root().join("valid/sentencepiece/user-defined/tokenizer.model")).unwrap()
}

#[test]
fn models() {
    let file = model();
    let definition = read("tokenizer.model", &file, Limits::default()).unwrap();
    let longest = definition.vocab.max_token_len() as u64;
    let of = |token_count, token_len, added_token_count| Limits {
        token_count,
        token_len,
        added_token_count,
        ..Limits::default()
    };
    let count = definition.vocab.len() as u64;
    let added = definition.added_tokens.len() as u64;
    let name = "tokenizer.model";
    assert_limit(name, &file, "token_count", |limit| of(limit, 99, 99), count);
    assert_limit(
        name,
        &file,
        "token_len",
        |limit| of(999, limit, 99),
        longest,
    );
    let at = |limit| of(999, 99, limit);
    assert_limit(name, &file, "added_token_count", at, added);
}

/// Fields that promise more than there is take no memory, and nesting no stack.
#[test]
fn models_that_promise_more_are_refused() {
    let good = model();
    let promise = [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    let groups = [&[0x0a, 0xc0, 0x84, 0x3d][..], &vec![0x23; 1_000_000]].concat();
    let empty_pieces = [0x0a, 0x00].repeat(2_000_000);
    for (bytes, words) in [
        ([&good[..], &promise].concat(), "ends within a field"),
        ([&good[..], &groups].concat(), "pieces["),
        ([&good[..], &empty_pieces].concat(), "the text is empty"),
    ] {
        let error = read("tokenizer.model", &bytes, Limits::default()).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}
