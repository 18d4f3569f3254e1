"""rustbpe 0.1 by its own names: ``import bpekit.compat.rustbpe as rustbpe``.

`Tokenizer` is `bpekit.Tokenizer`, which without arguments is empty, to be trained, and can be saved
afterwards.

Example:
    >>> import bpekit.compat.rustbpe as rustbpe
    >>> tokenizer = rustbpe.Tokenizer()
    >>> tokenizer.train_from_iterator(["hello hello"], 258)
    >>> tokenizer.get_mergeable_ranks()[256:]
    [(b'el', 256), (b'hel', 257)]
"""

from collections.abc import Sequence

from bpekit import _tokenizer

# The version whose behaviour this is.
__version__ = "0.1.0"


class Tokenizer(_tokenizer.Tokenizer):
    """`bpekit.Tokenizer`, with the one method of rustbpe's that it has under another name.

    Source: rustbpe 0.1.0, `src/lib.rs`.
    """

    def batch_encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Encode texts on all processors; see `encode_ordinary_batch`.

        Example:
            >>> import bpekit.compat.rustbpe as rustbpe
            >>> tokenizer = rustbpe.Tokenizer()
            >>> tokenizer.train_from_iterator(["hello hello"], 258)
            >>> tokenizer.batch_encode(["hell", "o"])
            [[257, 108], [111]]
        """
        return self.encode_ordinary_batch(texts)
