//! `bpekit convert`: a file in another format, checked.

use std::io::{self, Write};
use std::path::Path;

use bpekit_formats::{Error as FileError, registry};
use serde_json::{Value, json};

use super::args::ConvertArgs;
use super::output::{self, counted};
use super::{Failure, NO, Outcome, Streams, YES, progress, source};
use crate::convert::{ConvertOptions, Report, Verdict, losses_to_json, save, to_bundle};
use crate::tokenizer::Tokenizer;
use crate::verify::Kind;

pub(super) fn run(args: &ConvertArgs, streams: &mut Streams<'_>) -> Outcome {
    let tokenizer = source::open(&args.source, &args.load, streams)?;
    let options = ConvertOptions {
        to: args.to.clone(),
        allow_loss: args.allow_loss.clone(),
        string_merges: args.string_merges,
    };
    let is_stdout = is_stdout(&args.target);
    let busy = progress::busy("converting and checking");
    let outcome = write(&tokenizer, &args.target, &options, streams);
    drop(busy);
    // The report must not stand in the middle of the file.
    let out = if is_stdout {
        &mut *streams.stderr
    } else {
        &mut *streams.stdout
    };
    match outcome {
        Ok(report) => {
            if args.json {
                output::json(out, &to_json(&args.source, &args.target, &report))?;
            } else {
                print(out, &args.source, &args.target, &report)?;
            }
            Ok(YES)
        }
        Err(failure) if failure.status() == NO => {
            let losses = failure
                .file_error()
                .map(FileError::losses)
                .unwrap_or_default();
            if args.json {
                let value = json!({
                    "schema": output::SCHEMA,
                    "source": args.source.to_string_lossy(),
                    "target": args.target.to_string_lossy(),
                    "verdict": "refused",
                    "losses": losses_to_json(losses),
                });
                output::json(out, &value)?;
            }
            writeln!(
                streams.stderr,
                "bpekit: {failure}\nbpekit: nothing was written"
            )?;
            Ok(NO)
        }
        Err(failure) => Err(failure),
    }
}

/// Whether a target is standard output; a file of that name is `./-`.
pub(super) fn is_stdout(target: &Path) -> bool {
    target == Path::new("-")
}

/// Writes a tokenizer to a file or to standard output, checked.
pub(super) fn write(
    tokenizer: &Tokenizer,
    target: &Path,
    options: &ConvertOptions,
    streams: &mut Streams<'_>,
) -> Result<Report, Failure> {
    if is_stdout(target) {
        to_stdout(tokenizer, options, streams)
    } else {
        Ok(save(tokenizer, target, options)?)
    }
}

/// The name under which a file of the format is known, for what has none.
pub(super) fn stdout_name(options: &ConvertOptions) -> Result<&'static str, Failure> {
    let Some(format) = &options.to else {
        return Err(
            FileError::unsupported("standard output has no name that says a format")
                .with_hint("name the format with `--to FORMAT`")
                .into(),
        );
    };
    let names = registry::by_name(format)?.info().file_names;
    let name = names.iter().find(|name| !name.starts_with('.'));
    Ok(name.unwrap_or(&"stdout"))
}

fn to_stdout(
    tokenizer: &Tokenizer,
    options: &ConvertOptions,
    streams: &mut Streams<'_>,
) -> Result<Report, Failure> {
    let (bundle, report) = to_bundle(tokenizer, stdout_name(options)?, options)?;
    if bundle.companions().len() > 0 {
        return Err(FileError::unsupported(format!(
            "a tokenizer in format `{}` takes more than one file, and standard output is one",
            report.to
        ))
        .with_hint("name a file to write; the others are put beside it")
        .into());
    }
    streams.stdout.write_all(bundle.bytes())?;
    Ok(report)
}

/// What was written, for people.
pub(super) fn print(
    out: &mut dyn Write,
    source: &Path,
    target: &Path,
    report: &Report,
) -> io::Result<()> {
    writeln!(
        out,
        "{} ({}) -> {} ({}): {}",
        output::path(source),
        report.from,
        output::path(target),
        report.to,
        report.verdict.name()
    )?;
    let merges = match report.merge_count {
        Some(count) => counted(count, "merge"),
        None => "no list of merges".to_owned(),
    };
    writeln!(
        out,
        "  {}, {merges}, n_vocab {}",
        counted(report.token_count, "token"),
        report.n_vocab
    )?;
    let condition = match report.verdict {
        Verdict::Exact => "",
        Verdict::Conditional => ", leaving aside what is lost",
    };
    writeln!(
        out,
        "  checked: {} encode to the same ids{condition}",
        counted(report.checked_texts, "text")
    )?;
    if let Some(proof) = &report.proof {
        let word = match proof.kind {
            Kind::Equal => "shown for every text",
            Kind::Different | Kind::Undecided => "not shown for every text",
        };
        writeln!(out, "  verified: {word}{condition}")?;
    }
    for loss in &report.losses {
        writeln!(out, "  lost: {loss}")?;
    }
    let place = place_words(target);
    for companion in companions(target, report) {
        writeln!(out, "  {place}: {companion}")?;
    }
    Ok(())
}

/// Where the other files of a target are.
pub(super) fn place_words(target: &Path) -> &'static str {
    if target.is_dir() {
        "in it"
    } else {
        "beside it"
    }
}

/// The files that were written beside the target, or in it.
pub(super) fn companions(target: &Path, report: &Report) -> Vec<String> {
    let place = |name: &String| {
        if target.is_dir() {
            target.join(name)
        } else {
            target.with_file_name(name)
        }
    };
    let paths = report.files.iter().map(place);
    paths.map(|path| output::path(&path)).collect()
}

/// What was written, for programs.
pub(super) fn to_json(source: &Path, target: &Path, report: &Report) -> Value {
    let mut value = json!({
        "schema": output::SCHEMA,
        "source": source.to_string_lossy(),
        "target": target.to_string_lossy(),
    });
    if let (Value::Object(value), Value::Object(members)) = (&mut value, report.to_json()) {
        value.extend(members);
    }
    value
}
