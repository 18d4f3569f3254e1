"""Tokens to look at."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from bpekit._encoding import EncodingMethods
from bpekit._special import ALL, NONE, Allowed, Disallowed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bpekit._bpekit import Core


class ShownText:
    """A text as its tokens: in colours on a terminal and in a notebook, elsewhere between bars.

    A line end is shown as ``↵``, a tab as ``→``; bytes that are half a character, and what cannot
    be seen, by their numbers. Nothing of a text steers the terminal.

    Attributes:
        ids: The ids of the tokens.
    """

    __module__ = "bpekit"

    def __init__(self, core: Core, ids: list[int]) -> None:
        """`Tokenizer.show` makes these."""
        self._core = core
        self.ids = ids

    def to_terminal(self, *, color: bool = True, width: int = 0) -> str:
        """Give lines with colours, or with bars between tokens; no longer than `width` if not 0."""
        return self._core.show(self.ids, color, width)

    def to_html(self) -> str:
        """Give a piece of HTML with its own style, for light and for dark pages."""
        return self._core.show_html(self.ids)

    def __str__(self) -> str:
        """Show the tokens as fits standard output."""
        is_terminal = sys.stdout is not None and sys.stdout.isatty()
        is_dumb = os.environ.get("TERM") == "dumb"
        color = is_terminal and not is_dumb and not os.environ.get("NO_COLOR")
        width = 0
        if is_terminal:
            import shutil

            width = shutil.get_terminal_size().columns
        return self.to_terminal(color=color, width=width).rstrip("\n")

    def __repr__(self) -> str:
        """Show the tokens, for a session at the keyboard."""
        return str(self)

    def _repr_html_(self) -> str:
        return self.to_html()


class ShowMethods(EncodingMethods):
    """What a tokenizer makes of a text, to look at."""

    def show(
        self,
        text: str,
        *,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
    ) -> ShownText:
        """Show the tokens of a text.

        Args:
            text: As in `encode`.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            add_special_tokens: As in `encode_ordinary`.

        Returns:
            What a notebook or a session at the keyboard shows as it is, and `print` prints.

        Raises:
            ValueError: As in `encode`.

        Example:
            >>> import bpekit
            >>> bpekit.demo().show("the cat sat")
            the│ c│at│ s│at
        """
        ids = self.encode(
            text,
            allowed_special=allowed_special,
            disallowed_special=disallowed_special,
            add_special_tokens=add_special_tokens,
        )
        return ShownText(self._core, ids)

    def report(
        self,
        texts: Mapping[str, str] | None = None,
        *,
        other: ShowMethods | None = None,
        title: str | None = None,
    ) -> str:
        """Give a page about the tokenizer: one file of HTML that needs nothing else.

        It says what the tokens are, how much text one holds in each of the texts, which are never
        used, what fewer merges would give, and how the tokenizer stands to another.

        Args:
            texts: Texts by what to call them. Special tokens in them are taken for ordinary text.
                By default, Article 1 of the Universal Declaration of Human Rights in 18 languages.
            other: A tokenizer to compare with.
            title: What to call this one; its name, if nothing is said.

        Returns:
            The page.

        Raises:
            ValueError: As in `encode_ordinary`, for a text.

        Example:
            >>> import bpekit
            >>> page = bpekit.demo().report({"mine": "the cat sat on the mat"})
            >>> page[:15]
            '<!doctype html>'
        """
        pairs = list((texts or {}).items())
        other_core = None if other is None else other._core
        other_title = "" if other is None else other._core.name
        return self._core.report_html(title, pairs, other_title, other_core)
