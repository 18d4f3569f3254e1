"""tiktoken 0.14 by its own names: ``import bpekit.compat.tiktoken as tiktoken``.

Encodings are found on this machine and never downloaded; see `bpekit.get_encoding`.

Example:
    >>> import bpekit.compat.tiktoken as tiktoken
    >>> tiktoken.encoding_name_for_model("gpt-4o")
    'o200k_base'
"""

from bpekit.compat.tiktoken.core import Encoding as Encoding
from bpekit.compat.tiktoken.model import encoding_for_model as encoding_for_model
from bpekit.compat.tiktoken.model import encoding_name_for_model as encoding_name_for_model
from bpekit.compat.tiktoken.registry import get_encoding as get_encoding
from bpekit.compat.tiktoken.registry import list_encoding_names as list_encoding_names

# The version whose behaviour this is.
__version__ = "0.14.0"
