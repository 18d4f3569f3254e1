"""Row 76 of the contract: killed, resumed, and refused."""

from __future__ import annotations

import json
import pathlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

import bpekit
from training import mixed, prose, same_bytes

SIZE = 6000


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[pathlib.Path]:
    """Files large enough that counting and merging both take a while."""
    folder = tmp_path_factory.mktemp("corpus")
    source = random.Random(1)
    paths = []
    for number in range(4):
        words = mixed().split(" ")
        source.shuffle(words)
        path = folder / f"{number}.txt"
        path.write_text(prose() + " ".join(words), encoding="utf-8")
        paths.append(path)
    return paths


@pytest.fixture(scope="module")
def expected(corpus: list[pathlib.Path]) -> bpekit.Tokenizer:
    return bpekit.train(corpus, SIZE, special_tokens=["<|end|>"])


RUN = """
import sys, pathlib, bpekit
paths = [pathlib.Path(path) for path in sys.argv[3:]]
bpekit.train(paths, int(sys.argv[2]), special_tokens=["<|end|>"], checkpoint=sys.argv[1],
             resume=True)
"""


def resumed(
    corpus: list[pathlib.Path], checkpoint: pathlib.Path, **options: object
) -> bpekit.Tokenizer:
    arguments = {"special_tokens": ["<|end|>"], "resume": True} | options
    return bpekit.train(corpus, SIZE, checkpoint=checkpoint, **arguments)  # type: ignore[arg-type]


def test_row_76_killed_at_any_moment(
    corpus: list[pathlib.Path], expected: bpekit.Tokenizer, tmp_path: pathlib.Path
) -> None:
    checkpoint = tmp_path / "checkpoint"
    command = [sys.executable, "-c", RUN, str(checkpoint), str(SIZE), *map(str, corpus)]
    stages = set()
    for number in range(14):
        process = subprocess.Popen(command)
        # The first moments of a training, in steps; the interpreter starts meanwhile.
        limit = time.monotonic() + 10
        while not checkpoint.exists() and time.monotonic() < limit:
            time.sleep(0.002)
        time.sleep(0.008 * number)
        process.send_signal(signal.SIGKILL)
        process.wait()
        log = checkpoint / "merges.log"
        stages.add("merging" if log.exists() and log.stat().st_size > 81 else "counting")
        if number % 5 == 4:
            assert same_bytes(resumed(corpus, checkpoint), expected)
            for path in checkpoint.iterdir():
                path.unlink()
            checkpoint.rmdir()
    assert same_bytes(resumed(corpus, checkpoint), expected)
    assert "counting" in stages


def test_row_76_killed_while_merging(tmp_path: pathlib.Path) -> None:
    source = random.Random(4)
    path = tmp_path / "text.txt"
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ("".join(source.choices(letters, k=20)) for _ in range(40_000))
    path.write_text(" ".join(words))
    size = 40_000
    checkpoint = tmp_path / "checkpoint"
    log = checkpoint / "merges.log"
    code = RUN.replace(', special_tokens=["<|end|>"]', "")
    command = [sys.executable, "-c", code, str(checkpoint), str(size), str(path)]
    sizes = [81]
    for _ in range(3):
        process = subprocess.Popen(command)
        # The log is written a few times a second: each run gets further than the one before.
        while process.poll() is None and (not log.exists() or log.stat().st_size <= sizes[-1]):
            time.sleep(0.002)
        process.kill()
        process.wait()
        sizes.append(log.stat().st_size)
    assert 81 < sizes[1] < 81 + 32 * (size - 256), sizes
    assert sizes == sorted(sizes)
    tokenizer = bpekit.train(path, size, checkpoint=checkpoint, resume=True)
    assert same_bytes(tokenizer, bpekit.train(path, size))
    assert tokenizer.training is not None
    assert log.stat().st_size == 81 + 32 * (tokenizer.training.made - 256)


def test_row_76_resumed_from_every_part_of_the_log(
    corpus: list[pathlib.Path], expected: bpekit.Tokenizer, tmp_path: pathlib.Path
) -> None:
    checkpoint = tmp_path / "checkpoint"
    resumed(corpus, checkpoint)
    log = checkpoint / "merges.log"
    whole = log.read_bytes()
    for length in (0, 40, 81, 82, 81 + 32 * 100, 81 + 32 * 2000 + 7, len(whole)):
        log.write_bytes(whole[:length])
        assert same_bytes(resumed(corpus, checkpoint), expected)
        assert log.read_bytes() == whole
    # In any order.
    assert same_bytes(resumed(corpus[::-1], checkpoint), expected)


def test_row_76_refused_with_the_reason(corpus: list[pathlib.Path], tmp_path: pathlib.Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    resumed(corpus, checkpoint)
    with pytest.raises(ValueError, match="has a checkpoint already") as caught:
        resumed(corpus, checkpoint, resume=False)
    assert "resume=True" in str(caught.value)
    for options, reason in (
        ({"pattern": "gpt2"}, "pattern"),
        ({"min_frequency": 2}, "min_frequency"),
        ({"max_token_length": 7}, "max_token_length"),
        ({"special_tokens": []}, "special tokens"),
        ({"order": "hf"}, "order"),
        ({"normalizer": "nfc"}, "normalizer"),
        ({"min_count": 2}, "min_count"),
        ({"errors": "replace"}, "errors"),
        ({"lines": True}, "form"),
    ):
        with pytest.raises(ValueError, match=f"made with {reason} "):
            resumed(corpus, checkpoint, **options)
    with pytest.raises(ValueError, match="made with vocab_size `6000`"):
        bpekit.train(corpus, 700, special_tokens=["<|end|>"], checkpoint=checkpoint, resume=True)
    with pytest.raises(ValueError, match="with one more file"):
        resumed(corpus[1:], checkpoint)
    more = tmp_path / "more.txt"
    more.write_text("more")
    with pytest.raises(ValueError, match="without the file `"):
        resumed([*corpus, more], checkpoint)
    with pytest.raises(ValueError, match="made of files"):
        resumed(["a text"], checkpoint)  # type: ignore[list-item]


def test_row_76_a_changed_file(corpus: list[pathlib.Path], tmp_path: pathlib.Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(corpus[0].read_bytes())
    resumed([path], tmp_path / "checkpoint")
    path.write_bytes(corpus[0].read_bytes()[:-1] + b"!")
    with pytest.raises(ValueError, match=r"text\.txt: the file has changed"):
        resumed([path], tmp_path / "checkpoint")


def test_row_76_texts(tmp_path: pathlib.Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    texts = [prose(), mixed()]
    expected = bpekit.train(texts, 800)
    for _ in range(2):
        tokenizer = bpekit.train(iter(texts), 800, checkpoint=checkpoint, resume=True)
        assert same_bytes(tokenizer, expected)
    with pytest.raises(ValueError, match="other texts"):
        bpekit.train(texts[::-1], 800, checkpoint=checkpoint, resume=True)


def test_row_76_damaged(corpus: list[pathlib.Path], tmp_path: pathlib.Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    resumed(corpus, checkpoint)
    source = random.Random(8)
    for name, flips in (("merges.log", 6), ("counts-0.bpecounts", 6), ("checkpoint.json", 300)):
        path = checkpoint / name
        whole = path.read_bytes()
        for _ in range(flips):
            place = source.randrange(len(whole))
            flipped = bytearray(whole)
            flipped[place] ^= 1 << source.randrange(8)
            path.write_bytes(flipped)
            if name == "checkpoint.json" and json_means_the_same(whole, flipped):
                continue
            with pytest.raises(ValueError, match=r"\S"):
                resumed(corpus, checkpoint)
        path.write_bytes(whole)
    (checkpoint / "counts-1.bpecounts").unlink()
    with pytest.raises(FileNotFoundError):
        resumed(corpus, checkpoint)


def json_means_the_same(one: bytes, other: bytes) -> bool:
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


def test_row_76_two_at_once(corpus: list[pathlib.Path], tmp_path: pathlib.Path) -> None:
    checkpoint = tmp_path / "checkpoint"

    def texts() -> Iterator[str]:
        yield prose()
        # The first one is at work once this is there, and waits for this text.
        while not (checkpoint / "checkpoint.json").exists():
            time.sleep(0.001)
        with pytest.raises(ValueError, match="another process trains with this checkpoint"):
            bpekit.train(corpus, SIZE, checkpoint=checkpoint)
        yield mixed()

    tokenizer = bpekit.train(texts(), 500, checkpoint=checkpoint)
    assert tokenizer.n_vocab == 500
