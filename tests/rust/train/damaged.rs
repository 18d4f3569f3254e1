//! Checkpoints that are damaged, and such of another training.

use std::fs;
use std::path::PathBuf;

use bpekit::formats::Normalizer;
use bpekit::train::{FileForm, Invalid, Source, Trainer};

use super::checkpoints::{assert_same, files, trainer};
use super::*;
use crate::support::Dir;

/// A training that is done, with its checkpoint.
struct Done {
    dir: Dir,
    job: Trainer,
    paths: Vec<PathBuf>,
    trained: Trained,
}

impl Done {
    fn new(merges: u64) -> Self {
        let dir = Dir::new();
        dir.write(
            "a.txt",
            "low low lower lowest newer newest wider widest low",
        );
        dir.write("b.txt", "slow slower slowest");
        let paths = ["a.txt", "b.txt"].map(|name| dir.path(name)).to_vec();
        let job = trainer(&dir.path("state"), TrainOptions::new(258 + merges));
        let trained = job.train(Source::Files(&paths), &Unwatched).unwrap();
        assert_eq!(trained.merges.len() as u64, merges);
        Self {
            dir,
            job,
            paths,
            trained,
        }
    }

    fn state(&self, name: &str) -> PathBuf {
        self.dir.path("state").join(name)
    }

    fn resume(&self) -> bpekit::Result<Trained> {
        self.job.train(Source::Files(&self.paths), &Unwatched)
    }

    /// The message, without hints, when the training is not resumed.
    #[track_caller]
    fn refused(&self) -> String {
        let error = self.resume().unwrap_err();
        assert!(
            error.file().is_some_and(|error| error.path().is_some()),
            "{error}"
        );
        error.to_string()
    }
}

#[test]
fn a_log_may_end_anywhere() {
    let done = Done::new(9);
    let log = done.state("merges.log");
    let bytes = fs::read(&log).unwrap();
    for len in 0..=bytes.len() {
        fs::write(&log, &bytes[..len]).unwrap();
        assert_same(&done.resume().unwrap(), &done.trained);
        assert!(fs::read(&log).unwrap() == bytes, "{len}");
    }
    fs::remove_file(&log).unwrap();
    assert_same(&done.resume().unwrap(), &done.trained);
    assert!(fs::read(&log).unwrap() == bytes);
}

#[test]
fn a_log_with_wrong_bytes_is_refused() {
    let done = Done::new(9);
    let log = done.state("merges.log");
    let bytes = fs::read(&log).unwrap();
    for at in 0..bytes.len() {
        for bit in [1, 0x80] {
            let mut flipped = bytes.clone();
            flipped[at] ^= bit;
            fs::write(&log, &flipped).unwrap();
            let message = done.refused();
            assert!(message.contains("merges.log"), "{message}");
            assert!(
                message.contains("merging starts again from the counts"),
                "{message}"
            );
        }
    }
    // The log of another training.
    let other = Done::new(8);
    fs::copy(other.state("merges.log"), &log).unwrap();
    let message = done.refused();
    assert!(
        message.contains("the merges were made with other settings or texts"),
        "{message}"
    );
    // The way out that the message names.
    fs::remove_file(&log).unwrap();
    assert_same(&done.resume().unwrap(), &done.trained);
}

#[test]
fn a_damaged_manifest_is_refused() {
    let done = Done::new(2);
    let path = done.state("checkpoint.json");
    let bytes = fs::read(&path).unwrap();
    // The last byte is a line end.
    for len in 0..bytes.len() - 1 {
        fs::write(&path, &bytes[..len]).unwrap();
        let message = done.refused();
        assert!(
            message.contains("checkpoint.json: the checkpoint is damaged: "),
            "{message}"
        );
    }
    for content in ["null", "[]", "{}", "7", "\"x\"", "\u{feff}{}"] {
        fs::write(&path, content).unwrap();
        assert!(
            done.refused().contains("the checkpoint is damaged"),
            "{content}"
        );
    }
    let text = String::from_utf8(bytes.clone()).unwrap();
    for (from, to, expected) in [
        (
            "\"bpekit_checkpoint\": 1",
            "\"bpekit_checkpoint\": 2",
            "a checkpoint of version 2",
        ),
        ("\"settings\": {", "\"settings\": 3, \"x\": {", "`settings`"),
        ("\"min_count\": \"1\"", "\"min_count\": 1", "`settings`"),
        ("\"counts-1.", "\"counts-0.", "`counted`"),
        ("\"counts-1.", "\"counts-7.", "`counted`"),
        ("\"counts-1.", "\"../counts-1.", "`counted`"),
        ("\"counted\": [", "\"counted\": [3, ", "`counted`"),
        (".txt\"", ".txu\"", "another sha256 than it says"),
        ("\"check\"", "\"chek\"", "another sha256 than it says"),
    ] {
        assert!(text.contains(from), "{from}: {text}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let message = done.refused();
        assert!(message.contains(expected), "{message}");
    }
    // Whatever bit is flipped: refused, or white space for white space.
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        fs::write(&path, &flipped).unwrap();
        if let Ok(trained) = done.resume() {
            assert_same(&trained, &done.trained);
        }
    }
}

#[test]
fn damaged_counts_are_refused() {
    let done = Done::new(2);
    let path = done.state("counts-0.bpecounts");
    let bytes = fs::read(&path).unwrap();
    for damaged in [
        &b""[..],
        &bytes[..bytes.len() - 1],
        b"bpekit-counts 2\n{}\n",
    ] {
        fs::write(&path, damaged).unwrap();
        assert!(done.refused().contains("counts-0.bpecounts"));
    }
    let counts = counts_of(&how("o200k"), &["another table"]);
    counts.save(&path).unwrap();
    let message = done.resume().unwrap_err().to_string();
    assert!(
        message.contains("made with different patterns"),
        "{message}"
    );
    fs::remove_file(&path).unwrap();
    assert!(done.refused().contains("counts-0.bpecounts"));
    fs::write(&path, bytes).unwrap();
    assert_same(&done.resume().unwrap(), &done.trained);
}

#[test]
fn files_that_have_changed_are_refused() {
    let done = Done::new(2);
    let path = &done.paths[0];
    let text = fs::read(path).unwrap();
    for changed in [&b""[..], b"Low", &[&text[..], b"x"].concat()] {
        fs::write(path, changed).unwrap();
        let expected = format!(
            "{}: the file has changed since the checkpoint counted it\n\
             hint: name another folder, or delete this one, to start anew",
            path.display()
        );
        assert_eq!(done.refused(), expected);
    }
    fs::remove_file(path).unwrap();
    assert!(done.refused().starts_with(&*path.to_string_lossy()));
    // The bytes count, not the date.
    fs::write(path, text).unwrap();
    assert_same(&done.resume().unwrap(), &done.trained);
}

#[test]
fn other_settings_are_refused_with_what_differs() {
    let dir = Dir::new();
    let paths = files(&dir);
    let first = trainer(&dir.path("state"), TrainOptions::new(300));
    first.train(Source::Files(&paths), &Unwatched).unwrap();
    let message = |change: &dyn Fn(&mut Trainer)| {
        let mut other = first.clone();
        change(&mut other);
        let error = other.train(Source::Files(&paths), &Unwatched).unwrap_err();
        let message = error.to_string();
        let start = format!(
            "{}: the checkpoint was made with ",
            dir.path("state/checkpoint.json").display()
        );
        let rest = message
            .strip_prefix(&start)
            .unwrap_or_else(|| panic!("{message}"));
        let line = rest.lines().next().unwrap();
        line.to_owned()
    };
    let tokens = |how: &Pretokenization, tokens: &[&str]| {
        how.clone().with_special_tokens(tokens.to_vec()).unwrap()
    };
    assert_eq!(
        message(&|other| other.train.vocab_size = 301),
        "vocab_size `300`; expected that, and not `301`"
    );
    assert_eq!(
        message(&|other| other.how = tokens(&how("o200k"), &["<|x|>", "<|y|>"])),
        "pattern `gpt2`; expected that, and not `o200k`"
    );
    // Their order is that of their ids.
    assert_eq!(
        message(&|other| other.how = tokens(&how("gpt2"), &["<|y|>", "<|x|>"])),
        r#"special tokens `["<|x|>","<|y|>"]`; expected that, and not `["<|y|>","<|x|>"]`"#
    );
    let nfc = |other: &mut Trainer| {
        let how = other.how.clone().with_normalizer(Some(Normalizer::Nfc));
        other.how = how.unwrap();
    };
    assert_eq!(
        message(&nfc),
        "normalizer `none`; expected that, and not `Nfc`"
    );
    assert_eq!(
        message(&|other| other.train.order = Order::Hf),
        "order `bytes`; expected that, and not `hf`"
    );
    assert_eq!(
        message(&|other| other.train.byte_order = Some(ByteOrder::Gpt2)),
        "byte_order `identity`; expected that, and not `gpt2`"
    );
    assert_eq!(
        message(&|other| other.train.min_frequency = 2),
        "min_frequency `1`; expected that, and not `2`"
    );
    assert_eq!(
        message(&|other| other.train.max_token_length = Some(8)),
        "max_token_length `none`; expected that, and not `8`"
    );
    assert_eq!(
        message(&|other| other.count.min_count = 5),
        "min_count `1`; expected that, and not `5`"
    );
    assert_eq!(
        message(&|other| other.count.invalid = Invalid::Replace),
        "errors `strict`; expected that, and not `replace`"
    );
    assert!(message(&|other| other.form = Some(FileForm::Lines)).starts_with("form `by name`"));
    let demo = Tokenizer::demo().unwrap().definition_arc();
    let with_base = |other: &mut Trainer| {
        other.train.base = Some(demo.clone());
        other.train.vocab_size = 4000;
    };
    assert!(message(&with_base).starts_with("vocab_size"));

    // What does not show in the result may differ.
    let mut same = first.clone();
    same.count.thread_count = 1;
    same.count.max_memory = Some(1 << 30);
    same.train.min_frequency = 0;
    same.train.byte_order = Some(ByteOrder::Identity);
    same.held_out = Some("text".to_owned());
    same.train(Source::Files(&paths), &Unwatched).unwrap();
}

#[test]
fn other_files_are_refused_with_their_names() {
    let dir = Dir::new();
    let mut paths = files(&dir);
    let job = trainer(&dir.path("state"), TrainOptions::new(300));
    job.train(Source::Files(&paths), &Unwatched).unwrap();
    let message = |paths: &[PathBuf]| {
        let error = job.train(Source::Files(paths), &Unwatched).unwrap_err();
        error.to_string()
    };
    let fewer = message(&paths[1..]);
    let expected = format!("made with one more file, `{}`", paths[0].display());
    assert!(fewer.contains(&expected), "{fewer}");
    dir.write("e.txt", "more");
    paths.push(dir.path("e.txt"));
    let more = message(&paths);
    let expected = format!("made without the file `{}`", paths[4].display());
    assert!(more.contains(&expected), "{more}");
    let error = job.train(Source::Text("text"), &Unwatched).unwrap_err();
    assert!(error.to_string().contains("made of files"), "{error}");
}
