//! The fast lane and the reader of single lines say the same of every file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::codecs::tiktoken::write_ranks;

/// The outcome of a read, with the fast lane or one line at a time, as text.
fn outcome(bytes: &[u8], options: &ReadOptions, has_lane: bool) -> String {
    let read = || -> Result<Outcome> {
        let mut reader = Reader::new(bytes, options)?;
        if has_lane {
            reader.read_lines()?;
        } else {
            for (number, line) in lines(reader.bytes) {
                reader
                    .read_whole_line(line)
                    .map_err(|error| error.at_line(number))?;
            }
        }
        reader.finish()
    };
    match read() {
        Ok(outcome) => format!(
            "{:?} {} {:?} {:?}",
            write_ranks(&outcome.vocab).escape_ascii().to_string(),
            outcome.is_canonical,
            outcome.remarks,
            outcome.warnings
        ),
        Err(error) => error.to_string(),
    }
}

fn assert_same(bytes: &[u8]) {
    for lenient in [false, true] {
        let options = ReadOptions {
            lenient,
            allow_missing_bytes: true,
            limits: Limits {
                token_count: 300,
                token_len: 300,
                ..Limits::default()
            },
        };
        let [fast, plain] = [true, false].map(|has_lane| outcome(bytes, &options, has_lane));
        assert_eq!(fast, plain, "{}", bytes.escape_ascii());
    }
}

#[test]
fn the_fast_lane_reads_what_the_single_lines_say() {
    // Tokens of all lengths around the limits of the lane, ranks around those of its
    // comparison.
    let ranks = [
        0,
        1,
        2,
        8,
        9,
        10,
        11,
        98,
        99,
        100,
        999,
        1000,
        99_999,
        100_000,
        999_998,
        999_999,
        1_000_000,
        1_000_001,
        4_294_967_294_u32,
    ];
    let mut text = Vec::new();
    for (number, rank) in ranks.into_iter().enumerate() {
        for len in [number, 9 + number % 5, 236 + number] {
            let token: Vec<u8> = (0..len).map(|at| (at * 37 + number * 11) as u8).collect();
            text.push(format!("{} {rank}\n", STANDARD.encode(token)));
        }
    }
    for step in 1..4 {
        for start in 0..3 {
            let lines: Vec<&str> = text
                .iter()
                .skip(start)
                .step_by(step)
                .map(String::as_str)
                .collect();
            assert_same(lines.concat().as_bytes());
        }
    }
    let all: Vec<String> = (0..310)
        .map(|rank| format!("{} {rank}\n", STANDARD.encode(format!("x{rank}"))))
        .collect();
    let all = all.concat();
    assert_same(all.as_bytes());
    assert_same(&all.as_bytes()[..2000]);
}

#[test]
fn the_fast_lane_leaves_no_fault_unseen() {
    let text = b"IQ== 7\nIiM= 8\nYWJj 9\nYWJjZGVmZ2hp 10\nYWJjZGVmZ2hpamtsbW5v 11\n\
        YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4 12\r\n= 15\nYQ== 100\n\nYg== 101\nYw== 102";
    for len in 0..=text.len() {
        assert_same(&text[..len]);
    }
    let mut bytes = text.to_vec();
    for at in 0..bytes.len() {
        let byte = bytes[at];
        for other in 0..=u8::MAX {
            bytes[at] = other;
            assert_same(&bytes);
        }
        bytes[at] = byte;
        for len in [1, 2, 4, 7] {
            let end = (at + len).min(bytes.len());
            assert_same(&[&bytes[..end], &bytes[at..]].concat());
            assert_same(&[&bytes[..at], &bytes[end..]].concat());
        }
    }
}
