"""Ids as Python gives them: every kind of list and array that is decoded; lists that are made."""

from __future__ import annotations

import array
import gc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import bpekit
from hostile import hostile_texts
from small import BYTES, demo, demo_of_tiktoken

TYPES = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"]
# Some of its tokens are in the table of the decoder, one is far above it.
LARGE = bpekit.Tokenizer(
    "large",
    pat_str="(?s:.)",
    mergeable_ranks={**BYTES, b"a token of more than a line": 70_000},
    special_tokens={"<|far|>": 4_000_000_000},
)


def decoded(ids: Any) -> list[Any]:
    tokenizer = demo()
    text = tokenizer.decode(ids)
    assert tokenizer.decode_batch([ids, ids]) == [text, text]
    assert tokenizer.decode_bytes_batch([ids]) == [text.encode()]
    return [
        text,
        tokenizer.decode_bytes(ids),
        tokenizer.decode_tokens_bytes(ids),
        tokenizer.decode_with_offsets(ids),
        tokenizer.decoder().feed(ids),
    ]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("count", [0, 1, 5, 2000])
def test_every_kind_of_array_is_decoded(dtype: str, count: int) -> None:
    # Tokens of one ASCII byte have ids that every type holds.
    ids = ([demo().encode_single_token(letter) for letter in "abcz09!~"] * count)[:count]
    expected = decoded(ids)
    for order in "=<>":
        kind = np.dtype(dtype).newbyteorder(order)
        numbers = np.array(ids, dtype=kind)
        assert decoded(numbers) == expected
        apart = np.zeros(count * 3, dtype=kind)
        apart[::3] = ids
        assert decoded(apart[::3]) == expected
        assert decoded(numbers[::-1].copy()[::-1]) == expected
        numbers.flags.writeable = False
        assert decoded(numbers) == expected
    for code in "bBhHiIlLqQ":
        numbers_of_python = array.array(code, ids)
        assert decoded(numbers_of_python) == expected
        assert decoded(memoryview(numbers_of_python)) == expected
    assert decoded(tuple(ids)) == expected
    assert decoded(bytes(ids)) == expected


@pytest.mark.parametrize(
    "ids",
    [
        np.array([-1]), np.array([1, -1], dtype=np.int8), np.array([2**32]),
        np.array([2**32], dtype=np.uint64), np.array([2**64 - 1], dtype=np.uint64),
        np.array([1.0]), np.array([1], dtype=np.float32), np.array([True]), np.array([[1, 2]]),
        np.array(5), np.array(["1"]), np.array([1, "a"], dtype=object), np.array([None]),
        np.array([1], dtype=[("a", "u4")]), np.array([0], dtype="M8[s]"), np.array([1j]),
        array.array("d", [1.0]), memoryview(b"abcd").cast("B", (2, 2)), [1, -1], [1, 2**32],
        memoryview(b"abc").cast("c"),
        [1, 2**63], [1, 2**64], [1, -(2**70)], [1, 1.0], [1, None], [1, "1"], [1, [1]], [3001],
        [1] * 1000 + [3001], np.array([3001]), np.array([5] * 1000 + [9999], dtype=np.uint16),
        [1] * 1000 + [2**70], [1] * 1000 + [1.5],
    ],
    ids=lambda ids: repr(ids)[:60],
)  # fmt: skip
def test_what_tiktoken_refuses(ids: Any) -> None:
    for method in ("decode", "decode_bytes"):
        errors = []
        for tokenizer in (demo(), demo_of_tiktoken()):
            with pytest.raises(
                (TypeError, ValueError, ArithmeticError, KeyError, NotImplementedError)
            ) as caught:
                getattr(tokenizer, method)(ids)
            errors.append((caught.type, str(caught.value)))
        ours, theirs = errors
        assert ours[0] == theirs[0]
        if ours[0] in (KeyError, OverflowError):
            assert ours[1] == theirs[1]


class Index:
    """An integer that shortens the list it stands in."""

    def __init__(self, victim: list[Any], length: int) -> None:
        self.victim = victim
        self.length = length

    def __index__(self) -> int:
        del self.victim[self.length :]
        return 64


class List(list[int]):
    """A list that gives other items than it holds."""

    def __iter__(self) -> Any:
        return iter([64, 64])


class Int(int):
    """An integer that is another one when asked."""

    def __index__(self) -> int:
        return 65


def test_lists_of_odd_items() -> None:
    for length in range(6):
        ids: list[Any] = [65, 66, 67]
        ids += [Index(ids, length), 68, 69] * 2
        assert demo().decode(ids).startswith("bcda")
    assert demo().decode(List([1, 2, 3])) == demo_of_tiktoken().decode(List([1, 2, 3]))
    assert demo().decode([Int(64), True]) == demo_of_tiktoken().decode([Int(64), True])
    assert demo().decode([np.uint16(64), np.int64(65)] * 500) == "ab" * 500  # type: ignore[list-item]


def test_ids_of_every_size() -> None:
    far = 4_000_000_000
    ids = [97, 70_000, 98, far, 255, 70_000]
    text = b"aa token of more than a lineb<|far|>\xffa token of more than a line"
    for count in (1, 100):
        assert LARGE.decode_bytes(ids * count) == text * count
        assert LARGE.decode_bytes(np.array(ids * count, dtype=np.uint32)) == text * count
        assert LARGE.decode(ids * count) == text.decode(errors="replace") * count
    for missing in (256, 69_999, 70_001, far - 1, far + 1):
        with pytest.raises(KeyError, match=f"Invalid token for decoding: {missing}"):
            LARGE.decode([97] * 1000 + [missing])


def test_handlers_of_errors() -> None:
    ids = LARGE._encode_bytes(b"a\xf0\x9f\x91b\xff" * 100)
    data = LARGE.decode_bytes(ids)
    for errors in ("replace", "ignore", "backslashreplace", "surrogateescape"):
        assert LARGE.decode(ids, errors) == data.decode(errors=errors)
        assert LARGE.decode_batch([ids], errors=errors) == [data.decode(errors=errors)]
    with pytest.raises(UnicodeDecodeError):
        LARGE.decode(ids, "strict")
    with pytest.raises(LookupError):
        LARGE.decode(ids, "nonsense")
    with pytest.raises(TypeError):
        LARGE.decode([97], None)  # type: ignore[arg-type]


def test_lists_share_their_integers() -> None:
    text = "hello world <|endoftext|>" * 2000
    tokenizer = bpekit.demo()
    ids = tokenizer.encode(text, allowed_special="all")
    assert ids == demo_of_tiktoken().encode(text, allowed_special="all")
    objects = {id(number) for number in ids}
    assert len(objects) == len(set(ids))
    del tokenizer
    gc.collect()
    assert ids == demo().encode(text, allowed_special="all")
    # Ids above the table are not shared, and there all the same.
    far = [4_000_000_000, 97, 4_000_000_000]
    assert LARGE.encode("<|far|>a<|far|>", allowed_special="all") == far


def test_lists_of_short_and_long_texts_are_those_of_tiktoken() -> None:
    texts = [*hostile_texts(300, seed=6), "a" * 4096, "a" * 4097, "é" * 3000, "hello " * 20_000]
    for text in texts:
        expected = demo_of_tiktoken().encode_ordinary(text)
        assert demo().encode_ordinary(text) == expected
        assert demo().encode(text, disallowed_special=()) == expected
        array_of_text = demo().encode_to_numpy(text, disallowed_special=())
        assert array_of_text.dtype == np.uint32
        assert array_of_text.tolist() == expected
    assert demo().encode_ordinary_batch(texts) == [demo().encode_ordinary(text) for text in texts]


def test_threads_do_not_share_what_they_work_in() -> None:
    tokenizer = bpekit.demo()
    texts = [f"{number} hello world " * (number * number * 20 + 1) for number in range(16)]
    lists = [tokenizer.encode(text) for text in texts]

    def decoded_twice(number: int) -> bool:
        ids = lists[number]
        both = tokenizer.decode(ids), tokenizer.decode(np.array(ids, dtype=np.uint32))
        return both == (texts[number], texts[number])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(decoded_twice, list(range(16)) * 8))
    # A shorter list after a longer one has nothing of it.
    for number in (15, 3, 0, 7):
        assert decoded_twice(number)
