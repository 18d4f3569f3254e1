//! `bpekit report`: a page about a tokenizer.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use bpekit_formats::files;

use super::convert::is_stdout;
use super::look_args::ReportArgs;
use super::text::Input;
use super::{Failure, Outcome, Streams, YES, output, progress, source};
use crate::report::{LabelledText, Report, ReportOptions};

pub(super) fn run(args: &ReportArgs, streams: &mut Streams<'_>) -> Outcome {
    let tokenizer = source::open(&args.file, &args.load, streams)?;
    let other = match &args.with {
        Some(path) => {
            let other = source::open(path, &super::diff::for_file(path, &args.load)?, streams)?;
            Some((output::path(path), other))
        }
        None => None,
    };
    let texts = args.texts.iter().map(|argument| read(argument, streams));
    let texts: Vec<LabelledText> = texts.collect::<Result<_, _>>()?;
    let title = args.title.clone();
    let title = title.unwrap_or_else(|| output::path(&args.file));
    let options = ReportOptions {
        title: Some(&title),
        texts: &texts,
        other: other.as_ref().map(|(title, other)| (title.as_str(), other)),
    };
    let busy = progress::busy("finding out");
    let report = Report::of(&tokenizer, &options)?;
    drop(busy);
    match &args.out {
        Some(path) if !is_stdout(path) => files::write_atomic(path, report.to_html().as_bytes())?,
        Some(_) => streams.stdout.write_all(report.to_html().as_bytes())?,
        None => output::json(streams.stdout, &report.to_json())?,
    }
    Ok(YES)
}

/// A text as it is given: a file that is there, or what to call it, `=` and a file.
fn read(argument: &OsString, streams: &mut Streams<'_>) -> Result<LabelledText, Failure> {
    let (label, path) = match label_of(argument) {
        Some((label, path)) if !Path::new(argument).exists() => (label, path),
        _ => {
            let path = PathBuf::from(argument.clone());
            let name = path.file_stem().unwrap_or(argument);
            (name.to_string_lossy().into_owned(), path)
        }
    };
    let input = if is_stdout(&path) {
        Input::Stdin
    } else {
        Input::File(&path)
    };
    let text = input.text(streams)?;
    Ok(LabelledText { label, text })
}

fn label_of(argument: &OsStr) -> Option<(String, PathBuf)> {
    let (label, path) = argument.to_str()?.split_once('=')?;
    Some((label.to_owned(), PathBuf::from(path)))
}
