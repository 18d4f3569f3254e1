//! `bpekit verify`: do two files make the same of every text?

use std::io::{self, Write};
use std::path::Path;

use bpekit_formats::{Error as FileError, Limits, files, show_bytes};
use serde_json::{Value, json};

use super::args::VerifyArgs;
use super::diff::for_file;
use super::{Failure, NO, Outcome, Streams, UNDECIDED, YES, output, progress, source};
use crate::diff::Part;
use crate::error::Error;
use crate::verify::{Counterexample, IdMap, Kind, Side, Verdict, VerifyOptions, verify};

pub(super) fn run(args: &VerifyArgs, streams: &mut Streams<'_>) -> Outcome {
    let options = VerifyOptions {
        id_map: match &args.id_map {
            Some(path) => read_id_map(path)?,
            None => IdMap::default(),
        },
        ignore: args
            .ignore
            .iter()
            .map(|name| part(name))
            .collect::<Result<_, _>>()?,
    };
    let a = source::open(&args.a, &for_file(&args.a, &args.load)?, streams)?;
    let b = source::open(&args.b, &for_file(&args.b, &args.load)?, streams)?;
    let busy = progress::busy("comparing");
    let verdict = verify(&a, &b, &options)?;
    drop(busy);
    if args.json {
        output::json(streams.stdout, &to_json(args, &verdict))?;
    } else {
        print(streams.stdout, args, &verdict)?;
    }
    Ok(match verdict.kind {
        Kind::Equal => YES,
        Kind::Different => NO,
        Kind::Undecided => UNDECIDED,
    })
}

/// The part of that name.
pub(super) fn part(name: &str) -> Result<Part, Failure> {
    let found = Part::ALL.iter().find(|part| part.name() == name);
    found.copied().ok_or_else(|| {
        let names: Vec<_> = Part::ALL.iter().map(|part| part.name()).collect();
        Error::argument(format!(
            "`{}` is no part of a tokenizer; expected one of {}",
            output::full_text(name),
            names.join(", ")
        ))
        .into()
    })
}

/// A JSON object whose members are ids of A, with ids of B.
pub(super) fn read_id_map(path: &Path) -> Result<IdMap, Failure> {
    let bytes = files::read_bytes(path, &Limits::default())?;
    let wrong = |what: &str| {
        FileError::data(format!("{what}; expected an object such as {{\"5\": 6}}")).with_path(path)
    };
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| wrong("is not JSON"))?;
    let members = value.as_object().ok_or_else(|| wrong("is not an object"))?;
    let mut pairs = Vec::with_capacity(members.len());
    for (from, to) in members {
        let from = from
            .parse::<u32>()
            .map_err(|_| wrong("a name is not a token id"))?;
        let to = to.as_u64().and_then(|to| u32::try_from(to).ok());
        pairs.push((from, to.ok_or_else(|| wrong("a value is not a token id"))?));
    }
    Ok(IdMap::new(pairs)?)
}

fn print(out: &mut dyn Write, args: &VerifyArgs, verdict: &Verdict) -> io::Result<()> {
    writeln!(
        out,
        "A: {}\nB: {}",
        output::path(&args.a),
        output::path(&args.b)
    )?;
    for reason in &verdict.reasons {
        let word = match reason.kind {
            Kind::Equal => "equal",
            Kind::Different => "differ",
            Kind::Undecided => "open",
        };
        let detail = output::full_text(&reason.detail);
        writeln!(out, "{word:<7} {:<15} {detail}", reason.part)?;
    }
    if let Some(found) = &verdict.counterexample {
        print_counterexample(out, found)?;
    }
    match verdict.kind {
        Kind::Equal => writeln!(out, "equal: every text has the same ids"),
        Kind::Different => writeln!(out, "different: this text has not"),
        Kind::Undecided => writeln!(
            out,
            "undecided: no proof, and {} texts had the same ids",
            verdict.texts
        ),
    }
}

/// The two tokenizations side by side, the tokens that one side alone has marked.
fn print_counterexample(out: &mut dyn Write, found: &Counterexample) -> io::Result<()> {
    let how = if found.with_special {
        ""
    } else {
        " (added tokens not looked for)"
    };
    writeln!(out, "text: `{}`{how}", output::full_text(&found.text))?;
    let rows = |side: &Side| -> Vec<String> {
        let Some(ids) = &side.ids else {
            return Vec::new();
        };
        let tokens = ids.iter().zip(&side.tokens);
        tokens
            .map(|(id, token)| format!("{id} {}", show_bytes(token)))
            .collect()
    };
    let [a, b] = [rows(&found.a), rows(&found.b)];
    let width = a
        .iter()
        .map(|row| row.chars().count())
        .max()
        .unwrap_or(0)
        .max(2);
    writeln!(out, "    {:<width$}  B", "A")?;
    for row in 0..a.len().max(b.len()) {
        let [left, right] = [&a, &b].map(|rows| rows.get(row).map_or("", String::as_str));
        let mark = if left == right { ' ' } else { '!' };
        writeln!(out, "  {mark} {left:<width$}  {right}")?;
    }
    for (name, side) in [("A", &found.a), ("B", &found.b)] {
        if let Some(note) = &side.note {
            writeln!(out, "  {name}: {}", output::full_text(note))?;
        }
    }
    Ok(())
}

fn to_json(args: &VerifyArgs, verdict: &Verdict) -> Value {
    let mut value = json!({
        "schema": output::SCHEMA,
        "a": args.a.to_string_lossy(),
        "b": args.b.to_string_lossy(),
    });
    if let (Value::Object(value), Value::Object(members)) = (&mut value, verdict.to_json()) {
        value.extend(members);
    }
    value
}
