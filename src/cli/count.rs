//! `bpekit count`: how many tokens texts have, over files and directories.

use std::sync::atomic::{AtomicU64, Ordering};

use bpekit_formats::TokenId;
use serde_json::{Value, json};

use super::args::CountArgs;
use super::encode::Encoder;
use super::text::{self, Input};
use super::walk::{self, Found};
use super::{Failure, Outcome, Streams, TROUBLE, YES, output, progress, source};
use crate::threads;
use crate::watch::Progress;

/// One line of the table.
struct Row {
    tokens: usize,
    bytes: usize,
    /// None for standard input by default, as in wc.
    name: Option<String>,
}

/// What became of an input.
enum Counted {
    Row(Row),
    /// A file of a directory that is no text.
    Binary,
    Failed(Failure),
}

pub(super) fn run(args: &CountArgs, streams: &mut Streams<'_>) -> Outcome {
    let encoder = Encoder {
        tokenizer: source::tokenizer(&args.tokenizer, &args.load, streams)?,
        special: args.special.policy(),
        has_frame: args.special.add_special_tokens,
    };
    let mut failures = Vec::new();
    let inputs = text::inputs(&args.files);
    let found = walk::expanded(inputs, &args.walk, |failure| failures.push(failure));
    let mut rows = Vec::with_capacity(found.len());
    let mut binary_count = 0;
    for counted in count_all(&encoder, &found, args, streams) {
        match counted {
            Counted::Row(row) => rows.push(row),
            Counted::Binary => binary_count += 1,
            Counted::Failed(failure) => failures.push(failure),
        }
    }
    // One that is the whole work is told as everywhere else.
    if found.len() == 1
        && rows.is_empty()
        && let Some(failure) = failures.pop()
    {
        return Err(failure);
    }
    if args.json {
        output::json(
            streams.stdout,
            &to_json(&rows, binary_count, failures.len()),
        )?;
    } else {
        print(rows, found.len() > 1, streams)?;
    }
    streams.stdout.flush()?;
    for failure in &failures {
        writeln!(streams.stderr, "bpekit: {failure}")?;
    }
    if binary_count > 0 && !args.json {
        let files = output::counted(binary_count, "file");
        let verb = if binary_count == 1 { "is" } else { "are" };
        writeln!(
            streams.stderr,
            "bpekit: {files} that {verb} not UTF-8 text left out"
        )?;
    }
    Ok(if failures.is_empty() { YES } else { TROUBLE })
}

/// The counts of all inputs, in their order.
fn count_all(
    encoder: &Encoder,
    found: &[Found<'_>],
    args: &CountArgs,
    streams: &mut Streams<'_>,
) -> Vec<Counted> {
    let watch = progress::watch(false);
    let done = AtomicU64::new(0);
    let thread_count = threads::useful(usize::MAX, found.len());
    let is_alone = found.len() == 1;
    let count = |index: usize, stdin: Option<&mut Streams<'_>>| {
        let found = &found[index];
        let input = found.input.as_input();
        let bytes = match (input, stdin) {
            (Input::Stdin, Some(streams)) => input.bytes(streams),
            (Input::File(path), _) => text::file_bytes(path),
            (Input::Stdin, None) => return None,
        };
        let counted = bytes.and_then(|bytes| {
            if !found.is_named && bytes.contains(&0) {
                return Ok(Counted::Binary);
            }
            let text = match input.text_of(bytes) {
                Err(_) if !found.is_named => return Ok(Counted::Binary),
                text => text?,
            };
            let tokens = count_text(encoder, &text, is_alone)
                .map_err(|error| Failure::at(input.name(), error))?;
            let done = done.fetch_add(text.len() as u64, Ordering::Relaxed) + text.len() as u64;
            watch.progress(&Progress::Counting { done, all: None });
            Ok(Counted::Row(Row {
                tokens,
                bytes: text.len(),
                name: name(input, args),
            }))
        });
        Some(counted.unwrap_or_else(Counted::Failed))
    };
    let counted = threads::share(thread_count, found.len(), |queue| {
        let mut mine = Vec::new();
        while let Some(index) = queue.take() {
            mine.push((index, count(index, None)));
        }
        mine
    });
    let mut all: Vec<_> = counted.into_iter().flatten().collect();
    all.sort_unstable_by_key(|(index, _)| *index);
    // Standard input belongs to this thread.
    all.into_iter()
        .filter_map(|(index, counted)| counted.or_else(|| count(index, Some(&mut *streams))))
        .collect()
}

/// The number of ids of a text, on all threads if nothing else is to be done.
fn count_text(encoder: &Encoder, text: &str, is_alone: bool) -> crate::Result<usize> {
    let thread_count = if is_alone { threads::available() } else { 1 };
    let tokenizer = &encoder.tokenizer;
    let counts = tokenizer.count_batch(&[text], &encoder.special, thread_count)?;
    let frame: Vec<TokenId> = if encoder.has_frame {
        tokenizer.with_frame(Vec::new())
    } else {
        Vec::new()
    };
    Ok(counts.iter().sum::<usize>() + frame.len())
}

fn name(input: Input<'_>, args: &CountArgs) -> Option<String> {
    match input {
        Input::File(path) => Some(path.to_string_lossy().into_owned()),
        Input::Stdin if args.files.is_empty() => None,
        Input::Stdin => Some("-".to_owned()),
    }
}

fn total(rows: &[Row]) -> Row {
    Row {
        tokens: rows.iter().map(|row| row.tokens).sum(),
        bytes: rows.iter().map(|row| row.bytes).sum(),
        name: Some("total".to_owned()),
    }
}

fn to_json(rows: &[Row], binary_count: usize, failed_count: usize) -> Value {
    let total = total(rows);
    let files: Vec<_> = rows
        .iter()
        .map(|row| json!({ "path": row.name, "tokens": row.tokens, "bytes": row.bytes }))
        .collect();
    json!({
        "schema": output::SCHEMA,
        "files": files,
        "tokens": total.tokens,
        "bytes": total.bytes,
        "binary_files": binary_count,
        "failed_files": failed_count,
    })
}

fn print(mut rows: Vec<Row>, has_total: bool, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let total = total(&rows);
    // No number is wider than the total.
    let [tokens_width, bytes_width] =
        [total.tokens, total.bytes].map(|number| number.to_string().len().max(6));
    if has_total {
        rows.push(total);
    }
    for row in rows {
        let Row { tokens, bytes, .. } = row;
        write!(
            streams.stdout,
            "{tokens:tokens_width$} {bytes:bytes_width$}"
        )?;
        match row.name {
            Some(name) => writeln!(streams.stdout, " {}", output::full_text(&name))?,
            None => writeln!(streams.stdout)?,
        }
    }
    Ok(())
}
