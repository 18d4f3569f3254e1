"""Change a tokenizer and keep it right: tokens, size, merges, ids.

Each function gives a new `Tokenizer` and leaves the old one as it is. What it promises is verified
before it returns: that all other text keeps its ids, or that only the numbers differ.

Example:
    >>> import bpekit
    >>> from bpekit import edit
    >>> chat = edit.add_tokens(bpekit.demo(), ["<|user|>", "<|bot|>"])
    >>> chat.encode("<|user|>hello", allowed_special="all")
    [3001, 258, 297, 78]
    >>> edit.resize(chat, multiple_of=128).n_vocab
    3072
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bpekit import _bpekit
from bpekit._sources import Source
from bpekit._tokenizer import Tokenizer
from bpekit._train import train

__all__ = [
    "add_tokens",
    "compact",
    "extend",
    "remove_tokens",
    "reorder",
    "resize",
    "truncate_merges",
    "unused_tokens",
]


def add_tokens(
    tokenizer: Tokenizer,
    tokens: str | Iterable[str],
    *,
    special: bool = True,
    first_id: int | None = None,
    single_word: bool = False,
    lstrip: bool = False,
    rstrip: bool = False,
    normalized: bool = False,
) -> Tokenizer:
    """Add tokens that are found by their text.

    Args:
        tokenizer: A tokenizer.
        tokens: The texts; the ids are given in this order.
        special: Ordinary text becomes them only where the caller allows it.
        first_id: The id of the first, the others follow. None gives them the ids behind all
            others; but where the vocab has a token of the same text, in plain ASCII, the id it has
            there, as in tokenizers.
        single_word: They match only where no word character stands beside them.
        lstrip: They take the white space before them.
        rstrip: They take the white space after them.
        normalized: They are looked for in the normalized text.

    Returns:
        The tokenizer with them. Text without them keeps its ids.

    Raises:
        ValueError: A text is empty, or an added token already, or its id is in use.
        UnsupportedError: A text would be found as other tokens.

    Example:
        >>> import bpekit
        >>> bpekit.edit.add_tokens(bpekit.demo(), "<|user|>").special_tokens
        {'<|endoftext|>': 3000, '<|user|>': 3001}
    """
    texts = [tokens] if isinstance(tokens, str) else list(tokens)
    flags = (special, single_word, lstrip, rstrip, normalized)
    new = [
        (text, None if first_id is None else first_id + index, flags)
        for index, text in enumerate(texts)
    ]
    return Tokenizer._of(_bpekit.add_tokens(tokenizer._core, new))


def remove_tokens(tokenizer: Tokenizer, tokens: str | Iterable[str]) -> Tokenizer:
    """Remove added tokens.

    Args:
        tokenizer: A tokenizer.
        tokens: Their texts.

    Returns:
        The tokenizer without them. Text without them keeps its ids.

    Raises:
        ValueError: A text is no added token.
        UnsupportedError: The tokenizer refers to one: it puts it around texts, it has a role (as
            the end of a text), or it stands in the chat template.

    Example:
        >>> import bpekit
        >>> bpekit.edit.remove_tokens(bpekit.demo(), "<|endoftext|>").special_tokens
        {}
    """
    texts = [tokens] if isinstance(tokens, str) else list(tokens)
    return Tokenizer._of(_bpekit.remove_tokens(tokenizer._core, texts))


def unused_tokens(tokenizer: Tokenizer) -> list[str]:
    """List the added tokens that nothing in the tokenizer refers to.

    Example:
        >>> import bpekit
        >>> bpekit.edit.unused_tokens(bpekit.demo())
        ['<|endoftext|>']
    """
    return _bpekit.unused_tokens(tokenizer._core)


def resize(
    tokenizer: Tokenizer,
    size: int | None = None,
    *,
    multiple_of: int | None = None,
    text: str = "<|reserved_{}|>",
) -> Tokenizer:
    """Fill the vocab up with special tokens that stand for nothing.

    Args:
        tokenizer: A tokenizer.
        size: How many ids there are to be: the largest plus one.
        multiple_of: Instead of a size, the next multiple of this number.
        text: The texts of the new tokens, with ``{}`` for a number.

    Returns:
        The tokenizer with `n_vocab` of that size.

    Raises:
        ValueError: The size is smaller than what there is, neither or both of size and
            `multiple_of` are given, or `text` has no ``{}``.

    Example:
        >>> import bpekit
        >>> bpekit.edit.resize(bpekit.demo(), multiple_of=64).n_vocab
        3008
    """
    if (size is None) == (multiple_of is None):
        raise ValueError("give either size or multiple_of")
    if size is None:
        assert multiple_of is not None
        if multiple_of < 1:
            raise ValueError(f"multiple_of must be at least 1, not {multiple_of}")
        size = -(-tokenizer.n_vocab // multiple_of) * multiple_of
    return Tokenizer._of(_bpekit.resize(tokenizer._core, size, text))


def truncate_merges(tokenizer: Tokenizer, count: int, *, compact: bool = False) -> Tokenizer:
    """Keep the first merges: the tokenizer that training to that many merges gives.

    Args:
        tokenizer: A tokenizer.
        count: How many merges to keep.
        compact: Close the holes that this leaves between ids; else all ids stay as they are.

    Returns:
        The smaller tokenizer.

    Raises:
        ValueError: There are fewer merges.

    Example:
        >>> import bpekit
        >>> small = bpekit.edit.truncate_merges(bpekit.demo(), 10, compact=True)
        >>> small.n_vocab
        267
    """
    core = _bpekit.truncate_merges(tokenizer._core, count)
    return Tokenizer._of(_bpekit.compact(core) if compact else core)


def compact(tokenizer: Tokenizer) -> Tokenizer:
    """Close the holes between ids: tokens keep their order, and the ids are 0, 1, 2 and so on.

    Example:
        >>> import bpekit
        >>> hole = bpekit.edit.add_tokens(bpekit.demo(), "<|x|>", first_id=5000)
        >>> bpekit.edit.compact(hole).special_tokens
        {'<|endoftext|>': 3000, '<|x|>': 3001}
    """
    return Tokenizer._of(_bpekit.compact(tokenizer._core))


def reorder(tokenizer: Tokenizer, id_map: Mapping[int, int]) -> Tokenizer:
    """Give tokens other ids. Every text becomes the same tokens.

    Args:
        tokenizer: A tokenizer.
        id_map: From old id to new id; ids that are not in it stay. Ranks whose order changes become
            a list of merges, which formats of ranks cannot hold.

    Returns:
        The tokenizer with these ids.

    Raises:
        ValueError: Two tokens would have one id.

    Example:
        >>> import bpekit
        >>> swapped = bpekit.edit.reorder(bpekit.demo(), {258: 297, 297: 258})
        >>> swapped.encode("hello")
        [297, 258, 78]
    """
    return Tokenizer._of(_bpekit.reorder(tokenizer._core, dict(id_map)))


def extend(tokenizer: Tokenizer, source: Source, vocab_size: int, **options: Any) -> Tokenizer:
    """Extend the vocab by training on texts.

    Args:
        tokenizer: A tokenizer: its tokens keep their ids, and its merges come first.
        source: The texts, as `train` takes them.
        vocab_size: The size of the whole vocab.
        **options: More arguments of `train`.

    Returns:
        The larger tokenizer.

    Raises:
        ValueError: As `train`; and `vocab_size` is smaller than what there is.

    Example:
        >>> import bpekit
        >>> more = bpekit.edit.extend(bpekit.demo(), "tokenizer tokenizer tokenizers", 3005)
        >>> more.n_vocab
        3005
    """
    if vocab_size < tokenizer.n_vocab:
        raise ValueError(f"{vocab_size} is smaller than the {tokenizer.n_vocab} ids there are")
    return train(source, vocab_size, base=tokenizer, **options)
