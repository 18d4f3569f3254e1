"""Tokenizers given to other libraries, and taken from them."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiktoken
import tokenizers
import transformers

import bpekit
from peers import ask
from real import real_file
from small import demo

TEXTS = ["hello world", "don't 1234567", "\u4e2d\u6587 e\u0301\n\n", "<|endoftext|> \U0001f600"]
FILES = [
    "cl100k_base.tiktoken",
    "o200k_base.tiktoken",
    "llama3_tokenizer.model",
    "lenml_llama3_tokenizer.json",
    "gpt2_encoder.json",
]


def ids(tokenizer: bpekit.Tokenizer) -> list[list[int]]:
    return [tokenizer.encode(text, allowed_special="all") for text in TEXTS]


@pytest.mark.parametrize("file", FILES)
def test_tiktoken(file: str) -> None:
    ours = bpekit.load(real_file(file))
    encoding = ours.to_tiktoken(allow_loss=("post-processor", "decoder"))
    assert isinstance(encoding, tiktoken.Encoding)
    assert [encoding.encode(text, allowed_special="all") for text in TEXTS] == ids(ours)
    back = bpekit.Tokenizer.from_tiktoken(encoding)
    assert ids(back) == ids(ours)
    assert (back.name, back.special_tokens) == (ours.name, encoding._special_tokens)


def test_what_tiktoken_cannot_do_is_named() -> None:
    qwen = bpekit.load(real_file("qwen3_tokenizer.json"))
    with pytest.raises(bpekit.LossyConversionError, match="normalizer"):
        qwen.to_tiktoken()
    parts = {loss.part for loss in caught(qwen)}
    encoding = qwen.to_tiktoken(allow_loss=parts)
    assert encoding.encode("\u00e9") == qwen.encode("e\u0301") != encoding.encode("e\u0301")


def caught(tokenizer: bpekit.Tokenizer) -> tuple[bpekit.Loss, ...]:
    with pytest.raises(bpekit.LossyConversionError) as error:
        tokenizer.to_tiktoken()
    return error.value.losses


@pytest.mark.parametrize("file", FILES)
def test_tokenizers(file: str) -> None:
    ours = bpekit.load(real_file(file))
    theirs = ours.to_tokenizers()
    assert isinstance(theirs, tokenizers.Tokenizer)
    assert [theirs.encode(text, add_special_tokens=False).ids for text in TEXTS] == ids(ours)
    back = bpekit.Tokenizer.from_tokenizers(theirs)
    assert ids(back) == ids(ours)
    assert bpekit.verify(ours, back).kind == "equal"


def test_tokenizers_1_gives_nothing_away() -> None:
    class Tokenizer:
        """Like theirs, it has no `to_str`."""

    with pytest.raises(TypeError, match=r"pass the file to bpekit\.load"):
        bpekit.Tokenizer.from_tokenizers(Tokenizer())  # type: ignore[arg-type]


@pytest.mark.parametrize("version", ["tokenizers-0.15", "tokenizers-1.0"])
def test_other_versions_of_tokenizers(version: str, tmp_path: Path) -> None:
    demo().save(tmp_path / "demo.tiktoken")
    script = """
import json, sys
job = json.load(sys.stdin)
sys.path.append(job["packages"])
import tokenizers, bpekit
tokenizer = bpekit.load(job["path"]).to_tokenizers()
assert type(tokenizer) is tokenizers.Tokenizer
ids = [tokenizer.encode(text) for text in job["texts"]]
json.dump([list(getattr(one, "ids", one)) for one in ids], sys.stdout)
"""
    packages = str(Path(bpekit.__file__).parents[1])
    job = {"packages": packages, "path": str(tmp_path / "demo.tiktoken"), "texts": TEXTS}
    assert ask(version, script, job) == ids(demo())


def test_transformers(tmp_path: Path) -> None:
    ours = bpekit.load(real_file("lenml_llama3_tokenizer.json"))
    report = ours.save_pretrained(tmp_path / "saved")
    assert report.to_format == "hf-dir" and report.is_exact
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "saved")
    assert [theirs(text, add_special_tokens=False)["input_ids"] for text in TEXTS] == ids(ours)
    theirs.chat_template = "{{ messages[0].content }}"
    back = bpekit.Tokenizer.from_transformers(theirs)
    assert ids(back) == ids(ours)
    back.save_pretrained(tmp_path / "again")
    again = transformers.AutoTokenizer.from_pretrained(tmp_path / "again")
    assert again.chat_template == theirs.chat_template
