"""`Tokenizer`: the methods of `tiktoken.Encoding`, over the engine.

Its methods that encode, count and decode are in `_encoding`, `_batches`, `_counting` and
`_decoding`, those that know other libraries in `_exchange`, the one to look with in `_show`; here
is what a tokenizer is made of, and how it is loaded, saved and pickled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bpekit._batches import BatchMethods
from bpekit._bpekit import Core
from bpekit._counting import CountingMethods
from bpekit._decoding import DecodingMethods
from bpekit._encode_file import FileEncoding
from bpekit._exchange import Exchange
from bpekit._files import Path, Report, load_arguments, parts, report
from bpekit._show import ShowMethods
from bpekit._trainable import Trainable

if TYPE_CHECKING:
    from typing_extensions import Self

_STATE_VERSION = 1
# Not None, which is an argument that cannot be.
_MISSING: Any = ...


class Tokenizer(
    BatchMethods,
    CountingMethods,
    DecodingMethods,
    ShowMethods,
    FileEncoding,
    Exchange,
    Trainable,
):
    """A byte-level BPE tokenizer, in place of `tiktoken.Encoding`.

    It cannot be changed, is shared freely between threads, and can be copied and pickled: the
    same tokenizer gives the same pickle, in every process.

    Attributes:
        name: The name of the encoding.
        max_token_value: The largest token id, special tokens included.

    Example:
        >>> import bpekit
        >>> tokenizer = bpekit.Tokenizer(
        ...     "letters",
        ...     pat_str=r"[a-z]+|[^a-z]",
        ...     mergeable_ranks={b"a": 0, b"b": 1, b"ab": 2, b" ": 3},
        ...     special_tokens={"<|end|>": 4},
        ... )
        >>> tokenizer.encode("ab ba")
        [2, 3, 1, 0]
        >>> tokenizer.encode("ab<|end|>", allowed_special="all")
        [2, 4]

    Source: the behaviour is that of tiktoken 0.14, `tiktoken/core.py`.
    """

    __module__ = "bpekit"

    name: str
    max_token_value: int

    def __init__(
        self,
        name: str = _MISSING,
        *,
        pat_str: str = _MISSING,
        mergeable_ranks: dict[bytes, int] = _MISSING,
        special_tokens: dict[str, int] = _MISSING,
        explicit_n_vocab: int | None = None,
    ) -> None:
        """Make a tokenizer of its parts, as `tiktoken.Encoding` does.

        Without any argument it is empty, to be trained in place with `train`.

        Args:
            name: The name of the encoding.
            pat_str: The regular expression that cuts text into pretokens, in tiktoken's dialect.
                Text that no match covers is dropped.
            mergeable_ranks: Token bytes to rank. The rank is the id and the merge priority. Not
                all 256 bytes need be there; text with one that is not is then an error.
            special_tokens: Special token text to id.
            explicit_n_vocab: The number of tokens there must be, without holes.

        Raises:
            AssertionError: The tokens are not as many as `explicit_n_vocab`.
            PatternError: The pattern does not compile.
            TypeError: Some of the parts are missing.
            ValueError: There are no tokens, two have one rank or id, or a special token is empty.
        """
        needed = {
            "name": name,
            "pat_str": pat_str,
            "mergeable_ranks": mergeable_ranks,
            "special_tokens": special_tokens,
        }
        missing = [argument for argument, value in needed.items() if value is _MISSING]
        if len(missing) == len(needed) and explicit_n_vocab is None:
            return
        if missing:
            raise TypeError(f"missing arguments: {', '.join(missing)}")
        max_token_value = max(
            max(mergeable_ranks.values()), max(special_tokens.values(), default=0)
        )
        if explicit_n_vocab:
            assert len(mergeable_ranks) + len(special_tokens) == explicit_n_vocab
            assert max_token_value == explicit_n_vocab - 1
        self._set(Core.from_ranks(name, pat_str, mergeable_ranks, special_tokens))

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        format: str | None = None,
        pattern: str | None = None,
        special_tokens: Mapping[str, int] | None = None,
        name: str | None = None,
        sha256: str | None = None,
        n_vocab: int | None = None,
        lenient: bool = False,
        allow_missing_bytes: bool = False,
    ) -> Self:
        """Load a tokenizer from a file; see `bpekit.load`."""
        arguments = load_arguments(
            format=format,
            pattern=pattern,
            special_tokens=special_tokens,
            name=name,
            sha256=sha256,
            n_vocab=n_vocab,
            lenient=lenient,
            allow_missing_bytes=allow_missing_bytes,
        )
        return cls._of(Core.load(path, arguments))

    @classmethod
    def loads(
        cls,
        data: bytes,
        *,
        format: str | None = None,
        pattern: str | None = None,
        special_tokens: Mapping[str, int] | None = None,
        name: str | None = None,
        sha256: str | None = None,
        n_vocab: int | None = None,
        lenient: bool = False,
        allow_missing_bytes: bool = False,
        file_name: str | None = None,
    ) -> Self:
        """Load a tokenizer from the bytes of a file; see `bpekit.loads`."""
        arguments = load_arguments(
            format=format,
            pattern=pattern,
            special_tokens=special_tokens,
            name=name,
            sha256=sha256,
            n_vocab=n_vocab,
            lenient=lenient,
            allow_missing_bytes=allow_missing_bytes,
        )
        return cls._of(Core.loads(data, file_name or "", arguments))

    def save(
        self,
        path: Path,
        *,
        format: str | None = None,
        allow_loss: Collection[str] = (),
        string_merges: bool = False,
    ) -> Report:
        """Write the tokenizer to a file, checked as in `bpekit.convert`.

        Args:
            path: The file. What a rank file cannot say goes to a sidecar beside it,
                ``NAME.tiktoken.json``. A name that ends in ``.gz`` is compressed. A directory, or
                a path that ends with a slash, becomes one that ``AutoTokenizer`` of transformers
                loads.
            format: The format; told by the file's name if None.
            allow_loss: Names of parts that may be lost, as ``("normalizer",)``.
            string_merges: As in `bpekit.convert`.

        Returns:
            What was written, checked and lost.

        Raises:
            LossyConversionError: The format cannot carry a part that `allow_loss` leaves out.
            UnsupportedError: No file of that format can encode the same.
            OSError: The file cannot be written; one that was there is as it was.
        """
        return report(self._core.save(path, format, parts(allow_loss), string_merges))

    def dumps(
        self, *, format: str, allow_loss: Collection[str] = (), string_merges: bool = False
    ) -> bytes:
        """Give the bytes of the file that `save` would write, without a sidecar.

        Args:
            format: The format, as ``"hf-json"``.
            allow_loss: Names of parts that may be lost.
            string_merges: As in `bpekit.convert`.

        Raises:
            LossyConversionError: The format cannot carry a part that `allow_loss` leaves out.
            UnsupportedError: No file of that format can encode the same, or it is a directory.

        Example:
            >>> import bpekit
            >>> data = bpekit.demo().dumps(format="hf-json")
            >>> bpekit.loads(data).encode("hello world")
            [258, 297, 78, 995]
        """
        return self._core.dumps(format, parts(allow_loss), string_merges)

    def __repr__(self) -> str:
        """Show the name."""
        return "<Tokenizer (empty)>" if self.is_empty else f"<Tokenizer {self.name!r}>"

    # What it is made of

    def token_byte_values(self) -> list[bytes]:
        """List the bytes of all tokens but special ones, sorted."""
        return self._core.token_byte_values()

    @property
    def eot_token(self) -> int:
        """The id of ``<|endoftext|>``; KeyError if there is no such special token."""
        return self._special_tokens["<|endoftext|>"]

    @cached_property
    def special_tokens_set(self) -> set[str]:
        """The texts of the special tokens."""
        return set(self._special_tokens)

    def is_special_token(self, token: int) -> bool:
        """Whether the id is that of a special token.

        Example:
            >>> import bpekit
            >>> bpekit.demo().is_special_token(3000)
            True
        """
        assert isinstance(token, int)
        return token in self._special_token_values

    @property
    def n_vocab(self) -> int:
        """One more than the largest id; ids without a token count."""
        return self.max_token_value + 1

    @property
    def vocab_size(self) -> int:
        """As `n_vocab`, by rustbpe's name."""
        return self.n_vocab

    @property
    def n_tokens(self) -> int:
        """The number of tokens; special tokens and holes between ids do not count."""
        return self._core.n_tokens

    @property
    def special_tokens(self) -> dict[str, int]:
        """Text and id of each special token, as a new dictionary."""
        return dict(self._special_tokens)

    @property
    def pattern(self) -> str | None:
        """The split pattern, in tiktoken's dialect.

        None if text is split in a way that no published pattern does, as some files of
        HuggingFace say it.
        """
        return self._core.pattern

    @property
    def mergeable_ranks(self) -> dict[bytes, int]:
        """Token bytes to rank, in the order of ranks, as a new dictionary.

        Merges that a file lists are restated as ranks, where ranks can say the same; if not, this
        raises `UnsupportedError`.
        """
        return dict(self._mergeable_ranks)

    @property
    def warnings(self) -> list[str]:
        """What ``lenient=True`` let pass when the file was read."""
        return self._core.warnings

    def get_pattern(self) -> str | None:
        """Give `pattern`; the name is that of rustbpe."""
        return self.pattern

    def get_mergeable_ranks(self) -> list[tuple[bytes, int]]:
        """List token bytes and rank, in the order of ranks; the name is that of rustbpe."""
        return list(self._mergeable_ranks.items())

    # Private in tiktoken too, and used all the same

    def _encode_single_piece(self, text_or_bytes: str | bytes) -> list[int]:
        """Encode text or bytes that are not split."""
        if isinstance(text_or_bytes, str):
            text_or_bytes = text_or_bytes.encode("utf-8")
        return self._core.encode_single_pretoken(text_or_bytes)

    def _encode_bytes(self, text: bytes) -> list[int]:
        """Encode bytes that need not be UTF-8."""
        return self._core.encode_bytes(text)

    @property
    def _pat_str(self) -> str | None:
        return self.pattern

    @cached_property
    def _mergeable_ranks(self) -> dict[bytes, int]:
        return self._core.mergeable_ranks()

    # Making and remaking

    @classmethod
    def _of(cls, core: Core) -> Self:
        self = cls.__new__(cls)
        self._set(core)
        return self

    def _set(self, core: Core) -> None:
        self._core = core
        self.name = core.name
        self.max_token_value = core.n_vocab - 1
        self._special_tokens = core.special_tokens
        self._special_token_values = set(self._special_tokens.values())

    def __getstate__(self) -> object:
        """Give plain data that says everything."""
        return {"version": _STATE_VERSION, "core": self._core.state()}

    def __setstate__(self, state: Any) -> None:
        """Become what `__getstate__` gave."""
        if state["version"] != _STATE_VERSION:
            raise ValueError(
                f"pickled by another version of bpekit: version {state['version']} of the "
                f"layout, expected {_STATE_VERSION}"
            )
        self._set(Core.restore(state["core"]))

    def __copy__(self) -> Self:
        """Give another object over the same, unchangeable engine."""
        if self.is_empty:
            return self.__class__.__new__(self.__class__)
        copy = self._of(self._core)
        copy._training = self._training
        return copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Give another object over the same, unchangeable engine."""
        return self.__copy__()


def load(
    path: Path,
    *,
    format: str | None = None,
    pattern: str | None = None,
    special_tokens: Mapping[str, int] | None = None,
    name: str | None = None,
    sha256: str | None = None,
    n_vocab: int | None = None,
    lenient: bool = False,
    allow_missing_bytes: bool = False,
) -> Tokenizer:
    """Load a tokenizer from a file of any known format.

    A rank file (``.tiktoken``) carries neither split pattern nor special tokens. They come from
    the sidecar beside it (``NAME.tiktoken.json``), from the arguments, or, for the ranks of a
    published encoding, from what is published with it.

    Args:
        path: The file. It may be compressed with gzip or zstd.
        format: The format's name, one of `formats`; told by the content if None.
        pattern: The split pattern of a rank file: the name of a published one, as
            ``"cl100k_base"``, or a regular expression in tiktoken's dialect.
        special_tokens: The special tokens of a rank file.
        name: Which published encoding a rank file is, where several share their ranks; beside
            `pattern`, a name of your own.
        sha256: The hash that the file must have, in hexadecimal.
        n_vocab: The number of ids, largest plus one, that the tokenizer must have.
        lenient: Accept harmless oddities of the file, listed in `Tokenizer.warnings`.
        allow_missing_bytes: Accept a rank file without all 256 bytes. Text with a byte that is
            missing is then an error.

    Returns:
        The tokenizer.

    Raises:
        FormatError: The file is not valid; the message says where and why.
        UnsupportedError: It is valid, and of a kind that bpekit does not read.
        LimitError: It is larger than any real tokenizer.
        ValueError: The arguments contradict the file.
        OSError: The file cannot be read.

    Example:
        >>> import bpekit, tempfile, os
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "demo.tiktoken")
        ...     _ = bpekit.demo().save(path)
        ...     tokenizer = bpekit.load(path)
        >>> tokenizer.encode("hello world")
        [258, 297, 78, 995]
    """
    return Tokenizer.load(
        path,
        format=format,
        pattern=pattern,
        special_tokens=special_tokens,
        name=name,
        sha256=sha256,
        n_vocab=n_vocab,
        lenient=lenient,
        allow_missing_bytes=allow_missing_bytes,
    )


def loads(
    data: bytes,
    *,
    format: str | None = None,
    pattern: str | None = None,
    special_tokens: Mapping[str, int] | None = None,
    name: str | None = None,
    sha256: str | None = None,
    n_vocab: int | None = None,
    lenient: bool = False,
    allow_missing_bytes: bool = False,
    file_name: str | None = None,
) -> Tokenizer:
    """Load a tokenizer from the bytes of a file.

    Args:
        data: The bytes; they may be compressed with gzip or zstd.
        format: As in `load`.
        pattern: As in `load`.
        special_tokens: As in `load`.
        name: As in `load`.
        sha256: As in `load`.
        n_vocab: As in `load`.
        lenient: As in `load`.
        allow_missing_bytes: As in `load`.
        file_name: What the file is called, where the name says which encoding it is.

    Returns:
        The tokenizer.

    Raises:
        FormatError: As in `load`.
        ValueError: As in `load`.

    Example:
        >>> import bpekit
        >>> ranks = bpekit.demo().dumps(format="tiktoken")
        >>> tokenizer = bpekit.loads(ranks, pattern="gpt2", special_tokens={"<|end|>": 3000})
        >>> tokenizer.encode("the<|end|>", allowed_special="all")
        [1169, 3000]
    """
    return Tokenizer.loads(
        data,
        format=format,
        pattern=pattern,
        special_tokens=special_tokens,
        name=name,
        sha256=sha256,
        n_vocab=n_vocab,
        lenient=lenient,
        allow_missing_bytes=allow_missing_bytes,
        file_name=file_name,
    )


def demo() -> Tokenizer:
    """Give the small tokenizer that ships with bpekit: the first 3,000 tokens of GPT-2.

    Example:
        >>> import bpekit
        >>> bpekit.demo()
        <Tokenizer 'demo'>
        >>> bpekit.demo().n_vocab
        3001
    """
    return Tokenizer._of(Core.demo())
