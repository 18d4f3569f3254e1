"""Tokens to look at."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from bpekit._encoding import EncodingMethods
from bpekit._special import ALL, NONE, Allowed, Disallowed

if TYPE_CHECKING:
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
