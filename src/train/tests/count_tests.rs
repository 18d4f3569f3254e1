//! Counting on several threads.

use std::time::{Duration, Instant};

use super::*;
use crate::error::{Error, ErrorKind, Result};
use crate::source::{Batch, FileTexts};

fn options(thread_count: usize) -> CountOptions {
    CountOptions {
        thread_count,
        ..CountOptions::default()
    }
}

#[test]
fn threads_and_batches_do_not_show_in_the_counts() {
    let how = how("o200k").with_special_tokens(["w1f"]).unwrap();
    let text = long_text(60_000);
    let expected = saved(&counts_of(&how, &[&text]));
    for thread_count in [0, 1, 2, 3, 16] {
        for batch_len in [100, 5000, 1 << 18, usize::MAX / 4] {
            let mut counts = PretokenCounts::new(how.clone()).unwrap();
            let mut texts = MemoryText::new(&text, how.cutter().unwrap());
            texts = texts.with_batch_len(batch_len);
            let options = options(thread_count);
            counts.count(&mut texts, &options, &Unwatched).unwrap();
            assert!(saved(&counts) == expected, "{thread_count} {batch_len}");
        }
    }
}

#[test]
fn each_way_to_count_gives_the_same() {
    let how = how("gpt2");
    let text = long_text(5000);
    let expected = saved(&counts_of(&how, &[&text]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, &text).unwrap();
    let new = || PretokenCounts::new(how.clone()).unwrap();
    let options = options(2);

    let mut by_text = new();
    by_text.count_text(&text, &options, &Unwatched).unwrap();
    assert!(saved(&by_text) == expected);

    let mut by_file = new();
    by_file
        .count_file(&path, None, &options, &Unwatched)
        .unwrap();
    assert!(saved(&by_file) == expected);

    let mut fed = new();
    let (mut feeder, texts) = fed.feeder().unwrap();
    feeder.push(text.as_bytes(), &mut || Ok(())).unwrap();
    feeder.finish(&mut || Ok(())).unwrap();
    fed.count_fed(texts, &options, &Unwatched).unwrap();
    assert!(saved(&fed) == expected);

    let mut added = new();
    by_text
        .for_each(|pretoken, count| added.add(pretoken, count))
        .unwrap();
    assert_eq!(added.len(), by_text.len());
    assert_eq!(added.total().unwrap(), by_text.total().unwrap());
}

#[test]
fn counting_goes_on_from_what_was_counted() {
    let how = how("gpt2");
    let (one, other) = (long_text(3000), "the cat w1, the cat");
    let mut counts = counts_of(&how, &[other]);
    counts.count_text(&one, &options(2), &Unwatched).unwrap();
    assert!(saved(&counts) == saved(&counts_of(&how, &[&one, other])));
    assert_eq!((counts.texts(), counts.skipped()), (2, 0));
    assert_eq!(counts.text_bytes(), (one.len() + other.len()) as u64);
}

/// An empty text is a text by each way.
#[test]
fn empty_texts_are_texts() {
    let how = how("gpt2");
    let mut counts = counts_of(&how, &[""]);
    counts.count_text("", &options(1), &Unwatched).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "").unwrap();
    counts
        .count_file(&path, None, &options(1), &Unwatched)
        .unwrap();
    let (mut feeder, texts) = counts.feeder().unwrap();
    feeder.push(b"", &mut || Ok(())).unwrap();
    feeder.finish(&mut || Ok(())).unwrap();
    counts.count_fed(texts, &options(1), &Unwatched).unwrap();
    assert_eq!((counts.texts(), counts.text_bytes()), (4, 0));
    assert!(counts.is_empty());
}

/// A source that breaks.
struct Breaks {
    left: usize,
    texts: FileTexts<'static>,
}

impl Texts for Breaks {
    fn next(&mut self, batch: &mut Batch) -> Result<bool> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| Error::argument("broken"))?;
        self.texts.next(batch)
    }

    fn progress(&self) -> (u64, Option<u64>) {
        self.texts.progress()
    }
}

#[test]
fn of_several_errors_the_first_in_the_text_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let how = how("gpt2");
    let message = |thread_count: usize, left: usize| {
        let cutter = how.cutter().unwrap();
        let form = FileForm::of_name(&path);
        let texts = FileTexts::open(&path, &form, cutter, false).unwrap();
        let texts = texts.with_batch_len(1);
        let mut counts = PretokenCounts::new(how.clone()).unwrap();
        let error = counts.count(
            &mut Breaks { left, texts },
            &options(thread_count),
            &Unwatched,
        );
        error.unwrap_err().to_string()
    };
    for bad in [
        vec![1],
        vec![30],
        vec![40, 41, 42],
        vec![31, 40, 90],
        vec![],
    ] {
        // Long lines before short ones: what fails later is found earlier.
        let lines = (1..=100).map(|number| {
            if bad.contains(&number) {
                "{}\n".to_owned()
            } else {
                format!("{{\"text\": \"{}\"}}\n", "word ".repeat(4000 / number))
            }
        });
        std::fs::write(&path, lines.collect::<String>()).unwrap();
        for left in [0, 10, 35] {
            let expected = message(1, left);
            match bad.first() {
                Some(first) if *first < left => {
                    assert!(
                        expected.contains(&format!(":{first}: no member")),
                        "{expected}"
                    );
                }
                _ => assert!(left > 0 || expected == "broken", "{expected}"),
            }
            for thread_count in [2, 3, 16] {
                for _ in 0..5 {
                    assert_eq!(message(thread_count, left), expected);
                }
            }
        }
    }
}

#[test]
fn a_stopped_count_ends_soon() {
    let how = how("gpt2");
    let text = "the cat sat on the mat. ".repeat(300_000);
    for looks in [0, 1, 2, 5, 20] {
        for thread_count in [1, 3] {
            let mut counts = PretokenCounts::new(how.clone()).unwrap();
            let start = Instant::now();
            let watch = StopAfter::new(looks);
            let error = counts
                .count_text(&text, &options(thread_count), &watch)
                .unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Interrupted), "{error}");
            assert!(start.elapsed() < Duration::from_secs(5));
        }
    }
}

/// One text that cannot be cut is one batch, and the watch is asked inside of it.
#[test]
fn a_long_batch_can_be_stopped() {
    let how = how(r"\w+|\W+");
    let text = "ab, ".repeat(100_000);
    let mut counts = PretokenCounts::new(how).unwrap();
    let watch = StopAfter::new(2);
    let error = counts.count_text(&text, &options(1), &watch).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Interrupted), "{error}");
}

#[test]
fn a_pattern_that_gives_up_is_an_error() {
    let how = how(r"(?:(?=(a+))a+)+(?=c)|(?s).");
    let mut counts = PretokenCounts::new(how).unwrap();
    let text = "a".repeat(3000);
    let error = counts
        .count_text(&text, &options(2), &Unwatched)
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Pattern { .. }), "{error}");
}

#[test]
fn pretokens_of_any_bytes_and_lengths_are_kept_apart() {
    // Without a pattern each text is a pretoken: zeros, and lengths around that of a slot.
    let how = Pretokenization::of_parts(None, None).unwrap();
    let mut texts = Vec::new();
    for len in 1..=34 {
        for byte in ["\0", "a", "\u{7f}"] {
            texts.push(byte.repeat(len));
            texts.push(format!("{}\0", byte.repeat(len - 1)));
            texts.push(format!("\0{}", byte.repeat(len - 1)));
        }
    }
    let mut expected = std::collections::BTreeMap::new();
    let mut counts = PretokenCounts::new(how).unwrap();
    for (index, text) in texts.iter().enumerate() {
        for _ in 0..=index % 3 {
            counts.update(text).unwrap();
            *expected.entry(text.clone().into_bytes()).or_insert(0) += 1;
        }
    }
    assert_eq!(counts.len(), expected.len());
    for (pretoken, count) in &expected {
        assert_eq!(counts.get(pretoken), *count, "{pretoken:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bpecounts");
    counts.save(&path).unwrap();
    let loaded = PretokenCounts::load(&path).unwrap();
    assert_eq!(saved(&loaded), saved(&counts));
    for (pretoken, count) in &expected {
        assert_eq!(loaded.get(pretoken), *count, "{pretoken:?}");
    }
}

/// How far it is rises to the end and never over it.
#[test]
fn progress_rises() {
    struct Told(std::sync::Mutex<Vec<(u64, Option<u64>)>>);
    impl Watch for Told {
        fn progress(&self, progress: &Progress) {
            if let Progress::Counting { done, all } = progress {
                self.0.lock().unwrap().push((*done, *all));
            }
        }
    }
    let text = "the cat sat on the mat. ".repeat(2_000_000);
    let told = Told(std::sync::Mutex::default());
    let mut counts = PretokenCounts::new(how("gpt2")).unwrap();
    counts.count_text(&text, &options(2), &told).unwrap();
    let told = told.0.into_inner().unwrap();
    assert!(told.is_sorted());
    let all = text.len() as u64;
    assert!(told.iter().all(|told| told.0 <= all && told.1 == Some(all)));
}
