"""Counting ids, and cutting text to a number of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import bpekit
from hostile import hostile_texts
from small import BYTES, demo

EOT = "<|endoftext|>"
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
BEGINS_WITH_A_TOKEN = FIXTURES / "valid" / "hf_json" / "llama3" / "tokenizer.json"
TEXTS = ["", "a", "hello world", "é€👍👍🏽" * 3, *hostile_texts(200, seed=8)]


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_a_batch_is_counted_as_its_texts(threads: int) -> None:
    expected = [len(demo().encode(text)) for text in TEXTS]
    assert demo().count_batch(TEXTS, num_threads=threads) == expected
    assert demo().count_batch(iter(TEXTS), num_threads=threads) == expected
    assert [demo().count(text) for text in TEXTS] == expected


def test_counts_know_special_tokens() -> None:
    for call in (
        lambda **options: demo().count_batch(["a", EOT], **options),
        lambda **options: demo().count_till_limit(EOT, 5, **options),
        lambda **options: demo().truncate("a" + EOT, 1, **options),
    ):
        with pytest.raises(ValueError, match="disallowed special token"):
            call()
        with pytest.raises(TypeError):
            call(allowed_special=["a"])
    assert demo().count_batch(["a", EOT], allowed_special="all") == [1, 1]
    plain = len(demo().encode(EOT, disallowed_special=()))
    assert demo().count_batch([EOT], disallowed_special=()) == [plain]
    assert demo().count_till_limit(EOT, 1, allowed_special={EOT}) == 1
    assert demo().count_till_limit(EOT, 1, disallowed_special=()) is None
    assert demo().truncate(f"a{EOT}b", 2, allowed_special="all") == ([64, 3000], 1 + len(EOT))


def test_a_limit() -> None:
    for text in TEXTS:
        count = demo().count(text)
        for limit in {0, count - 1, count, count + 1, 2**40} - {-1}:
            expected = count if count <= limit else None
            assert demo().count_till_limit(text, limit) == expected


@pytest.mark.parametrize("limit", [-1, 2**70])
def test_limits_that_cannot_be(limit: int) -> None:
    with pytest.raises(OverflowError):
        demo().count_till_limit("a", limit)
    with pytest.raises(OverflowError):
        demo().truncate("a", limit)
    with pytest.raises(TypeError):
        demo().truncate("a", 1.5)  # type: ignore[arg-type]


def test_truncated_text_is_the_longest_that_fits() -> None:
    rng = random.Random(4)
    for text in TEXTS:
        ids = demo().encode(text)
        for limit in {0, 1, len(ids), rng.randrange(len(ids) + 2)}:
            kept, length = demo().truncate(text, limit)
            assert len(kept) <= limit
            assert kept == ids[: len(kept)]
            assert demo().decode(kept, errors="strict") == text[:length]
            for more in range(len(kept) + 1, min(limit, len(ids)) + 1):
                with pytest.raises(UnicodeDecodeError):
                    demo().decode(ids[:more], errors="strict")


def test_surrogates_count_as_given() -> None:
    text = "a\ud83d\udc4db\ud83dc👍d"
    ids = demo().encode(text)
    cuts = {demo().truncate(text, limit)[1] for limit in range(len(ids) + 1)}
    assert cuts <= {0, 1, 3, 4, 5, 6, 7, 8}
    assert max(cuts) == len(text)
    for limit in range(len(ids) + 1):
        kept, length = demo().truncate(text, limit)
        assert kept == demo().encode(text[:length])
    assert demo().count_batch([text, "\ud83d"]) == [len(ids), demo().count("\ufffd")]
    assert demo().count_till_limit(text, len(ids)) == len(ids)


def test_special_tokens_around_a_text_count() -> None:
    tokenizer = bpekit.load(BEGINS_WITH_A_TOKEN)
    ids = tokenizer.encode("hello world", add_special_tokens=True)
    count = len(ids)
    assert count == tokenizer.count("hello world") + 1
    assert tokenizer.count_batch(["hello world", ""], add_special_tokens=True) == [count, 1]
    assert tokenizer.count_till_limit("hello world", count, add_special_tokens=True) == count
    assert tokenizer.count_till_limit("hello world", count - 1, add_special_tokens=True) is None
    assert tokenizer.count_till_limit("", 0, add_special_tokens=True) is None
    kept, length = tokenizer.truncate("hello world", 2, add_special_tokens=True)
    assert (kept, length) == (ids[:2], len("he"))
    with pytest.raises(ValueError, match="limit is 0"):
        tokenizer.truncate("hello world", 0, add_special_tokens=True)
    flat, offsets = tokenizer.encode_batch(["hello world", ""], flat=True, add_special_tokens=True)
    assert (flat.tolist(), offsets.tolist()) == ([*ids, ids[0]], [0, count, count + 1])


def test_text_that_is_not_what_its_ids_say_cannot_be_cut() -> None:
    tokenizer = bpekit.Tokenizer(
        "letters", pat_str="[a-z]", mergeable_ranks=BYTES, special_tokens={}
    )
    assert tokenizer.truncate("ab-cd", 9) == (list(b"abcd"), 5)
    assert tokenizer.truncate("ab-cd", 2) == (list(b"ab"), 2)
    with pytest.raises(ValueError, match="cannot be cut"):
        tokenizer.truncate("ab-cd", 3)
