//! `bpekit encode --out`: files of ids.

use super::support::Dir;

const EOT: &str = "<|endoftext|>";

fn ids(dir: &Dir, name: &str) -> Vec<u16> {
    let bytes = dir.read(name);
    bytes
        .chunks_exact(2)
        .map(|id| u16::from_le_bytes([id[0], id[1]]))
        .collect()
}

#[test]
fn files_and_standard_input_become_ids() {
    let dir = Dir::new();
    dir.write("a.txt", "the<|endoftext|>the cat");
    dir.write("b.txt", " the<|endoftext|>");
    let encode = [
        "encode",
        "-t",
        "demo",
        "--separator",
        EOT,
        "--out",
        "ids.bin",
    ];
    dir.run(&[&encode[..], &["a.txt"]].concat()).is(
        0,
        "a.txt -> ids.bin (u16): 2 documents, 6 ids, 10 bytes\n",
        "",
    );
    assert_eq!(ids(&dir, "ids.bin"), [1169, 3000, 1169, 269, 265, 3000]);
    dir.run(&[&encode[..], &["a.txt", "b.txt", "-q"]].concat())
        .is(
            0,
            "2 files -> ids.bin (u16): 3 documents, 8 ids, 14 bytes\n",
            "",
        );
    assert_eq!(ids(&dir, "ids.bin")[6..], [262, 3000]);
    for arguments in [&encode[..], &[&encode[..], &["-"]].concat()] {
        dir.run_with(arguments, "the<|endoftext|>").is(
            0,
            "standard input -> ids.bin (u16): 1 document, 2 ids, 3 bytes\n",
            "",
        );
        assert_eq!(ids(&dir, "ids.bin"), [1169, 3000]);
    }
    dir.run_with(
        &[
            "encode",
            "-t",
            "demo",
            "-o",
            "c.bin",
            "--dtype",
            "u32",
            "--threads",
            "1",
        ],
        "the cat",
    )
    .is(
        0,
        "standard input -> c.bin (u32): 1 document, 3 ids, 7 bytes\n",
        "",
    );
    assert_eq!(dir.read("c.bin"), [145, 4, 0, 0, 13, 1, 0, 0, 9, 1, 0, 0]);
}

#[test]
fn the_report_as_json() {
    let dir = Dir::new();
    dir.write("a.jsonl", "{\"body\": \"the\"}\n{\"body\": null}\n");
    let report = dir
        .run(&[
            "encode", "-t", "demo", "--out", "a.bin", "--json", "--field", "body", "--append", EOT,
            "a.jsonl",
        ])
        .json();
    assert_eq!(report["documents"], 1);
    assert_eq!(report["skipped"], 1);
    assert_eq!(report["dtype"], "u16");
    assert_eq!(ids(&dir, "a.bin"), [1169, 3000]);
}

#[test]
fn what_is_refused_leaves_the_file_as_it_was() {
    let dir = Dir::new();
    dir.write("a.txt", "the <|endoftext|>");
    dir.write("bad.txt", b"the \xff");
    dir.write("ids.bin", "as it was");
    let names = dir.names();
    let refused = |arguments: &[&str], message: &str| {
        let all = [&["encode", "-t", "demo", "--out", "ids.bin"], arguments].concat();
        let outcome = dir.run(&all);
        assert_eq!(
            (outcome.status, outcome.text()),
            (2, ""),
            "{}",
            outcome.stderr
        );
        assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
        assert_eq!(dir.read("ids.bin"), b"as it was");
        assert_eq!(dir.names(), names);
    };
    refused(
        &["a.txt"],
        "bpekit: a.txt: byte 4: the text contains the special token `<|endoftext|>`, which is \
         not allowed here\nhint: `--separator`",
    );
    refused(
        &["bad.txt"],
        "bpekit: bad.txt: byte 4: 0xff is not UTF-8 text\nhint: ",
    );
    refused(&["none.txt"], "bpekit: none.txt: No such file");
    refused(&["ids.bin"], "ids.bin is one of the texts");
    refused(&["a.txt", "--append", "<no>"], "`<no>` is no special token");
    refused(&["a.txt", "--separator", ""], "the separator is empty");
    refused(&["a.txt", "--lines"], "cannot be used with");
    refused(&["a.txt", "--dtype", "u8"], "invalid value 'u8'");
    let outcome = dir.run(&["encode", "-t", "demo", "--out", "-", "a.txt"]);
    assert!(outcome.stderr.contains("/dev/stdout"), "{}", outcome.stderr);
    let outcome = dir.run(&["encode", "-t", "demo", "--out", "none/ids.bin", "a.txt"]);
    assert!(
        outcome.stderr.contains("none/ids.bin"),
        "{}",
        outcome.stderr
    );
    let outcome = dir.run(&["encode", "-t", "demo", "--separator", "x", "a.txt"]);
    assert!(outcome.stderr.contains("--out"), "{}", outcome.stderr);
    let outcome = dir.run_with(&["encode", "-t", "demo", "--out", "ids.bin"], b"a\xff");
    assert!(
        outcome
            .stderr
            .starts_with("bpekit: standard input: byte 1: 0xff is not UTF-8"),
        "{}",
        outcome.stderr
    );
    for flags in [["--errors", "replace"], ["--errors", "ignore"]] {
        let outcome = dir.run(
            &[
                &["encode", "-t", "demo", "--out", "b.bin"],
                &flags[..],
                &["bad.txt"],
            ]
            .concat(),
        );
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_gets_the_ids_alone() {
    let dir = Dir::new();
    dir.write("a.txt", "the cat");
    let outcome = dir.run(&["encode", "-t", "demo", "--out", "/dev/stdout", "a.txt"]);
    assert_eq!(outcome.stdout, [145, 4, 13, 1, 9, 1]);
    assert!(outcome.stderr.starts_with("a.txt -> /dev/stdout (u16): "));
}
