"""The modules that other packages have, over bpekit's engine.

`bpekit.compat.tiktoken` has the names of tiktoken 0.14, `bpekit.compat.rustbpe` those of rustbpe
0.1. Change the import, and nothing else:

    import bpekit.compat.tiktoken as tiktoken

For code that imports tiktoken itself and cannot be changed, `replace_tiktoken` puts the module in
its place.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

_SUBMODULES = ("core", "load", "model", "registry")


def replace_tiktoken() -> None:
    """Let ``import tiktoken`` give `bpekit.compat.tiktoken`, in this process, from here on.

    What has imported tiktoken before keeps what it has.

    Example:
        >>> import sys, bpekit.compat
        >>> before = {name: sys.modules.get(name) for name in sys.modules if "tiktoken" in name}
        >>> bpekit.compat.replace_tiktoken()
        >>> import tiktoken.load
        >>> tiktoken.load.__name__
        'bpekit.compat.tiktoken.load'
        >>> for name in [name for name in sys.modules if name.split(".")[0] == "tiktoken"]:
        ...     del sys.modules[name]
        >>> sys.modules.update(before)
    """
    sys.modules.update(_as_tiktoken())


def _as_tiktoken() -> dict[str, ModuleType]:
    ours = "bpekit.compat.tiktoken"
    names = {"tiktoken": ours, **{f"tiktoken.{name}": f"{ours}.{name}" for name in _SUBMODULES}}
    return {name: importlib.import_module(module) for name, module in names.items()}
