//! `bpekit encode --out`: whole files to a file of ids.

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use serde_json::json;

use super::args::EncodeArgs;
use super::corpus::{self, Corpus};
use super::output::{self, counted};
use super::{Failure, Outcome, Streams, YES, progress, source};
use crate::encode_file::{FileEncoder, FileReport};
use crate::error::{Error, Result};
use crate::source::FileForm;
use crate::tokenizer::Tokenizer;
use crate::watch::Watch;

pub(super) fn run(args: &EncodeArgs, out: &Path, streams: &mut Streams<'_>) -> Outcome {
    if out == Path::new("-") {
        return Err(Error::argument(
            "a file of ids is no text; where standard output may have it, name that: `/dev/stdout`",
        )
        .into());
    }
    // What cannot be is refused before the tokenizer is loaded.
    corpus::check_place(out)?;
    let corpus = Corpus::of(&args.files)?;
    let tokenizer = source::tokenizer(&args.tokenizer, &args.load, streams)?;
    let encoder = encoder(&tokenizer, args);
    let watch = progress::watch(args.id_file.quiet);
    let report = match corpus {
        Corpus::Files(paths) => encoder.to_file(paths, out, &*watch)?,
        Corpus::Stdin => of_stdin(&encoder, out, &*watch, streams)?,
    };
    drop(watch);
    print(args, &encoder, &corpus, out, &report, streams)?;
    Ok(YES)
}

fn encoder<'t>(tokenizer: &'t Tokenizer, args: &EncodeArgs) -> FileEncoder<'t> {
    let given = &args.id_file;
    let mut encoder = FileEncoder::new(tokenizer);
    encoder.separator = given.separator.clone().map(String::into_bytes);
    encoder.prepend.clone_from(&given.prepend);
    encoder.append.clone_from(&given.append);
    encoder.special = args.special.policy();
    encoder.frame = args.special.add_special_tokens;
    encoder.form = given.field.as_ref().map(|field| FileForm::JsonLines {
        field: field.clone(),
    });
    encoder.invalid = given.errors.unwrap_or_default();
    encoder.id_type = given.dtype;
    if let Some(count) = given.threads {
        encoder.thread_count = usize::from(count);
    }
    encoder
}

/// How much of standard input is read at once, and how many blocks may wait.
const BLOCK: usize = 1 << 16;
const WAITING: usize = 16;

/// Standard input stays with this thread, which reads while others encode.
fn of_stdin(
    encoder: &FileEncoder<'_>,
    out: &Path,
    watch: &dyn Watch,
    streams: &mut Streams<'_>,
) -> Result<FileReport> {
    let (sender, blocks) = sync_channel(WAITING);
    thread::scope(|scope| {
        let worker = scope.spawn(|| encoder.blocks_to_file(blocks, corpus::STDIN, out, watch));
        read_into(streams.stdin, &sender);
        drop(sender);
        worker
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Reads to the end, or until nobody takes what was read.
fn read_into(stdin: &mut dyn Read, sender: &SyncSender<std::io::Result<Vec<u8>>>) {
    loop {
        let mut block = vec![0; BLOCK];
        let read = match stdin.read(&mut block) {
            Ok(0) => return,
            Ok(len) => {
                block.truncate(len);
                Ok(block)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_last = read.is_err();
        if sender.send(read).is_err() || is_last {
            return;
        }
    }
}

fn print(
    args: &EncodeArgs,
    encoder: &FileEncoder<'_>,
    corpus: &Corpus<'_>,
    out: &Path,
    report: &FileReport,
    streams: &mut Streams<'_>,
) -> Result<(), Failure> {
    let dtype = encoder.chosen_id_type()?.name();
    // The report must not stand behind the ids in a pipe.
    let is_file = std::fs::metadata(out).is_ok_and(|metadata| metadata.is_file());
    let to = if is_file {
        &mut *streams.stdout
    } else {
        &mut *streams.stderr
    };
    if args.json {
        let value = json!({
            "schema": output::SCHEMA,
            "target": out.to_string_lossy(),
            "dtype": dtype,
            "documents": report.documents,
            "ids": report.ids,
            "text_bytes": report.text_bytes,
            "skipped": report.skipped,
        });
        return Ok(output::json(to, &value)?);
    }
    writeln!(
        to,
        "{} -> {} ({dtype}): {}, {}, {}",
        corpus.name(),
        output::path(out),
        counted(report.documents as usize, "document"),
        counted(report.ids as usize, "id"),
        counted(report.text_bytes as usize, "byte"),
    )?;
    if report.skipped > 0 {
        writeln!(to, "  null instead of text: {}", report.skipped)?;
    }
    Ok(())
}
