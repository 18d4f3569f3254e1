"""The part of `Tokenizer` that encodes whole files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from bpekit import _arrays, _bpekit
from bpekit._progress import Callback, Reporter
from bpekit._sources import Errors
from bpekit._special import ALL, NONE, Allowed, Disallowed, Names, special_names

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bpekit._files import Path

    Paths: TypeAlias = Path | Iterable[Path]
    Dtype: TypeAlias = npt.DTypeLike | Literal["auto"]

_ID_TYPES = {"auto": None, "uint16": "u16", "u16": "u16", "uint32": "u32", "u32": "u32"}


@dataclass(frozen=True)
class EncodedFile:
    """What `Tokenizer.encode_file` wrote.

    Attributes:
        path: The file of ids: integers of `dtype`, one behind the other.
        dtype: ``"<u2"`` or ``"<u4"``, as `numpy.memmap` takes it.
        documents: How many documents were encoded.
        ids: How many ids were written, those around documents too.
        text_bytes: How many bytes the documents had, as UTF-8.
        skipped: How many lines of JSON had null in place of a text.
    """

    __module__ = "bpekit"

    path: str
    dtype: Literal["<u2", "<u4"]
    documents: int
    ids: int
    text_bytes: int
    skipped: int

    def to_numpy(self) -> npt.NDArray[Any]:
        """Map the file into memory, to be read: an array that takes none before it is looked at."""
        import numpy as np

        if not self.ids:
            # No system maps a file without content.
            return np.empty(0, dtype=self.dtype)
        return np.memmap(self.path, dtype=self.dtype, mode="r")


class FileEncoding:
    """Encoding of whole files."""

    if TYPE_CHECKING:
        _core: _bpekit.Core

    @overload
    def encode_file(
        self,
        path: Paths,
        *,
        out: Path,
        separator: str | bytes | None = None,
        prepend: str | None = None,
        append: str | None = None,
        dtype: Dtype = "auto",
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
        errors: Errors = "strict",
        field: str | None = None,
        num_threads: int | None = None,
        progress: Callback | bool | None = None,
    ) -> EncodedFile: ...

    @overload
    def encode_file(
        self,
        path: Paths,
        *,
        out: None = None,
        separator: str | bytes | None = None,
        prepend: str | None = None,
        append: str | None = None,
        dtype: Dtype = "auto",
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
        errors: Errors = "strict",
        field: str | None = None,
        num_threads: int | None = None,
        progress: Callback | bool | None = None,
    ) -> npt.NDArray[np.uint16] | npt.NDArray[np.uint32]: ...

    def encode_file(
        self,
        path: Paths,
        *,
        out: Path | None = None,
        separator: str | bytes | None = None,
        prepend: str | None = None,
        append: str | None = None,
        dtype: Dtype = "auto",
        allowed_special: Allowed = NONE,
        disallowed_special: Disallowed = ALL,
        add_special_tokens: bool = False,
        errors: Errors = "strict",
        field: str | None = None,
        num_threads: int | None = None,
        progress: Callback | bool | None = None,
    ) -> EncodedFile | npt.NDArray[np.uint16] | npt.NDArray[np.uint32]:
        """Encode whole files, in parallel and in bounded memory, to a file or to an array.

        The ids are those of `encode` for each document as a whole, one document behind the other
        in the order of the files, whatever the number of threads.

        A file is one document, or with a separator as many as stand between separators; white
        space around one belongs to them. The end of a file ends a document too. The separator
        itself is never encoded as text. If it is a special token, as ``"<|endoftext|>"``, its id
        stands behind each document, as in nanoGPT's ``prepare.py``; `append` and `prepend` say
        otherwise. If it is none, nothing stands there.

        Files are read in blocks, so that a document may be longer than memory. That takes a
        pattern which is published, or like one; with other patterns, and with normalizers other
        than Unicode forms and lower case, each document is held as a whole.

        Args:
            path: A file, or several: plain text, in gzip or in Zstandard. A ``.jsonl`` or
                ``.ndjson`` file has a document in each line, an object with the text in ``text``.
            out: The file of ids to write, without any header, the lowest byte of each first. It
                appears whole or not at all. None gives an array.
            separator: What stands between documents. It is looked for before special tokens.
            prepend: A special token whose id stands before each document, as nanochat has it.
                With it, that of the separator does not stand behind them.
            append: A special token whose id stands behind each document.
            dtype: ``"uint16"`` or ``"uint32"``; ``"auto"`` is the smaller if it holds all ids of
                the tokenizer.
            allowed_special: The special tokens that documents may contain, as in `encode`.
            disallowed_special: Texts that are an error, as in `encode`.
            add_special_tokens: As in `encode_ordinary`, around each document.
            errors: What becomes of bytes that are not UTF-8: ``"strict"`` is an error with the
                place, ``"replace"`` takes U+FFFD, ``"ignore"`` leaves them out.
            field: The member with the text, for files of JSON lines.
            num_threads: How many threads at most; None for as many as there are processors.
            progress: Called some times a second with a `Progress`. True draws a bar, if standard
                error is a terminal.

        Returns:
            What was written to `out`; without `out`, the ids.

        Raises:
            FormatError: With path and place: text that is not UTF-8, that contains a disallowed
                special token, or that the vocab cannot express; damaged compression or JSON.
            ValueError: The ids do not fit `dtype`, `append` or `prepend` is no special token, or
                the separator is empty.
            OSError: A file cannot be read or written.
            ImportError: There is no `out`, and numpy is not installed.

        Example:
            >>> import bpekit, pathlib, tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     text, ids = (pathlib.Path(folder, name) for name in ("a.txt", "train.bin"))
            ...     _ = text.write_text("the<|endoftext|>hello world")
            ...     done = bpekit.demo().encode_file(text, out=ids, separator="<|endoftext|>")
            ...     done.documents, done.ids, done.dtype, done.to_numpy().tolist()
            (2, 7, '<u2', [1169, 3000, 258, 297, 78, 995, 3000])
        """
        encoded: EncodedFile | npt.NDArray[Any] = encode_file(
            self._core,
            path,
            special_names(allowed_special, disallowed_special),
            out=out,
            separator=separator,
            prepend=prepend,
            append=append,
            dtype=dtype,
            frame=add_special_tokens,
            errors=errors,
            field=field,
            num_threads=num_threads,
            progress=progress,
        )
        return encoded


def encode_file(
    core: _bpekit.Core,
    path: Paths,
    policy: tuple[Names, Names],
    *,
    out: Path | None,
    dtype: Dtype,
    separator: str | bytes | None,
    num_threads: int | None,
    progress: Callback | bool | None,
    block_len: int | None = None,
    **arguments: Any,
) -> Any:
    """Do what `FileEncoding.encode_file` says; the length of blocks is for tests."""
    if isinstance(separator, str):
        separator = separator.encode()
    elif separator is not None and not isinstance(separator, bytes):
        raise TypeError(f"separator must be a str or bytes, not {type(separator).__name__}")
    if num_threads is not None and num_threads < 1:
        raise ValueError(f"num_threads={num_threads}; expected 1 or more")
    arguments |= {
        "out": out,
        "separator": separator,
        "id_type": _id_type(dtype),
        "allowed": policy[0],
        "disallowed": policy[1],
        "num_threads": num_threads,
        "block_len": block_len,
    }
    if out is None:
        # Before anything is read: without numpy there is no array.
        import numpy  # noqa: F401
    reporter = Reporter(progress)
    try:
        array, facts = core.encode_file(_paths(path), arguments, reporter.sink)
    finally:
        reporter.close()
    documents, ids, text_bytes, skipped, id_type = facts
    if out is None:
        return _arrays.of_ids(array, short=id_type == "u16")
    return EncodedFile(
        path=os.fspath(out),
        dtype="<u2" if id_type == "u16" else "<u4",
        documents=documents,
        ids=ids,
        text_bytes=text_bytes,
        skipped=skipped,
    )


def _paths(path: Paths) -> list[Path]:
    if isinstance(path, str | os.PathLike):
        return [path]
    return list(path)


def _id_type(dtype: Dtype) -> str | None:
    if isinstance(dtype, str) and dtype in _ID_TYPES:
        return _ID_TYPES[dtype]
    return "u16" if _arrays.is_short(dtype) else "u32"
