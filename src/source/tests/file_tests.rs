//! Files: compression, bytes that are not UTF-8, and paths that are no files.

use proptest::prelude::*;

use super::*;

const TEXT: &str = "One line, two.\r\nÜber 12345 Bäume: 漢字。かな、テスト!\n\n  x = f(y) /\ttail";

fn open(path: &Path) -> Result<FileTexts<'static>> {
    let how = how("o200k");
    FileTexts::open(path, &FileForm::Text, how.cutter()?, false)
}

/// Opens a file and reads it to its end.
fn read_all(path: &Path) -> Result<Found> {
    drain(&mut open(path)?, &how("o200k"), Invalid::Strict)
}

fn message(path: &Path) -> String {
    let error = read_all(path).unwrap_err();
    let message = error.to_string();
    let name = path.to_string_lossy();
    assert!(message.starts_with(&*name), "{message}");
    message[name.len()..].to_owned()
}

#[test]
fn compressed_files_are_what_is_in_them() {
    let dir = Dir::new();
    let text = TEXT.repeat(20);
    let how = how("o200k");
    let expected = whole(&how, &[&text]);
    let (left, right) = text.split_at(text.len() / 2 - 1);
    let mut files = vec![dir.write("plain.txt", &text)];
    for kind in [Compression::Gzip, Compression::Zstd] {
        let parts = [left.as_bytes(), b"", right.as_bytes()].map(|part| pack(kind, part));
        files.push(dir.write(
            &format!("whole{}", kind.suffix()),
            pack(kind, text.as_bytes()),
        ));
        files.push(dir.write(&format!("parts{}", kind.suffix()), parts.concat()));
        // The content tells, not the name.
        files.push(dir.write(&format!("named{}.txt", kind.suffix()), parts.concat()));
    }
    // A frame for other programs, first and last: pzstd writes such files.
    let skipped = [&[0x5f, 0x2a, 0x4d, 0x18, 4, 0, 0, 0][..], b"abcd"].concat();
    let packed = pack(Compression::Zstd, text.as_bytes());
    files.push(dir.write("skip.zst", [&skipped[..], &packed, &skipped].concat()));
    for path in files {
        for batch_len in batch_lens().step_by(7).chain([BATCH_LEN]) {
            let found = read(&path, &FileForm::Text, &how, Invalid::Strict, batch_len).unwrap();
            assert!(found.counts == expected, "{} {batch_len}", path.display());
            assert_eq!(found.texts, 1);
        }
    }
}

#[test]
fn damaged_compression_is_an_error_with_the_path() {
    let dir = Dir::new();
    for kind in [Compression::Gzip, Compression::Zstd] {
        let packed = pack(kind, TEXT.as_bytes());
        let name = format!("a{}", kind.suffix());
        let damaged = format!(": damaged {} data: ", kind.suffix());
        for len in 4..packed.len() {
            let path = dir.write(&name, &packed[..len]);
            assert!(message(&path).starts_with(&damaged), "{len}");
        }
        // Cut in a second member, and something else behind the first.
        for rest in [
            &packed[..packed.len() - 1],
            b"PK\x03\x04 is no member",
            b"\x1f",
        ] {
            let path = dir.write(&name, [&packed, rest].concat());
            assert!(message(&path).starts_with(&damaged), "{rest:?}");
        }
        // Wherever a bit is flipped it is noticed, or means nothing: the time in a gzip header.
        for at in 0..packed.len() {
            let mut flipped = packed.clone();
            flipped[at] ^= 0x10;
            let path = dir.write("b.bin", &flipped);
            if let Ok(found) = read_all(&path) {
                let is_plain = Compression::of_content(&flipped).is_none();
                let is_same = found.counts == whole(&how("o200k"), &[TEXT]);
                assert!(is_plain || is_same, "{kind:?} {at}");
            }
        }
        let path = dir.write(&name, TEXT);
        let expected = format!(
            ": the name ends in `{}`, but the content is not compressed so\n\
             hint: rename the file, or compress it",
            kind.suffix()
        );
        assert_eq!(message(&path), expected);
        let path = dir.write(&name, "");
        assert!(message(&path).contains("is not compressed so"));
    }
}

#[test]
fn what_is_not_utf8_is_an_error_with_its_place() {
    let dir = Dir::new();
    let how = how("gpt2");
    let hints = "\nhint: `errors=\"replace\"` (`--errors replace`) takes U+FFFD for it\
        \nhint: or convert the text: `iconv -f ENCODING -t UTF-8`";
    for (bad, byte) in [(&b"\xff"[..], "ff"), (b"\xe6\xbc", "e6"), (b"\xc3(", "c3")] {
        for at in (0..TEXT.len()).filter(|&at| TEXT.is_char_boundary(at)) {
            let (left, right) = TEXT.split_at(at);
            let bytes = [left.as_bytes(), bad, b" ", right.as_bytes(), b"\xff"].concat();
            let path = dir.write("a.txt", &bytes);
            for batch_len in [1, 2, 7, 64, 1000] {
                let error = read(&path, &FileForm::Text, &how, Invalid::Strict, batch_len);
                let expected = format!(
                    "{}: byte {at}: 0x{byte} is not UTF-8 text{hints}",
                    path.display()
                );
                assert_eq!(error.unwrap_err().to_string(), expected);
            }
        }
    }
    // A character that the end of the file cuts in two; the place is that in the content.
    let path = dir.write("a.gz", pack(Compression::Gzip, b"abc \xe6\xbc"));
    assert!(message(&path).starts_with(": byte 4: 0xe6 is not UTF-8 text"));
    let path = dir.write("a.txt", b"\xff\xfea\0");
    assert!(message(&path).starts_with(": byte 0: 0xff"));
}

#[test]
fn a_fed_text_that_is_not_utf8_is_named() {
    let how = how("gpt2");
    let message = |texts: &[&[u8]]| {
        let (mut feeder, mut fed) = Feeder::new(how.cutter().unwrap(), false);
        for text in texts {
            feeder.push(text, &mut || Ok(())).unwrap();
        }
        feeder.finish(&mut || Ok(())).unwrap();
        let error = drain(&mut fed, &how, Invalid::Strict).unwrap_err();
        error.to_string().lines().next().unwrap().to_owned()
    };
    assert_eq!(
        message(&[b"a\xff"]),
        "byte 1: 0xff in text 1 is not UTF-8 text"
    );
    assert_eq!(
        message(&[b"good", b"", b"ab\xff"]),
        "byte 2: 0xff in text 3 is not UTF-8 text"
    );
    let long = "word ".repeat(BATCH_LEN / 2);
    let cut = [long.as_bytes(), b"\xff"].concat();
    let place = long.len();
    let expected = |text: u64| format!("byte {place}: 0xff in text {text} is not UTF-8 text");
    assert_eq!(message(&[&cut]), expected(1));
    assert_eq!(message(&[b"a", long.as_bytes(), &cut]), expected(3));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// Decoding batch by batch is decoding the whole.
    #[test]
    fn bytes_that_are_not_utf8_are_replaced_or_left_out(
        parts in proptest::collection::vec(
            prop_oneof![
                4 => "[ab .,\n]{1,4}".prop_map(String::into_bytes),
                2 => "[é漢。、\u{301}🚀]".prop_map(String::into_bytes),
                1 => proptest::collection::vec(any::<u8>(), 1..3),
                1 => Just(b"\xe6\xbc".to_vec()),
                1 => Just(b"\xf0\x9f\x9a".to_vec()),
            ],
            0..40,
        ),
        batch_len in 1..30_usize,
    ) {
        let dir = Dir::new();
        let bytes = parts.concat();
        // What starts like a compressed file is one.
        prop_assume!(Compression::of_content(&bytes).is_none());
        let path = dir.write("a.txt", &bytes);
        let how = how("o200k");
        let replaced = String::from_utf8_lossy(&bytes);
        let ignored: String = bytes.utf8_chunks().map(|part| part.valid()).collect();
        for (invalid, expected) in [(Invalid::Replace, &*replaced), (Invalid::Ignore, &ignored)] {
            let found = read(&path, &FileForm::Text, &how, invalid, batch_len).unwrap();
            prop_assert_eq!(&found.counts, &whole(&how, &[expected]));
        }
        let strict = read(&path, &FileForm::Text, &how, Invalid::Strict, batch_len);
        match std::str::from_utf8(&bytes) {
            Ok(_) => prop_assert!(strict.is_ok()),
            Err(error) => {
                let place = format!("byte {}: ", error.valid_up_to());
                prop_assert!(strict.unwrap_err().to_string().contains(&place));
            }
        }
    }
}

#[test]
fn paths_that_are_no_files_are_errors_with_the_path() {
    let dir = Dir::new();
    assert!(
        message(&dir.path(""))
            .to_lowercase()
            .contains("is a directory")
    );
    assert!(
        message(&dir.path("none.txt"))
            .to_lowercase()
            .contains("no such file")
    );
    let path = dir.write("a.txt", "a");
    assert!(
        message(&path.join("b.txt"))
            .to_lowercase()
            .contains("not a directory")
    );
}

/// What other systems call these is their own business.
#[cfg(target_os = "linux")]
#[test]
fn pipes_are_read_to_their_end() {
    let dir = Dir::new();
    for (name, content) in [
        ("plain", TEXT.repeat(3000).into_bytes()),
        (
            "packed",
            pack(Compression::Gzip, TEXT.repeat(3000).as_bytes()),
        ),
    ] {
        let path = dir.path(name);
        let status = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(status.unwrap().success());
        let found = std::thread::scope(|scope| {
            scope.spawn(|| {
                use std::io::Write;
                let mut pipe = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
                for part in content.chunks(1000) {
                    pipe.write_all(part).unwrap();
                }
            });
            let mut texts = open(&path).unwrap();
            assert_eq!(texts.progress().1, None);
            drain(&mut texts, &how("o200k"), Invalid::Strict).unwrap()
        });
        assert_eq!(found.counts, whole(&how("o200k"), &[&TEXT.repeat(3000)]));
    }
}

/// What is added is read, and counted and hashed with the rest; what was cut off is missed.
#[test]
fn a_file_that_changes_while_it_is_read_is_read_to_its_new_end_or_refused() {
    let dir = Dir::new();
    let how = how("gpt2");
    let text = "some words, and more. ".repeat(50);
    let longer = text.repeat(5);
    for new_len in [0, 30, 200, text.len() - 1, text.len(), 5000] {
        let path = dir.write("a.txt", &text);
        let cutter = how.cutter().unwrap();
        let texts = FileTexts::open(&path, &FileForm::Text, cutter, true).unwrap();
        let mut texts = texts.with_batch_len(100);
        let mut batch = Batch::default();
        assert!(texts.next(&mut batch).unwrap());
        let first = batch.bytes.len();
        std::fs::write(&path, &longer[..new_len]).unwrap();
        let rest = drain(&mut texts, &how, Invalid::Strict);
        if new_len < text.len() {
            let message = rest.unwrap_err().to_string();
            let expected = format!(
                "{}: the file became shorter while it was read: {} of {} bytes were there",
                path.display(),
                new_len.max(100),
                text.len()
            );
            assert_eq!(message, expected);
        } else {
            let expected = whole(&how, &[&longer[first..new_len]]);
            assert_eq!(rest.unwrap().counts, expected);
            assert_eq!(texts.sha256(), Some(sha256(&longer.as_bytes()[..new_len])));
        }
    }
}

#[test]
fn files_follow_one_another_and_errors_name_their_file() {
    let dir = Dir::new();
    let how = how("gpt2");
    let paths = [
        dir.write("a.txt", "one two"),
        dir.write("empty.txt", ""),
        dir.write("b.txt.gz", pack(Compression::Gzip, b" three")),
        dir.write("c.ndjson", "{\"text\": \"one\"}\n"),
    ];
    let form_of = |path: &Path| FileForm::of_name(path);
    let mut texts = ManyFiles::new(&paths, &form_of, how.cutter().unwrap());
    let found = drain(&mut texts, &how, Invalid::Strict).unwrap();
    // Files are texts of their own: no pretoken lies over the end of one.
    assert_eq!(found.counts, whole(&how, &["one two", " three", "one"]));
    let all = paths
        .iter()
        .map(|path| path.metadata().unwrap().len())
        .sum();
    assert_eq!(texts.progress(), (all, Some(all)));

    let missing = [paths[0].clone(), dir.path("d.txt"), paths[2].clone()];
    let mut texts = ManyFiles::new(&missing, &form_of, how.cutter().unwrap());
    assert_eq!(texts.progress(), (0, None));
    let error = drain(&mut texts, &how, Invalid::Strict).unwrap_err();
    assert!(error.to_string().contains("d.txt"), "{error}");
}
