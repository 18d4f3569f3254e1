//! The log of merges: what is written is read, what is cut is left out, what is changed is named.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

use bpekit_formats::{Category, MergeLogWriter, MergeRecord, merge_log};
use proptest::collection::vec;
use proptest::prelude::*;

const HEADER_LEN: usize = 81;
const RECORD_LEN: usize = 32;

fn settings() -> String {
    "0123456789abcdef".repeat(4)
}

fn records() -> impl Strategy<Value = Vec<MergeRecord>> {
    let record =
        any::<(u32, u32, u64, u64)>().prop_map(|(left, right, count, saved)| MergeRecord {
            left,
            right,
            count,
            saved,
        });
    vec(record, 0..20)
}

fn small() -> Vec<MergeRecord> {
    let record = |left, right, count| MergeRecord {
        left,
        right,
        count,
        saved: count,
    };
    vec![
        record(104, 101, 9),
        record(256, 108, u64::MAX),
        record(1, 2, 3),
    ]
}

fn log_of(records: &[MergeRecord]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = MergeLogWriter::new(&mut file, &settings()).unwrap();
    writer.append(records).unwrap();
    file
}

fn message_of(bytes: &[u8]) -> String {
    merge_log::read(bytes).unwrap_err().to_string()
}

proptest! {
    #[test]
    fn what_is_written_is_read(records in records(), cut in 0..20_usize) {
        let file = log_of(&records);
        prop_assert_eq!(file.len(), HEADER_LEN + RECORD_LEN * records.len());
        let log = merge_log::read(&file).unwrap();
        prop_assert_eq!(log.settings, settings());
        prop_assert_eq!(&log.records, &records);
        prop_assert_eq!(log.valid_len, file.len());

        // In several calls, and by a writer that goes on.
        let (start, rest) = records.split_at(cut.min(records.len()));
        let mut again = log_of(start);
        let mut writer = MergeLogWriter::resume(&mut again, &merge_log::read(&log_of(start)).unwrap());
        for record in rest {
            writer.append(&[*record]).unwrap();
        }
        prop_assert_eq!(again, file);
    }

    #[test]
    fn random_bytes_are_no_reason_to_panic(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(merge_log::read(&bytes).is_err());
        let file = [log_of(&[]), bytes.clone()].concat();
        prop_assert_eq!(merge_log::read(&file).is_ok(), bytes.len() < RECORD_LEN);
    }
}

#[test]
fn a_log_that_is_cut_keeps_its_whole_records() {
    let (file, records) = (log_of(&small()), small());
    for len in 0..file.len() {
        let read = merge_log::read(&file[..len]);
        if len < HEADER_LEN {
            let error = read.unwrap_err();
            assert_eq!(error.category(), Category::Syntax);
            assert!(error.location().is_some() && !error.hints().is_empty());
            continue;
        }
        let log = read.unwrap();
        let whole = (len - HEADER_LEN) / RECORD_LEN;
        assert_eq!(log.records, records[..whole]);
        assert_eq!(log.valid_len, HEADER_LEN + whole * RECORD_LEN);
        let mut rest = file[..log.valid_len].to_vec();
        MergeLogWriter::resume(&mut rest, &log)
            .append(&records[whole..])
            .unwrap();
        assert_eq!(rest, file);
    }
}

#[test]
fn every_changed_byte_is_found() {
    let file = log_of(&small());
    for at in 0..file.len() {
        for change in 1..=255 {
            let mut changed = file.clone();
            changed[at] ^= change;
            let error = merge_log::read(&changed).unwrap_err();
            assert!(
                error.location().is_some() && !error.hints().is_empty(),
                "{error}"
            );
        }
    }
    // Without records, the digits of the settings have nothing to be compared with.
    let empty = log_of(&[]);
    for at in 0..empty.len() {
        let mut changed = empty.clone();
        changed[at] ^= 1;
        assert!(
            merge_log::read(&changed).is_ok_and(|log| log.settings != settings())
                || merge_log::read(&changed).is_err()
        );
    }
}

#[test]
fn records_hold_only_in_their_place() {
    let file = log_of(&small());
    let (first, second) = (
        HEADER_LEN..HEADER_LEN + RECORD_LEN,
        HEADER_LEN + RECORD_LEN..HEADER_LEN + 2 * RECORD_LEN,
    );
    let swapped = [&file[..HEADER_LEN], &file[second], &file[first.clone()]].concat();
    assert!(merge_log::read(&swapped).is_err());
    let mut other = Vec::new();
    MergeLogWriter::new(&mut other, &"0".repeat(64)).unwrap();
    other.extend_from_slice(&file[first]);
    assert!(merge_log::read(&other).is_err());
}

#[test]
fn the_layout_is_the_one_that_is_described() {
    let record = MergeRecord {
        left: 0x0403_0201,
        right: 8,
        count: 16,
        saved: 15,
    };
    let file = log_of(&[record]);
    assert_eq!(
        file[..HEADER_LEN],
        *format!("bpekit-merges 1 {}\n", settings()).as_bytes()
    );
    assert_eq!(
        file[HEADER_LEN..HEADER_LEN + 24],
        [
            1, 2, 3, 4, 8, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0
        ]
    );
}

#[test]
fn messages() {
    let file = log_of(&small());
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = file.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        message_of(&changed)
    };
    let expected = "expected `bpekit-merges 1` and 64 lower-case hex digits\n\
                    hint: delete the log: merging starts again from the counts";
    assert_eq!(
        message_of(b""),
        format!("byte 0: the log ends in its header; {expected}")
    );
    assert_eq!(
        message_of(&file[..40]),
        format!("byte 40: the log ends in its header; {expected}")
    );
    assert_eq!(
        message_of(b"{\"version\": \"1.0\"}"),
        format!("byte 0: is not a log of merges; {expected}")
    );
    assert_eq!(
        with(16, b"A"),
        format!("byte 16: the header is damaged; {expected}")
    );
    assert_eq!(
        with(80, b"\r"),
        format!("byte 80: the header has no line end; {expected}")
    );
    assert_eq!(
        message_of(b"bpekit-merges 12 0123\n"),
        "byte 14: version 12; expected 1\n\
         hint: go on with the bpekit that wrote it\n\
         hint: or delete the log: merging starts again from the counts"
    );
    assert_eq!(
        with(HEADER_LEN + RECORD_LEN, b"x"),
        "byte 113: the check value of record 1 is wrong; expected that of its bytes and the records before\n\
         hint: delete the log: merging starts again from the counts\n\
         hint: or cut it to 113 bytes: the records before hold"
    );
    assert_eq!(
        MergeLogWriter::new(Vec::new(), "ABC")
            .err()
            .unwrap()
            .to_string(),
        "settings `ABC`; expected 64 lower-case hex digits"
    );
}
