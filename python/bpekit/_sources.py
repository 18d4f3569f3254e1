"""What texts are trained on: one text, files, or an iterable of either."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

Text: TypeAlias = str | bytes
File: TypeAlias = os.PathLike[str]
Source: TypeAlias = Text | File | Iterable[Text] | Iterable[File]

Errors: TypeAlias = Literal["strict", "replace", "ignore"]

Tagged: TypeAlias = tuple[str, Any]

_END = object()


def tagged(
    source: Source, *, lines: bool = False, field: str | None = None, column: str | None = None
) -> Tagged:
    """Say what a source is, in the terms of the extension module."""
    of_files = {"lines": lines or None, "field": field, "column": column}
    given = {name: value for name, value in of_files.items() if value is not None}
    if isinstance(source, os.PathLike):
        return _files([source], given)
    items: Iterator[Any] = iter(())
    if not isinstance(source, str | bytes | bytearray | memoryview):
        try:
            items = iter(source)
        except TypeError:
            raise TypeError(
                "source must be a str (one text), a pathlib.Path (a file), or an iterable of texts "
                f"or of Paths, not {type(source).__name__}"
            ) from None
        first = next(items, _END)
        if isinstance(first, os.PathLike):
            return _files([first, *items], given)
        if first is not _END:
            items = chain([first], items)
    for name, value in given.items():
        raise ValueError(f"{name}={value!r} is for files, and the source is texts")
    if isinstance(source, str) and not _has_surrogates(source):
        return "text", source
    if isinstance(source, str):
        return "texts", [source]
    if isinstance(source, bytes | bytearray | memoryview):
        return "texts", [bytes(source)]
    return "texts", items


def _has_surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _files(paths: list[Any], given: dict[str, Any]) -> Tagged:
    for index, path in enumerate(paths):
        if not isinstance(path, os.PathLike):
            raise TypeError(
                f"source[{index}] must be a Path like source[0], not {type(path).__name__}; "
                "texts and files do not mix"
            )
    is_parquet = [os.fspath(path).lower().endswith((".parquet", ".pq")) for path in paths]
    if not any(is_parquet):
        if "column" in given:
            raise ValueError(f"column={given['column']!r} is for Parquet files, and there is none")
        return "files", paths
    if not all(is_parquet):
        raise ValueError("Parquet files and others do not mix; train on counts of each, merged")
    for name in ("lines", "field"):
        if name in given:
            raise ValueError(
                f"{name}={given[name]!r} is for files of lines; for Parquet files give column="
            )
    from pathlib import Path

    return "rows", _parquet_texts([Path(path) for path in paths], given.get("column", "text"))


def _parquet_texts(paths: list[Path], column: str) -> Iterator[Text | None]:
    """Read one column of Parquet files, some rows at a time. Nulls are None."""
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise ImportError(
            "reading Parquet files takes pyarrow: pip install pyarrow", name="pyarrow"
        ) from None
    from pyarrow import ArrowException, types

    for path in paths:
        # pyarrow's own message for a missing file or a folder is of no class of OSError's.
        with path.open("rb") as stream:
            try:
                file = parquet.ParquetFile(stream)
                yield from _column_texts(path, file, column, types)
            except ArrowException as error:
                raise ValueError(f"{path}: not a Parquet file that can be read: {error}") from None


def _column_texts(path: Path, file: Any, name: str, types: Any) -> Iterator[Text | None]:
    schema = file.schema_arrow
    if name not in schema.names:
        raise ValueError(
            f"{path}: no column {name!r}; expected one of {', '.join(map(repr, schema.names))} "
            "(column=NAME names the one with the text)"
        )
    kind = schema.field(name).type
    if types.is_dictionary(kind):
        kind = kind.value_type
    is_text = [types.is_string, types.is_large_string, types.is_binary, types.is_large_binary]
    is_text += [getattr(types, view) for view in ("is_string_view", "is_binary_view")]
    if not any(test(kind) for test in is_text):
        raise ValueError(f"{path}: column {name!r} has values of type {kind}; expected text")
    for batch in file.iter_batches(batch_size=1024, columns=[name]):
        yield from batch.column(0).to_pylist()
