"""`tiktoken.core`."""

from __future__ import annotations

from typing import NoReturn

from bpekit._errors import disallowed_special
from bpekit.compat._encoding import Encoding as Encoding


def raise_disallowed_special_token(token: str) -> NoReturn:
    """Raise the error of `Encoding.encode` about a special token in the text."""
    raise disallowed_special(token)
