"""Conversions between formats, small and real, and pairs of files of one tokenizer."""

from __future__ import annotations

import json
import unicodedata
from functools import lru_cache
from pathlib import Path

import pytest

import bpekit
from hostile import hostile_texts
from oracle import assert_same_ids
from real import real_file, real_files
from small import demo

HARMONY = "o200k_harmony"
# Files of the same tokenizer in two formats.
PAIRS = [
    ("llama3_tokenizer.model", "lenml_llama3_tokenizer.json"),
    ("o200k_base.tiktoken", "lenml_gptoss_tokenizer.json"),
    ("o200k_base.tiktoken", "lenml_gpt4o_tokenizer.json"),
    ("qwen1.tiktoken", "qwen3_tokenizer.json"),
    ("goliajp_deepseek_v3.tiktoken.zst", "lenml_deepseek_v3_tokenizer.json"),
    ("goliajp_deepseek_v3.tiktoken.zst", "deepseek_v4_tokenizer.json"),
    ("goliajp_llama3.tiktoken.zst", "lenml_llama3_1_tokenizer.json"),
]
LISTED = {file.name for file in real_files()}
# Of each real tokenizer one file, in both directions.
REAL = [
    ("cl100k_base.tiktoken", "tokenizer.json"),
    ("o200k_base.tiktoken", "tokenizer.json"),
    ("llama3_tokenizer.model", "tokenizer.json"),
    ("qwen1.tiktoken", "tokenizer.json"),
    ("litellm_claude_tokenizer.json", "out.tiktoken"),
    ("lenml_llama3_tokenizer.json", "out.tiktoken"),
    ("deepseek_v4_tokenizer.json", "out.tiktoken"),
]


@lru_cache(maxsize=2)
def loaded(name: str) -> bpekit.Tokenizer:
    return bpekit.load(real_file(name))


def assert_same_ordinary(one: bpekit.Tokenizer, other: bpekit.Tokenizer, texts: list[str]) -> None:
    assert_same_ids(
        texts,
        one.encode_ordinary_batch(texts),
        other.encode_ordinary_batch(texts),
        encode_ours=one.encode_ordinary,
        encode_theirs=other.encode_ordinary,
    )


@pytest.mark.parametrize(
    ("one", "other"), [pair for pair in PAIRS if set(pair) <= LISTED], ids=lambda name: name
)
def test_pairs(one: str, other: str) -> None:
    ranks, listed = loaded(one), loaded(other)
    texts = hostile_texts(20_000, seed=5, tokens=ranks.token_byte_values())
    # What a file adds to the vocab beside special tokens is found in any text.
    data = json.loads(real_file(other).read_text(encoding="utf-8"))
    plain = [token["content"] for token in data["added_tokens"] if not token["special"]]
    texts = [text for text in texts if not any(token in text for token in plain)]
    assert len(texts) > 15_000
    assert_same_ordinary(ranks, listed, texts)


@pytest.mark.parametrize(("name", "target"), REAL, ids=lambda name: name)
def test_real_files(name: str, target: str, tmp_path: Path) -> None:
    path = tmp_path / target
    allowed = ("normalizer", "unreachable-tokens", "added-token-flags")
    report = bpekit.convert(real_file(name), path, allow_loss=allowed)
    assert report.checked_texts > 10_000
    one, other = loaded(name), bpekit.load(path)
    texts = hostile_texts(5_000, seed=6, tokens=one.token_byte_values())
    if any(loss.part == "normalizer" for loss in report.losses):
        assert report.verdict == "conditional"
        # The sidecar keeps it all the same.
        texts = [text for text in texts if unicodedata.is_normalized("NFKC", text)]
    assert_same_ordinary(one, other, texts)


def test_report(tmp_path: Path) -> None:
    ranks = tmp_path / "demo.tiktoken"
    demo().save(ranks)
    report = bpekit.convert(ranks, tmp_path / "tokenizer.json")
    assert report.from_format == "tiktoken"
    assert report.to_format == "hf-json"
    assert report.is_exact
    assert report.losses == ()
    assert (report.n_vocab, report.n_tokens, report.n_merges) == (3001, 3000, 2744)


def test_there_and_back(tmp_path: Path) -> None:
    first, middle, last = (tmp_path / name for name in ("a.tiktoken", "b.json", "c.tiktoken"))
    demo().save(first)
    bpekit.convert(first, middle, to_format="hf-json")
    bpekit.convert(middle, last, from_format="hf-json")
    assert last.read_bytes() == first.read_bytes()
    sidecars = [
        json.loads(path.with_name(path.name + ".json").read_text()) for path in (first, last)
    ]
    sidecars[1]["name"] = sidecars[0]["name"]
    assert sidecars[0] == sidecars[1]


def test_arguments_reach_the_source(tmp_path: Path) -> None:
    ranks, target = tmp_path / "mine.tiktoken", tmp_path / "tokenizer.json"
    ranks.write_bytes(b"\xef\xbb\xbf" + demo().dumps(format="tiktoken"))
    with pytest.raises(bpekit.FormatError):
        bpekit.convert(ranks, target)
    assert not target.exists()
    bpekit.convert(
        ranks, target, pattern="gpt2", special_tokens={"<|x|>": 3000}, name="mine", lenient=True
    )
    assert bpekit.load(target).special_tokens == {"<|x|>": 3000}


def test_two_texts_of_one_id(tmp_path: Path) -> None:
    harmony = bpekit.load(real_file("o200k_base.tiktoken"), name=HARMONY)
    assert harmony.name == HARMONY
    by_id: dict[int, list[str]] = {}
    for text, id in harmony.special_tokens.items():
        by_id.setdefault(id, []).append(text)
    assert [len(texts) for texts in by_id.values() if len(texts) > 1] == [2]
    for text, id in harmony.special_tokens.items():
        assert harmony.encode(text, allowed_special="all") == [id]
    report = harmony.save(tmp_path / "tokenizer.json")
    assert [loss.part for loss in report.losses] == ["second-texts"]


def test_a_target_without_a_format(tmp_path: Path) -> None:
    with pytest.raises(bpekit.UnsupportedError, match="does not say a format"):
        demo().save(tmp_path / "out.bin")
    demo().save(tmp_path / "out.bin", format="hf-json")
    assert bpekit.detect(tmp_path / "out.bin") == "hf-json"


def test_string_merges_hold_no_space() -> None:
    """A string tells two parts apart by the space between them."""
    vocab = {" ": 0, "a": 1, " a": 2, "#version": 3, "#versiona": 4}
    for merge in ([" ", "a"], ["#version", "a"]):
        model = {"type": "BPE", "vocab": vocab, "merges": [merge]}
        ours = bpekit.loads(json.dumps({"version": "1.0", "model": model}).encode())
        assert json.loads(ours.dumps(format="hf-json"))["model"]["merges"] == [merge]
        with pytest.raises(bpekit.UnsupportedError, match="cannot be one string"):
            ours.dumps(format="hf-json", string_merges=True)
