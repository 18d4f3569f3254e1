"""Mistral's tekken.json: the ids of mistral-common and tokenizers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tokenizers
from mistral_common.tokens.tokenizers.tekken import Tekkenizer

import bpekit
from bpekit import edit
from hostile import hostile_texts
from oracle import assert_same_ids
from real import RealFile, real_file, real_files

FILES = real_files("tekken.json")
SIZE = 131_072


def texts_for(ours: bpekit.Tokenizer, count: int, seed: int) -> list[str]:
    tokens = ours.token_byte_values()
    return hostile_texts(count, seed=seed, tokens=tokens[:: max(1, len(tokens) // 20_000)])


def assert_same_as_mistral(ours: bpekit.Tokenizer, theirs: Tekkenizer, texts: list[str]) -> None:
    def encode(text: str) -> list[int]:
        ids: list[int] = theirs.encode(text, bos=False, eos=False)
        return ids

    assert_same_ids(
        texts,
        ours.encode_ordinary_batch(texts),
        [encode(text) for text in texts],
        encode_ours=ours.encode_ordinary,
        encode_theirs=encode,
    )


@pytest.mark.parametrize("file", FILES, ids=str)
def test_same_ids_as_mistral_common(file: RealFile) -> None:
    path = real_file(file.name)
    assert bpekit.detect(path) == "tekken"
    ours, theirs = bpekit.load(path), Tekkenizer.from_file(path)
    assert ours.n_vocab == theirs.n_words == SIZE
    assert [ours.special_tokens[text] for text in ("<s>", "</s>")] == [theirs.bos_id, theirs.eos_id]
    ids = [0, 1, 19, 20, 999]
    assert [ours.decode([id]) for id in ids] == [theirs.id_to_piece(id) for id in ids]
    assert_same_as_mistral(ours, theirs, texts_for(ours, 10_000, seed=41))


@pytest.mark.parametrize("file", FILES, ids=str)
def test_as_tokenizer_json(file: RealFile, tmp_path: Path) -> None:
    target = tmp_path / "tokenizer.json"
    report = bpekit.convert(real_file(file.name), target)
    assert report.is_exact
    assert report.proof is not None
    assert report.proof.kind == "equal"
    ours = bpekit.load(real_file(file.name))
    theirs = tokenizers.Tokenizer.from_file(str(target))
    texts = texts_for(ours, 10_000, seed=42)
    texts += [f"a{text}b" for text in list(ours.special_tokens)[:40]]
    assert_same_ids(
        texts,
        ours.encode_batch(texts, allowed_special="all"),
        [found.ids for found in theirs.encode_batch_fast(texts, add_special_tokens=False)],
        encode_ours=lambda text: ours.encode(text, allowed_special="all"),
        encode_theirs=lambda text: theirs.encode(text, add_special_tokens=False).ids,
    )


@pytest.mark.parametrize("file", FILES, ids=str)
def test_and_back(file: RealFile, tmp_path: Path) -> None:
    """What comes back has no padding, and is the same to mistral-common."""
    middle, target = tmp_path / "tokenizer.json", tmp_path / "tekken.json"
    bpekit.convert(real_file(file.name), middle)
    report = bpekit.convert(middle, target)
    assert report.is_exact
    theirs, again = Tekkenizer.from_file(real_file(file.name)), Tekkenizer.from_file(target)
    assert again.n_words == SIZE
    ours = bpekit.load(target)
    assert_same_as_mistral(ours, again, texts_for(ours, 2000, seed=43))
    assert [again.id_to_piece(id) for id in range(1500)] == [
        theirs.id_to_piece(id) for id in range(1500)
    ]


def test_a_trained_tokenizer_with_its_special_tokens_first(tmp_path: Path) -> None:
    texts = [
        "the rain in Spain stays mainly in the plain, größer als 日本; these three thousand"
    ] * 5
    plain = bpekit.train(texts, 290, pattern="o200k", special_tokens=["<unk>", "<s>", "</s>"])
    with pytest.raises(bpekit.UnsupportedError, match="special tokens have the first ids"):
        plain.save(tmp_path / "tekken.json")
    count = len(plain.special_tokens)
    special = sorted(plain.special_tokens.values())
    id_map = {id: (id + count) if id not in special else special.index(id) for id in range(290)}
    ours = edit.reorder(plain, id_map)
    assert ours.special_tokens == {"<unk>": 0, "<s>": 1, "</s>": 2}
    report = ours.save(tmp_path / "tekken.json")
    assert (report.to_format, report.is_exact) == ("tekken", True)
    theirs = Tekkenizer.from_file(tmp_path / "tekken.json")
    assert (theirs.bos_id, theirs.eos_id) == (1, 2)
    hostile = hostile_texts(2000, seed=44, tokens=ours.token_byte_values())
    assert_same_as_mistral(ours, theirs, hostile)
    again = bpekit.load(tmp_path / "tekken.json")
    assert again.encode_ordinary_batch(hostile) == ours.encode_ordinary_batch(hostile)


@pytest.mark.parametrize("name", ["implied", "listed"])
def test_fixtures_load_in_mistral_common(name: str) -> None:
    folder = Path(__file__).parents[2] / "fixtures" / "valid" / "tekken" / name
    path = folder / f"{name}.tekken.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    ours, theirs = bpekit.load(path), Tekkenizer.from_file(path)
    assert ours.n_vocab == theirs.n_words == document["config"]["default_vocab_size"]
    assert_same_as_mistral(ours, theirs, texts_for(ours, 2000, seed=45))
