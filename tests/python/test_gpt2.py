"""GPT-2's vocab.json and merges.txt: the ids of tiktoken, tokenizers and transformers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiktoken
import tokenizers
import transformers
from tiktoken.load import data_gym_to_mergeable_bpe_ranks
from tokenizers import pre_tokenizers

import bpekit
from hostile import hostile_texts
from oracle import assert_same_ids
from real import RealFile, real_file, real_files
from small import demo

PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
COUNT = 10_000
IDS = real_files("vocab.json")


def merges_of(file: RealFile) -> Path:
    """Return the other file of a pair."""
    other = file.name.replace("encoder.json", "vocab.bpe").replace("vocab.json", "merges.txt")
    return real_file(other)


def model_of(vocab: Path, merges: Path) -> tokenizers.Tokenizer:
    """Return what tokenizers makes of both files, with GPT-2's pattern."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE.from_file(str(vocab), str(merges)))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return made


def assert_same_as_tokenizers(
    ours: bpekit.Tokenizer, theirs: tokenizers.Tokenizer, texts: list[str]
) -> None:
    assert_same_ids(
        texts,
        ours.encode_ordinary_batch(texts),
        [encoding.ids for encoding in theirs.encode_batch_fast(texts)],
        encode_ours=ours.encode_ordinary,
        encode_theirs=lambda text: theirs.encode(text).ids,
    )


@pytest.mark.parametrize("file", IDS, ids=str)
def test_same_ids_as_tokenizers(file: RealFile) -> None:
    path = real_file(file.name)
    assert bpekit.detect(path) == bpekit.detect(merges_of(file)) == "gpt2"
    ours = bpekit.load(path, pattern=PATTERN, special_tokens={}, name="plain")
    texts = hostile_texts(COUNT, seed=11, tokens=ours.token_byte_values())
    assert_same_as_tokenizers(ours, model_of(path, merges_of(file)), texts)


@pytest.mark.parametrize("file", IDS, ids=str)
def test_published_vocabs_are_known(file: RealFile) -> None:
    pair = bpekit.load(merges_of(file))
    ranks, more = ("qwen1", 0) if file.name.startswith("qwen") else ("r50k_base", 1)
    same = bpekit.load(real_file(f"{ranks}.tiktoken"))
    assert pair.n_vocab == same.n_vocab
    assert pair.special_tokens == same.special_tokens
    assert len(pair.token_byte_values()) == len(same.token_byte_values()) + more
    verdict = bpekit.verify(pair, same)
    assert verdict.kind == "equal", str(verdict)


@pytest.mark.parametrize(
    "file", [file for file in IDS if not file.name.startswith("qwen")], ids=str
)
def test_tiktoken_reads_the_same_ranks(file: RealFile, tmp_path: Path) -> None:
    source, target = real_file("r50k_base.tiktoken"), tmp_path / "encoder.json"
    assert bpekit.convert(source, target, to_format="gpt2").is_exact
    merges = (tmp_path / "vocab.bpe").read_bytes()
    assert merges == merges_of(file).read_bytes()
    ids = json.loads(real_file(file.name).read_text(encoding="utf-8"))
    assert ids.pop("<|endoftext|>") == 50256
    assert json.loads(target.read_text(encoding="utf-8")) == ids
    ranks = data_gym_to_mergeable_bpe_ranks(str(tmp_path / "vocab.bpe"), str(target))
    assert ranks == bpekit.load(target).mergeable_ranks
    encoding = tiktoken.Encoding(
        "gpt2", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 50256}
    )
    ours = bpekit.load(target)
    texts = hostile_texts(2000, seed=12, tokens=ours.token_byte_values())
    assert ours.encode_ordinary_batch(texts) == encoding.encode_ordinary_batch(texts)


def test_what_is_written_and_read(tmp_path: Path) -> None:
    target = tmp_path / "vocab.json"
    report = demo().save(target)
    assert report.to_format == "gpt2"
    assert report.is_exact
    names = ["merges.txt", "vocab.bpekit.json", "vocab.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    again = bpekit.load(tmp_path)
    texts = hostile_texts(
        2000, seed=13, tokens=demo().token_byte_values(), specials=sorted(demo().special_tokens)
    )
    assert again.special_tokens == demo().special_tokens
    expected = demo().encode_batch(texts, allowed_special="all")
    assert again.encode_batch(texts, allowed_special="all") == expected


def test_transformers_reads_what_is_written(tmp_path: Path) -> None:
    source = real_file("r50k_base.tiktoken")
    bpekit.convert(source, tmp_path / "vocab.json")
    theirs = transformers.GPT2Tokenizer(
        vocab=str(tmp_path / "vocab.json"), merges=str(tmp_path / "merges.txt")
    )
    ours = bpekit.load(source)
    texts = hostile_texts(2000, seed=14, tokens=ours.token_byte_values())
    texts = [text for text in texts if "<|endoftext|>" not in text]
    assert ours.encode_ordinary_batch(texts) == theirs(texts)["input_ids"]


def test_a_vocab_of_ones_own_needs_its_pattern(tmp_path: Path) -> None:
    demo().save(tmp_path / "vocab.json")
    (tmp_path / "vocab.bpekit.json").unlink()
    with pytest.raises(
        bpekit.FormatError, match="a file of format `gpt2` carries no split pattern"
    ):
        bpekit.load(tmp_path)
    tokens = demo().special_tokens
    ours = bpekit.load(tmp_path, pattern="gpt2", special_tokens=tokens, name="mine")
    assert ours.special_tokens == tokens
    theirs = model_of(tmp_path / "vocab.json", tmp_path / "merges.txt")
    texts = hostile_texts(2000, seed=15, tokens=ours.token_byte_values())
    assert_same_as_tokenizers(ours, theirs, texts)


def test_tokenizers_saves_what_is_read(tmp_path: Path) -> None:
    model = tokenizers.ByteLevelBPETokenizer()
    lines = [f"the {word} of these three, {word}s!" for word in ("größe", "日本", "rain", "тест")]
    model.train_from_iterator(lines * 20, vocab_size=330, special_tokens=["<s>", "<pad>"])
    model.save_model(str(tmp_path), "mine")
    vocab, merges = tmp_path / "mine-vocab.json", tmp_path / "mine-merges.txt"
    specials = {"<s>": 0, "<pad>": 1}
    ours = bpekit.load(vocab, pattern="gpt2", special_tokens=specials)
    back = tmp_path / "back"
    back.mkdir()
    ours.save(back / "mine-vocab.json", format="gpt2")
    assert (back / "mine-vocab.json").read_bytes() == vocab.read_bytes()
    assert (back / "mine-merges.txt").read_bytes() == merges.read_bytes()
    texts = hostile_texts(2000, seed=16, tokens=ours.token_byte_values())
    assert_same_as_tokenizers(ours, model_of(vocab, merges), texts)


def test_a_lookup_of_whole_pretokens_is_refused(tmp_path: Path) -> None:
    source = real_file("llama3_tokenizer.model")
    with pytest.raises(bpekit.FormatError, match="found as a whole pretoken"):
        bpekit.convert(source, tmp_path / "vocab.json")
    assert not list(tmp_path.iterdir())
