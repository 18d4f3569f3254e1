"""Each recipe of docs/recipes.md runs, and gives the ids of the plain call."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bpekit
from peers import ENVIRONMENTS
from real import real_file
from training import UNSEEN, prose

PAGE = Path(__file__).resolve().parents[2] / "docs" / "recipes.md"
RECIPES = dict(re.findall(r"^```python ([a-z-]+)\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S))
# Those that need no other library but numpy run where the tests run.
HERE = {"multiprocessing", "numpy"}
TEXTS = [
    "",
    "hello world",
    "don't 1234567\r\n\n  x",
    "caf\u00e9 e\u0301 \u4e2d\u6587 \U0001f600",
    "<|endoftext|>",
    UNSEEN,
    *[paragraph for paragraph in prose().split("\n\n") if paragraph][:200],
]

BEFORE = """
import json
import sys

sys.path.append({packages!r})
import bpekit

tokenizer = bpekit.get_encoding("o200k_base", folder={folder!r})
with open("texts.json", encoding="utf-8") as file:
    texts = json.load(file)
"""
AFTER = """
if __name__ == "__main__":
    for method in ("to_pylist", "to_list"):
        if hasattr(ids, method):
            ids = getattr(ids, method)()
    with open("ids.json", "w") as file:
        json.dump([[int(id) for id in row] for row in ids], file)
"""


def test_all_are_there() -> None:
    assert {"pyarrow", "polars", "duckdb", "pandas", "datasets", "torch"} <= set(RECIPES)
    # None is left out by another way of writing its fence.
    assert PAGE.read_text("utf-8").count("\n```") == 2 * (len(RECIPES) + 1)


@pytest.mark.parametrize("name", RECIPES)
def test_recipe(name: str, tmp_path: Path) -> None:
    python = interpreter(name)
    ranks = tmp_path / "o200k_base.tiktoken"
    ranks.symlink_to(real_file("o200k_base.tiktoken"))
    (tmp_path / "texts.json").write_text(json.dumps(TEXTS), "utf-8")
    before = BEFORE.format(packages=str(Path(bpekit.__file__).parents[1]), folder=str(tmp_path))
    (tmp_path / "recipe.py").write_text(before + RECIPES[name] + AFTER, "utf-8")
    done = subprocess.run(
        [python, "-W", "error", "recipe.py"],
        cwd=tmp_path,
        env={**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "arning" not in done.stderr, done.stderr
    tokenizer = bpekit.load(ranks)
    texts = ["\n\n".join(TEXTS)] if name == "numpy" else TEXTS
    ids = json.loads((tmp_path / "ids.json").read_text())
    assert ids == [tokenizer.encode_ordinary(text) for text in texts]


def interpreter(name: str) -> str:
    """Give the interpreter of the environment that has what a recipe needs."""
    if name in HERE:
        return sys.executable
    environment = "torch" if name == "torch" else "tables"
    python = ENVIRONMENTS / environment / "bin" / "python"
    if not python.exists():
        message = f"{environment} is not there; run `make peers`"
        # torch is larger than all the rest together; `make test-all` alone installs it.
        is_needed = environment != "torch" or os.environ.get("BPEKIT_TEST_SET") == "all"
        if os.environ.get("CI") == "true" and is_needed:
            pytest.fail(message)
        pytest.skip(message)
    return str(python)
