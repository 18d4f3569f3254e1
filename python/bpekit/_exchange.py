"""Tokenizers given to other libraries, and taken from them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from bpekit._files import Path, Report, parts

if TYPE_CHECKING:
    import tiktoken
    import tokenizers
    from typing_extensions import Self

    from bpekit._bpekit import Core


class Exchange:
    """The methods of `Tokenizer` that know other libraries, none of which is needed otherwise."""

    if TYPE_CHECKING:
        _core: Core

    def tiktoken_kwargs(self, *, allow_loss: Collection[str] = ()) -> dict[str, Any]:
        """Give the arguments with which ``tiktoken.Encoding`` encodes the same.

        Args:
            allow_loss: Names of parts that may be lost, as ``("normalizer",)``.

        Returns:
            ``name``, ``pat_str``, ``mergeable_ranks`` and ``special_tokens``.

        Raises:
            LossyConversionError: tiktoken cannot do a part that `allow_loss` leaves out.
            UnsupportedError: No ranks and pattern can encode the same.

        Example:
            >>> import bpekit
            >>> bpekit.demo().tiktoken_kwargs()["special_tokens"]
            {'<|endoftext|>': 3000}
        """
        core = self._core.restated("tiktoken-plugin", parts(allow_loss))
        return {
            "name": core.name,
            "pat_str": core.pattern,
            "mergeable_ranks": core.mergeable_ranks(),
            "special_tokens": core.special_tokens,
        }

    def to_tiktoken(self, *, allow_loss: Collection[str] = ()) -> tiktoken.Encoding:
        """Give an encoding of the installed tiktoken; see `tiktoken_kwargs` for the errors.

        Example:
            >>> import bpekit
            >>> bpekit.demo().to_tiktoken().encode("hello world")
            [258, 297, 78, 995]
        """
        import tiktoken

        return tiktoken.Encoding(**self.tiktoken_kwargs(allow_loss=allow_loss))

    @classmethod
    def from_tiktoken(cls, encoding: tiktoken.Encoding) -> Self:
        """Take over an encoding of tiktoken.

        Example:
            >>> import bpekit
            >>> encoding = bpekit.demo().to_tiktoken()
            >>> bpekit.Tokenizer.from_tiktoken(encoding).encode("hello world")
            [258, 297, 78, 995]
        """
        make: Any = cls
        tokenizer: Self = make(
            encoding.name,
            pat_str=encoding._pat_str,
            mergeable_ranks=encoding._mergeable_ranks,
            special_tokens=encoding._special_tokens,
        )
        return tokenizer

    def to_tokenizers(self, *, allow_loss: Collection[str] = ()) -> tokenizers.Tokenizer:
        """Give a tokenizer of the installed tokenizers, 0.15 or newer.

        Args:
            allow_loss: Names of parts that may be lost.

        Raises:
            LossyConversionError: A tokenizer.json cannot say a part that `allow_loss` leaves out.
            UnsupportedError: No tokenizer.json can encode the same.

        Example:
            >>> import bpekit
            >>> bpekit.demo().to_tokenizers().encode("hello world").ids
            [258, 297, 78, 995]
        """
        import tempfile

        import tokenizers

        version = tuple(int(part) for part in tokenizers.__version__.split(".")[:2])
        format = "hf-json" if version < (1, 0) else "hf-json-2"
        # Before 0.20 merges had to be strings.
        string_merges = version < (0, 20)
        data = self._core.dumps(format, parts(allow_loss), string_merges)
        if hasattr(tokenizers.Tokenizer, "from_buffer"):
            return tokenizers.Tokenizer.from_buffer(data)
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            file.write(data)
            file.flush()
            return tokenizers.Tokenizer.from_file(file.name)

    @classmethod
    def from_tokenizers(cls, tokenizer: tokenizers.Tokenizer) -> Self:
        """Take over a tokenizer of tokenizers before 1.0, which gives its tokenizer.json away.

        Truncation and padding are not part of it.

        Raises:
            TypeError: It is a tokenizer of tokenizers 1.0; load its file.
            UnsupportedError: It is no byte-level BPE.

        Example:
            >>> import bpekit
            >>> theirs = bpekit.demo().to_tokenizers()
            >>> bpekit.Tokenizer.from_tokenizers(theirs).encode("hello world")
            [258, 297, 78, 995]
        """
        from bpekit._bpekit import Core
        from bpekit._files import load_arguments

        if not hasattr(tokenizer, "to_str"):
            raise TypeError(
                "tokenizers 1.0 does not give a tokenizer.json away: pass the file to bpekit.load"
            )
        data = tokenizer.to_str().encode()
        return cls._taken(Core.loads(data, "tokenizer.json", load_arguments()))

    @classmethod
    def from_transformers(cls, tokenizer: Any) -> Self:
        """Take over a tokenizer of transformers, with its roles of tokens and its chat template.

        Raises:
            FormatError: What it saves is not valid, or no byte-level BPE.

        Example:
            >>> import bpekit, transformers
            >>> theirs = bpekit.demo().to_tokenizers()
            >>> theirs = transformers.PreTrainedTokenizerFast(tokenizer_object=theirs)
            >>> bpekit.Tokenizer.from_transformers(theirs).encode("hello world")
            [258, 297, 78, 995]
        """
        import tempfile

        from bpekit._bpekit import Core
        from bpekit._files import load_arguments

        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save_pretrained(folder)
            return cls._taken(Core.load(folder, load_arguments()))

    def save_pretrained(self, save_directory: Path, *, allow_loss: Collection[str] = ()) -> Report:
        """Write a directory that ``AutoTokenizer.from_pretrained`` of transformers loads.

        The same as ``save`` with ``format="hf-dir"``; see there for the errors.
        """
        from bpekit._files import report

        return report(self._core.save(save_directory, "hf-dir", parts(allow_loss), False))

    @classmethod
    def _taken(cls, core: Core) -> Self:
        tokenizer: Self = cls._of(core)  # type: ignore[attr-defined]
        return tokenizer
