"""The methods of `Tokenizer` that decode."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from bpekit._special import checked_threads
from bpekit._stream import StreamDecoder

if TYPE_CHECKING:
    import numpy.typing as npt

    from bpekit._bpekit import Core

# Any buffer of integers is taken too; there is no type for that below Python 3.12.
Ids: TypeAlias = Union[Sequence[int], "npt.NDArray[Any]"]


class DecodingMethods:
    """Token ids to text."""

    if TYPE_CHECKING:
        _core: Core

    def decode_bytes(self, tokens: Ids) -> bytes:
        """Give the bytes that token ids stand for.

        Args:
            tokens: Token ids, special tokens included: a sequence, or an array of integers.

        Raises:
            KeyError: No token has the id.

        Example:
            >>> import bpekit
            >>> bpekit.demo().decode_bytes([258, 297, 78, 995])
            b'hello world'
        """
        return self._core.decode_bytes(tokens)

    def decode(self, tokens: Ids, errors: str = "replace") -> str:
        """Give the text that token ids stand for.

        Args:
            tokens: Token ids, special tokens included: a sequence, or an array of integers.
            errors: What becomes of bytes that are not UTF-8, as in `bytes.decode`.

        Raises:
            KeyError: No token has the id.
            UnicodeDecodeError: The bytes are not UTF-8, with ``errors="strict"``.

        Example:
            >>> import bpekit
            >>> bpekit.demo().decode([258, 297, 78, 995])
            'hello world'
        """
        return self._core.decode(tokens, errors)

    def decode_single_token_bytes(self, token: int) -> bytes:
        """Give the bytes of one token.

        Args:
            token: The token id; of a special token too.

        Raises:
            KeyError: No token has the id.

        Example:
            >>> import bpekit
            >>> bpekit.demo().decode_single_token_bytes(262)
            b' the'
        """
        return self._core.decode_token(token)

    def decode_tokens_bytes(self, tokens: Ids | Iterable[int]) -> list[bytes]:
        """Give the bytes of each token; joined they are what `decode_bytes` gives.

        Args:
            tokens: Token ids, special tokens included: a sequence, or an array of integers.

        Raises:
            KeyError: No token has the id.

        Example:
            >>> import bpekit
            >>> bpekit.demo().decode_tokens_bytes([258, 297, 78, 995])
            [b'he', b'll', b'o', b' world']
        """
        return self._core.decode_pieces(_listed_ids(tokens))

    def decode_with_offsets(self, tokens: Ids | Iterable[int]) -> tuple[str, list[int]]:
        """Decode token ids to text and say where each token starts.

        Args:
            tokens: Token ids, special tokens included: a sequence, or an array of integers.

        Returns:
            (text, offsets): ``offsets[i]`` is the index in `text`, in characters, of the first
            character that holds a byte of token i. Tokens inside one character share its index.

        Raises:
            KeyError: No token has the id.
            UnicodeDecodeError: The bytes are not UTF-8.

        Example:
            >>> import bpekit
            >>> bpekit.demo().decode_with_offsets([258, 297, 78, 995])
            ('hello world', [0, 2, 4, 5])
        """
        return self._core.decode_with_offsets(_listed_ids(tokens))

    def decode_batch(
        self, batch: Iterable[Ids], *, errors: str = "replace", num_threads: int = 8
    ) -> list[str]:
        """Decode many lists of token ids to texts, in parallel.

        Args:
            batch: Lists or arrays of token ids.
            errors: As in `decode`.
            num_threads: How many threads at most.

        Raises:
            KeyError: No token has an id.
            UnicodeDecodeError: As in `decode`.

        Example:
            >>> import bpekit
            >>> bpekit.demo().decode_batch([[258, 297, 78, 995], [1169]])
            ['hello world', 'the']
        """
        return self._core.decode_batch(_listed(batch), errors, checked_threads(num_threads))

    def decode_bytes_batch(self, batch: Iterable[Ids], *, num_threads: int = 8) -> list[bytes]:
        """Decode many lists of token ids to bytes, in parallel.

        Args:
            batch: Lists or arrays of token ids.
            num_threads: How many threads at most.

        Raises:
            KeyError: No token has an id.
        """
        return self._core.decode_bytes_batch(_listed(batch), checked_threads(num_threads))

    def decoder(self, errors: str = "replace") -> StreamDecoder:
        """Make a decoder for token ids that come bit by bit, as from a model.

        Args:
            errors: What becomes of bytes that are not UTF-8, as in `bytes.decode`.

        Raises:
            UnsupportedError: The decoder of the tokenizer.json needs the whole text.
            LookupError: There is no such handler of errors.

        Example:
            >>> import bpekit
            >>> tokenizer = bpekit.demo()
            >>> decoder = tokenizer.decoder()
            >>> [decoder.feed([id]) for id in tokenizer.encode("a €")]
            ['a', ' ', '', '€']
            >>> decoder.finish()
            ''
        """
        return StreamDecoder(self._core.stream(), errors)


def _listed(items: Any) -> Any:
    return items if isinstance(items, list) else list(items)


def _listed_ids(ids: Any) -> Any:
    """Give a list or a buffer as it is, and any other iterable as a list."""
    if isinstance(ids, list):
        return ids
    try:
        memoryview(ids)
    except TypeError:
        return list(ids)
    return ids
