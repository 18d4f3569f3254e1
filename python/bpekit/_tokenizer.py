"""`Tokenizer`: the methods of `tiktoken.Encoding`, over the engine.

The engine encodes and decodes. What stands here is Python's part: defaults, what `"all"` means,
text with surrogates, pickling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, overload

from bpekit import _arrays, _errors
from bpekit._bpekit import Core
from bpekit._encode_file import FileEncoding
from bpekit._files import Path, Report, load_arguments, parts, report
from bpekit._trainable import Trainable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from typing_extensions import Self

Allowed: TypeAlias = Literal["all"] | AbstractSet[str]
Disallowed: TypeAlias = Literal["all"] | Collection[str]

_R = TypeVar("_R")

_NONE: frozenset[str] = frozenset()
_STATE_VERSION = 1
# Not None, which is an argument that cannot be.
_MISSING: Any = ...


class Tokenizer(FileEncoding, Trainable):
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
        self, path: Path, *, format: str | None = None, allow_loss: Collection[str] = ()
    ) -> Report:
        """Write the tokenizer to a file, checked as in `bpekit.convert`.

        Args:
            path: The file. What a rank file cannot say goes to a sidecar beside it,
                ``NAME.tiktoken.json``. A name that ends in ``.gz`` is compressed.
            format: The format; told by the file's name if None.
            allow_loss: Names of parts that may be lost, as ``("normalizer",)``.

        Returns:
            What was written, checked and lost.

        Raises:
            LossyConversionError: The format cannot carry a part that `allow_loss` leaves out.
            UnsupportedError: No file of that format can encode the same.
            OSError: The file cannot be written; one that was there is as it was.
        """
        return report(self._core.save(path, format, parts(allow_loss)))

    def dumps(self, *, format: str, allow_loss: Collection[str] = ()) -> bytes:
        """Give the bytes of the file that `save` would write, without a sidecar.

        Args:
            format: The format, as ``"hf-json"``.
            allow_loss: Names of parts that may be lost.

        Raises:
            LossyConversionError: The format cannot carry a part that `allow_loss` leaves out.
            UnsupportedError: No file of that format can encode the same.

        Example:
            >>> import bpekit
            >>> data = bpekit.demo().dumps(format="hf-json")
            >>> bpekit.loads(data).encode("hello world")
            [258, 297, 78, 995]
        """
        return self._core.dumps(format, parts(allow_loss))

    def __repr__(self) -> str:
        """Show the name."""
        return "<Tokenizer (empty)>" if self.is_empty else f"<Tokenizer {self.name!r}>"

    # Encoding

    def encode_ordinary(self, text: str, *, add_special_tokens: bool = False) -> list[int]:
        """Encode text in which special tokens are not looked for.

        Args:
            text: The text. Surrogate pairs are joined; a lone surrogate becomes U+FFFD.
            add_special_tokens: Put around it what the file's post-processor says, as the
                beginning-of-text token of Llama 3. Rank files have none.

        Returns:
            The token ids.

        Raises:
            ValueError: The vocab cannot express the text, as one without all 256 bytes.

        Example:
            >>> import bpekit
            >>> bpekit.demo().encode_ordinary("hello world")
            [258, 297, 78, 995]
        """
        if add_special_tokens:
            return self.encode(text, disallowed_special=(), add_special_tokens=True)
        try:
            return self._core.encode_ordinary(text)
        except UnicodeEncodeError:
            return self._core.encode_ordinary(_without_surrogates(text))

    def encode(
        self,
        text: str,
        *,
        allowed_special: Allowed = _NONE,
        disallowed_special: Disallowed = "all",
        add_special_tokens: bool = False,
    ) -> list[int]:
        """Encode text.

        Special tokens control a model. Text from outside must not become one by accident, so that
        by default text which contains one is an error.

        Args:
            text: The text. Surrogate pairs are joined; a lone surrogate becomes U+FFFD.
            allowed_special: The special tokens that text may become; ``"all"`` for all.
            disallowed_special: Texts that are an error; ``"all"`` for all special tokens that are
                not allowed. With ``()`` special tokens that are not allowed are ordinary text.
            add_special_tokens: As in `encode_ordinary`.

        Returns:
            The token ids.

        Raises:
            ValueError: The text contains a disallowed special token, or the vocab cannot express
                it.

        Example:
            >>> import bpekit
            >>> tokenizer = bpekit.demo()
            >>> tokenizer.encode("a<|endoftext|>", allowed_special={"<|endoftext|>"})
            [64, 3000]
            >>> len(tokenizer.encode("a<|endoftext|>", disallowed_special=()))
            9
        """
        if allowed_special is _NONE and disallowed_special == "all" and not add_special_tokens:
            try:
                return self._core.encode_refusing(text)
            except UnicodeEncodeError:
                pass
        allowed, disallowed = self._policy(allowed_special, disallowed_special)
        try:
            return self._core.encode(text, allowed, disallowed, add_special_tokens)
        except UnicodeEncodeError:
            text, disallowed = self._repaired(text, disallowed)
            return self._core.encode(text, allowed, disallowed, add_special_tokens)

    def encode_to_numpy(
        self,
        text: str,
        *,
        allowed_special: Allowed = _NONE,
        disallowed_special: Disallowed = "all",
        add_special_tokens: bool = False,
        num_threads: int = 1,
    ) -> npt.NDArray[np.uint32]:
        """Encode text to a numpy array, without making a Python integer of each id.

        Args:
            text: As in `encode`.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            add_special_tokens: As in `encode_ordinary`.
            num_threads: How many threads at most work on a long text; more than there are
                processors are not used. The ids do not depend on it.

        Returns:
            The token ids, one-dimensional and read-only, as in tiktoken.

        Raises:
            ValueError: As in `encode`.
            ImportError: numpy is not installed.
        """
        allowed, disallowed = self._policy(allowed_special, disallowed_special)
        threads = _threads(num_threads)
        frame = add_special_tokens
        try:
            array = self._core.encode_to_array(text, threads, allowed, disallowed, frame)
        except UnicodeEncodeError:
            text, disallowed = self._repaired(text, disallowed)
            array = self._core.encode_to_array(text, threads, allowed, disallowed, frame)
        return _arrays.of_ids(array)

    def count(
        self,
        text: str,
        *,
        allowed_special: Allowed = _NONE,
        disallowed_special: Disallowed = "all",
        add_special_tokens: bool = False,
    ) -> int:
        """Count the token ids of a text: `len(encode(...))`, without the list.

        Args:
            text: As in `encode`.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            add_special_tokens: As in `encode_ordinary`.

        Raises:
            ValueError: As in `encode`.

        Example:
            >>> import bpekit
            >>> bpekit.demo().count("hello world")
            4
        """
        allowed, disallowed = self._policy(allowed_special, disallowed_special)
        try:
            return self._core.count(text, allowed, disallowed, add_special_tokens)
        except UnicodeEncodeError:
            text, disallowed = self._repaired(text, disallowed)
            return self._core.count(text, allowed, disallowed, add_special_tokens)

    def encode_ordinary_batch(
        self, text: Iterable[str], *, num_threads: int = 8, add_special_tokens: bool = False
    ) -> list[list[int]]:
        """Encode many texts, in parallel, in which special tokens are not looked for.

        Args:
            text: The texts.
            num_threads: How many threads at most; more than there are processors are not used.
            add_special_tokens: As in `encode_ordinary`.

        Returns:
            The token ids of each text, in order.

        Raises:
            ValueError: As in `encode_ordinary`, for the first text that fails.

        Example:
            >>> import bpekit
            >>> bpekit.demo().encode_ordinary_batch(["hello world", "the"])
            [[258, 297, 78, 995], [1169]]
        """
        return self._batch(Core.encode_batch, text, num_threads, _NONE, _NONE, add_special_tokens)

    @overload
    def encode_batch(
        self,
        text: Iterable[str],
        *,
        num_threads: int = 8,
        allowed_special: Allowed = _NONE,
        disallowed_special: Disallowed = "all",
        add_special_tokens: bool = False,
        flat: Literal[False] = False,
    ) -> list[list[int]]: ...

    @overload
    def encode_batch(
        self,
        text: Iterable[str],
        *,
        num_threads: int = 8,
        allowed_special: Allowed = _NONE,
        disallowed_special: Disallowed = "all",
        add_special_tokens: bool = False,
        flat: Literal[True],
        dtype: npt.DTypeLike = "uint32",
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint64]]: ...

    def encode_batch(
        self,
        text: Iterable[str],
        *,
        num_threads: int = 8,
        allowed_special: Allowed = _NONE,
        disallowed_special: Disallowed = "all",
        add_special_tokens: bool = False,
        flat: bool = False,
        dtype: npt.DTypeLike = "uint32",
    ) -> list[list[int]] | tuple[npt.NDArray[Any], npt.NDArray[np.uint64]]:
        """Encode many texts, in parallel.

        Args:
            text: The texts.
            num_threads: How many threads at most; more than there are processors are not used.
                The ids do not depend on it.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            add_special_tokens: As in `encode_ordinary`.
            flat: Give numpy arrays in place of lists, which is several times as fast.
            dtype: The type of the ids if `flat`: ``"uint32"``, or ``"uint16"`` for vocabs whose
                ids are below 65,536.

        Returns:
            The token ids of each text, in order. If `flat`, (ids, offsets): the ids of text i are
            ``ids[offsets[i]:offsets[i + 1]]``; both can be written to.

        Raises:
            ValueError: As in `encode`, for the first text that fails; with `dtype`, the ids do not
                fit it.
            ImportError: numpy is not installed, and `flat` is asked for.

        Example:
            >>> import bpekit
            >>> bpekit.demo().encode_batch(["hello world", "the"])
            [[258, 297, 78, 995], [1169]]
            >>> ids, offsets = bpekit.demo().encode_batch(["hello world", "the"], flat=True)
            >>> ids.tolist(), offsets.tolist()
            ([258, 297, 78, 995, 1169], [0, 4, 5])
        """
        short = flat and _arrays.is_short(dtype)
        if disallowed_special != "all":
            disallowed_special = frozenset(disallowed_special)
        policy = self._policy(allowed_special, disallowed_special)
        if not flat:
            lists = Core.encode_batch
            return self._batch(lists, text, num_threads, *policy, add_special_tokens)
        arrays = partial(Core.encode_flat, is_short=short)
        ids, offsets = self._batch(arrays, text, num_threads, *policy, add_special_tokens)
        return _arrays.of_ids(ids, short=short), _arrays.of_offsets(offsets)

    def count_batch(
        self,
        text: Iterable[str],
        *,
        num_threads: int = 8,
        allowed_special: Allowed = _NONE,
        disallowed_special: Disallowed = "all",
        add_special_tokens: bool = False,
    ) -> list[int]:
        """Count the token ids of many texts, in parallel, without making them.

        Args:
            text: The texts.
            num_threads: As in `encode_batch`.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            add_special_tokens: As in `encode_ordinary`.

        Returns:
            The number of token ids of each text, in order.

        Raises:
            ValueError: As in `encode`, for the first text that fails.

        Example:
            >>> import bpekit
            >>> bpekit.demo().count_batch(["hello world", "the"])
            [4, 1]
        """
        if disallowed_special != "all":
            disallowed_special = frozenset(disallowed_special)
        policy = self._policy(allowed_special, disallowed_special)
        return self._batch(Core.count_batch, text, num_threads, *policy, add_special_tokens)

    def encode_with_unstable(
        self,
        text: str,
        *,
        allowed_special: Allowed = _NONE,
        disallowed_special: Disallowed = "all",
    ) -> tuple[list[int], list[list[int]]]:
        """Encode text that may go on: the ids that stay, and what the rest may become.

        Args:
            text: As in `encode`.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.

        Returns:
            (stable, completions): ids of the start of the text, which following text leaves as
            they are, and sequences of ids, sorted, that the rest may turn out to be. The bytes of
            each, after those of `stable`, start with the rest.

        Raises:
            ValueError: As in `encode`.
        """
        allowed, disallowed = self._policy(allowed_special, disallowed_special)
        try:
            return self._core.encode_with_unstable(text, allowed, disallowed)
        except UnicodeEncodeError:
            text, disallowed = self._repaired(text, disallowed)
            return self._core.encode_with_unstable(text, allowed, disallowed)

    def encode_single_token(self, text_or_bytes: str | bytes) -> int:
        """Give the id of one token, special tokens included.

        Args:
            text_or_bytes: The token; text stands for its UTF-8.

        Raises:
            KeyError: There is no such token.

        Example:
            >>> import bpekit
            >>> bpekit.demo().encode_single_token(" the")
            262
        """
        if isinstance(text_or_bytes, str):
            text_or_bytes = text_or_bytes.encode("utf-8")
        return self._core.encode_single_token(text_or_bytes)

    # Decoding

    def decode_bytes(self, tokens: Sequence[int]) -> bytes:
        """Give the bytes that token ids stand for.

        Args:
            tokens: Token ids, special tokens included.

        Raises:
            KeyError: No token has the id.

        Example:
            >>> import bpekit
            >>> bpekit.demo().decode_bytes([258, 297, 78, 995])
            b'hello world'
        """
        return self._core.decode_bytes(tokens)

    def decode(self, tokens: Sequence[int], errors: str = "replace") -> str:
        """Give the text that token ids stand for.

        Args:
            tokens: Token ids, special tokens included.
            errors: What becomes of bytes that are not UTF-8, as in `bytes.decode`.

        Raises:
            KeyError: No token has the id.
            UnicodeDecodeError: The bytes are not UTF-8, with ``errors="strict"``.

        Example:
            >>> import bpekit
            >>> bpekit.demo().decode([258, 297, 78, 995])
            'hello world'
        """
        return self._core.decode_bytes(tokens).decode("utf-8", errors=errors)

    def decode_single_token_bytes(self, token: int) -> bytes:
        """Give the bytes of one token.

        Args:
            token: The token id; of a special token too.

        Raises:
            KeyError: No token has the id.

        Example:
            >>> import bpekit
            >>> bpekit.demo().decode_single_token_bytes(262)
            b' the'
        """
        return self._core.decode_token(token)

    def decode_tokens_bytes(self, tokens: Iterable[int]) -> list[bytes]:
        """Give the bytes of each token; joined they are what `decode_bytes` gives.

        Args:
            tokens: Token ids, special tokens included.

        Raises:
            KeyError: No token has the id.

        Example:
            >>> import bpekit
            >>> bpekit.demo().decode_tokens_bytes([258, 297, 78, 995])
            [b'he', b'll', b'o', b' world']
        """
        return self._core.decode_pieces(_listed(tokens))

    def decode_with_offsets(self, tokens: Iterable[int]) -> tuple[str, list[int]]:
        """Decode token ids to text and say where each token starts.

        Args:
            tokens: Token ids, special tokens included.

        Returns:
            (text, offsets): ``offsets[i]`` is the index in `text`, in characters, of the first
            character that holds a byte of token i. Tokens inside one character share its index.

        Raises:
            KeyError: No token has the id.
            UnicodeDecodeError: The bytes are not UTF-8.

        Example:
            >>> import bpekit
            >>> bpekit.demo().decode_with_offsets([258, 297, 78, 995])
            ('hello world', [0, 2, 4, 5])
        """
        return self._core.decode_with_offsets(_listed(tokens))

    def decode_batch(
        self, batch: Iterable[Sequence[int]], *, errors: str = "replace", num_threads: int = 8
    ) -> list[str]:
        """Decode many lists of token ids to texts, in parallel.

        Args:
            batch: Lists of token ids.
            errors: As in `decode`.
            num_threads: How many threads at most.

        Raises:
            KeyError: No token has an id.
            UnicodeDecodeError: As in `decode`.

        Example:
            >>> import bpekit
            >>> bpekit.demo().decode_batch([[258, 297, 78, 995], [1169]])
            ['hello world', 'the']
        """
        decoded = self.decode_bytes_batch(batch, num_threads=num_threads)
        return [data.decode("utf-8", errors=errors) for data in decoded]

    def decode_bytes_batch(
        self, batch: Iterable[Sequence[int]], *, num_threads: int = 8
    ) -> list[bytes]:
        """Decode many lists of token ids to bytes, in parallel.

        Args:
            batch: Lists of token ids.
            num_threads: How many threads at most.

        Raises:
            KeyError: No token has an id.
        """
        return self._core.decode_bytes_batch(_listed(batch), _threads(num_threads))

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

    # Special tokens and surrogates

    def _policy(
        self, allowed_special: Allowed, disallowed_special: Disallowed
    ) -> tuple[frozenset[str] | None, frozenset[str] | None]:
        """Say the arguments in the engine's terms: None for all, and for all others."""
        allowed: frozenset[str] | None
        if isinstance(allowed_special, str) and allowed_special == "all":
            allowed = None
        elif isinstance(allowed_special, AbstractSet):
            allowed = frozenset(allowed_special)
        else:
            raise TypeError(
                f"allowed_special must be 'all' or a set, not {type(allowed_special).__name__}"
            )
        if isinstance(disallowed_special, str) and disallowed_special == "all":
            return allowed, None
        return allowed, frozenset(disallowed_special or ())

    def _repaired(
        self,
        text: str,
        disallowed: frozenset[str] | None,
    ) -> tuple[str, frozenset[str] | None]:
        """Give the text without surrogates, and what of `disallowed` it can still contain.

        What is disallowed is looked for in the text as given, as in tiktoken, and by the engine
        in the text as it is encoded.
        """
        if disallowed:
            inner = "|".join(re.escape(token) for token in disallowed)
            if found := re.search(inner, text):
                raise _errors.disallowed_special(found.group())
            disallowed = frozenset(token for token in disallowed if _is_encodable(token))
        return _without_surrogates(text), disallowed

    def _batch(
        self,
        method: Callable[..., _R],
        texts: Iterable[str],
        num_threads: int,
        allowed: frozenset[str] | None,
        disallowed: frozenset[str] | None,
        frame: bool,
    ) -> _R:
        """Call a method of the engine with texts, repaired where they need it."""
        batch: list[str] = _listed(texts)
        threads = _threads(num_threads)
        try:
            return method(self._core, batch, threads, allowed, disallowed, frame)
        except UnicodeEncodeError:
            repaired = [
                text if _is_encodable(text) else self._repaired(text, disallowed)[0]
                for text in batch
            ]
            if disallowed:
                disallowed = frozenset(filter(_is_encodable, disallowed))
            return method(self._core, repaired, threads, allowed, disallowed, frame)


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


def _without_surrogates(text: str) -> str:
    """Join surrogate pairs, and replace lone surrogates by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_encodable(text: str) -> bool:
    try:
        str.encode(text, "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _threads(num_threads: int) -> int:
    if num_threads <= 0:
        raise ValueError("num_threads must be greater than 0")
    return num_threads


def _listed(items: Iterable[Any]) -> Any:
    return items if isinstance(items, list) else list(items)
