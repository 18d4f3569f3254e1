//! `bpekit edit`: a tokenizer with one thing changed, checked.

use serde_json::json;

use super::edit_args::{
    AddArgs, EditArgs, EditCommand, ExtendArgs, Files, HowArgs, RemoveArgs, ResizeArgs,
    TruncateArgs,
};
use super::output;
use super::train_args::{CutArgs, KeepArgs, MergeArgs, TargetArgs, TrainArgs};
use super::verify::read_id_map;
use super::{Failure, Outcome, Streams, YES, convert, source, train};
use crate::convert::ConvertOptions;
use crate::edit::{self, Edited, NewToken};
use crate::error::Error;
use crate::tokenizer::Tokenizer;
use crate::verify::Kind;

/// How many lines say what was done.
const SHOWN: usize = 20;

pub(super) fn run(args: &EditArgs, streams: &mut Streams<'_>) -> Outcome {
    let (files, how) = match &args.command {
        EditCommand::Extend(args) => return extend(args, streams),
        EditCommand::Add(args) => (&args.files, &args.how),
        EditCommand::Remove(args) => (&args.files, &args.how),
        EditCommand::Resize(args) => (&args.files, &args.how),
        EditCommand::Truncate(args) => (&args.files, &args.how),
        EditCommand::Compact(args) => (&args.files, &args.how),
        EditCommand::Reorder(args) => (&args.files, &args.how),
    };
    let before = source::open(&files.source, &how.load, streams)?;
    let edited = match &args.command {
        EditCommand::Add(args) => add(args, &before)?,
        EditCommand::Remove(args) => remove(args, &before)?,
        EditCommand::Resize(args) => resize(args, &before)?,
        EditCommand::Truncate(args) => truncate(args, &before)?,
        EditCommand::Reorder(args) => edit::reorder(&before, &read_id_map(&args.map)?)?,
        EditCommand::Compact(_) | EditCommand::Extend(_) => edit::compact(&before)?,
    };
    write(files, how, &edited, streams)
}

fn add(args: &AddArgs, before: &Tokenizer) -> Result<Edited, Failure> {
    let special = args.special.iter().map(|text| (text, true));
    let others = args.token.iter().map(|text| (text, false));
    let mut next = args.first_id;
    let tokens: Vec<NewToken> = special
        .chain(others)
        .map(|(text, is_special)| {
            let id = next;
            next = next.and_then(|id| id.checked_add(1));
            NewToken {
                content: text.clone(),
                id,
                is_special,
                single_word: args.single_word,
                lstrip: args.lstrip,
                rstrip: args.rstrip,
                normalized: args.normalized,
            }
        })
        .collect();
    Ok(edit::add_tokens(before, &tokens)?)
}

fn remove(args: &RemoveArgs, before: &Tokenizer) -> Result<Edited, Failure> {
    if args.unused {
        return Ok(edit::remove_tokens(before, &edit::unused_tokens(before))?);
    }
    let held: Vec<&str> = before
        .definition()
        .added_tokens
        .iter()
        .map(|token| token.content.as_str())
        .collect();
    let mut wanted: Vec<&str> = Vec::new();
    for given in &args.token {
        // A token may have a star of its own.
        let found: Vec<&str> = match held.iter().find(|text| *text == given) {
            Some(text) => vec![text],
            None => held
                .iter()
                .copied()
                .filter(|text| matches(given, text))
                .collect(),
        };
        if found.is_empty() {
            return Err(Error::argument(format!(
                "`{}` is no added token",
                output::full_text(given)
            ))
            .into());
        }
        wanted.extend(found);
    }
    wanted.sort_unstable();
    wanted.dedup();
    Ok(edit::remove_tokens(before, &wanted)?)
}

/// Whether a text is that of a pattern in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, behind)) = text.split_once(part) else {
            return false;
        };
        text = behind;
    }
    text.ends_with(last)
}

fn resize(args: &ResizeArgs, before: &Tokenizer) -> Result<Edited, Failure> {
    let bound = before.n_vocab();
    let multiple = args.multiple_of.unwrap_or(1);
    let size = args
        .size
        .or_else(|| bound.checked_next_multiple_of(multiple));
    let size = size.ok_or_else(|| Error::argument("there are not so many ids"))?;
    Ok(edit::resize(before, size, &args.text)?)
}

fn truncate(args: &TruncateArgs, before: &Tokenizer) -> Result<Edited, Failure> {
    let mut edited = edit::truncate_merges(before, args.merges)?;
    if args.compact {
        let closed = edit::compact(&edited.tokenizer)?;
        edited.tokenizer = closed.tokenizer;
        edited.done.extend(closed.done);
        if edited.proof.kind == Kind::Equal {
            edited.proof = closed.proof;
        }
    }
    Ok(edited)
}

fn write(files: &Files, how: &HowArgs, edited: &Edited, streams: &mut Streams<'_>) -> Outcome {
    let options = ConvertOptions {
        to: how.to.clone(),
        allow_loss: how.allow_loss.clone(),
        ..ConvertOptions::default()
    };
    let report = convert::write(&edited.tokenizer, &files.target, &options, streams)?;
    // The report must not stand in the middle of the file.
    let out = if convert::is_stdout(&files.target) {
        &mut *streams.stderr
    } else {
        &mut *streams.stdout
    };
    if how.json {
        let mut value = convert::to_json(&files.source, &files.target, &report);
        value["done"] = json!(edited.done);
        value["edit_verified"] = edited.proof.to_json();
        output::json(out, &value)?;
        return Ok(YES);
    }
    for done in edited.done.iter().take(SHOWN) {
        writeln!(out, "{}", output::full_text(done))?;
    }
    if let Some(more @ 1..) = edited.done.len().checked_sub(SHOWN) {
        writeln!(out, "and {more} more")?;
    }
    let word = match edited.proof.kind {
        Kind::Equal => "for every text",
        Kind::Different | Kind::Undecided => "for the texts that were tried",
    };
    writeln!(out, "verified: the rest is what it was, {word}")?;
    convert::print(out, &files.source, &files.target, &report)?;
    Ok(YES)
}

/// Training that goes on from the tokenizer.
fn extend(args: &ExtendArgs, streams: &mut Streams<'_>) -> Outcome {
    let how = TrainArgs {
        files: args.texts.clone(),
        vocab_size: args.vocab_size,
        target: TargetArgs {
            output: args.files.target.clone(),
            to: args.to.clone(),
            allow_loss: args.allow_loss.clone(),
        },
        json: args.json,
        quiet: args.quiet,
        cut: CutArgs {
            pattern: args.pattern.clone(),
            ..CutArgs::default()
        },
        merge: MergeArgs::going_on_from(args.files.source.clone()),
        texts: args.reading.clone(),
        keep: KeepArgs::default(),
    };
    train::run(&how, streams)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in [
            ("a", "a"),
            ("*", ""),
            ("a*", "a"),
            ("a*c", "abc"),
            ("*b*", "abc"),
            ("a*b*c", "aXbYbZc"),
            ("*aa", "aaa"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("a", "ab"),
            ("a*", "ba"),
            ("a*c", "ab"),
            ("ab*ba", "aba"),
            ("*b*b", "ab"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
