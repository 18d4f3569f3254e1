//! `docs/cli.md` shows what the program prints: its help texts and its sessions are compared with
//! the program, or written anew with `BLESS=1`.

use std::fmt::Write;
use std::path::Path;

use super::support::{Dir, Outcome};

const COMMANDS: [&str; 19] = [
    "inspect",
    "convert",
    "edit",
    "verify",
    "diff",
    "encode",
    "decode",
    "count",
    "show",
    "report",
    "serve",
    "train",
    "counts",
    "formats",
    "patterns",
    "cache",
    "completions",
    "man",
    "demo",
];

fn page() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md")
}

/// Lines without the blanks that clap leaves at their ends.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

/// The help of a command line such as `bpekit inspect --help`.
fn help(dir: &Dir, line: &str) -> String {
    let arguments: Vec<&str> = line.split(' ').skip(1).collect();
    let outcome = dir.run(&arguments);
    assert_eq!(outcome.status, 0, "{line}");
    trimmed(outcome.text())
}

/// A line of a session, as a shell runs it.
fn shell(dir: &Dir, line: &str) -> Outcome {
    let folder = Path::new(env!("CARGO_BIN_EXE_bpekit")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    let output = std::process::Command::new("sh")
        .args(["-c", line])
        .current_dir(dir.path(""))
        .env("PATH", std::env::join_paths(folders).unwrap())
        .env_remove("COLUMNS")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    Outcome {
        status: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The page with each block as the program prints it. `text` blocks hold a help text behind their
/// `$` line, `console` blocks a session; all sessions run in one folder, in the order of the page.
fn renewed(text: &str) -> String {
    let dir = Dir::new();
    let mut new = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        writeln!(new, "{line}").unwrap();
        if line != "```text" && line != "```console" {
            continue;
        }
        for inside in lines.by_ref().take_while(|inside| *inside != "```") {
            let Some(command) = inside.strip_prefix("$ ") else {
                continue;
            };
            writeln!(new, "{inside}").unwrap();
            if line == "```text" {
                new.push_str(&help(&dir, command));
                continue;
            }
            let outcome = shell(&dir, command);
            new.push_str(outcome.text());
            new.push_str(&outcome.stderr);
            if outcome.status != 0 {
                writeln!(new, "[status {}]", outcome.status).unwrap();
            }
        }
        new.push_str("```\n");
    }
    new
}

/// How many texts a check encodes may change without a word on the page.
fn without_text_counts(text: &str) -> String {
    let parts: Vec<&str> = text.split(" texts encode").collect();
    let parts = parts
        .iter()
        .map(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()));
    parts.collect::<Vec<_>>().join(" texts encode")
}

#[cfg(unix)]
#[test]
fn the_page_shows_what_the_program_prints() {
    let held = std::fs::read_to_string(page()).unwrap();
    let new = renewed(&held);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(page(), &new).unwrap();
    } else {
        let [held, new] = [held, new].map(|text| without_text_counts(&text));
        assert_eq!(
            held, new,
            "run the tests with BLESS=1 to write docs/cli.md anew"
        );
    }
}

#[test]
fn the_page_has_the_help_of_every_command() {
    let text = std::fs::read_to_string(page()).unwrap();
    let help = Dir::new().run(&["--help"]);
    let listed: Vec<&str> = help
        .text()
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(listed, COMMANDS);
    assert!(text.contains("\n```text\n$ bpekit --help\n"));
    for command in COMMANDS {
        assert!(
            text.contains(&format!("\n```text\n$ bpekit {command} --help\n")),
            "{command}"
        );
    }
}

#[test]
fn the_page_names_every_member_of_the_json_objects() {
    let text = std::fs::read_to_string(page()).unwrap();
    let dir = Dir::new();
    assert_eq!(dir.run(&["convert", "demo", "a.json"]).status, 0);
    dir.write("a.txt", "the cat");
    let made = dir.run(&["counts", "make", "a.txt", "-o", "a.bpecounts"]);
    assert_eq!(made.status, 0, "{}", made.stderr);
    let train = ["train", "a.txt", "-n", "257", "-o", "b.tiktoken", "--json"];
    let id_file = ["encode", "-t", "demo", "a.txt", "-o", "a.bin", "--json"];
    for (command, arguments) in [
        ("inspect", ["inspect", "demo", "--json"].as_slice()),
        ("convert", &["convert", "demo", "b.json", "--json"]),
        (
            "edit",
            &["edit", "add", "demo", "e.json", "--token", "x y", "--json"],
        ),
        ("verify", &["verify", "demo", "a.json", "--json"]),
        ("diff", &["diff", "demo", "a.json", "--json"]),
        ("count", &["count", "-t", "demo", "--json"]),
        ("encode", &id_file),
        ("formats", &["formats", "--json"]),
        ("formats", &["formats", "--patterns", "--json"]),
        ("formats", &["formats", "--encodings", "--json"]),
        ("train", &train),
        ("counts", &["counts", "show", "a.bpecounts", "--json"]),
        ("patterns", &["patterns", "--json"]),
        ("cache", &["cache", "list", "--dir", "cache", "--json"]),
    ] {
        let section = text.split(&format!("\n## {command}\n")).nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let value = dir.run(arguments).json();
        for name in value
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| *name != "schema")
        {
            assert!(section.contains(&format!("`{name}`")), "{command}: {name}");
        }
    }
}
