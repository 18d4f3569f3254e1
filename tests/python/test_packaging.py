"""What is installed, and that its parts say the same of themselves."""

from __future__ import annotations

import json
import pathlib
import re
import zipfile
from importlib import metadata

import pytest

import bpekit

ROOT = pathlib.Path(__file__).resolve().parents[2]


def version() -> str:
    text = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "([^"]+)"$', text, re.MULTILINE)
    assert found is not None
    return found.group(1)


def test_nothing_is_needed_at_run_time() -> None:
    needed = metadata.requires("bpekit") or []
    assert [one for one in needed if "extra ==" not in one] == []


def test_versions_agree() -> None:
    assert metadata.version("bpekit") == bpekit.__version__ == version()
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[(Unreleased|" + re.escape(version()) + r")\]", changes, re.M)


def test_the_wheel_is_whole() -> None:
    wheels = list((ROOT / "target" / "wheels").glob("bpekit-*.whl"))
    if not wheels:
        pytest.skip("the package was not installed from a wheel of this checkout")
    with zipfile.ZipFile(wheels[0]) as wheel:
        names = set(wheel.namelist())
        info = f"bpekit-{version()}.dist-info"
        expected = {
            "bpekit/py.typed",
            "bpekit/_bpekit.pyi",
            f"{info}/licenses/LICENSE",
            f"{info}/entry_points.txt",
        }
        assert expected <= names
        assert not [name for name in names if name.startswith("tests/")]
        # What the binary was made of, for those who look for weak dependencies.
        (bill,) = [name for name in names if name.startswith(f"{info}/sboms/")]
        parts = {part["name"] for part in json.loads(wheel.read(bill))["components"]}
        assert {"fancy-regex", "pyo3", "bpekit-formats"} <= parts
