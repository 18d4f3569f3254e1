"""Token ids as numpy arrays, over memory that the engine has made: nothing is copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_WIDTHS = {"uint16": True, "uint32": False}


def is_short(dtype: npt.DTypeLike) -> bool:
    """Say whether ids are of 16 bits, given the type that a caller asks for."""
    import numpy as np

    wanted = np.dtype(dtype)
    if wanted.name not in _WIDTHS or not wanted.isnative:
        raise ValueError(f"dtype must be uint32 or uint16, not {wanted!r}")
    return _WIDTHS[wanted.name]


# An extension class says in no way before Python 3.12 that it has the buffer protocol.
def of_ids(array: Any, *, short: bool = False) -> npt.NDArray[Any]:
    """Give the array of ids over an `Array` of the engine."""
    import numpy as np

    if short:
        return np.frombuffer(array, dtype=np.uint16)
    return np.frombuffer(array, dtype=np.uint32)


def of_offsets(array: Any) -> npt.NDArray[np.uint64]:
    """Give the array of offsets."""
    import numpy as np

    return np.frombuffer(array, dtype=np.uint64)
