"""What a comparison of two tokenizers came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

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

    __module__ = "bpekit"

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

    __module__ = "bpekit"

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


def verdict(facts: dict[str, Any]) -> Verdict:
    """Make the verdict of what the extension module says."""
    reasons = tuple(Reason(*reason) for reason in facts.pop("reasons"))
    return Verdict(reasons=reasons, **facts)
