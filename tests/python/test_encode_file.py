"""Whole files: the ids are those of `encode` for each document, whatever the blocks and threads."""

from __future__ import annotations

import gzip
import pathlib
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import bpekit
from bpekit import _encode_file
from bpekit._special import special_names
from hostile import hostile_texts

EOT = "<|endoftext|>"


@pytest.fixture(scope="module")
def demo() -> bpekit.Tokenizer:
    return bpekit.demo()


def in_blocks(
    tokenizer: bpekit.Tokenizer, path: pathlib.Path, block_len: int, **options: Any
) -> list[int]:
    """Encode a file in blocks of this length."""
    policy = special_names(
        options.pop("allowed_special", frozenset()), options.pop("disallowed_special", ())
    )
    given: dict[str, Any] = {
        "out": None,
        "separator": None,
        "prepend": None,
        "append": None,
        "dtype": "uint32",
        "frame": False,
        "errors": "strict",
        "field": None,
        "num_threads": 2,
        "progress": None,
    }
    ids = _encode_file.encode_file(
        tokenizer._core, path, policy, block_len=block_len, **(given | options)
    )
    return ids.tolist()  # type: ignore[no-any-return]


def plain(
    tokenizer: bpekit.Tokenizer, text: str, separator: str | None, **options: Any
) -> list[int]:
    """Encode document after document, each as a whole."""
    options = {"disallowed_special": ()} | options
    if separator is None:
        return tokenizer.encode(text, **options)
    documents = text.split(separator)
    if not documents[-1]:
        documents.pop()
    end = [tokenizer.eot_token] if separator == EOT else []
    return [id for document in documents for id in tokenizer.encode(document, **options) + end]


def test_hostile_texts_in_blocks(demo: bpekit.Tokenizer, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.txt"
    rng = random.Random(7)
    hostile = [text for text in hostile_texts(400, specials=[EOT]) if _is_encodable(text)]
    for _ in range(40):
        parts = rng.sample(hostile, 12)
        text = "".join(part[:300] + rng.choice([EOT, "", "\n", " ", "<|end"]) for part in parts)
        path.write_bytes(text.encode())
        for separator in (None, EOT, "\n"):
            expected = plain(demo, text, separator)
            for block_len in (1, 7, 16, 33, 64, 1000):
                assert in_blocks(demo, path, block_len, separator=separator) == expected
        expected = plain(demo, text, None, allowed_special="all")
        for block_len in (5, 40):
            assert in_blocks(demo, path, block_len, allowed_special="all") == expected


def _is_encodable(text: str) -> bool:
    # Surrogates cannot stand in a file.
    return not any("\ud800" <= character <= "\udfff" for character in text)


def test_every_alignment(demo: bpekit.Tokenizer, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.txt"
    for whole in (EOT, "漢字", "🦀", "   \n\n \t", "\r\n", "it's", "e\u0301", EOT + EOT):
        for shift in range(48):
            text = "word, " * 12 + "x" * shift + whole + " and, more. words" * 5
            path.write_bytes(text.encode())
            for separator in (None, EOT):
                expected = plain(demo, text, separator)
                assert in_blocks(demo, path, 48, separator=separator) == expected
                assert in_blocks(demo, path, 1 + shift, separator=separator) == expected


def test_threads_and_files(demo: bpekit.Tokenizer, tmp_path: pathlib.Path) -> None:
    text = "The quick brown fox, 12345.\n" * 40_000
    paths = [tmp_path / "a.txt", tmp_path / "b.txt.gz", tmp_path / "c.txt"]
    paths[0].write_text(text)
    paths[1].write_bytes(gzip.compress((text + EOT + "the").encode()))
    paths[2].write_text("")
    expected = plain(demo, text, EOT) + plain(demo, text + EOT + "the", EOT)
    for threads in (None, 1, 2, 5):
        ids = demo.encode_file(paths, separator=EOT, num_threads=threads)
        assert ids.dtype == np.uint16
        assert np.array_equal(ids, expected)
    with pytest.raises(ValueError, match="num_threads=0"):
        demo.encode_file(paths, num_threads=0)


def test_as_nanogpt_prepares_it(tmp_path: pathlib.Path) -> None:
    """`enc.encode_ordinary(text)` and then `enc.eot_token`, document by document, as uint16."""
    enc = bpekit.demo()
    documents = ["the first", "the second\nhas two lines", "the third"]
    expected = []
    for document in documents:
        expected += [*enc.encode_ordinary(document), enc.eot_token]
    path, out = tmp_path / "corpus.txt", tmp_path / "train.bin"
    path.write_text(EOT.join(documents))
    done = enc.encode_file(str(path), out=str(out), separator=EOT)
    assert np.memmap(out, dtype=np.uint16, mode="r").tolist() == expected
    assert done.to_numpy().tolist() == expected
    assert (done.documents, done.ids, done.path) == (3, len(expected), str(out))
    assert done.text_bytes == sum(map(len, documents))
    # And as nanochat does: the token before each document.
    ids = enc.encode_file(path, separator=EOT, prepend=EOT)
    assert ids.tolist() == [expected[-1], *expected[:-1]]


def test_lines_of_json(demo: bpekit.Tokenizer, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "the\\nend", "body": "x"}\n{"text": null, "body": "y"}\n')
    out = tmp_path / "ids.bin"
    done = demo.encode_file(path, out=out, append=EOT)
    assert done.to_numpy().tolist() == [*demo.encode("the\nend"), 3000]
    assert (done.documents, done.skipped) == (1, 1)
    ids = demo.encode_file(path, field="body")
    assert ids.tolist() == demo.encode("x") + demo.encode("y")
    with pytest.raises(ValueError, match="a document in each line"):
        demo.encode_file(path, separator=EOT)


def test_types_of_ids(demo: bpekit.Tokenizer, tmp_path: pathlib.Path) -> None:
    path, out = tmp_path / "a.txt", tmp_path / "ids.bin"
    path.write_text("hello world")
    ids = [258, 297, 78, 995]
    for dtype, written in (
        ("auto", "<u2"),
        ("uint16", "<u2"),
        ("u32", "<u4"),
        (np.uint32, "<u4"),
        (np.dtype("uint16"), "<u2"),
    ):
        done = demo.encode_file(path, out=out, dtype=dtype)
        assert done.dtype == written
        assert out.read_bytes() == np.array(ids, dtype=written).tobytes()
        assert demo.encode_file(path, dtype=dtype).tolist() == ids
    with pytest.raises(ValueError, match="dtype must be uint32 or uint16"):
        demo.encode_file(path, dtype="int64")
    far = bpekit.Tokenizer(
        "far", pat_str=".+", mergeable_ranks={b"a": 0}, special_tokens={"<far>": 65_536}
    )
    path.write_text("a")
    assert far.encode_file(path).dtype == np.uint32
    with pytest.raises(ValueError, match="the largest id is 65536"):
        far.encode_file(path, out=out, dtype="uint16")
    path.write_text("")
    done = demo.encode_file(path, out=out)
    assert (done.documents, done.ids, done.to_numpy().size) == (1, 0, 0)


def test_errors_say_where(demo: bpekit.Tokenizer, tmp_path: pathlib.Path) -> None:
    path, out = tmp_path / "a.txt", tmp_path / "ids.bin"
    out.write_bytes(b"as it was")
    path.write_bytes(b"word " * 200_000 + b"\xff" + b" word" * 9)
    with pytest.raises(bpekit.FormatError, match=r"a\.txt: byte 1000000: 0xff is not UTF-8"):
        demo.encode_file(path, out=out)
    for errors in ("replace", "ignore"):
        text = path.read_bytes().decode(errors=errors)
        assert demo.encode_file(path, errors=errors).tolist() == demo.encode(text)
    path.write_text("the " + EOT)
    with pytest.raises(ValueError, match=r"a\.txt: byte 4: the text contains the special token"):
        demo.encode_file(path, out=out)
    assert demo.encode_file(path, allowed_special={EOT}).tolist()[-1] == 3000
    ordinary = demo.encode_file(path, disallowed_special=()).tolist()
    assert ordinary == demo.encode_ordinary("the " + EOT)
    with pytest.raises(ValueError, match="separator is empty"):
        demo.encode_file(path, separator="")
    with pytest.raises(ValueError, match="`<no>` is no special token"):
        demo.encode_file(path, out=out, append="<no>")
    with pytest.raises(TypeError, match="separator must be"):
        demo.encode_file(path, separator=7)  # type: ignore[call-overload]
    with pytest.raises(FileNotFoundError, match=r"none\.txt"):
        demo.encode_file(tmp_path / "none.txt", out=out)
    with pytest.raises(FileNotFoundError):
        demo.encode_file(path, separator=EOT, out=tmp_path / "none" / "ids.bin")
    with pytest.raises(ValueError, match="would be overwritten"):
        demo.encode_file(path, out=path)
    with pytest.raises(ValueError, match="not trained"):
        bpekit.Tokenizer().encode_file(path)
    assert out.read_bytes() == b"as it was"
    assert len(list(tmp_path.iterdir())) == 2


def test_progress(demo: bpekit.Tokenizer, tmp_path: pathlib.Path) -> None:
    path, out = tmp_path / "a.txt", tmp_path / "ids.bin"
    path.write_text("some words, " * 500_000)
    told: list[bpekit.Progress] = []
    demo.encode_file(path, out=out, progress=told.append)
    assert {progress.stage for progress in told} == {"encoding"}
    size = path.stat().st_size
    assert (told[-1].done, told[-1].total) == (size, size)

    def stop(progress: bpekit.Progress) -> None:
        raise LookupError(progress.stage)

    out.unlink()
    with pytest.raises(LookupError, match="encoding"):
        demo.encode_file([path] * 300, out=out, progress=stop)
    assert list(tmp_path.iterdir()) == [path]


INTERRUPTED = """
import signal, sys, threading, time, bpekit
sent = 0.0
def send():
    global sent
    sent = time.monotonic()
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
timer = threading.Timer(0.3, send)
timer.start()
try:
    bpekit.demo().encode_file([sys.argv[1]] * 3000, out=sys.argv[2])
except KeyboardInterrupt:
    print(time.monotonic() - sent)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signal to one thread")
def test_ctrl_c_is_heard_and_leaves_nothing(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("some words, " * 100_000)
    command = [sys.executable, "-c", INTERRUPTED, str(path), str(tmp_path / "ids.bin")]
    outcome = subprocess.run(
        command, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    # What is asked for is half a second; a machine with other work gets more.
    assert float(outcome.stdout) < 2.0
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_long_document_takes_little_memory(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("w") as file:
        for _ in range(100):
            file.write("some words, and others. " * 40_000)
    script = (
        "import resource, sys, bpekit\n"
        "demo = bpekit.demo()\n"
        "demo.encode('a')\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "demo.encode_file(sys.argv[1], out=sys.argv[2])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    command = [sys.executable, "-c", script, str(path), str(tmp_path / "ids.bin")]
    outcome = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert path.stat().st_size > 90_000_000
    assert int(outcome.stdout) < 60_000, "kilobytes"
