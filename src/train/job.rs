//! `Trainer`: from texts to a tokenizer, with a checkpoint on the way if one is wanted.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::checkpoint::{Checkpoint, Unit};
use super::count::CountOptions;
use super::counts::PretokenCounts;
use super::held_out;
use super::options::TrainOptions;
use super::pretokenization::Pretokenization;
use super::spill;
use super::trainer::{Trained, Training};
use crate::error::{Error, Result};
use crate::source::{
    Cutter, FedTexts, Feeder, FileForm, FileTexts, ManyFiles, MemoryText, Texts, total_len,
};
use crate::watch::{Progress, Watch};

/// A training from texts to a tokenizer.
///
/// # Examples
///
/// ```
/// use bpekit::train::{Pretokenization, Source, TrainOptions, Trainer, Unwatched};
///
/// let how = Pretokenization::new("o200k")?;
/// let trainer = Trainer::new(how, TrainOptions::new(260));
/// let trained = trainer.train(Source::Text("low low lower lowest"), &Unwatched)?;
/// assert_eq!(trained.report.made, 260);
/// # Ok::<(), bpekit::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trainer {
    /// How text is cut into pretokens.
    pub how: Pretokenization,
    /// How these are counted.
    pub count: CountOptions,
    /// What is made of the counts.
    pub train: TrainOptions,
    /// What files hold; none tells by the name: `.jsonl` and `.ndjson` have lines of JSON with the
    /// text in `text`, any other file is one text.
    pub form: Option<FileForm>,
    /// The folder that keeps what was done, for going on after an interruption.
    pub checkpoint: Option<PathBuf>,
    /// Whether to go on with what the folder has.
    pub resume: bool,
    /// A text that is not trained on, to measure the tokenizer with.
    pub held_out: Option<String>,
}

/// Where the texts of a training come from.
#[non_exhaustive]
pub enum Source<'a> {
    /// One text.
    Text(&'a str),
    /// Files, each of them plain or in gzip or Zstandard.
    Files(&'a [PathBuf]),
    /// What another thread hands over: see [`Trainer::feeder`].
    Fed(FedTexts),
}

impl Trainer {
    /// A training with the defaults: as many threads as the machine has, no checkpoint.
    pub fn new(how: Pretokenization, train: TrainOptions) -> Self {
        Self {
            how,
            count: CountOptions::default(),
            train,
            form: None,
            checkpoint: None,
            resume: false,
            held_out: None,
        }
    }

    /// Refuses what cannot be before any text is there, as [`Self::train`] does.
    ///
    /// # Errors
    ///
    /// `Argument`, for a vocab size or a base that cannot be.
    pub fn check(&self) -> Result<()> {
        Training::check(&self.how, &self.train)
    }

    /// The two ends of a way from a thread that has texts to one that trains on them.
    ///
    /// # Errors
    ///
    /// `Pattern`, `File` (unsupported) if a part of the pretokenization cannot be run.
    pub fn feeder(&self) -> Result<(Feeder, FedTexts)> {
        let cutter = self.how.cutter()?;
        Ok(Feeder::new(cutter, self.checkpoint.is_some()))
    }

    /// Counts the texts, and merges.
    ///
    /// # Errors
    ///
    /// `File` for a file that cannot be read, or is not UTF-8 where that is asked for, and for a
    /// checkpoint of another training; as [`super::train_from_counts`]. `Interrupted` if the watch
    /// says so; the checkpoint has then what was done.
    pub fn train(&self, source: Source<'_>, watch: &dyn Watch) -> Result<Trained> {
        // What cannot be is refused before anything is counted.
        self.check()?;
        let mut checkpoint = match &self.checkpoint {
            None => None,
            Some(folder) => Some(Checkpoint::open(folder, self.resume, self, &source)?),
        };
        let counts = self.counts(source, checkpoint.as_mut(), watch)?;
        self.merge(counts, checkpoint.as_mut(), watch)
    }

    /// Trains on counts that were made before, as `how` says.
    ///
    /// # Errors
    ///
    /// As [`super::train_from_counts`]; `Argument` if the counts were made in another way than
    /// `how`, or a checkpoint is asked for, which is of texts.
    pub fn train_from_counts(&self, counts: &PretokenCounts, watch: &dyn Watch) -> Result<Trained> {
        if self.checkpoint.is_some() {
            return Err(Error::argument(
                "a checkpoint is of a training on texts; counts are kept by saving them",
            ));
        }
        counts.pretokenization().check_same(&self.how)?;
        let mut training = Training::new(counts, &self.train, &[], watch)?;
        training.run(watch, &mut |_| Ok(()))?;
        self.finish(training, watch)
    }

    fn counts(
        &self,
        source: Source<'_>,
        checkpoint: Option<&mut Checkpoint>,
        watch: &dyn Watch,
    ) -> Result<PretokenCounts> {
        let mut all = PretokenCounts::new(self.how.clone())?;
        let cutter = self.how.cutter()?;
        match source {
            Source::Text(text) => {
                let mut texts = MemoryText::new(text, cutter);
                let Some(checkpoint) = checkpoint else {
                    return all.count(&mut texts, &self.count, watch).map(|()| all);
                };
                let sha256 = texts.sha256();
                if let Some(counts) = checkpoint.text_counts(sha256, &self.how)? {
                    return Ok(counts);
                }
                all.count(&mut texts, &self.count, watch)?;
                checkpoint.keep_counts(&Unit::Texts, Some(sha256), &all)?;
            }
            Source::Fed(mut texts) => {
                // What is handed over can only be told from other texts once it was all seen.
                all.count(&mut texts, &self.count, watch)?;
                if let (Some(checkpoint), Some(sha256)) = (checkpoint, texts.sha256())
                    && checkpoint.text_counts(sha256, &self.how)?.is_none()
                {
                    checkpoint.keep_counts(&Unit::Texts, Some(sha256), &all)?;
                }
            }
            Source::Files(paths) => match checkpoint {
                None => {
                    let form_of = |path: &Path| self.form_of(path);
                    let mut texts = ManyFiles::new(paths, &form_of, cutter).watched(watch);
                    return all.count(&mut texts, &self.count, watch).map(|()| all);
                }
                Some(checkpoint) => {
                    let watch = OfMany::new(watch, paths);
                    for path in paths {
                        all.merge(&self.file_counts(path, &cutter, checkpoint, &watch)?)?;
                        if let Some(max_memory) = self.count.max_memory {
                            spill::check(&all.table, max_memory)?;
                        }
                    }
                }
            },
        }
        if self.count.min_count > 1 {
            all.prune(self.count.min_count);
        }
        Ok(all)
    }

    /// The counts of one file: those that the checkpoint has, or new ones that it keeps.
    fn file_counts(
        &self,
        path: &Path,
        cutter: &Cutter,
        checkpoint: &mut Checkpoint,
        watch: &OfMany<'_>,
    ) -> Result<PretokenCounts> {
        if let Some(counts) = checkpoint.file_counts(path, &self.how, watch)? {
            watch.is_done(total_len(&[path.to_path_buf()]).unwrap_or(0));
            return Ok(counts);
        }
        let form = self.form_of(path);
        let mut texts = FileTexts::open_watched(path, &form, cutter.clone(), true, watch)?;
        let mut counts = PretokenCounts::new(self.how.clone())?;
        // What is rare in one file may be common in all.
        let options = CountOptions {
            min_count: 1,
            ..self.count.clone()
        };
        counts.count(&mut texts, &options, watch)?;
        checkpoint.keep_counts(&Unit::of_file(path), texts.sha256(), &counts)?;
        watch.is_done(texts.progress().0);
        Ok(counts)
    }

    fn form_of(&self, path: &Path) -> FileForm {
        match &self.form {
            Some(form) => form.clone(),
            None => FileForm::of_name(path),
        }
    }

    fn merge(
        &self,
        counts: PretokenCounts,
        checkpoint: Option<&mut Checkpoint>,
        watch: &dyn Watch,
    ) -> Result<Trained> {
        let Some(checkpoint) = checkpoint else {
            let mut training = Training::new(&counts, &self.train, &[], watch)?;
            // Merging has what it needs of them.
            drop(counts);
            training.run(watch, &mut |_| Ok(()))?;
            return self.finish(training, watch);
        };
        let mut log = checkpoint.merges()?;
        let mut training = Training::new(&counts, &self.train, log.earlier(), watch)?;
        drop(counts);
        let outcome = training.run(watch, &mut |merged| log.keep(merged));
        // Also after an interruption: what was made is kept.
        log.flush()?;
        outcome?;
        self.finish(training, watch)
    }

    fn finish(&self, training: Training, watch: &dyn Watch) -> Result<Trained> {
        let mut trained = training.finish()?;
        if let Some(text) = &self.held_out {
            let base = self.train.base.as_deref();
            let curve = held_out::curve(&trained, base, &self.how, text, watch)?;
            trained.report.held_out = Some(curve);
        }
        Ok(trained)
    }
}

/// Looks on at the counting of several files.
struct OfMany<'a> {
    watch: &'a dyn Watch,
    before: AtomicU64,
    all: Option<u64>,
}

impl<'a> OfMany<'a> {
    fn new(watch: &'a dyn Watch, paths: &[PathBuf]) -> Self {
        Self {
            watch,
            before: AtomicU64::new(0),
            all: total_len(paths),
        }
    }

    /// A file of this many bytes is done.
    fn is_done(&self, len: u64) {
        self.before.fetch_add(len, Ordering::Relaxed);
    }
}

impl Watch for OfMany<'_> {
    fn is_stopped(&self) -> bool {
        self.watch.is_stopped()
    }

    fn progress(&self, progress: &Progress) {
        let progress = match progress {
            Progress::Counting { done, .. } => Progress::Counting {
                done: done + self.before.load(Ordering::Relaxed),
                all: self.all,
            },
            other => *other,
        };
        self.watch.progress(&progress);
    }
}
