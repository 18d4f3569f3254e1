"""Exceptions: which class, which attributes, and that they can be pickled."""

from __future__ import annotations

import errno
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

import bpekit
from small import demo


def test_the_tree() -> None:
    for error_class in (
        bpekit.UnsupportedError,
        bpekit.LimitError,
        bpekit.LossyConversionError,
    ):
        assert issubclass(error_class, bpekit.FormatError)
    assert issubclass(bpekit.FormatError, ValueError)
    assert issubclass(bpekit.PatternError, ValueError)
    assert not issubclass(bpekit.PatternError, bpekit.FormatError)


def test_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.tiktoken"
    path.write_bytes(b"IQ== 0\nIg== x\n")
    with pytest.raises(bpekit.FormatError) as caught:
        bpekit.load(path)
    error = caught.value
    assert type(error) is bpekit.FormatError
    assert (error.format, error.path, error.line) == ("tiktoken", str(path), 2)
    assert error.location == "line 2"
    assert str(error).startswith(f"{path}:2: rank `x` is not a decimal integer")


def test_a_bad_member() -> None:
    with pytest.raises(bpekit.FormatError) as caught:
        bpekit.loads(b'{"version": "1.0", "model": {"type": "BPE", "vocab": {}}}', format="hf-json")
    assert caught.value.format == "hf-json"
    assert caught.value.line is None
    assert caught.value.path is None
    assert caught.value.location is not None
    assert caught.value.location.startswith("model")


def test_hints() -> None:
    ranks = demo().dumps(format="tiktoken")
    with pytest.raises(bpekit.FormatError, match="no published encoding") as caught:
        bpekit.loads(ranks)
    assert any("pattern" in hint for hint in caught.value.hints)
    assert all(hint in str(caught.value) for hint in caught.value.hints)


def test_unsupported() -> None:
    with pytest.raises(bpekit.UnsupportedError, match="Unigram"):
        bpekit.loads(b'{"version": "1.0", "added_tokens": [], "model": {"type": "Unigram"}}')
    with pytest.raises(bpekit.UnsupportedError, match="unknown format `word`"):
        bpekit.loads(b"", format="word")


def test_patterns() -> None:
    ranks = demo().dumps(format="tiktoken")
    with pytest.raises(bpekit.PatternError):
        bpekit.loads(ranks, pattern="(")


def test_arguments_that_contradict_the_file() -> None:
    data = demo().dumps(format="hf-json")
    with pytest.raises(ValueError, match="`pattern` is for rank files"):
        bpekit.loads(data, pattern="gpt2")
    with pytest.raises(bpekit.FormatError, match="n_vocab is 3001; expected 5"):
        bpekit.loads(data, n_vocab=5)
    with pytest.raises(bpekit.FormatError, match="sha256"):
        bpekit.loads(data, sha256="0" * 64)


def test_losses(tmp_path: Path) -> None:
    document = (
        demo()
        .dumps(format="hf-json")
        .replace(b'"normalizer": null', b'"normalizer": {"type": "NFC"}')
    )
    tokenizer = bpekit.loads(document)
    target = tmp_path / "out.tiktoken"
    with pytest.raises(bpekit.LossyConversionError) as caught:
        tokenizer.save(target)
    (loss,) = caught.value.losses
    assert (loss.part, loss.refused) == ("normalizer", True)
    assert not target.exists()
    assert pickle.loads(pickle.dumps(caught.value)).losses == caught.value.losses
    report = tokenizer.save(target, allow_loss=["normalizer"])
    assert report.verdict == "conditional"
    assert not report.is_exact
    with pytest.raises(ValueError, match="not a part that can be lost"):
        tokenizer.save(target, allow_loss=["nonsense"])


@pytest.mark.parametrize("operation", ["load", "detect", "convert"])
def test_the_operating_system(operation: str, tmp_path: Path) -> None:
    def do(path: Path) -> None:
        if operation == "load":
            bpekit.load(path)
        elif operation == "detect":
            bpekit.detect(path)
        else:
            bpekit.convert(path, tmp_path / "tokenizer.json")

    missing = tmp_path / "missing.tiktoken"
    with pytest.raises(FileNotFoundError) as caught:
        do(missing)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOENT, str(missing))
    (tmp_path / "empty").mkdir()
    with pytest.raises(bpekit.FormatError, match="a directory without a tokenizer file") as empty:
        do(tmp_path / "empty")
    assert str(empty.value).startswith(f"{tmp_path / 'empty'}: ")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        do(tmp_path / "file" / "x.tiktoken")
    if os.geteuid() != 0:
        locked = tmp_path / "locked.tiktoken"
        locked.write_bytes(b"")
        locked.chmod(0)
        with pytest.raises(PermissionError):
            do(locked)


def test_saving_where_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        demo().save(tmp_path / "missing" / "out.tiktoken")
    with pytest.raises(OSError, match="directory"):
        demo().save(tmp_path, format="tiktoken")


@pytest.mark.parametrize("path", [None, 5, 1.5, ["a"], object()])
def test_what_is_no_path(path: object) -> None:
    with pytest.raises(TypeError):
        bpekit.load(path)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        demo().save(path)  # type: ignore[arg-type]


def test_pickle() -> None:
    error = bpekit.FormatError(
        "m", format="f", path="p", line=3, location="line 3", hints=["h1", "h2"]
    )
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is bpekit.FormatError
    assert str(again) == "m"
    assert again.__dict__ == error.__dict__


def test_a_byte_that_is_missing() -> None:
    tokenizer = bpekit.Tokenizer(
        "x", pat_str="(?s:.)", mergeable_ranks={b"a": 0}, special_tokens={}
    )
    assert tokenizer.encode("aa") == [0, 0]
    with pytest.raises(ValueError, match="0x62"):
        tokenizer.encode("ab")


@pytest.mark.parametrize(
    ("arguments", "error_class"),
    [
        ({"n_vocab": -1}, OverflowError),
        ({"n_vocab": "5"}, TypeError),
        ({"pattern": 5}, TypeError),
        ({"special_tokens": ["<x>"]}, TypeError),
        ({"special_tokens": {"<x>": "5"}}, TypeError),
        ({"special_tokens": {"<x>": -1}}, OverflowError),
        ({"special_tokens": {"": 5}}, ValueError),
        ({"lenient": None}, TypeError),
        ({"format": b"hf-json"}, TypeError),
        ({"nonsense": 5}, TypeError),
    ],
)
def test_arguments_of_the_wrong_type(
    arguments: dict[str, Any], error_class: type[Exception]
) -> None:
    data = demo().dumps(format="tiktoken")
    with pytest.raises(error_class) as caught:
        bpekit.loads(data, **{"pattern": "gpt2", **arguments})
    (name,) = arguments
    if name != "special_tokens":
        assert name in str(caught.value)
