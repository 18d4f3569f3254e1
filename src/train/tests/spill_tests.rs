//! Counts that exceed the memory they may take.

use super::*;
use crate::error::{ErrorKind, Result};
use crate::train::spill::Spill;
use crate::train::table::Table;

fn count(
    how: &Pretokenization,
    text: &str,
    batch_len: usize,
    options: &CountOptions,
) -> Result<PretokenCounts> {
    let mut counts = PretokenCounts::new(how.clone())?;
    let mut texts = MemoryText::new(text, how.cutter()?).with_batch_len(batch_len);
    counts.count(&mut texts, options, &Unwatched)?;
    Ok(counts)
}

#[test]
fn counts_that_were_on_disk_are_the_same() {
    let how = how("gpt2");
    let text = long_text(60_000);
    for min_count in [0, 1, 2, 3, 40] {
        let mut expected = counts_of(&how, &[&text]);
        if min_count > 1 {
            expected.prune(min_count);
        }
        let table = expected.table.memory();
        for thread_count in [1, 3] {
            for max_memory in [
                None,
                Some(table * 2),
                Some(table + (1 << 16)),
                Some(u64::MAX),
            ] {
                let options = CountOptions {
                    thread_count,
                    max_memory,
                    min_count,
                    ..CountOptions::default()
                };
                let counts = count(&how, &text, 10_000, &options).unwrap();
                let is_same = saved(&counts) == saved(&expected);
                assert!(is_same, "{min_count} {thread_count} {max_memory:?}");
            }
        }
    }
}

#[test]
fn a_table_that_does_not_fit_is_an_error() {
    let how = how("gpt2");
    let text = long_text(20_000);
    for max_memory in [0, 1, 1000, 100_000] {
        for thread_count in [1, 3] {
            let options = CountOptions {
                thread_count,
                max_memory: Some(max_memory),
                ..CountOptions::default()
            };
            let error = count(&how, &text, 4000, &options).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "the table of distinct pretokens takes more than the {max_memory} bytes of \
                     memory allowed; allow more (`max_memory`), or leave rare pretokens out \
                     (`min_count`)"
                )
            );
        }
    }
}

/// What was counted before is put on disk and brought back with the rest.
#[test]
fn earlier_counts_are_spilled_too() {
    let how = how("gpt2");
    let (one, other) = (
        long_text(20_000),
        "w1 w2 never-seen-before zebra ".repeat(3),
    );
    let mut counts = counts_of(&how, &[&other]);
    let options = CountOptions {
        thread_count: 2,
        max_memory: Some(2 << 20),
        ..CountOptions::default()
    };
    let mut texts = MemoryText::new(&one, how.cutter().unwrap()).with_batch_len(3000);
    counts.count(&mut texts, &options, &Unwatched).unwrap();
    assert!(saved(&counts) == saved(&counts_of(&how, &[&one, &other])));
}

/// However often the table is put on disk, few files are open.
#[test]
fn runs_are_merged_on_the_way() {
    let spill = Spill::new(0);
    let table = Table::default();
    let rounds = 700_u64;
    for round in 0..rounds {
        for number in 0..20 {
            let pretoken = format!("{:x}", (round * 7 + number) % 100);
            table.add(pretoken.as_bytes(), number + 1).unwrap();
        }
        table.add(b"always", 1 << 40).unwrap();
        spill.keep_within(&table, &Unwatched).unwrap();
        assert_eq!(table.len(), 0);
        assert!(spill.run_count() <= 3 * 16, "{}", spill.run_count());
    }
    table.add(b"at the end", 5).unwrap();
    let mut table = table;
    let mut expected = std::collections::BTreeMap::new();
    for round in 0..rounds {
        for number in 0..20 {
            *expected.entry((round * 7 + number) % 100).or_insert(0) += number + 1;
        }
    }
    let error = Spill::bring_back(spill, &mut table, 1, &Unwatched).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Argument(_)), "{error}");
    // Nothing was lost, though it is more than is allowed.
    assert_eq!(table.get(b"always"), rounds << 40);
    assert_eq!(table.get(b"at the end"), 5);
    for (number, count) in expected {
        assert_eq!(table.get(format!("{number:x}").as_bytes()), count);
    }
}

#[test]
fn merging_runs_can_be_stopped_and_does_not_wrap() {
    let spill = Spill::new(0);
    let table = Table::default();
    for round in 0..16 {
        for number in 0..100_000_u32 {
            table.add(&number.to_le_bytes(), 1).unwrap();
        }
        let outcome = spill.keep_within(&table, &StopAfter::new(0));
        match outcome {
            Ok(()) => assert!(round < 15),
            Err(error) => {
                assert_eq!(round, 15);
                assert!(matches!(error.kind(), ErrorKind::Interrupted), "{error}");
            }
        }
    }
    let spill = Spill::new(0);
    let mut table = Table::default();
    for _ in 0..2 {
        table.add(b"a", u64::MAX / 2 + 1).unwrap();
        spill.keep_within(&table, &Unwatched).unwrap();
    }
    let error = spill.bring_back(&mut table, 1, &Unwatched).unwrap_err();
    assert!(error.to_string().contains("exceeds 2^64 - 1"), "{error}");
}

#[test]
fn a_stopped_count_with_spills_ends() {
    let how = how("gpt2");
    let text = long_text(30_000);
    for looks in [3, 30, 300] {
        let mut counts = PretokenCounts::new(how.clone()).unwrap();
        let mut texts = MemoryText::new(&text, how.cutter().unwrap()).with_batch_len(1000);
        let options = CountOptions {
            thread_count: 2,
            max_memory: Some(1),
            ..CountOptions::default()
        };
        let watch = StopAfter::new(looks);
        let error = counts.count(&mut texts, &options, &watch).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Interrupted), "{error}");
    }
}
