"""Tokenizers by name, from files that are on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import bpekit
from real import real_file
from small import demo


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let nothing be found but what a test puts there."""
    monkeypatch.delenv("BPEKIT_HOME", raising=False)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "no cache"))
    monkeypatch.setattr("sys.path", [])
    monkeypatch.setattr("bpekit._find._found", {})


CASES = [
    # The file's name in the folder, the file, the name asked for.
    ("cl100k_base.tiktoken", "cl100k_base.tiktoken", "cl100k_base"),
    ("cl100k_base.tiktoken", "cl100k_base.tiktoken", "cl100k"),
    ("o200k_base.tiktoken", "o200k_base.tiktoken", "o200k_harmony"),
    ("llama3.model", "llama3_tokenizer.model", "llama3_0"),
    ("qwen.tiktoken", "qwen1.tiktoken", "qwen3"),
    ("9b5ad71b2ce5302211f9c61530b329a4922fc6a4", "cl100k_base.tiktoken", "cl100k_base"),
]


@pytest.mark.parametrize(("held", "file", "name"), CASES)
@pytest.mark.parametrize("place", ["folder", "home"])
def test_published(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, held: str, file: str, name: str, place: str
) -> None:
    shutil.copy(real_file(file), tmp_path / held)
    if place == "home":
        monkeypatch.setenv("BPEKIT_HOME", str(tmp_path))
    found = bpekit.get_encoding(name, folder=tmp_path if place == "folder" else None)
    expected = bpekit.load(real_file(file), name=name)
    text = "don't 1234567 \u4e2d\u6587 <|endoftext|>"
    assert found.encode(text, allowed_special="all") == expected.encode(text, allowed_special="all")
    assert (found.name, found.special_tokens) == (expected.name, expected.special_tokens)
    if place == "home":
        assert bpekit.get_encoding(name) is found


PACKAGED = [
    (
        "litellm/litellm_core_utils/tokenizers/fb374d419588a4632f3f557e76b4b70aebbca790",
        "o200k_base.tiktoken",
        "o200k_base",
    ),
    ("whisper/assets/gpt2.tiktoken", "whisper_gpt2.tiktoken", "gpt2"),
    ("whisper/assets/multilingual.tiktoken", "whisper_multilingual.tiktoken", "whisper"),
    ("llama_models/llama4/tokenizer.model", "llama4_tokenizer.model", "llama4"),
    ("dashscope/resources/qwen.tiktoken", "qwen1.tiktoken", "qwen2.5"),
]


@pytest.mark.parametrize(("held", "file", "name"), PACKAGED)
def test_in_packages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, held: str, file: str, name: str
) -> None:
    path = tmp_path / held
    path.parent.mkdir(parents=True)
    path.symlink_to(real_file(file))
    monkeypatch.setattr("sys.path", [str(tmp_path / "other"), str(tmp_path)])
    assert bpekit.get_encoding(name).n_vocab == bpekit.load(real_file(file), name=name).n_vocab


def test_the_cache_of_tiktoken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    # GPT-2 in tiktoken is two files, neither of which has a name that says what it is.
    names = {
        "gpt2_vocab.bpe": "6d1cbeee0f20b3d9449abfede4726ed8212e3aee",
        "gpt2_encoder.json": "6c7ea1a7e38e3a7f062df639a5b80947f075ffe6",
    }
    for file, name in names.items():
        shutil.copy(real_file(file), tmp_path / name)
    assert bpekit.get_encoding("gpt2").encode("hello world") == [31373, 995]
    assert bpekit.get_encoding("r50k_base").name == "r50k_base"
    (tmp_path / names["gpt2_vocab.bpe"]).unlink()
    with pytest.raises(FileNotFoundError, match=r"6d1cbeee0f20\w+: No such file"):
        bpekit.get_encoding("gpt2", folder=tmp_path)


def test_other_ranks_are_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = real_file("cl100k_base.tiktoken").read_bytes()
    (tmp_path / "cl100k_base.tiktoken").write_bytes(data.replace(b"IGE= 264\n", b"IGE= 100256\n"))
    with pytest.raises(FileNotFoundError) as caught:
        bpekit.get_encoding("cl100k_base", folder=tmp_path)
    assert f"{tmp_path}/cl100k_base.tiktoken" in str(caught.value)
    # The right ones lie in another place.
    home = tmp_path / "home"
    home.mkdir()
    (home / "cl100k_base.tiktoken").write_bytes(data)
    monkeypatch.setenv("BPEKIT_HOME", str(home))
    assert bpekit.get_encoding("cl100k_base", folder=tmp_path).encode("a") == [64]
    # Whose special tokens a tokenizer.json has cannot be told from its ranks.
    demo().save(tmp_path / "llama3.json")
    with pytest.raises(FileNotFoundError, match="load it by its path"):
        bpekit.get_encoding("llama3", folder=tmp_path)


def test_files_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    demo().save(tmp_path / "mine.tiktoken")
    demo().save(tmp_path / "yours.json")
    demo().save(f"{tmp_path}/theirs/")
    for name in ("mine", "yours", "theirs"):
        assert bpekit.get_encoding(name, folder=tmp_path).encode("hello") == [258, 297, 78]
    with pytest.raises(ValueError, match="`mine` is no published encoding"):
        bpekit.get_encoding("mine")
    monkeypatch.setenv("BPEKIT_HOME", str(tmp_path))
    first = bpekit.get_encoding("mine")
    bpekit.edit.add_tokens(first, ["<new>"], special=True).save(tmp_path / "mine.tiktoken")
    assert bpekit.get_encoding("mine").n_vocab == first.n_vocab + 1
    for name in ("", ".", "..", "../mine", f"{tmp_path}/mine", "a\\b"):
        with pytest.raises(ValueError, match="is no published encoding"):
            bpekit.get_encoding(name)


def test_names() -> None:
    names = bpekit.list_encoding_names()
    assert {"gpt2", "o200k_harmony", "llama3", "deepseek_v3"} <= set(names)
    assert len(set(names)) == len(names)
