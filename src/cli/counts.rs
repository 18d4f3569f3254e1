//! `bpekit counts`: counts of pretokens, made, added up and shown.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bpekit_formats::{show_bytes, show_text};
use serde_json::json;

use super::corpus::{self, Corpus};
use super::output::{self, counted};
use super::progress;
use super::train_args::{
    CountsArgs, CountsCommand, CountsMakeArgs, CountsMergeArgs, CountsShowArgs,
};
use super::{Failure, Outcome, Streams, YES};
use crate::diff::describe;
use crate::train::PretokenCounts;

pub(super) fn run(args: &CountsArgs, streams: &mut Streams<'_>) -> Outcome {
    match &args.command {
        CountsCommand::Make(args) => make(args, streams),
        CountsCommand::Merge(args) => merge(args, streams),
        CountsCommand::Show(args) => show(args, streams),
    }
}

fn make(args: &CountsMakeArgs, streams: &mut Streams<'_>) -> Outcome {
    corpus::check_counts_name(&args.output)?;
    let corpus = Corpus::of(&args.files)?;
    corpus.check_target(&args.output)?;
    if corpus.counts()?.is_some() {
        return Err(crate::Error::argument(
            "the files have counts already; `bpekit counts merge` adds them up",
        )
        .into());
    }
    let mut counts = PretokenCounts::new(args.cut.pretokenization(None, &[])?)?;
    let options = args.texts.options();
    let watch = progress::watch(args.quiet);
    let watch = &*watch;
    match corpus {
        Corpus::Files(paths) => {
            counts.count_files(paths, args.texts.form().as_ref(), &options, watch)?;
        }
        Corpus::Stdin if args.texts.lines => {
            let (feeder, fed) = counts.feeder()?;
            corpus::feed_lines(&args.texts, streams, feeder, || {
                counts.count_fed(fed, &options, watch)
            })?;
        }
        Corpus::Stdin => {
            let text = corpus::stdin_text(&args.texts, streams)?;
            counts.count_text(&text, &options, watch)?;
        }
    }
    save(&counts, &corpus.name(), &args.output, streams)
}

fn merge(args: &CountsMergeArgs, streams: &mut Streams<'_>) -> Outcome {
    corpus::check_counts_name(&args.output)?;
    let mut counts = added_up(&args.files)?;
    if args.min_count > 1 {
        counts.prune(args.min_count);
    }
    let name = Corpus::Files(&args.files).name();
    save(&counts, &name, &args.output, streams)
}

/// The sum of several files of counts.
pub(super) fn added_up(paths: &[PathBuf]) -> Result<PretokenCounts, Failure> {
    let mut all: Option<PretokenCounts> = None;
    for path in paths {
        let counts = PretokenCounts::load(path)?;
        match &mut all {
            None => all = Some(counts),
            Some(all) => all
                .merge(&counts)
                .map_err(|error| Failure::at(output::path(path), error))?,
        }
    }
    all.ok_or_else(|| crate::Error::argument("there are no counts").into())
}

fn save(
    counts: &PretokenCounts,
    source: &str,
    target: &Path,
    streams: &mut Streams<'_>,
) -> Outcome {
    counts.save(target)?;
    writeln!(
        streams.stdout,
        "{source} -> {}: {} in {}, {}",
        output::path(target),
        counted(counts.len(), "distinct pretoken"),
        counted(counts.texts() as usize, "text"),
        counted(counts.text_bytes() as usize, "byte"),
    )?;
    Ok(YES)
}

fn show(args: &CountsShowArgs, streams: &mut Streams<'_>) -> Outcome {
    let counts = PretokenCounts::load(&args.file)?;
    if args.json {
        output::json(streams.stdout, &to_json(args, &counts)?)?;
    } else {
        let total = counts.total()?;
        print(streams.stdout, args, &counts, total)?;
    }
    Ok(YES)
}

fn print(
    out: &mut dyn Write,
    args: &CountsShowArgs,
    counts: &PretokenCounts,
    total: u64,
) -> io::Result<()> {
    let how = counts.pretokenization();
    writeln!(out, "{}", output::path(&args.file))?;
    let mut line = |label: &str, value: &str| writeln!(out, "  {label:<16}{value}");
    line("pattern", &output::full_text(&how.pattern_name()))?;
    let normalizer = how.normalizer().map(describe::normalizer);
    line("normalizer", normalizer.as_deref().unwrap_or("none"))?;
    let tokens: Vec<_> = how
        .special_tokens()
        .iter()
        .map(|text| show_text(text))
        .collect();
    let tokens = tokens.join(" ");
    line(
        "special tokens",
        if tokens.is_empty() { "none" } else { &tokens },
    )?;
    line("texts", &counts.texts().to_string())?;
    if counts.skipped() > 0 {
        line("null texts", &counts.skipped().to_string())?;
    }
    line("bytes", &counts.text_bytes().to_string())?;
    line("pretokens", &format!("{total}, {} distinct", counts.len()))?;
    if counts.min_count() > 1 {
        let rare = format!(
            "pretokens that occur less than {} times",
            counts.min_count()
        );
        line("left out", &rare)?;
    }
    let most_common = counts.most_common(args.top);
    if let Some((_, highest)) = most_common.first() {
        let width = highest.to_string().len().max(7);
        writeln!(out)?;
        for (pretoken, count) in &most_common {
            let shown = show_bytes(pretoken);
            writeln!(out, "{count:width$}  {}", shown.trim_start_matches('b'))?;
        }
    }
    Ok(())
}

fn to_json(args: &CountsShowArgs, counts: &PretokenCounts) -> crate::Result<serde_json::Value> {
    let how = counts.pretokenization();
    let most_common: Vec<_> = counts
        .most_common(args.top)
        .into_iter()
        .map(|(pretoken, count)| {
            json!({
                "pretoken": String::from_utf8_lossy(&pretoken),
                "hex": hex(&pretoken),
                "count": count,
            })
        })
        .collect();
    Ok(json!({
        "schema": output::SCHEMA,
        "path": args.file.to_string_lossy(),
        "pattern": how.pattern_name(),
        "normalizer": how.normalizer().map(describe::normalizer),
        "special_tokens": how.special_tokens(),
        "texts": counts.texts(),
        "text_bytes": counts.text_bytes(),
        "skipped": counts.skipped(),
        "pretokens": counts.len(),
        "total": counts.total()?,
        "min_count": counts.min_count(),
        "most_common": most_common,
    }))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
