"""How far long work is: a callback, or a bar on a terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Stage: TypeAlias = Literal["counting", "encoding", "merging"]


@dataclass(frozen=True)
class Progress:
    """How far a training is, or the encoding of files.

    Attributes:
        stage: ``"counting"`` pretokens, ``"merging"`` tokens or ``"encoding"`` files.
        done: Bytes that were read of the source, as they lie on disk, or tokens that were made.
        total: How many there are, or None if that is not known.
        seconds: Time since the stage began.
    """

    __module__ = "bpekit"

    stage: Stage
    done: int
    total: int | None
    seconds: float

    @property
    def rate(self) -> float:
        """How many a second: bytes or tokens."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the stage goes on at this rate, or None if that is not known."""
        if self.total is None or not self.done:
            return None
        return self.seconds * (self.total - self.done) / self.done


Callback: TypeAlias = Callable[[Progress], object]


class Reporter:
    """Calls a callback, or draws a bar, with what the extension module tells."""

    def __init__(self, progress: Callback | bool | None) -> None:
        """Take what the caller gave for `progress`."""
        if progress is not None and not isinstance(progress, bool) and not callable(progress):
            raise TypeError(
                f"progress must be True, None or a callable, not {type(progress).__name__}"
            )
        self._callback: Callback | None = None
        self._stage = ""
        # When the stage began, and when it was last heard of.
        self._start = self._last = time.monotonic()
        self._width = 0
        if progress is True:
            if sys.stderr is not None and sys.stderr.isatty():
                self._callback = self._draw
        elif progress:
            self._callback = progress

    @property
    def sink(self) -> Callable[[Stage, int, int | None], None] | None:
        """What the extension module calls; None if nobody wants to know."""
        return None if self._callback is None else self._tell

    def _tell(self, stage: Stage, done: int, total: int | None) -> None:
        assert self._callback is not None
        if stage != self._stage:
            # A stage is first heard of when it has gone on for a while.
            self._stage, self._start = stage, self._last
        self._last = time.monotonic()
        seconds = self._last - self._start
        self._callback(Progress(stage=stage, done=done, total=total, seconds=seconds))

    def _draw(self, progress: Progress) -> None:
        try:
            # Some terminals say that they have none.
            width = os.get_terminal_size(sys.stderr.fileno()).columns or 80
        except OSError:
            width = 80
        line = bar(progress, width - 1)
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = len(line)

    def close(self) -> None:
        """End the line of the bar."""
        if self._width:
            sys.stderr.write("\n")
            sys.stderr.flush()
            self._width = 0


def bar(progress: Progress, width: int) -> str:
    """One line: stage, bar, how much, rate and time left."""
    if progress.stage != "merging":
        done, rate = f"{progress.done / 1e6:.1f} MB", f"{progress.rate / 1e6:.0f} MB/s"
        total = "" if progress.total is None else f" of {progress.total / 1e6:.1f} MB"
    else:
        done, rate = f"{progress.done:,}", f"{progress.rate:,.0f} tokens/s"
        total = "" if progress.total is None else f" of {progress.total:,}"
    left = progress.seconds_left
    facts = f" {done}{total}, {rate}"
    if left is not None:
        facts += f", {int(left) // 60}:{int(left) % 60:02} left"
    head = f"{progress.stage:<8} "
    room = min(width - len(head) - len(facts) - 2, 40)
    if progress.total is None or room < 5:
        return (head + facts.strip())[:width]
    full = room if not progress.total else room * progress.done // progress.total
    return f"{head}[{'#' * full}{' ' * (room - full)}]{facts}"
