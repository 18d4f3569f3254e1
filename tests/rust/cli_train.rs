//! `bpekit train` as a user meets it: what it makes.

use serde_json::{Value, json};

use super::support::{Dir, Outcome};

/// A text with some hundred pairs to merge, in several scripts.
pub(crate) fn corpus() -> String {
    let words = [
        "low", "lower", "lowest", "new", "newer", "wide", "Zürich", "東京", "don't", "42",
    ];
    let mut state = 7_u32;
    let mut text = String::new();
    for _ in 0..3000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let word = words[(state >> 24) as usize % words.len()];
        text.push_str(word);
        text.push(if state & 0x8000 == 0 { ' ' } else { '\n' });
    }
    text
}

/// Runs the program with arguments that have no spaces.
pub(crate) fn line(dir: &Dir, arguments: &str) -> Outcome {
    dir.run(&arguments.split(' ').collect::<Vec<_>>())
}

#[track_caller]
pub(crate) fn ok(outcome: Outcome) -> Outcome {
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    outcome
}

/// Nothing went to standard output, and standard error starts so.
#[track_caller]
pub(crate) fn refused(outcome: &Outcome, message: &str) {
    assert_eq!(
        (outcome.status, outcome.text()),
        (2, ""),
        "{}",
        outcome.stderr
    );
    let start: String = outcome
        .stderr
        .chars()
        .take(message.chars().count())
        .collect();
    assert_eq!(start, message, "{}", outcome.stderr);
}

fn n_vocab(dir: &Dir, file: &str) -> u64 {
    let value = ok(dir.run(&["inspect", file, "--json"])).json();
    value["n_vocab"].as_u64().unwrap()
}

#[test]
fn a_tokenizer_in_the_format_that_its_name_says() {
    let dir = Dir::new();
    dir.write("a.txt", corpus());
    dir.run(&["train", "a.txt", "--vocab-size", "280", "-o", "a.tiktoken"])
        .is(
            0,
            "a.txt -> a.tiktoken (tiktoken): 280 of 280 tokens\n  \
         trained on 1 text with 16787 bytes, 21 distinct pretokens\n  \
         bytes per token: 2.211\n  \
         checked: 5704 texts encode to the same ids\n  \
         beside it: a.tiktoken.json\n",
            "",
        );
    for name in ["tokenizer.json", "b.tiktoken.gz", "c.json.zst"] {
        ok(dir.run(&["train", "a.txt", "-n", "280", "-o", name]));
        assert_eq!(
            ok(dir.run(&["diff", "a.tiktoken", name])).status,
            0,
            "{name}"
        );
    }
    ok(line(&dir, "train a.txt -n 280 -o any.name --to hf-json"));
    assert_eq!(dir.read("any.name"), dir.read("tokenizer.json"));
    let piped = ok(line(&dir, "train a.txt -n 280 -o - --to hf-json"));
    assert_eq!(piped.stdout, dir.read("tokenizer.json"));
    assert!(
        piped
            .stderr
            .starts_with("a.txt -> - (hf-json): 280 of 280 tokens\n")
    );
    let text = String::from_utf8(dir.read("a.txt")).unwrap();
    let ids = ok(dir.run(&["encode", "-t", "a.tiktoken", "a.txt"]));
    let back = dir.run_with(&["decode", "-t", "a.tiktoken"], &ids.stdout);
    assert_eq!(back.text(), text);
}

#[test]
fn options_reach_the_training() {
    let dir = Dir::new();
    dir.write("a.txt", corpus());
    let train = |more: &str| {
        let arguments = format!("train a.txt -n 290 -o t.json {more}");
        ok(line(&dir, &arguments));
        serde_json::from_slice::<Value>(&dir.read("t.json")).unwrap()
    };
    let plain = train("--order bytes");
    assert_eq!(plain["model"]["vocab"]["!"], 33);
    assert_eq!(plain, train("--threads 3 --max-memory 64M --quiet"));

    let many = train(
        "--special <|b|> --special <|a|> --normalizer nfkc --normalizer lowercase \
         --byte-order gpt2 --max-token-length 3",
    );
    assert_eq!(many["added_tokens"][0]["content"], "<|b|>");
    assert_eq!(many["added_tokens"][1]["content"], "<|a|>");
    let kinds = [0, 1].map(|at| many["normalizer"]["normalizers"][at]["type"].clone());
    assert_eq!(kinds, ["NFKC", "Lowercase"]);
    assert_eq!(many["model"]["vocab"]["!"], 0);
    let tokens = many["model"]["vocab"].as_object().unwrap().keys();
    let is_special = |token: &String| token.starts_with("<|");
    assert!(
        tokens
            .filter(|token| !is_special(token))
            .all(|token| token.chars().count() <= 3)
    );

    let hf = train("--order hf --normalizer nfc --pattern gpt2");
    assert_eq!(hf["model"]["vocab"]["!"], 0);
    assert_eq!(hf["normalizer"], json!({ "type": "NFC" }));
    let pattern = &hf["pre_tokenizer"].to_string();
    assert!(pattern.contains("'s|'t|'re"), "{pattern}");
    let own = &train("--pattern [a-z]+|[^a-z]")["pre_tokenizer"].to_string();
    assert!(own.contains("[a-z]+|[^a-z]"), "{own}");
}

#[test]
fn fewer_tokens_are_a_note() {
    let dir = Dir::new();
    for (arguments, why) in [
        (
            ["-n", "500"].as_slice(),
            "259 tokens instead of 500: no pair is left, each pretoken is one token",
        ),
        (
            &["-n", "500", "--min-frequency", "3"],
            "256 tokens instead of 500: no pair is left that occurs 3 times or more",
        ),
        (
            &["-n", "500", "--max-token-length", "1"],
            "256 tokens instead of 500: no pair is left that makes a token within 1 bytes",
        ),
    ] {
        let mut all = vec!["train", "-o", "a.json"];
        all.extend(arguments);
        let outcome = ok(dir.run_with(&all, "low low"));
        assert_eq!(outcome.stderr, format!("bpekit: note: {why}\n"));
        assert!(
            outcome.text().contains(" of 500 tokens\n"),
            "{}",
            outcome.text()
        );
    }
}

#[test]
fn standard_input_is_a_text_or_lines() {
    let dir = Dir::new();
    let text = corpus();
    dir.write("a.txt", &text);
    ok(dir.run(&["train", "a.txt", "-n", "280", "-o", "file.json"]));
    for files in [&[][..], &["-"]] {
        let arguments = [&["train", "-n", "280", "-o", "in.json"], files].concat();
        let outcome = ok(dir.run_with(&arguments, &text));
        assert!(
            outcome
                .text()
                .starts_with("standard input -> in.json (hf-json)")
        );
        assert_eq!(dir.read("in.json"), dir.read("file.json"));
    }
    ok(line(&dir, "train a.txt --lines -n 280 -o file.json"));
    let arguments = ["train", "--lines", "-n", "280", "-o", "in.json", "--json"];
    let value = ok(dir.run_with(&arguments, &text)).json();
    assert_eq!(value["texts"], text.lines().count());
    assert_eq!(dir.read("in.json"), dir.read("file.json"));
    let counts = ["counts", "make", "--lines", "-o", "in.bpecounts"];
    ok(dir.run_with(&counts, &text));
    ok(dir.run(&["counts", "make", "--lines", "a.txt", "-o", "file.bpecounts"]));
    assert_eq!(dir.read("in.bpecounts"), dir.read("file.bpecounts"));
    refused(
        &dir.run_with(&["train", "-", "a.txt", "-n", "280", "-o", "b.json"], &text),
        "bpekit: standard input is read alone, and `-` stands among files here\n",
    );
    refused(
        &dir.run_with(
            &["train", "--field", "text", "-n", "280", "-o", "b.json"],
            &text,
        ),
        "bpekit: lines of JSON are read from files, not from standard input\n",
    );
}

#[test]
fn lines_of_json_and_bytes_that_are_not_utf8() {
    let dir = Dir::new();
    dir.write("a.jsonl", "{\"text\": \"low low\"}\n{\"text\": null}\n");
    dir.write("b.txt", "{\"body\": \"low low\"}\n");
    dir.write("bad.txt", b"low \xff low");
    let arguments = "train a.jsonl -n 258 -o a.json --json";
    let value = ok(line(&dir, arguments)).json();
    assert_eq!(
        [&value["texts"], &value["text_bytes"], &value["skipped"]],
        [1, 7, 1]
    );
    // `counts make` reads as `train` does, and is quick.
    let bytes = |arguments: &str| {
        ok(line(
            &dir,
            &format!("counts make {arguments} -o a.bpecounts"),
        ));
        let value = line(&dir, "counts show a.bpecounts --json").json();
        value["text_bytes"].as_u64().unwrap()
    };
    assert_eq!(bytes("a.jsonl"), 7);
    assert_eq!(bytes("b.txt --field body"), 7);
    assert_eq!(bytes("bad.txt --errors ignore"), 8);
    assert_eq!(bytes("bad.txt --errors replace"), 11);
    let message = "bad.txt: byte 4: 0xff is not UTF-8 text\n";
    for command in [
        "train bad.txt -n 258 -o a.json",
        "counts make bad.txt -o b.bpecounts",
    ] {
        refused(&line(&dir, command), &format!("bpekit: {message}"));
    }
    for arguments in [
        "counts make -o c.bpecounts",
        "counts make -o c.bpecounts --lines",
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        refused(
            &dir.run_with(&arguments, b"low\nlo\xffw"),
            "bpekit: standard input: byte 6: 0xff is not UTF-8 text\n",
        );
        ok(dir.run_with(
            &[&arguments[..], &["--errors", "ignore"]].concat(),
            b"low\nlo\xffw",
        ));
    }
}

#[test]
fn a_base_keeps_its_tokens() {
    let dir = Dir::new();
    dir.write("a.txt", corpus());
    ok(line(
        &dir,
        "train a.txt -n 280 --pattern gpt2 --special <|end|> -o base.json",
    ));
    ok(line(
        &dir,
        "train a.txt -n 285 --base base.json --special <|pad|> -o more.json",
    ));
    let ids = |file: &str, text: &str| {
        let arguments = ["encode", "-t", file, "--special"];
        ok(dir.run_with(&arguments, text)).text().to_owned()
    };
    assert_eq!(ids("more.json", "<|end|>"), "279\n");
    assert_eq!(ids("more.json", "<|pad|>"), "284\n");
    assert_eq!(ids("more.json", "q"), ids("base.json", "q"));
    assert_eq!(n_vocab(&dir, "more.json"), 285);
    refused(
        &line(
            &dir,
            "train a.txt -n 285 --base base.json --pattern cl100k -o c.json",
        ),
        "bpekit: made with different patterns: `",
    );
    // A rank file of nobody's encoding has no pattern: it is said once, for file and texts.
    ok(line(
        &dir,
        "train a.txt -n 280 --pattern gpt2 -o ranks.tiktoken",
    ));
    std::fs::remove_file(dir.path("ranks.tiktoken.json")).unwrap();
    let arguments = [
        "train",
        "a.txt",
        "-n",
        "284",
        "--base",
        "ranks.tiktoken",
        "-o",
        "d.tiktoken",
    ];
    refused(&dir.run(&arguments), "bpekit: ranks.tiktoken: ");
    ok(dir.run(&[&arguments[..], &["--pattern", "gpt2"]].concat()));
    assert_eq!(n_vocab(&dir, "d.tiktoken"), 284);
    ok(line(&dir, "train a.txt -n 3003 --base demo -o e.tiktoken"));
    assert_eq!(n_vocab(&dir, "e.tiktoken"), 3003);
}

#[test]
fn reports_and_curves() {
    let dir = Dir::new();
    dir.write("a.txt", corpus());
    let compressed = {
        ok(dir.run(&["train", "a.txt", "-n", "256", "-o", "x.tiktoken.gz"]));
        dir.read("x.tiktoken.gz")
    };
    dir.write("held.txt.gz", compressed);
    let outcome = ok(line(
        &dir,
        "train a.txt -n 280 -o a.json --held-out held.txt.gz --report r.json --curve c.svg",
    ));
    assert!(
        outcome
            .text()
            .contains("\n  bytes per token of the held-out text: "),
        "{}",
        outcome.text()
    );
    let report: Value = serde_json::from_slice(&dir.read("r.json")).unwrap();
    assert_eq!(report["schema"], 1);
    assert_eq!(
        [&report["asked"], &report["made"], &report["texts"]],
        [280, 280, 1]
    );
    assert_eq!(report["stop"], "vocab_size");
    for curve in [&report["curve"], &report["held_out"]] {
        let tokens: Vec<u64> = serde_json::from_value(curve["tokens"].clone()).unwrap();
        assert_eq!(
            (tokens.len(), &tokens[0]),
            (25, &curve["bytes"].as_u64().unwrap())
        );
        assert!(tokens.is_sorted_by(|one, next| one >= next));
        assert_eq!(curve["first_size"], 256);
    }
    assert_eq!(
        report["bytes_per_token"],
        report["curve"]["bytes_per_token"]
    );
    let svg = String::from_utf8(dir.read("c.svg")).unwrap();
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("held-out text"));

    let value = ok(line(&dir, "train a.txt -n 280 -o a.json --json")).json();
    assert_eq!(value["held_out"], Value::Null);
    assert_eq!(value["curve"], report["curve"]);
    assert_eq!([&value["target"], &value["to"]], ["a.json", "hf-json"]);
    assert!(value["checked_texts"].as_u64().unwrap() > 1000);
    refused(
        &line(&dir, "train a.txt -n 280 -o a.json --held-out h.jsonl"),
        "bpekit: h.jsonl: held-out text is one plain text, not lines of JSON\n",
    );
}

#[test]
fn a_checkpoint_is_gone_on_with() {
    let dir = Dir::new();
    dir.write("a.txt", corpus());
    dir.write("b.txt", corpus().to_uppercase());
    let train = |output: &str, more: &[&str]| {
        let mut arguments = vec!["train", "a.txt", "b.txt", "-n", "300", "-o", output];
        arguments.extend(more);
        dir.run(&arguments)
    };
    ok(train("whole.json", &[]));
    // A new folder can be resumed, too: the command is the same each time.
    let kept = ["--checkpoint", "run", "--resume"];
    ok(train("first.json", &kept));
    // As if the process had been killed in the middle of the merges.
    let log = dir.read("run/merges.log");
    dir.write("run/merges.log", &log[..log.len() * 2 / 3]);
    ok(train("second.json", &kept));
    assert_eq!(dir.read("whole.json"), dir.read("first.json"));
    assert_eq!(dir.read("whole.json"), dir.read("second.json"));
    assert_eq!(dir.read("run/merges.log"), log);
    refused(
        &train("third.json", &kept[..2]),
        "bpekit: run: the folder has a checkpoint already\n",
    );
    let mut others = kept.to_vec();
    others.extend(["--pattern", "gpt2"]);
    refused(
        &train("third.json", &others),
        "bpekit: run/checkpoint.json: ",
    );
    dir.write("a.txt", "other text");
    refused(
        &train("third.json", &kept),
        "bpekit: a.txt: the file has changed",
    );
}
