"""Directories of transformers: `AutoTokenizer` gives our ids, and real ones come back whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import bpekit
from hostile import hostile_texts
from oracle import assert_same_ids
from real import RealFile, real_file, real_files
from small import demo

transformers = pytest.importorskip("transformers")

CONFIGS = real_files("tokenizer_config.json")
MAX_LENGTH = int(1e30)


def auto(path: Path) -> Any:
    return transformers.AutoTokenizer.from_pretrained(str(path), local_files_only=True)


def assert_same(ours: bpekit.Tokenizer, theirs: Any, texts: list[str]) -> None:
    """Compare ids with special tokens looked for, what they decode to, and the special tokens."""

    def one(text: str) -> list[int]:
        return ours.encode(text, allowed_special="all")

    def other(text: str) -> list[int]:
        ids: list[int] = theirs.encode(text, add_special_tokens=False)
        return ids

    encoded = [one(text) for text in texts]
    assert_same_ids(
        texts,
        encoded,
        theirs(texts, add_special_tokens=False)["input_ids"],
        encode_ours=one,
        encode_theirs=other,
    )
    special = set(ours.special_tokens.values())
    for ids in encoded[::7]:
        assert theirs.decode(ids) == ours.decode(ids)
        plain = [token for token in ids if token not in special]
        assert theirs.decode(ids, skip_special_tokens=True) == ours.decode(plain)
    for text, number in ours.special_tokens.items():
        assert theirs.convert_tokens_to_ids(text) == number
        assert theirs.encode(f"a{text}", add_special_tokens=False)[-1] == number


def texts_of(tokenizer: bpekit.Tokenizer, count: int) -> list[str]:
    special = list(tokenizer.special_tokens)[:8]
    texts = hostile_texts(count, seed=9, tokens=tokenizer.token_byte_values())
    return [*texts, *(f" x{one}{other} \n" for one in special for other in special)]


ROLES = {
    "o200k_base.tiktoken": {"eos_token": "<|endoftext|>"},
    "cl100k_base.tiktoken": {"eos_token": "<|endoftext|>"},
    "llama3_tokenizer.model": {
        "bos_token": "<|begin_of_text|>",
        "eos_token": "<|end_of_text|>",
    },
    "qwen3_tokenizer.json": {"eos_token": "<|endoftext|>"},
}


@pytest.mark.parametrize("name", ROLES)
def test_transformers_loads_what_is_written(name: str, tmp_path: Path) -> None:
    tokenizer = bpekit.load(real_file(name))
    # A directory that is there, and one that the slash asks for.
    target = tmp_path if name.endswith("json") else f"{tmp_path}/new/"
    report = tokenizer.save(target)
    assert (report.to_format, report.verdict) == ("hf-dir", "exact")
    theirs = auto(Path(target))
    assert theirs.special_tokens_map == ROLES[name]
    assert theirs.model_max_length == MAX_LENGTH
    assert_same(tokenizer, theirs, texts_of(tokenizer, 1500))


def test_transformers_loads_what_is_trained(tmp_path: Path) -> None:
    corpus = ["the cat sat on the mat, größer 日本語 12345\n"] * 50
    trained = bpekit.train(corpus, vocab_size=285, special_tokens=["<|endoftext|>", "<|x|>"])
    trained.save(f"{tmp_path}/trained/")
    theirs = auto(tmp_path / "trained")
    assert theirs.eos_token_id == trained.special_tokens["<|endoftext|>"]
    assert_same(trained, theirs, texts_of(trained, 500))
    # What it writes itself is read, with the same ids.
    theirs.save_pretrained(tmp_path / "theirs")
    assert_same(bpekit.load(tmp_path / "theirs"), theirs, texts_of(trained, 300))


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_real_directories(config: RealFile, tmp_path: Path) -> None:
    main = config.name.replace("_config", "")
    source = tmp_path / "source"
    source.mkdir()
    shutil.copy(real_file(main), source / "tokenizer.json")
    shutil.copy(real_file(config.name), source / "tokenizer_config.json")
    tokenizer = bpekit.load(source)
    assert bpekit.detect(source) == "hf-dir"
    report = bpekit.convert(source, tmp_path / "copy", to_format="hf-dir")
    assert report.verdict == "exact"
    settings = source / "tokenizer_config.json"
    copied = tmp_path / "copy" / "tokenizer_config.json"
    assert copied.read_bytes() == settings.read_bytes()
    alone = bpekit.load(source / "tokenizer.json")
    texts = texts_of(alone, 300)
    for text in texts:
        assert tokenizer.encode(text, allowed_special="all") == alone.encode(
            text, allowed_special="all"
        )
    # In the one class that makes nothing of its own, transformers agrees.
    data = json.loads(settings.read_text(encoding="utf-8"))
    data["tokenizer_class"] = "PreTrainedTokenizerFast"
    data["clean_up_tokenization_spaces"] = False
    settings.write_text(json.dumps(data), encoding="utf-8")
    assert_same(tokenizer, auto(source), texts)


def test_a_chat_template_comes_along(tmp_path: Path) -> None:
    demo().save(tmp_path)
    template = "{% for m in messages %}[{{ m['content'] }}]{% endfor %}"
    (tmp_path / "chat_template.jinja").write_text(template, encoding="utf-8")
    report = bpekit.convert(tmp_path, f"{tmp_path}/copy/")
    assert report.losses == ()
    theirs = auto(tmp_path / "copy")
    assert theirs.chat_template == template
    report = bpekit.convert(tmp_path, tmp_path / "x.tiktoken")
    parts = {loss.part for loss in report.losses}
    assert parts == {"roles", "chat-template", "unknown-fields"}
    # A template that is not part of the tokenizer would be read with it.
    with pytest.raises(bpekit.FormatError, match="belongs to another tokenizer"):
        demo().save(tmp_path)


def test_what_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(bpekit.UnsupportedError, match="directory"):
        demo().dumps(format="hf-dir")
    path = tmp_path / "tokenizer.json"
    demo().save(path)
    assert bpekit.detect(path) == "hf-json"
    with pytest.raises(bpekit.UnsupportedError, match="this is a file"):
        bpekit.load(path, format="hf-dir")
    assert bpekit.load(tmp_path, format="hf-json").encode("the") == demo().encode("the")
    with pytest.raises(OSError, match="tokenizer"):
        demo().save(path, format="hf-dir")
