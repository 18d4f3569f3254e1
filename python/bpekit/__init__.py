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

from bpekit import edit as edit
from bpekit._bpekit import __version__ as __version__
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
    "StreamDecoder",
    "Tokenizer",
    "TrainingReport",
    "TrainingWarning",
    "UnsupportedError",
    "Verdict",
    "__version__",
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

# Messages and pickles name the public place.
for _name in __all__:
    if isinstance(_class := globals()[_name], type):
        _class.__module__ = __name__
del _name, _class
