"""Files: loading, converting, and what a conversion says about itself."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bpekit import _bpekit
from bpekit._errors import Loss
from bpekit._verdict import Verdict, verdict

Path: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True)
class FormatInfo:
    """Facts about a file format.

    Attributes:
        name: The name that `format` arguments take, as ``"hf-json"``.
        title: What people call it.
        file_names: File names that say it: a whole name, or an ending that starts with a dot.
        carries: The parts of a tokenizer that a file of it carries.
    """

    __module__ = "bpekit"

    name: str
    title: str
    file_names: tuple[str, ...]
    carries: frozenset[str]


@dataclass(frozen=True)
class Report:
    """What a conversion did, lost and checked.

    Attributes:
        from_format: The format that was read, or ``"memory"``.
        to_format: The format that was written.
        verdict: ``"exact"``: every text encodes to the same ids; ``"conditional"``: every text
            does that is not touched by the losses which `allow_loss` named.
        losses: What the target does not carry, allowed or only reported.
        checked_texts: How many texts both tokenizers encoded, with equal ids.
        proof: What is shown of all texts, part by part, leaving aside what is lost: equal, or
            undecided.
        n_vocab: One more than the largest id.
        n_tokens: The number of tokens, special and other added tokens not counted.
        n_merges: The number of merges, or None if the target has ranks or scores instead.
    """

    __module__ = "bpekit"

    from_format: str
    to_format: str
    verdict: Literal["exact", "conditional"]
    losses: tuple[Loss, ...]
    checked_texts: int
    proof: Verdict | None
    n_vocab: int
    n_tokens: int
    n_merges: int | None

    @property
    def is_exact(self) -> bool:
        """Whether every text encodes to the same ids."""
        return self.verdict == "exact"


def convert(
    src: Path,
    dst: Path,
    *,
    from_format: str | None = None,
    to_format: str | None = None,
    pattern: str | None = None,
    special_tokens: Mapping[str, int] | None = None,
    name: str | None = None,
    allow_loss: Collection[str] = (),
    string_merges: bool = False,
    lenient: bool = False,
) -> Report:
    """Convert a tokenizer file to another format.

    Before the target is put in its place it is read back and compared with the source for every
    text (see `verify`). So the target appears whole and checked, or not at all.

    Args:
        src: The file to read, or a directory of one tokenizer. A sidecar beside a file is read
            with it.
        dst: The file to write. What a rank file cannot say goes to a sidecar beside it,
            ``NAME.tiktoken.json``. A directory, or a path that ends with a slash, becomes one that
            ``AutoTokenizer`` of transformers loads.
        from_format: The format of `src`; told by its content if None.
        to_format: The format of `dst`; told by its name if None.
        pattern: As in `load`.
        special_tokens: As in `load`.
        name: As in `load`.
        allow_loss: Names of parts that may be lost, as ``("normalizer",)``.
        string_merges: Write the merges of a tokenizer.json as strings, which every version of
            tokenizers before 1.0 reads, even if `src` has pairs, which 0.20 and later read.
        lenient: As in `load`.

    Returns:
        What was written, checked and lost.

    Raises:
        LossyConversionError: The target format cannot carry a part that `allow_loss` leaves out.
        UnsupportedError: No file of that format can encode the same.
        FormatError: `src` is not a valid tokenizer file.
        OSError: `src` cannot be read or `dst` written.

    Example:
        >>> import bpekit, tempfile, os
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ranks = os.path.join(folder, "demo.tiktoken")
        ...     _ = bpekit.demo().save(ranks)
        ...     report = bpekit.convert(ranks, os.path.join(folder, "tokenizer.json"))
        >>> report.verdict, report.to_format, report.n_merges
        ('exact', 'hf-json', 2744)
    """
    arguments = load_arguments(
        format=from_format,
        pattern=pattern,
        special_tokens=special_tokens,
        name=name,
        lenient=lenient,
    )
    return report(_bpekit.convert(src, dst, arguments, to_format, parts(allow_loss), string_merges))


def detect(path: Path) -> str:
    """Say which format a file is of, by its content.

    Args:
        path: The file.

    Returns:
        The name of the format, as ``"hf-json"``.

    Raises:
        FormatError: It is of no known format, or of one that is known not to be read.
        OSError: The file cannot be read.
    """
    return _bpekit.detect(path)


def formats() -> list[FormatInfo]:
    """List the formats.

    Example:
        >>> import bpekit
        >>> "tiktoken" in [info.name for info in bpekit.formats()]
        True
    """
    return [
        FormatInfo(
            name=info["name"],
            title=info["title"],
            file_names=tuple(info["file_names"]),
            carries=frozenset(info["carries"]),
        )
        for info in _bpekit.formats()
    ]


def load_arguments(
    *,
    format: str | None = None,
    pattern: str | None = None,
    special_tokens: Mapping[str, int] | None = None,
    name: str | None = None,
    sha256: str | None = None,
    n_vocab: int | None = None,
    lenient: bool = False,
    allow_missing_bytes: bool = False,
) -> dict[str, Any]:
    """Put together what the extension module takes for loading."""
    if special_tokens is not None and not isinstance(special_tokens, Mapping):
        raise TypeError(
            f"special_tokens must map text to id, not be a {type(special_tokens).__name__}"
        )
    return {
        "format": format,
        "pattern": pattern,
        "special_tokens": None if special_tokens is None else dict(special_tokens),
        "name": name,
        "sha256": sha256,
        "n_vocab": n_vocab,
        "lenient": lenient,
        "allow_missing_bytes": allow_missing_bytes,
    }


def parts(allow_loss: Collection[str]) -> list[str]:
    """Return the names as a list; one name alone is not a list of its letters."""
    return [allow_loss] if isinstance(allow_loss, str) else list(allow_loss)


def report(facts: dict[str, Any]) -> Report:
    """Make the report of what the extension module says."""
    losses = tuple(Loss(*loss) for loss in facts.pop("losses"))
    proof = facts.pop("proof")
    return Report(losses=losses, proof=proof and verdict(proof), **facts)
