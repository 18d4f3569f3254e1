"""Ids as arrays: the same as lists, whatever the type and the number of threads."""

from __future__ import annotations

import gc
import itertools

import numpy as np
import pytest

import bpekit
from hostile import hostile_texts
from small import demo_of_tiktoken


def texts() -> list[str]:
    long = " ".join(hostile_texts(400, seed=3)).replace("<|endoftext|>", "")
    return [*hostile_texts(300, seed=1), "", "hello world", long * 8]


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("dtype", ["uint32", np.uint16, np.dtype("uint32")])
def test_flat_batches_have_the_ids_of_lists(threads: int, dtype: object) -> None:
    tokenizer = bpekit.demo()
    batch = texts()
    lists = tokenizer.encode_batch(batch, allowed_special="all", num_threads=threads)
    ids, offsets = tokenizer.encode_batch(
        batch, allowed_special="all", num_threads=threads, flat=True, dtype=dtype
    )
    assert ids.dtype == np.dtype(dtype)
    assert offsets.dtype == np.uint64
    assert len(offsets) == len(batch) + 1
    ends = offsets.tolist()
    found = [ids[start:end].tolist() for start, end in itertools.pairwise(ends)]
    assert found == lists
    counts = tokenizer.count_batch(batch, allowed_special="all", num_threads=threads)
    assert counts == [len(one) for one in lists]


def test_arrays_of_a_batch_can_be_written_to_and_outlive_all_else() -> None:
    ids, offsets = bpekit.demo().encode_batch(["hello world", "the"], flat=True)
    gc.collect()
    for array in [ids, offsets]:
        assert array.flags.writeable
        assert array.flags.c_contiguous
        array[0] = 7
    assert ids.tolist() == [7, 297, 78, 995, 1169]
    assert offsets.tolist() == [7, 4, 5]


@pytest.mark.parametrize("text", ["", "a", "hello world", "hello world" * 1000])
def test_the_array_of_one_text_is_read_only_as_in_tiktoken(text: str) -> None:
    array = bpekit.demo().encode_to_numpy(text)
    gc.collect()
    assert array.flags.writeable == demo_of_tiktoken().encode_to_numpy(text).flags.writeable
    assert array.flags.c_contiguous
    assert array.tolist() == demo_of_tiktoken().encode(text)
    with pytest.raises(ValueError, match="read-only"):
        array[:1] = 7


@pytest.mark.parametrize("batch", [[], [""], ["", ""]])
def test_flat_batches_of_nothing(batch: list[str]) -> None:
    ids, offsets = bpekit.demo().encode_batch(batch, flat=True)
    assert ids.tolist() == []
    assert offsets.tolist() == [0] * (len(batch) + 1)
    assert bpekit.demo().count_batch(batch) == [0] * len(batch)
    assert bpekit.demo().encode_to_numpy("").tolist() == []


def test_surrogates_and_special_tokens_are_treated_as_in_lists() -> None:
    tokenizer = bpekit.demo()
    batch = ["a\ud800b", "\ud83d\ude80", "plain"]
    ids, _ = tokenizer.encode_batch(batch, flat=True)
    assert ids.tolist() == [one for ids in tokenizer.encode_batch(batch) for one in ids]
    assert tokenizer.count_batch(batch) == [len(one) for one in tokenizer.encode_batch(batch)]
    for method in [tokenizer.encode_batch, tokenizer.count_batch]:
        with pytest.raises(ValueError, match="disallowed special token"):
            method(["a", "b<|endoftext|>"])
    with pytest.raises(ValueError, match="disallowed special token"):
        tokenizer.encode_batch(["a", "b<|endoftext|>"], flat=True)
    ids, _ = tokenizer.encode_batch(["<|endoftext|>"], flat=True, allowed_special="all")
    assert ids.tolist() == [3000]


def test_ids_that_do_not_fit_are_refused() -> None:
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"ab": 65_535}
    pattern = r"\p{L}+|[^\p{L}]"
    fits = bpekit.Tokenizer("x", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    ids, _ = fits.encode_batch(["ab"], flat=True, dtype="uint16")
    assert ids.tolist() == [65_535]
    wide = bpekit.Tokenizer(
        "x", pat_str=pattern, mergeable_ranks=ranks, special_tokens={"<|end|>": 65_536}
    )
    with pytest.raises(ValueError, match="65536, and 16 bits hold 65535 at most; use 32 bits"):
        wide.encode_batch(["ab"], flat=True, dtype="uint16")


@pytest.mark.parametrize("dtype", ["int64", "uint8", ">u4", float])
def test_other_types_are_refused(dtype: object) -> None:
    with pytest.raises(ValueError, match="dtype must be uint32 or uint16, not"):
        bpekit.demo().encode_batch(["a"], flat=True, dtype=dtype)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_long_texts_on_several_threads(threads: int) -> None:
    text = texts()[-1]
    array = bpekit.demo().encode_to_numpy(text, allowed_special="all", num_threads=threads)
    assert array.tolist() == bpekit.demo().encode(text, allowed_special="all")
    with pytest.raises(ValueError, match="num_threads must be greater than 0"):
        bpekit.demo().encode_to_numpy(text, num_threads=0)
