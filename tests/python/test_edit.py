"""Edits: held against tokenizers, tiktoken and transformers, which make the same change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiktoken
import tokenizers
import transformers

import bpekit
from bpekit import edit
from hostile import hostile_texts
from oracle import assert_same_ids
from real import real_file
from small import demo

LLAMA3 = "lenml_llama3_tokenizer.json"


def document(tokenizer: bpekit.Tokenizer) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(tokenizer.dumps(format="hf-json"))
    return value


def theirs_of(value: dict[str, Any]) -> tokenizers.Tokenizer:
    return tokenizers.Tokenizer.from_str(json.dumps(pinned(value)))


def pinned(value: dict[str, Any]) -> dict[str, Any]:
    """Put added tokens into the vocab: tokenizers ignores their ids where they are not in it."""
    for token in value["added_tokens"]:
        value["model"]["vocab"].setdefault(token["content"], token["id"])
    return value


def texts_for(tokenizer: bpekit.Tokenizer, seed: int, count: int = 2000) -> list[str]:
    return hostile_texts(
        count,
        seed=seed,
        tokens=tokenizer.token_byte_values(),
        specials=sorted(tokenizer.special_tokens),
    )


def assert_same_as(ours: bpekit.Tokenizer, theirs: tokenizers.Tokenizer, texts: list[str]) -> None:
    def encode(text: str) -> list[int]:
        return ours.encode(text, allowed_special="all")

    assert_same_ids(
        texts,
        ours.encode_batch(texts, allowed_special="all"),
        [found.ids for found in theirs.encode_batch_fast(texts, add_special_tokens=False)],
        encode_ours=encode,
        encode_theirs=lambda text: theirs.encode(text, add_special_tokens=False).ids,
    )


@pytest.mark.parametrize("special", [True, False])
def test_adding_is_what_tokenizers_does(special: bool) -> None:
    source = bpekit.load(real_file(LLAMA3))
    theirs = tokenizers.Tokenizer.from_file(str(real_file(LLAMA3)))
    words = ["<|one|>", "two words", " the", "größer", "日本"]
    new = [
        tokenizers.AddedToken(word, normalized=False, special=special, lstrip=True)
        for word in words
    ]
    (theirs.add_special_tokens if special else theirs.add_tokens)(new)
    ours = edit.add_tokens(source, words, special=special, lstrip=True)
    assert [ours.special_tokens.get(word) for word in words] == [
        theirs.token_to_id(word) if special else None for word in words
    ]
    texts = texts_for(ours, 31)
    texts += [f"a {word}{other} b" for word in words for other in words]
    assert_same_as(ours, theirs, texts)


def test_an_edited_directory_loads_in_transformers(tmp_path: Path) -> None:
    report = edit.add_tokens(demo(), ["<|user|>", "<|bot|>"]).save(
        tmp_path / "edited", format="hf-dir"
    )
    assert report.is_exact
    theirs = transformers.AutoTokenizer.from_pretrained(str(tmp_path / "edited"))
    text = "<|user|>the cat<|bot|>"
    ours = bpekit.load(tmp_path / "edited")
    assert theirs(text)["input_ids"] == ours.encode(text, allowed_special="all")
    assert len(theirs) == ours.n_vocab


def test_removing_gives_the_rest() -> None:
    source = bpekit.load(real_file(LLAMA3))
    reserved = [text for text in source.special_tokens if "reserved" in text]
    assert len(reserved) == 246 + 5
    value = json.loads(real_file(LLAMA3).read_text(encoding="utf-8"))
    value["added_tokens"] = [
        token for token in value["added_tokens"] if token["content"] not in reserved
    ]
    ours = edit.remove_tokens(source, reserved)
    texts = texts_for(source, 32)
    assert_same_as(ours, theirs_of(value), texts)
    assert_same_as(
        ours, tokenizers.Tokenizer.from_str(ours.dumps(format="hf-json").decode()), texts
    )


@pytest.mark.parametrize("count", [0, 1, 5000, 49_999, 50_000])
def test_fewer_merges_are_the_first_ranks(count: int) -> None:
    source = bpekit.load(real_file("r50k_base.tiktoken"))
    ranks = {token: rank for token, rank in source.mergeable_ranks.items() if rank < 256 + count}
    assert source.pattern is not None
    theirs = tiktoken.Encoding(
        "first", pat_str=source.pattern, mergeable_ranks=ranks, special_tokens={}
    )
    ours = edit.truncate_merges(source, count)
    assert ours.n_vocab == source.n_vocab
    assert ours.mergeable_ranks == ranks
    texts = texts_for(source, 33)
    assert ours.encode_ordinary_batch(texts) == theirs.encode_ordinary_batch(texts)
    closed = edit.truncate_merges(source, count, compact=True)
    assert closed.n_vocab == 256 + count + 1
    assert closed.encode_ordinary_batch(texts) == theirs.encode_ordinary_batch(texts)


def test_fewer_merges_of_a_list() -> None:
    value = document(demo())
    count = 700
    kept = value["model"]["merges"][:count]
    made = {"".join(pair if isinstance(pair, list) else pair.split(" ")) for pair in kept}
    vocab = {
        token: id
        for token, id in value["model"]["vocab"].items()
        if token in made or len(token) == 1
    }
    value["model"].update(merges=kept, vocab=vocab)
    ours = edit.truncate_merges(bpekit.loads(demo().dumps(format="hf-json")), count)
    assert_same_as(ours, theirs_of(value), texts_for(demo(), 34))


def test_other_ids_are_the_same_tokens() -> None:
    value = document(demo())
    size = demo().n_vocab
    id_map = {id: (id * 7 + 3) % size for id in range(size)}
    assert sorted(id_map.values()) == list(range(size))
    vocab = value["model"]["vocab"]
    value["model"]["vocab"] = {token: id_map[id] for token, id in vocab.items()}
    for token in value["added_tokens"]:
        token["id"] = id_map[token["id"]]
    ours = edit.reorder(demo(), id_map)
    texts = texts_for(demo(), 35)
    assert_same_as(ours, theirs_of(value), texts)
    assert bpekit.verify(demo(), ours, id_map=id_map).kind == "equal"
    assert bpekit.verify(demo(), ours).kind == "different"
    with pytest.raises(bpekit.UnsupportedError, match="has the higher id"):
        ours.dumps(format="tiktoken")
    with pytest.raises(ValueError, match="the tokens 5 and 6 one id, 6"):
        edit.reorder(demo(), {5: 6})


def test_the_framed_token_gets_its_new_id() -> None:
    folder = Path(__file__).parents[2] / "fixtures" / "valid" / "hf_dir" / "written"
    source = bpekit.load(folder)
    begin = source.special_tokens["<|begin_of_text|>"]
    ours = edit.reorder(source, {begin: 900})
    theirs = tokenizers.Tokenizer.from_str(ours.dumps(format="hf-json").decode())
    assert theirs.encode("the cat").ids[0] == 900
    with pytest.raises(bpekit.UnsupportedError, match="is used by the post-processor"):
        edit.remove_tokens(source, "<|begin_of_text|>")


def test_sizes() -> None:
    assert edit.resize(demo(), 4096).n_vocab == 4096
    ours = edit.resize(demo(), multiple_of=64, text="[PAD{}]")
    assert ours.n_vocab == 3008
    assert sorted(ours.special_tokens, key=ours.special_tokens.__getitem__)[1:3] == [
        "[PAD0]",
        "[PAD1]",
    ]
    texts = texts_for(demo(), 36)
    assert ours.encode_ordinary_batch(texts) == demo().encode_ordinary_batch(texts)
    for arguments in ({}, {"size": 4096, "multiple_of": 2}, {"multiple_of": 0}, {"size": 5}):
        with pytest.raises(ValueError, match=r"size|multiple_of|smaller"):
            edit.resize(demo(), **arguments)


def test_extending_keeps_what_is_there() -> None:
    text = "Tokenizerdateien sind Dateien von Tokenizern, geschrieben von Programmen. " * 20
    more = edit.extend(demo(), text, demo().n_vocab + 20)
    assert more.n_vocab == demo().n_vocab + 20
    assert len(more.encode_ordinary(text)) < len(demo().encode_ordinary(text))
    first = len(demo().mergeable_ranks) - 256
    back = edit.truncate_merges(bpekit.loads(more.dumps(format="hf-json")), first)
    texts = texts_for(demo(), 37)
    assert back.encode_ordinary_batch(texts) == demo().encode_ordinary_batch(texts)
    with pytest.raises(ValueError, match="is smaller than"):
        edit.extend(demo(), text, 300)
