//! `bpekit diff`: are two files the same tokenizer?

use std::path::Path;

use bpekit_formats::files;
use serde_json::{Value, json};

use super::args::{DiffArgs, LoadArgs};
use super::output::counted;
use super::{Failure, NO, Outcome, Streams, YES, output, source};
use crate::diff::{Finding, Overlap, compare, overlap};

pub(super) fn run(args: &DiffArgs, streams: &mut Streams<'_>) -> Outcome {
    let (a, _) = source::definition(&args.a, &for_file(&args.a, &args.load)?, streams)?;
    let (b, _) = source::definition(&args.b, &for_file(&args.b, &args.load)?, streams)?;
    let difference = compare(&a, &b);
    let overlap = overlap(&a, &b);
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
            "overlap": overlap.as_ref().map(overlap_json),
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
        if let Some(overlap) = &overlap {
            writeln!(out, "{}", overlap_line(overlap))?;
        }
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

fn overlap_json(overlap: &Overlap) -> Value {
    json!({
        "shared": overlap.shared,
        "moved": overlap.moved,
        "only_in_a": overlap.only_in_a,
        "only_in_b": overlap.only_in_b,
    })
}

/// The counts: `3000 tokens in both, 2 of them with another id; 1 only in A, 5 only in B`.
fn overlap_line(overlap: &Overlap) -> String {
    let both = counted(overlap.shared, "token");
    let moved = match overlap.moved.len() {
        0 => String::new(),
        count => format!(", {count} of them with another id"),
    };
    let only = match [&overlap.only_in_a, &overlap.only_in_b].map(Vec::len) {
        [0, 0] => String::new(),
        [in_a, in_b] => format!("; {in_a} only in A, {in_b} only in B"),
    };
    format!("{both} in both{moved}{only}")
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
