//! Counts to a tokenizer's definition.

use std::time::{Duration, Instant};

use bpekit_formats::{Definition, Merge};

use super::base::{Base, Tokens};
use super::counts::PretokenCounts;
use super::merge::{self, Bounds, Merged, Merging};
use super::options::TrainOptions;
use super::pretokenization::Pretokenization;
use super::report::{Curve, Stop, TrainReport};
use super::words::CountedWords;
use crate::error::{Error, Result};
use crate::watch::{Progress, Watch};

/// A trained tokenizer, and what the training did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trained {
    /// The tokenizer.
    pub definition: Definition,
    /// The merges that were made, in their order, under the token ids of the tokenizer.
    pub merges: Vec<Merge>,
    /// What the training did.
    pub report: TrainReport,
}

/// Trains on counts.
///
/// # Errors
///
/// `Argument` for a vocab size that the bytes and special tokens alone exceed, or that no id
/// reaches; for counts without any text; for a base that was made for another pretokenization.
/// `File` (unsupported) for a base that is no byte-level BPE. `Interrupted` if the watch says so.
///
/// # Examples
///
/// ```
/// use bpekit::train::{PretokenCounts, Pretokenization, TrainOptions, Unwatched, train_from_counts};
///
/// let mut counts = PretokenCounts::new(Pretokenization::new("gpt2")?)?;
/// counts.update("low low lower lowest")?;
/// let trained = train_from_counts(&counts, &TrainOptions::new(258), &Unwatched)?;
/// let tokenizer = bpekit::Tokenizer::from_definition(trained.definition)?;
/// assert_eq!(tokenizer.encode_ordinary("low")?, [257]);
/// # Ok::<(), bpekit::Error>(())
/// ```
pub fn train_from_counts(
    counts: &PretokenCounts,
    options: &TrainOptions,
    watch: &dyn Watch,
) -> Result<Trained> {
    let mut training = Training::new(counts, options, &[], watch)?;
    training.run(watch, &mut |_| Ok(()))?;
    training.finish()
}

/// A training under way.
pub(super) struct Training {
    /// How many tokens are to be made.
    wanted: u64,
    made: u64,
    base: Base,
    tokens: Tokens,
    merging: Box<dyn Merging>,
    /// Those that the base does not have.
    special_tokens: Vec<String>,
    report: TrainReport,
}

/// One more than the highest token id, one id being the mark of tiktoken for "no merge".
const MAX_IDS: u64 = u32::MAX as u64 - 1;

/// How many merges are made between two looks at the clock.
const MERGES_PER_LOOK: usize = 64;
const TELL_EVERY: Duration = Duration::from_millis(100);

impl Training {
    /// Refuses arguments that cannot be, before any text is counted.
    pub(super) fn check(how: &Pretokenization, options: &TrainOptions) -> Result<()> {
        let base = Base::new(how, options)?;
        wanted(options, &base, new_special_tokens(how, &base).len()).map(drop)
    }

    /// Checks the arguments, and lays the pretokens out as they stand after the merges that an
    /// earlier run has made.
    pub(super) fn new(
        counts: &PretokenCounts,
        options: &TrainOptions,
        earlier: &[Merged],
        watch: &dyn Watch,
    ) -> Result<Self> {
        let how = counts.pretokenization();
        let base = Base::new(how, options)?;
        let special_tokens = new_special_tokens(how, &base);
        let wanted = wanted(options, &base, special_tokens.len())?;
        if counts.is_empty() && wanted > 0 {
            return Err(Error::argument(
                "there is no text to train on: every text is empty, or there is none",
            ));
        }
        let bounds = Bounds {
            max_tokens: base.tokens.len() as u64 + wanted + base.unmade(),
            min_count: options.min_frequency.max(1),
            max_len: options.max_len(),
        };
        let mut tokens = base.tokens.clone();
        let mut made = 0;
        let mut are_new = Vec::with_capacity(earlier.len());
        for merged in earlier {
            let is_new = tokens.merge(merged)?;
            made += u64::from(is_new);
            are_new.push(is_new);
        }
        let start = base.start(&tokens)?;
        let pretokens = counts.len() as u64;
        // Nothing else may ask the table from here on.
        let held = counts.table.hold();
        let words = CountedWords::new(held.entries(), &start)?;
        let merging = merge::start(&words, start.lens.clone(), bounds, watch)?;
        let mut curve = Curve {
            bytes: merge::Words::byte_count(&words),
            first_size: options.vocab_size - wanted,
            // What the merges of an earlier run saved is what there was more of before them.
            tokens: vec![
                words.token_count() + earlier.iter().map(|merged| merged.saved).sum::<u64>(),
            ],
        };
        for (merged, is_new) in earlier.iter().zip(are_new) {
            follow(&mut curve, merged.saved, is_new);
        }
        Ok(Self {
            wanted,
            made,
            base,
            tokens,
            merging,
            special_tokens,
            report: TrainReport {
                asked: options.vocab_size,
                made: 0,
                stop: Stop::VocabSize,
                texts: counts.texts(),
                text_bytes: counts.text_bytes(),
                skipped: counts.skipped(),
                pretokens,
                curve,
                held_out: None,
            },
        })
    }

    /// Merges to the end. `keep` is told of each merge, to put it on record.
    pub(super) fn run(
        &mut self,
        watch: &dyn Watch,
        keep: &mut dyn FnMut(&Merged) -> Result<()>,
    ) -> Result<()> {
        let mut told = Instant::now();
        for count in 0.. {
            if count % MERGES_PER_LOOK == 0 {
                watch.go_on()?;
                if told.elapsed() >= TELL_EVERY {
                    told = Instant::now();
                    self.tell(watch);
                }
            }
            if self.made >= self.wanted {
                break;
            }
            let Some(merged) = self.merging.next(watch)? else {
                self.report.stop = self.merging.why_done(watch)?;
                break;
            };
            keep(&merged)?;
            let is_new = self.tokens.merge(&merged)?;
            self.made += u64::from(is_new);
            follow(&mut self.report.curve, merged.saved, is_new);
        }
        self.tell(watch);
        Ok(())
    }

    fn tell(&self, watch: &dyn Watch) {
        watch.progress(&Progress::Merging {
            done: self.made,
            all: self.wanted,
        });
    }

    /// The tokenizer.
    pub(super) fn finish(self) -> Result<Trained> {
        let mut report = self.report;
        report.made = report.asked - (self.wanted - self.made);
        let definition = self.base.definition(&self.tokens, &self.special_tokens)?;
        let merges = self.tokens.into_merges();
        Ok(Trained {
            definition,
            merges,
            report,
        })
    }
}

/// Takes a merge into a curve. One whose product the vocab had before makes texts shorter and the
/// vocab no larger: it belongs to the size there is.
pub(super) fn follow(curve: &mut Curve, saved: u64, is_new: bool) {
    if is_new {
        curve.grow(saved);
    } else if let Some(last) = curve.tokens.last_mut() {
        *last -= saved;
    }
}

/// The special tokens that the base does not have.
fn new_special_tokens(how: &Pretokenization, base: &Base) -> Vec<String> {
    let tokens = how.special_tokens().iter();
    tokens
        .filter(|text| !base.has_special(text))
        .cloned()
        .collect()
}

/// How many tokens are to be made for a vocab of the size that was asked for.
fn wanted(options: &TrainOptions, base: &Base, special_count: usize) -> Result<u64> {
    let vocab_size = options.vocab_size;
    let least = base.size + special_count as u64;
    let Some(wanted) = vocab_size.checked_sub(least) else {
        let start = match &options.base {
            None => "the 256 bytes".to_owned(),
            Some(_) => format!("the {} tokens of the base", base.size),
        };
        let special = match special_count {
            0 => String::new(),
            count => format!(" and {count} special tokens"),
        };
        return Err(Error::argument(format!(
            "a vocab of {vocab_size} has no room for {start}{special}; expected a size of {least} \
             or more"
        )));
    };
    let end = u128::from(base.tokens.next_id()) + u128::from(wanted) + special_count as u128;
    if end > u128::from(MAX_IDS) {
        return Err(Error::argument(format!(
            "a vocab of {vocab_size} is more than token ids can number; expected at most {MAX_IDS}"
        )));
    }
    Ok(wanted)
}
