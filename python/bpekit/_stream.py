"""Decoding token ids that come bit by bit."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bpekit._bpekit import Stream
    from bpekit._decoding import Ids


class StreamDecoder:
    """Text of token ids that come bit by bit; `Tokenizer.decoder` makes it.

    What it gives, joined, is the text of all ids: bytes which may become a character with the
    next ids are held back. It is for one text, and one thread at a time.
    """

    __module__ = "bpekit"

    def __init__(self, stream: Stream, errors: str) -> None:
        """Make a decoder; use `Tokenizer.decoder`."""
        # An unknown handler is told here, and not by the first bytes that need one.
        codecs.lookup_error(errors)
        self._stream = stream
        self._text = codecs.getincrementaldecoder("utf-8")(errors)

    def feed(self, ids: Ids) -> str:
        """Give the text that ids add, maybe none.

        Args:
            ids: Token ids: a sequence, or an array of integers.

        Raises:
            KeyError: No token has the id; nothing of the ids is taken.
            UnicodeDecodeError: The bytes are not UTF-8, with ``errors="strict"``; the text
                cannot be gone on with.
        """
        return self._text.decode(self._stream.feed(ids))

    def finish(self) -> str:
        """Give what was held back, as U+FFFD or whatever `errors` says of half a character.

        Raises:
            UnicodeDecodeError: There is half a character, with ``errors="strict"``.
        """
        return self._text.decode(b"", final=True)
