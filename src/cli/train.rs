//! `bpekit train`: texts or counts to a tokenizer file.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use bpekit_formats::{AddedToken, Definition, Layout, files, registry};
use serde_json::{Value, json};

use super::args::LoadArgs;
use super::corpus::{self, Corpus};
use super::output::{self, counted};
use super::train_args::{CutArgs, TargetArgs, TrainArgs};
use super::{Failure, Outcome, Streams, YES, convert, counts, progress, source};
use crate::convert::{ConvertOptions, Report, check_target, with_directory};
use crate::error::{Error, ErrorKind};
use crate::tokenizer::Tokenizer;
use crate::train::{
    PretokenCounts, Pretokenization, Source, Stop, TrainOptions, TrainReport, Trained, Trainer,
    Unwatched, Watch, train_from_counts,
};

pub(super) fn run(args: &TrainArgs, streams: &mut Streams<'_>) -> Outcome {
    let convert = ConvertOptions {
        to: args.target.to.clone(),
        allow_loss: args.target.allow_loss.clone(),
        ..ConvertOptions::default()
    };
    let job = Job::new(args, &convert, streams)?;
    let trained = job.train(args, streams)?;
    let report = trained.report;
    let tokenizer = Tokenizer::from_definition(trained.definition)?;
    let written = convert::write(&tokenizer, &args.target.output, &convert, streams)?;
    if let Some(path) = &args.keep.report {
        files::write_atomic(path, output::flat_json(&report.to_json()).as_bytes())?;
    }
    if let Some(path) = &args.keep.curve {
        files::write_atomic(path, report.to_svg().as_bytes())?;
    }
    let is_stdout = convert::is_stdout(&args.target.output);
    if let Some(why) = why_fewer(&report, args) {
        writeln!(
            streams.stderr,
            "bpekit: note: {} tokens instead of {}: {why}",
            report.made, report.asked
        )?;
    }
    // The report must not stand in the middle of the file.
    let out = if is_stdout {
        &mut *streams.stderr
    } else {
        &mut *streams.stdout
    };
    if args.json {
        let value = to_json(&args.target, &report, &written);
        out.write_all(output::flat_json(&value).as_bytes())?;
    } else {
        print(out, job.corpus, args, &report, &written)?;
    }
    Ok(YES)
}

/// A training that nothing is known against.
struct Job<'a> {
    corpus: Corpus<'a>,
    trainer: Trainer,
    /// What the files have, if it is counts.
    counts: Option<PretokenCounts>,
}

impl<'a> Job<'a> {
    /// Refuses what cannot be before any text is read.
    fn new(
        args: &'a TrainArgs,
        convert: &ConvertOptions,
        streams: &mut Streams<'_>,
    ) -> Result<Self, Failure> {
        let target = &args.target.output;
        let is_stdout = convert::is_stdout(target);
        let convert = &with_directory(convert, target);
        let mut places: Vec<&Path> = vec![];
        let files = [&args.keep.report, &args.keep.curve].into_iter().flatten();
        for path in files.chain((!is_stdout).then_some(target)) {
            if path == target && is_directory_format(convert) {
                corpus::check_directory(path)?;
            } else {
                corpus::check_place(path)?;
            }
            if places.contains(&path.as_path()) {
                let error = Error::argument("is to hold two things");
                return Err(Failure::at(output::path(path), error));
            }
            places.push(path);
        }
        let target_name = if is_stdout {
            convert::stdout_name(convert)?.to_owned()
        } else {
            files::file_name(target)
        };
        let corpus = Corpus::of(&args.files)?;
        for path in places {
            corpus.check_target(path)?;
        }
        let counts = match corpus.counts()? {
            None => None,
            Some(paths) => {
                refuse_text_arguments(args)?;
                let mut counts = counts::added_up(paths)?;
                if args.texts.min_count > 1 {
                    counts.prune(args.texts.min_count);
                }
                Some(counts)
            }
        };
        let base = match &args.merge.base {
            None => None,
            Some(path) => Some(load_base(path, &args.cut, streams)?),
        };
        let how = match &counts {
            Some(counts) => counts.pretokenization().clone(),
            None => pretokenization(&args.cut, base.as_deref())?,
        };
        let train = TrainOptions {
            order: args.merge.order,
            byte_order: args.merge.byte_order,
            min_frequency: args.merge.min_frequency,
            max_token_length: args.merge.max_token_length,
            base,
            ..TrainOptions::new(args.vocab_size)
        };
        let start = start_of(&how, &train)?;
        check_target(&start, &target_name, convert)
            .map_err(|error| in_target(error, target, is_stdout))?;
        let held_out = args.keep.held_out.as_deref();
        let held_out = held_out.map(|path| corpus::held_out(path, &args.texts));
        let trainer = Trainer {
            count: args.texts.options(),
            form: args.texts.form(),
            checkpoint: args.keep.checkpoint.clone(),
            resume: args.keep.resume,
            held_out: held_out.transpose()?,
            ..Trainer::new(how, train)
        };
        trainer.check()?;
        Ok(Self {
            corpus,
            trainer,
            counts,
        })
    }

    fn train(&self, args: &TrainArgs, streams: &mut Streams<'_>) -> Result<Trained, Failure> {
        let watch = progress::watch(args.quiet);
        let watch: &dyn Watch = &*watch;
        let trainer = &self.trainer;
        if let Some(counts) = &self.counts {
            return Ok(trainer.train_from_counts(counts, watch)?);
        }
        match self.corpus {
            Corpus::Files(paths) => Ok(trainer.train(Source::Files(paths), watch)?),
            Corpus::Stdin if args.texts.lines => {
                let (feeder, fed) = trainer.feeder()?;
                corpus::feed_lines(&args.texts, streams, feeder, || {
                    trainer.train(Source::Fed(fed), watch)
                })
            }
            Corpus::Stdin => {
                let text = corpus::stdin_text(&args.texts, streams)?;
                Ok(trainer.train(Source::Text(&text), watch)?)
            }
        }
    }
}

fn is_directory_format(convert: &ConvertOptions) -> bool {
    let codec = convert.to.as_deref().map(registry::by_name);
    matches!(codec, Some(Ok(codec)) if codec.info().layout == Layout::Directory)
}

/// Counts are made: what says how to make them comes too late.
fn refuse_text_arguments(args: &TrainArgs) -> Result<(), Failure> {
    let (cut, texts) = (&args.cut, &args.texts);
    let given = [
        ("pattern", cut.pattern.is_some()),
        ("special", !cut.special.is_empty()),
        ("normalizer", !cut.normalizer.is_empty()),
        ("lines", texts.lines),
        ("field", texts.field.is_some()),
        ("max-memory", texts.max_memory.is_some()),
        ("checkpoint", args.keep.checkpoint.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((name, _)) => Err(Error::argument(format!(
            "`--{name}` is for texts, and the files have counts"
        ))
        .into()),
    }
}

fn load_base(
    path: &Path,
    cut: &CutArgs,
    streams: &mut Streams<'_>,
) -> Result<Arc<Definition>, Failure> {
    let (definition, unknown) = source::definition(path, &LoadArgs::default(), streams)?;
    match unknown {
        None => Ok(definition),
        Some(error) if cut.pattern.is_none() => Err(error.into()),
        // A rank file of no published encoding: the pattern is said once, for it and the texts.
        Some(_) => Ok(source::definition(path, &cut.load_args(), streams)?.0),
    }
}

/// How texts are cut for a tokenizer of their own, or for one that goes on from a base.
fn pretokenization(cut: &CutArgs, base: Option<&Definition>) -> crate::Result<Pretokenization> {
    let Some(base) = base else {
        return cut.pretokenization(None, &[]);
    };
    let tokens: Vec<String> = base
        .added_tokens
        .iter()
        .map(|token| token.content.clone())
        .collect();
    let steps = (base.normalizer.as_ref(), base.pretokenizer.as_ref());
    cut.pretokenization(Some(steps), &tokens)
}

/// The tokenizer before any merge is made.
fn start_of(how: &Pretokenization, train: &TrainOptions) -> Result<Definition, Failure> {
    let Some(base) = &train.base else {
        let counts = PretokenCounts::new(how.clone())?;
        let least = TrainOptions {
            vocab_size: 256 + how.special_tokens().len() as u64,
            ..train.clone()
        };
        return Ok(train_from_counts(&counts, &least, &Unwatched)?.definition);
    };
    let mut start = Definition::clone(base);
    for text in how.special_tokens() {
        if !start
            .added_tokens
            .iter()
            .any(|token| token.content == *text)
        {
            let id = u32::try_from(start.id_bound())
                .map_err(|_| Error::argument("the base has the highest token id there is"))?;
            start
                .added_tokens
                .push(AddedToken::special(text.clone(), id));
        }
    }
    start.provenance = bpekit_formats::Provenance::default();
    Ok(start)
}

fn in_target(error: Error, target: &Path, is_stdout: bool) -> Failure {
    match error.into_kind() {
        ErrorKind::File(inner) if !is_stdout => inner.with_path(target).into(),
        kind => Error::new(kind).into(),
    }
}

/// Why there are fewer tokens than asked for, if there are.
fn why_fewer(report: &TrainReport, args: &TrainArgs) -> Option<String> {
    Some(match report.stop {
        Stop::MinFrequency => format!(
            "no pair is left that occurs {} times or more",
            args.merge.min_frequency
        ),
        Stop::MaxTokenLength => format!(
            "no pair is left that makes a token within {} bytes",
            args.merge.max_token_length.unwrap_or(u64::MAX)
        ),
        Stop::NoPairs => "no pair is left, each pretoken is one token".to_owned(),
        _ => return None,
    })
}

fn print(
    out: &mut dyn Write,
    corpus: Corpus<'_>,
    args: &TrainArgs,
    report: &TrainReport,
    written: &Report,
) -> io::Result<()> {
    let target = &args.target.output;
    writeln!(
        out,
        "{} -> {} ({}): {} of {}",
        corpus.name(),
        output::path(target),
        written.to,
        report.made,
        counted(report.asked as usize, "token")
    )?;
    writeln!(
        out,
        "  trained on {} with {}, {}",
        counted(report.texts as usize, "text"),
        counted(report.text_bytes as usize, "byte"),
        counted(report.pretokens as usize, "distinct pretoken")
    )?;
    if report.skipped > 0 {
        writeln!(out, "  null instead of text: {}", report.skipped)?;
    }
    writeln!(out, "  bytes per token: {:.3}", report.bytes_per_token())?;
    if let Some(curve) = &report.held_out {
        let value = curve.bytes_per_token();
        writeln!(out, "  bytes per token of the held-out text: {value:.3}")?;
    }
    writeln!(
        out,
        "  checked: {} encode to the same ids",
        counted(written.checked_texts, "text")
    )?;
    for loss in &written.losses {
        writeln!(out, "  lost: {loss}")?;
    }
    let place = convert::place_words(target);
    for companion in convert::companions(target, written) {
        writeln!(out, "  {place}: {companion}")?;
    }
    Ok(())
}

fn to_json(target: &TargetArgs, report: &TrainReport, written: &Report) -> Value {
    let mut value = report.to_json();
    value["target"] = json!(target.output.to_string_lossy());
    value["to"] = json!(written.to);
    value["checked_texts"] = json!(written.checked_texts);
    value
}
