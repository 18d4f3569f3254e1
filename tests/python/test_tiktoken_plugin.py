"""Directories that pip installs as encodings of tiktoken: installed with pip, found by tiktoken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import bpekit
from hostile import hostile_texts
from real import real_file
from small import demo

ASK = """
import json, sys
import tiktoken
job = json.load(sys.stdin)
made = {}
for name in job["names"]:
    encoding = tiktoken.get_encoding(name)
    made[name] = {
        "ids": [encoding.encode(text, allowed_special="all") for text in job["texts"]],
        "special": encoding._special_tokens,
        "n_vocab": encoding.n_vocab,
    }
json.dump({"made": made, "names": tiktoken.list_encoding_names()}, sys.stdout)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which two plugins were installed."""
    folder = tmp_path_factory.mktemp("plugins")
    sources = {"my-qwen": real_file("qwen3_6.tiktoken"), "demo_1": None}
    for name, source in sources.items():
        tokenizer = demo() if source is None else bpekit.load(source)
        report = tokenizer.save(folder / name, format="tiktoken-plugin", allow_loss=["normalizer"])
        assert report.to_format == "tiktoken-plugin"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    target = folder / "site"
    done = subprocess.run(
        [*pip, "--target", target, *(folder / name for name in sources)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target


def test_tiktoken_finds_what_was_installed(site: Path) -> None:
    both = {name: bpekit.load(site.parent / name) for name in ("my-qwen", "demo_1")}
    tokens = both["my-qwen"].token_byte_values()
    texts = hostile_texts(2_000, seed=13, tokens=tokens, specials=["<|endoftext|>", "<|im_end|>"])
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps({"names": list(both), "texts": texts}),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(site)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(both) < set(found["names"])
    assert "cl100k_base" in found["names"]
    for name, ours in both.items():
        theirs = found["made"][name]
        assert theirs["special"] == ours.special_tokens
        assert theirs["n_vocab"] == ours.n_vocab
        assert theirs["ids"] == [ours.encode(text, allowed_special="all") for text in texts]


def test_a_plugin_is_a_tokenizer(tmp_path: Path) -> None:
    demo().save(tmp_path / "mine", format="tiktoken-plugin")
    assert bpekit.detect(tmp_path / "mine") == "tiktoken-plugin"
    back = bpekit.load(tmp_path / "mine")
    assert back.name == "mine"
    assert bpekit.verify(demo(), back).kind == "equal"
    assert bpekit.convert(tmp_path / "mine", tmp_path / "x.json").verdict == "exact"
    module = tmp_path / "mine" / "plugin.py"
    module.write_text(module.read_text() + "\nraise SystemExit\n")
    assert bpekit.load(tmp_path / "mine").encode("the end") == demo().encode("the end")


def test_names_that_tiktoken_would_not_take(tmp_path: Path) -> None:
    for name, match in {
        "cl100k_base": "tiktoken's own",
        "2nd": "no name",
        "a b": "no name",
    }.items():
        with pytest.raises(bpekit.UnsupportedError, match=match):
            demo().save(tmp_path / name, format="tiktoken-plugin")
    assert list(tmp_path.iterdir()) == []
