"""`Encoding`: a tokenizer with the few things that tiktoken's class has and `Tokenizer` has not."""

from __future__ import annotations

from typing import Any

from bpekit._tokenizer import Tokenizer


class Encoding(Tokenizer):
    """`bpekit.Tokenizer` under tiktoken's name; see there for the methods.

    It needs all of its arguments, and one that the registry has is pickled by its name.

    Example:
        >>> import bpekit.compat.tiktoken as tiktoken
        >>> tiktoken.Encoding(
        ...     "letters",
        ...     pat_str=r"[a-z]+|[^a-z]",
        ...     mergeable_ranks={b"a": 0, b"b": 1, b"ab": 2, b" ": 3},
        ...     special_tokens={},
        ... )
        <Encoding 'letters'>

    Source: tiktoken 0.14, `tiktoken/core.py`.
    """

    def __init__(
        self,
        name: str,
        *,
        pat_str: str,
        mergeable_ranks: dict[bytes, int],
        special_tokens: dict[str, int],
        explicit_n_vocab: int | None = None,
    ) -> None:
        """Make an encoding of its parts; see `bpekit.Tokenizer`."""
        super().__init__(
            name,
            pat_str=pat_str,
            mergeable_ranks=mergeable_ranks,
            special_tokens=special_tokens,
            explicit_n_vocab=explicit_n_vocab,
        )

    def __repr__(self) -> str:
        """Show the name."""
        return f"<Encoding {self.name!r}>"

    def __getstate__(self) -> object:
        """Give the name of one that is registered, plain data of any other."""
        from bpekit.compat import _registry

        if self is _registry.ENCODINGS.get(self.name):
            return self.name
        return super().__getstate__()

    def __setstate__(self, state: Any) -> None:
        """Become what `__getstate__` gave."""
        from bpekit.compat import _registry

        if isinstance(state, str):
            self.__dict__ = _registry.get_encoding(state).__dict__
        else:
            super().__setstate__(state)


# Pickles and messages name the public place.
Encoding.__module__ = "bpekit.compat.tiktoken"
