//! Files in blocks of all lengths against each document encoded as a whole.

use std::path::PathBuf;
use std::slice::from_ref;

use bpekit_formats::compression::{self, Compression};
use bpekit_formats::{AddedToken, Definition, Normalizer, Pattern, Pretokenizer};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::error::{ErrorKind, Result};
use crate::source::{FileForm, Invalid};
use crate::tokenizer::{Special, Tokenizer};
use crate::watch::{Progress, Unwatched, Watch};

const EOT: &str = "<|endoftext|>";
const EOT_ID: u32 = 3000;

/// Cuts, characters of all lengths, runs of white space, separators, halves of them, and tokens.
const TEXT: &str = "The quick  brown fox, it's 12345.\n\n  \u{a0}\u{3000}\t x\r\n<|endoftext|>\
    漢字。カタカナ、 é e\u{301} 🦀🚀 <|endof <|endoftext| <|endoftext|><|endoftext|>\n \
    'll don't <think> a</think>  b \u{2028}<|endoftext|>\u{feff}word word\n<|endoftext|>tail. ";

struct Dir(TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn count(&self) -> usize {
        std::fs::read_dir(self.0.path()).unwrap().count()
    }
}

fn changed(change: impl FnOnce(&mut Definition)) -> Tokenizer {
    let mut definition = Tokenizer::demo().unwrap().definition().clone();
    change(&mut definition);
    Tokenizer::from_definition(definition).unwrap()
}

fn with_pattern(pattern: &str) -> Tokenizer {
    changed(|definition| {
        definition.pretokenizer = Some(Pretokenizer::matches_of(Pattern::fancy(pattern)));
    })
}

/// Added tokens of all kinds, whose ids are behind the others.
fn with_added(tokens: &[(&str, &str)]) -> Tokenizer {
    changed(|definition| {
        for (number, (text, flags)) in tokens.iter().enumerate() {
            let mut token = AddedToken::special(*text, 3001 + number as u32);
            token.lstrip = flags.contains('l');
            token.rstrip = flags.contains('r');
            token.single_word = flags.contains('w');
            token.normalized = flags.contains('n');
            token.is_special = !flags.contains('p');
            definition.added_tokens.push(token);
        }
    })
}

fn tokenizers() -> Vec<Tokenizer> {
    let published = |name| crate::known::pattern_by_name(name).unwrap().tiktoken;
    vec![
        Tokenizer::demo().unwrap(),
        with_pattern(published("o200k")),
        with_pattern(published("deepseek")),
        // Those that cannot be cut.
        with_pattern(r"\p{L}+|\p{N}{1,2}|[^\p{L}\p{N}]"),
        with_pattern(r"(?<=a)b+|\p{L}+|[^\p{L}]+|."),
        changed(|definition| definition.pretokenizer = None),
        changed(|definition| {
            definition.normalizer = Some(Normalizer::Strip {
                left: true,
                right: true,
            });
        }),
        changed(|definition| definition.normalizer = Some(Normalizer::Nfc)),
        changed(|definition| definition.normalizer = Some(Normalizer::Lowercase)),
        changed(|definition| {
            definition.normalizer = Some(Normalizer::Lowercase);
            let mut token = AddedToken::special("The Quick", 3001);
            (token.is_special, token.normalized) = (false, true);
            definition.added_tokens.push(token);
        }),
        with_added(&[("<think>", "p"), ("</think>", "pr"), ("word", "lw")]),
        with_added(&[("<think>", "lr"), ("x\r", ""), (" a", "pn"), (". ", "p")]),
    ]
}

/// What an encoder is to give: each document as a whole, by [`Tokenizer::encode`].
fn plain(encoder: &FileEncoder<'_>, tokenizer: &Tokenizer, files: &[&[u8]]) -> Result<Vec<u32>> {
    let id_of = |token: &String| tokenizer.token_id(token.as_bytes()).unwrap();
    let prepend = encoder.prepend.as_ref().map(id_of);
    let mut append = encoder.append.as_ref().map(id_of);
    if encoder.separator.as_deref() == Some(EOT.as_bytes()) && prepend.or(append).is_none() {
        append = Some(EOT_ID);
    }
    let mut ids = Vec::new();
    for file in files {
        let mut documents: Vec<&[u8]> = Vec::new();
        match &encoder.separator {
            None => documents.push(file),
            Some(separator) => {
                let mut rest = *file;
                while let Some(at) = rest
                    .windows(separator.len())
                    .position(|window| window == separator)
                {
                    documents.push(&rest[..at]);
                    rest = &rest[at + separator.len()..];
                }
                if !rest.is_empty() {
                    documents.push(rest);
                }
            }
        }
        for document in documents {
            let text = match encoder.invalid {
                Invalid::Ignore => document.utf8_chunks().map(|part| part.valid()).collect(),
                _ => String::from_utf8_lossy(document).into_owned(),
            };
            ids.extend(prepend);
            let own = tokenizer.encode(&text, &encoder.special)?;
            ids.extend(if encoder.frame {
                tokenizer.with_frame(own)
            } else {
                own
            });
            ids.extend(append);
        }
    }
    Ok(ids)
}

#[track_caller]
fn check(encoder: &mut FileEncoder<'_>, tokenizer: &Tokenizer, bytes: &[u8], lens: &[usize]) {
    let dir = Dir::new();
    let path = dir.write("a.txt", bytes);
    let expected = plain(encoder, tokenizer, &[bytes]).unwrap();
    for &block_len in lens {
        encoder.block_len = block_len;
        // Threads take longer to start than such files to be encoded.
        encoder.thread_count = 1 + usize::from(block_len % 10 == 0);
        let (ids, report) = encoder.to_vec::<u32>(from_ref(&path), &Unwatched).unwrap();
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(ids, expected, "blocks of {block_len}: {shown:?}");
        assert_eq!(report.ids, expected.len() as u64);
    }
}

fn all_lens() -> Vec<usize> {
    (1..=70).chain([100, 200, 1 << 18]).collect()
}

#[test]
fn blocks_of_any_length_give_the_ids_of_whole_documents() {
    for tokenizer in tokenizers() {
        for separator in [
            None,
            Some(EOT),
            Some("\n"),
            Some(" "),
            Some("é"),
            Some("\u{3000}\t"),
            Some("fox, it"),
            Some("x"),
        ] {
            let mut encoder = FileEncoder::new(&tokenizer);
            encoder.separator = separator.map(Into::into);
            if separator == Some("x") {
                encoder.prepend = Some(EOT.to_owned());
                encoder.append = Some(EOT.to_owned());
            }
            for special in [Special::allowed(), Special::ordinary()] {
                encoder.special = special;
                check(&mut encoder, &tokenizer, TEXT.as_bytes(), &all_lens());
            }
        }
    }
}

/// Everything that must not be torn, shifted over the end of a block byte by byte.
#[test]
fn nothing_is_torn_at_the_end_of_a_block() {
    let tokenizer = with_added(&[("<think>", "p"), ("</think>", "plr"), ("wood", "w")]);
    let wholes = [
        EOT,
        "<think>",
        "  </think> \n ",
        " wood,",
        "漢",
        "🦀",
        "   \n\n  ",
        "e\u{301}",
        "it's",
        "12345",
        "<|endoftext|><|endoftext|>",
        "\r\n\r\n",
    ];
    // Longer than any token too, which are looked for further on than a block goes.
    let long = "ab ".repeat(12) + " one, two";
    for separator in [
        None,
        Some(EOT),
        Some("one, two"),
        Some("e four. f"),
        Some(&long),
    ] {
        let mut encoder = FileEncoder::new(&tokenizer);
        encoder.separator = separator.map(Into::into);
        encoder.prepend = separator.is_none().then(|| EOT.to_owned());
        encoder.special = Special::allowed();
        for whole in wholes {
            for shift in 0..40 {
                let text = format!("{} one, two{whole}three four. five", "ab ".repeat(shift));
                let lens = [16, 32, 64, 33 + shift];
                check(&mut encoder, &tokenizer, text.as_bytes(), &lens);
                check(
                    &mut encoder,
                    &tokenizer,
                    &text.as_bytes()[shift % 3..],
                    &lens,
                );
            }
        }
    }
}

#[test]
fn a_separator_may_be_any_bytes() {
    let tokenizer = Tokenizer::demo().unwrap();
    let mut encoder = FileEncoder::new(&tokenizer);
    encoder.special = Special::ordinary();
    encoder.invalid = Invalid::Replace;
    for separator in [
        &b"aa"[..],
        b"a",
        b"\0",
        b"\n\n",
        b"\xff\xfe",
        b"\x80",
        b"aba",
        b"\xf0\x9f",
    ] {
        encoder.separator = Some(separator.to_vec());
        for text in [
            &b"aaaaa b aaa a aaaa"[..],
            b"",
            b"aa",
            b"\0\0one\0",
            b"one\n\n\ntwo\n\n\n\n",
            b"\xff\xfe\xff\xfeabc\xff \xffx\xfe, y\xff\xfe z",
            "🦀 x, 🦀🦀 \u{80}é".as_bytes(),
            b"ababababa aba ab",
        ] {
            check(&mut encoder, &tokenizer, text, &[1, 2, 3, 4, 5, 7, 16, 100]);
        }
    }
    encoder.separator = Some(Vec::new());
    let error = encoder.to_vec::<u32>(&[], &Unwatched).unwrap_err();
    assert!(error.to_string().contains("separator is empty"), "{error}");
}

#[test]
fn what_stands_around_documents() {
    let dir = Dir::new();
    let paths = [
        dir.write("a.txt", "the<|endoftext|>the"),
        dir.write("empty.txt", ""),
        dir.write("b.txt", "the<|endoftext|><|endoftext|>"),
    ];
    let tokenizer = with_added(&[("<|bos|>", "")]);
    let mut encoder = FileEncoder::new(&tokenizer);
    encoder.separator = Some(EOT.into());
    let of = |encoder: &FileEncoder<'_>| encoder.to_vec::<u16>(&paths, &Unwatched).unwrap();
    let (ids, report) = of(&encoder);
    assert_eq!(ids, [1169, 3000, 1169, 3000, 1169, 3000, 3000]);
    assert_eq!((report.documents, report.ids, report.text_bytes), (4, 7, 9));
    encoder.prepend = Some("<|bos|>".to_owned());
    assert_eq!(of(&encoder).0, [3001, 1169, 3001, 1169, 3001, 1169, 3001]);
    encoder.append = Some(EOT.to_owned());
    assert_eq!(of(&encoder).0[..3], [3001, 1169, 3000]);
    encoder.separator = None;
    encoder.special = Special::allowed();
    assert_eq!(
        of(&encoder).0,
        [
            3001, 1169, 3000, 1169, 3000, 3001, 3000, 3001, 1169, 3000, 3000, 3000
        ]
    );
    encoder.append = Some("<|nothing|>".to_owned());
    let error = encoder.to_vec::<u16>(&paths, &Unwatched).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`<|nothing|>` is no special token")
    );
}

#[test]
fn compressed_files_and_lines_of_json() {
    let dir = Dir::new();
    let tokenizer = Tokenizer::demo().unwrap();
    let mut encoder = FileEncoder::new(&tokenizer);
    let packed = |kind, text: &[u8]| compression::compress(kind, text).unwrap();
    let paths = [
        dir.write("a.txt.gz", packed(Compression::Gzip, b"the")),
        dir.write("b.zst", packed(Compression::Zstd, b"the cat")),
        dir.write(
            "c.jsonl",
            "{\"text\": \"the\"}\n{\"text\": null}\n\n{\"text\": \"hello\"}",
        ),
    ];
    encoder.append = Some(EOT.to_owned());
    let (ids, report) = encoder.to_vec::<u16>(&paths, &Unwatched).unwrap();
    assert_eq!(
        ids,
        [
            1169, 3000, 1169, 269, 265, 3000, 1169, 3000, 258, 297, 78, 3000
        ]
    );
    assert_eq!((report.documents, report.skipped), (4, 1));
    encoder.separator = Some(EOT.into());
    let error = encoder.to_vec::<u16>(&paths, &Unwatched).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("c.jsonl has a document in each line")
    );
    encoder.separator = None;
    encoder.form = Some(FileForm::JsonLines {
        field: "body".to_owned(),
    });
    let error = encoder.to_vec::<u16>(&paths[2..], &Unwatched).unwrap_err();
    assert!(error.to_string().contains("c.jsonl:1"), "{error}");
}

#[test]
fn errors_say_where() {
    let dir = Dir::new();
    let tokenizer = Tokenizer::demo().unwrap();
    let good = "word, ".repeat(500);
    let bad = dir.write("bad.txt", format!("{good}é {EOT} {good}").as_bytes());
    let latin = dir.write(
        "latin.txt",
        [good.as_bytes(), b"\xe9 x", good.as_bytes()].concat(),
    );
    let out = dir.write("out.bin", b"as it was");
    let mut encoder = FileEncoder::new(&tokenizer);
    for threads in [1, 2] {
        for block_len in [7, 64, 1000, 1 << 18] {
            encoder.thread_count = threads;
            encoder.block_len = block_len;
            for (path, expected) in [
                (
                    &bad,
                    "bad.txt: byte 3003: the text contains the special token `<|endoftext|>`",
                ),
                (&latin, "latin.txt: byte 3000: 0xe9 is not UTF-8 text"),
            ] {
                let error = encoder
                    .to_file(from_ref(path), &out, &Unwatched)
                    .unwrap_err();
                assert!(error.to_string().contains(expected), "{error}");
                // The first of several.
                let both = [path.clone(), bad.clone(), latin.clone()];
                let first = encoder.to_file(&both, &out, &Unwatched).unwrap_err();
                assert_eq!(first.to_string(), error.to_string());
            }
        }
    }
    encoder.special = Special::allow([EOT]).disallow(["word, é"]);
    encoder.block_len = 10;
    let error = encoder
        .to_file(from_ref(&bad), &out, &Unwatched)
        .unwrap_err();
    assert!(error.to_string().contains("byte 2994: "), "{error}");
    let missing = [dir.0.path().join("none.txt")];
    assert!(encoder.to_file(&missing, &out, &Unwatched).is_err());
    let error = encoder
        .to_file(from_ref(&out), &out, &Unwatched)
        .unwrap_err();
    assert!(error.to_string().contains("would be overwritten"));
    assert_eq!(std::fs::read(&out).unwrap(), b"as it was");
    assert_eq!(dir.count(), 3);
}

#[test]
fn files_of_both_types() {
    let dir = Dir::new();
    let path = dir.write("a.txt", TEXT);
    let out = dir.0.path().join("out.bin");
    let demo = Tokenizer::demo().unwrap();
    let large = with_added(&[]);
    let large = {
        let mut definition = large.definition().clone();
        definition
            .added_tokens
            .push(AddedToken::special("<far>", 70_000));
        Tokenizer::from_definition(definition).unwrap()
    };
    for (tokenizer, id_type, width) in [
        (&demo, None, 2),
        (&demo, Some(IdType::U16), 2),
        (&demo, Some(IdType::U32), 4),
        (&large, None, 4),
    ] {
        let mut encoder = FileEncoder::new(tokenizer);
        encoder.separator = Some(EOT.into());
        encoder.id_type = id_type;
        let report = encoder.to_file(from_ref(&path), &out, &Unwatched).unwrap();
        let bytes = std::fs::read(&out).unwrap();
        assert_eq!(bytes.len() as u64, report.ids * width);
        let ids: Vec<u32> = bytes
            .chunks(width as usize)
            .map(|id| {
                let mut all = [0; 4];
                all[..id.len()].copy_from_slice(id);
                u32::from_le_bytes(all)
            })
            .collect();
        assert_eq!(ids, plain(&encoder, tokenizer, &[TEXT.as_bytes()]).unwrap());
    }
    let mut encoder = FileEncoder::new(&large);
    encoder.id_type = Some(IdType::U16);
    for error in [
        encoder
            .to_file(from_ref(&path), &out, &Unwatched)
            .unwrap_err(),
        encoder.to_vec::<u16>(&[path], &Unwatched).unwrap_err(),
    ] {
        assert!(error.to_string().contains("the largest id is 70000"));
    }
}

/// Stops when it is told how far the work is, or when it has been asked so often.
struct Stopper {
    asked: std::sync::atomic::AtomicUsize,
    after: usize,
    last: std::sync::Mutex<Option<Progress>>,
}

impl Watch for Stopper {
    fn is_stopped(&self) -> bool {
        use std::sync::atomic::Ordering;
        self.asked.fetch_add(1, Ordering::Relaxed) >= self.after
    }

    fn progress(&self, progress: &Progress) {
        *self.last.lock().unwrap() = Some(*progress);
    }
}

fn stopper(after: usize) -> Stopper {
    Stopper {
        asked: 0.into(),
        after,
        last: None.into(),
    }
}

#[test]
fn stopping_leaves_nothing_behind() {
    let dir = Dir::new();
    let path = dir.write("a.txt", TEXT.repeat(50));
    let out = dir.0.path().join("out.bin");
    let tokenizer = Tokenizer::demo().unwrap();
    let mut encoder = FileEncoder::new(&tokenizer);
    encoder.separator = Some(EOT.into());
    encoder.block_len = 100;
    for threads in [1, 2] {
        encoder.thread_count = threads;
        let watch = stopper(usize::MAX);
        encoder.to_file(from_ref(&path), &out, &watch).unwrap();
        let len = (TEXT.len() * 50) as u64;
        let last = watch.last.lock().unwrap().take();
        let all = Some(len);
        assert_eq!(last, Some(Progress::Encoding { done: len, all }));
        std::fs::remove_file(&out).unwrap();
        for after in [0, 1, 2, 5, 20, 50] {
            let error = encoder
                .to_file(from_ref(&path), &out, &stopper(after))
                .unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Interrupted));
            assert_eq!(dir.count(), 1);
        }
    }
}

#[test]
fn a_document_is_stopped_within() {
    let dir = Dir::new();
    let path = dir.write("a.txt", "a word, ".repeat(200_000));
    // One that cannot be cut, and so comes as one block.
    let tokenizer = with_pattern(r"\p{L}+|\p{N}{1,2}|[^\p{L}\p{N}]");
    let encoder = FileEncoder::new(&tokenizer);
    let watch = stopper(20);
    assert!(encoder.to_vec::<u32>(&[path], &watch).is_err());
    assert!(watch.last.lock().unwrap().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// Random bytes with random added tokens and separators, in random blocks.
    #[test]
    fn random_files_are_encoded_as_whole_documents(
        tokens in proptest::collection::btree_map("[ab .\u{fffd}]{1,4}", "[lrwp]{0,3}", 0..4),
        separator in proptest::option::of("[ab .\n]{1,3}"),
        parts in proptest::collection::vec(
            prop_oneof![
                6 => "[ab .\n]{1,4}".prop_map(String::into_bytes),
                1 => "[\u{e9}\u{6f22}\u{3002}\u{3000}]".prop_map(String::into_bytes),
                1 => Just(EOT.as_bytes().to_vec()),
                1 => Just(b"\xff".to_vec()),
                1 => Just(b"\xe6\xbc".to_vec()),
            ],
            0..40,
        ),
        block_len in 1..40_usize,
        is_allowed: bool,
        is_ignoring: bool,
    ) {
        let given: Vec<_> = tokens.iter().map(|(text, flags)| (text.as_str(), flags.as_str())).collect();
        let tokenizer = with_added(&given);
        let mut encoder = FileEncoder::new(&tokenizer);
        encoder.separator = separator.map(String::into_bytes);
        encoder.invalid = if is_ignoring { Invalid::Ignore } else { Invalid::Replace };
        encoder.special = if is_allowed { Special::allowed() } else { Special::ordinary() };
        // A separator that is a token leaves its id behind, which `plain` knows of one alone.
        if let Some(separator) = &encoder.separator && tokens.contains_key(std::str::from_utf8(separator).unwrap()) {
            encoder.prepend = Some(EOT.to_owned());
        }
        let bytes = parts.concat();
        check(&mut encoder, &tokenizer, &bytes, &[block_len, block_len + 1]);
    }
}
