//! `docs/conversions.md`: the table of outcomes that `convert_matrix` holds, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use bpekit::formats::registry;

use crate::fixtures;

const HEAD: &str = "\
# Conversions

Every valid fixture (`fixtures/valid`) to every format that is written, and back again. Each of these conversions is
made by a test, the file that is written is loaded from disk, and both sides encode the same texts; `BLESS=1 cargo test`
writes this page anew. What stands in a cell:

| cell | what it means |
|---|---|
| exact | nothing is lost, and the way back is exact too |
| exact (roles) | the same ids for every text; the parts in brackets, on which no ids hang, are left out, and the report says so |
| exact, back no [1] | exact, and the way back is refused for reason 1 |
| if normalizer | refused unless the loss is allowed (`--allow-loss normalizer`); equal on that condition |
| no [1] | refused for reason 1, whatever is allowed |

The reasons are those of the fixture, as the program prints them. They are listed at the end.
";

/// The reasons, numbered as they come.
#[derive(Default)]
struct Reasons(Vec<String>);

impl Reasons {
    fn number(&mut self, reason: &str) -> usize {
        let reason = reason.trim();
        let at = self.0.iter().position(|known| known == reason);
        1 + at.unwrap_or_else(|| {
            self.0.push(reason.to_owned());
            self.0.len() - 1
        })
    }

    fn cell(&mut self, outcome: &str) -> String {
        let (there, back) = outcome.split_once("; back: ").unwrap_or((outcome, "exact"));
        let mut cell = self.one_way(there);
        if !back.starts_with("exact") {
            let back = self.one_way(back);
            write!(cell, ", back {back}").unwrap();
        }
        cell
    }

    fn one_way(&mut self, outcome: &str) -> String {
        if outcome == "exact" {
            return outcome.to_owned();
        }
        if let Some(parts) = outcome.strip_prefix("exact ") {
            return format!("exact ({})", parts.replace(',', ", "));
        }
        if let Some(parts) = outcome.strip_prefix("conditional on ") {
            return format!("if {}", parts.replace(',', ", "));
        }
        let reason = outcome.strip_prefix("and ").unwrap_or(outcome);
        let reason = reason.strip_prefix("refused: ");
        let reason = reason.unwrap_or_else(|| panic!("an outcome of another kind: {outcome}"));
        format!("no [{}]", self.number(reason))
    }
}

fn page(matrix: &str) -> String {
    // By the source's format, then by fixture: what becomes of it in each format.
    let mut sources: BTreeMap<&str, BTreeMap<&str, BTreeMap<&str, &str>>> = BTreeMap::new();
    for line in matrix.lines() {
        // A refusal may have hints on lines of their own.
        let Some((fixture, rest)) = line.split_once(" -> ") else {
            continue;
        };
        let (format, outcome) = rest.split_once(": ").unwrap();
        let (source, name) = fixture.split_once('/').unwrap();
        let rows = sources.entry(source).or_default();
        rows.entry(name).or_default().insert(format, outcome);
    }
    let written = || registry::formats().filter(|info| info.writes.is_some());
    let mut text = HEAD.to_owned();
    let mut reasons = Reasons::default();
    for info in registry::formats() {
        let rows = &sources[info.name.replace('-', "_").as_str()];
        let columns: Vec<_> = written().map(|info| info.name).collect();
        write!(text, "\n## From {}\n\n{}.\n\n", info.name, info.title).unwrap();
        writeln!(text, "| fixture | {} |", columns.join(" | ")).unwrap();
        writeln!(text, "|---{}|", "|---".repeat(columns.len())).unwrap();
        for (name, outcomes) in rows {
            let cells = columns.iter().map(|column| reasons.cell(outcomes[column]));
            let cells: Vec<String> = cells.collect();
            writeln!(text, "| {name} | {} |", cells.join(" | ")).unwrap();
        }
    }
    text.push_str("\n## Reasons\n\n");
    for (index, reason) in reasons.0.iter().enumerate() {
        writeln!(text, "{}. {reason}", index + 1).unwrap();
    }
    text
}

#[test]
fn the_page_is_the_table() {
    let matrix = fixtures::root().join("expected/convert_matrix.txt");
    let new = page(&std::fs::read_to_string(matrix).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/conversions.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &new).unwrap();
    }
    let held = std::fs::read_to_string(&path).unwrap();
    assert!(
        new == held,
        "run the tests with BLESS=1 to write docs/conversions.md anew, twice if the table changed"
    );
}
