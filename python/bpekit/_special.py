"""Arguments of the methods that encode, in the engine's terms.

Here is what `"all"` means, and what becomes of text with surrogates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from typing import Final, Literal, TypeAlias, TypeVar

from bpekit import _errors

Allowed: TypeAlias = Literal["all"] | AbstractSet[str]
Disallowed: TypeAlias = Literal["all"] | Collection[str]
# None for all special tokens, and for all others.
Names: TypeAlias = frozenset[str] | None

# The defaults. Whether an argument is one of them is asked of the objects, which is fast; an equal
# one takes the way of all others.
NONE: frozenset[str] = frozenset()
ALL: Final = "all"

_T = TypeVar("_T")


def special_names(allowed_special: Allowed, disallowed_special: Disallowed) -> tuple[Names, Names]:
    """Say the arguments in the engine's terms: None for all, and for all others."""
    allowed: frozenset[str] | None
    if isinstance(allowed_special, str) and allowed_special == "all":
        allowed = None
    elif isinstance(allowed_special, AbstractSet):
        allowed = frozenset(allowed_special)
    else:
        raise TypeError(
            f"allowed_special must be 'all' or a set, not {type(allowed_special).__name__}"
        )
    if isinstance(disallowed_special, str) and disallowed_special == "all":
        return allowed, None
    return allowed, frozenset(disallowed_special or ())


def special_names_of_batch(
    allowed_special: Allowed, disallowed_special: Disallowed
) -> tuple[Names, Names]:
    if disallowed_special != "all":
        disallowed_special = frozenset(disallowed_special)
    return special_names(allowed_special, disallowed_special)


def of_text(
    method: Callable[..., _T], text: str, names: tuple[Names, Names], frame: bool, *others: object
) -> _T:
    """Call a method of the engine with a text, which is repaired if it has surrogates."""
    allowed, disallowed = names
    try:
        return method(text, *others, allowed, disallowed, frame)
    except UnicodeEncodeError:
        text, disallowed = repair(text, disallowed)
        return method(text, *others, allowed, disallowed, frame)


def of_batch(
    method: Callable[..., _T],
    texts: Iterable[str],
    num_threads: int,
    names: tuple[Names, Names],
    frame: bool,
    *others: object,
) -> _T:
    """Call a method of the engine with texts, which are repaired if they have surrogates."""
    batch: list[str] = texts if isinstance(texts, list) else list(texts)
    num_threads = checked_threads(num_threads)
    allowed, disallowed = names
    try:
        return method(batch, num_threads, allowed, disallowed, frame, *others)
    except UnicodeEncodeError:
        repaired = [text if is_encodable(text) else repair(text, disallowed)[0] for text in batch]
        if disallowed:
            disallowed = frozenset(filter(is_encodable, disallowed))
        return method(repaired, num_threads, allowed, disallowed, frame, *others)


def checked_threads(num_threads: int) -> int:
    if num_threads <= 0:
        raise ValueError("num_threads must be greater than 0")
    return num_threads


def repair(
    text: str,
    disallowed: frozenset[str] | None,
) -> tuple[str, frozenset[str] | None]:
    """Give the text without surrogates, and what of `disallowed` it can still contain.

    What is disallowed is looked for in the text as given, as in tiktoken, and by the engine
    in the text as it is encoded.
    """
    if disallowed:
        inner = "|".join(re.escape(token) for token in disallowed)
        if found := re.search(inner, text):
            raise _errors.disallowed_special(found.group())
        disallowed = frozenset(token for token in disallowed if is_encodable(token))
    return without_surrogates(text), disallowed


def without_surrogates(text: str) -> str:
    """Join surrogate pairs, and replace lone surrogates by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def is_encodable(text: str) -> bool:
    try:
        str.encode(text, "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def place_before_repair(text: str, length: int) -> int:
    """Give the index in `text` of a character of what `without_surrogates` makes of it."""
    pair = re.compile("[\ud800-\udbff][\udc00-\udfff]")
    place = 0
    for _ in range(length):
        place += 2 if pair.match(text, place) else 1
    return place
