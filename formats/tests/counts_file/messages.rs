//! What is said about files that are no tables of counts, and of tables that cannot be.

use bpekit_formats::{CountsHeader, CountsWriter, Normalizer};
use sha2::{Digest, Sha256};

use crate::{FIRST_LINE, read, small, table, write};

/// A whole file with a right sha256, whatever else is wrong.
fn sealed(header: &str, entries: &[u8]) -> Vec<u8> {
    let content = [FIRST_LINE.as_bytes(), header.as_bytes(), b"\n", entries].concat();
    let sha256 = Sha256::digest(&content);
    [content.as_slice(), &sha256].concat()
}

fn header_json(pretokens: u64, total: u64, more: &str) -> String {
    format!(
        "{{\"normalizer\":null,\"pretokenizer\":null,\"special_tokens\":[],\"texts\":1,\
         \"text_bytes\":2,\"skipped\":0,\"pretokens\":{pretokens},\"total\":{total}{more}}}"
    )
}

fn message_of(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

const DAMAGED: &str = "hint: the file is damaged; copy it again, or count again";

/// The place of an entry's byte in a file with `header_json(2, 5, "")`.
fn at(offset: usize) -> usize {
    FIRST_LINE.len() + header_json(2, 5, "").len() + 1 + offset
}

#[test]
fn messages_for_other_kinds_of_files() {
    let expected = "expected the first line `bpekit-counts 1`";
    let not_texts =
        "hint: a table of counts is what counting texts writes; texts are not read as one";
    for (bytes, message) in [
        (
            b"".as_slice(),
            format!("byte 0: the file is empty; {expected}"),
        ),
        (
            b"bpekit-co",
            format!(
                "byte 0: the file ends in its first line; {expected}\n\
                 hint: it was cut short; copy it again, or count again"
            ),
        ),
        (
            b"bpekit-counts 2\n{}",
            "byte 0: version 2; expected 1\n\
             hint: read it with the bpekit that wrote it, or count again"
                .to_owned(),
        ),
        (
            b"bpekit-counts \x1b[2J",
            format!(
                "byte 0: `\\u{{1b}}[2J` is not a version; {expected}\n\
                 hint: the file is damaged; copy it again, or count again"
            ),
        ),
        (
            b"bpekit-counts 1\r\n{}",
            format!(
                "byte 0: the first line ends in CR LF; {expected} and LF\n\
                 hint: it was copied as text, which changes it; copy it as binary"
            ),
        ),
        (
            b"\x1f\x8b\x08\x00",
            format!("byte 0: the file is compressed (.gz); {expected}\nhint: unpack it first"),
        ),
        (
            b"\x28\xb5\x2f\xfd\x00",
            format!("byte 0: the file is compressed (.zst); {expected}\nhint: unpack it first"),
        ),
        (
            b"\n{\"version\": \"1.0\"}",
            format!(
                "byte 0: looks like JSON (a tokenizer.json, perhaps), not a table of counts; {expected}\n{not_texts}"
            ),
        ),
        (
            b"IQ== 0\nIg== 1\n",
            format!(
                "byte 0: looks like a rank file (`.tiktoken`), not a table of counts; {expected}\n{not_texts}"
            ),
        ),
        (
            b"bpekit-merges 1 00",
            format!(
                "byte 0: is the merge log of a checkpoint, not a table of counts; {expected}\n{not_texts}"
            ),
        ),
        (
            b"Once upon a time",
            format!("byte 0: not a table of counts; {expected}\n{not_texts}"),
        ),
    ] {
        assert_eq!(message_of(bytes), message);
    }
}

#[test]
fn messages_for_wrong_headers() {
    let another = "hint: read it with what wrote it, or count again";
    let whole = header_json(0, 0, "");
    assert!(read(sealed(&whole, b"").as_slice()).is_ok());
    for (header, message) in [
        (
            header_json(0, 0, ",\"more\":1"),
            format!("more: not a member of version 1\n{another}"),
        ),
        (
            whole.replace("\"texts\":1,", ""),
            format!("document: member `texts` is not there\n{another}"),
        ),
        (
            whole.replace("\"texts\":1,", "\"texts\":1,\"texts\":1,"),
            format!("texts: given twice; expected each member once\n{another}"),
        ),
        (
            whole.replace("\"texts\":1,", "\"texts\":18446744073709551616,"),
            format!(
                "texts: found 1.8446744073709552e+19; expected a number from 0 to 2^64 - 1\n{another}"
            ),
        ),
        (
            header_json(0, 0, ",\"min_count\":1"),
            format!("min_count: found 1; expected a number from 2, or no such member\n{another}"),
        ),
        (
            whole.replace("tokens\":[]", "tokens\":[\"a\",\"a\"]"),
            format!("special_tokens[1]: given twice; expected each text once\n{another}"),
        ),
        (
            whole.replace("tokens\":[]", "tokens\":[\"\"]"),
            format!("special_tokens[0]: the text is empty; it would match everywhere\n{another}"),
        ),
        (
            whole.replace(
                "\"normalizer\":null",
                "\"normalizer\":{\"type\":\"BertNormalizer\"}",
            ),
            format!("normalizer: step `BertNormalizer` is carried but not known\n{another}"),
        ),
        (
            whole.replace(
                "\"pretokenizer\":null",
                "\"pretokenizer\":{\"type\":\"Digits\",\"individual_digits\":true,\"x\":1}",
            ),
            format!(
                "pretokenizer: has a member that is not known, or lacks one; expected what is written\n{another}"
            ),
        ),
        (
            whole.replace(
                "\"pretokenizer\":null",
                "\"pretokenizer\":{\"type\":\"Split\",\"pattern\":{\"Pcre\":\"a\"},\
                 \"behavior\":\"Removed\",\"invert\":true}",
            ),
            format!("pretokenizer.pattern: expected either `String` or `Regex`\n{another}"),
        ),
        (
            whole.replace(":null", ":nul"),
            format!("line 2, column 18: expected ident\n{DAMAGED}"),
        ),
    ] {
        assert_eq!(message_of(&sealed(&header, b"")), message);
    }
    let endless = [FIRST_LINE.as_bytes(), &vec![b' '; 17 << 20]].concat();
    let message = message_of(&endless);
    assert!(
        message.contains("no line end in the 16777216 bytes of the header"),
        "{message}"
    );
}

#[test]
fn messages_for_wrong_entries() {
    let first = b"\x00\x02ab\x02".as_slice();
    let after =
        |entry: &[u8]| message_of(&sealed(&header_json(2, 5, ""), &[first, entry].concat()));
    let whole = sealed(&header_json(2, 5, ""), b"\x00\x02ab\x02\x01\x01c\x03");
    assert_eq!(
        read(whole.as_slice()).unwrap().1,
        table(&[("ab", 2), ("ac", 3)])
    );
    for (entry, place, message) in [
        (
            b"\x03\x01c\x03".as_slice(),
            5,
            "shares 3 bytes with the pretoken before, which has 2",
        ),
        (
            b"\x00\x00\x03",
            5,
            "a pretoken out of order; expected rising order",
        ),
        (
            b"\x02\x00\x03",
            5,
            "a pretoken out of order; expected rising order",
        ),
        (
            b"\x01\x01a\x03",
            5,
            "a pretoken out of order; expected rising order",
        ),
        (
            b"\x01\x02bc\x03",
            5,
            "shares more bytes with the pretoken before than it says; expected all of them",
        ),
        (
            b"\x01\x01c\x00",
            5,
            "pretoken b\"ac\" has a count of 0; expected 1 or more",
        ),
        (
            b"\x01\x01c\x04",
            5,
            "the counts add up to more than 5, which the header says",
        ),
        (
            b"\x81\x00\x01c\x03",
            5,
            "a number with needless bytes; expected none",
        ),
        (
            b"\x01\x01c\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
            8,
            "a number of more than 64 bits",
        ),
        (
            b"\x01\x01c\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00",
            8,
            "a number of more than 64 bits",
        ),
    ] {
        assert_eq!(
            after(entry),
            format!("byte {}: {message}\n{DAMAGED}", at(place))
        );
    }
    assert_eq!(
        message_of(&sealed(&header_json(2, 5, ""), b"\x00\x00\x05")),
        format!(
            "byte {}: an empty pretoken; expected a byte or more\n{DAMAGED}",
            at(0)
        )
    );
    assert_eq!(
        after(b"\x01\x01c\x02"),
        format!(
            "byte {}: the counts add up to 4; the header says 5\n\
             hint: what wrote the file is at fault; count again",
            at(9)
        )
    );
}

#[test]
fn messages_for_wrong_ends() {
    let whole = sealed(&header_json(2, 5, ""), b"\x00\x02ab\x02\x01\x01c\x03");
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(
        message_of(&changed),
        format!(
            "byte {}: after 2 pretokens comes another sha256 than that of the content\n{DAMAGED}",
            at(9)
        )
    );
    assert_eq!(
        message_of(&[&whole, b"\n".as_slice()].concat()),
        format!(
            "byte {}: more bytes after the sha256; expected the end\n{DAMAGED}",
            at(41)
        )
    );
    // A length of 2^60 bytes, of which there are four.
    let huge = [
        &whole[..at(5)],
        b"\x01\x80\x80\x80\x80\x80\x80\x80\x80\x10abcd",
    ]
    .concat();
    assert_eq!(
        message_of(&huge),
        format!(
            "byte {}: the file ends after 1 of 2 pretokens; expected them all and a sha256\n\
             hint: it was cut short; copy it again, or count again",
            huge.len()
        )
    );
}

#[test]
fn what_cannot_be_read_is_not_written() {
    let (header, table) = small();
    let refused = |change: &dyn Fn(&mut CountsHeader)| {
        let mut header = header.clone();
        change(&mut header);
        write(&header, &table).unwrap_err().to_string()
    };
    for (message, expected) in [
        (
            refused(&|header| header.min_count = 0),
            "min_count: found 0; expected a number from 2, or no such member",
        ),
        (
            refused(&|header| header.special_tokens.push("<|end|>".to_owned())),
            "special_tokens[1]: given twice; expected each text once",
        ),
        (
            refused(&|header| header.normalizer = Some(Normalizer::Other("X".to_owned()))),
            "normalizer: step `X` is carried but not known",
        ),
        (
            refused(&|header| header.pretokens -= 1),
            "more than the 3 pretokens with a sum of 4611686018427388207 that the header says",
        ),
        (
            refused(&|header| header.pretokens += 1),
            "less than the 5 pretokens with a sum of 4611686018427388207 that the header says",
        ),
        (
            refused(&|header| header.total -= 1),
            "more than the 4 pretokens with a sum of 4611686018427388206 that the header says",
        ),
        (
            refused(&|header| header.total += 1),
            "less than the 4 pretokens with a sum of 4611686018427388208 that the header says",
        ),
    ] {
        assert_eq!(message, expected);
    }
    let mut deep = Normalizer::Nfc;
    for _ in 0..60 {
        deep = Normalizer::Sequence(vec![deep]);
    }
    assert!(refused(&|header| header.normalizer = Some(deep.clone())).contains("nesting"));

    let mut writer = CountsWriter::new(Vec::new(), &header).unwrap();
    writer.push(b"b", 1).unwrap();
    for (pretoken, count, message) in [
        (
            b"b".as_slice(),
            1,
            "pretoken b\"b\" comes after b\"b\"; expected rising order",
        ),
        (
            b"ab",
            1,
            "pretoken b\"ab\" comes after b\"b\"; expected rising order",
        ),
        (
            b"",
            1,
            "pretoken b\"\" with count 1; expected a byte or more, once or more",
        ),
        (
            b"c",
            0,
            "pretoken b\"c\" with count 0; expected a byte or more, once or more",
        ),
    ] {
        assert_eq!(
            writer.push(pretoken, count).unwrap_err().to_string(),
            message
        );
    }
    writer.push(b"c", 1).unwrap();
}
