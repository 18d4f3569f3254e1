"""What is written loads in the oldest and newest versions of the peers, and gives our ids there.

The versions that the other tests need are asked where their formats are tested.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

import bpekit
from hostile import hostile_texts
from peers import ask
from real import real_file

TOKENIZERS = """
import json, sys
from tokenizers import Tokenizer
job = json.load(sys.stdin)
made = Tokenizer.from_file(job["path"])
ids = [made.encode(text, add_special_tokens=False).ids for text in job["texts"]]
decoded = [made.decode(one, skip_special_tokens=False) for one in ids]
json.dump({"ids": ids, "decoded": decoded}, sys.stdout)
"""
TRANSFORMERS = """
import json, sys
from transformers import AutoTokenizer
job = json.load(sys.stdin)
made = AutoTokenizer.from_pretrained(job["path"], local_files_only=True)
ids = made(job["texts"], add_special_tokens=False)["input_ids"]
decoded = [made.decode(i, clean_up_tokenization_spaces=False) for i in ids]
json.dump({"ids": ids, "decoded": decoded, "special": made.get_added_vocab()}, sys.stdout)
"""
# Of each kind of source one: ranks, with two and three steps, lists of merges with a normalizer,
# without a pattern of its own, tekken, SentencePiece with characters for atoms.
SOURCES = [
    "o200k_base.tiktoken",
    "cl100k_base.tiktoken",
    "llama3_tokenizer.model",
    "qwen3_tokenizer.json",
    "tekken_240718.json",
    "mistral_spm.model.v1",
]


@lru_cache(maxsize=1)
def loaded(name: str) -> bpekit.Tokenizer:
    return bpekit.load(real_file(name))


@lru_cache(maxsize=1)
def texts_of(name: str) -> list[str]:
    tokenizer = loaded(name)
    special = list(tokenizer.special_tokens)[:40]
    texts = hostile_texts(1_000, seed=10, tokens=tokenizer.token_byte_values(), specials=special)
    return [text.encode("utf-8", "ignore").decode() for text in texts]


def assert_same(name: str, path: Path, theirs: dict[str, list[object]]) -> None:
    source, written = loaded(name), bpekit.load(path)
    ids = [source.encode(text, allowed_special="all") for text in texts_of(name)]
    assert theirs["ids"] == ids
    # What SentencePiece shows of special tokens a tokenizer.json cannot say.
    assert theirs["decoded"] == [written.decode(one) for one in ids]


# tokenizers 0.15 knows no `ignore_merges`, without which Llama 3's ranks are no list of merges.
VERSIONS = {
    "tokenizers-0.15": [name for name in SOURCES if not name.startswith("llama3")],
    "tokenizers-0.20": SOURCES,
}


@pytest.mark.parametrize(
    ("peer", "name"), [(peer, name) for peer, names in VERSIONS.items() for name in names]
)
def test_tokenizers(peer: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    # Qwen's file has pairs, which 0.15 does not read.
    report = loaded(name).save(path, string_merges=peer == "tokenizers-0.15")
    assert report.verdict == "exact"
    theirs = ask(peer, TOKENIZERS, {"path": str(path), "texts": texts_of(name)})
    assert_same(name, path, theirs)


def test_pairs_stay_pairs_unless_strings_are_asked_for(tmp_path: Path) -> None:
    qwen = loaded("qwen3_tokenizer.json")
    assert b'"merges": [\n      [\n' in qwen.dumps(format="hf-json")
    strings = qwen.dumps(format="hf-json", string_merges=True)
    assert bpekit.loads(strings).dumps(format="hf-json") == strings
    assert bpekit.verify(bpekit.loads(strings), qwen).kind == "equal"
    with pytest.raises(ValueError, match="`tekken` has no choice of how merges are written"):
        qwen.dumps(format="tekken", string_merges=True)


@pytest.mark.parametrize("name", SOURCES)
def test_transformers_4(name: str, tmp_path: Path) -> None:
    assert loaded(name).save(tmp_path).to_format == "hf-dir"
    theirs = ask(
        "transformers-4.57", TRANSFORMERS, {"path": str(tmp_path), "texts": texts_of(name)}
    )
    assert_same(name, tmp_path, theirs)
    special = loaded(name).special_tokens
    assert {text: theirs["special"][text] for text in special} == special
