"""The examples of the docstrings run, and print what they say."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bpekit

MODULES = [
    "bpekit",
    "bpekit._batches",
    "bpekit._counting",
    "bpekit._decoding",
    "bpekit._encode_file",
    "bpekit._encoding",
    "bpekit._exchange",
    "bpekit._files",
    "bpekit._find",
    "bpekit._show",
    "bpekit._tokenizer",
    "bpekit._train",
    "bpekit._trainable",
    "bpekit.compat",
    "bpekit.compat._models",
    "bpekit.compat.rustbpe",
    "bpekit.compat.tiktoken",
]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name), raise_on_error=False)
    assert results.attempted > 0
    assert results.failed == 0


def test_everything_public_is_documented() -> None:
    for name in bpekit.__all__:
        thing = getattr(bpekit, name)
        if not callable(thing):
            continue
        assert inspect.getdoc(thing), name
        for attribute, member in inspect.getmembers(thing) if inspect.isclass(thing) else ():
            if not attribute.startswith("_") and (callable(member) or isinstance(member, property)):
                assert inspect.getdoc(member), f"{name}.{attribute}"


def test_the_names_are_all_there() -> None:
    assert sorted(bpekit.__all__) == bpekit.__all__
    assert all(hasattr(bpekit, name) for name in bpekit.__all__)
    assert set(bpekit.__all__) <= set(dir(bpekit))
    for name in bpekit.__all__:
        thing = getattr(bpekit, name)
        if inspect.isclass(thing):
            assert thing.__module__ == "bpekit", name
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = bpekit.no_such_name


def test_the_reference_has_every_name() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference.md"
    listed = re.findall(r"^::: bpekit\.([A-Za-z_]+)$", page.read_text("utf-8"), re.M)
    assert sorted(listed) == sorted(set(bpekit.__all__) - {"__version__"})


def test_type_checkers_see_the_names_that_there_are() -> None:
    tree = ast.parse(Path(bpekit.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imported = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.name: node.module for node in imported for alias in node.names}
    modules = dict.fromkeys(("compat", "edit"), "bpekit")
    assert seen == {**bpekit._PLACES, **modules}
    assert set(seen) | {"__version__"} == set(bpekit.__all__)


def test_little_is_imported_before_it_is_needed() -> None:
    script = (
        "import sys; before = set(sys.modules); import bpekit; print(set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ast.literal_eval(done.stdout) == {"bpekit", "bpekit._bpekit"}


ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "bench",
    "bindings",
    "docs",
    "fixtures/gen",
    "formats",
    "python",
    "src",
    "tests",
    "tools",
)
FILES = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.*")]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_named_files_are_there(page: str) -> None:
    named = re.findall(r"`([a-z0-9_/-]+\.(?:rs|py|md))`", (ROOT / page).read_text("utf-8"))
    assert named
    there = {f"/{path.relative_to(ROOT).as_posix()}" for path in FILES}
    missing = [name for name in named if not any(path.endswith(f"/{name}") for path in there)]
    assert not missing
