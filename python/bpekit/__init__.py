"""Read, write, convert and check byte-level BPE tokenizer files, and encode text with them.

`load` gives a `Tokenizer` of a file of any known format; it has every method of
`tiktoken.Encoding`, with the same results. `convert` turns one format into another and checks
that both encode the same. `train` makes a tokenizer from texts.

Example:
    >>> import bpekit
    >>> tokenizer = bpekit.demo()
    >>> tokenizer.encode("hello world")
    [258, 297, 78, 995]
    >>> tokenizer.decode([258, 297, 78, 995])
    'hello world'
"""

from bpekit._bpekit import __version__ as __version__

# By this name type checkers know it too, and importing `typing` takes longer than all the rest.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from bpekit import compat as compat
    from bpekit import edit as edit
    from bpekit._counts import PretokenCounts as PretokenCounts
    from bpekit._encode_file import EncodedFile as EncodedFile
    from bpekit._errors import FormatError as FormatError
    from bpekit._errors import LimitError as LimitError
    from bpekit._errors import Loss as Loss
    from bpekit._errors import LossyConversionError as LossyConversionError
    from bpekit._errors import PatternError as PatternError
    from bpekit._errors import TrainingWarning as TrainingWarning
    from bpekit._errors import UnsupportedError as UnsupportedError
    from bpekit._files import FormatInfo as FormatInfo
    from bpekit._files import Report as Report
    from bpekit._files import convert as convert
    from bpekit._files import detect as detect
    from bpekit._files import formats as formats
    from bpekit._find import get_encoding as get_encoding
    from bpekit._find import list_encoding_names as list_encoding_names
    from bpekit._progress import Progress as Progress
    from bpekit._show import ShownText as ShownText
    from bpekit._stream import StreamDecoder as StreamDecoder
    from bpekit._tokenizer import Tokenizer as Tokenizer
    from bpekit._tokenizer import demo as demo
    from bpekit._tokenizer import load as load
    from bpekit._tokenizer import loads as loads
    from bpekit._train import TrainingReport as TrainingReport
    from bpekit._train import train as train
    from bpekit._train import train_from_counts as train_from_counts
    from bpekit._verdict import Reason as Reason
    from bpekit._verdict import Verdict as Verdict
    from bpekit._verify import verify as verify

__all__ = [
    "EncodedFile",
    "FormatError",
    "FormatInfo",
    "LimitError",
    "Loss",
    "LossyConversionError",
    "PatternError",
    "PretokenCounts",
    "Progress",
    "Reason",
    "Report",
    "ShownText",
    "StreamDecoder",
    "Tokenizer",
    "TrainingReport",
    "TrainingWarning",
    "UnsupportedError",
    "Verdict",
    "__version__",
    "compat",
    "convert",
    "demo",
    "detect",
    "edit",
    "formats",
    "get_encoding",
    "list_encoding_names",
    "load",
    "loads",
    "train",
    "train_from_counts",
    "verify",
]

# Where each name is. A module is imported when a name of it is first asked for: the command line
# and most programs need few of them. Classes say `bpekit` for their module, so that messages and
# pickles name the public place.
_PLACES = {
    "EncodedFile": "bpekit._encode_file",
    "FormatError": "bpekit._errors",
    "FormatInfo": "bpekit._files",
    "LimitError": "bpekit._errors",
    "Loss": "bpekit._errors",
    "LossyConversionError": "bpekit._errors",
    "PatternError": "bpekit._errors",
    "PretokenCounts": "bpekit._counts",
    "Progress": "bpekit._progress",
    "Reason": "bpekit._verdict",
    "Report": "bpekit._files",
    "ShownText": "bpekit._show",
    "StreamDecoder": "bpekit._stream",
    "Tokenizer": "bpekit._tokenizer",
    "TrainingReport": "bpekit._train",
    "TrainingWarning": "bpekit._errors",
    "UnsupportedError": "bpekit._errors",
    "Verdict": "bpekit._verdict",
    "convert": "bpekit._files",
    "demo": "bpekit._tokenizer",
    "detect": "bpekit._files",
    "formats": "bpekit._files",
    "get_encoding": "bpekit._find",
    "list_encoding_names": "bpekit._find",
    "load": "bpekit._tokenizer",
    "loads": "bpekit._tokenizer",
    "train": "bpekit._train",
    "train_from_counts": "bpekit._train",
    "verify": "bpekit._verify",
}


def __getattr__(name: str) -> object:
    import importlib

    if name in ("compat", "edit"):
        return importlib.import_module(f"bpekit.{name}")
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_PLACES[name]), name)
    # The next time it is found without a call.
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
