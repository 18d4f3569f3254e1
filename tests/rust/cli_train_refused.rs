//! What `bpekit train` refuses, and when.

use std::process::Stdio;

use super::cli_train::{corpus, ok, refused};
use super::support::Dir;

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn what_cannot_be_is_refused_before_anything_is_read() {
    let dir = Dir::new();
    dir.write("a.txt", corpus());
    let mut base = vec!["train", "a.txt", "-n", "280"];
    for (arguments, message) in [
        (
            &["-o", "a.model"][..],
            "bpekit: a.model: the name does not say a format\nhint: name the format: tiktoken, hf-json, ",
        ),
        (
            &["-o", "none/a.json"],
            "bpekit: none/a.json: No such file or directory",
        ),
        (
            &["-o", "a.txt/a.json"],
            "bpekit: a.txt/a.json: not a directory",
        ),
        (
            &["-o", "-"],
            "bpekit: standard output has no name that says a format\n",
        ),
        (
            &["-o", "a.json", "--report", "none/r.json"],
            "bpekit: none/r.json: No such file",
        ),
        (
            &["-o", "a.json", "--curve", "none/c.svg"],
            "bpekit: none/c.svg: No such file",
        ),
        (
            &["-o", "a.json", "--held-out", "none.txt"],
            "bpekit: none.txt: No such file",
        ),
        (
            &["-o", "a.json", "--base", "none.json"],
            "bpekit: none.json: No such file",
        ),
        (
            &["-o", "a.json", "none.txt"],
            "bpekit: none.txt: No such file",
        ),
        (
            &["-o", "a.txt", "--to", "hf-json"],
            "bpekit: a.txt: is one of the texts",
        ),
        (
            &["-o", "a.json", "--report", "a.txt"],
            "bpekit: a.txt: is one of the texts; it would be overwritten\n",
        ),
        (
            &["-o", "a.json", "--report", "a.json"],
            "bpekit: a.json: is to hold two things\n",
        ),
        (
            &["-o", "a.json", "--pattern", "o20k"],
            "bpekit: pattern `o20k`: no published pattern has this name; expected one of gpt2, ",
        ),
        (
            &["-o", "a.json", "--pattern", "(a"],
            "bpekit: pattern `(a`: Parsing error",
        ),
        (
            &["-o", "a.json", "--pattern", "a*"],
            "bpekit: pattern `a*`: ",
        ),
        (
            &["-o", "a.json", "--special", ""],
            "bpekit: a special token is the empty text",
        ),
        (
            &["-o", "a.json", "--special", "<a>", "--special", "<a>"],
            "bpekit: special token `<a>` is given twice",
        ),
        (
            &["-o", "a.json", "--resume"],
            "error: the following required arguments were not provided",
        ),
        (
            &["-o", "a.json", "--max-memory", "lots"],
            "error: invalid value 'lots' for '--max-memory",
        ),
        (
            &["-o", "a.json", "--lines", "--field", "x"],
            "error: the argument '--lines'",
        ),
        (
            &["-o", "a.json", "--threads", "0"],
            "error: invalid value '0' for '--threads",
        ),
        (
            &["-o", "a.json", "--order", "x"],
            "error: invalid value 'x' for '--order",
        ),
        (
            &[],
            "error: the following required arguments were not provided",
        ),
    ] {
        base.truncate(4);
        base.extend(arguments);
        refused(&dir.run(&base), message);
    }
    assert_eq!(dir.names(), ["a.txt"]);
}

#[test]
fn sizes_that_cannot_be() {
    let dir = Dir::new();
    dir.write("a.txt", corpus());
    for (size, message) in [
        (
            "200",
            "bpekit: a vocab of 200 has no room for the 256 bytes; expected a size of 256",
        ),
        (
            "4294967296",
            "bpekit: a vocab of 4294967296 is more than token ids can number",
        ),
        ("many", "error: invalid value 'many' for '--vocab-size"),
    ] {
        refused(
            &dir.run(&["train", "a.txt", "-n", size, "-o", "a.json"]),
            message,
        );
    }
    refused(
        &dir.run_with(&["train", "-n", "280", "-o", "a.json"], ""),
        "bpekit: there is no text to train on",
    );
    assert_eq!(dir.names(), ["a.txt"]);
}

/// A program that waits for a pipe that never ends would hang here.
#[test]
fn standard_input_is_not_waited_for_in_vain() {
    let dir = Dir::new();
    let mut command = dir.command();
    command
        .args(["train", "-n", "200", "-o", "a.json"])
        .stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Waiting for the child would close the pipe.
    let pipe = child.stdin.take();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(2));
    drop(pipe);
}

#[test]
fn what_the_target_cannot_carry_is_refused_first() {
    let dir = Dir::new();
    dir.write("a.txt", corpus());
    let arguments = [
        "train",
        "a.txt",
        "-n",
        "280",
        "-o",
        "a.tiktoken",
        "--normalizer",
        "nfc",
    ];
    let outcome = dir.run(&arguments);
    let message = "bpekit: a.tiktoken: normalizer: tiktoken does not normalize";
    assert_eq!((outcome.status, outcome.text()), (1, ""));
    assert!(outcome.stderr.starts_with(message), "{}", outcome.stderr);
    assert_eq!(dir.names(), ["a.txt"]);
    let outcome = ok(dir.run(&[&arguments[..], &["--allow-loss", "normalizer"]].concat()));
    assert!(
        outcome.text().contains("\n  lost: normalizer: "),
        "{}",
        outcome.text()
    );
    // A pattern that tokenizer.json has no words for.
    let train = |output: &str| {
        let pattern = r"(\w)\1|\s+|.";
        dir.run(&[
            "train",
            "a.txt",
            "-n",
            "280",
            "-o",
            output,
            "--pattern",
            pattern,
        ])
    };
    refused(
        &train("b.json"),
        r"bpekit: pattern `(\w)\1|\s+|.`: `\1` at byte 4 refers to a group",
    );
    ok(train("b.tiktoken"));
}
