//! `bpekit counts` and `bpekit patterns` as a user meets them.

use serde_json::json;

use super::cli_train::{corpus, line, ok, refused};
use super::support::Dir;

#[test]
fn counts_of_parts_are_those_of_the_whole() {
    let dir = Dir::new();
    let text = corpus();
    dir.write("a.txt", &text);
    dir.write("b.txt", "low\n\u{1b}[2J low <|end|>");
    let make = |files: &str, output: &str| {
        let how = "--pattern gpt2 --special <|end|>";
        ok(line(
            &dir,
            &format!("counts make {files} {how} -o {output}"),
        ))
    };
    make("a.txt", "a.bpecounts");
    make("b.txt", "b.bpecounts");
    let all = make("a.txt b.txt", "ab.bpecounts");
    assert_eq!(
        all.text(),
        "2 files -> ab.bpecounts: 26 distinct pretokens in 2 texts, 16807 bytes\n"
    );
    ok(dir.run(&[
        "counts",
        "merge",
        "a.bpecounts",
        "b.bpecounts",
        "-o",
        "sum.bpecounts",
    ]));
    assert_eq!(dir.read("sum.bpecounts"), dir.read("ab.bpecounts"));

    ok(line(
        &dir,
        "train a.txt b.txt -n 280 --pattern gpt2 --special <|end|> -o t.json",
    ));
    for files in [&["ab.bpecounts"][..], &["a.bpecounts", "b.bpecounts"]] {
        ok(dir.run(&[&["train", "-n", "280", "-o", "c.json"], files].concat()));
        assert_eq!(dir.read("c.json"), dir.read("t.json"));
    }

    // What is rare is left out of the sum, not of the parts.
    ok(line(
        &dir,
        "counts merge a.bpecounts b.bpecounts --min-count 2 -o few.bpecounts",
    ));
    let value = ok(dir.run(&["counts", "show", "few.bpecounts", "--json", "-n", "1"])).json();
    assert_eq!(
        (
            &value["min_count"],
            value["most_common"].as_array().unwrap().len()
        ),
        (&json!(2), 1)
    );
    assert_eq!(
        [&value["pattern"], &value["special_tokens"][0]],
        ["gpt2", "<|end|>"]
    );
    make("a.txt b.txt --min-count 2", "few2.bpecounts");
    assert_eq!(dir.read("few.bpecounts"), dir.read("few2.bpecounts"));
}

#[test]
fn counts_are_shown() {
    let dir = Dir::new();
    dir.write("b.txt", "low\n\u{1b}[2J low <|end|>");
    let arguments = "counts make b.txt --pattern gpt2 --special <|end|> -o b.bpecounts";
    ok(line(&dir, arguments));
    dir.run(&["counts", "show", "b.bpecounts", "-n", "3"]).is(
        0,
        "b.bpecounts\n  \
         pattern         gpt2\n  \
         normalizer      none\n  \
         special tokens  <|end|>\n  \
         texts           1\n  \
         bytes           20\n  \
         pretokens       7, 7 distinct\n\n\
         \u{20}     1  \"\\n\"\n\
         \u{20}     1  \"\\x1b[\"\n\
         \u{20}     1  \" \"\n",
        "",
    );
    let shown = ok(dir.run(&["counts", "show", "b.bpecounts"]));
    assert!(!shown.text().contains('\u{1b}'));
}

#[test]
fn counts_are_refused_where_they_do_not_fit() {
    let dir = Dir::new();
    dir.write("a.txt", corpus());
    let make = |pattern: &str, output: &str| {
        ok(dir.run(&[
            "counts",
            "make",
            "a.txt",
            "--pattern",
            pattern,
            "-o",
            output,
        ]));
    };
    make("gpt2", "a.bpecounts");
    make("cl100k", "b.bpecounts");
    for (arguments, message) in [
        (
            &[
                "counts",
                "merge",
                "a.bpecounts",
                "b.bpecounts",
                "-o",
                "c.bpecounts",
            ][..],
            "bpekit: b.bpecounts: made with different patterns: `gpt2` and `cl100k`\n",
        ),
        (
            &[
                "counts",
                "merge",
                "a.bpecounts",
                "a.txt",
                "-o",
                "c.bpecounts",
            ],
            "bpekit: a.txt: ",
        ),
        (&["counts", "show", "a.txt"], "bpekit: a.txt: "),
        (
            &["counts", "make", "a.bpecounts", "-o", "c.bpecounts"],
            "bpekit: the files have counts already; `bpekit counts merge` adds them up\n",
        ),
        (
            &["counts", "make", "a.txt", "-o", "c.tiktoken"],
            "bpekit: c.tiktoken: is the name of a tokenizer file, and counts are none\n",
        ),
        (
            &["counts", "make", "a.txt", "-o", "c.bpecounts.gz"],
            "bpekit: c.bpecounts.gz: counts are not",
        ),
        (
            &["counts", "make", "a.txt", "-o", "none/c.bpecounts"],
            "bpekit: none/c.bpecounts: No such",
        ),
        (
            &["counts", "make", "a.txt", "-o", "a.txt"],
            "bpekit: a.txt: is one of the texts",
        ),
        (
            &["train", "a.bpecounts", "a.txt", "-n", "300", "-o", "c.json"],
            "bpekit: a.txt: has text, and a.bpecounts has counts\n",
        ),
        (
            &[
                "train",
                "a.bpecounts",
                "--pattern",
                "gpt2",
                "-n",
                "300",
                "-o",
                "c.json",
            ],
            "bpekit: `--pattern` is for texts, and the files have counts\n",
        ),
        (&["counts"], "Count pretokens once"),
        (
            &["inspect", "a.bpecounts"],
            "bpekit: a.bpecounts: is a file of pretoken counts, not a tokenizer\n\
             hint: `bpekit counts show FILE` says what it holds",
        ),
    ] {
        refused(&dir.run(arguments), message);
    }
}

#[test]
fn patterns_by_name_with_those_who_know_them() {
    let dir = Dir::new();
    let all = ok(dir.run(&["patterns"]));
    assert!(
        all.text()
            .contains("\n  llama.cpp       gpt-2, phi-2, olmo, mpt and "),
        "{}",
        all.text()
    );
    let one = ok(dir.run(&["patterns", "GPT-4o"]));
    assert!(
        one.text()
            .starts_with("o200k\n  whose it is     o200k_base"),
        "{}",
        one.text()
    );
    assert!(
        one.text().contains("\n  fancy-regex     [^\\r\\n\\p{L}"),
        "{}",
        one.text()
    );
    let deepseek = ok(dir.run(&["patterns", "deepseek"]));
    assert_eq!(deepseek.text().lines().count(), 9, "{}", deepseek.text());
    let value = ok(dir.run(&["patterns", "gpt2", "--json"])).json();
    let known_by = value["patterns"][0]["known_by"].as_object().unwrap();
    let tools: Vec<_> = known_by.keys().collect();
    assert_eq!(tools, ["llama.cpp", "tiktoken", "tokenizers 1.0"]);
    assert_eq!(
        ok(dir.run(&["patterns", "--json"])).json()["patterns"]
            .as_array()
            .unwrap()
            .len(),
        9
    );
    refused(
        &dir.run(&["patterns", "o20k"]),
        "bpekit: `o20k` is no published pattern; expected one of gpt2, ",
    );
}
