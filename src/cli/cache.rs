//! `bpekit cache`: the files in tiktoken's cache.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::cache_args::{CacheArgs, CacheCommand, CheckArgs, FolderArgs, ListArgs, PutArgs};
use super::{Failure, NO, Outcome, Streams, YES, output};
use crate::error::Error;
use crate::tiktoken_cache::{self, Entry, PublishedFile, Put, State};

pub(super) fn run(args: &CacheArgs, streams: &mut Streams<'_>) -> Outcome {
    match &args.command {
        CacheCommand::Put(args) => put(args, streams),
        CacheCommand::List(args) => list(args, streams),
        CacheCommand::Check(args) => check(args, streams),
    }
}

fn folder(args: &FolderArgs) -> Result<PathBuf, Failure> {
    let folder = args.dir.clone().or_else(tiktoken_cache::folder);
    Ok(folder.ok_or_else(|| {
        Error::argument(
            "the environment turns tiktoken's cache off (TIKTOKEN_CACHE_DIR or DATA_GYM_CACHE_DIR is \
             empty); name a folder with `--dir`",
        )
    })?)
}

fn put(args: &PutArgs, streams: &mut Streams<'_>) -> Outcome {
    if args.url.is_some() && args.files.len() > 1 {
        return Err(
            Error::argument("`--url` is the URL of one file, and there are several").into(),
        );
    }
    let folder = folder(&args.folder)?;
    let mut done = Vec::new();
    for file in &args.files {
        done.push((
            file,
            tiktoken_cache::put(file, args.url.as_deref(), &folder)?,
        ));
    }
    let out = &mut *streams.stdout;
    if args.folder.json {
        let put_json = |(file, put): &(&PathBuf, Put)| {
            json!({
                "file": output::path(file),
                "path": output::path(&put.path),
                "url": put.url,
                "sha256": put.sha256,
                "was_there": put.was_there,
            })
        };
        let items: Vec<Value> = done.iter().map(put_json).collect();
        output::json(out, &json!({ "schema": output::SCHEMA, "put": items }))?;
        return Ok(YES);
    }
    for (file, put) in &done {
        let there = if put.was_there { " (was there)" } else { "" };
        writeln!(
            out,
            "{} -> {}{there}",
            output::path(file),
            output::path(&put.path)
        )?;
        writeln!(out, "  {}", put.url)?;
    }
    Ok(YES)
}

fn list(args: &ListArgs, streams: &mut Streams<'_>) -> Outcome {
    let folder = folder(&args.folder)?;
    let entries = tiktoken_cache::list(&folder)?;
    let entries: Vec<&Entry> = entries.iter().collect();
    print(streams.stdout, &folder, &entries, args.folder.json)?;
    Ok(YES)
}

fn check(args: &CheckArgs, streams: &mut Streams<'_>) -> Outcome {
    let folder = folder(&args.folder)?;
    let mut wanted: Vec<&PublishedFile> = Vec::new();
    for encoding in &args.encodings {
        wanted.extend(tiktoken_cache::files_of(encoding)?);
    }
    let entries = tiktoken_cache::list(&folder)?;
    let is_meant = |entry: &&Entry| match entry.published {
        Some(_) if wanted.is_empty() => entry.state != State::Absent,
        Some(published) => wanted.contains(&published),
        None => false,
    };
    let entries: Vec<&Entry> = entries.iter().filter(is_meant).collect();
    print(streams.stdout, &folder, &entries, args.folder.json)?;
    let is_right = entries.iter().all(|entry| entry.state == State::Right);
    Ok(if is_right { YES } else { NO })
}

fn print(out: &mut dyn Write, folder: &Path, entries: &[&Entry], as_json: bool) -> io::Result<()> {
    if as_json {
        let items: Vec<Value> = entries.iter().map(|entry| to_json(entry)).collect();
        let value = json!({
            "schema": output::SCHEMA,
            "folder": output::path(folder),
            "files": items,
        });
        return output::json(out, &value);
    }
    writeln!(out, "{}", output::path(folder))?;
    for entry in entries {
        let what = match entry.published {
            Some(published) => {
                let name = published.url.rsplit('/').next().unwrap_or_default();
                format!("{name} ({})", published.encodings.join(", "))
            }
            None => "of another URL".to_owned(),
        };
        writeln!(out, "  {}  {:<6}  {what}", entry.name, state(entry.state))?;
    }
    Ok(())
}

fn state(state: State) -> &'static str {
    match state {
        State::Right => "right",
        State::Wrong => "wrong",
        State::Absent => "absent",
        State::Other => "other",
    }
}

fn to_json(entry: &Entry) -> Value {
    json!({
        "name": entry.name,
        "state": state(entry.state),
        "url": entry.published.map(|published| published.url),
        "sha256": entry.published.map(|published| published.sha256),
        "encodings": entry.published.map(|published| published.encodings),
    })
}
