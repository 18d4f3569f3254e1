"""What a training tells: while it runs, and when it is done."""

from __future__ import annotations

import io
import json
import os
import pathlib
import sys
import threading
import time
import warnings
from collections.abc import Iterator

import pytest

import bpekit
from bpekit._progress import bar
from small import demo
from training import mixed, prose


def report_of(tokenizer: bpekit.Tokenizer) -> bpekit.TrainingReport:
    assert tokenizer.training is not None
    return tokenizer.training


def test_what_was_done() -> None:
    report = report_of(bpekit.train(["low low", "lower lowest", ""], 262, special_tokens=["<e>"]))
    assert (report.asked, report.made, report.stopped) == (262, 262, "vocab_size")
    assert (report.texts, report.text_bytes, report.skipped, report.pretokens) == (3, 19, 0, 4)
    assert report.curve[0] == (257, 1.0)
    assert report.curve[-1] == (262, report.bytes_per_token)
    assert report.held_out_curve is report.held_out_bytes_per_token is None
    assert repr(report) == "<TrainingReport 262 of 262 tokens, stopped by vocab_size>"
    assert demo().training is None


def test_the_curve_is_what_smaller_vocabs_give() -> None:
    text = mixed()
    size = len(text.encode())
    report = report_of(bpekit.train(text, 600, held_out=prose()))
    assert report.held_out_curve is not None
    assert [point for point, _ in report.curve] == list(range(256, 601))
    assert [point for point, _ in report.held_out_curve] == list(range(256, 601))
    for vocab_size in (256, 300, 451, 600):
        smaller = bpekit.train(text, vocab_size)
        expected = size / smaller.count(text)
        assert report.curve[vocab_size - 256][1] == pytest.approx(expected)
        expected = len(prose().encode()) / smaller.count(prose())
        assert report.held_out_curve[vocab_size - 256][1] == pytest.approx(expected)
    assert report.held_out_bytes_per_token == report.held_out_curve[-1][1]


def test_held_out_files(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "held_out.txt"
    path.write_bytes("low\r\né".encode())
    one = report_of(bpekit.train("low low", 257, held_out=path))
    other = report_of(bpekit.train("low low", 257, held_out="low\r\né"))
    assert one.held_out_curve == other.held_out_curve
    with pytest.raises(FileNotFoundError):
        bpekit.train("low low", 257, held_out=tmp_path / "none.txt")


def test_json_and_svg(tmp_path: pathlib.Path) -> None:
    report = report_of(bpekit.train("low low lower lowest", 259, held_out="lowest"))
    document = json.loads(report.to_json())
    assert (document["asked"], document["made"], document["stop"]) == (259, 259, "vocab_size")
    assert document["bytes_per_token"] == pytest.approx(report.bytes_per_token)
    assert document["curve"]["first_size"] == 256
    assert document["held_out"]["tokens"][0] == 6
    report.save_svg(tmp_path / "curve.svg")
    assert (tmp_path / "curve.svg").read_bytes() == report.to_svg().encode()
    assert report.to_svg().startswith("<svg")


def test_the_warning_names_the_line_of_the_caller() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bpekit.train("aa", 300)
        bpekit.Tokenizer().train("aa", 300)
        bpekit.Tokenizer().train_from_iterator(["aa"], 300)
        bpekit.train_from_counts(bpekit.PretokenCounts.count("aa"), 300)
    assert [warning.category for warning in caught] == [bpekit.TrainingWarning] * 4
    assert {warning.filename for warning in caught} == {__file__}
    assert str(caught[0].message) == (
        "257 of 300 tokens were made: every pretoken is one token already"
    )


def slow() -> Iterator[str]:
    for _ in range(3):
        # A batch is counted in no time, so that the work waits for the texts.
        yield prose() * 4
        time.sleep(0.15)


def test_progress_is_told() -> None:
    told: list[bpekit.Progress] = []
    threads = set()

    def callback(progress: bpekit.Progress) -> None:
        told.append(progress)
        threads.add(threading.get_ident())

    bpekit.train(slow(), 3000, progress=callback)
    assert threads == {threading.get_ident()}
    counting = [progress for progress in told if progress.stage == "counting"]
    assert counting
    assert all(progress.total is None and progress.done > 0 for progress in counting)
    assert counting[0].rate > 0 or counting[0].seconds == 0
    assert counting[0].seconds_left is None
    last = told[-1]
    assert (last.stage, last.done, last.total, last.seconds_left) == ("merging", 2744, 2744, 0)
    assert [progress.done for progress in counting] == sorted(p.done for p in counting)


def test_what_a_callback_raises_is_raised(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(mixed() * 30, encoding="utf-8")

    def callback(progress: bpekit.Progress) -> None:
        raise LookupError(progress.stage)

    tokenizer = bpekit.Tokenizer()
    with pytest.raises(LookupError, match=r"counting|merging"):
        tokenizer.train(path, 5000, progress=callback)
    assert tokenizer.is_empty


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    leader, follower = os.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        bpekit.train(prose(), 1000, progress=True)
        shown = ""
        while not shown.endswith("\n"):
            shown += os.read(leader, 1 << 16).decode()
    os.close(leader)
    assert "merging  [" in shown
    assert "744 of 744" in shown
    assert "\x1b" not in shown


def test_nothing_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    bpekit.train("low low", 257, progress=True)
    bpekit.train("low low", 257, progress=False)
    monkeypatch.setattr(sys, "stderr", None)
    bpekit.train("low low", 257, progress=True)
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    bpekit.train("low low", 257, progress=True)
    assert stream.getvalue() == ""
    assert capfd.readouterr() == ("", "")


def test_the_line_of_the_bar() -> None:
    counting = bpekit.Progress(stage="counting", done=50_000_000, total=200_000_000, seconds=2.0)
    assert bar(counting, 100) == (
        f"counting [{'#' * 10}{' ' * 30}] 50.0 MB of 200.0 MB, 25 MB/s, 0:06 left"
    )
    endless = bpekit.Progress(stage="counting", done=50_000_000, total=None, seconds=2.0)
    assert bar(endless, 100) == "counting 50.0 MB, 25 MB/s"
    none = bpekit.Progress(stage="merging", done=0, total=0, seconds=0.0)
    assert bar(none, 100).startswith("merging  [####")
    for width in range(1, 100):
        for progress in (counting, endless, none):
            assert len(bar(progress, width)) <= width
