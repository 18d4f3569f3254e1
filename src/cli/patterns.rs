//! `bpekit patterns`: the published patterns, and who knows them.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::train_args::PatternsArgs;
use super::{Outcome, Streams, YES, output};
use crate::known::{self, KnownPattern};

/// How many names a list for people has of one tool.
const SHOWN: usize = 4;

pub(super) fn run(args: &PatternsArgs, streams: &mut Streams<'_>) -> Outcome {
    let out = &mut *streams.stdout;
    let only = args.name.as_deref().map(by_name).transpose()?;
    let listed = match only {
        Some(known) => std::slice::from_ref(known),
        None => known::patterns(),
    };
    if args.json {
        let items: Vec<Value> = listed.iter().map(to_json).collect();
        output::json(out, &json!({ "schema": output::SCHEMA, "patterns": items }))?;
        return Ok(YES);
    }
    for (at, known) in listed.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        print(out, known, only.is_some())?;
    }
    Ok(YES)
}

fn by_name(name: &str) -> crate::Result<&'static KnownPattern> {
    known::pattern_by_name(name).ok_or_else(|| {
        let names: Vec<_> = known::patterns().iter().map(|known| known.name).collect();
        crate::Error::argument(format!(
            "`{}` is no published pattern; expected one of {}",
            bpekit_formats::show_text(name),
            names.join(", ")
        ))
    })
}

/// The tools that know a pattern, and what it is called there.
fn tools(known: &KnownPattern) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let llama_cpp = (!known.gguf.is_empty()).then_some(("llama.cpp", known.gguf));
    let others = known.known_by.iter().map(|by| (by.tool, by.names));
    llama_cpp.into_iter().chain(others)
}

fn print(out: &mut dyn Write, known: &KnownPattern, is_whole: bool) -> io::Result<()> {
    writeln!(out, "{}", known.name)?;
    let mut line = |label: &str, value: &str| writeln!(out, "  {label:<16}{value}");
    line("whose it is", known.title)?;
    line("other names", &known.aliases.join(", "))?;
    for (tool, names) in tools(known) {
        let shown = if is_whole { names.len() } else { SHOWN };
        let mut list = names[..names.len().min(shown)].join(", ");
        if names.len() > shown {
            list = format!("{list} and {} more", names.len() - shown);
        }
        line(tool, &list)?;
    }
    if is_whole {
        line("fancy-regex", &on_a_line(known.tiktoken))?;
        for (at, stage) in known.tokenizers.iter().enumerate() {
            let label = if at == 0 { "Oniguruma" } else { "" };
            line(label, &on_a_line(stage))?;
        }
    }
    Ok(())
}

/// A pattern that can be copied: a line break and its escape mean the same.
fn on_a_line(pattern: &str) -> String {
    output::full_text(&pattern.replace('\r', r"\r").replace('\n', r"\n"))
}

fn to_json(known: &KnownPattern) -> Value {
    let known_by: Map<String, Value> = tools(known)
        .map(|(tool, names)| (tool.to_owned(), names.into()))
        .collect();
    json!({
        "name": known.name,
        "aliases": known.aliases,
        "title": known.title,
        "known_by": known_by,
        "fancy_regex": known.tiktoken,
        "oniguruma": known.tokenizers,
    })
}
