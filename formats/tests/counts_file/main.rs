//! Tables of counts: what is written is read, and nothing else is.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

mod messages;

use std::collections::BTreeMap;
use std::io::Read;

use bpekit_formats::{
    Category, CountsHeader, CountsReader, CountsWriter, Needle, Normalizer, Pattern, PrependScheme,
    Pretokenizer, Result, SplitBehavior,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

type Table = BTreeMap<Vec<u8>, u64>;

const FIRST_LINE: &str = "bpekit-counts 1\n";

fn header_of(table: &Table) -> CountsHeader {
    CountsHeader {
        normalizer: None,
        pretokenizer: None,
        special_tokens: Vec::new(),
        texts: 3,
        text_bytes: 40,
        skipped: 1,
        pretokens: table.len() as u64,
        total: table.values().sum(),
        min_count: 1,
    }
}

fn write(header: &CountsHeader, table: &Table) -> Result<Vec<u8>> {
    let mut writer = CountsWriter::new(Vec::new(), header)?;
    for (pretoken, &count) in table {
        writer.push(pretoken, count)?;
    }
    writer.finish()
}

fn read(source: impl Read) -> Result<(CountsHeader, Table)> {
    let mut reader = CountsReader::new(source)?;
    let mut table = Table::new();
    while let Some((pretoken, count)) = reader.next()? {
        assert!(table.insert(pretoken.to_vec(), count).is_none());
    }
    assert!(reader.next()?.is_none());
    Ok((reader.header().clone(), table))
}

fn table(entries: &[(&str, u64)]) -> Table {
    let entries = entries.iter();
    entries.map(|&(text, count)| (text.into(), count)).collect()
}

fn small() -> (CountsHeader, Table) {
    let table = table(&[(" a", 300), (" ab", 1), (" b", 2), ("日本", 1 << 62)]);
    let header = CountsHeader {
        pretokenizer: Some(Pretokenizer::matches_of(Pattern::fancy(r"\w+"))),
        special_tokens: vec!["<|end|>".to_owned()],
        ..header_of(&table)
    };
    (header, table)
}

/// One byte at a time, as a slow pipe gives them.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = buffer.len().min(1);
        self.0.read(&mut buffer[..len])
    }
}

fn patterns() -> impl Strategy<Value = Pattern> {
    (any::<String>(), any::<bool>()).prop_map(|(text, is_fancy)| {
        if is_fancy {
            Pattern::fancy(text)
        } else {
            Pattern::oniguruma(text)
        }
    })
}

fn needles() -> impl Strategy<Value = Needle> {
    prop_oneof![
        any::<String>().prop_map(Needle::Literal),
        patterns().prop_map(Needle::Regex)
    ]
}

fn normalizers() -> impl Strategy<Value = Normalizer> {
    let leaf = prop_oneof![
        Just(Normalizer::Nfc),
        any::<String>().prop_map(Normalizer::Prepend),
        (needles(), any::<String>())
            .prop_map(|(needle, content)| Normalizer::Replace { needle, content }),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        vec(inner, 0..4).prop_map(Normalizer::Sequence)
    })
}

fn pretokenizers() -> impl Strategy<Value = Pretokenizer> {
    let leaf = prop_oneof![
        patterns().prop_map(Pretokenizer::matches_of),
        (needles(), any::<bool>()).prop_map(|(needle, invert)| Pretokenizer::Split {
            needle,
            behavior: SplitBehavior::Isolated,
            invert
        }),
        any::<[bool; 3]>().prop_map(|[a, b, c]| Pretokenizer::ByteLevel {
            add_prefix_space: a,
            trim_offsets: b,
            use_regex: c
        }),
        any::<char>().prop_map(|replacement| Pretokenizer::Metaspace {
            replacement,
            prepend: PrependScheme::First,
            split: true
        }),
        Just(Pretokenizer::Whitespace),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        vec(inner, 0..4).prop_map(Pretokenizer::Sequence)
    })
}

fn tables() -> impl Strategy<Value = Table> {
    let pretokens = prop_oneof![
        vec(prop::sample::select(vec![0, b'a', 255]), 1..6),
        vec(any::<u8>(), 1..300),
    ];
    // 60 counts of 58 bits fit 64.
    let counts = prop_oneof![1..4_u64, 1..1_u64 << 58];
    btree_map(pretokens, counts, 0..60)
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        table in tables(),
        normalizer in prop::option::of(normalizers()),
        pretokenizer in prop::option::of(pretokenizers()),
        special_tokens in btree_set("\\PC{1,6}|[\n\r\u{0}\"]", 0..4),
        numbers in any::<[u64; 3]>(),
        min_count in prop_oneof![Just(1), 1..=u64::MAX],
    ) {
        let [texts, text_bytes, skipped] = numbers;
        let header = CountsHeader {
            normalizer,
            pretokenizer,
            special_tokens: special_tokens.into_iter().rev().collect(),
            texts,
            text_bytes,
            skipped,
            min_count,
            ..header_of(&table)
        };
        let file = write(&header, &table).unwrap();
        prop_assert_eq!(&read(file.as_slice()).unwrap(), &(header.clone(), table.clone()));
        prop_assert_eq!(read(Slow(&file)).unwrap().1, table.clone());
        prop_assert_eq!(write(&header, &table).unwrap(), file);
    }

    #[test]
    fn random_bytes_are_no_reason_to_panic(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(read(bytes.as_slice()).is_err());
        let (header, table) = small();
        let file = write(&header, &table).unwrap();
        let start = FIRST_LINE.len() + file[FIRST_LINE.len()..].iter().position(|&b| b == b'\n').unwrap() + 1;
        prop_assert!(read([&file[..start], &bytes].concat().as_slice()).is_err());
    }
}

#[test]
fn long_pretokens_and_many() {
    let long = "x".repeat(200_000);
    let mut table: Table = (0..50_000_u32)
        .map(|n| (format!("{n:x}").into_bytes(), u64::from(n) + 1))
        .collect();
    table.insert(long.clone().into_bytes(), 7);
    table.insert(format!("{long}y").into_bytes(), 8);
    let header = header_of(&table);
    let file = write(&header, &table).unwrap();
    assert!(file.len() < 200_000 + 6 * 50_000, "{}", file.len());
    assert_eq!(read(file.as_slice()).unwrap(), (header, table));
}

#[test]
fn numbers_over_2_to_the_53_survive() {
    let table = table(&[("a", u64::MAX - 1), ("b", 1)]);
    let header = CountsHeader {
        texts: (1 << 53) + 1,
        text_bytes: u64::MAX,
        skipped: u64::MAX - 1,
        min_count: u64::MAX,
        ..header_of(&table)
    };
    let file = write(&header, &table).unwrap();
    assert_eq!(read(file.as_slice()).unwrap(), (header, table));
}

#[test]
fn every_cut_and_every_changed_byte_is_found() {
    let (header, table) = small();
    let file = write(&header, &table).unwrap();
    let check = |bytes: &[u8], what: &str| {
        let error = read(bytes).expect_err(what);
        assert_ne!(error.category(), Category::Io, "{what}: {error}");
        assert!(error.location().is_some(), "{what}: {error}");
        assert!(
            !error.hints().is_empty() || bytes.is_empty(),
            "{what}: {error}"
        );
        assert_eq!(error.format(), Some("bpekit-counts"), "{what}: {error}");
    };
    for len in 0..file.len() {
        check(&file[..len], &format!("cut to {len}"));
    }
    for at in 0..file.len() {
        for change in 1..=255 {
            let mut changed = file.clone();
            changed[at] ^= change;
            check(&changed, &format!("byte {at} ^ {change}"));
        }
    }
    for more in [b"\0".as_slice(), b"\n", &file] {
        check(&[&file, more].concat(), "more bytes");
    }
}

#[test]
fn nothing_is_read_after_an_error() {
    let (header, table) = small();
    let mut file = write(&header, &table).unwrap();
    file.pop();
    let mut reader = CountsReader::new(file.as_slice()).unwrap();
    for _ in &table {
        assert!(reader.next().unwrap().is_some());
    }
    assert!(reader.next().is_err());
    let error = reader.next().unwrap_err();
    assert_eq!(
        error.to_string(),
        "read after an error; expected no more reading"
    );
}

#[test]
fn a_reader_that_fails_is_an_error_of_its_own() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::TimedOut.into())
        }
    }
    let error = CountsReader::new(Failing).err().unwrap();
    assert_eq!(error.category(), Category::Io);
    let table = table(&[("a", 1), (&"b".repeat(1 << 17), 1)]);
    let file = write(&header_of(&table), &table).unwrap();
    let mut reader = CountsReader::new(file[..1 << 16].chain(Failing)).unwrap();
    assert_eq!(reader.next().unwrap(), Some((b"a".as_slice(), 1)));
    assert_eq!(reader.next().unwrap_err().category(), Category::Io);
    assert_ne!(reader.next().unwrap_err().category(), Category::Io);
}

#[test]
fn the_layout_is_the_one_that_is_described() {
    let (header, table) = small();
    let file = write(&header, &table).unwrap();
    let content = [
        b"bpekit-counts 1\n".as_slice(),
        br#"{"normalizer":null,"pretokenizer":{"type":"Split","pattern":{"FancyRegex":"\\w+"},"behavior":"Removed","invert":true},"special_tokens":["<|end|>"],"texts":3,"text_bytes":40,"skipped":1,"pretokens":4,"total":4611686018427388207}"#,
        b"\n\x00\x02 a\xac\x02\x02\x01b\x01\x01\x01b\x02",
        b"\x00\x06\xe6\x97\xa5\xe6\x9c\xac\x80\x80\x80\x80\x80\x80\x80\x80\x40",
    ]
    .concat();
    assert_eq!(
        file,
        [content.as_slice(), &Sha256::digest(&content)].concat()
    );
}
