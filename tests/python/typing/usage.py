"""Code of a user that must pass `mypy --strict`; it is never run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import assert_type

import bpekit


def loading(path: Path) -> bpekit.Tokenizer:
    bpekit.load("a.tiktoken", pattern="gpt2", special_tokens={"<|x|>": 5}, sha256="0", n_vocab=6)
    bpekit.loads(b"", format="hf-json", lenient=True, file_name="x")
    assert_type(bpekit.Tokenizer.load(path), bpekit.Tokenizer)
    return bpekit.load(path)


def encoding(tokenizer: bpekit.Tokenizer) -> None:
    assert_type(tokenizer.encode("a"), list[int])
    assert_type(tokenizer.encode("a", allowed_special="all", disallowed_special=()), list[int])
    assert_type(tokenizer.encode("a", allowed_special={"x"}, disallowed_special=["y"]), list[int])
    assert_type(tokenizer.encode_ordinary("a", add_special_tokens=True), list[int])
    assert_type(tokenizer.encode_batch(["a"], num_threads=2), list[list[int]])
    assert_type(tokenizer.encode_ordinary_batch(text for text in ["a"]), list[list[int]])
    assert_type(
        tokenizer.encode_batch(["a"], flat=True, dtype=np.uint16),
        tuple[npt.NDArray[Any], npt.NDArray[np.uint64]],
    )
    assert_type(tokenizer.encode_batch(["a"], flat=False), list[list[int]])
    assert_type(tokenizer.encode_to_numpy("a"), npt.NDArray[np.uint32])
    assert_type(tokenizer.encode_with_unstable("a"), tuple[list[int], list[list[int]]])
    assert_type(tokenizer.encode_single_token(b"a"), int)
    assert_type(tokenizer.count("a"), int)
    assert_type(tokenizer.count_batch(["a"], num_threads=2), list[int])
    assert_type(tokenizer.count_till_limit("a", 5), int | None)
    assert_type(tokenizer.truncate("a", 5, allowed_special="all"), tuple[list[int], int])


def decoding(tokenizer: bpekit.Tokenizer) -> None:
    assert_type(tokenizer.decode([1, 2], errors="strict"), str)
    assert_type(tokenizer.decode_bytes((1, 2)), bytes)
    assert_type(tokenizer.decode_tokens_bytes([1]), list[bytes])
    assert_type(tokenizer.decode_with_offsets([1]), tuple[str, list[int]])
    assert_type(tokenizer.decode_batch([[1], [2]]), list[str])
    assert_type(tokenizer.decode(np.array([1])), str)
    assert_type(tokenizer.decode_batch([np.array([1])]), list[str])
    decoder = tokenizer.decoder(errors="strict")
    assert_type(decoder, bpekit.StreamDecoder)
    assert_type(decoder.feed([1]) + decoder.feed(np.array([1])) + decoder.finish(), str)


def facts(tokenizer: bpekit.Tokenizer) -> None:
    assert_type(tokenizer.name, str)
    assert_type(tokenizer.n_vocab, int)
    assert_type(tokenizer.pattern, str | None)
    assert_type(tokenizer.mergeable_ranks, dict[bytes, int])
    assert_type(tokenizer.special_tokens_set, set[str])
    assert_type(tokenizer.get_mergeable_ranks(), list[tuple[bytes, int]])


def converting(tokenizer: bpekit.Tokenizer) -> None:
    report = bpekit.convert("a", Path("b"), to_format="hf-json", allow_loss=("normalizer",))
    assert_type(report, bpekit.Report)
    assert_type(tokenizer.save("a"), bpekit.Report)
    assert_type(tokenizer.dumps(format="tiktoken"), bytes)
    assert_type(report.is_exact, bool)
    assert_type(report.n_merges, int | None)
    for loss in report.losses:
        assert_type(loss.part, str)
    assert_type([info.carries for info in bpekit.formats()], list[frozenset[str]])


def training(path: Path) -> None:
    tokenizer = bpekit.train("a text", 300)
    assert_type(tokenizer, bpekit.Tokenizer)
    bpekit.train(path, 300, pattern="cl100k", special_tokens=["<|end|>"], order="hf", lines=True)
    bpekit.train([path], 300, byte_order="gpt2", base=tokenizer, checkpoint=path, resume=True)
    bpekit.train([b"b"], 300, errors="replace", normalizer=("nfc",), held_out=path)
    bpekit.train((text for text in ["a"]), 300, progress=True, max_memory=1 << 30, num_threads=2)
    bpekit.train(iter(["a"]), 300, progress=lambda progress: print(progress.seconds_left))
    empty = bpekit.Tokenizer()
    empty.train(b"a text", 300, min_frequency=2)
    empty.train_from_iterator(iter(["a"]), 300, 100, pattern="gpt2")
    assert_type(empty.is_empty, bool)
    report = empty.training
    assert report is not None
    assert_type(report, bpekit.TrainingReport)
    assert_type(report.made, int)
    assert_type(report.curve, list[tuple[int, float]])
    assert_type(report.held_out_bytes_per_token, float | None)
    report.save_svg(path)


def counting(path: Path) -> bpekit.PretokenCounts:
    counts = bpekit.PretokenCounts.count(path, pattern="gpt2", column="text")
    counts += bpekit.PretokenCounts.load(path)
    counts.update(["a"], errors="ignore")
    counts.merge(counts + counts)
    assert_type(counts.most_common(5), list[tuple[bytes, int]])
    assert_type(counts[b"a"], int)
    assert_type(list(counts), list[bytes])
    assert_type(counts.prune(5), int)
    bpekit.train_from_counts(counts, 300, max_token_length=5, name="mine")
    return counts


def failing() -> None:
    try:
        bpekit.load("a")
    except bpekit.LossyConversionError as error:
        assert_type(error.losses, tuple[bpekit.Loss, ...])
    except bpekit.FormatError as error:
        assert_type(error.line, int | None)
        assert_type(error.hints, tuple[str, ...])


class Mine(bpekit.Tokenizer):
    """A subclass keeps its type."""


class MyCounts(bpekit.PretokenCounts):
    """A subclass keeps its type."""


assert_type(Mine.load("a"), Mine)
assert_type(MyCounts.load("a"), MyCounts)
assert_type(MyCounts.count("a") + MyCounts(), MyCounts)
