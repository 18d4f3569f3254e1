//! Trainings that are stopped, and go on with their checkpoint.

use std::path::{Path, PathBuf};

use bpekit::ErrorKind;
use bpekit::convert::prepare;
use bpekit::formats::compression::{Compression, compress};
use bpekit::formats::registry;
use bpekit::train::{Source, Trainer};

use super::*;
use crate::support::Dir;

/// Several files, one of them compressed.
pub(super) fn files(dir: &Dir) -> Vec<PathBuf> {
    let mut random = Random(11);
    dir.write("a.txt", TEXT);
    dir.write("b.txt", random.text(400));
    let packed = compress(Compression::Gzip, random.text(300).as_bytes()).unwrap();
    dir.write("c.txt.gz", packed);
    dir.write(
        "d.jsonl",
        "{\"text\": \"the last of the times\"}\n{\"text\": null}\n",
    );
    ["a.txt", "b.txt", "c.txt.gz", "d.jsonl"]
        .map(|name| dir.path(name))
        .to_vec()
}

pub(super) fn trainer(folder: &Path, options: TrainOptions) -> Trainer {
    let how = how("gpt2").with_special_tokens(["<|x|>", "<|y|>"]).unwrap();
    let mut job = Trainer::new(how, options);
    job.count.thread_count = 2;
    job.checkpoint = Some(folder.to_path_buf());
    job.resume = true;
    job
}

/// The same training in one go, without a checkpoint.
pub(super) fn without(job: &Trainer) -> Trainer {
    let mut plain = job.clone();
    plain.checkpoint = None;
    plain
}

/// What the tokenizer is written as in two formats.
fn written(trained: &Trained) -> Vec<Vec<u8>> {
    let formats = ["hf-json", "tiktoken"].into_iter();
    formats
        .map(|name| {
            let codec = registry::by_name(name).unwrap();
            let (definition, _) = prepare(&trained.definition, codec).unwrap();
            codec.write(&definition, "x").unwrap().into_bytes()
        })
        .collect()
}

#[track_caller]
pub(super) fn assert_same(one: &Trained, other: &Trained) {
    assert!(one.definition.says_the_same(&other.definition));
    assert_eq!(one.merges, other.merges);
    assert_eq!(one.report, other.report);
    assert_eq!(written(one), written(other));
}

/// Trains with one interruption after the other, and says how many there were.
fn train_in_parts(
    job: &Trainer,
    paths: &mut [PathBuf],
    random: &mut Random,
    most_looks: usize,
) -> (Trained, usize) {
    for stops in 0..2000 {
        // The order in which files are named does not count.
        let other = random.below(paths.len());
        paths.swap(0, other);
        let watch = StopAfter::new(random.below(most_looks));
        match job.train(Source::Files(paths), &watch) {
            Ok(trained) => return (trained, stops),
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Interrupted), "{error}");
            }
        }
    }
    panic!("no end");
}

#[test]
fn a_stopped_training_goes_on_to_the_same_end() {
    let mut random = Random(1);
    let mut all_stops = 0;
    for (round, order) in ORDERS.into_iter().enumerate() {
        let dir = Dir::new();
        let mut paths = files(&dir);
        let mut job = trainer(&dir.path("state"), ordered(700, order));
        job.held_out = Some("the worst of foolishness".to_owned());
        job.count.min_count = round as u64 % 3;
        let expected = without(&job)
            .train(Source::Files(&paths), &Unwatched)
            .unwrap();
        let (trained, stops) = train_in_parts(&job, &mut paths, &mut random, 14);
        assert_same(&trained, &expected);
        all_stops += stops;
        // Once more, with nothing left to do.
        let again = job.train(Source::Files(&paths), &Unwatched).unwrap();
        assert_same(&again, &expected);
    }
    assert!(all_stops > 20, "{all_stops}");
}

#[test]
fn a_stopped_training_on_texts_goes_on_to_the_same_end() {
    let text = Random(2).text(3000);
    for is_fed in [false, true] {
        let dir = Dir::new();
        let job = trainer(&dir.path("state"), TrainOptions::new(900));
        let train = |job: &Trainer, text: &str, watch: &dyn Watch| {
            if !is_fed {
                return job.train(Source::Text(text), watch);
            }
            let (mut feeder, fed) = job.feeder().unwrap();
            feeder.push(text.as_bytes(), &mut || Ok(()))?;
            feeder.finish(&mut || Ok(()))?;
            job.train(Source::Fed(fed), watch)
        };
        let expected = train(&without(&job), &text, &Unwatched).unwrap();
        let mut stops = 0;
        let trained = loop {
            match train(&job, &text, &StopAfter::new(2 + stops)) {
                Ok(trained) => break trained,
                Err(error) => assert!(matches!(error.kind(), ErrorKind::Interrupted), "{error}"),
            }
            stops += 1;
        };
        assert!(stops > 2, "{stops}");
        assert_same(&trained, &expected);
        let error = train(&job, "another text", &Unwatched).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("the checkpoint was made with other texts than these"),
            "{error}"
        );
        // A text is not files, nor are files texts.
        let paths = files(&dir);
        let error = job.train(Source::Files(&paths), &Unwatched).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("the checkpoint was made of texts"),
            "{error}"
        );
    }
}

/// Every reason to stop, and limits, are found again.
#[test]
fn a_finished_training_says_the_same_again() {
    for (max_token_length, min_frequency, vocab_size) in [
        (None, 1, 300),
        (Some(3), 1, 9000),
        (None, 40, 9000),
        (None, 1, 9000),
    ] {
        let dir = Dir::new();
        dir.write("a.txt", TEXT);
        let options = TrainOptions {
            max_token_length,
            min_frequency,
            ..TrainOptions::new(vocab_size)
        };
        let job = trainer(&dir.path("state"), options);
        let paths = [dir.path("a.txt")];
        let first = job.train(Source::Files(&paths), &Unwatched).unwrap();
        let second = job.train(Source::Files(&paths), &Unwatched).unwrap();
        assert_same(&second, &first);
        assert_same(
            &without(&job)
                .train(Source::Files(&paths), &Unwatched)
                .unwrap(),
            &first,
        );
    }
}

#[test]
fn a_base_goes_on_from_a_checkpoint() {
    let dir = Dir::new();
    let mut paths = files(&dir);
    let demo = Tokenizer::demo().unwrap();
    let options = TrainOptions {
        base: Some(demo.definition_arc()),
        ..TrainOptions::new(3400)
    };
    let mut job = trainer(&dir.path("state"), options);
    let expected = without(&job)
        .train(Source::Files(&paths), &Unwatched)
        .unwrap();
    let mut random = Random(3);
    let (trained, stops) = train_in_parts(&job, &mut paths, &mut random, 12);
    assert!(stops > 3, "{stops}");
    assert_same(&trained, &expected);
    let mut other = demo.definition().clone();
    other.added_tokens.clear();
    job.train.base = Some(std::sync::Arc::new(other));
    let error = job.train(Source::Files(&paths), &Unwatched).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the checkpoint was made with base"),
        "{error}"
    );
}

#[test]
fn a_file_may_be_named_twice() {
    let dir = Dir::new();
    dir.write("a.txt", TEXT);
    let paths = [dir.path("a.txt"), dir.path("a.txt")];
    let job = trainer(&dir.path("state"), TrainOptions::new(300));
    let expected = without(&job)
        .train(Source::Files(&paths), &Unwatched)
        .unwrap();
    for _ in 0..2 {
        assert_same(
            &job.train(Source::Files(&paths), &Unwatched).unwrap(),
            &expected,
        );
    }
    assert_eq!(expected.report.texts, 2);
    let error = job
        .train(Source::Files(&paths[..1]), &Unwatched)
        .unwrap_err();
    assert!(error.to_string().contains("more or less often"), "{error}");
}

/// What was killed between two writes: a file of counts that nothing names yet.
#[test]
fn what_nothing_names_is_written_anew() {
    let dir = Dir::new();
    let paths = files(&dir);
    let state = dir.path("state");
    let job = trainer(&state, TrainOptions::new(400));
    let expected = without(&job)
        .train(Source::Files(&paths), &Unwatched)
        .unwrap();
    std::fs::create_dir(&state).unwrap();
    for number in 0..4 {
        std::fs::write(state.join(format!("counts-{number}.bpecounts")), "half").unwrap();
    }
    std::fs::write(state.join("merges.log"), "bpekit-mer").unwrap();
    assert_same(
        &job.train(Source::Files(&paths), &Unwatched).unwrap(),
        &expected,
    );
}

/// Two trainings in one folder would mix their merges.
#[test]
fn a_folder_is_for_one_training_at_a_time() {
    let dir = Dir::new();
    let paths = files(&dir);
    let state = dir.path("state");
    let mut job = trainer(&state, TrainOptions::new(400));
    job.train(Source::Files(&paths), &Unwatched).unwrap();
    let lock = std::fs::File::open(state.join("checkpoint.lock")).unwrap();
    lock.lock().unwrap();
    let message = job
        .train(Source::Files(&paths), &Unwatched)
        .unwrap_err()
        .to_string();
    let expected = format!(
        "{}: another process trains with this checkpoint\nhint: wait for it, or name another folder",
        state.display()
    );
    assert_eq!(message, expected);
    drop(lock);
    job.train(Source::Files(&paths), &Unwatched).unwrap();
    // A finished one is not begun anew by mistake.
    job.resume = false;
    let message = job
        .train(Source::Files(&paths), &Unwatched)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("the folder has a checkpoint already"),
        "{message}"
    );
    assert!(message.contains("`resume=True` (`--resume`)"), "{message}");
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_with_the_path() {
    let dir = Dir::new();
    dir.write("file", "");
    let folder = dir.path("file").join("state");
    let error = trainer(&folder, TrainOptions::new(300))
        .train(Source::Text(TEXT), &Unwatched)
        .unwrap_err();
    assert!(
        error.to_string().starts_with(&*folder.to_string_lossy()),
        "{error}"
    );
    // What cannot be is refused before anything is made.
    let folder = dir.path("state");
    let mut job = trainer(&folder, TrainOptions::new(3));
    assert!(job.train(Source::Text(TEXT), &Unwatched).is_err());
    assert!(!folder.exists());
    job.train.vocab_size = 300;
    job.train(Source::Text(TEXT), &Unwatched).unwrap();
}

#[test]
fn a_checkpoint_keeps_within_the_memory_too() {
    let dir = Dir::new();
    let paths = files(&dir);
    let mut job = trainer(&dir.path("state"), TrainOptions::new(400));
    let expected = without(&job)
        .train(Source::Files(&paths), &Unwatched)
        .unwrap();
    job.count.max_memory = Some(20_000);
    let error = job.train(Source::Files(&paths), &Unwatched).unwrap_err();
    assert!(
        error.to_string().contains("more than the 20000 bytes"),
        "{error}"
    );
    job.count.max_memory = Some(1 << 24);
    let found = job.train(Source::Files(&paths), &Unwatched).unwrap();
    assert_same(&found, &expected);
}

/// Counts are their own checkpoint, and know how they were made.
#[test]
fn counts_that_were_made_before_need_no_checkpoint() {
    let dir = Dir::new();
    let mut job = trainer(&dir.path("state"), TrainOptions::new(300));
    job.held_out = Some("the best of times".to_owned());
    let counts = counts_of(&job.how, &[TEXT]);
    let error = job.train_from_counts(&counts, &Unwatched).unwrap_err();
    assert!(
        error.to_string().starts_with("a checkpoint is of"),
        "{error}"
    );
    job.checkpoint = None;
    let expected = job.train(Source::Text(TEXT), &Unwatched).unwrap();
    let found = job.train_from_counts(&counts, &Unwatched).unwrap();
    assert_same(&found, &expected);
    job.how = how("o200k");
    let error = job.train_from_counts(&counts, &Unwatched).unwrap_err();
    assert!(error.to_string().contains("different patterns"), "{error}");
}
