"""What may be trained on: how a source is told from another, and what becomes of odd ones."""

from __future__ import annotations

import itertools
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import bpekit
from training import mixed, prose, same_bytes

count = bpekit.PretokenCounts.count


def test_a_text_is_never_a_file_name(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("text").write_text("what the file says")
    assert count("text").items() == count(["text"]).items() == [(b"text", 1)]
    assert count(pathlib.Path("text"))[b" file"] == 1


class Named(os.PathLike[str]):
    """A file's name, as other libraries have it."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)


def test_kinds_of_sources(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"low lower")
    expected = count("low lower").items()
    for source in (
        Named(path),
        [Named(path)],
        iter([path]),
        (path,),
        b"low lower",
        bytearray(b"low lower"),
        memoryview(b"low lower"),
        ("low lower",),
        {"low lower": 1},
        (text for text in [b"low lower"]),
    ):
        assert count(source).items() == expected  # type: ignore[arg-type]


def test_sources_that_are_none() -> None:
    for source, message in (
        (None, "not NoneType"),
        (7, "not int"),
        (["a", None], r"texts\[1\] must be a str or bytes, not NoneType"),
        ([None, "a"], r"texts\[0\] must be a str or bytes, not NoneType"),
        ([["a"]], r"texts\[0\] must be a str or bytes, not list"),
        (["a", pathlib.Path("b")], r"texts\[1\] must be a str or bytes, not P"),
        ([pathlib.Path("b"), "a"], r"source\[1\] must be a Path like source\[0\], not str"),
    ):
        with pytest.raises(TypeError, match=message):
            bpekit.train(source, 300)  # type: ignore[arg-type]


def test_texts_and_their_errors() -> None:
    texts = [b"low \xff", "low"]
    for errors, pretoken in (("replace", " \ufffd"), ("ignore", " ")):
        counts = count(texts, errors=errors)
        assert counts[pretoken.encode()] == 1
        assert count(texts[0], errors=errors)[pretoken.encode()] == 1
    with pytest.raises(ValueError, match=r"byte 4: 0xff in text 1 is not UTF-8"):
        count(texts)
    many = ["text"] * 500_000 + [b"a\xff"]
    with pytest.raises(ValueError, match=r"0xff in text 500001 is not UTF-8"):
        count(many)


def test_compressed_files(tmp_path: pathlib.Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    lines = mixed().encode()
    path = tmp_path / "text.txt.zst"
    path.write_bytes(zstandard.compress(lines[:50_000]) + zstandard.compress(lines[50_000:]))
    assert count(path).items() == count(lines).items()
    path.write_bytes(zstandard.compress(lines)[:-9])
    with pytest.raises(ValueError, match=r"text\.txt\.zst"):
        count(path)
    rows = tmp_path / "rows.jsonl.zst"
    rows.write_bytes(zstandard.compress(b'{"body": "low"}\n{"body": null}\n'))
    counts = count(rows, field="body")
    assert (counts.items(), counts.skipped) == ([(b"low", 1)], 1)


def test_the_nulls_of_parquet_are_in_the_report(tmp_path: pathlib.Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "text.parquet"
    values = ["low low lower"] * 3000 + [None] * 5
    parquet.write_table(pyarrow.table({"text": values}), path, row_group_size=1000)
    tokenizer = bpekit.train([path, path], 258)
    report = tokenizer.training
    assert report is not None
    assert (report.texts, report.skipped) == (6000, 10)
    assert '"skipped":10' in report.to_json()
    expected = bpekit.train((value for value in values if value), 258)
    assert same_bytes(tokenizer, expected)
    for name, value in (("lines", True), ("field", "text")):
        with pytest.raises(ValueError, match="is for files of lines"):
            bpekit.train(path, 258, **{name: value})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="there is none"):
        bpekit.train(tmp_path / "text.txt", 258, column="text")


def test_parquet_without_pyarrow(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match="pip install pyarrow"):
        bpekit.train(tmp_path / "text.parquet", 300)


def test_row_75_a_file_that_becomes_shorter(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(mixed().encode() * 150)

    def shorten(progress: bpekit.Progress) -> None:
        os.truncate(path, 10)

    # A normalizer that takes its time: some of the file is still to be read when it is heard how
    # far that is.
    with pytest.raises(ValueError, match="became shorter while it was read"):
        bpekit.PretokenCounts.count(path, normalizer="NFKC", progress=shorten, num_threads=1)


def test_row_75_a_file_that_changes_under_a_checkpoint(tmp_path: pathlib.Path) -> None:
    path, other = tmp_path / "text.txt", tmp_path / "other.txt"
    path.write_bytes(prose().encode())
    other.write_bytes(b"low \xff")
    checkpoint = tmp_path / "checkpoint"
    options = {"checkpoint": checkpoint, "resume": True}
    with pytest.raises(ValueError, match="not UTF-8"):
        bpekit.train([path, other], 400, **options)  # type: ignore[arg-type]
    # What failed may be put right; what was counted must stay as it was.
    other.write_bytes(b"low")
    path.write_bytes(prose().encode() + b"!")
    with pytest.raises(ValueError, match="has changed since"):
        bpekit.train([path, other], 400, **options)  # type: ignore[arg-type]
    path.write_bytes(prose().encode())
    expected = bpekit.train([path, other], 400)
    assert same_bytes(bpekit.train([path, other], 400, **options), expected)  # type: ignore[arg-type]


# Threads, and iterators of all kinds.


def test_texts_are_taken_in_the_thread_that_calls() -> None:
    threads = set()

    def texts() -> Iterator[str]:
        for _ in range(20):
            threads.add(threading.get_ident())
            yield mixed()

    bpekit.train(texts(), 300)
    assert threads == {threading.get_ident()}


def test_an_iterator_may_encode_and_count() -> None:
    def texts() -> Iterator[str]:
        for number in range(5):
            inner = bpekit.Tokenizer()
            inner.train_from_iterator((f"low {number}" for _ in range(9)), 258)
            yield inner.decode(inner.encode(f"low {number}"))
            yield str(len(count([f"low {number}"] * 3)))

    assert bpekit.train(texts(), 257).n_vocab == 257


def test_a_failure_stops_the_iterator(tmp_path: pathlib.Path) -> None:
    bpekit.train("low low", 257, checkpoint=tmp_path)
    taken = 0

    def texts() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield "text"
            time.sleep(0.01)

    with pytest.raises(ValueError, match="has a checkpoint already"):
        bpekit.train(texts(), 300, checkpoint=tmp_path)
    assert taken < 100


def test_trainings_in_several_threads() -> None:
    expected = bpekit.train(mixed(), 500)
    with ThreadPoolExecutor(4) as executor:
        for other in executor.map(lambda _: bpekit.train(iter([mixed()]), 500), range(8)):
            assert same_bytes(other, expected)


def test_other_threads_run_meanwhile() -> None:
    ticks = 0
    done = threading.Event()

    def work() -> None:
        bpekit.train(itertools.repeat(mixed(), 60), 400)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        ticks += 1
        time.sleep(0.001)
    thread.join()
    assert ticks > 20


INTERRUPTED = """
import itertools, signal, sys, threading, time, bpekit

def after(seconds):
    def send():
        global sent
        sent = time.monotonic()
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    threading.Timer(seconds, send).start()

def slow():
    while True:
        yield "text"
        time.sleep(0.001)

class Mine(Exception):
    pass

def handler(number, frame):
    raise Mine

tokenizer = bpekit.Tokenizer()
for handler, kind in ((signal.default_int_handler, KeyboardInterrupt), (handler, Mine)):
    signal.signal(signal.SIGINT, handler)
    for texts in (itertools.repeat(""), itertools.repeat("word " * 9),
                  itertools.repeat("a" * 2**22), itertools.repeat(b"\\xff"), slow()):
        after(0.15)
        try:
            tokenizer.train(texts, 400, errors="ignore")
        except kind:
            assert time.monotonic() - sent < 0.5, time.monotonic() - sent
        else:
            sys.exit("not interrupted")
        assert tokenizer.is_empty
tokenizer.train("low low", 257)
print("done")
"""


def test_endless_iterators_are_interrupted() -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (outcome.returncode, outcome.stdout) == (0, "done\n"), outcome.stderr


def test_a_signal_whose_handler_returns_stops_nothing() -> None:
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    try:
        main = threading.main_thread().ident
        assert main is not None
        timers = [
            threading.Timer(0.05 * number, signal.pthread_kill, (main, signal.SIGUSR1))
            for number in range(1, 4)
        ]
        for timer in timers:
            timer.start()
        expected = bpekit.train([mixed()] * 40, 400)
        for timer in timers:
            timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert seen
    assert same_bytes(bpekit.train([mixed()] * 40, 400), expected)


def test_a_short_training_is_short() -> None:
    bpekit.train("low low", 257)
    start = time.monotonic()
    for _ in range(20):
        bpekit.train("low low", 257)
        bpekit.train(["low low"], 257)
    assert (time.monotonic() - start) / 40 < 0.015


WAITING = """
import pathlib, signal, sys, threading, time, bpekit

main = threading.main_thread().ident
for options in ({}, {"lines": True}, {"checkpoint": sys.argv[2], "resume": True}):
    timer = threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    start = time.monotonic()
    try:
        bpekit.train(pathlib.Path(sys.argv[1]), 300, num_threads=2, **options)
    except KeyboardInterrupt:
        assert time.monotonic() - start < 0.7
    else:
        sys.exit("not interrupted")
print("done")
"""


@pytest.mark.parametrize("name", ["/dev/zero", "pipe"])
def test_row_75_files_without_an_end_are_interrupted(name: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / name
    if name == "pipe":
        # Nobody writes to it: opening it takes for ever.
        os.mkfifo(path)
    outcome = subprocess.run(
        [sys.executable, "-c", WAITING, str(path), str(tmp_path / "checkpoint")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (outcome.returncode, outcome.stdout) == (0, "done\n"), outcome.stderr
