"""Parity with sentencepiece: the same ids and texts, for real models, trained and edited ones."""

from __future__ import annotations

import importlib.util
import json
import pickle
import random
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sentencepiece
import tokenizers

import bpekit
from hostile import CONTROLS, EMOJI, MARKS, WORDS, hostile_texts
from oracle import assert_same_ids
from real import RealFile, real_file, real_files

Processor = sentencepiece.SentencePieceProcessor

FILES = [file for file in real_files("SentencePiece .model") if file.name != "ai21_j2.model"]
ROOT = Path(__file__).resolve().parents[2]

SPACES = ["▁", " ▁ ", "  ▁", "\u3000", "\t", "\u00a0", "\0", "\u200b", "\u00ad", "\r\n"]
MAPPED = ["が", "か\u3099", "e\u0301", "①", "㍿", "ﬃ", "½", "…", "Ａ", "ｶﾞ", "각", "İ"]
SYMBOLS = ["<sep>", "<cls>", "<cls><sep>", "▁▁", "▁▁▁▁", "\n", "the", "x y", "<0x", "１", "ﬁ", "é"]


@lru_cache(maxsize=1)
def models() -> ModuleType:
    """Load the generator's module, a script outside any package."""
    path = ROOT / "fixtures" / "gen" / "sentencepiece_model.py"
    spec = importlib.util.spec_from_file_location("bpekit_sentencepiece_model", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name while it is being executed.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def pieces_of(theirs: Processor) -> list[str]:
    return [theirs.IdToPiece(number) for number in range(theirs.GetPieceSize())]


def controls_of(theirs: Processor) -> list[str]:
    pieces = pieces_of(theirs)
    return [piece for number, piece in enumerate(pieces) if theirs.IsControl(number)]


def texts_for(theirs: Processor, count: int, seed: int) -> list[str]:
    """Return hostile texts, runs of spaces, and texts between tokens that are cut out."""
    pieces = pieces_of(theirs)
    specials = [*controls_of(theirs)[:20], *SYMBOLS, *SPACES, *MAPPED]
    specials += [piece for piece in pieces if piece.startswith("[REF")]
    texts = hostile_texts(
        count, seed=seed, tokens=[piece.encode() for piece in pieces], specials=specials
    )
    texts += [" " * size for size in range(80)]
    texts += ["a" + " " * size + "b" + " " * (size % 7) for size in range(60)]
    texts += ["▁" * size for size in range(9)]
    cut_out = [piece for piece in ("<sep>", "<cls>", "é", "[REF]", "[/REF]") if piece in pieces]
    between = ["", "<0x0A>", "<0x4", "<unk>", "▁", " ", "x", " <0x41> "]
    texts += [one + text + other for one in cut_out for text in between for other in [*cut_out, ""]]
    return texts


def check_ids(ours: bpekit.Tokenizer, theirs: Processor, texts: list[str]) -> None:
    expected = theirs.EncodeAsIds(texts)
    assert_same_ids(
        texts,
        ours.encode_ordinary_batch(texts),
        expected,
        encode_ours=ours.encode_ordinary,
        encode_theirs=theirs.EncodeAsIds,
    )
    for ids in expected:
        assert ours.decode(ids) == theirs.DecodeIds(ids)


def check_decoding(ours: bpekit.Tokenizer, theirs: Processor) -> None:
    """Decode ids that no text has."""
    rng = random.Random(1)
    size = theirs.GetPieceSize()
    few = min(270, size)
    for _ in range(2000):
        bounds = rng.choices((size, few), k=rng.randrange(1, 7))
        ids = [rng.randrange(bound) for bound in bounds]
        expected = theirs.DecodeIds(ids)
        if "\ufffd" not in expected:
            assert ours.decode(ids) == expected, ids
            stream = ours.decoder()
            parts = [stream.feed([number]) for number in ids]
            assert "".join(parts) + stream.finish() == expected, ids


def check_pickle(ours: bpekit.Tokenizer, texts: list[str]) -> None:
    data = pickle.dumps(ours)
    again = pickle.loads(data)
    assert pickle.dumps(again) == data
    assert again.encode_ordinary_batch(texts) == ours.encode_ordinary_batch(texts)
    ids = ours.encode_ordinary_batch(texts[:50])
    assert again.decode_batch(ids) == ours.decode_batch(ids)


def check_tokenizers(document: bytes, theirs: Processor, texts: list[str]) -> None:
    """Compare with tokenizers, which finds control pieces in a text and sentencepiece does not."""
    peer = tokenizers.Tokenizer.from_str(document.decode())
    assert [peer.id_to_token(number) for number in range(theirs.GetPieceSize())] == pieces_of(
        theirs
    )
    controls = controls_of(theirs)
    texts = [text for text in texts if not any(control in text for control in controls)]

    def encode(text: str) -> list[int]:
        ids: list[int] = peer.encode(text, add_special_tokens=False).ids
        return ids

    assert_same_ids(
        texts,
        [encode(text) for text in texts],
        theirs.EncodeAsIds(texts),
        encode_ours=encode,
        encode_theirs=theirs.EncodeAsIds,
    )


@pytest.mark.parametrize("file", FILES, ids=str)
def test_real_files(file: RealFile) -> None:
    path = real_file(file.name)
    ours, theirs = bpekit.load(path), Processor(model_file=str(path))
    assert ours.n_vocab == theirs.GetPieceSize()
    texts = texts_for(theirs, 8000, seed=sum(file.name.encode()))
    check_ids(ours, theirs, texts)
    check_decoding(ours, theirs)
    check_pickle(ours, texts[:200])
    # As one document.
    document = "\n".join(texts)[:400_000]
    assert ours.encode_ordinary(document) == theirs.EncodeAsIds(document)
    check_tokenizers(ours.dumps(format="hf-json"), theirs, texts)
    assert ours.dumps(format="sentencepiece") == path.read_bytes()
    check_added(ours, texts)


def check_added(ours: bpekit.Tokenizer, texts: list[str]) -> None:
    """Add tokens, and compare with sentencepiece what is written."""
    added = bpekit.edit.add_tokens(
        ours, ["<new>", "éé", "new\nline"], special=False, normalized=True
    )
    added = bpekit.edit.add_tokens(added, ["<|start|>", "<|stop|>"])
    theirs = Processor(model_proto=added.dumps(format="sentencepiece"))
    assert theirs.GetPieceSize() == added.n_vocab == ours.n_vocab + 5
    assert [theirs.PieceToId(text) for text in ("<new>", "<|stop|>")] == [
        ours.n_vocab,
        ours.n_vocab + 4,
    ]
    assert theirs.IsControl(ours.n_vocab + 3)
    assert not theirs.IsControl(ours.n_vocab + 2)
    names = ("bos_id", "eos_id", "pad_id", "unk_id")
    before = Processor(model_proto=ours.dumps(format="sentencepiece"))
    for name in names:
        assert getattr(theirs, name)() == getattr(before, name)()
    parts = ["<new>", "éé", "new\nline", "<|stop|>"]
    rng = random.Random(len(texts))
    texts = [
        *(rng.choice(parts) + text for text in texts),
        *(text[:3] + rng.choice(parts) + text[3:] for text in texts),
        *(one + other for one in parts for other in parts),
    ]
    check_ids(added, theirs, texts)
    check_decoding(added, theirs)


def test_the_published_tokenizer_json_has_the_same_vocab() -> None:
    ours = bpekit.load(real_file("mistral_spm.model.v1"))
    published = json.loads(real_file("lenml_llama2_tokenizer.json").read_bytes())
    written = json.loads(ours.dumps(format="hf-json"))
    assert written["model"]["vocab"] == published["model"]["vocab"]
    assert written["normalizer"] == published["normalizer"]
    assert written["decoder"] == published["decoder"]


def test_other_kinds_are_refused_by_name() -> None:
    with pytest.raises(bpekit.UnsupportedError, match="is `unigram`; only `bpe` can be read"):
        bpekit.load(real_file("ai21_j2.model"))


@lru_cache(maxsize=1)
def sentences() -> list[str]:
    rng = random.Random(7)
    lines = (ROOT / "README.md").read_text(encoding="utf-8").split("\n")
    lines += [" ".join(rng.choices(WORDS, k=8)) for _ in range(300)]
    return [line for line in lines if line.strip()]


def train(**options: Any) -> Any:
    options = {"vocab_size": 700, "character_coverage": 0.995, **options}
    return models().train(sentences(), **options)


IDENTITY = {"normalization_rule_name": "identity"}
KEPT = {**IDENTITY, "remove_extra_whitespaces": False}
LLAMA = {**KEPT, "byte_fallback": True, "split_digits": True}
CUT_OUT = {"user_defined_symbols": SYMBOLS, "control_symbols": ["<ctl>"], "pad_id": 3}

# What is trained, and whether a tokenizer.json says the same.
TRAINED: dict[str, tuple[dict[str, Any], bool]] = {
    "default": ({}, False),
    "fallback": ({"byte_fallback": True}, False),
    "spaces kept": ({"remove_extra_whitespaces": False}, False),
    "case folded": ({"normalization_rule_name": "nmt_nfkc_cf", "byte_fallback": True}, False),
    "nfkc": ({"normalization_rule_name": "nfkc", "remove_extra_whitespaces": False}, False),
    "no prefix": ({"add_dummy_prefix": False, "byte_fallback": True}, False),
    "suffix": ({"treat_whitespace_as_suffix": True}, False),
    "suffix, spaces kept": ({**LLAMA, "treat_whitespace_as_suffix": True}, False),
    "identity": (IDENTITY, True),
    "llama": (LLAMA, True),
    "llama, no fallback": (KEPT, True),
    "gemma": ({**LLAMA, **CUT_OUT, "add_dummy_prefix": False}, True),
    "cut out": ({**LLAMA, **CUT_OUT}, True),
    "cut out, mapped": (CUT_OUT, False),
    "spaces within": ({**LLAMA, "split_by_whitespace": False}, True),
    "runs of spaces": ({**LLAMA, "allow_whitespace_only_pieces": True}, True),
    "other names": (
        {"unk_id": 3, "bos_id": 0, "eos_id": 1, "pad_id": 2, "unk_surface": "?"},
        False,
    ),
    "no control": ({**IDENTITY, "bos_id": -1, "eos_id": -1}, True),
}


def check_model(model: Any, *, has_document: bool) -> None:
    data = model.data()
    ours, theirs = bpekit.loads(data), Processor(model_proto=data)
    texts = texts_for(theirs, 1500, seed=3) + sentences()[:200]
    texts += ["".join(MARKS), "e" + MARKS, CONTROLS, "".join(EMOJI)]
    check_ids(ours, theirs, texts)
    check_decoding(ours, theirs)
    check_pickle(ours, texts[:50])
    written = ours.dumps(format="sentencepiece")
    assert bpekit.loads(written).dumps(format="sentencepiece") == written
    check_ids(ours, Processor(model_proto=written), texts)
    long = "".join(texts)[:40_000]
    assert ours.encode_ordinary(long) == theirs.EncodeAsIds(long)
    if has_document:
        check_tokenizers(ours.dumps(format="hf-json"), theirs, texts)
    else:
        with pytest.raises((bpekit.UnsupportedError, bpekit.LossyConversionError)):
            ours.dumps(format="hf-json")


@pytest.mark.parametrize("name", TRAINED)
def test_trained_models(name: str) -> None:
    options, has_document = TRAINED[name]
    check_model(train(**options), has_document=has_document)


def unused(model: Any) -> None:
    rng = random.Random(1)
    for piece in model.pieces:
        if piece.kind == models().NORMAL and rng.random() < 0.3:
            piece.kind = models().UNUSED


def ties(model: Any) -> None:
    rng = random.Random(2)
    for piece in model.pieces:
        if piece.kind == models().NORMAL:
            piece.score = -float(rng.randrange(20))


def ties_and_unused(model: Any) -> None:
    ties(model)
    unused(model)


def shuffled(model: Any) -> None:
    normal = [piece for piece in model.pieces if piece.kind == models().NORMAL]
    scores = [piece.score for piece in normal]
    random.Random(3).shuffle(scores)
    for piece, score in zip(normal, scores, strict=True):
        piece.score = score


def runs_of_one_score(model: Any) -> None:
    known = {piece.text for piece in model.pieces}
    runs = ["▁" * size for size in (2, 3, 4, 6, 8, 9, 16)]
    model.pieces = [piece for piece in model.pieces if piece.text not in runs]
    model.pieces += [models().Piece(run, -1e9) for run in runs]
    assert "▁" in known


def without_characters(model: Any) -> None:
    model.pieces = [piece for piece in model.pieces if piece.text not in ("e", "a", "о", "本")]


def characters_of_control(model: Any) -> None:
    for piece in model.pieces:
        if piece.text in ("e", "a", "▁"):
            piece.kind = models().CONTROL


def spaces_not_escaped(model: Any) -> None:
    model.set("normalizer", 5, 0)
    for piece in model.pieces:
        if piece.kind == models().NORMAL:
            piece.text = piece.text.replace("▁", " ")


def nested(model: Any) -> None:
    """As deep as sentencepiece looks, and takes apart."""
    deep = [models().Piece("¤" * size, float(size), models().UNUSED) for size in range(2, 140)]
    model.pieces += [models().Piece("¤", 1.0), *deep]
    user = [models().Piece("§" * size, 0.0, models().USER_DEFINED) for size in range(1, 65)]
    model.pieces += user


def nul(model: Any) -> None:
    model.pieces.append(models().Piece("\0", -1.0))


EDITED: dict[str, tuple[Callable[[Any], None], dict[str, Any], bool]] = {
    "unused": (unused, LLAMA, False),
    "unused, no fallback": (unused, IDENTITY, False),
    "unused, mapped": (unused, {}, False),
    "ties": (ties, LLAMA, False),
    "ties and unused": (ties_and_unused, KEPT, False),
    "shuffled": (shuffled, LLAMA, True),
    "runs of one score": (runs_of_one_score, LLAMA, True),
    "runs of one score, no fallback": (runs_of_one_score, KEPT, True),
    "without characters": (without_characters, LLAMA, False),
    "without characters, no fallback": (without_characters, KEPT, False),
    "characters of control": (characters_of_control, LLAMA, False),
    "spaces not escaped": (spaces_not_escaped, LLAMA, True),
    "spaces not escaped, removed": (spaces_not_escaped, IDENTITY, True),
    "nested": (nested, LLAMA, False),
    "nul": (nul, LLAMA, False),
}


@pytest.mark.parametrize("name", EDITED)
def test_edited_models(name: str) -> None:
    edit, options, has_document = EDITED[name]
    model = train(**options)
    edit(model)
    check_model(model, has_document=has_document)


def test_trained_models_are_written_as_they_were() -> None:
    for options in ({}, LLAMA, {**LLAMA, **CUT_OUT}):
        data = train(**options).data()
        assert bpekit.loads(data).dumps(format="sentencepiece") == data


def test_tests_of_itself_go_where_they_could_fail() -> None:
    """A model says what some texts encode to, and sentencepiece refuses one where that is false."""
    data = train(**LLAMA, self_test_sample_size=20).data()
    ours = bpekit.loads(data)
    assert ours.dumps(format="sentencepiece") == data
    piece = max(
        (piece for text in sentences() for piece in text.split()),
        key=lambda piece: (sum(piece in text for text in sentences()), piece),
    )
    added = bpekit.edit.add_tokens(ours, piece, special=False, normalized=True)
    texts = texts_for(Processor(model_proto=data), 300, seed=5) + sentences()
    check_ids(added, Processor(model_proto=added.dumps(format="sentencepiece")), texts)


def test_edits_that_a_model_can_say() -> None:
    data = train(**{**LLAMA, **CUT_OUT}).data()
    ours = bpekit.loads(data)
    texts = texts_for(Processor(model_proto=data), 500, seed=6)
    # The last control piece leaves a hole that is closed.
    removed = bpekit.edit.remove_tokens(ours, ["<ctl>", "<cls>"])
    with pytest.raises(bpekit.UnsupportedError, match="ids are the places of pieces"):
        removed.dumps(format="sentencepiece")
    closed = bpekit.edit.compact(removed)
    theirs = Processor(model_proto=closed.dumps(format="sentencepiece"))
    assert theirs.GetPieceSize() == ours.n_vocab - 2
    check_ids(closed, theirs, texts)
    resized = bpekit.edit.resize(ours, multiple_of=64)
    theirs = Processor(model_proto=resized.dumps(format="sentencepiece"))
    assert theirs.GetPieceSize() == resized.n_vocab > ours.n_vocab
    check_ids(resized, theirs, texts)
    last = ours.n_vocab - 1
    moved = bpekit.edit.reorder(ours, {last: 300, 300: last})
    theirs = Processor(model_proto=moved.dumps(format="sentencepiece"))
    check_ids(moved, theirs, texts)


def test_what_a_model_cannot_say_is_refused() -> None:
    ours = bpekit.loads(train(**LLAMA).data())
    flagged = bpekit.edit.add_tokens(ours, "<mask>", special=False, normalized=True, lstrip=True)
    with pytest.raises(bpekit.LossyConversionError, match="a piece has no flags"):
        flagged.dumps(format="sentencepiece")
    allowed = flagged.dumps(format="sentencepiece", allow_loss=["added-token-flags"])
    assert Processor(model_proto=allowed).PieceToId("<mask>") == ours.n_vocab
    with pytest.raises(bpekit.UnsupportedError, match="by scores, and the tokenizer has none"):
        bpekit.demo().dumps(format="sentencepiece")


def test_a_map_is_lost_only_where_that_is_allowed() -> None:
    ours = bpekit.loads(train().data())
    document = ours.dumps(format="hf-json", allow_loss=["normalizer"])
    again, peer = bpekit.loads(document), tokenizers.Tokenizer.from_str(document.decode())
    texts = hostile_texts(4000, seed=11, specials=[*SPACES, *MAPPED])

    def encode(text: str) -> list[int]:
        ids: list[int] = peer.encode(text, add_special_tokens=False).ids
        return ids

    assert_same_ids(
        texts,
        again.encode_ordinary_batch(texts),
        [encode(text) for text in texts],
        encode_ours=again.encode_ordinary,
        encode_theirs=encode,
    )
    assert again.dumps(format="hf-json") == document
