//! `bpekit formats`: the lists of what is known.

use std::io::{self, Write};

use bpekit_formats::registry;
use serde_json::{Value, json};

use super::args::FormatsArgs;
use super::{Outcome, Streams, YES, output};
use crate::known;

pub(super) fn run(args: &FormatsArgs, streams: &mut Streams<'_>) -> Outcome {
    let out = &mut *streams.stdout;
    let (member, list) = if args.patterns {
        ("patterns", patterns())
    } else if args.encodings {
        ("encodings", encodings())
    } else {
        ("formats", formats())
    };
    if args.json {
        let mut value = json!({ "schema": output::SCHEMA });
        value[member] = list.items.into();
        output::json(out, &value)?;
    } else {
        table(out, &list.rows)?;
    }
    Ok(YES)
}

/// A list for people and for programs.
struct List {
    /// The first row has the headings.
    rows: Vec<Vec<String>>,
    items: Vec<Value>,
}

fn formats() -> List {
    let mut rows = vec![row(["NAME", "WRITTEN", "WHAT IT IS", "CARRIES", "FILES"])];
    let mut items = Vec::new();
    for info in registry::formats() {
        let carries = [
            ("pattern", info.carries.pattern),
            ("added_tokens", info.carries.added_tokens),
            ("normalizer", info.carries.normalizer),
            ("merges", info.carries.merges),
            ("post_processor", info.carries.post_processor),
            ("roles", info.carries.roles),
            ("chat_template", info.carries.chat_template),
        ];
        let words: Vec<String> = carries
            .iter()
            .filter(|(_, is_carried)| *is_carried)
            .map(|(name, _)| name.replace('_', "-"))
            .collect();
        rows.push(row([
            info.name,
            if info.writes.is_some() { "yes" } else { "no" },
            info.title,
            &words.join(" "),
            &info.file_names.join(" "),
        ]));
        let carries: serde_json::Map<String, Value> = carries
            .into_iter()
            .map(|(name, held)| (name.to_owned(), held.into()))
            .collect();
        items.push(json!({
            "name": info.name,
            "title": info.title,
            "file_names": info.file_names,
            "written": info.writes.is_some(),
            "carries": carries,
        }));
    }
    List { rows, items }
}

fn patterns() -> List {
    let mut rows = vec![row(["NAME", "OTHER NAMES", "WHOSE IT IS"])];
    let mut items = Vec::new();
    for known in known::patterns() {
        rows.push(row([known.name, &known.aliases.join(" "), known.title]));
        items.push(json!({
            "name": known.name,
            "aliases": known.aliases,
            "title": known.title,
            "pattern": known.tiktoken,
        }));
    }
    List { rows, items }
}

fn encodings() -> List {
    let mut rows = vec![row(["NAME", "OTHER NAMES", "PATTERN", "WHOSE IT IS"])];
    let mut items = Vec::new();
    for known in known::encodings() {
        rows.push(row([
            known.name,
            &known.aliases.join(" "),
            known.pattern,
            known.title,
        ]));
        items.push(json!({
            "name": known.name,
            "aliases": known.aliases,
            "title": known.title,
            "pattern": known.pattern,
            "ranks_sha256": known.ranks_sha256,
            "siblings": known.siblings().map(|other| other.name).collect::<Vec<_>>(),
        }));
    }
    List { rows, items }
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// Columns as wide as their widest cell, two spaces apart; the last one is not filled up.
fn table(out: &mut dyn Write, rows: &[Vec<String>]) -> io::Result<()> {
    let column_count = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..column_count)
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
