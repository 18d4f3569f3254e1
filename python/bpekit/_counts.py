"""`PretokenCounts`: how often each pretoken occurs, as a value of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from bpekit import _bpekit
from bpekit._files import Path
from bpekit._progress import Callback, Reporter
from bpekit._sources import Errors, Source, tagged

if TYPE_CHECKING:
    from typing_extensions import Self


class PretokenCounts:
    """How often each pretoken occurs in some texts, and how these were cut.

    It is all that training needs of a corpus, and what several machines can add up: counting parts
    and merging the counts gives what counting the whole gives, in any order.

    Example:
        >>> import bpekit
        >>> counts = bpekit.PretokenCounts.count("the cat the", pattern="gpt2")
        >>> counts += bpekit.PretokenCounts.count("a cat", pattern="gpt2")
        >>> counts.most_common(1), counts[b" the"], len(counts)
        ([(b' cat', 2)], 1, 4)
    """

    __module__ = "bpekit"

    _core: _bpekit.Counts

    def __init__(
        self,
        pattern: str = "o200k",
        *,
        normalizer: str | Iterable[str] | None = None,
        special_tokens: Iterable[str] = (),
    ) -> None:
        """Start without counts.

        Args:
            pattern: The regular expression that cuts text into pretokens, or the name of a
                published one.
            normalizer: As in `bpekit.train`.
            special_tokens: They are cut out of the texts first.

        Raises:
            PatternError: The pattern does not compile.
            ValueError: A special token is empty, or given twice.
        """
        arguments = counting_arguments(
            pattern=pattern, normalizer=normalizer, special_tokens=special_tokens
        )
        self._core = _bpekit.Counts.new(arguments)

    @classmethod
    def count(
        cls,
        source: Source,
        *,
        pattern: str = "o200k",
        normalizer: str | Iterable[str] | None = None,
        special_tokens: Iterable[str] = (),
        errors: Errors = "strict",
        lines: bool = False,
        field: str | None = None,
        column: str | None = None,
        min_count: int = 1,
        max_memory: int | None = None,
        num_threads: int | None = None,
        progress: Callback | bool | None = None,
    ) -> Self:
        """Count texts.

        Args:
            source: As in `bpekit.train`, and so are all others.
            pattern: As in `bpekit.train`.
            normalizer: As in `bpekit.train`.
            special_tokens: As in `bpekit.train`.
            errors: As in `bpekit.train`.
            lines: As in `bpekit.train`.
            field: As in `bpekit.train`.
            column: As in `bpekit.train`.
            min_count: As in `bpekit.train`.
            max_memory: As in `bpekit.train`.
            num_threads: As in `bpekit.train`.
            progress: As in `bpekit.train`.

        Returns:
            The counts.

        Raises:
            ValueError: Bytes that are not UTF-8, or a table that exceeds `max_memory`.
            OSError: A file cannot be read.
        """
        counts = cls(pattern, normalizer=normalizer, special_tokens=special_tokens)
        counts.update(
            source,
            errors=errors,
            lines=lines,
            field=field,
            column=column,
            max_memory=max_memory,
            min_count=min_count,
            num_threads=num_threads,
            progress=progress,
        )
        return counts

    def update(
        self,
        source: Source,
        *,
        errors: Errors = "strict",
        lines: bool = False,
        field: str | None = None,
        column: str | None = None,
        min_count: int = 1,
        max_memory: int | None = None,
        num_threads: int | None = None,
        progress: Callback | bool | None = None,
    ) -> None:
        """Count more texts. If that fails, the counts are as they were.

        Args:
            source: As in `bpekit.train`, and so are all others.
            errors: As in `bpekit.train`.
            lines: As in `bpekit.train`.
            field: As in `bpekit.train`.
            column: As in `bpekit.train`.
            min_count: As in `bpekit.train`; of these texts alone.
            max_memory: As in `bpekit.train`.
            num_threads: As in `bpekit.train`.
            progress: As in `bpekit.train`.

        Raises:
            ValueError: As in `count`.
            OSError: As in `count`.
        """
        arguments = {
            "like": self._core,
            "errors": errors,
            "lines": lines,
            "field": field,
            "min_count": whole_number("min_count", min_count, least=1),
            "max_memory": _optional("max_memory", max_memory),
            "num_threads": _optional("num_threads", num_threads),
        }
        texts = tagged(source, lines=lines, field=field, column=column)
        reporter = Reporter(progress)
        try:
            more = _bpekit.count(texts, arguments, reporter.sink)
        finally:
            reporter.close()
        self._core.merge(more)

    def merge(self, other: PretokenCounts) -> None:
        """Add the counts of other texts.

        Args:
            other: Counts with the same pattern, normalizer and special tokens.

        Raises:
            ValueError: They were made in another way, or a sum exceeds 64 bits; the counts are
                then as they were.
        """
        if not isinstance(other, PretokenCounts):
            raise TypeError(f"other must be PretokenCounts, not {type(other).__name__}")
        self._core.merge(other._core)

    def __iadd__(self, other: PretokenCounts) -> Self:
        """Add the counts of other texts, as `merge` does."""
        self.merge(other)
        return self

    def __add__(self, other: PretokenCounts) -> Self:
        """Give the sum of both."""
        if not isinstance(other, PretokenCounts):
            return NotImplemented
        result = self.__copy__()
        result.merge(other)
        return result

    def __copy__(self) -> Self:
        """Give counts of their own."""
        copy = self._of(self._core.like())
        copy._core.merge(self._core)
        return copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Give counts of their own."""
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the bytes that `save` writes: a process of a pool can give counts back."""
        return _of_bytes, (self.__class__, self._core.to_bytes())

    def add(self, pretoken: bytes, count: int) -> None:
        """Add the count of one pretoken, as another program counted it.

        Args:
            pretoken: Its bytes, at least one.
            count: How often it occurs.

        Raises:
            ValueError: It is empty, or a count is negative or exceeds 64 bits.
        """
        self._core.add(bytes(pretoken), whole_number("count", count, least=0))

    def prune(self, min_count: int) -> int:
        """Leave out pretokens that occur less often.

        A pretoken that is rare in each part of a corpus may be common in the whole: prune after
        merging.

        Args:
            min_count: How often a pretoken must occur to stay.

        Returns:
            How many pretokens went.
        """
        return self._core.prune(whole_number("min_count", min_count, least=0))

    def save(self, path: Path) -> None:
        """Write the counts to a file, whole or not at all. The same counts give the same bytes.

        Args:
            path: The file, as ``part-1.bpecounts``.

        Raises:
            OSError: It cannot be written.
        """
        self._core.save(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read counts from a file.

        Args:
            path: The file that `save` wrote.

        Raises:
            FormatError: It is damaged, or something else.
            OSError: It cannot be read.
        """
        return cls._of(_bpekit.Counts.load(path))

    @classmethod
    def _of(cls, core: _bpekit.Counts) -> Self:
        self = cls.__new__(cls)
        self._core = core
        return self

    def most_common(self, n: int | None = None) -> list[tuple[bytes, int]]:
        """List the most frequent pretokens with their counts.

        Args:
            n: How many at most; None for all.

        Returns:
            The highest count first, pretokens with one count by their bytes.
        """
        return self._core.most_common(_optional("n", n))

    def total(self) -> int:
        """Give the sum of all counts."""
        return self._core.total()

    def get(self, pretoken: bytes, default: int = 0) -> int:
        """Give the count of a pretoken, or `default` if it does not occur."""
        return self._core.get(bytes(pretoken)) or default

    def __getitem__(self, pretoken: bytes) -> int:
        """Give the count of a pretoken; 0 if it does not occur."""
        return self._core.get(bytes(pretoken))

    def __contains__(self, pretoken: object) -> bool:
        """Whether a pretoken occurs."""
        return isinstance(pretoken, bytes) and self._core.get(pretoken) > 0

    def __len__(self) -> int:
        """How many distinct pretokens there are."""
        return len(self._core)

    def __iter__(self) -> Iterator[bytes]:
        """Go through the pretokens, the most frequent first."""
        return (pretoken for pretoken, _ in self.most_common())

    def items(self) -> list[tuple[bytes, int]]:
        """List all pretokens with their counts, the most frequent first."""
        return self.most_common()

    def __repr__(self) -> str:
        """Show how many there are."""
        return f"<PretokenCounts of {len(self)} pretokens, {self.texts} texts>"

    @property
    def pattern(self) -> str | None:
        """The pattern, in tiktoken's dialect; None if there is none."""
        return self._core.pattern

    @property
    def special_tokens(self) -> list[str]:
        """The special tokens that were cut out."""
        return self._core.special_tokens

    @property
    def texts(self) -> int:
        """How many texts were counted."""
        return self._core.facts[0]

    @property
    def text_bytes(self) -> int:
        """How many bytes these had, as UTF-8."""
        return self._core.facts[1]

    @property
    def skipped(self) -> int:
        """How many entries were null, and so no text."""
        return self._core.facts[2]

    @property
    def min_count(self) -> int:
        """Below which count pretokens may be missing; 1 if none are."""
        return self._core.facts[3]


def _of_bytes(cls: type[PretokenCounts], data: bytes) -> PretokenCounts:
    return cls._of(_bpekit.Counts.from_bytes(data))


def counting_arguments(
    *,
    pattern: str | None,
    normalizer: str | Iterable[str] | None,
    special_tokens: Iterable[str],
    errors: Errors = "strict",
    lines: bool = False,
    field: str | None = None,
    min_count: int = 1,
    max_memory: int | None = None,
    num_threads: int | None = None,
) -> dict[str, Any]:
    """Put together what the extension module takes for counting."""
    if isinstance(special_tokens, str):
        raise TypeError("special_tokens must be a list of texts, not one text")
    if isinstance(normalizer, str):
        normalizer = [normalizer]
    return {
        "pattern": pattern,
        "normalizer": None if normalizer is None else list(normalizer),
        "special_tokens": list(special_tokens),
        "errors": errors,
        "lines": lines,
        "field": field,
        "min_count": whole_number("min_count", min_count, least=1),
        "max_memory": _optional("max_memory", max_memory),
        "num_threads": _optional("num_threads", num_threads),
        "base": None,
        "like": None,
    }


def _optional(name: str, value: int | None) -> int | None:
    return None if value is None else whole_number(name, value, least=1)


def whole_number(name: str, value: int, *, least: int) -> int:
    """Check a number that the extension module takes as 64 bits."""
    try:
        number = value.__index__()
    except AttributeError:
        raise TypeError(f"{name} must be an int, not {type(value).__name__}") from None
    if number < least:
        raise ValueError(f"{name} must be {least} or more, not {number}")
    if number >= 1 << 64:
        raise ValueError(f"{name} must be less than 2**64, not {number}")
    return number
