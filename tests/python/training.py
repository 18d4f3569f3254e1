"""Texts to train on, and what the tests ask of a trained tokenizer."""

from __future__ import annotations

import json
import pathlib
import pickle
import random
from functools import cache

import bpekit

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ     \n\n'.,!?0123456789",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГД    \n",
    "漢字仮名交じり文とカタカナ、ひらがな。\u3000",
    "éèêëàâäôöùûüçñßæœøåÉÀÇ' -\n",
    "हिन्दीमराठी संस्कृत\u0301 ",
    "😀😃👩\u200d👩\u200d👧🇩🇪\t\r\n  ",
)


@cache
def prose() -> str:
    """Real text of several kinds: documentation and code in English, of this project."""
    parts = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    parts += sorted((ROOT / "docs").glob("*.md")) + sorted((ROOT / "python/bpekit").glob("*.py"))
    return "\n".join(path.read_text(encoding="utf-8") for path in parts)


@cache
def mixed() -> str:
    """Words of several scripts, with the frequencies of language: few common, many rare."""
    source = random.Random(7)
    words = []
    for script in SCRIPTS:
        for _ in range(400):
            length = source.randint(1, 7)
            words.append("".join(source.choice(script) for _ in range(length)))
    weights = [1 / (rank + 1) for rank in range(len(words))]
    source.shuffle(words)
    return " ".join(source.choices(words, weights, k=30_000))


UNSEEN = (
    "Sphinx of black quartz, judge my vow: 1234567 naïve cafés, 漢字 и кириллица.\n\n  don't "
    "WE'LL  x\t\r\n<|end|>😀 \u3000end"
)


def merges(tokenizer: bpekit.Tokenizer) -> list[tuple[str, str]]:
    """The merges, in the byte alphabet, as its tokenizer.json has them."""
    model = json.loads(tokenizer.dumps(format="hf-json"))["model"]
    return [as_pair(merge) for merge in model["merges"]]


def as_pair(merge: str | list[str]) -> tuple[str, str]:
    """One merge of a tokenizer.json, written either way."""
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right


def same_bytes(one: bpekit.Tokenizer, other: bpekit.Tokenizer) -> bool:
    """Whether both are written alike in every format."""
    # What is written is made of what is pickled, and checked, which takes long.
    if pickle.dumps(one) == pickle.dumps(other):
        return True
    formats = ("tiktoken", "hf-json")
    return all(one.dumps(format=name) == other.dumps(format=name) for name in formats)
