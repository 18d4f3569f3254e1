//! `bpekit diff`: are two files the same tokenizer?

use std::path::Path;

use bpekit_formats::files;
use serde_json::{Value, json};

use super::args::{DiffArgs, LoadArgs};
use super::{Failure, NO, Outcome, Streams, YES, output, source};
use crate::diff::{Finding, compare};

pub(super) fn run(args: &DiffArgs, streams: &mut Streams<'_>) -> Outcome {
    let (a, _) = source::definition(&args.a, &for_file(&args.a, &args.load)?, streams)?;
    let (b, _) = source::definition(&args.b, &for_file(&args.b, &args.load)?, streams)?;
    let difference = compare(&a, &b);
    let is_same = difference.is_same();
    if args.json {
        let list = |findings: &[Finding]| -> Vec<Value> {
            let object =
                |found: &Finding| json!({ "part": found.part.name(), "detail": found.detail });
            findings.iter().map(object).collect()
        };
        let value = json!({
            "schema": output::SCHEMA,
            "a": args.a.to_string_lossy(),
            "b": args.b.to_string_lossy(),
            "same": is_same,
            "differences": list(&difference.findings),
            "notes": list(&difference.notes),
        });
        output::json(streams.stdout, &value)?;
    } else {
        let out = &mut *streams.stdout;
        writeln!(
            out,
            "A: {}\nB: {}",
            output::path(&args.a),
            output::path(&args.b)
        )?;
        for found in &difference.findings {
            writeln!(out, "differ in {found}")?;
        }
        for note in &difference.notes {
            writeln!(out, "alike in {note}")?;
        }
        writeln!(
            out,
            "{}",
            if is_same {
                "the same tokenizer"
            } else {
                "not the same tokenizer"
            }
        )?;
    }
    Ok(if is_same { YES } else { NO })
}

/// What is to be filled in for rank files, for one of two files that may not be one.
pub(super) fn for_file(path: &Path, load: &LoadArgs) -> Result<LoadArgs, Failure> {
    let mut load = load.clone();
    if (load.pattern.is_some() || !load.special_token.is_empty()) && !source::is_demo(path) {
        let options = load.options();
        let file = files::load(path, options.format.as_deref(), &options.read)?;
        if file.provenance.ranks_sha256.is_none() {
            load.pattern = None;
            load.special_token.clear();
        }
    }
    Ok(load)
}
