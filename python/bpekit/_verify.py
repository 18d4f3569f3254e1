"""Whether two tokenizers make the same of every text."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bpekit import _bpekit
from bpekit._files import Path, parts
from bpekit._tokenizer import Tokenizer, load
from bpekit._verdict import Verdict, verdict


def verify(
    a: Tokenizer | Path,
    b: Tokenizer | Path,
    *,
    id_map: Mapping[int, int] | None = None,
    ignore: Collection[str] = (),
) -> Verdict:
    """Find out whether two tokenizers make the same of every text.

    Each part is compared by what it means: ranks with the merges they stand for, patterns by the
    automata that cut text. Where that leaves a part open, texts are searched for one that the two
    treat differently, and the first is shortened. Added tokens are found in the texts, and what
    the post-processor puts around a text counts. Tokens that no text reaches are no difference,
    nor is whether an added token is special.

    Args:
        a: A tokenizer, or the path of its file.
        b: The other.
        id_map: From ids of `a` to ids of `b`, where the two number tokens differently; ids that
            are not in it stay as they are.
        ignore: Parts to leave out on both sides: ``"normalizer"``, ``"pretokenizer"``,
            ``"added-tokens"``, ``"post-processor"``, ``"decoder"``.

    Returns:
        The verdict, with the reasons and, if they are different, a text that shows it.

    Raises:
        ValueError: A part cannot be ignored, the id map gives two tokens one id, or a file
            cannot be read as a tokenizer (`FormatError`).

    Example:
        >>> import bpekit
        >>> demo = bpekit.demo()
        >>> bpekit.verify(demo, demo).kind
        'equal'
        >>> other = bpekit.Tokenizer(
        ...     "other",
        ...     pat_str=demo.pattern,
        ...     mergeable_ranks=demo.mergeable_ranks,
        ...     special_tokens={},
        ... )
        >>> bpekit.verify(demo, other).counterexample
        '<|endoftext|>'

    The arguments behind "equal", and their conditions, are in docs/equivalence.md.
    """
    one, other = (side if isinstance(side, Tokenizer) else load(side) for side in (a, b))
    return verdict(_bpekit.verify(one._core, other._core, dict(id_map or {}), parts(ignore)))
