"""Training a `Tokenizer()` in place, as rustbpe's objects do, and going on from a tokenizer."""

from __future__ import annotations

import copy
import json
import pathlib
import pickle
from collections.abc import Callable, Iterator
from typing import Literal

import pytest

import bpekit
from small import demo
from training import UNSEEN, mixed, prose, same_bytes

USES: list[Callable[[bpekit.Tokenizer], object]] = [
    lambda tokenizer: tokenizer.encode("text"),
    lambda tokenizer: tokenizer.encode_ordinary("text"),
    lambda tokenizer: tokenizer.encode_batch(["text"]),
    lambda tokenizer: tokenizer.encode_to_numpy("text"),
    lambda tokenizer: tokenizer.count("text"),
    lambda tokenizer: tokenizer.decode([1]),
    lambda tokenizer: tokenizer.decode_bytes([1]),
    lambda tokenizer: tokenizer.n_vocab,
    lambda tokenizer: tokenizer.vocab_size,
    lambda tokenizer: tokenizer.name,
    lambda tokenizer: tokenizer.pattern,
    lambda tokenizer: tokenizer.get_pattern(),
    lambda tokenizer: tokenizer.get_mergeable_ranks(),
    lambda tokenizer: tokenizer.mergeable_ranks,
    lambda tokenizer: tokenizer.special_tokens,
    lambda tokenizer: tokenizer.eot_token,
    lambda tokenizer: tokenizer.token_byte_values(),
    lambda tokenizer: tokenizer.dumps(format="tiktoken"),
    lambda tokenizer: tokenizer.save("never.tiktoken"),
    lambda tokenizer: pickle.dumps(tokenizer),
    lambda tokenizer: bpekit.train("text", 300, base=tokenizer),
]


@pytest.mark.parametrize("number", range(len(USES)))
def test_an_empty_tokenizer_can_only_be_trained(number: int) -> None:
    tokenizer = bpekit.Tokenizer()
    with pytest.raises(ValueError, match="not trained"):
        USES[number](tokenizer)
    assert tokenizer.is_empty
    assert tokenizer.training is None
    assert repr(tokenizer) == "<Tokenizer (empty)>"


def test_attributes_that_nobody_has() -> None:
    for tokenizer in (bpekit.Tokenizer(), demo()):
        assert not hasattr(tokenizer, "no_such_name")
        with pytest.raises(AttributeError, match="no_such_name"):
            _ = tokenizer.no_such_name


def test_some_of_the_parts_are_not_enough() -> None:
    with pytest.raises(TypeError, match="missing arguments: pat_str"):
        bpekit.Tokenizer("name", mergeable_ranks={b"a": 0}, special_tokens={})
    with pytest.raises(TypeError, match="missing arguments"):
        bpekit.Tokenizer(explicit_n_vocab=300)


def test_a_copy_of_an_empty_tokenizer_is_one_of_its_own() -> None:
    tokenizer = bpekit.Tokenizer()
    other = copy.deepcopy(tokenizer)
    other.train("low low lower", 258)
    assert tokenizer.is_empty
    assert not other.is_empty


def test_a_tokenizer_is_trained_once() -> None:
    tokenizer = bpekit.Tokenizer()
    tokenizer.train("low low lower lowest", 259, special_tokens=["<|end|>"])
    assert tokenizer.n_vocab == tokenizer.vocab_size == 259
    assert tokenizer.special_tokens == {"<|end|>": 258}
    assert tokenizer.encode("low<|end|>", allowed_special="all") == [257, 258]
    for trained in (tokenizer, demo()):
        before = trained.dumps(format="tiktoken")
        with pytest.raises(ValueError, match="has a vocab already and is trained once"):
            trained.train("other text", 300)
        with pytest.raises(ValueError, match="has a vocab already and is trained once"):
            trained.train_from_iterator(iter(["other text"]), 300)
        assert trained.dumps(format="tiktoken") == before


def failing() -> Iterator[str]:
    yield "text"
    raise LookupError("no more")


def test_after_a_failure_it_can_be_trained() -> None:
    tokenizer = bpekit.Tokenizer()
    with pytest.raises(LookupError, match="no more"):
        tokenizer.train_from_iterator(failing(), 300)
    for arguments in ((["text", 5], 300), (["text"], 5), (["text"], 300, 0), ("text", 300)):
        with pytest.raises((TypeError, ValueError)):
            tokenizer.train_from_iterator(*arguments)  # type: ignore[arg-type]
    with pytest.raises(bpekit.PatternError):
        tokenizer.train("text", 300, pattern="(")
    assert tokenizer.is_empty
    tokenizer.train("low low", 257)
    assert tokenizer.encode("lo") == [256]


def test_trained_while_it_is_trained() -> None:
    tokenizer = bpekit.Tokenizer()

    def texts() -> Iterator[str]:
        tokenizer.train("low low", 257)
        yield "high high"

    with pytest.raises(ValueError, match="meanwhile"):
        tokenizer.train_from_iterator(texts(), 257)
    assert tokenizer.decode([256]) == "lo"


def test_a_subclass_is_trained_in_place() -> None:
    class Mine(bpekit.Tokenizer):
        """A subclass."""

    tokenizer = Mine()
    tokenizer.train("low low", 257)
    assert type(copy.copy(tokenizer)) is Mine
    assert tokenizer.encode("lo") == [256]


def test_it_is_that_of_the_function() -> None:
    tokenizer = bpekit.Tokenizer()
    tokenizer.train(prose(), 700)
    assert same_bytes(tokenizer, bpekit.train(prose(), 700, pattern=tokenizer.get_pattern()))
    assert tokenizer.get_pattern() != demo().get_pattern()
    again = pickle.loads(pickle.dumps(tokenizer))
    assert same_bytes(again, tokenizer)
    assert again.training is None
    assert copy.copy(tokenizer).training is tokenizer.training is not None


# Going on from a tokenizer.


@pytest.mark.parametrize("order", ["bytes", "hf"])
def test_in_two_steps_as_in_one(order: Literal["bytes", "hf"]) -> None:
    whole = bpekit.train(mixed(), 900, order=order, pattern="cl100k")
    first = bpekit.train(mixed(), 500, order=order, pattern="cl100k")
    for base in (first, bpekit.loads(first.dumps(format="hf-json"), format="hf-json")):
        second = bpekit.train(mixed(), 900, order=order, base=base)
        assert second.mergeable_ranks == whole.mergeable_ranks
        assert second.encode(UNSEEN) == whole.encode(UNSEEN)
        assert second.training is not None
        assert second.training.curve[0][0] == 500
        assert second.training.bytes_per_token == pytest.approx(
            whole.training.bytes_per_token  # type: ignore[union-attr]
        )


def test_the_base_keeps_its_ids() -> None:
    base = demo()
    larger = bpekit.train(mixed(), base.n_tokens + 300, base=base, special_tokens=["<|new|>"])
    ranks = larger.mergeable_ranks
    assert base.mergeable_ranks.items() <= ranks.items()
    assert base.special_tokens.items() <= larger.special_tokens.items()
    assert larger.pattern == base.pattern
    assert larger.special_tokens["<|new|>"] == larger.max_token_value
    assert min(set(ranks.values()) - set(base.mergeable_ranks.values())) == base.n_vocab
    text = UNSEEN.replace("<|end|>", "")
    assert larger.decode(larger.encode(text)) == text
    assert larger.count(mixed()) < base.count(mixed())


def test_pattern_and_normalizer_are_those_of_the_base() -> None:
    base = bpekit.train(prose(), 400, pattern="gpt2", normalizer=["nfd", "lowercase"])
    larger = bpekit.train(mixed(), 500, base=base)
    assert larger.pattern == base.pattern
    assert larger.encode("É") == larger.encode("e\u0301")
    assert (
        larger.mergeable_ranks
        == bpekit.train(mixed(), 500, base=base, pattern="gpt2").mergeable_ranks
    )
    with pytest.raises(ValueError, match="made with different patterns"):
        bpekit.train(mixed(), 500, base=base, pattern="cl100k")
    with pytest.raises(ValueError, match="made with different normalizers"):
        bpekit.train(mixed(), 500, base=base, normalizer="nfc")


def test_a_base_that_cannot_be() -> None:
    with pytest.raises(TypeError, match="base must be a Tokenizer, not str"):
        bpekit.train("text", 300, base="gpt2")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected a size of 3001 or more"):
        bpekit.train("text", 3000, base=demo())


# What it gives.


def test_the_order_of_the_bytes_and_their_ids() -> None:
    alphabet = bpekit.train("aa", 256, order="hf")
    assert alphabet.decode_single_token_bytes(0) == b"!"
    assert bpekit.train("aa", 256).decode_single_token_bytes(0) == b"\0"
    mixed_up = bpekit.train("aa", 256, byte_order="gpt2")
    assert mixed_up.mergeable_ranks == alphabet.mergeable_ranks
    # Space is the first of the bytes, and `!` the first of the alphabet.
    text = "! ! !"
    by_bytes = bpekit.train(text, 257, pattern=r"[\s\S]+").get_mergeable_ranks()[-1][0]
    by_alphabet = bpekit.train(text, 257, pattern=r"[\s\S]+", order="hf")
    assert (by_bytes, by_alphabet.get_mergeable_ranks()[-1][0]) == (b" !", b"! ")


def test_names(tmp_path: pathlib.Path) -> None:
    tokenizer = bpekit.train("low low", 257, name="mine")
    assert tokenizer.name == "mine"
    tokenizer.save(tmp_path / "other.tiktoken")
    assert bpekit.load(tmp_path / "other.tiktoken").name == "mine"


def test_arguments_that_cannot_be() -> None:
    refused: list[tuple[dict[str, object], type[Exception], str]] = [
        ({"order": "alphabet"}, ValueError, "expected 'bytes' or 'hf'"),
        ({"byte_order": "bytes"}, ValueError, "expected 'identity' or 'gpt2'"),
        ({"pattern": "cl100k_bse"}, ValueError, "no published pattern has this name"),
        ({"pattern": "("}, bpekit.PatternError, "pattern"),
        ({"pattern": 5}, TypeError, "pattern"),
        ({"normalizer": "nfx"}, ValueError, "no normalizer"),
        ({"special_tokens": "<|end|>"}, TypeError, "special_tokens"),
        ({"special_tokens": [""]}, ValueError, "special token is the empty text"),
        ({"special_tokens": ["a", "a"]}, ValueError, "given twice"),
        ({"special_tokens": [b"a"]}, TypeError, "special_tokens"),
        ({"errors": "never"}, ValueError, "expected 'strict'"),
        ({"num_threads": 0}, ValueError, "num_threads must be 1 or more"),
        ({"max_memory": -5}, ValueError, "max_memory must be 1 or more"),
        ({"min_count": 0}, ValueError, "min_count must be 1 or more"),
        ({"min_frequency": 1.5}, TypeError, "min_frequency must be an int"),
        ({"max_token_length": 0}, ValueError, "max_token_length must be 1 or more"),
        ({"resume": True}, ValueError, "none is given"),
        ({"progress": 5}, TypeError, "progress must be"),
        ({"held_out": 5}, TypeError, "held_out"),
        ({"lines": True}, ValueError, "lines=True is for files"),
        ({"field": "text"}, ValueError, "field='text' is for files"),
        ({"column": "text"}, ValueError, "column='text' is for files"),
    ]
    for options, kind, message in refused:
        with pytest.raises(kind, match=message):
            bpekit.train("low low", 257, **options)  # type: ignore[arg-type]


def test_tokenizer_json_has_what_it_was_trained_with() -> None:
    tokenizer = bpekit.train(
        "Low low", 258, pattern="cl100k", normalizer="lowercase", special_tokens=["<|end|>"]
    )
    document = json.loads(tokenizer.dumps(format="hf-json"))
    assert document["normalizer"] == {"type": "Lowercase"}
    assert [token["content"] for token in document["added_tokens"]] == ["<|end|>"]
    assert document["model"]["merges"] in ([["l", "o"]], ["l o"])
