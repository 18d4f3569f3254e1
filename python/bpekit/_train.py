"""Training: texts to a `Tokenizer`."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal, TypeAlias

from bpekit import _bpekit
from bpekit._counts import PretokenCounts, counting_arguments, whole_number
from bpekit._errors import TrainingWarning
from bpekit._files import Path
from bpekit._progress import Callback, Reporter
from bpekit._sources import Errors, Source, tagged
from bpekit._tokenizer import Tokenizer

Order: TypeAlias = Literal["bytes", "hf"]
ByteOrder: TypeAlias = Literal["identity", "gpt2"]
Normalizers: TypeAlias = str | Iterable[str] | None


class TrainingReport:
    """What a training did; `Tokenizer.training` has it.

    Attributes:
        asked: The size of vocab that was asked for.
        made: The size of the vocab that was made: bytes, merges and special tokens.
        stopped: Why it has no more: ``"vocab_size"``, or no pair was left that was frequent enough
            (``"min_frequency"``), short enough (``"max_token_length"``), or at all
            (``"no_pairs"``).
        texts: How many texts were counted.
        text_bytes: How many bytes these had, as UTF-8.
        skipped: How many entries were null, and so no text.
        pretokens: How many distinct pretokens they had.

    Example:
        >>> import bpekit
        >>> report = bpekit.train("low low lower lowest", 260, pattern="gpt2").training
        >>> report.made, report.stopped, round(report.bytes_per_token, 3)
        (260, 'vocab_size', 2.857)
        >>> report.curve[:2]
        [(256, 1.0), (257, 1.25)]
    """

    __module__ = "bpekit"

    def __init__(self, core: _bpekit.TrainReport) -> None:
        """Take what the extension module gave."""
        self._core = core
        asked, made, stopped, texts, text_bytes, skipped, pretokens = core.facts
        self.asked: int = asked
        self.made: int = made
        self.stopped: str = stopped
        self.texts: int = texts
        self.text_bytes: int = text_bytes
        self.skipped: int = skipped
        self.pretokens: int = pretokens

    @cached_property
    def curve(self) -> list[tuple[int, float]]:
        """Bytes a token of the texts that were trained on, for each size of the vocab.

        A BPE vocab cut at a size is the BPE vocab of that size, so that one training has them all.
        """
        return self._core.curve

    @cached_property
    def held_out_curve(self) -> list[tuple[int, float]] | None:
        """The same of the held-out text; None if there was none."""
        return self._core.held_out

    @property
    def bytes_per_token(self) -> float:
        """Bytes a token of the texts that were trained on, with the whole vocab."""
        return self.curve[-1][1]

    @property
    def held_out_bytes_per_token(self) -> float | None:
        """The same of the held-out text; None if there was none."""
        return None if self.held_out_curve is None else self.held_out_curve[-1][1]

    def to_json(self) -> str:
        """Give everything as one JSON object."""
        return self._core.to_json()

    def to_svg(self) -> str:
        """Draw the curves: bytes a token against the size of the vocab."""
        return self._core.to_svg()

    def save_svg(self, path: Path) -> None:
        """Write the drawing to a file."""
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(self.to_svg())

    def __repr__(self) -> str:
        """Show the outcome."""
        return f"<TrainingReport {self.made} of {self.asked} tokens, stopped by {self.stopped}>"


def train(
    source: Source,
    vocab_size: int,
    *,
    pattern: str | None = None,
    special_tokens: Iterable[str] = (),
    order: Order = "bytes",
    byte_order: ByteOrder | None = None,
    min_frequency: int = 1,
    max_token_length: int | None = None,
    normalizer: Normalizers = None,
    base: Tokenizer | None = None,
    errors: Errors = "strict",
    lines: bool = False,
    field: str | None = None,
    column: str | None = None,
    min_count: int = 1,
    max_memory: int | None = None,
    num_threads: int | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    held_out: str | os.PathLike[str] | None = None,
    progress: Callback | bool | None = None,
    name: str | None = None,
) -> Tokenizer:
    """Train a tokenizer.

    Exact greedy byte pair encoding: the most frequent pair of neighbouring tokens becomes a token,
    again and again. The result depends on the texts alone, not on their order, on threads, or on
    how a file is read.

    Args:
        source: A `str` or `bytes` is one text, never a file name. A `pathlib.Path` is a file: one
            text, plain or in gzip or Zstandard; ``.jsonl`` and ``.ndjson`` files have a JSON object
            each line, ``.parquet`` files (with pyarrow) a text each row. An iterable has texts, or
            has Paths.
        vocab_size: The size of the whole vocab: the 256 bytes, the merges, the special tokens.
        pattern: The regular expression that cuts text into pretokens, or the name of a published
            one, as ``"cl100k"``. None means ``"o200k"``, or that of `base`.
        special_tokens: They are cut out of the texts first, and get the ids behind all others.
        order: Which of two equally frequent pairs comes first. ``"bytes"`` is the order of rustbpe
            and minbpe, ``"hf"`` that of tokenizers' `BpeTrainer`.
        byte_order: The ids of the bytes: ``"identity"`` (0 to 255), or ``"gpt2"`` as in the files
            of OpenAI. None means what tokenizers of that `order` have.
        min_frequency: Pairs that occur less often do not merge.
        max_token_length: The most bytes of a token. With ``order="hf"`` it means what it means in
            tokenizers: tokens stay below it, except that two bytes may always merge.
        normalizer: What rewrites text first: ``"nfc"``, ``"nfd"``, ``"nfkc"``, ``"nfkd"``,
            ``"lowercase"``, or several of them.
        base: A tokenizer to go on from. Its tokens keep their ids, and its merges come first.
        errors: What becomes of bytes that are not UTF-8: ``"strict"``, ``"replace"``, ``"ignore"``.
        lines: Each line of a file, with its line end, is a text, as tokenizers' `train` reads them.
        field: The files have a JSON object each line, with the text in this member.
        column: The column of Parquet files that has the text; ``"text"`` if None.
        min_count: Pretokens that occur less often in all texts are left out before merging.
        max_memory: The bytes of memory that the table of pretokens may take; above it, counts are
            put on disk and added up at the end.
        num_threads: The threads that count; None for as many as the machine runs at once.
        checkpoint: A folder that keeps what was done: the counts of each file, and the merges.
        resume: Go on with what the folder has. It must be of the same training.
        held_out: A text, or a Path to one, that is not trained on: the report says how the
            tokenizer does on it.
        progress: True for a bar on a terminal, or a callable that takes a `Progress`.
        name: The name of the tokenizer.

    Returns:
        The tokenizer. Its `training` says what was done.

    Raises:
        ValueError: A `vocab_size` without room for bytes and special tokens; no text at all; bytes
            that are not UTF-8; a checkpoint of another training, with what differs.
        PatternError: The pattern does not compile, or gives up on a text.
        OSError: A file cannot be read.
        KeyboardInterrupt: Within half a second; the checkpoint then has what was done.

    Warns:
        TrainingWarning: There are fewer tokens than asked for, as no pair was left to merge.

    Example:
        >>> import bpekit
        >>> tokenizer = bpekit.train("low low lower lowest", 261, special_tokens=["<|end|>"])
        >>> tokenizer.encode("low lowest<|end|>", allowed_special="all")
        [257, 259, 115, 116, 260]
    """
    arguments = counting_arguments(
        pattern=pattern,
        special_tokens=special_tokens,
        normalizer=normalizer,
        errors=errors,
        lines=lines,
        field=field,
        min_count=min_count,
        max_memory=max_memory,
        num_threads=num_threads,
    )
    arguments |= _merging_arguments(
        vocab_size, order, byte_order, min_frequency, max_token_length, base, held_out, name
    )
    arguments |= {
        "checkpoint": checkpoint,
        "resume": resume,
    }
    if resume and checkpoint is None:
        raise ValueError("resume=True goes on with a checkpoint, and none is given")
    texts = tagged(source, lines=lines, field=field, column=column)
    reporter = Reporter(progress)
    try:
        trained = _bpekit.train(texts, arguments, reporter.sink)
    finally:
        reporter.close()
    return _finished(*trained)


def train_from_counts(
    counts: PretokenCounts,
    vocab_size: int,
    *,
    order: Order = "bytes",
    byte_order: ByteOrder | None = None,
    min_frequency: int = 1,
    max_token_length: int | None = None,
    base: Tokenizer | None = None,
    held_out: str | os.PathLike[str] | None = None,
    progress: Callback | bool | None = None,
    name: str | None = None,
) -> Tokenizer:
    """Train a tokenizer on counts of pretokens, with their pattern and special tokens.

    Args:
        counts: The counts.
        vocab_size: As in `train`, and so are all others.
        order: As in `train`.
        byte_order: As in `train`.
        min_frequency: As in `train`.
        max_token_length: As in `train`.
        base: As in `train`.
        held_out: As in `train`.
        progress: As in `train`.
        name: As in `train`.

    Returns:
        The tokenizer.

    Raises:
        ValueError: As in `train`.

    Example:
        >>> import bpekit
        >>> counts = bpekit.PretokenCounts.count("low low lower lowest", pattern="gpt2")
        >>> bpekit.train_from_counts(counts, 258).encode("low")
        [257]
    """
    if not isinstance(counts, PretokenCounts):
        raise TypeError(f"counts must be PretokenCounts, not {type(counts).__name__}")
    arguments = _merging_arguments(
        vocab_size, order, byte_order, min_frequency, max_token_length, base, held_out, name
    )
    reporter = Reporter(progress)
    try:
        trained = _bpekit.train_from_counts(counts._core, arguments, reporter.sink)
    finally:
        reporter.close()
    return _finished(*trained)


def _merging_arguments(
    vocab_size: int,
    order: str,
    byte_order: str | None,
    min_frequency: int,
    max_token_length: int | None,
    base: Tokenizer | None,
    held_out: str | os.PathLike[str] | None,
    name: str | None,
) -> dict[str, Any]:
    if isinstance(held_out, os.PathLike):
        with open(held_out, encoding="utf-8", newline="") as file:
            held_out = file.read()
    if base is not None and not isinstance(base, Tokenizer):
        raise TypeError(f"base must be a Tokenizer, not {type(base).__name__}")
    return {
        "vocab_size": whole_number("vocab_size", vocab_size, least=0),
        "order": order,
        "byte_order": byte_order,
        "min_frequency": whole_number("min_frequency", min_frequency, least=0),
        "max_token_length": None
        if max_token_length is None
        else whole_number("max_token_length", max_token_length, least=1),
        "base": None if base is None else base._trained(),
        "held_out": held_out,
        "name": name,
    }


def _finished(core: _bpekit.Core, report: _bpekit.TrainReport) -> Tokenizer:
    tokenizer = Tokenizer._of(core)
    tokenizer._training = training = TrainingReport(report)
    if training.made < training.asked:
        reasons = {
            "min_frequency": "no pair is left that is frequent enough",
            "max_token_length": "no pair is left that is short enough",
            "no_pairs": "every pretoken is one token already",
        }
        warnings.warn(
            f"{training.made} of {training.asked} tokens were made: {reasons[training.stopped]}",
            TrainingWarning,
            stacklevel=_stack_level(),
        )
    return tokenizer


def _stack_level() -> int:
    """Say how far up the caller of the package is, for a warning one call further down."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        level, frame = level + 1, frame.f_back
    return level
