"""Encodings by name: OpenAI's, from files on this machine, and those of installed plugins."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import pkgutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bpekit import _find
from bpekit.compat import _as_tiktoken
from bpekit.compat._encoding import Encoding

Constructor = Callable[[], dict[str, Any]]

# What tiktoken's own plugin has, in its order. Its constructors would download.
OWN_PLUGIN = "tiktoken_ext.openai_public"
OWN_NAMES = (
    "gpt2",
    "r50k_base",
    "p50k_base",
    "p50k_edit",
    "cl100k_base",
    "o200k_base",
    "o200k_harmony",
)

ENCODINGS: dict[str, Encoding] = {}
_lock = threading.RLock()
_constructors: dict[str, Constructor] = {}


def get_encoding(encoding_name: str) -> Encoding:
    """Give the encoding of a name, the same object every time.

    The files of OpenAI's encodings are found as `bpekit.get_encoding` finds them; nothing is
    downloaded. Other names are those of `tiktoken_ext` plugins.

    Raises:
        FileNotFoundError: The file of the encoding is not on this machine.
        ValueError: There is no such encoding.

    Source: tiktoken 0.14, `tiktoken/registry.py`.
    """
    if not isinstance(encoding_name, str):
        raise ValueError(f"Expected a string in get_encoding, got {type(encoding_name)}")
    if encoding_name in ENCODINGS:
        return ENCODINGS[encoding_name]
    with _lock:
        if encoding_name not in ENCODINGS:
            ENCODINGS[encoding_name] = _make(encoding_name)
        return ENCODINGS[encoding_name]


def list_encoding_names() -> list[str]:
    """List the names of OpenAI's encodings, then those of plugins.

    Source: tiktoken 0.14, `tiktoken/registry.py`.
    """
    return list(constructors())


def constructors() -> dict[str, Constructor]:
    """Give the constructors of all encodings, which tiktoken's class takes the results of."""
    with _lock:
        if not _constructors:
            # All of them or none, so that a plugin that fails, fails every time.
            _constructors.update(_find_constructors())
        return _constructors


def _make(name: str) -> Encoding:
    constructor = constructors().get(name)
    if constructor is None:
        raise ValueError(
            f"Unknown encoding {name}.\n"
            f"Plugins found: {_available_plugin_modules()}\n"
            "hint: `bpekit.get_encoding` knows the encodings of others too"
        )
    if isinstance(constructor, functools.partial) and constructor.func is _parts:
        # Without a dictionary of all ranks in between.
        return Encoding._of(_find.get_encoding(name)._core)
    with _in_place_of_tiktoken():
        arguments = constructor()
    return Encoding(**arguments)


def _parts(name: str) -> dict[str, Any]:
    tokenizer = _find.get_encoding(name)
    return {
        "name": name,
        "pat_str": tokenizer.pattern,
        "mergeable_ranks": tokenizer.mergeable_ranks,
        "special_tokens": tokenizer.special_tokens,
    }


def _find_constructors() -> dict[str, Constructor]:
    found: dict[str, Constructor] = {name: functools.partial(_parts, name) for name in OWN_NAMES}
    for plugin in _available_plugin_modules():
        if plugin == OWN_PLUGIN:
            continue
        with _in_place_of_tiktoken():
            module = importlib.import_module(plugin)
        try:
            of_plugin = module.ENCODING_CONSTRUCTORS
        except AttributeError as error:
            raise ValueError(
                f"tiktoken plugin {plugin} does not define ENCODING_CONSTRUCTORS"
            ) from error
        for name, constructor in of_plugin.items():
            if name in found:
                raise ValueError(f"Duplicate encoding name {name} in tiktoken plugin {plugin}")
            found[name] = constructor
    return found


@functools.cache
def _available_plugin_modules() -> Sequence[str]:
    """Name the modules in the namespace package `tiktoken_ext`, where there is one."""
    if importlib.util.find_spec("tiktoken_ext") is None:
        return []
    plugins = importlib.import_module("tiktoken_ext")
    return [name for _, name, _ in pkgutil.iter_modules(plugins.__path__, "tiktoken_ext.")]


@contextlib.contextmanager
def _in_place_of_tiktoken() -> Iterator[None]:
    """Let a plugin that imports tiktoken find this, if there is no tiktoken."""
    if "tiktoken" in sys.modules or importlib.util.find_spec("tiktoken") is not None:
        yield
        return
    stand_ins = _as_tiktoken()
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            sys.modules.pop(name, None)
