"""Whether two tokenizers make the same of every text: pairs, mutations, and what is refused."""

from __future__ import annotations

import copy
import itertools
import json
import random
import time
from typing import Any

import pytest
import tokenizers

import bpekit
from real import real_file, real_files
from small import demo

LETTERS = ["a", "b", "e", "t", "h", "n", " ", "1", "2", "3", "'", "s", "é", "\n", "!", "日"]


def trained() -> dict[str, Any]:
    """Return the demo tokenizer as a tokenizer.json with the pattern of cl100k."""
    source = bpekit.Tokenizer(
        "trained",
        pat_str=CL100K,
        mergeable_ranks=demo().mergeable_ranks,
        special_tokens=demo().special_tokens,
    )
    document: dict[str, Any] = json.loads(source.dumps(format="hf-json"))
    model = document["model"]
    model["merges"] = [merge.split(" ") for merge in model["merges"]]
    # tokenizers gives an added token the id of its place, unless it stands in the vocab.
    model["vocab"].update(demo().special_tokens)
    return document


CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)


def pattern_of(document: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = document["pre_tokenizer"]["pretokenizers"][0]["pattern"]
    return found


def mutated(base: dict[str, Any], rng: random.Random) -> tuple[str, dict[str, Any]]:
    """Return the document with one thing changed, harmless or not, and what it is."""
    document = copy.deepcopy(base)
    model = document["model"]
    merges, vocab = model["merges"], model["vocab"]
    kinds = "swap near adjacent id drop add special pattern normalizer lookup flag post".split()
    kinds += "more unused behavior spelling decoder unknown".split()
    kind = rng.choice(kinds)
    unused = max(vocab.values()) + 1
    if kind in ("swap", "near", "adjacent"):
        reach = {"swap": len(merges) - 1, "near": 20, "adjacent": 1}[kind]
        one = rng.randrange(len(merges) - reach)
        other = one + rng.randint(1, reach)
        merges[one], merges[other] = merges[other], merges[one]
    elif kind == "id":
        one, other = rng.sample(list(vocab), 2)
        vocab[one], vocab[other] = vocab[other], vocab[one]
    elif kind == "drop":
        merges.pop(rng.randrange(len(merges)))
    elif kind == "add":
        short = [token for token in vocab if len(token) < 4]
        pairs = ([rng.choice(short), rng.choice(short)] for _ in itertools.count())
        pair = next(pair for pair in pairs if "".join(pair) not in vocab)
        vocab["".join(pair)] = unused
        merges.insert(rng.choice([len(merges), rng.randrange(len(merges))]), pair)
    elif kind == "special":
        vocab.pop(document["added_tokens"][-1]["content"])
        content = rng.choice(["<|x|>", "<|endoftext|", "<|END|>"])
        document["added_tokens"][-1]["content"] = content
        vocab[content] = unused - 1
    elif kind == "pattern":
        old, new = rng.choice(
            [
                (r"\p{N}{1,3}", r"\p{N}+"),
                (r"\p{N}{1,3}", r"\p{N}{1,2}"),
                (r"\s+(?!\S)|", ""),
                (r"\p{L}+", r"[\p{L}\p{M}]+"),
                (r"[\r\n]*", ""),
                (r"\s*[\r\n]+|", ""),
            ]
        )
        kind = f"{kind} {old} to {new}"
        assert old in pattern_of(document)["Regex"]
        pattern_of(document)["Regex"] = pattern_of(document)["Regex"].replace(old, new)
    elif kind == "normalizer":
        document["normalizer"] = {"type": rng.choice(["NFC", "NFKC", "NFD"])}
    elif kind == "lookup":
        model["ignore_merges"] = not model["ignore_merges"]
    elif kind == "flag":
        flag = rng.choice(["lstrip", "rstrip", "single_word", "normalized", "special"])
        document["added_tokens"][-1][flag] ^= True
        kind = f"{kind} {flag}"
    elif kind == "post":
        token = document["added_tokens"][-1]
        name = token["content"]
        first = {"SpecialToken": {"id": name, "type_id": 0}}
        text = {"Sequence": {"id": "A", "type_id": 0}}
        document["post_processor"] = {
            "type": "TemplateProcessing",
            "single": [first, text],
            "pair": [first, text, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {name: {"id": name, "ids": [token["id"]], "tokens": [name]}},
        }
    elif kind == "more":
        more = dict(document["added_tokens"][0], id=unused, content="<|more|>")
        document["added_tokens"].append(more)
        vocab["<|more|>"] = unused
    elif kind == "unused":
        vocab["zqzqzq"] = unused
    elif kind == "behavior":
        document["pre_tokenizer"]["pretokenizers"][0].update(behavior="Removed", invert=True)
    elif kind == "spelling":
        pattern_of(document)["Regex"] = pattern_of(document)["Regex"].replace(r"\p{L}+", r"\p{L}++")
    elif kind == "decoder":
        document["decoder"]["use_regex"] ^= True
    else:
        model["fuse_unk"] ^= True
    return kind, document


def all_texts(base: dict[str, Any]) -> list[str]:
    """Return the texts on which every two tokenizers are compared."""
    rng = random.Random(5)
    texts = ["".join(part) for n in (1, 2, 3) for part in itertools.product(LETTERS, repeat=n)]
    decoder = tokenizers.decoders.ByteLevel()
    words = [decoder.decode([token]) for token in base["model"]["vocab"]]
    words = [word for word in words if "\ufffd" not in word]
    texts += words
    texts += ["".join(rng.choices(words, k=rng.randint(2, 4))) for _ in range(6000)]
    texts += [
        "e\u0301",
        "\u212b",
        "ﬁ",
        "<|x|>",
        "a<|more|>b",
        "<|END|>",
        " <|endoftext|> ",
        "x<|endoftext|>y",
    ]
    return texts


def test_mutations() -> None:
    """Never "equal" where a text differs, and nearly always the text where one does."""
    base = trained()
    texts = all_texts(base)
    rng = random.Random(11)
    one = bpekit.loads(json.dumps(base).encode())
    base_ids = [
        found.ids for found in tokenizers.Tokenizer.from_str(json.dumps(base)).encode_batch(texts)
    ]
    found = {"equal": 0, "different": 0, "undecided": 0}
    missed = 0
    for _ in range(200):
        kind, document = mutated(base, rng)
        text = json.dumps(document)
        peer = tokenizers.Tokenizer.from_str(text)
        try:
            other = bpekit.loads(text.encode())
        except bpekit.FormatError:
            # A merge without its parts, which tokenizers takes.
            assert kind == "drop", kind
            continue
        verdict = bpekit.verify(one, other)
        found[verdict.kind] += 1
        if verdict.kind == "different":
            assert verdict.counterexample is not None
            assert peer.encode(verdict.counterexample).ids == verdict.ids_b, kind
            assert verdict.ids_a != verdict.ids_b, kind
            continue
        ids = [found.ids for found in peer.encode_batch(texts)]
        differs = [text for text, a, b in zip(texts, base_ids, ids, strict=True) if a != b]
        assert verdict.kind == "undecided" or not differs, (kind, differs[:3])
        missed += bool(differs)
    assert missed <= found["different"] // 20, found
    assert found["equal"] > 60 and found["different"] > 60, found
    assert found["undecided"] <= 2, found


# Files of one tokenizer, with the names of what rank files leave out, and the parts that only one
# of the two publishers has put in.
PAIRS: list[tuple[str, str, tuple[str | None, str | None], tuple[str, ...]]] = [
    ("llama3_tokenizer.model", "lenml_llama3_tokenizer.json", ("llama3_0", None), ()),
    ("o200k_base.tiktoken", "lenml_gptoss_tokenizer.json", ("o200k_base", None), ("added-tokens",)),
    ("o200k_base.tiktoken", "lenml_gpt4o_tokenizer.json", ("o200k_base", None), ()),
    ("qwen1.tiktoken", "qwen3_tokenizer.json", ("qwen3", None), ()),
    ("qwen1.tiktoken", "qwen3_vocab.json", ("qwen3", "qwen3"), ()),
    ("qwen1.tiktoken", "ggml-vocab-qwen2.gguf", ("qwen3", None), ("added-tokens", "normalizer")),
    ("r50k_base.tiktoken", "npm_gpt2_encoder.json", (None, None), ()),
    ("r50k_base.tiktoken", "ggml-vocab-gpt-2.gguf", (None, None), ()),
    ("claude_rank.json", "litellm_claude_tokenizer.json", ("claude", None), ()),
    (
        "mistral_spm.model.v1",
        "lenml_llama2_tokenizer.json",
        (None, None),
        ("added-tokens", "post-processor", "decoder"),
    ),
    ("deepseek_v4_tokenizer.json", "litellm_deepseek_tokenizer.json", (None, None), ()),
    (
        "goliajp_deepseek_v3.tiktoken.zst",
        "deepseek_v4_tokenizer.json",
        (None, None),
        ("added-tokens",),
    ),
]
LISTED = {file.name for file in real_files()}


@pytest.mark.parametrize(
    ("one", "other", "names", "ignore"), [pair for pair in PAIRS if set(pair[:2]) <= LISTED]
)
def test_pairs_of_published_files_are_equal(
    one: str, other: str, names: tuple[str | None, str | None], ignore: tuple[str, ...]
) -> None:
    sides = [
        bpekit.load(real_file(file), name=name)
        for file, name in zip((one, other), names, strict=True)
    ]
    start = time.monotonic()
    verdict = bpekit.verify(*sides, ignore=ignore)
    assert verdict.kind == "equal", str(verdict)
    assert all(reason.kind == "equal" for reason in verdict.reasons)
    assert verdict.texts > 1000
    # A second at most where nothing else runs.
    assert time.monotonic() - start < 5


def test_a_difference_is_shown_side_by_side() -> None:
    ranks = dict(demo().mergeable_ranks)
    one, other = (token for token in (b" the", b" and"))
    ranks[one], ranks[other] = ranks[other], ranks[one]
    changed = bpekit.Tokenizer(
        "changed", pat_str=demo().pattern, mergeable_ranks=ranks, special_tokens={}
    )
    verdict = bpekit.verify(demo(), changed, ignore="added-tokens")
    assert verdict.kind == "different" and not verdict.is_equal
    assert verdict.counterexample in (" the", " and")
    assert verdict.ids_a is not None and verdict.ids_b is not None
    assert str(verdict.ids_a[0]) in str(verdict)
    assert "differ" in str(verdict)


def test_an_id_map_renames_ids() -> None:
    moved = {id: id + 10 for id in range(demo().n_vocab)}
    ranks = {token: moved[rank] for token, rank in demo().mergeable_ranks.items()}
    specials = {text: moved[id] for text, id in demo().special_tokens.items()}
    other = bpekit.Tokenizer(
        "moved", pat_str=demo().pattern, mergeable_ranks=ranks, special_tokens=specials
    )
    assert bpekit.verify(demo(), other, id_map=moved).kind == "equal"
    assert bpekit.verify(demo(), other).kind == "different"
    with pytest.raises(ValueError, match="two ids"):
        bpekit.verify(demo(), other, id_map={1: 5, 2: 5})


def test_what_cannot_be_ignored() -> None:
    with pytest.raises(ValueError, match="cannot be ignored"):
        bpekit.verify(demo(), demo(), ignore=["vocab"])
    with pytest.raises(ValueError, match="no part"):
        bpekit.verify(demo(), demo(), ignore=["colour"])
