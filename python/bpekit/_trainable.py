"""The part of `Tokenizer` that trains an empty one in place, as rustbpe's objects do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from typing_extensions import Self

    from bpekit._bpekit import Core
    from bpekit._progress import Callback
    from bpekit._sources import Source, Text
    from bpekit._train import TrainingReport

# rustbpe 0.1.0, `GPT4_PATTERN` in its `src/lib.rs`.
RUSTBPE_PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*"
    r"|\s*[\r\n]|\s+(?!\S)|\s+"
)


def _refuse() -> NoReturn:
    raise ValueError("the tokenizer is not trained: call `train` or `train_from_iterator` first")


class _NoCore:
    """Stands in for the engine of an empty tokenizer."""

    def __getattr__(self, name: str) -> NoReturn:
        _refuse()


_NO_CORE: Any = _NoCore()


class _NoFact:
    """Stands in for what a vocab says, until an attribute of the tokenizer does."""

    def __get__(self, tokenizer: object, _owner: type) -> Any:
        if tokenizer is None:
            return self
        _refuse()


class Trainable:
    """Training in place, once."""

    _training: TrainingReport | None = None

    if TYPE_CHECKING:

        def _set(self, core: Core) -> None: ...

    else:
        # A `__getattr__` of the class would make every access to an attribute slow.
        name = _NoFact()
        max_token_value = _NoFact()
        _special_tokens = _NoFact()
        _special_token_values = _NoFact()

    # An attribute of the object alone: one of the class too would make access to it slow.
    _core: Core

    def __new__(cls, *_args: object, **_keywords: object) -> Self:
        """Make an empty tokenizer."""
        self = super().__new__(cls)
        self._core = _NO_CORE
        return self

    def _trained(self) -> Core:
        """Give the engine; ValueError if there is none yet."""
        if self.is_empty:
            _refuse()
        return self._core

    @property
    def is_empty(self) -> bool:
        """Whether it has no vocab yet: `Tokenizer()` makes such a one, to be trained."""
        return self._core is _NO_CORE

    @property
    def training(self) -> TrainingReport | None:
        """What its training did; None if it was not trained in this process."""
        return self._training

    def train(
        self,
        source: Source,
        vocab_size: int,
        *,
        pattern: str | None = None,
        progress: Callback | bool | None = None,
        **options: Any,
    ) -> None:
        """Train this tokenizer, which must be empty, in place.

        The tokens are those of rustbpe and minbpe: the bytes, then the merges. If training fails
        or is interrupted, the tokenizer is still empty.

        Args:
            source: A `str` is one text; for others see `bpekit.train`.
            vocab_size: The size of the whole vocab.
            pattern: As in `bpekit.train`; None means rustbpe's pattern.
            progress: As in `bpekit.train`.
            options: The others of `bpekit.train`.

        Raises:
            ValueError: It has a vocab already; and as in `bpekit.train`.

        Example:
            >>> import bpekit
            >>> tokenizer = bpekit.Tokenizer()
            >>> tokenizer.train("low low lower lowest", 259)
            >>> tokenizer.encode("low")
            [257]
        """
        from bpekit._train import train

        if not self.is_empty:
            raise ValueError(
                "the tokenizer has a vocab already and is trained once; make a new one with "
                "`Tokenizer()`, or go on from it with `bpekit.train(..., base=tokenizer)`"
            )
        pattern = RUSTBPE_PATTERN if pattern is None else pattern
        trained = train(source, vocab_size, pattern=pattern, progress=progress, **options)
        if not self.is_empty:
            raise ValueError("the tokenizer was trained by another thread meanwhile")
        self._set(trained._core)
        self._training = trained._training

    def train_from_iterator(
        self,
        iterator: Iterable[Text],
        vocab_size: int,
        buffer_size: int = 8192,
        pattern: str | None = None,
    ) -> None:
        """Train this tokenizer, which must be empty, in place: the call of rustbpe.

        Args:
            iterator: Texts.
            vocab_size: The size of the whole vocab.
            buffer_size: Without effect on the result. Texts are taken in batches by their bytes.
            pattern: As in `train`.

        Raises:
            ValueError: As in `train`, or `buffer_size` is not positive.

        Example:
            >>> import bpekit
            >>> tokenizer = bpekit.Tokenizer()
            >>> tokenizer.train_from_iterator(iter(["low low", "lower lowest"]), 259)
            >>> tokenizer.get_mergeable_ranks()[-1]
            (b' low', 258)
        """
        if buffer_size <= 0:
            raise ValueError("buffer_size must be greater than 0")
        if isinstance(iterator, str | bytes):
            raise TypeError("iterator must give texts; for one text use `train`")
        self.train(iter(iterator), vocab_size, pattern=pattern)
