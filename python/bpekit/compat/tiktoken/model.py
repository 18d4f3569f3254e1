"""`tiktoken.model`."""

from bpekit.compat._encoding import Encoding as Encoding
from bpekit.compat._models import MODEL_PREFIX_TO_ENCODING as MODEL_PREFIX_TO_ENCODING
from bpekit.compat._models import MODEL_TO_ENCODING as MODEL_TO_ENCODING
from bpekit.compat._models import encoding_for_model as encoding_for_model
from bpekit.compat._models import encoding_name_for_model as encoding_name_for_model
from bpekit.compat._registry import get_encoding as get_encoding
