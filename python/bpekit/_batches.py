"""The methods of `Tokenizer` for tables and training: Arrow, padded matrices, a fingerprint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from bpekit import _arrays
from bpekit._encoding import EncodingMethods
from bpekit._special import (
    ALL,
    NONE,
    Allowed,
    Disallowed,
    checked_threads,
    special_names_of_batch,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bpekit._bpekit import ArrowArray


class BatchMethods(EncodingMethods):
    """Many texts at once, as other libraries hold them."""

    def encode_arrow(
        self,
        texts: Any,
        *,
        num_threads: int = 8,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
        dtype: npt.DTypeLike = "uint32",
    ) -> ArrowArray:
        """Encode the texts of an Arrow array, without a Python object for any of them.

        Args:
            texts: What has the Arrow PyCapsule interface, as arrays of pyarrow, Series of polars
                and tables of one column have it: strings of any kind, dictionaries of them too,
                in one array or a stream of arrays. A null stays one.
            num_threads: How many threads at most.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            add_special_tokens: As in `encode_ordinary`.
            dtype: The type of the ids: ``"uint32"``, or ``"uint16"`` for vocabs whose ids are
                below 65,536.

        Returns:
            An Arrow array of lists of ids, which ``pyarrow.array`` and ``polars.Series`` take as
            it is. bpekit itself needs neither of them.

        Raises:
            OverflowError: There are more than 2**31 - 1 ids.
            TypeError: It is no Arrow array of strings.
            ValueError: As in `encode`, for the first text that fails; the array is not valid, or
                the ids do not fit `dtype`.

        Example:
            >>> import bpekit, pyarrow
            >>> texts = pyarrow.array(["hello world", None, "the"])
            >>> pyarrow.array(bpekit.demo().encode_arrow(texts)).to_pylist()
            [[258, 297, 78, 995], None, [1169]]
        """
        allowed, disallowed = special_names_of_batch(allowed_special, disallowed_special)
        short = _arrays.is_short(dtype)
        threads = checked_threads(num_threads)
        return self._core.encode_arrow(
            texts, threads, allowed, disallowed, add_special_tokens, short
        )

    def encode_padded(
        self,
        texts: Iterable[str],
        *,
        pad_id: int,
        length: int | None = None,
        side: Literal["right", "left"] = "right",
        truncate: bool = False,
        num_threads: int = 8,
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
        dtype: npt.DTypeLike = "int64",
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        """Encode texts to a matrix with a row for each, and a mask of what is no padding.

        Args:
            texts: The texts.
            pad_id: The id that fills the rows up; it need not be one of the vocab's.
            length: The number of columns; that of the longest text if None.
            side: Where the padding stands.
            truncate: Keep the first `length` ids of longer texts, which are an error otherwise.
            num_threads: How many threads at most.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            add_special_tokens: As in `encode_ordinary`.
            dtype: The type of the matrix. That of torch's indices is the default.

        Returns:
            (ids, mask), both of shape (texts, length): ids, and bools that are True for ids of
            text. ``torch.from_numpy`` takes both as they are.

        Raises:
            ImportError: numpy is not installed.
            ValueError: As in `encode`; a text has more than `length` ids; `side` is neither.

        Example:
            >>> import bpekit
            >>> ids, mask = bpekit.demo().encode_padded(["hello world", "the"], pad_id=0)
            >>> ids.tolist(), mask.sum(1).tolist()
            ([[258, 297, 78, 995], [1169, 0, 0, 0]], [4, 1])
        """
        import numpy as np

        if side not in ("right", "left"):
            raise ValueError(f'side must be "right" or "left", not {side!r}')
        ids, offsets = self.encode_batch(
            texts,
            num_threads=num_threads,
            allowed_special=allowed_special,
            disallowed_special=disallowed_special,
            add_special_tokens=add_special_tokens,
            flat=True,
        )
        lengths = np.diff(offsets.astype(np.int64))
        longest = int(lengths.max(initial=0))
        width = longest if length is None else length
        if longest > width:
            if not truncate:
                row = int(lengths.argmax())
                raise ValueError(
                    f"text {row} has {longest} ids, more than {width}; `truncate=True` cuts it"
                )
            places = np.arange(len(ids)) - np.repeat(offsets[:-1].astype(np.int64), lengths)
            ids = ids[places < width]
            lengths = np.minimum(lengths, width)
        columns = np.arange(width)
        if side == "right":
            mask = columns < lengths[:, None]
        else:
            mask = columns >= width - lengths[:, None]
        matrix = np.full(mask.shape, pad_id, dtype=dtype)
        # Row after row, as the ids stand.
        matrix[mask] = ids
        return matrix, mask

    def fingerprint(self) -> str:
        """Give a sha256 of all that the tokenizer is made of, in hexadecimal.

        The same in every process, for tokenizers that are pickled to the same bytes; another name
        or origin of one that encodes the same makes another. For keys of caches.

        Example:
            >>> import bpekit, pickle
            >>> tokenizer = bpekit.demo()
            >>> pickle.loads(pickle.dumps(tokenizer)).fingerprint() == tokenizer.fingerprint()
            True
        """
        import hashlib

        codec, origin, name, data, companions, special_tokens = self._core.state()
        digest = hashlib.sha256(repr((codec, origin, name, special_tokens)).encode())
        for part_name, part in (("", data), *companions):
            digest.update(f"\n{part_name!r} {len(part)}\n".encode())
            digest.update(part)
        return digest.hexdigest()
