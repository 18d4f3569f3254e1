"""The exceptions of bpekit.

Every error of a file is a `FormatError`, which is a `ValueError`. Errors of the operating system
stay what Python makes of them: `FileNotFoundError`, `PermissionError` and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Loss(NamedTuple):
    """A part of a tokenizer that a target format cannot carry.

    Attributes:
        part: Which part; the name that `allow_loss` takes, as ``"normalizer"``.
        detail: What changes, in words.
        refused: True if it could change what text encodes to, so that it stops a conversion
            unless `allow_loss` names it; False if it is only reported.
    """

    part: str
    detail: str
    refused: bool


# A field would not do: this is a tuple.
Loss.__module__ = "bpekit"


class FormatError(ValueError):
    """A tokenizer file that cannot be read, or written, as what it is said to be.

    Attributes:
        format: The name of the format, as ``"tiktoken"``, or None if it is not known.
        path: The file, or None for bytes in memory.
        line: The line, counted from 1, in a file of lines.
        location: The place in the file in words, as ``"line 3"`` or ``"model.merges[3]"``.
        hints: Ways out, each a sentence. They stand in the message too.

    Example:
        >>> import bpekit
        >>> try:
        ...     bpekit.loads(b"IQ== zero", format="tiktoken")
        ... except bpekit.FormatError as error:
        ...     print(error.line, error)
        1 line 1: rank `zero` is not a decimal integer; expected `<base64> <rank>`
    """

    __module__ = "bpekit"

    def __init__(
        self,
        message: str,
        *,
        format: str | None = None,
        path: str | None = None,
        line: int | None = None,
        location: str | None = None,
        hints: Sequence[str] = (),
    ) -> None:
        """Make the error; all but the message is optional."""
        super().__init__(message)
        self.format = format
        self.path = path
        self.line = line
        self.location = location
        self.hints = tuple(hints)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the attributes, which the arguments of an exception leave out."""
        return type(self).__new__, (type(self), *self.args), self.__dict__


class UnsupportedError(FormatError):
    """The file is valid, and bpekit does not do what it asks for."""

    __module__ = "bpekit"


class LimitError(FormatError):
    """The file asks for more than the limits that keep memory in proportion to it."""

    __module__ = "bpekit"


class LossyConversionError(FormatError):
    """The target format cannot carry a part of the tokenizer, and the caller did not allow that.

    Attributes:
        losses: What would be lost.
    """

    __module__ = "bpekit"

    losses: tuple[Loss, ...] = ()


class PatternError(ValueError):
    """A split pattern does not compile, or gave up on a text."""

    __module__ = "bpekit"


def file_error(
    class_name: str,
    message: str,
    format: str | None,
    path: str | None,
    line: int | None,
    location: str | None,
    hints: Sequence[str],
    losses: Sequence[tuple[str, str, bool]],
) -> FormatError:
    """Make the error of a class; the extension module calls it."""
    error_class: type[FormatError] = _CLASSES[class_name]
    error = error_class(
        message, format=format, path=path, line=line, location=location, hints=hints
    )
    if isinstance(error, LossyConversionError):
        error.losses = tuple(Loss(*loss) for loss in losses)
    return error


def disallowed_special(token: str) -> ValueError:
    """Make tiktoken's error for a special token in the text; the extension module calls it."""
    return ValueError(
        f"Encountered text corresponding to disallowed special token {token!r}.\n"
        "If you want this text to be encoded as a special token, "
        f"pass it to `allowed_special`, e.g. `allowed_special={{{token!r}, ...}}`.\n"
        "If you want this text to be encoded as normal text, disable the check for this token "
        f"by passing `disallowed_special=(enc.special_tokens_set - {{{token!r}}})`.\n"
        "To disable this check for all special tokens, pass `disallowed_special=()`.\n"
    )


_CLASSES: dict[str, type[FormatError]] = {
    error_class.__name__: error_class
    for error_class in (FormatError, UnsupportedError, LimitError, LossyConversionError)
}


class TrainingWarning(UserWarning):
    """A training made fewer tokens than it was asked for; the message says why."""

    __module__ = "bpekit"
