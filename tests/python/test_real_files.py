"""Every published file loads as what it is, or is refused by the name of what it is."""

from __future__ import annotations

import re

import pytest

import bpekit
from real import RealFile, real_file, real_files

# What a file of each kind loads as.
FORMATS = {
    ".tiktoken": "tiktoken",
    ".tiktoken.gz": "tiktoken",
    ".tiktoken.zst": "tiktoken",
    "GGUF vocab-only": "gguf",
    "SentencePiece .model": "sentencepiece",
    "merges.txt": "gpt2",
    "rank json": "rank-json",
    "tekken.json": "tekken",
    "tokenizer.json": "hf-json",
    "vocab.json": "gpt2",
}
# What is said of the kinds that hold no byte-level BPE, or not all of it.
REFUSED = {
    ".tkv.zst": r"looks like a packed vocab \(TKV1\) of the Rust crate `tiktoken`",
    "llama.cpp expected inp": "not a tokenizer file of a known format",
    "llama.cpp expected out": "not a tokenizer file of a known format",
    "merges.txt.gz": "looks like CLIP's kind of BPE",
    "tokenizer_config.json": "looks like tokenizer_config.json; .* tokenizer.json beside it",
}
# Files of other models in a listed format.
OTHER_MODELS = {
    "ai21_j2.model": r"trainer_spec\.model_type: is `unigram`",
    "ggml-vocab-bert-bge.gguf": r"tokenizer\.ggml\.model: is `bert` \(WordPiece\)",
    "ggml-vocab-nomic-bert-moe.gguf": r"tokenizer\.ggml\.model: is `t5` \(Unigram\)",
}


TOKENIZERS = [file for file in real_files() if file.format != "Python tests"]


@pytest.mark.parametrize("file", TOKENIZERS, ids=str)
def test_loads_or_is_refused_by_name(file: RealFile) -> None:
    path = real_file(file.name)
    refusal = OTHER_MODELS.get(file.name) or REFUSED.get(file.format)
    if refusal is not None:
        with pytest.raises(bpekit.FormatError, match=f"^{re.escape(str(path))}: {refusal}"):
            bpekit.load(path)
        return
    tokenizer = bpekit.load(path)
    # The rank files are all of published encodings, which are told by their ranks.
    assert tokenizer._core.format == FORMATS[file.format]
    text = "Hello, wörld! 日本語 don't 123456\n\n\tx"
    assert tokenizer.decode(tokenizer.encode(text)).lstrip(" ") == text
