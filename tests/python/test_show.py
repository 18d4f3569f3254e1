"""Tokens to look at, in Python and at the command line."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sysconfig
from html.parser import HTMLParser

import pytest

import bpekit
from hostile import hostile_texts
from small import demo

BPEKIT = os.path.join(sysconfig.get_path("scripts"), "bpekit")
TEXT = "the cat\n\u65e5<|endoftext|>"
PLAIN = "the\u2502 c\u2502at\u2502\u21b5\n\\xe6\u2502\\x97\u2502\\xa5\u2502<|endoftext|>"


def test_show() -> None:
    shown = demo().show(TEXT, allowed_special="all")
    assert str(shown) == repr(shown) == PLAIN
    assert shown.ids == demo().encode(TEXT, allowed_special="all")
    colored = shown.to_terminal(color=True, width=10)
    assert "\x1b[48" not in PLAIN and "\x1b[1;38;5;231;48;5;54m" in colored
    without = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert without.replace("\n", "") == PLAIN.replace("\u2502", "").replace("\n", "")
    with pytest.raises(ValueError, match="disallowed special token"):
        demo().show(TEXT)


class Reader(HTMLParser):
    """The texts of the tokens, and the elements that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tokens: list[str] = []
        self.titles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            return
        self.open.append(tag)
        if tag == "span":
            self.tokens.append("")
            self.titles.append(dict(attrs)["title"] or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "span" in self.open:
            self.tokens[-1] += data


def test_html() -> None:
    for text in ["", TEXT, '<b>&amp;"', *hostile_texts(300)]:
        shown = demo().show(text, allowed_special="all")
        reader = Reader()
        reader.feed(shown._repr_html_())
        assert not reader.open
        assert len(reader.tokens) == len(shown.ids)
        assert [int(title.split()[1].rstrip(",")) for title in reader.titles] == shown.ids
        hexes = "".join(title.partition("bytes ")[2].replace(" ", "") for title in reader.titles)
        assert bytes.fromhex(hexes) == demo().decode_bytes(shown.ids)


def test_command_line() -> None:
    arguments = [BPEKIT, "show", "-t", "demo", "--special"]
    done = subprocess.run([*arguments, TEXT], capture_output=True, text=True, check=True)
    assert done.stdout == PLAIN + "\n"
    assert done.stderr == "8 tokens, 22 characters, 24 bytes, 3.00 bytes a token\n"
    by_pipe = subprocess.run(arguments, input=TEXT, capture_output=True, text=True, check=True)
    assert by_pipe.stdout == done.stdout
    html = subprocess.run([*arguments, "--html", TEXT], capture_output=True, text=True, check=True)
    assert html.stdout.rstrip("\n") == demo().show(TEXT, allowed_special="all").to_html()


@pytest.mark.parametrize(
    ("variables", "is_colored"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)],
)
def test_on_a_terminal(variables: dict[str, str], is_colored: bool) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "12", **variables}
    if "NO_COLOR" not in variables:
        environment.pop("NO_COLOR", None)
    with open(ours, "rb", buffering=0) as terminal:
        subprocess.run(
            [BPEKIT, "show", "-t", "demo", "the cat sat on the mat"],
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            env=environment,
            check=True,
        )
        os.close(theirs)
        text = terminal.read(4096).decode()
    assert ("\x1b[38" in text) == is_colored
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= 12


def test_what_is_shown_is_public() -> None:
    assert bpekit.ShownText.__module__ == "bpekit"


def test_report() -> None:
    page = demo().report({"a <b>": TEXT}, other=demo(), title="mine")
    assert page.startswith("<!doctype html>") and "<title>mine" in page
    assert "a &lt;b&gt;" in page and "<script" not in page
    assert "None: both are the same tokenizer." in page
    assert "Universal Declaration" in demo().report()
    with pytest.raises(UnicodeEncodeError):
        demo().report({"half": "\ud800"})
