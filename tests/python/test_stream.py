"""Decoding ids as they come."""

from __future__ import annotations

import codecs
import json
import random
from collections.abc import Sequence

import numpy as np
import pytest

import bpekit
from hostile import hostile_texts
from real import RealFile, real_file, real_files
from small import BYTES, demo

BYTEWISE = bpekit.Tokenizer("b", pat_str="(?s:.)", mergeable_ranks=BYTES, special_tokens={})


def streamed(
    tokenizer: bpekit.Tokenizer, ids: Sequence[int], rng: random.Random, errors: str = "replace"
) -> str:
    decoder = tokenizer.decoder(errors)
    text = ""
    place = 0
    while place < len(ids):
        size = rng.choice((0, 1, 1, 2, 7))
        text += decoder.feed(ids[place : place + size])
        place += size
    return text + decoder.finish()


def test_any_bytes() -> None:
    rng = random.Random(1)
    parts = [b"a", "é€👍".encode(), b"\xf0\x9f", b"\xe2", b"\xed\xa0\x80", b"\xff", b"\xc0\x80"]
    for _ in range(500):
        data = b"".join(rng.choices(parts, k=rng.randrange(8)))
        ids = list(data)
        for errors in ("replace", "ignore", "backslashreplace", "surrogateescape"):
            expected = data.decode(errors=errors)
            assert streamed(BYTEWISE, ids, rng, errors) == expected
            python = codecs.getincrementaldecoder("utf-8")(errors)
            ours = BYTEWISE.decoder(errors)
            for byte in data:
                assert ours.feed([byte]) == python.decode(bytes([byte]))
            assert ours.finish() == python.decode(b"", True)


@pytest.mark.parametrize("file", real_files(".tiktoken", "tokenizer.json"), ids=str)
def test_real_tokenizers(file: RealFile) -> None:
    tokenizer = bpekit.load(real_file(file.name), lenient=True)
    rng = random.Random(2)
    for text in ["", " ", "  a", " hello world", *hostile_texts(60, seed=7)]:
        try:
            ids = tokenizer.encode_ordinary(text)
        except ValueError:
            continue
        assert streamed(tokenizer, ids, rng) == tokenizer.decode(ids)


def with_decoder(*steps: dict[str, object]) -> bpekit.Tokenizer:
    document = json.loads(demo().dumps(format="hf-json"))
    document["decoder"] = {"type": "Sequence", "decoders": list(steps)}
    return bpekit.loads(json.dumps(document).encode(), format="hf-json")


FUSE: dict[str, object] = {"type": "Fuse"}
BYTE_LEVEL: dict[str, object] = {
    "type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True,
}  # fmt: skip


def strip(content: str, start: int, stop: int) -> dict[str, object]:
    return {"type": "Strip", "content": content, "start": start, "stop": stop}


def replace(pattern: str, content: str) -> dict[str, object]:
    return {"type": "Replace", "pattern": {"String": pattern}, "content": content}


@pytest.mark.parametrize(
    "steps",
    [
        [BYTE_LEVEL, FUSE],
        [BYTE_LEVEL, strip(" ", 1, 1)],
        [BYTE_LEVEL, FUSE, strip(" ", 1, 0)],
        [BYTE_LEVEL, FUSE, strip(" ", 3, 0), strip("a", 2, 0), strip(" ", 1, 0)],
        [BYTE_LEVEL, replace(" ", "é"), FUSE, strip("é", 2, 0)],
    ],
)
def test_chains(steps: list[dict[str, object]]) -> None:
    tokenizer = with_decoder(*steps)
    rng = random.Random(3)
    for text in ["", " ", "     ", "  aaa  b", " a a a", "   hello  world  ", "é é"]:
        ids = tokenizer.encode_ordinary(text)
        for _ in range(20):
            assert streamed(tokenizer, ids, rng) == tokenizer.decode(ids)


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        ([BYTE_LEVEL, FUSE, strip(" ", 0, 1)], "Strip"),
        ([BYTE_LEVEL, FUSE, replace("ab", "c")], "Replace"),
    ],
)
def test_what_needs_the_whole_text_is_refused(steps: list[dict[str, object]], name: str) -> None:
    tokenizer = with_decoder(*steps)
    assert tokenizer.decode(tokenizer.encode("hello")) == "hello"
    with pytest.raises(bpekit.UnsupportedError, match=f"step {name} needs the whole text"):
        tokenizer.decoder()


def test_errors() -> None:
    decoder = demo().decoder()
    half = demo()._encode_bytes("€".encode()[:2])
    assert decoder.feed(half) == ""
    # The ids of a call that fails are not taken.
    with pytest.raises(KeyError, match="Invalid token for decoding: 9999"):
        decoder.feed([64, 9999])
    with pytest.raises(OverflowError):
        decoder.feed([-1])
    with pytest.raises(TypeError):
        decoder.feed(5)  # type: ignore[arg-type]
    assert decoder.feed(np.array(demo()._encode_bytes("€".encode()[2:]))) == "€"
    assert decoder.finish() == ""
    with pytest.raises(LookupError):
        demo().decoder("nonsense")
    strict = demo().decoder("strict")
    strict.feed(half)
    with pytest.raises(UnicodeDecodeError):
        strict.finish()


def test_the_decoder_outlives_the_tokenizer() -> None:
    tokenizer = bpekit.loads(demo().dumps(format="hf-json"))
    ids = tokenizer.encode("hello world")
    decoder = tokenizer.decoder()
    del tokenizer
    assert decoder.feed(ids) == "hello world"
