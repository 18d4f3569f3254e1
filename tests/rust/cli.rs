//! The program as a user meets it: arguments, streams, files, exit status.

use std::process::Stdio;

use serde_json::{Value, json};

use super::support::{Dir, finish};

/// A tokenizer.json with a normalizer, which a rank file cannot carry.
fn with_normalizer(dir: &Dir) -> &'static str {
    assert_eq!(dir.run(&["convert", "demo", "plain.json"]).status, 0);
    let mut value: Value = serde_json::from_slice(&dir.read("plain.json")).unwrap();
    value["normalizer"] = json!({ "type": "NFC" });
    dir.write("nfc.json", value.to_string())
}

#[test]
fn without_a_command_it_shows_help_and_fails() {
    let outcome = Dir::new().run(&[]);
    assert_eq!((outcome.status, outcome.text()), (2, ""));
    assert!(outcome.stderr.contains("Usage: bpekit <COMMAND>"));
}

#[test]
fn version_and_wrong_usage() {
    let dir = Dir::new();
    // However it was started, it calls itself by its name.
    let arguments = ["__main__.py", "encode", "-h"].map(std::ffi::OsString::from);
    let mut stdout = Vec::new();
    bpekit::cli::run(
        arguments,
        &mut std::io::empty(),
        &mut stdout,
        &mut Vec::new(),
    );
    assert!(
        String::from_utf8(stdout)
            .unwrap()
            .contains("\nUsage: bpekit encode ")
    );
    let version = format!("bpekit {}\n", env!("CARGO_PKG_VERSION"));
    dir.run(&["--version"]).is(0, &version, "");
    for arguments in [
        ["encode", "--no-such-option"].as_slice(),
        &["no-such-command"],
        &["encode", "-t", "demo", "--special", "--ordinary"],
        &["formats", "--patterns", "--encodings"],
        &["convert", "demo", "a.json", "--allow-loss", "everything"],
    ] {
        let outcome = dir.run(arguments);
        assert_eq!((outcome.status, outcome.text()), (2, ""), "{arguments:?}");
        assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
    }
    for argument in ["x", "=5", "x=", "x=+5", "x=4294967296", "x=a"] {
        let outcome = dir.run(&["inspect", "demo", "--special-token", argument]);
        assert_eq!(outcome.status, 2, "{argument}");
        assert!(
            outcome.stderr.contains("for '--special-token <TEXT=ID>'"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn short_help_is_shorter_and_both_lead_with_examples() {
    let dir = Dir::new();
    for command in [
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
        "completions",
        "man",
    ] {
        let [short, long] = ["-h", "--help"].map(|flag| dir.run(&[command, flag]));
        assert_eq!((short.status, long.status), (0, 0));
        assert!(short.stdout.len() <= long.stdout.len());
        for help in [short, long] {
            let text = help.text();
            assert!(
                text.find("Examples:").unwrap() < text.find("Usage:").unwrap(),
                "{command}"
            );
            assert!(!text.contains('\u{1b}'));
        }
    }
}

#[test]
fn encode_reads_files_and_standard_input() {
    let dir = Dir::new();
    dir.write("a.txt", "the cat");
    dir.write("empty.txt", "");
    dir.run_with(&["encode", "-t", "demo"], "the cat")
        .is(0, "1169 269 265\n", "");
    dir.run_with(&["encode", "-t", "demo", "-"], "the cat")
        .is(0, "1169 269 265\n", "");
    dir.run_with(&["encode", "-t", "demo", "a.txt", "empty.txt", "-"], " the")
        .is(0, "1169 269 265\n\n262\n", "");
    dir.run(&["encode", "-t", "demo", "--json", "a.txt", "empty.txt"])
        .is(0, "[1169, 269, 265]\n[]\n", "");
    dir.run(&["encode", "-t", "demo", "none.txt"]).is(
        2,
        "",
        "bpekit: none.txt: No such file or directory (os error 2)\n",
    );
}

#[test]
fn encode_by_lines() {
    let dir = Dir::new();
    let text = "the cat\r\n\n the\nthe";
    dir.run_with(&["encode", "-t", "demo", "--lines"], text).is(
        0,
        "1169 269 265\n\n262\n1169\n",
        "",
    );
    dir.run_with(
        &["encode", "-t", "demo", "--lines", "--json"],
        "the cat\n\n",
    )
    .is(0, "[1169, 269, 265]\n[]\n", "");
    dir.write("a.txt", " the\n");
    dir.run(&["encode", "-t", "demo", "--lines", "a.txt", "a.txt"])
        .is(0, "262\n262\n", "");
    // Lines before the one that is wrong are printed.
    let outcome = dir.run_with(
        &["encode", "-t", "demo", "--lines"],
        " the\na<|endoftext|>\n",
    );
    assert_eq!((outcome.status, outcome.text()), (2, "262\n"));
    assert!(
        outcome
            .stderr
            .starts_with("bpekit: standard input:2: the text contains the special")
    );
}

/// A program that asks and waits for the answer gets it before it sends the next line.
#[test]
fn encode_by_lines_answers_each_line() {
    use std::io::{BufRead, BufReader, Write};
    let dir = Dir::new();
    let mut command = dir.command();
    let mut child = command
        .args(["encode", "-t", "demo", "--lines"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut questions = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..2 {
        questions.write_all(b" the\n").unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert_eq!(answer, "262\n");
    }
    drop(questions);
    assert!(child.wait().unwrap().success());
}

#[test]
fn special_tokens_are_refused_unless_the_user_says_what_is_meant() {
    let dir = Dir::new();
    dir.run_with(&["encode", "-t", "demo"], "a<|endoftext|>")
        .is(
            2,
            "",
            "bpekit: standard input: the text contains the special token `<|endoftext|>`, which is \
         not allowed here\n\
         hint: to encode it as the special token, allow it (`--special`)\n\
         hint: to encode it as ordinary text, say so (`--ordinary`)\n",
        );
    dir.run_with(&["encode", "-t", "demo", "--special"], "a<|endoftext|>")
        .is(0, "64 3000\n", "");
    let ordinary = dir.run_with(&["encode", "-t", "demo", "--ordinary"], "a<|endoftext|>");
    assert_eq!(ordinary.status, 0);
    assert!(ordinary.text().starts_with("64 27 91 "));
}

#[test]
fn add_special_tokens_puts_the_frame_around() {
    let dir = Dir::new();
    assert_eq!(dir.run(&["convert", "demo", "plain.json"]).status, 0);
    let mut value: Value = serde_json::from_slice(&dir.read("plain.json")).unwrap();
    value["post_processor"] = json!({
        "type": "TemplateProcessing",
        "single": [
            { "SpecialToken": { "id": "<|endoftext|>", "type_id": 0 } },
            { "Sequence": { "id": "A", "type_id": 0 } }
        ],
        "pair": [
            { "Sequence": { "id": "A", "type_id": 0 } },
            { "Sequence": { "id": "B", "type_id": 1 } }
        ],
        "special_tokens": {
            "<|endoftext|>": { "id": "<|endoftext|>", "ids": [3000], "tokens": ["<|endoftext|>"] }
        }
    });
    dir.write("framed.json", value.to_string());
    let arguments = ["encode", "-t", "framed.json", "--add-special-tokens"];
    dir.run_with(&arguments, " the").is(0, "3000 262\n", "");
    dir.run_with(&arguments[..3], " the").is(0, "262\n", "");
    let outcome = dir.run(&["diff", "plain.json", "framed.json"]);
    outcome.is(
        1,
        "A: plain.json\nB: framed.json\n3000 tokens in both\n\
         differ in post-processor: none in A, Template(`<|endoftext|>` 3000, text) in B\n\
         not the same tokenizer\n",
        "",
    );
}

#[test]
fn text_that_is_not_utf8_is_refused_with_its_place() {
    let dir = Dir::new();
    dir.write("latin1.txt", b"caf\xe9 au lait");
    let hint = "hint: text is read as UTF-8; `iconv -f ENCODING -t UTF-8` converts it\n";
    let message = format!("bpekit: latin1.txt: byte 3: 0xe9 is not UTF-8 text\n{hint}");
    dir.run(&["encode", "-t", "demo", "latin1.txt"])
        .is(2, "", &message);
    dir.run(&["count", "-t", "demo", "latin1.txt"])
        .is(2, "", &message);
    let message = format!("bpekit: standard input: byte 7: 0xff is not UTF-8 text\n{hint}");
    dir.run_with(&["encode", "-t", "demo", "--lines"], b" the\nab\xff\n")
        .is(2, "262\n", &message);
}

#[test]
fn decode_gives_back_the_exact_bytes() {
    let dir = Dir::new();
    let text = "Zürich 東京 👩‍🚀\r\n\0 no line end";
    let ids = dir.run_with(&["encode", "-t", "demo"], text);
    let back = dir.run_with(&["decode", "-t", "demo"], &ids.stdout);
    assert_eq!((back.status, back.text()), (0, text));
    let ids = dir.run_with(&["encode", "-t", "demo", "--json"], text);
    dir.write("ids.json", &ids.stdout);
    assert_eq!(dir.run(&["decode", "-t", "demo", "ids.json"]).text(), text);
    dir.run_with(&["decode", "-t", "demo"], "262,\t262\n 3000")
        .is(0, " the the<|endoftext|>", "");
    dir.run_with(&["decode", "-t", "demo"], "").is(0, "", "");
}

#[test]
fn decode_says_what_to_do_with_half_a_character() {
    let dir = Dir::new();
    // In GPT-2's order the byte 0xc3 is token 127.
    let raw = dir.run_with(&["decode", "-t", "demo"], "262 127");
    assert_eq!(
        (raw.status, raw.stdout.as_slice()),
        (0, b" the\xc3".as_slice())
    );
    let arguments = ["decode", "-t", "demo", "--errors", "replace"];
    dir.run_with(&arguments, "262 127")
        .is(0, " the\u{fffd}", "");
    dir.run_with(&["decode", "-t", "demo", "--errors", "strict"], "262 127")
        .is(
            2,
            "",
            "bpekit: standard input: the tokens are not UTF-8 text: invalid byte at 4\n",
        );
}

#[test]
fn decode_refuses_what_is_no_token() {
    let dir = Dir::new();
    dir.run_with(&["decode", "-t", "demo"], "1 x2\u{1b}[2J").is(
        2,
        "",
        "bpekit: standard input: byte 2: `x2\\u{1b}` is not a token id; expected decimal integers\n",
    );
    dir.run_with(&["decode", "-t", "demo"], "1 3001").is(
        2,
        "",
        "bpekit: standard input: token id 3001 is not in the vocab\n",
    );
}

#[test]
fn count_is_a_table_like_that_of_wc() {
    let dir = Dir::new();
    dir.write("a.txt", "the cat");
    dir.write("b.txt", " the");
    dir.run(&["count", "-t", "demo", "a.txt"])
        .is(0, "     3      7 a.txt\n", "");
    dir.run(&["count", "-t", "demo", "a.txt", "b.txt"]).is(
        0,
        "     3      7 a.txt\n     1      4 b.txt\n     4     11 total\n",
        "",
    );
    dir.run_with(&["count", "-t", "demo"], "the cat")
        .is(0, "     3      7\n", "");
    dir.run_with(&["count", "-t", "demo", "-"], "the cat")
        .is(0, "     3      7 -\n", "");
    let value = dir
        .run(&["count", "-t", "demo", "--json", "a.txt", "b.txt"])
        .json();
    assert_eq!(
        value,
        json!({
            "schema": 1,
            "files": [
                { "path": "a.txt", "tokens": 3, "bytes": 7 },
                { "path": "b.txt", "tokens": 1, "bytes": 4 }
            ],
            "tokens": 4,
            "bytes": 11,
            "binary_files": 0,
            "failed_files": 0
        })
    );
}

#[test]
fn count_walks_directories_as_ripgrep_does() {
    let dir = Dir::new();
    for folder in ["d/sub", "d/.hidden"] {
        std::fs::create_dir_all(dir.path(folder)).unwrap();
    }
    dir.write("d/z.txt", "the cat");
    dir.write("d/sub/a.txt", " the");
    dir.write("d/.hidden/h.txt", "the");
    dir.write("d/left.log", "the the");
    dir.write("d/.ignore", "*.log\n");
    dir.write("d/latin1.txt", b"caf\xe9");
    dir.write("d/zero.bin", "a\0b");
    dir.run(&["count", "-t", "demo", "d"]).is(
        0,
        "     1      4 d/sub/a.txt\n     3      7 d/z.txt\n     4     11 total\n",
        "bpekit: 2 files that are not UTF-8 text left out\n",
    );
    let names = |arguments: &[&str]| -> Vec<String> {
        let value = dir.run(arguments).json();
        let files = value["files"].as_array().unwrap();
        let path = |file: &Value| file["path"].as_str().unwrap().to_owned();
        files.iter().map(path).collect()
    };
    let all = [
        "count",
        "-t",
        "demo",
        "--json",
        "--hidden",
        "--no-ignore",
        "d",
    ];
    assert_eq!(
        names(&all),
        [
            "d/.hidden/h.txt",
            "d/.ignore",
            "d/left.log",
            "d/sub/a.txt",
            "d/z.txt"
        ]
    );
    let hidden = ["count", "-t", "demo", "--json", "--hidden", "d"];
    assert_eq!(names(&hidden).len(), 4);
}

#[test]
fn count_goes_on_behind_what_fails() {
    let dir = Dir::new();
    dir.write("a.txt", "the cat");
    dir.write("special.txt", "<|endoftext|>");
    let outcome = dir.run(&[
        "count",
        "-t",
        "demo",
        "a.txt",
        "none.txt",
        "special.txt",
        "a.txt",
    ]);
    assert_eq!(outcome.status, 2);
    assert_eq!(
        outcome.text(),
        "     3      7 a.txt\n     3      7 a.txt\n     6     14 total\n"
    );
    let messages: Vec<&str> = outcome.stderr.lines().collect();
    assert!(
        messages[0].starts_with("bpekit: none.txt: "),
        "{messages:?}"
    );
    assert!(
        messages[1].starts_with("bpekit: special.txt: "),
        "{messages:?}"
    );
    let value = dir
        .run(&["count", "-t", "demo", "--json", "a.txt", "none.txt"])
        .json();
    assert_eq!(value["failed_files"], 1);
    assert_eq!(dir.run(&["count", "-t", "demo", "none.txt"]).status, 2);
}

#[test]
fn shells_and_man_know_the_subcommands() {
    let dir = Dir::new();
    for shell in ["bash", "zsh", "fish"] {
        let outcome = dir.run(&["completions", shell]);
        assert_eq!(outcome.status, 0);
        for command in ["inspect", "report", "truncate"] {
            assert!(outcome.text().contains(command), "{shell} {command}");
        }
    }
    dir.run(&["man", "deep/man1"]).is(0, "", "");
    let page = String::from_utf8(dir.read("deep/man1/bpekit-count.1")).unwrap();
    let examples = page.find(".SH EXAMPLES").unwrap();
    assert!(page[examples..].contains("bpekit count \\-t cl100k_base.tiktoken *.md"));
    assert!(dir.path("deep/man1/bpekit-edit-add.1").exists());
    dir.write("file", "");
    assert_eq!(dir.run(&["man", "file"]).status, 2);
}

#[test]
fn report_is_a_page_or_json() {
    let dir = Dir::new();
    dir.write("a=b.txt", "the cat");
    dir.write("c.txt", "a bird <|endoftext|>");
    let arguments = [
        "report",
        "demo",
        "--text",
        "a=b.txt",
        "--text",
        "bird=c.txt",
        "--with",
        "demo",
    ];
    dir.run(&[&arguments[..], &["-o", "page.html"]].concat())
        .is(0, "", "");
    let page = String::from_utf8(dir.read("page.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert!(page.contains("bird") && !page.contains("<script"));
    let value = dir.run(&[&arguments[..], &["--json"]].concat()).json();
    assert_eq!(value["texts"][0]["label"], "a=b");
    assert_eq!(value["texts"][0]["tokens"], 3);
    assert_eq!(value["texts"][1]["label"], "bird");
    assert_eq!(value["other"]["findings"], json!([]));
    let piped = dir.run(&[&arguments[..], &["-o", "-"]].concat());
    assert_eq!(piped.stdout, page.as_bytes());
    assert_eq!(dir.run(&["report", "demo"]).status, 2);
    assert_eq!(
        dir.run(&["report", "demo", "--text", "x=none", "--json"])
            .status,
        2
    );
}

#[test]
fn no_tokenizer_is_an_error_that_teaches() {
    let dir = Dir::new();
    for command in ["encode", "decode", "count"] {
        dir.run(&[command]).is(
            2,
            "",
            "bpekit: no tokenizer is given\n\
             hint: name its file, as a .tiktoken or a tokenizer.json, with `-t FILE`\n\
             hint: or try the small one that is built in with `-t demo`\n",
        );
    }
    dir.run(&["encode", "-t", "o200x"]).is(
        2,
        "",
        "bpekit: o200x: No such file or directory (os error 2)\n\
         hint: nor is it the name of a published encoding, which `bpekit formats --encodings` \
         lists\n",
    );
}

#[test]
fn a_tokenizer_may_be_named() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("home")).unwrap();
    assert_eq!(dir.run(&["convert", "demo", "home/mine.json"]).status, 0);
    dir.run_with(&["encode", "-t", "mine"], "the cat")
        .is(0, "1169 269 265\n", "");
    assert_eq!(dir.run(&["verify", "mine", "demo"]).status, 0);
    // A file here is meant first.
    dir.write("mine", "no tokenizer");
    assert_eq!(dir.run(&["encode", "-t", "mine"]).status, 2);
    let outcome = dir.run(&["encode", "-t", "o200k"]);
    let start = "bpekit: no file of `o200k_base` is found; looked in:\n  ";
    assert!(outcome.stderr.starts_with(start), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("(BPEKIT_HOME)\n"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn unknown_ranks_teach_both_ways_out() {
    let dir = Dir::new();
    dir.write("mine.tiktoken", bpekit::demo::ranks());
    let outcome = dir.run(&["encode", "-t", "mine.tiktoken"]);
    assert_eq!((outcome.status, outcome.text()), (2, ""));
    assert!(
        outcome.stderr.contains("--pattern NAME"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("--pattern REGEX"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("cl100k"), "{}", outcome.stderr);

    let arguments = ["encode", "-t", "mine.tiktoken", "--pattern", "gpt2"];
    dir.run_with(&arguments, "the cat")
        .is(0, "1169 269 265\n", "");
    let arguments = ["encode", "-t", "mine.tiktoken", "--pattern", r" ?\w+|\W"];
    dir.run_with(&arguments, "the cat")
        .is(0, "1169 269 265\n", "");
    let arguments = [
        "encode",
        "-t",
        "mine.tiktoken",
        "--pattern",
        "gpt2",
        "--special-token",
        "<a=b>=5000",
        "--special-token",
        "<c>=5001",
        "--special",
    ];
    dir.run_with(&arguments, "<a=b> the<c>")
        .is(0, "5000 262 5001\n", "");
    let outcome = dir.run(&["inspect", "mine.tiktoken"]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
    assert!(
        outcome
            .text()
            .contains("pattern         not known: a rank file carries none")
    );
    assert!(outcome.text().contains("--pattern REGEX"));
}

#[test]
fn options_of_rank_files_are_refused_for_others() {
    let dir = Dir::new();
    assert_eq!(dir.run(&["convert", "demo", "tokenizer.json"]).status, 0);
    dir.run(&["encode", "-t", "tokenizer.json", "--pattern", "gpt2"])
        .is(
            2,
            "",
            "bpekit: `pattern` is for rank files; a file of format `hf-json` carries its own\n",
        );
    // Of two files to compare only one may be of ranks.
    dir.write("mine.tiktoken", bpekit::demo::ranks());
    let arguments = [
        "diff",
        "mine.tiktoken",
        "tokenizer.json",
        "--pattern",
        "gpt2",
        "--special-token",
        "<|endoftext|>=3000",
    ];
    let outcome = dir.run(&arguments);
    assert_eq!(outcome.status, 0, "{}{}", outcome.text(), outcome.stderr);
    let outcome = dir.run(&arguments[..3]);
    assert_eq!(outcome.status, 1);
    assert!(
        outcome
            .text()
            .contains("differ in pretokenizer: not known in A\n")
    );
    assert!(
        outcome
            .text()
            .contains("differ in added-tokens: not known in A\n")
    );
}

#[test]
fn convert_there_and_back() {
    let dir = Dir::new();
    let outcome = dir.run(&["convert", "demo", "tokenizer.json"]);
    let checked = outcome.text().lines().nth(2).unwrap().to_owned();
    assert!(checked.starts_with("  checked: ") && checked.ends_with(" encode to the same ids"));
    outcome.is(
        0,
        &format!(
            "demo (tiktoken) -> tokenizer.json (hf-json): exact\n  \
             3000 tokens, 2744 merges, n_vocab 3001\n{checked}\n  \
             verified: shown for every text\n"
        ),
        "",
    );
    let outcome = dir.run(&["convert", "tokenizer.json", "back.tiktoken"]);
    assert_eq!(outcome.status, 0);
    assert!(
        outcome
            .text()
            .ends_with("  beside it: back.tiktoken.json\n"),
        "{}",
        outcome.text()
    );
    assert_eq!(dir.read("back.tiktoken"), bpekit::demo::ranks());
    let value = dir
        .run(&["convert", "back.tiktoken", "again.json", "--json"])
        .json();
    assert_eq!(value["verdict"], "exact");
    assert_eq!(value["losses"], json!([]));
    assert!(value["checked_texts"].as_u64().unwrap() > 1000);
    assert_eq!(dir.read("again.json"), dir.read("tokenizer.json"));
}

#[test]
fn what_would_be_lost_is_refused_and_nothing_is_written() {
    let dir = Dir::new();
    let source = with_normalizer(&dir);
    let before = dir.names();
    let outcome = dir.run(&["convert", source, "mine.tiktoken"]);
    outcome.is(
        1,
        "",
        "bpekit: mine.tiktoken: normalizer: tiktoken does not normalize; only the sidecar keeps \
         the normalizer\n\
         hint: format `tiktoken` cannot carry this; pass `--allow-loss normalizer` to write it \
         all the same\n\
         hint: or choose a format that can: `bpekit formats` lists what each carries\n\
         bpekit: nothing was written\n",
    );
    assert_eq!(dir.names(), before);
    let outcome = dir.run(&["convert", source, "mine.tiktoken", "--json"]);
    assert_eq!(outcome.status, 1);
    let value = outcome.json();
    assert_eq!(value["verdict"], "refused");
    assert_eq!(value["losses"][0]["part"], "normalizer");
    assert_eq!(value["losses"][0]["changes_ids"], true);
    assert_eq!(dir.names(), before);

    let allowed = [
        "convert",
        source,
        "mine.tiktoken",
        "--allow-loss",
        "decoder,normalizer",
    ];
    let outcome = dir.run(&allowed);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
    assert!(outcome.text().contains(": conditional\n"));
    assert!(outcome.text().contains("  lost: normalizer: "));
    assert_eq!(dir.run(&["diff", "plain.json", "mine.tiktoken"]).status, 1);
}

#[test]
fn convert_to_standard_output() {
    let dir = Dir::new();
    assert_eq!(dir.run(&["convert", "demo", "tokenizer.json"]).status, 0);
    let outcome = dir.run(&["convert", "demo", "-", "--to", "hf-json"]);
    assert_eq!(
        (outcome.status, &outcome.stdout),
        (0, &dir.read("tokenizer.json"))
    );
    assert!(
        outcome
            .stderr
            .starts_with("demo (tiktoken) -> - (hf-json): exact\n")
    );
    dir.run(&["convert", "demo", "-"]).is(
        2,
        "",
        "bpekit: standard output has no name that says a format\n\
         hint: name the format with `--to FORMAT`\n",
    );
    dir.run(&["convert", "demo", "-", "--to", "tiktoken"]).is(
        2,
        "",
        "bpekit: a tokenizer in format `tiktoken` takes more than one file, and standard output \
         is one\n\
         hint: name a file to write; the others are put beside it\n",
    );
    let outcome = dir.run(&["convert", "demo", "mine.bin"]);
    assert_eq!(outcome.status, 2);
    assert!(
        outcome
            .stderr
            .starts_with("bpekit: mine.bin: the name does not say a format\n")
    );
    assert_eq!(
        dir.run(&["convert", "demo", "mine.bin", "--to", "hf-json"])
            .status,
        0
    );
}

#[test]
fn diff_says_same_or_what_differs() {
    let dir = Dir::new();
    assert_eq!(dir.run(&["convert", "demo", "tokenizer.json"]).status, 0);
    dir.run(&["diff", "demo", "tokenizer.json"]).is(
        0,
        "A: demo\nB: tokenizer.json\n3000 tokens in both\n\
         alike in merges: A merges by rank, B lists 2744 merges; the same 2744 merges can happen \
         in both\n\
         alike in options: ignore_merges is true in A and false in B; merges make every token, \
         so that it has no effect\n\
         alike in pretokenizer: pattern gpt2 in two spellings\n\
         the same tokenizer\n",
        "",
    );
    let mut value: Value = serde_json::from_slice(&dir.read("tokenizer.json")).unwrap();
    let merges = value["model"]["merges"].as_array_mut().unwrap();
    merges.swap(0, 1);
    value["added_tokens"][0]["lstrip"] = true.into();
    dir.write("other.json", value.to_string());
    dir.run(&["diff", "tokenizer.json", "other.json"]).is(
        1,
        "A: tokenizer.json\nB: other.json\n3000 tokens in both\n\
         differ in merges: the same merges in another order, first at place 0: \
         b\" \" + b\"t\" in A, b\" \" + b\"a\" in B\n\
         differ in added-tokens: 1 token with other flags: `<|endoftext|>` (lstrip false in A, \
         true in B)\n\
         not the same tokenizer\n",
        "",
    );
    let outcome = dir.run(&["diff", "--json", "tokenizer.json", "other.json"]);
    assert_eq!(outcome.status, 1);
    let value = outcome.json();
    assert_eq!(
        (&value["same"], &value["b"]),
        (&json!(false), &json!("other.json"))
    );
    assert_eq!(value["differences"][0]["part"], "merges");
    assert_eq!(
        dir.run(&["diff", "--json", "demo", "tokenizer.json"])
            .json()["same"],
        true
    );
    assert_eq!(dir.run(&["diff", "demo", "none.json"]).status, 2);
}

#[test]
fn diff_shows_how_vocabs_overlap() {
    let dir = Dir::new();
    assert_eq!(dir.run(&["convert", "demo", "plain.tiktoken"]).status, 0);
    let ranks = String::from_utf8(dir.read("plain.tiktoken")).unwrap();
    // Two tokens change places, one goes, and one comes.
    let mut lines: Vec<String> = ranks.lines().map(str::to_owned).collect();
    let token = |line: &str| line.split(' ').next().unwrap().to_owned();
    let [one, other] = [2000, 2001].map(|place| token(&lines[place]));
    lines[2000] = format!("{other} 2000");
    lines[2001] = format!("{one} 2001");
    lines[2999] = "8J+mmQ== 2999".to_owned();
    dir.write("other.tiktoken", lines.join("\n") + "\n");
    let files = [
        "diff",
        "plain.tiktoken",
        "other.tiktoken",
        "--pattern",
        "gpt2",
    ];
    let outcome = dir.run(&files);
    assert_eq!(outcome.status, 1);
    let line = "2999 tokens in both, 2 of them with another id; 1 only in A, 1 only in B";
    let shown = String::from_utf8(outcome.stdout).unwrap();
    assert_eq!(shown.lines().nth(2), Some(line));
    let value = dir.run(&[&files[..], &["--json"]].concat()).json();
    assert_eq!(
        value["overlap"],
        json!({
            "shared": 2999,
            "moved": [[2000, 2001], [2001, 2000]],
            "only_in_a": [2999],
            "only_in_b": [2999],
        })
    );
}

#[test]
fn diff_of_vocabs_names_tokens() {
    let dir = Dir::new();
    let ranks = String::from_utf8(bpekit::demo::ranks().to_vec()).unwrap();
    // ` c` gets another rank; the last token goes.
    let mut lines: Vec<&str> = ranks.lines().collect();
    lines.pop();
    let moved: String = lines.join("\n").replace("IGM= 269", "IGM= 4000");
    dir.write("a.tiktoken", &ranks);
    dir.write("b.tiktoken", moved);
    let outcome = dir.run(&["diff", "a.tiktoken", "b.tiktoken"]);
    assert_eq!(outcome.status, 1);
    let lines: Vec<&str> = outcome.text().lines().collect();
    assert!(
        lines[3].starts_with("differ in vocab: 1 token only in A: "),
        "{}",
        outcome.text()
    );
    assert_eq!(
        lines[4],
        "differ in vocab: 1 token with another id: b\" c\" (269 in A, 4000 in B)"
    );
    assert_eq!(lines[5], "alike in added-tokens: not known on either side");
}

#[test]
fn inspect_lists_the_facts() {
    let dir = Dir::new();
    let outcome = dir.run(&["inspect", "demo"]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
    for line in [
        "  format          tiktoken (",
        "  name            demo\n",
        "  n_vocab         3001\n",
        "  tokens          3000\n",
        "  holes           none\n",
        "  single bytes    in GPT-2's order, ids 0-255\n",
        "  missing bytes   none\n",
        "  merges          by rank: the id is the order\n",
        "  pattern         gpt2 (",
        "  special tokens  1: `<|endoftext|>` 3000\n",
    ] {
        assert!(outcome.text().contains(line), "{line}\n{}", outcome.text());
    }
    let value = dir.run(&["inspect", "demo", "--json"]).json();
    assert_eq!(value["n_vocab"], 3001);
    assert_eq!(value["holes"], json!({ "count": 0, "ranges": [] }));
    assert_eq!(value["pattern"], "gpt2");
    assert_eq!(value["added_tokens"][0]["content"], "<|endoftext|>");
    assert_eq!(
        (&value["can_encode"], &value["trouble"]),
        (&json!(true), &Value::Null)
    );

    // The same ranks in a tokenizer.json are known by the same sha256.
    assert_eq!(dir.run(&["convert", "demo", "tokenizer.json"]).status, 0);
    let other = dir.run(&["inspect", "tokenizer.json", "--json"]).json();
    assert_eq!(other["ranks_sha256"], value["ranks_sha256"]);
    assert_eq!(
        (&other["merges"], &other["format"]),
        (&json!(2744), &json!("hf-json"))
    );
}

#[test]
fn inspect_shows_files_that_cannot_be_encoded_with() {
    let dir = Dir::new();
    let ranks = bpekit::demo::ranks();
    // Without the first two bytes, `!` and `"`, and with CRLF and a hole.
    let text = String::from_utf8(ranks.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().skip(2).collect();
    dir.write("holes.tiktoken", format!("{}\n", lines.join("\n")));
    let outcome = dir.run(&["inspect", "holes.tiktoken"]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
    assert!(outcome.text().contains("  holes           2 (0-1)\n"));
    assert!(
        outcome
            .text()
            .contains("  missing bytes   2 (0x21, 0x22)\n")
    );
    assert!(
        outcome
            .text()
            .contains("  single bytes    not all are tokens\n")
    );
    let value = dir.run(&["inspect", "--json", "holes.tiktoken"]).json();
    assert_eq!(value["can_encode"], false);
    assert_eq!(
        (&value["added_tokens"], &value["pattern"]),
        (&Value::Null, &Value::Null)
    );
    // Elsewhere missing bytes are an error, unless they are accepted.
    let arguments = ["encode", "-t", "holes.tiktoken", "--pattern", "gpt2"];
    assert_eq!(dir.run_with(&arguments, " the").status, 2);
    let arguments = [&arguments[..], &["--allow-missing-bytes"]].concat();
    dir.run_with(&arguments, " the").is(0, "262\n", "");

    assert_eq!(dir.run(&["convert", "demo", "tokenizer.json"]).status, 0);
    let mut value: Value = serde_json::from_slice(&dir.read("tokenizer.json")).unwrap();
    value["pre_tokenizer"] = json!({ "type": "NewKind" });
    value["padding"] = json!({ "strategy": "BatchLongest" });
    dir.write("odd.json", value.to_string());
    let outcome = dir.run(&["inspect", "odd.json"]);
    assert_eq!(outcome.status, 0);
    assert!(
        outcome
            .text()
            .contains("  padding         present; not applied\n")
    );
    let trouble = "  cannot encode   pre_tokenizer.type: `NewKind` is not supported\n";
    assert!(outcome.text().contains(trouble), "{}", outcome.text());
    assert_eq!(
        dir.run(&["inspect", "odd.json", "--json"]).json()["padding"],
        true
    );
}

#[test]
fn nothing_in_a_file_reaches_the_terminal_raw() {
    let dir = Dir::new();
    dir.write("mine.tiktoken", bpekit::demo::ranks());
    let token = "<\u{1b}]0;owned\u{7}\u{202e}\u{9b}>=3000";
    let load = [
        "--pattern",
        "a\u{1b}[2J",
        "--special-token",
        token,
        "--name",
        "n\u{1b}[31m",
    ];
    for command in [
        ["inspect", "mine.tiktoken"].as_slice(),
        &["inspect", "--json", "mine.tiktoken"],
    ] {
        let outcome = dir.run(&[command, &load].concat());
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        assert!(outcome.text().contains("owned"));
        let is_harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!outcome.text().contains(is_harmful), "{}", outcome.text());
    }
}

#[test]
fn warnings_of_a_lenient_read_go_to_standard_error() {
    let dir = Dir::new();
    let mut ranks = b"\xef\xbb\xbf".to_vec();
    ranks.extend_from_slice(bpekit::demo::ranks());
    dir.write("mark.tiktoken", ranks);
    let arguments = ["encode", "-t", "mark.tiktoken", "--pattern", "gpt2"];
    assert_eq!(dir.run_with(&arguments, " the").status, 2);
    let outcome = dir.run_with(&[&arguments[..], &["--lenient"]].concat(), " the");
    assert_eq!((outcome.status, outcome.text()), (0, "262\n"));
    assert!(
        outcome
            .stderr
            .starts_with("bpekit: mark.tiktoken: warning: "),
        "{}",
        outcome.stderr
    );
}

#[test]
fn formats_patterns_and_encodings_are_listed() {
    let dir = Dir::new();
    let outcome = dir.run(&["formats"]);
    assert_eq!(outcome.status, 0);
    for info in bpekit::formats::registry::formats() {
        assert!(
            outcome
                .text()
                .lines()
                .any(|line| line.starts_with(info.name))
        );
    }
    let value = dir.run(&["formats", "--json"]).json();
    assert_eq!(value["formats"][0]["name"], "tiktoken");
    assert_eq!(value["formats"][0]["carries"]["merges"], false);
    assert!(
        dir.run(&["formats", "--patterns"])
            .text()
            .contains("\no200k ")
    );
    assert!(
        dir.run(&["formats", "--encodings"])
            .text()
            .contains("\no200k_harmony ")
    );
    assert_eq!(
        dir.run(&["formats", "--patterns", "--json"]).json()["patterns"][0]["name"],
        "gpt2"
    );
    let value = dir.run(&["formats", "--encodings", "--json"]).json();
    assert!(value["encodings"].as_array().unwrap().len() > 20);
}

#[test]
fn demo_needs_nothing_and_leaves_nothing() {
    let dir = Dir::new();
    let outcome = dir.run(&["demo"]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
    assert!(outcome.text().lines().count() < 40);
    assert_eq!(
        outcome.text().matches("the same bytes as before").count(),
        2
    );
    assert!(!outcome.text().contains("not the same"));
    assert_eq!(dir.names(), Vec::<String>::new());
}

#[test]
fn a_reader_that_stops_early_is_no_trouble() {
    let dir = Dir::new();
    dir.write("long.txt", "the cat\n".repeat(200_000));
    for arguments in [
        ["encode", "-t", "demo", "long.txt"].as_slice(),
        &["encode", "-t", "demo", "--lines", "long.txt"],
        &["formats", "--encodings"],
        &["--help"],
    ] {
        let mut command = dir.command();
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let outcome = finish(child, b"");
        outcome.is(0, "", "");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported() {
    let dir = Dir::new();
    let mut command = dir.command();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let child = command
        .arg("formats")
        .stdin(Stdio::piped())
        .stdout(full)
        .spawn()
        .unwrap();
    finish(child, b"").is(
        2,
        "",
        "bpekit: standard output: No space left on device (os error 28)\n",
    );
}

#[cfg(target_os = "linux")]
#[test]
fn file_names_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let dir = Dir::new();
    let name = OsStr::from_bytes(b"caf\xe9\n.txt");
    std::fs::write(dir.path(name), "the cat").unwrap();
    let mut command = dir.command();
    let child = command
        .args(["count", "-t", "demo"])
        .arg(name)
        .stdin(Stdio::piped());
    finish(child.spawn().unwrap(), b"").is(0, "     3      7 caf\u{fffd}\\u{a}.txt\n", "");
    // A name that starts with a hyphen follows `--`.
    dir.write("-x", "the cat");
    dir.run(&["count", "-t", "demo", "--", "-x"])
        .is(0, "     3      7 -x\n", "");
}

/// The library function is the same program: Python calls it with streams of its own.
#[test]
fn run_works_on_any_streams() {
    let mut stdout = Vec::new();
    let mut stderr = Vec::new();
    let arguments = ["bpekit", "count", "-t", "demo"].map(std::ffi::OsString::from);
    let status = bpekit::cli::run(
        arguments,
        &mut "a<|endoftext|>".as_bytes(),
        &mut stdout,
        &mut stderr,
    );
    assert_eq!((status, stdout.is_empty()), (2, true));
    assert!(stderr.starts_with(b"bpekit: standard input: the text contains"));
}
