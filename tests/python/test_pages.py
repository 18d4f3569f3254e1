"""The examples of the tutorials and of the pages about other tools print what the pages say.

The blocks of a page run in its order and in one folder: `python` blocks as one session, `console`
blocks as a shell has them.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
import sysconfig
import warnings
from pathlib import Path
from typing import Any

import pytest

from real import real_file, real_files

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = [*sorted(DOCS.glob("tutorials/*.md")), DOCS / "tiktoken.md", DOCS / "other-converters.md"]
# A text that does not change.
CORPUS = DOCS.parent / "LICENSE"
OPTIONS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


def name_of(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.read_text("utf-8")
    for file in real_files():
        if file.name in text:
            (tmp_path / file.name).symlink_to(real_file(file.name))
    (tmp_path / "corpus.txt").symlink_to(CORPUS)
    monkeypatch.chdir(tmp_path)
    for name in ("BPEKIT_HOME", "TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    names: dict[str, Any] = {}
    count = 0
    for language, block in re.findall(r"^```(python|console)\n(.*?)^```", text, re.M | re.S):
        count += session(page, block, names) if language == "python" else shell(block)
    # None is left out by another way of writing its fence.
    assert text.count("\n```") == 2 * len(re.findall(r"^```(python|console)$", text, re.M))
    assert count >= 3


def session(page: Path, block: str, names: dict[str, Any]) -> int:
    """Run a block of an interactive session, which goes on where the last one ended."""
    test = doctest.DocTestParser().get_doctest(block, {}, page.name, str(page), 0)
    test.globs = names
    report: list[str] = []
    with warnings.catch_warnings():
        # What other packages warn of when they are imported is not what is tested.
        warnings.simplefilter("ignore")
        runner = doctest.DocTestRunner(optionflags=OPTIONS)
        runner.run(test, out=report.append, clear_globs=False)
    assert not report, "".join(report)
    return len(test.examples)


def shell(block: str) -> int:
    """Run each line behind a `$`; it prints what stands below it."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    commands = re.split(r"^\$ ", block, flags=re.M)[1:]
    for command in commands:
        line, _, expected = command.partition("\n")
        # The Python that runs the tests, by whatever name it has.
        line = line.replace("python -c", f"{sys.executable} -W ignore -c")
        done = subprocess.run(
            ["bash", "-c", line], env=environment, capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        assert done.stdout == expected, line
    return len(commands)
