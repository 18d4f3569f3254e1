"""nanochat's use of rustbpe and tiktoken, with only the imports changed."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import rustbpe
import tiktoken

import bpekit.compat.rustbpe
import bpekit.compat.tiktoken
from training import UNSEEN, mixed, prose

# nanochat, `nanochat/tokenizer.py`.
SPECIAL_TOKENS = [
    "<|bos|>",
    "<|user_start|>",
    "<|user_end|>",
    "<|assistant_start|>",
    "<|assistant_end|>",
    "<|python_start|>",
    "<|python_end|>",
    "<|output_start|>",
    "<|output_end|>",
]
SPLIT_PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*"
    r"|\s*[\r\n]|\s+(?!\S)|\s+"
)
VOCAB_SIZE = 700


TEXTS = mixed().splitlines() + prose().splitlines()
UNSEEN_TEXTS = [UNSEEN, "", "\u4e2d\u6587"]


def flow(rustbpe: ModuleType, tiktoken: ModuleType) -> dict[str, Any]:
    """Do what nanochat does, and tell all that comes out of it."""

    def text_iterator() -> Iterator[str]:
        yield from TEXTS

    tokenizer = rustbpe.Tokenizer()
    vocab_size_no_special = VOCAB_SIZE - len(SPECIAL_TOKENS)
    tokenizer.train_from_iterator(text_iterator(), vocab_size_no_special, pattern=SPLIT_PATTERN)
    pattern = tokenizer.get_pattern()
    mergeable_ranks = {bytes(k): v for k, v in tokenizer.get_mergeable_ranks()}
    tokens_offset = len(mergeable_ranks)
    special_tokens = {name: tokens_offset + i for i, name in enumerate(SPECIAL_TOKENS)}
    enc = tiktoken.Encoding(
        name="rustbpe",
        pat_str=pattern,
        mergeable_ranks=mergeable_ranks,
        special_tokens=special_tokens,
    )
    enc = pickle.loads(pickle.dumps(enc))

    text = UNSEEN
    bos = enc.encode_single_token("<|bos|>")
    ids = enc.encode_ordinary(text)
    ids.insert(0, bos)
    rows = enc.encode_ordinary_batch(UNSEEN_TEXTS, num_threads=8)
    for row in rows:
        row.insert(0, bos)
    token_strings = [enc.decode([token_id]) for token_id in range(enc.n_vocab)]
    special_set = set(enc.special_tokens_set)
    return {
        "pattern": pattern,
        "ranks": mergeable_ranks,
        "size": (enc.n_vocab, tokenizer.vocab_size),
        "specials": special_set,
        "ids": ids,
        "rows": rows,
        "own": (tokenizer.encode(text), tokenizer.batch_encode(UNSEEN_TEXTS)),
        "text": enc.decode(ids[1:]),
        "token_bytes": [
            0 if text in special_set else len(text.encode("utf-8")) for text in token_strings
        ],
        "conversation": enc.encode("<|user_start|>hi<|user_end|>", allowed_special="all"),
    }


def test_nanochat() -> None:
    theirs = flow(rustbpe, tiktoken)
    ours = flow(bpekit.compat.rustbpe, bpekit.compat.tiktoken)
    for name, value in theirs.items():
        assert ours[name] == value, name
    assert ours["text"] == UNSEEN
    assert ours["size"] == (VOCAB_SIZE, VOCAB_SIZE - len(SPECIAL_TOKENS))


def test_every_name_of_rustbpe_is_there() -> None:
    for of_theirs, of_ours in (
        (rustbpe, bpekit.compat.rustbpe),
        (rustbpe.Tokenizer, bpekit.compat.rustbpe.Tokenizer),
    ):
        public = [name for name in dir(of_theirs) if not name.startswith("_")]
        assert set(public) - {"rustbpe"} <= set(dir(of_ours))


@pytest.mark.parametrize("default", [None, SPLIT_PATTERN])
def test_patterns(default: str | None) -> None:
    patterns = []
    for module in (rustbpe, bpekit.compat.rustbpe):
        tokenizer = module.Tokenizer()
        tokenizer.train_from_iterator(iter(TEXTS), 300, 100, default)
        patterns.append(tokenizer.get_pattern())
    assert patterns[0] == patterns[1]
