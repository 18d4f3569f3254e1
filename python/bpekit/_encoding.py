"""The methods of `Tokenizer` that encode."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, overload

from bpekit import _arrays
from bpekit._special import (
    ALL,
    NONE,
    Allowed,
    Disallowed,
    checked_threads,
    of_batch,
    of_text,
    repair,
    special_names,
    special_names_of_batch,
    without_surrogates,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bpekit._bpekit import Core


class EncodingMethods:
    """Text to token ids."""

    if TYPE_CHECKING:
        _core: Core

    def encode_ordinary(self, text: str, *, add_special_tokens: bool = False) -> list[int]:
        """Encode text in which special tokens are not looked for.

        Args:
            text: The text. Surrogate pairs are joined; a lone surrogate becomes U+FFFD.
            add_special_tokens: Put around it what the file's post-processor says, as the
                beginning-of-text token of Llama 3. Rank files have none.

        Returns:
            The token ids.

        Raises:
            ValueError: The vocab cannot express the text, as one without all 256 bytes.

        Example:
            >>> import bpekit
            >>> bpekit.demo().encode_ordinary("hello world")
            [258, 297, 78, 995]
        """
        if add_special_tokens:
            return self.encode(text, disallowed_special=(), add_special_tokens=True)
        try:
            return self._core.encode_ordinary(text)
        except UnicodeEncodeError:
            return self._core.encode_ordinary(without_surrogates(text))

    def encode(
        self,
        text: str,
        *,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
    ) -> list[int]:
        """Encode text.

        Special tokens control a model. Text from outside must not become one by accident, so that
        by default text which contains one is an error.

        Args:
            text: The text. Surrogate pairs are joined; a lone surrogate becomes U+FFFD.
            allowed_special: The special tokens that text may become; ``"all"`` for all.
            disallowed_special: Texts that are an error; ``"all"`` for all special tokens that are
                not allowed. With ``()`` special tokens that are not allowed are ordinary text.
            add_special_tokens: As in `encode_ordinary`.

        Returns:
            The token ids.

        Raises:
            ValueError: The text contains a disallowed special token, or the vocab cannot express
                it.

        Example:
            >>> import bpekit
            >>> tokenizer = bpekit.demo()
            >>> tokenizer.encode("a<|endoftext|>", allowed_special={"<|endoftext|>"})
            [64, 3000]
            >>> len(tokenizer.encode("a<|endoftext|>", disallowed_special=()))
            9
        """
        if allowed_special is NONE and add_special_tokens is False:
            try:
                if disallowed_special is ALL:
                    return self._core.encode_refusing(text)
                if disallowed_special == ():
                    return self._core.encode_ordinary(text)
            except UnicodeEncodeError:
                pass
        names = special_names(allowed_special, disallowed_special)
        return of_text(self._core.encode, text, names, add_special_tokens)

    def encode_to_numpy(
        self,
        text: str,
        *,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
        num_threads: int = 1,
    ) -> npt.NDArray[np.uint32]:
        """Encode text to a numpy array, without making a Python integer of each id.

        Args:
            text: As in `encode`.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            add_special_tokens: As in `encode_ordinary`.
            num_threads: How many threads at most work on a long text; more than there are
                processors are not used. The ids do not depend on it.

        Returns:
            The token ids, one-dimensional and read-only, as in tiktoken.

        Raises:
            ValueError: As in `encode`.
            ImportError: numpy is not installed.
        """
        if allowed_special is NONE and add_special_tokens is False and num_threads == 1:
            try:
                if disallowed_special is ALL:
                    return self._core.encode_refusing_to_numpy(text)
                if disallowed_special == ():
                    return self._core.encode_ordinary_to_numpy(text)
            except UnicodeEncodeError:
                pass
        names = special_names(allowed_special, disallowed_special)
        threads = checked_threads(num_threads)
        return of_text(self._core.encode_to_numpy, text, names, add_special_tokens, threads)

    def encode_ordinary_batch(
        self, text: Iterable[str], *, num_threads: int = 8, add_special_tokens: bool = False
    ) -> list[list[int]]:
        """Encode many texts, in parallel, in which special tokens are not looked for.

        Args:
            text: The texts.
            num_threads: How many threads at most; more than there are processors are not used.
            add_special_tokens: As in `encode_ordinary`.

        Returns:
            The token ids of each text, in order.

        Raises:
            ValueError: As in `encode_ordinary`, for the first text that fails.

        Example:
            >>> import bpekit
            >>> bpekit.demo().encode_ordinary_batch(["hello world", "the"])
            [[258, 297, 78, 995], [1169]]
        """
        names = NONE, NONE
        return of_batch(self._core.encode_batch, text, num_threads, names, add_special_tokens)

    @overload
    def encode_batch(
        self,
        text: Iterable[str],
        *,
        num_threads: int = 8,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
        flat: Literal[False] = False,
    ) -> list[list[int]]: ...

    @overload
    def encode_batch(
        self,
        text: Iterable[str],
        *,
        num_threads: int = 8,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
        flat: Literal[True],
        dtype: npt.DTypeLike = "uint32",
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint64]]: ...

    def encode_batch(
        self,
        text: Iterable[str],
        *,
        num_threads: int = 8,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
        flat: bool = False,
        dtype: npt.DTypeLike = "uint32",
    ) -> list[list[int]] | tuple[npt.NDArray[Any], npt.NDArray[np.uint64]]:
        """Encode many texts, in parallel.

        Args:
            text: The texts.
            num_threads: How many threads at most; more than there are processors are not used.
                The ids do not depend on it.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            add_special_tokens: As in `encode_ordinary`.
            flat: Give numpy arrays in place of lists, which is several times as fast.
            dtype: The type of the ids if `flat`: ``"uint32"``, or ``"uint16"`` for vocabs whose
                ids are below 65,536.

        Returns:
            The token ids of each text, in order. If `flat`, (ids, offsets): the ids of text i are
            ``ids[offsets[i]:offsets[i + 1]]``; both can be written to.

        Raises:
            ValueError: As in `encode`, for the first text that fails; with `dtype`, the ids do not
                fit it.
            ImportError: numpy is not installed, and `flat` is asked for.

        Example:
            >>> import bpekit
            >>> bpekit.demo().encode_batch(["hello world", "the"])
            [[258, 297, 78, 995], [1169]]
            >>> ids, offsets = bpekit.demo().encode_batch(["hello world", "the"], flat=True)
            >>> ids.tolist(), offsets.tolist()
            ([258, 297, 78, 995, 1169], [0, 4, 5])
        """
        short = flat and _arrays.is_short(dtype)
        names = special_names_of_batch(allowed_special, disallowed_special)
        core = self._core
        if not flat:
            return of_batch(core.encode_batch, text, num_threads, names, add_special_tokens)
        ids, offsets = of_batch(
            core.encode_flat, text, num_threads, names, add_special_tokens, short
        )
        return _arrays.of_ids(ids, short=short), _arrays.of_offsets(offsets)

    def encode_with_unstable(
        self,
        text: str,
        *,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
    ) -> tuple[list[int], list[list[int]]]:
        """Encode text that may go on: the ids that stay, and what the rest may become.

        Args:
            text: As in `encode`.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.

        Returns:
            (stable, completions): ids of the start of the text, which following text leaves as
            they are, and sequences of ids, sorted, that the rest may turn out to be. The bytes of
            each, after those of `stable`, start with the rest.

        Raises:
            ValueError: As in `encode`.
        """
        allowed, disallowed = special_names(allowed_special, disallowed_special)
        try:
            return self._core.encode_with_unstable(text, allowed, disallowed)
        except UnicodeEncodeError:
            text, disallowed = repair(text, disallowed)
            return self._core.encode_with_unstable(text, allowed, disallowed)

    def encode_single_token(self, text_or_bytes: str | bytes) -> int:
        """Give the id of one token, special tokens included.

        Args:
            text_or_bytes: The token; text stands for its UTF-8.

        Raises:
            KeyError: There is no such token.

        Example:
            >>> import bpekit
            >>> bpekit.demo().encode_single_token(" the")
            262
        """
        if isinstance(text_or_bytes, str):
            text_or_bytes = text_or_bytes.encode("utf-8")
        return self._core.encode_single_token(text_or_bytes)
