"""Whether two tokenizers make the same of every text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bpekit import _bpekit
from bpekit._files import Path, parts
from bpekit._tokenizer import Tokenizer, load

Kind: TypeAlias = Literal["equal", "different", "undecided"]


@dataclass(frozen=True)
class Reason:
    """What was found of one part of two tokenizers.

    Attributes:
        part: The part: ``"vocab"``, ``"merges"``, ``"options"``, ``"added-tokens"``,
            ``"normalizer"``, ``"pretokenizer"``, ``"post-processor"`` or ``"decoder"``.
        kind: Whether it is the same on both sides for every text.
        detail: Why, in words; the two tokenizers are called A and B.
    """

    part: str
    kind: Kind
    detail: str


@dataclass(frozen=True)
class Verdict:
    """The answer of `verify`.

    Attributes:
        kind: ``"equal"``: every text has the same ids in both, and these become the same text;
            ``"different"``: `counterexample` shows it; ``"undecided"``: it was not shown either
            way.
        reasons: Why, part by part.
        counterexample: A text that the two treat differently, of which no character can be left
            out; None unless they are different.
        ids_a: The ids of the text in A; None without a text, or if A refuses it.
        ids_b: The same in B.
        tokens_a: The bytes of each of `ids_a`.
        tokens_b: The bytes of each of `ids_b`.
        note_a: What the ids become in A, if that is the difference, or why A refuses the text.
        note_b: The same in B.
        with_special: Whether added tokens were found in the text, and what belongs around a text
            put there.
        texts: How many texts were encoded by both.
    """

    kind: Kind
    reasons: tuple[Reason, ...]
    counterexample: str | None
    ids_a: list[int] | None
    ids_b: list[int] | None
    tokens_a: list[bytes] | None
    tokens_b: list[bytes] | None
    note_a: str | None
    note_b: str | None
    with_special: bool
    texts: int

    @property
    def is_equal(self) -> bool:
        """Whether every text has the same ids in both."""
        return self.kind == "equal"

    def __str__(self) -> str:
        """Return the verdict for people, with the two tokenizations side by side."""
        lines = [f"{reason.kind}: {reason.part}: {reason.detail}" for reason in self.reasons]
        if self.counterexample is not None:
            lines.append(f"text: {self.counterexample!r}")
            lines += self._side_by_side()
        return "\n".join([*lines, self.kind])

    def _side_by_side(self) -> list[str]:
        rows_a, rows_b = (
            [f"{number} {token!r}" for number, token in zip(ids or [], tokens or [], strict=True)]
            for ids, tokens in ((self.ids_a, self.tokens_a), (self.ids_b, self.tokens_b))
        )
        width = max([len(row) for row in rows_a], default=1)
        lines = [f"    {'A':<{width}}  B"]
        for row in range(max(len(rows_a), len(rows_b))):
            left = rows_a[row] if row < len(rows_a) else ""
            right = rows_b[row] if row < len(rows_b) else ""
            mark = " " if left == right else "!"
            lines.append(f"  {mark} {left:<{width}}  {right}".rstrip())
        notes = (("A", self.note_a), ("B", self.note_b))
        return lines + [f"  {name}: {note}" for name, note in notes if note is not None]


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
    return verdict(
        _bpekit.verify(one._core, other._core, dict(id_map or {}), parts(ignore))  # noqa: SLF001
    )


def verdict(facts: dict[str, Any]) -> Verdict:
    """Make the verdict of what the extension module says."""
    reasons = tuple(Reason(*reason) for reason in facts.pop("reasons"))
    return Verdict(reasons=reasons, **facts)
