"""GGUF files against llama.cpp, against what its own tests expect, and against other formats."""

from __future__ import annotations

import json
import random
import re
import shutil
import struct
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import gguf
import pytest
import tokenizers

import bpekit
from hostile import hostile_texts
from llama_cpp import LlamaVocab
from oracle import assert_same_ids
from real import RealFile, real_file, real_files

FILES = real_files("GGUF vocab-only")
LISTED = {file.name for file in real_files()}
OTHER_KINDS = {
    "ggml-vocab-bert-bge.gguf": "`bert` (WordPiece)",
    "ggml-vocab-nomic-bert-moe.gguf": "`t5` (Unigram)",
}
READ = [file for file in FILES if file.name not in OTHER_KINDS]
# The same tokenizer in another format; what llama.cpp cuts otherwise is left out of the texts.
PAIRS = [
    ("ggml-vocab-gpt-2.gguf", "r50k_base.tiktoken"),
    ("ggml-vocab-llama-bpe.gguf", "lenml_llama3_tokenizer.json"),
    ("ggml-vocab-qwen2.gguf", "qwen3_tokenizer.json"),
]
LONG_S = "\u017f"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# llama.cpp has the tables of Unicode 15.1; a newer character may be of another class there.
needs_same_tables = pytest.mark.skipif(
    tuple(map(int, unicodedata.unidata_version.split("."))) > (15, 1, 0),
    reason="Python knows characters that llama.cpp does not",
)


@lru_cache(maxsize=1)
def loaded(name: str) -> bpekit.Tokenizer:
    return bpekit.load(real_file(name))


def texts_of(ours: bpekit.Tokenizer, count: int, seed: int) -> list[str]:
    held = ours.token_byte_values()
    tokens = held[:: max(1, len(held) // 4000)]
    specials = sorted(ours.special_tokens)[:200]
    texts = hostile_texts(
        count, seed=seed, tokens=[t for t in tokens if t], specials=specials, only_assigned=True
    )
    # std::regex goes a level deeper with each character.
    return [text[:2000] for text in texts]


def encode(ours: bpekit.Tokenizer, text: str, *, special: bool) -> list[int]:
    if special:
        return ours.encode(text, allowed_special="all", add_special_tokens=True)
    return ours.encode_ordinary(text)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_expected_ids(file: RealFile) -> None:
    if file.name in OTHER_KINDS:
        with pytest.raises(bpekit.UnsupportedError, match=re.escape(OTHER_KINDS[file.name])):
            loaded(file.name)
        return
    if f"{file.name}.inp" not in LISTED:
        return
    # As llama.cpp's tests/test-tokenizer-0.cpp reads them.
    content = real_file(f"{file.name}.inp").read_bytes().decode()
    texts = content.split("\n__ggml_vocab_test__\n")
    lines = real_file(f"{file.name}.out").read_text().split("\n")
    assert len(texts) <= len(lines) and len(texts) > 40
    for text, line in zip(texts, lines, strict=False):
        assert loaded(file.name).encode_ordinary(text) == [int(token) for token in line.split()]


@needs_same_tables
@pytest.mark.parametrize("file", READ, ids=str)
def test_same_ids_as_llama_cpp(file: RealFile) -> None:
    ours, theirs = loaded(file.name), LlamaVocab(real_file(file.name))
    texts = texts_of(ours, 1500, seed=sum(file.name.encode()))
    if "phi-3" in file.name:
        # Beside its special tokens llama.cpp takes ASCII's white space alone.
        texts = [re.sub(r"[^\S \t\n\r\v\f]|[\x1c-\x1f]", "", text) for text in texts]
    if "falcon" in file.name or "starcoder" in file.name or "refact" in file.name:
        # Where `>>PREFIX<<` and `<|endoftext|>` overlap, llama.cpp makes the longer.
        texts = [text for text in texts if can_encode(ours, text) and "<<|" not in text]
        assert len(texts) > 700
    for special in (False, True):

        def encode_ours(text: str, special: bool = special) -> list[int]:
            return encode(ours, text, special=special)

        def encode_theirs(text: str, special: bool = special) -> list[int]:
            return theirs.encode(text, special=special)

        assert_same_ids(
            texts,
            [encode_ours(text) for text in texts],
            [encode_theirs(text) for text in texts],
            encode_ours=encode_ours,
            encode_theirs=encode_theirs,
        )


def can_encode(ours: bpekit.Tokenizer, text: str) -> bool:
    """Say whether each byte has a token; llama.cpp leaves others out of the text."""
    try:
        ours.encode(text, allowed_special="all")
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("one", "other"), [p for p in PAIRS if set(p) <= LISTED])
def test_pairs(one: str, other: str) -> None:
    ours, theirs = loaded(one), bpekit.load(real_file(other))
    texts = hostile_texts(8000, seed=11, only_assigned=True)
    texts = [unicodedata.normalize("NFC", text.replace(LONG_S, "s")) for text in texts]
    assert_same_ids(
        texts,
        ours.encode_ordinary_batch(texts),
        theirs.encode_ordinary_batch(texts),
        encode_ours=ours.encode_ordinary,
        encode_theirs=theirs.encode_ordinary,
    )


@pytest.mark.parametrize("file", READ, ids=str)
def test_as_tokenizer_json(file: RealFile, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    ours = loaded(file.name)
    ours.save(path)
    theirs = tokenizers.Tokenizer.from_file(str(path))
    texts = [text for text in texts_of(ours, 1500, seed=5) if can_encode(ours, text)]

    def encode_theirs(text: str) -> list[int]:
        ids: list[int] = theirs.encode(text).ids
        return ids

    def encode_ours(text: str) -> list[int]:
        return encode(ours, text, special=True)

    assert_same_ids(
        texts,
        [encode_ours(text) for text in texts],
        [encode_theirs(text) for text in texts],
        encode_ours=encode_ours,
        encode_theirs=encode_theirs,
    )


class Pairs:
    """A vocab of all bytes and all pairs of some of them, which merge in a random order.

    So most ways to cut a text give ids of their own.
    """

    def __init__(self, paired: Callable[[int], bool]) -> None:
        prints = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
        others = [byte for byte in range(256) if byte not in prints]
        characters = [*map(chr, prints), *(chr(256 + index) for index in range(len(others)))]
        bytes_of = [*prints, *others]
        some = [c for c, byte in zip(characters, bytes_of, strict=True) if paired(byte)]
        couples = list(product(some, repeat=2))
        random.Random(7).shuffle(couples)
        self.tokens = [*characters, *(left + right for left, right in couples)]
        self.merges = [f"{left} {right}" for left, right in couples]

    def write(self, path: Path, pre: str) -> None:
        """Write a GGUF file whose split has this name."""
        ggml = "tokenizer.ggml."

        def text(value: str) -> bytes:
            data = value.encode()
            return struct.pack("<Q", len(data)) + data

        def texts(values: list[str]) -> bytes:
            return struct.pack("<IIQ", 9, 8, len(values)) + b"".join(map(text, values))

        values = {
            "general.architecture": struct.pack("<I", 8) + text("llama"),
            ggml + "model": struct.pack("<I", 8) + text("gpt2"),
            ggml + "pre": struct.pack("<I", 8) + text(pre),
            ggml + "tokens": texts(self.tokens),
            ggml + "merges": texts(self.merges),
            ggml + "bos_token_id": struct.pack("<II", 4, 1),
            ggml + "eos_token_id": struct.pack("<II", 4, 2),
        }
        data = b"GGUF" + struct.pack("<IQQ", 3, 0, len(values))
        path.write_bytes(data + b"".join(text(key) + value for key, value in values.items()))


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    return Pairs(lambda byte: True)


@lru_cache(maxsize=1)
def names() -> list[str]:
    """Return every name of a split that is known, out of the error that lists them."""
    path = Path(__file__).parents[2] / "fixtures/valid/gguf/unknown-pre/unknown-pre.gguf"
    with pytest.raises(bpekit.UnsupportedError) as caught:
        bpekit.load(path)
    listed = str(caught.value).split("known are ")[1].split("\n")[0]
    return listed.split(", ")


def test_every_name_cuts_as_in_llama_cpp(pairs: Pairs, tmp_path: Path) -> None:
    assert len(names()) > 80
    ascii_pairs = Pairs(lambda byte: byte < 128)
    texts = hostile_texts(1200, seed=3, only_assigned=True)
    texts += [f"a{digits}b {digits}" for digits in ("1234567890123"[:n] for n in range(14))]
    texts = [text[:600] for text in texts if text]
    ways = set()
    for name in names():
        path = tmp_path / f"{name}.gguf"
        (pairs if name in FIRST else ascii_pairs).write(path, name)
        ours, theirs = bpekit.load(path), LlamaVocab(path)
        few = texts[:: 1 if name in FIRST else 12]
        assert_same_ids(
            few,
            ours.encode_ordinary_batch(few),
            theirs.encode_batch(few, special=False),
            encode_ours=ours.encode_ordinary,
            encode_theirs=lambda text, theirs=theirs: theirs.encode(text, special=False),
        )
        # And with the tokens around a text.
        assert encode(ours, "a b", special=True) == theirs.encode("a b", special=True), name
        if name in FIRST:
            ways.add(tuple(map(tuple, ours.encode_ordinary_batch(texts))))
        path.unlink()
    # No two ways to cut are the same, so that the texts tell them apart.
    assert len(ways) == len(FIRST)


# One name of each way to cut. The way of bailingmoe is written otherwise than that of qwen2, and is
# the same for every text, as `bpekit verify` shows.
FIRST = (
    "gpt-2 llama-bpe qwen2 qwen35 gpt-4o tekken kimi-k2 deepseek-v3 deepseek-llm deepseek-coder "
    "starcoder falcon bloom viking seed-coder jais-2 exaone-moe minicpm5 ufakzeka laguna "
    "granite-embed-multi-97m youtu tiny_aya afmoe spark2_5 superbpe chameleon default"
).split()


@pytest.mark.parametrize("name", FIRST)
def test_every_way_to_cut_as_tokenizer_json(name: str, pairs: Pairs, tmp_path: Path) -> None:
    pairs.write(tmp_path / "t.gguf", name)
    ours = bpekit.load(tmp_path / "t.gguf")
    assert ours.save(tmp_path / "tokenizer.json").verdict == "exact"
    theirs = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    texts = hostile_texts(1000, seed=4, only_assigned=True)
    expected = theirs.encode_batch(texts, add_special_tokens=False)
    assert_same_ids(
        texts,
        ours.encode_ordinary_batch(texts),
        [encoding.ids for encoding in expected],
        encode_ours=ours.encode_ordinary,
        encode_theirs=lambda text: theirs.encode(text, add_special_tokens=False).ids,
    )


def test_an_unknown_name_needs_a_pattern(pairs: Pairs, tmp_path: Path) -> None:
    path = tmp_path / "t.gguf"
    pairs.write(path, "my-own-split")
    with pytest.raises(bpekit.UnsupportedError, match="`my-own-split`"):
        bpekit.load(path)
    ours = bpekit.load(path, pattern="gpt2")
    pairs.write(path, "gpt-2")
    assert ours.encode_ordinary("a bc  d 12!") == bpekit.load(path).encode_ordinary("a bc  d 12!")
    with pytest.raises(ValueError, match="`pattern` is for rank files"):
        bpekit.load(path, pattern="gpt2")


def test_what_is_written_loads_in_llama_cpp(tmp_path: Path) -> None:
    demo = bpekit.demo()
    source = tmp_path / "demo.gguf"
    ours = bpekit.Tokenizer(
        "d",
        pat_str=GPT2,
        mergeable_ranks=ranks_of(demo),
        special_tokens={"<|end|>": 3000, "<|x|>": 3002},
    )
    assert ours.save(source).verdict == "exact"
    theirs = LlamaVocab(source)
    texts = texts_of(ours, 1500, seed=9)
    assert theirs.encode_batch(texts, special=False) == ours.encode_ordinary_batch(texts)
    again = bpekit.load(source)
    assert again.encode("a<|x|>b", allowed_special="all") == theirs.encode("a<|x|>b", special=True)


class Written(NamedTuple):
    """What a directory of transformers becomes in gguf-py's hands."""

    tokens: list[str]
    types: list[gguf.TokenType]
    special: gguf.SpecialVocab


def by_gguf_py(folder: Path) -> Written:
    """Read a directory as llama.cpp's convert_hf_to_gguf.py does for byte-level BPE."""
    document = json.loads((folder / "tokenizer.json").read_bytes())
    texts = {token: text for text, token in document["model"]["vocab"].items()}
    types = dict.fromkeys(texts, gguf.TokenType.NORMAL)
    for token in document["added_tokens"]:
        texts[token["id"]] = token["content"]
        is_special = token["special"]
        kind = gguf.TokenType.CONTROL if is_special else gguf.TokenType.USER_DEFINED
        types[token["id"]] = kind
    count = max(texts) + 1
    return Written(
        [texts.get(token, f"[PAD{token}]") for token in range(count)],
        [types.get(token, gguf.TokenType.UNUSED) for token in range(count)],
        gguf.SpecialVocab(folder, load_merges=True),
    )


def write_by_gguf_py(path: Path, written: Written, *, pre: str, adds: dict[str, bool]) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(written.tokens)
    writer.add_token_types(written.types)
    written.special.add_special_token = adds
    written.special.add_to_gguf(writer, quiet=True)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


# With what a converter puts around texts.
DIRECTORIES = [
    ("llama3_1", "llama-bpe", {"bos": True, "eos": False}),
    ("gpt4o", "gpt-4o", {"bos": False, "eos": False}),
]


@pytest.mark.parametrize(("name", "pre", "adds"), DIRECTORIES, ids=lambda value: str(value))
def test_same_file_as_gguf_py(name: str, pre: str, adds: dict[str, bool], tmp_path: Path) -> None:
    if f"lenml_{name}_tokenizer.json" not in LISTED:
        pytest.skip("not of this set")
    folder = tmp_path / name
    folder.mkdir()
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(real_file(f"lenml_{name}_{file}"), folder / file)
    ours = bpekit.load(folder)
    ours.save(tmp_path / "ours.gguf", allow_loss=("pretokenizer",))
    write_by_gguf_py(tmp_path / "theirs.gguf", by_gguf_py(folder), pre=pre, adds=adds)
    assert (tmp_path / "ours.gguf").read_bytes() == (tmp_path / "theirs.gguf").read_bytes()
    # It reads back as what it was, but for the split.
    again = bpekit.load(tmp_path / "ours.gguf")
    assert bpekit.verify(ours, again, ignore=["pretokenizer"]).kind == "equal"
    assert again.save(tmp_path / "again.gguf").verdict == "exact"
    assert (tmp_path / "again.gguf").read_bytes() == (tmp_path / "ours.gguf").read_bytes()


def test_gguf_py_knows_every_key(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "fixtures/valid/gguf"
    known = {
        value
        for group in (gguf.Keys.Tokenizer, gguf.Keys.General)
        for name, value in vars(group).items()
        if not name.startswith("_")
    }
    kinds = {
        gguf.Keys.Tokenizer.MODEL: ["STRING"],
        gguf.Keys.Tokenizer.PRE: ["STRING"],
        gguf.Keys.Tokenizer.LIST: ["ARRAY", "STRING"],
        gguf.Keys.Tokenizer.TOKEN_TYPE: ["ARRAY", "INT32"],
        gguf.Keys.Tokenizer.MERGES: ["ARRAY", "STRING"],
        gguf.Keys.Tokenizer.BOS_ID: ["UINT32"],
        gguf.Keys.Tokenizer.EOS_ID: ["UINT32"],
        gguf.Keys.Tokenizer.ADD_BOS: ["BOOL"],
        gguf.Keys.Tokenizer.ADD_EOS: ["BOOL"],
        gguf.Keys.Tokenizer.CHAT_TEMPLATE: ["STRING"],
    }
    for name in ("gpt-2", "llama-bpe", "version-2"):
        # By way of tokenizer.json nothing of the file is left to be copied.
        source = bpekit.load(folder / name / f"{name}.gguf")
        source.save(f"{tmp_path}/{name}/", allow_loss=("unknown-fields",))
        path = tmp_path / f"{name}.gguf"
        bpekit.load(tmp_path / name).save(path, allow_loss=("pretokenizer", "unknown-fields"))
        reader = gguf.GGUFReader(path)
        assert not reader.tensors
        written = {key: field for key, field in reader.fields.items() if "GGUF." not in key}
        assert set(written) <= known
        assert len(set(kinds) & set(written)) >= 7
        for key, field in written.items():
            assert key not in kinds or [kind.name for kind in field.types] == kinds[key], key
        count = len(written[gguf.Keys.Tokenizer.LIST].data)
        assert count == source.n_vocab == len(written[gguf.Keys.Tokenizer.TOKEN_TYPE].data)


VERDICTS = [
    ("ggml-vocab-gpt-2.gguf", "r50k_base.tiktoken", (), "equal", None),
    # The original alone cuts behind an apostrophe and a long s: `átky` is looked up as a pretoken.
    ("ggml-vocab-llama-bpe.gguf", "lenml_llama3_1_tokenizer.json", (), "different", "'ſátky"),
    ("ggml-vocab-qwen2.gguf", "qwen3_tokenizer.json", (), "different", "</s>"),
    ("ggml-vocab-qwen2.gguf", "qwen3_tokenizer.json", ("added-tokens",), "different", "e\u0301"),
    # No token of Qwen's goes across that cut.
    (
        "ggml-vocab-qwen2.gguf",
        "qwen3_tokenizer.json",
        ("added-tokens", "normalizer"),
        "equal",
        None,
    ),
]


@pytest.mark.parametrize(
    ("one", "other", "ignore", "kind", "text"), [v for v in VERDICTS if {v[0], v[1]} <= LISTED]
)
def test_verdicts(one: str, other: str, ignore: tuple[str, ...], kind: str, text: str) -> None:
    verdict = bpekit.verify(real_file(one), real_file(other), ignore=ignore)
    assert (verdict.kind, verdict.counterexample) == (kind, text), str(verdict)


@pytest.mark.skipif("ggml-vocab-llama-bpe.gguf" not in LISTED, reason="not in this set")
def test_the_long_s_is_another_token_in_llama_cpp() -> None:
    path = real_file("ggml-vocab-llama-bpe.gguf")
    text = "'ſátky"
    theirs = LlamaVocab(path).encode(text, special=False)
    assert bpekit.load(path).encode(text) == theirs
    original = bpekit.load(real_file("llama3_tokenizer.model"), name="llama3_0")
    peer = tokenizers.Tokenizer.from_file(str(real_file("lenml_llama3_tokenizer.json")))
    assert original.encode(text) == peer.encode(text, add_special_tokens=False).ids != theirs


def test_a_token_that_llama_cpp_makes_special(tmp_path: Path) -> None:
    # Qwen's vocab has `</s>` as a token that no text becomes; llama.cpp looks for it.
    source = bpekit.load(real_file("qwen3_tokenizer.json"))
    path = tmp_path / "qwen3.gguf"
    with pytest.raises(bpekit.LossyConversionError, match="the first is `</s>`"):
        source.save(path, allow_loss=("normalizer", "pretokenizer"))
    source.save(path, allow_loss=("normalizer", "pretokenizer", "non-special-tokens"))
    again = bpekit.load(path)
    token = again.encode_single_token("</s>")
    for text in ("a </s>b", "</s>"):
        ids = again.encode(text, allowed_special="all")
        assert token in ids and ids == LlamaVocab(path).encode(text, special=True)
        assert again.encode_ordinary(text) == source.encode_ordinary(text)


def ranks_of(tokenizer: bpekit.Tokenizer) -> dict[bytes, int]:
    return {tokenizer.decode_single_token_bytes(rank): rank for rank in range(3000)}
