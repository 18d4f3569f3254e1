"""Ranks as JSON of npm tiktoken and @anthropic-ai/tokenizer: the ids of tiktoken and tokenizers."""

from __future__ import annotations

import base64
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import tiktoken
import tokenizers

import bpekit
from hostile import hostile_texts
from oracle import assert_same_ids
from real import RealFile, real_file, real_files
from small import demo, twin

FILES = real_files("rank json")
NPM = [file for file in FILES if file.name.startswith("npm_tiktoken_")]
CLAUDE = [file for file in FILES if file.name == "claude_rank.json"]
COUNT = 10_000


def document_of(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def ranks_of(document: dict[str, Any]) -> dict[bytes, int]:
    """Expand the runs as js-tiktoken does (`js/src/core.ts`)."""
    ranks = {}
    for line in filter(None, document["bpe_ranks"].split("\n")):
        _, first, *tokens = line.split(" ")
        for rank, token in enumerate(tokens, int(first)):
            ranks[base64.b64decode(token)] = rank
    return ranks


def encoding_of(path: Path) -> tiktoken.Encoding:
    document = document_of(path)
    return tiktoken.Encoding(
        path.name,
        pat_str=document["pat_str"],
        mergeable_ranks=ranks_of(document),
        special_tokens=document["special_tokens"],
    )


def assert_same(ours: bpekit.Tokenizer, theirs: tiktoken.Encoding, texts: list[str]) -> None:
    def encode_ours(text: str) -> list[int]:
        return ours.encode(text, allowed_special="all")

    def encode_theirs(text: str) -> list[int]:
        return theirs.encode(text, allowed_special="all")

    assert_same_ids(
        texts,
        ours.encode_batch(texts, allowed_special="all"),
        [encode_theirs(text) for text in texts],
        encode_ours=encode_ours,
        encode_theirs=encode_theirs,
    )


@pytest.mark.parametrize("file", FILES, ids=str)
def test_same_ids_as_tiktoken(file: RealFile) -> None:
    path = real_file(file.name)
    assert bpekit.detect(path) == "rank-json"
    ours, theirs = bpekit.load(path), encoding_of(path)
    assert ours.mergeable_ranks == theirs._mergeable_ranks
    assert ours.special_tokens == theirs._special_tokens
    texts = hostile_texts(
        COUNT,
        seed=3,
        tokens=ours.token_byte_values(),
        specials=sorted(ours.special_tokens),
    )
    assert_same(ours, theirs, texts)


@pytest.mark.parametrize("file", NPM, ids=str)
def test_same_as_the_rank_file(file: RealFile) -> None:
    ours = bpekit.load(real_file(file.name))
    name = file.name.removeprefix("npm_tiktoken_").removesuffix(".json")
    ranks = bpekit.load(real_file(f"{name}.tiktoken"))
    assert ours.mergeable_ranks == ranks.mergeable_ranks
    assert ours.special_tokens.items() <= ranks.special_tokens.items()
    texts = hostile_texts(COUNT, seed=4, tokens=ours.token_byte_values())
    assert_same_ids(
        texts,
        ours.encode_ordinary_batch(texts),
        ranks.encode_ordinary_batch(texts),
        encode_ours=ours.encode_ordinary,
        encode_theirs=ranks.encode_ordinary,
    )


@pytest.mark.parametrize("file", CLAUDE, ids=str)
def test_claude_needs_its_name_for_the_normalizer(file: RealFile) -> None:
    """The file itself says nothing of NFKC, which the package does in its own code."""
    path = real_file(file.name)
    plain, named = bpekit.load(path), bpekit.load(path, name="claude")
    theirs = tokenizers.Tokenizer.from_file(str(real_file("litellm_claude_tokenizer.json")))
    texts = hostile_texts(COUNT, seed=5, tokens=plain.token_byte_values(), only_assigned=True)
    specials = sorted(plain.special_tokens)
    texts = [text for text in texts if not any(special in text for special in specials)]
    expected = [encoding.ids for encoding in theirs.encode_batch_fast(texts)]
    assert named.encode_ordinary_batch(texts) == expected
    is_normal = [unicodedata.is_normalized("NFKC", text) for text in texts]
    assert 1000 < sum(is_normal) < len(texts) - 1000
    for text, normal, ids in zip(texts, is_normal, expected, strict=True):
        if normal:
            assert plain.encode_ordinary(text) == ids


def test_the_normalizer_is_a_loss_by_name(tmp_path: Path) -> None:
    source, target = real_file("litellm_claude_tokenizer.json"), tmp_path / "claude.ranks.json"
    allowed = ("unreachable-tokens",)
    with pytest.raises(bpekit.LossyConversionError, match="normalizer"):
        bpekit.convert(source, target, allow_loss=allowed)
    assert not target.exists()
    report = bpekit.convert(source, target, allow_loss=(*allowed, "normalizer"))
    assert report.verdict == "conditional"
    written = document_of(target)
    for file in CLAUDE:
        npm = document_of(real_file(file.name))
        assert written["bpe_ranks"] == npm["bpe_ranks"]
        assert written["special_tokens"] == npm["special_tokens"]


def test_tiktoken_reads_what_is_written(tmp_path: Path) -> None:
    target = tmp_path / "demo.ranks.json"
    report = demo().save(target)
    assert report.to_format == "rank-json"
    assert report.is_exact
    theirs = encoding_of(target)
    assert theirs._mergeable_ranks == twin(demo())._mergeable_ranks
    texts = hostile_texts(
        2000, seed=6, tokens=demo().token_byte_values(), specials=sorted(demo().special_tokens)
    )
    assert_same(demo(), theirs, texts)
    assert_same(bpekit.load(target), theirs, texts)


@pytest.mark.parametrize("file", FILES, ids=str)
@pytest.mark.parametrize("target", ["out.tiktoken", "tokenizer.json"])
def test_converts_exactly(file: RealFile, target: str, tmp_path: Path) -> None:
    name = file.name
    report = bpekit.convert(real_file(name), tmp_path / target)
    assert report.is_exact
    one, other = bpekit.load(real_file(name)), bpekit.load(tmp_path / target)
    texts = hostile_texts(2000, seed=7, tokens=one.token_byte_values())
    assert one.encode_ordinary_batch(texts) == other.encode_ordinary_batch(texts)
    back = tmp_path / "back.ranks.json"
    bpekit.convert(tmp_path / target, back)
    assert document_of(back)["bpe_ranks"] == document_of(real_file(name))["bpe_ranks"]
