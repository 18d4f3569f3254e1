"""Parity with HuggingFace's tokenizers: the same ids for hostile texts, for every real file."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache

import pytest
import tokenizers

import bpekit
from hostile import hostile_texts
from oracle import assert_same_ids
from real import RealFile, real_file, real_files

FILES = real_files("tokenizer.json")
COUNT = 20_000
# As tiktoken 0.14 spells the pattern of cl100k_base.
CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
# The frame is the same for every text.
FRAMED_COUNT = 2_000


@lru_cache(maxsize=1)
def ours_of(name: str) -> bpekit.Tokenizer:
    return bpekit.load(real_file(name))


@lru_cache(maxsize=1)
def theirs_of(name: str) -> tokenizers.Tokenizer:
    theirs = tokenizers.Tokenizer.from_file(str(real_file(name)))
    theirs.no_truncation()
    theirs.no_padding()
    return theirs


@lru_cache(maxsize=1)
def texts_of(name: str) -> list[str]:
    theirs = theirs_of(name)
    vocab = sorted(theirs.get_vocab(with_added_tokens=False).values())
    # Decoded one by one they lack what a decoder strips; for fragments that does not matter.
    tokens = [theirs.decode([token]).encode() for token in vocab[:: max(1, len(vocab) // 8000)]]
    added = [token.content for token in theirs.get_added_tokens_decoder().values()]
    return hostile_texts(
        COUNT, seed=sum(name.encode()), tokens=[t for t in tokens if t], specials=sorted(added)
    )


def encoder_of(
    theirs: tokenizers.Tokenizer, *, add_special_tokens: bool
) -> Callable[[str], list[int]]:
    def encode(text: str) -> list[int]:
        ids: list[int] = theirs.encode(text, add_special_tokens=add_special_tokens).ids
        return ids

    return encode


def check(
    name: str, texts: list[str], *, allowed_special: bool = True, add_special_tokens: bool = False
) -> None:
    ours, theirs = ours_of(name), theirs_of(name)
    theirs.encode_special_tokens = not allowed_special

    def encode_ours(text: str) -> list[int]:
        return encode_batch([text])[0]

    def encode_batch(batch: list[str]) -> list[list[int]]:
        if allowed_special:
            return ours.encode_batch(
                batch, allowed_special="all", add_special_tokens=add_special_tokens
            )
        return ours.encode_ordinary_batch(batch, add_special_tokens=add_special_tokens)

    expected = theirs.encode_batch_fast(texts, add_special_tokens=add_special_tokens)
    assert_same_ids(
        texts,
        encode_batch(texts),
        [encoding.ids for encoding in expected],
        encode_ours=encode_ours,
        encode_theirs=encoder_of(theirs, add_special_tokens=add_special_tokens),
    )


@pytest.mark.parametrize("file", FILES, ids=str)
def test_same_ids(file: RealFile) -> None:
    check(file.name, texts_of(file.name))
    check(file.name, texts_of(file.name), allowed_special=False)
    check(file.name, texts_of(file.name)[:FRAMED_COUNT], add_special_tokens=True)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_same_text_back(file: RealFile) -> None:
    ours, theirs = ours_of(file.name), theirs_of(file.name)
    theirs.encode_special_tokens = False
    texts = texts_of(file.name)[:FRAMED_COUNT]
    batch = ours.encode_batch(texts, allowed_special="all")
    expected = theirs.decode_batch(batch, skip_special_tokens=False)
    for ids, decoded in zip(batch, expected, strict=True):
        assert ours.decode(ids) == decoded


def test_the_spelling_of_tiktoken_in_a_tokenizer_json() -> None:
    """Oniguruma takes `{1,3}+` for a group that is repeated."""
    document = json.loads(real_file("lenml_llama3_tokenizer.json").read_text(encoding="utf-8"))
    document["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = CL100K
    text = json.dumps(document, ensure_ascii=False)
    ours, theirs = bpekit.loads(text.encode()), tokenizers.Tokenizer.from_str(text)
    texts = ["1234567 89", *hostile_texts(3_000, seed=4, tokens=ours.token_byte_values())]
    encode = encoder_of(theirs, add_special_tokens=False)
    assert_same_ids(
        texts,
        ours.encode_ordinary_batch(texts),
        [encode(text) for text in texts],
        encode_ours=ours.encode_ordinary,
        encode_theirs=encode,
    )
