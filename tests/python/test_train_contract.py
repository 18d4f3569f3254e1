"""Training on what the world has: one test or more for each row of the contract's table."""

from __future__ import annotations

import gzip
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator

import pytest

import bpekit
from training import mixed, prose, same_bytes

WHOLE = 1 << 18  # A batch of texts has about so many bytes.


# 71: texts and sizes at the edges.


@pytest.mark.parametrize("source", ["", [], [""], ["", "", b""], iter([])])
def test_row_71_no_text(source: object) -> None:
    with pytest.raises(ValueError, match="no text to train on"):
        bpekit.train(source, 300)  # type: ignore[arg-type]


def test_row_71_a_corpus_of_one_byte() -> None:
    with pytest.warns(bpekit.TrainingWarning, match="256 of 300 tokens were made"):
        tokenizer = bpekit.train("a", 300)
    assert tokenizer.n_vocab == 256
    assert tokenizer.encode("ab") == [97, 98]
    assert tokenizer.training is not None
    assert tokenizer.training.stopped == "no_pairs"


@pytest.mark.parametrize("size", [-1, 0, 1, 255, 1 << 32, 1 << 40, 1 << 70])
def test_row_71_sizes_that_cannot_be(size: int) -> None:
    with pytest.raises(ValueError, match="vocab"):
        bpekit.train("some text", size)


def test_row_71_special_tokens_count() -> None:
    with pytest.raises(ValueError, match="256 bytes and 2 special tokens; expected a size of 258"):
        bpekit.train("some text", 257, special_tokens=["<a>", "<b>"])
    tokenizer = bpekit.train("some text", 258, special_tokens=["<a>", "<b>"])
    assert tokenizer.special_tokens == {"<a>": 256, "<b>": 257}


def test_row_71_the_bytes_alone_need_no_text() -> None:
    assert bpekit.train("", 256).n_vocab == 256
    assert bpekit.train("text", 256).encode("text") == list(b"text")


def test_row_71_fewer_than_asked_for() -> None:
    with pytest.warns(bpekit.TrainingWarning, match="frequent enough"):
        tokenizer = bpekit.train("aa bb aa", 1000, min_frequency=2)
    report = tokenizer.training
    assert report is not None
    assert (report.asked, report.stopped) == (1000, "min_frequency")
    assert report.made == tokenizer.n_vocab < 1000
    with pytest.warns(bpekit.TrainingWarning, match="short enough"):
        bpekit.train("aaaa bbbb", 1000, max_token_length=2)


@pytest.mark.parametrize("size", ["300", 300.0, None])
def test_row_71_sizes_that_are_no_integers(size: object) -> None:
    with pytest.raises(TypeError, match="vocab_size"):
        bpekit.train("text", size)  # type: ignore[arg-type]


# 72: large counts.


def test_row_72_counts_beyond_32_and_53_bits() -> None:
    counts = bpekit.PretokenCounts("gpt2")
    for pretoken, count in ((b"ab", 1 << 62), (b"bc", (1 << 53) + 1), (b"cd", 1 << 53)):
        counts.add(pretoken, count)
    counts.add(b"de", (1 << 31) + 1)
    counts.add(b"ef", 1 << 31)
    tokenizer = bpekit.train_from_counts(counts, 261)
    learned = [token for token, _ in tokenizer.get_mergeable_ranks()[256:]]
    assert learned == [b"ab", b"bc", b"cd", b"de", b"ef"]


def test_row_72_counts_never_wrap() -> None:
    counts = bpekit.PretokenCounts("gpt2")
    counts.add(b"ab", (1 << 64) - 1)
    with pytest.raises(ValueError, match=r"exceeds 2\^64"):
        counts.add(b"ab", 1)
    assert counts[b"ab"] == (1 << 64) - 1
    with pytest.raises(ValueError, match=r"2\*\*64"):
        counts.add(b"cd", 1 << 64)
    with pytest.raises(ValueError, match="0 or more"):
        counts.add(b"cd", -1)
    with pytest.raises(ValueError, match=r"2\^64 bytes"):
        bpekit.train_from_counts(counts, 300)
    other = bpekit.PretokenCounts("gpt2")
    other.add(b"a", 1)
    other.add(b"ab", 1)
    with pytest.raises(ValueError, match=r"exceeds 2\^64"):
        counts.merge(other)
    assert (len(counts), counts[b"a"]) == (1, 0)


# 73: the same result, whatever way it takes.


def test_row_73_threads_and_order_do_not_matter(tmp_path: pathlib.Path) -> None:
    texts = mixed().split("\n")
    expected = bpekit.train(texts, 1500, num_threads=1)
    for threads in (2, 16):
        assert same_bytes(bpekit.train(texts, 1500, num_threads=threads), expected)
    shuffled = random.Random(3).sample(texts, len(texts))
    assert same_bytes(bpekit.train(shuffled, 1500), expected)
    paths = []
    for number, text in enumerate(texts[:200]):
        path = tmp_path / f"{number}.txt"
        path.write_bytes(text.encode())
        paths.append(path)
    expected = bpekit.train(paths, 600)
    for _ in range(3):
        random.Random(5).shuffle(paths)
        assert same_bytes(bpekit.train(paths, 600), expected)


def test_row_73_one_text_in_every_form(tmp_path: pathlib.Path) -> None:
    text = prose() + mixed()
    path = tmp_path / "text.txt"
    path.write_bytes(text.encode())
    packed = tmp_path / "text.txt.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    expected = bpekit.train(text, 1200)
    for source in (path, packed, [path], [text], iter([text]), text.encode(), [text.encode()]):
        assert same_bytes(bpekit.train(source, 1200), expected)
    counts = bpekit.PretokenCounts.count(path)
    assert same_bytes(bpekit.train_from_counts(counts, 1200), expected)
    lines = text.splitlines(keepends=True)
    by_line = bpekit.train(lines, 1200)
    # Not `splitlines`, which cuts at more than line feeds.
    feeds = [f"{line}\n" for line in text.split("\n")]
    feeds[-1] = feeds[-1][:-1]
    assert same_bytes(bpekit.train(path, 1200, lines=True), bpekit.train(feeds, 1200))
    assert by_line.n_vocab == 1200


@pytest.mark.parametrize("buffer_size", [1, 3, 8192])
def test_row_73_buffers_do_not_matter(buffer_size: int) -> None:
    texts = mixed().splitlines(keepends=True)
    tokenizer = bpekit.Tokenizer()
    tokenizer.train_from_iterator(iter(texts), 500, buffer_size)
    other = bpekit.Tokenizer()
    other.train_from_iterator(texts, 500)
    assert same_bytes(tokenizer, other)


# 74: texts at the border of batches.


@pytest.mark.parametrize(
    "unit",
    ["a", "ab", " ", "\n", "7", "é", "漢", "。", "😀", "don't ", "x\r\n", "\0", "a \n\n", "word, "],
)
def test_row_74_texts_longer_than_a_batch(unit: str, tmp_path: pathlib.Path) -> None:
    text = "\ufeff" + unit * (3 * WHOLE // len(unit.encode())) + "end"
    path = tmp_path / "text.txt"
    path.write_bytes(text.encode())
    counts = bpekit.PretokenCounts.count(path)
    assert counts.text_bytes == len(text.encode())
    # The plain way: the whole text at once, through a pattern that has no fast path.
    expected = bpekit.PretokenCounts.count([text], num_threads=1)
    assert counts.items() == expected.items()


def test_row_74_special_tokens_across_batches(tmp_path: pathlib.Path) -> None:
    special = ["<|end of text|>", "<|end", "a b"]
    for shift in range(0, 24):
        text = "x" * (WHOLE - 12 + shift) + " <|end of text|> word" + " a b" * 9
        path = tmp_path / "text.txt"
        path.write_bytes((text * 3).encode())
        counts = bpekit.PretokenCounts.count(path, special_tokens=special)
        assert counts[b" word"] == 3
        assert not any(b"end" in pretoken or b"b" in pretoken for pretoken in counts)


def test_row_74_invalid_utf8(tmp_path: pathlib.Path) -> None:
    content = b"good \xff\xfe bad \xe6\xbc" + b"x" * WHOLE + b" \xe6\xbc\xa2 \xf0\x9f\x98"
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"text.txt: ?.*byte 5: 0xff is not UTF-8") as caught:
        bpekit.train(path, 300)
    assert "errors" in str(caught.value)
    for errors in ("replace", "ignore"):
        expected = bpekit.PretokenCounts.count(content.decode(errors=errors))
        assert bpekit.PretokenCounts.count(path, errors=errors).items() == expected.items()
        assert bpekit.PretokenCounts.count(content, errors=errors).items() == expected.items()
    with pytest.raises(ValueError, match="errors="):
        bpekit.train("text", 300, errors="surrogateescape")  # type: ignore[arg-type]


def test_row_74_surrogates() -> None:
    counts = bpekit.PretokenCounts.count(["\ud83d\ude00", "\ud800"])
    assert counts["😀".encode()] == counts["\ufffd".encode()] == 1
    assert bpekit.PretokenCounts.count("a\ud800")["\ufffd".encode()] == 1


# 75: files.


def test_row_75_files_that_cannot_be_read(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        bpekit.train(tmp_path / "none.txt", 300)
    with pytest.raises(IsADirectoryError):
        bpekit.train(tmp_path, 300)
    broken = tmp_path / "broken.gz"
    broken.write_bytes(gzip.compress(mixed().encode())[:-20])
    with pytest.raises(ValueError, match="damaged"):
        bpekit.train(broken, 300)
    if os.getuid():
        secret = tmp_path / "secret.txt"
        secret.write_text("text")
        secret.chmod(0)
        with pytest.raises(PermissionError):
            bpekit.train(secret, 300)


def test_row_75_a_pipe(tmp_path: pathlib.Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(mixed().encode()))
    writer.start()
    tokenizer = bpekit.train(pipe, 400)
    writer.join()
    assert same_bytes(tokenizer, bpekit.train(mixed(), 400))


def test_row_75_a_file_that_grows(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(mixed().encode())
    is_done = threading.Event()

    def grow() -> None:
        with path.open("ab") as file:
            while not is_done.is_set():
                file.write(b" more" * 100)
                file.flush()
                if file.tell() > 1 << 24:
                    return

    writer = threading.Thread(target=grow)
    writer.start()
    counts = bpekit.PretokenCounts.count(path)
    is_done.set()
    writer.join()
    assert counts.text_bytes >= len(mixed().encode())


def test_row_75_lines_of_json(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "text.jsonl"
    path.write_text('{"id": 1, "text": "a\\u00e9 b"}\n\n{"text": null}\n{"text": "c"}', "utf-8")
    counts = bpekit.PretokenCounts.count(path)
    assert dict(counts.items()) == {"aé".encode(): 1, b" b": 1, b"c": 1}
    assert (counts.texts, counts.skipped) == (2, 1)
    with pytest.raises(ValueError, match=r"text\.jsonl:1: no member `body`"):
        bpekit.train(path, 300, field="body")
    path.write_text('{"text": "a"}\n{"text": 7}\n')
    with pytest.raises(ValueError, match=r"text\.jsonl:2: "):
        bpekit.train(path, 300)


def test_row_75_parquet(tmp_path: pathlib.Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    values = ["the cat", None, "the dog", "the cat"]
    columns = {
        "text": pyarrow.array(values),
        "large": pyarrow.array(values, pyarrow.large_string()),
        "view": pyarrow.array(values, pyarrow.string_view()),
        "dictionary": pyarrow.array(values).dictionary_encode(),
        "number": pyarrow.array([1, 2, 3, 4]),
    }
    path = tmp_path / "text.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    expected = bpekit.PretokenCounts.count([value for value in values if value])
    for name in ("text", "large", "view", "dictionary"):
        counts = bpekit.PretokenCounts.count(path, column=name)
        assert counts.items() == expected.items()
        assert (counts.texts, counts.skipped) == (3, 1)
    with pytest.raises(ValueError, match="no column 'body'; expected one of 'text'"):
        bpekit.train(path, 300, column="body")
    with pytest.raises(ValueError, match="values of type int64; expected text"):
        bpekit.train(path, 300, column="number")
    empty = tmp_path / "empty.parquet"
    parquet.write_table(pyarrow.table({"text": pyarrow.array([], pyarrow.string())}), empty)
    with pytest.raises(ValueError, match="no text to train on"):
        bpekit.train(empty, 300)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and no more")
    with pytest.raises(ValueError, match=r"broken\.parquet"):
        bpekit.train(broken, 300)
    with pytest.raises(FileNotFoundError):
        bpekit.train(tmp_path / "none.parquet", 300)
    with pytest.raises(ValueError, match="do not mix"):
        bpekit.train([path, tmp_path / "text.txt"], 300)


# 77: memory. Row 76 is in test_train_checkpoint.py.


def test_row_77_counts_that_exceed_their_memory() -> None:
    texts = [mixed(), prose()]
    expected = bpekit.PretokenCounts.count(texts)
    # Less than half of what the table takes, so that it goes to disk again and again; what is left
    # after pruning fits.
    with pytest.raises(ValueError, match="max_memory"):
        bpekit.PretokenCounts.count(texts, max_memory=1 << 16)
    pruned = bpekit.PretokenCounts.count(texts, max_memory=1 << 19, min_count=50)
    expected.prune(50)
    assert pruned.items() == expected.items()


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
import bpekit
try:
    bpekit.train(({texts}), 400, num_threads=2)
    print("done")
except (MemoryError, ValueError) as error:
    print(type(error).__name__)
"""


def test_row_77_within_a_gigabyte() -> None:
    texts = "f'word{number % 5000} ' * 20 for number in range(200000)"
    code = LIMITED.format(texts=texts)
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (outcome.returncode, outcome.stdout) == (0, "done\n"), outcome.stderr
    assert resource.getrlimit(resource.RLIMIT_AS)


# Interruption, and iterators.


def endless() -> Iterator[str]:
    text = prose()
    while True:
        yield text


def interrupted(work: object, after: float = 0.3) -> float:
    """Call, with Ctrl-C after some time; return how long it took to be answered."""
    sent = []

    def send() -> None:
        sent.append(time.monotonic())
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)  # type: ignore[arg-type]

    timer = threading.Timer(after, send)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            work()  # type: ignore[operator]
    finally:
        timer.cancel()
    return time.monotonic() - sent[0]


def test_interrupted_while_counting(tmp_path: pathlib.Path) -> None:
    tokenizer = bpekit.Tokenizer()
    assert interrupted(lambda: tokenizer.train_from_iterator(endless(), 300)) < 0.5
    assert tokenizer.is_empty
    path = tmp_path / "long.txt"
    with path.open("wb") as file:
        for number in range(2_000_000):
            file.write(b"%d word " % number * 4)
    assert interrupted(lambda: bpekit.train(path, 300, num_threads=1), 0.1) < 0.5
    tokenizer.train("low low", 257)
    assert not tokenizer.is_empty


def test_interrupted_while_merging() -> None:
    source = random.Random(2)
    counts = bpekit.PretokenCounts("gpt2")
    for _ in range(60_000):
        counts.add(bytes(source.choices(range(97, 123), k=60)), source.randint(1, 1000))
    assert interrupted(lambda: bpekit.train_from_counts(counts, 4_000_000), 0.4) < 0.5
    assert bpekit.train_from_counts(counts, 300).n_vocab == 300


def test_iterators_raise_what_they_raise() -> None:
    def failing() -> Iterator[str]:
        yield "text " * 100_000
        raise LookupError("from the iterator")

    with pytest.raises(LookupError, match="from the iterator"):
        bpekit.train(failing(), 300)
    with pytest.raises(TypeError, match=r"texts\[1\] must be a str or bytes, not int"):
        bpekit.train(["text", 7], 300)  # type: ignore[list-item]
    with pytest.raises(TypeError, match="texts and files do not mix"):
        bpekit.train([pathlib.Path("x"), "text"], 300)  # type: ignore[list-item]
    with pytest.raises(TypeError, match="source must be"):
        bpekit.train(7, 300)  # type: ignore[arg-type]


def test_an_iterator_may_train_itself() -> None:
    def nested() -> Iterator[str]:
        for _ in range(3):
            tokenizer = bpekit.train("low low lower", 259)
            yield tokenizer.decode(tokenizer.encode("low lower "))

    assert bpekit.train(nested(), 260).n_vocab == 260


def test_a_callback_that_raises_stops_it() -> None:
    def callback(progress: bpekit.Progress) -> None:
        raise RuntimeError(progress.stage)

    with pytest.raises(RuntimeError, match=r"counting|merging"):
        bpekit.train(endless(), 300, progress=callback)
    told: list[bpekit.Progress] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bpekit.train(prose(), 3000, progress=told.append)
    assert told[-1].stage == "merging"
    assert told[-1].done == told[-1].total == 3000 - 256
