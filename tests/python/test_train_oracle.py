"""Training against tokenizers, rustbpe, and its plain definition."""

from __future__ import annotations

import json
import pathlib
import random
import warnings
from collections import Counter

import pytest
import tiktoken
from tiktoken.load import load_tiktoken_bpe
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

import bpekit
import reference_train
from training import UNSEEN, as_pair, merges, mixed, prose, same_bytes

BYTE_LEVEL = pre_tokenizers.ByteLevel
TEXTS = {"prose": prose, "mixed": mixed}
# As tokenizer.json files have them.
SPLITS = {
    "llama3": (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
    "o200k": (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
    "unpublished": r"\p{L}+|\p{N}|[^\p{L}\p{N}]+",
}


def pretokenizer(pattern: str) -> pre_tokenizers.PreTokenizer:
    if pattern == "gpt2":
        return BYTE_LEVEL(add_prefix_space=False)
    split = pre_tokenizers.Split(Regex(SPLITS[pattern]), "isolated")
    return pre_tokenizers.Sequence([split, BYTE_LEVEL(add_prefix_space=False, use_regex=False)])


def of_tokenizers(
    texts: list[str], vocab_size: int, pattern: str, **options: int
) -> list[tuple[str, str]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pretokenizer(pattern)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=BYTE_LEVEL.alphabet(),
        show_progress=False,
        **options,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return [as_pair(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]


@pytest.mark.filterwarnings("ignore::bpekit.TrainingWarning")
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("pattern", ["gpt2", *SPLITS])
@pytest.mark.parametrize(
    "options",
    [{}, {"min_frequency": 3}, {"max_token_length": 5}, {"max_token_length": 1}],
    ids=str,
)
def test_the_merges_of_tokenizers(text: str, pattern: str, options: dict[str, int]) -> None:
    texts = TEXTS[text]().splitlines(keepends=True)
    ours = bpekit.train(texts, 4000, pattern=SPLITS.get(pattern, pattern), order="hf", **options)
    assert merges(ours) == of_tokenizers(texts, 4000, pattern, **options)


@pytest.mark.parametrize("text", TEXTS)
def test_the_ranks_of_rustbpe(text: str) -> None:
    rustbpe = pytest.importorskip("rustbpe")
    texts = TEXTS[text]().splitlines(keepends=True)
    theirs = rustbpe.Tokenizer()
    theirs.train_from_iterator(iter(texts), 3000)
    ours = bpekit.Tokenizer()
    ours.train_from_iterator(iter(texts), 3000)
    ranks = [(bytes(token), rank) for token, rank in theirs.get_mergeable_ranks()]
    assert ours.get_mergeable_ranks() == ranks
    assert ours.get_pattern() == theirs.get_pattern()
    assert ours.vocab_size == theirs.vocab_size


def tiny_corpus(source: random.Random) -> Counter[bytes]:
    """Few letters, so that counts tie; runs and repeats, so that pairs overlap."""
    letters = "ab" if source.random() < 0.5 else "abc\u00e9"
    pretokens: Counter[bytes] = Counter()
    for _ in range(source.randint(0, 7)):
        kind = source.random()
        if kind < 0.3:
            text = source.choice(letters) * source.randint(1, 12)
        elif kind < 0.6:
            unit = "".join(source.choice(letters) for _ in range(source.randint(1, 3)))
            text = unit * source.randint(1, 6)
        else:
            text = "".join(source.choice(letters) for _ in range(source.randint(1, 9)))
        pretokens[text.encode()] += source.randint(1, 3)
    return pretokens


@pytest.mark.parametrize("order", ["bytes", "hf"])
def test_a_thousand_tiny_corpora(order: str) -> None:
    source = random.Random(11)
    for _ in range(1000):
        pretokens = tiny_corpus(source)
        frequency = source.choice([1, 1, 2, 3])
        expected = reference_train.train(pretokens, 40, order=order, min_frequency=frequency)
        counts = bpekit.PretokenCounts(r"[^ ]+| ")
        for pretoken, count in pretokens.items():
            counts.add(pretoken, count)
        if not pretokens:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", bpekit.TrainingWarning)
            tokenizer = bpekit.train_from_counts(counts, 296, order=order, min_frequency=frequency)
        learned = [token for token, _ in tokenizer.get_mergeable_ranks()[256:]]
        assert learned == [left + right for left, right in expected], pretokens


@pytest.fixture(scope="module")
def trained() -> bpekit.Tokenizer:
    return bpekit.train(prose(), 2000, pattern="cl100k", special_tokens=["<|end|>", "<|user|>"])


def test_tiktoken_gives_the_same_ids(trained: bpekit.Tokenizer, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "trained.tiktoken"
    trained.save(path)
    theirs = tiktoken.Encoding(
        "trained",
        pat_str=trained.get_pattern(),
        mergeable_ranks=load_tiktoken_bpe(str(path)),
        special_tokens=trained.special_tokens,
    )
    for text in (UNSEEN, mixed()[:20_000]):
        ids = trained.encode(text, allowed_special="all")
        assert theirs.encode(text, allowed_special="all") == ids
        assert theirs.decode(ids) == text
    assert same_bytes(bpekit.load(path), trained)


@pytest.mark.parametrize("pattern", ["gpt2", "cl100k", "o200k", "qwen2", r"\p{L}+|\P{L}"])
def test_tokenizers_gives_the_same_ids(pattern: str, tmp_path: pathlib.Path) -> None:
    trained = bpekit.train(prose(), 1500, pattern=pattern, special_tokens=["<|end|>"])
    path = tmp_path / "tokenizer.json"
    trained.save(path)
    theirs = Tokenizer.from_file(str(path))
    for text in (UNSEEN, mixed()[:20_000]):
        ids = trained.encode(text, allowed_special="all")
        assert theirs.encode(text, add_special_tokens=False).ids == ids
    assert theirs.get_vocab_size() == trained.n_vocab == 1500


def test_transformers_gives_the_same_ids(trained: bpekit.Tokenizer, tmp_path: pathlib.Path) -> None:
    transformers = pytest.importorskip("transformers")
    path = tmp_path / "tokenizer.json"
    trained.save(path)
    theirs = transformers.PreTrainedTokenizerFast(tokenizer_file=str(path))
    ids = trained.encode(UNSEEN, allowed_special="all")
    assert theirs.encode(UNSEEN, add_special_tokens=False) == ids
