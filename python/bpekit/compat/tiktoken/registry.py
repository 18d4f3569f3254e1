"""`tiktoken.registry`."""

from __future__ import annotations

from bpekit.compat._encoding import Encoding as Encoding
from bpekit.compat._registry import ENCODINGS as ENCODINGS
from bpekit.compat._registry import Constructor, constructors
from bpekit.compat._registry import get_encoding as get_encoding
from bpekit.compat._registry import list_encoding_names as list_encoding_names


def __getattr__(name: str) -> dict[str, Constructor]:
    # Found when first asked for, and the same dictionary from then on.
    if name == "ENCODING_CONSTRUCTORS":
        return constructors()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
