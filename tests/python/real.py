"""Real tokenizer files for the tests.

The files are listed in ``fixtures/real/FILES.toml`` and fetched by ``tools/real_files.py``.
Parametrize with `real_files`, which needs nothing on disk, and call `real_file` inside the test:

    @pytest.mark.parametrize("file", real_files(".tiktoken"), ids=str)
    def test_loads(file: RealFile) -> None:
        data = real_file(file.name).read_bytes()
"""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest


@dataclass(frozen=True)
class RealFile:
    """A listed file. `path` is where the fetcher puts it; it may not be there."""

    name: str
    format: str
    path: Path
    sha256: str
    set: str
    what: str

    def __str__(self) -> str:
        """Return the name, so that ``ids=str`` gives readable test ids."""
        return self.name


def real_files(*formats: str) -> list[RealFile]:
    """Return the files of the chosen test set, in list order, of any of `formats` if given.

    The set is ``$BPEKIT_TEST_SET``: "core" (the default) or "all".
    """
    known = {file.format for file in _listed().values()}
    if unknown := set(formats) - known:
        raise ValueError(f"no listed file has format {sorted(unknown)}; known: {sorted(known)}")
    chosen = _test_set()
    return [
        file
        for file in _listed().values()
        if chosen in ("all", file.set) and (not formats or file.format in formats)
    ]


def real_file(name: str) -> Path:
    """Return the path of a listed file, verified.

    An absent file skips the test, or fails it in CI, where a silent skip would hide that
    nothing was tested. A file with the wrong content always fails, and so does one outside the
    chosen set: whether a test runs must not hang on what an earlier run has fetched.
    """
    file = _listed()[name]
    if _test_set() not in ("all", file.set):
        pytest.fail(f"{name} is of set {file.set}, and the set of this run is {_test_set()}")
    problem = _problem(name)
    if problem is None:
        return file.path
    message = f"real file {name} (set {file.set}): {problem}; run tools/real_files.py fetch {name}"
    if file.path.exists() or os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def _test_set() -> str:
    chosen = os.environ.get("BPEKIT_TEST_SET") or "core"
    if chosen not in _tool().SETS:
        raise ValueError(f'BPEKIT_TEST_SET is {chosen!r}, must be "core" or "all"')
    return chosen


@cache
def _problem(name: str) -> str | None:
    """Verify a file once for each test run: hashing hundreds of megabytes per test is slow."""
    tool = _tool()
    problem: str | None = tool.problem(tool.find_file(tool.load_list(), name))
    return problem


@cache
def _listed() -> dict[str, RealFile]:
    tool = _tool()
    return {
        file.name: RealFile(
            name=file.name,
            format=file.format,
            path=tool.cached_path(file),
            sha256=file.sha256,
            set=file.set,
            what=file.what,
        )
        for file in tool.all_files(tool.load_list())
    }


@cache
def _tool() -> ModuleType:
    """Load tools/real_files.py, a script outside any package, as a module."""
    path = Path(__file__).resolve().parents[2] / "tools" / "real_files.py"
    spec = importlib.util.spec_from_file_location("bpekit_tools_real_files", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name while it is being executed.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
