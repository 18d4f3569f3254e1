use super::{Shown, ShownToken, TerminalOptions};

fn shown(tokens: &[&[u8]]) -> Shown {
    let token = |(id, bytes): (usize, &&[u8])| ShownToken {
        id: id as u32,
        bytes: bytes.to_vec(),
        is_special: bytes.starts_with(b"<|"),
    };
    Shown::from(tokens.iter().enumerate().map(token).collect::<Vec<_>>())
}

fn plain(tokens: &[&[u8]]) -> String {
    shown(tokens).to_terminal(&TerminalOptions::default())
}

#[test]
fn what_cannot_be_seen_is_shown_by_signs() {
    for (tokens, expected) in [
        (&[b"a".as_slice(), b" b"][..], "a│ b\n"),
        (&[b"a\nb", b"\n", b"c"], "a↵\nb│↵\nc\n"),
        (&[b"\t\r\n"], "→␍↵\n"),
        (
            &[b"\x1b[31m", b"\x00\x7f", b"\xc2\x9b"],
            "\\x1b[31m│\\x00\\x7f│\\x9b\n",
        ),
        // Halves of a character.
        (&[b"\xe6\x97", b"\xa5x"], "\\xe6\\x97│\\xa5x\n"),
        // A mark that belongs to the token before is shown on a circle.
        (
            &["e\u{301}".as_bytes(), "\u{301}".as_bytes()],
            "e\u{301}│◌\u{301}\n",
        ),
        (&["a\u{200d}\u{202e}b".as_bytes()], "a\\u{200d}\\u{202e}b\n"),
        (&[], ""),
        (&[b""], ""),
    ] {
        assert_eq!(plain(tokens), expected);
    }
}

#[test]
fn nothing_steers_the_terminal() {
    for code in 0..=0x10_ffff_u32 {
        let Some(character) = char::from_u32(code) else {
            continue;
        };
        let line = plain(&[character.to_string().as_bytes()]);
        let text = line.trim_end_matches('\n');
        assert!(!text.is_empty(), "U+{code:04X}");
        assert!(!text.chars().any(char::is_control), "U+{code:04X}");
        assert!(line.matches('\n').count() == 1, "U+{code:04X}");
    }
}

#[test]
fn lines_are_no_wider_than_asked_for() {
    use unicode_width::UnicodeWidthStr;

    let tokens: Vec<Vec<u8>> = (0..200_u32)
        .map(|at| match at % 4 {
            0 => "日本語".as_bytes().to_vec(),
            1 => b"word".to_vec(),
            2 => vec![0xe6, 0x97],
            _ => "\u{1f600} x\n".as_bytes()[..4 + (at as usize % 3)].to_vec(),
        })
        .collect();
    let tokens: Vec<&[u8]> = tokens.iter().map(Vec::as_slice).collect();
    let whole = plain(&tokens).replace('\n', "");
    for width in [4, 5, 10, 37, 80] {
        let options = TerminalOptions {
            width,
            ..TerminalOptions::default()
        };
        let lines = shown(&tokens).to_terminal(&options);
        assert!(lines.lines().all(|line| line.width() <= width), "{width}");
        // A bar at the start of a line is one that there is no need of.
        let rest = |text: &str| text.replace(['\n', '│'], "");
        assert_eq!(rest(&lines), rest(&whole), "{width}");
    }
}

#[test]
fn colors_change_from_token_to_token() {
    let options = TerminalOptions {
        has_color: true,
        width: 3,
    };
    let text = shown(&[b"ab", b"cd", b"<|x|>"]).to_terminal(&options);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "\x1b[38;5;16;48;5;153mab\x1b[0m\x1b[38;5;16;48;5;222mc\x1b[0m"
    );
    assert_eq!(lines.len(), 3);
    // Each line is whole in itself.
    assert!(
        lines
            .iter()
            .all(|line| line.starts_with('\x1b') && line.ends_with("\x1b[0m"))
    );
    assert!(lines[2].starts_with("\x1b[1;38;5;231;48;5;54m"));
}

#[test]
fn html_has_no_markup_of_the_text() {
    let html = shown(&[b"<script>", b"\"&\n", b"<|end|>"]).to_html();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script"));
    assert!(html.contains("&quot;&amp;<i>↵</i><br>"));
    assert!(html.contains("<span class=\"special\" title=\"id 2, bytes 3c 7c 65 6e 64 7c 3e\">"));
    assert_eq!(html.matches("<span").count(), 3);
    assert!(html.contains("3 tokens, 18 characters, 18 bytes, 6.00 bytes a token"));
}
