"""minbpe's files: the ids that minbpe's own loop gives, with Python's module `regex`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import regex

import bpekit
from hostile import hostile_texts
from oracle import assert_same_ids
from small import demo

CORPUS = ["the cat sat on the mat, größer 日本語 12345; it's DON'T\n\n  end \t\n"] * 40
PATTERNS = ["gpt2", "cl100k", "llama3", "o200k"]


class Reference:
    """Loads and encodes as minbpe does (`base.py`, `regex.py`), one merge after the other."""

    def __init__(self, path: Path) -> None:
        with path.open(encoding="utf-8") as file:
            assert file.readline().strip() == "minbpe v1"
            self.pattern = file.readline().strip()
            pairs = [file.readline().strip().split() for _ in range(int(file.readline().strip()))]
            self.special = {text: int(id) for text, id in pairs}
            merges = [tuple(map(int, line.split())) for line in file]
        self.merges = {pair: 256 + index for index, pair in enumerate(merges)}

    def merge(self, text: str) -> list[int]:
        ids = list(text.encode())
        while len(ids) > 1:
            new = min(self.merges.get(pair, 1 << 40) for pair in pairwise(ids))
            if new == 1 << 40:
                break
            merged: list[int] = []
            for id in ids:
                if merged and self.merges.get((merged[-1], id)) == new:
                    merged[-1] = new
                else:
                    merged.append(id)
            ids = merged
        return ids

    def encode(self, text: str) -> list[int]:
        pretokens = regex.findall(self.pattern, text) if self.pattern else [text]
        return [id for pretoken in pretokens for id in self.merge(pretoken)]


def texts_for(tokenizer: bpekit.Tokenizer) -> list[str]:
    texts = hostile_texts(2_000, seed=12, tokens=tokenizer.token_byte_values())
    return [*CORPUS[:1], *(text.encode("utf-8", "ignore").decode() for text in texts)]


def assert_same(ours: bpekit.Tokenizer, theirs: Reference) -> None:
    texts = texts_for(ours)
    assert_same_ids(
        texts,
        ours.encode_ordinary_batch(texts),
        [theirs.encode(text) for text in texts],
        encode_ours=ours.encode_ordinary,
        encode_theirs=theirs.encode,
    )


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_trained_goes_to_minbpe(pattern: str, tmp_path: Path) -> None:
    special = ["<|endoftext|>", "<|größer|>"]
    trained = bpekit.train(CORPUS, 285, pattern=pattern, order="bytes", special_tokens=special)
    path = tmp_path / "trained.minbpe.model"
    report = trained.save(path)
    assert (report.to_format, report.verdict, report.losses) == ("minbpe", "exact", ())
    theirs = Reference(path)
    assert theirs.special == trained.special_tokens
    assert_same(trained, theirs)
    back = bpekit.load(path)
    assert bpekit.verify(trained, back).kind == "equal"
    assert back.dumps(format="minbpe") == path.read_bytes()
    report = bpekit.convert(path, tmp_path / "tokenizer.json")
    assert report.verdict == "exact"
    assert_same(bpekit.load(tmp_path / "tokenizer.json"), theirs)


def test_text_that_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "basic.model"
    lines = ["minbpe v1", "", "0", "32 116", "256 104", "104 101", "10 32", "97 97", "260 97"]
    path.write_text("".join(line + "\n" for line in lines))
    ours = bpekit.load(path)
    assert_same(ours, Reference(path))
    assert ours.encode("a the\n the aaaaa") == Reference(path).encode("a the\n the aaaaa")
    for name in ("x.tiktoken", "x.json", "x.ranks.json"):
        assert bpekit.convert(path, tmp_path / name).verdict == "exact"
        assert_same(bpekit.load(tmp_path / name), Reference(path))


def test_what_minbpe_cannot_say(tmp_path: Path) -> None:
    with pytest.raises(bpekit.UnsupportedError, match="ids 0 to 255 are the bytes"):
        demo().dumps(format="minbpe")
    spaced = bpekit.train(CORPUS, 280, order="bytes", special_tokens=["<| end |>"])
    with pytest.raises(bpekit.UnsupportedError, match="white space in it"):
        spaced.dumps(format="minbpe")
    for pattern in ("[a-z]+| ", "[a-z]+|\n", "([a-z]+)|b"):
        cut = bpekit.train(CORPUS, 257, order="bytes", pattern=pattern)
        with pytest.raises(bpekit.UnsupportedError, match="minbpe's file cannot say"):
            cut.save(tmp_path / "x.minbpe.model")
    assert list(tmp_path.iterdir()) == []
