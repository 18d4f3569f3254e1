"""The methods of `Tokenizer` that count token ids, and cut text to a number of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bpekit._special import (
    ALL,
    NONE,
    Allowed,
    Disallowed,
    of_batch,
    of_text,
    place_before_repair,
    repair,
    special_names,
    special_names_of_batch,
)

if TYPE_CHECKING:
    from bpekit._bpekit import Core


class CountingMethods:
    """What text costs in token ids."""

    if TYPE_CHECKING:
        _core: Core

    def count(
        self,
        text: str,
        *,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
    ) -> int:
        """Count the token ids of a text: `len(encode(...))`, without the list.

        Args:
            text: As in `encode`.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            add_special_tokens: As in `encode_ordinary`.

        Raises:
            ValueError: As in `encode`.

        Example:
            >>> import bpekit
            >>> bpekit.demo().count("hello world")
            4
        """
        if allowed_special is NONE and disallowed_special is ALL and add_special_tokens is False:
            try:
                return self._core.count_refusing(text)
            except UnicodeEncodeError:
                pass
        names = special_names(allowed_special, disallowed_special)
        return of_text(self._core.count, text, names, add_special_tokens)

    def count_batch(
        self,
        text: Iterable[str],
        *,
        num_threads: int = 8,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
    ) -> list[int]:
        """Count the token ids of many texts, in parallel, without making lists of them.

        Args:
            text: The texts.
            num_threads: How many threads at most; more than there are processors are not used.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            add_special_tokens: As in `encode_ordinary`.

        Returns:
            The number of ids of each text, in order.

        Raises:
            ValueError: As in `encode`, for the first text that fails.

        Example:
            >>> import bpekit
            >>> bpekit.demo().count_batch(["hello world", "", "the"])
            [4, 0, 1]
        """
        names = special_names_of_batch(allowed_special, disallowed_special)
        return of_batch(self._core.count_batch, text, num_threads, names, add_special_tokens)

    def count_till_limit(
        self,
        text: str,
        limit: int,
        *,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
    ) -> int | None:
        """Count the token ids of a text, if there are no more than a limit.

        Text behind the limit is not encoded, so that a long one takes no longer than a short one;
        only disallowed special tokens are looked for in all of it.

        Args:
            text: As in `encode`.
            limit: How many ids there may be.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            add_special_tokens: As in `encode_ordinary`; what is put around the text counts.

        Returns:
            The number of ids, or None if there are more than `limit`.

        Raises:
            ValueError: As in `encode`, for text up to the limit.
            OverflowError: `limit` is negative.

        Example:
            >>> import bpekit
            >>> bpekit.demo().count_till_limit("hello world", 4)
            4
            >>> bpekit.demo().count_till_limit("hello world", 3) is None
            True
        """
        names = special_names(allowed_special, disallowed_special)
        return of_text(self._core.count_till_limit, text, names, add_special_tokens, limit)

    def truncate(
        self,
        text: str,
        limit: int,
        *,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
    ) -> tuple[list[int], int]:
        """Cut a text to a number of token ids, between characters.

        The ids are the first of those of the whole text, as many as fit without half a character
        at their end: what a model would see of the whole text, and what decodes without U+FFFD.

        Args:
            text: As in `encode`.
            limit: How many ids there may be.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`; it is looked for in the whole text.
            add_special_tokens: As in `encode_ordinary`; what is put around the text counts.

        Returns:
            (ids, length): the ids, and how many characters of the text they stand for:
            ``text[:length]`` is in, ``text[length:]`` is what is left.

        Raises:
            ValueError: As in `count_till_limit`; the text must be cut and its ids do not decode
                to it, as with a normalizer that changes it; `limit` is less than what
                `add_special_tokens` adds.
            OverflowError: `limit` is negative.

        Example:
            >>> import bpekit
            >>> text = "hello world"
            >>> ids, length = bpekit.demo().truncate(text, 3)
            >>> ids, text[:length], text[length:]
            ([258, 297, 78], 'hello', ' world')
        """
        allowed, disallowed = special_names(allowed_special, disallowed_special)
        try:
            return self._core.truncate(text, limit, allowed, disallowed, add_special_tokens)
        except UnicodeEncodeError:
            repaired, disallowed = repair(text, disallowed)
            ids, length = self._core.truncate(
                repaired, limit, allowed, disallowed, add_special_tokens
            )
            # Each character outside the first plane may have been two surrogates.
            return ids, place_before_repair(text, length)
