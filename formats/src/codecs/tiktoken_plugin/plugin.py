"""An encoding for tiktoken: the ranks and what belongs to them stand beside this file.

Written by bpekit. Changes here are not seen where the directory is loaded without tiktoken.
"""

import base64
import hashlib
import json
from pathlib import Path

_RANKS = Path(__file__).with_suffix(".tiktoken")
_SIDECAR = json.loads(_RANKS.with_suffix(".tiktoken.json").read_text(encoding="utf-8"))


def _encoding():
    data = _RANKS.read_bytes()
    if hashlib.sha256(data).hexdigest() != _SIDECAR["sha256"]:
        raise ValueError(f"{_RANKS} was changed; install it again")
    columns = (line.split() for line in data.splitlines())
    return {
        "name": _SIDECAR["name"],
        "pat_str": _SIDECAR["pattern"],
        "mergeable_ranks": {base64.b64decode(token): int(rank) for token, rank in columns},
        "special_tokens": {**_SIDECAR["special_tokens"], **_SIDECAR.get("second_texts", {})},
    }


ENCODING_CONSTRUCTORS = {_SIDECAR["name"]: _encoding}
