"""Arrow arrays, padded matrices and fingerprints."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow
import pytest

import bpekit
from hostile import hostile_texts
from small import demo

TEXTS = ["hello world", None, "", "the", "\u4e2d\u6587 e\u0301", None, "x" * 1000]


def plain(texts: list[str | None], **arguments: Any) -> list[list[int] | None]:
    return [None if text is None else demo().encode(text, **arguments) for text in texts]


def encoded(texts: object, **arguments: Any) -> list[list[int] | None]:
    lists: list[list[int] | None] = pyarrow.array(
        demo().encode_arrow(texts, **arguments)
    ).to_pylist()
    return lists


KINDS: list[Callable[[list[str | None]], Any]] = [
    lambda texts: pyarrow.array(texts, pyarrow.string()),
    lambda texts: pyarrow.array(texts, pyarrow.large_string()),
    lambda texts: pyarrow.array(texts, pyarrow.string_view()),
    lambda texts: pyarrow.array(texts, pyarrow.string()).dictionary_encode(),
    lambda texts: pyarrow.array(texts, pyarrow.large_string()).dictionary_encode(),
    lambda texts: pyarrow.chunked_array([texts[:3], [], texts[3:]], pyarrow.string()),
    lambda texts: pyarrow.chunked_array([texts[:3], texts[3:]], pyarrow.string_view()),
    lambda texts: pyarrow.table({"text": pyarrow.chunked_array([texts[:2], texts[2:]])}),
    lambda texts: pyarrow.record_batch({"text": pyarrow.array(texts)}),
    lambda texts: pyarrow.RecordBatchReader.from_batches(
        pyarrow.schema({"text": pyarrow.string()}),
        [pyarrow.record_batch({"text": pyarrow.array(texts, pyarrow.string())})],
    ),
    # A part of a longer array, which starts within its memory.
    lambda texts: pyarrow.array(["no", None, *texts, "no"]).slice(2, len(texts)),
    lambda texts: pyarrow.array(["no", None, *texts]).dictionary_encode().slice(2),
]


@pytest.mark.parametrize("kind", KINDS)
def test_arrow(kind: Callable[[list[str | None]], Any]) -> None:
    assert encoded(kind(TEXTS)) == plain(TEXTS)
    assert encoded(kind([None, None])) == [None, None]


def test_arrow_types() -> None:
    texts = pyarrow.array(["hello", None])
    wide = pyarrow.array(demo().encode_arrow(texts))
    assert wide.type == pyarrow.list_(pyarrow.field("item", pyarrow.uint32(), nullable=False))
    short = pyarrow.array(demo().encode_arrow(texts, dtype="uint16"))
    assert short.type.value_type == pyarrow.uint16()
    assert short.to_pylist() == wide.to_pylist()
    wide.validate(full=True)
    assert len(demo().encode_arrow(texts)) == 2
    assert pyarrow.array(demo().encode_arrow(pyarrow.nulls(3))).to_pylist() == [None] * 3
    assert encoded(pyarrow.array([], pyarrow.string())) == []
    # What nobody takes over is given back.
    del wide, short
    _ = [demo().encode_arrow(texts).__arrow_c_array__() for _ in range(3)]
    gc.collect()


def test_arrow_arguments() -> None:
    texts = pyarrow.array(["a<|endoftext|>", None])
    with pytest.raises(ValueError, match="disallowed special token"):
        encoded(texts)
    for arguments in ({"allowed_special": "all"}, {"disallowed_special": ()}):
        for threads in (1, 8):
            expected = plain(texts.to_pylist(), **arguments)
            assert encoded(texts, num_threads=threads, **arguments) == expected


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        (["a"], TypeError, "for a list of str there is `encode_batch`"),
        ("a", TypeError, "expected an Arrow array"),
        (pyarrow.array([1]), TypeError, "array of strings, not of Int64"),
        (pyarrow.array([b"a"]), TypeError, "array of strings, not of Binary"),
        (pyarrow.table({"a": ["x"], "b": ["y"]}), TypeError, "one column of texts, not 2"),
        (pyarrow.array([["a"]]), TypeError, "array of strings, not of List"),
    ],
)
def test_no_arrow_texts(texts: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        demo().encode_arrow(texts)


def test_arrays_that_are_not_valid() -> None:
    # pyarrow makes strings of any bytes, cut anywhere.
    for data, offsets in ((b"a\xff", [0, 1, 2]), (b"ab", [0, 2, 1]), ("é".encode(), [0, 1, 2])):
        buffers = [None, pyarrow.py_buffer(np.array(offsets, "int32")), pyarrow.py_buffer(data)]
        array = pyarrow.Array.from_buffers(pyarrow.string(), 2, buffers)
        with pytest.raises(ValueError, match=r"(?i)utf-?8|offset"):
            demo().encode_arrow(array)


def test_a_stream_that_fails() -> None:
    def batches() -> Any:
        yield pyarrow.record_batch({"text": ["a"]})
        raise RuntimeError("the file has gone")

    schema = pyarrow.schema({"text": pyarrow.string()})
    reader = pyarrow.RecordBatchReader.from_batches(schema, batches())
    with pytest.raises(ValueError, match="the file has gone"):
        demo().encode_arrow(reader)


def test_hostile_arrow() -> None:
    texts = [text for text in hostile_texts(2000) if is_text(text)]
    array = pyarrow.array(texts)
    for kind in (array, array.dictionary_encode(), array.cast(pyarrow.string_view())):
        ids = encoded(kind, disallowed_special=())
        assert ids == [demo().encode_ordinary(text) for text in texts]


def is_text(text: str) -> bool:
    """Whether it has no surrogates, which Arrow has none of."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("length", [None, 3, 9])
def test_padded(side: Any, length: int | None) -> None:
    texts = ["hello world", "", "the", "a b c d e f g"]
    rows = [demo().encode(text) for text in texts]
    ids, mask = demo().encode_padded(texts, pad_id=-100, length=length, side=side, truncate=True)
    width = max(map(len, rows)) if length is None else length
    expected = []
    for row in rows:
        kept = row[:width]
        padding = [-100] * (width - len(kept))
        expected.append(kept + padding if side == "right" else padding + kept)
    assert ids.tolist() == expected
    assert ids.shape == mask.shape == (4, width)
    assert (mask == (ids != -100)).all()
    assert (ids.dtype, mask.dtype) == (np.int64, np.bool_)


def test_padded_without_texts_or_room() -> None:
    ids, mask = demo().encode_padded([], pad_id=0)
    assert ids.shape == mask.shape == (0, 0)
    ids, _ = demo().encode_padded(["", ""], pad_id=7, length=2, dtype="uint16")
    assert (ids.tolist(), ids.dtype) == ([[7, 7], [7, 7]], np.uint16)
    with pytest.raises(ValueError, match=r"text 1 has 4 ids, more than 3"):
        demo().encode_padded(["the", "hello world"], pad_id=0, length=3)
    with pytest.raises(ValueError, match="side must be"):
        demo().encode_padded([""], pad_id=0, side="both")  # type: ignore[arg-type]


def test_fingerprint() -> None:
    tokenizer = demo()
    first = tokenizer.fingerprint()
    tokenizer.encode("hello world")
    assert tokenizer.fingerprint() == pickle.loads(pickle.dumps(tokenizer)).fingerprint() == first
    script = "import bpekit; print(bpekit.demo().fingerprint())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == bpekit.demo().fingerprint()
    others = [
        bpekit.edit.add_tokens(tokenizer, ["<new>"]),
        bpekit.Tokenizer(**{**tokenizer.tiktoken_kwargs(), "pat_str": "."}),
        bpekit.Tokenizer(**{**tokenizer.tiktoken_kwargs(), "special_tokens": {}}),
        bpekit.Tokenizer(**{**tokenizer.tiktoken_kwargs(), "name": "other"}),
    ]
    assert len({first, *[other.fingerprint() for other in others]}) == 5
