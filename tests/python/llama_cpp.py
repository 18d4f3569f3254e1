"""llama.cpp itself, out of the wheel of xllamacpp, whose library exports its functions."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest


class ModelParams(ctypes.Structure):
    """`llama_model_params` of build 11549 (`include/llama.h`)."""

    _fields_ = (
        ("devices", ctypes.c_void_p),
        ("tensor_buft_overrides", ctypes.c_void_p),
        ("n_gpu_layers", ctypes.c_int32),
        ("split_mode", ctypes.c_int),
        ("load_mode", ctypes.c_int),
        ("lazy_mode", ctypes.c_int),
        ("main_gpu", ctypes.c_int32),
        ("tensor_split", ctypes.c_void_p),
        ("progress_callback", ctypes.c_void_p),
        ("progress_callback_user_data", ctypes.c_void_p),
        ("kv_overrides", ctypes.c_void_p),
        ("vocab_only", ctypes.c_bool),
        ("check_tensors", ctypes.c_bool),
        ("use_extra_bufts", ctypes.c_bool),
        ("no_host", ctypes.c_bool),
        ("no_alloc", ctypes.c_bool),
        ("load_mtp", ctypes.c_bool),
    )


LOG = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)


@LOG
def silence(level: int, text: bytes, data: object) -> None:
    """Drop a message."""


@cache
def library() -> ctypes.CDLL:
    """Return the library, or skip the test where there is no wheel of it."""
    module = pytest.importorskip("xllamacpp.xllamacpp")
    library = ctypes.CDLL(module.__file__)
    library.llama_model_default_params.restype = ModelParams
    library.llama_model_load_from_file.restype = ctypes.c_void_p
    library.llama_model_load_from_file.argtypes = [ctypes.c_char_p, ModelParams]
    library.llama_model_get_vocab.restype = ctypes.c_void_p
    library.llama_model_get_vocab.argtypes = [ctypes.c_void_p]
    library.llama_model_free.argtypes = [ctypes.c_void_p]
    library.llama_tokenize.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_int32,
        ctypes.c_void_p,
        ctypes.c_int32,
        ctypes.c_bool,
        ctypes.c_bool,
    ]
    library.llama_log_set(silence, None)
    library.llama_backend_init()
    return library


class LlamaVocab:
    """The vocab of a GGUF file, as llama.cpp has it."""

    def __init__(self, path: Path) -> None:
        """Load a file without its weights."""
        params = library().llama_model_default_params()
        params.vocab_only = True
        self.model = library().llama_model_load_from_file(str(path).encode(), params)
        assert self.model, f"llama.cpp does not load {path}"
        self.vocab = library().llama_model_get_vocab(self.model)

    def __del__(self) -> None:
        """Free the model."""
        if getattr(self, "model", None):
            library().llama_model_free(self.model)

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Return the ids of a text; with `special` special tokens are found and put around it."""
        data = text.encode()
        ids = (ctypes.c_int32 * (len(data) + 16))()
        count = library().llama_tokenize(
            self.vocab, data, len(data), ids, len(ids), special, special
        )
        assert count >= 0, count
        return ids[:count]

    def encode_batch(self, texts: Sequence[str], *, special: bool) -> list[list[int]]:
        """Return the ids of texts."""
        return [self.encode(text, special=special) for text in texts]
