"""Peers in versions that cannot stand beside those that the other tests need.

Each has an environment of its own in ``target/peers``, which ``make peers`` makes of the dependency
group of its name, and is asked in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENTS = Path(__file__).parents[2] / "target" / "peers"


def ask(peer: str, script: str, job: object) -> Any:
    """Run a script in the environment of a peer: JSON comes in and goes out.

    A peer that is not there skips the test, or fails it in CI, as a real file that is missing.
    """
    python = ENVIRONMENTS / peer / "bin" / "python"
    if not python.exists():
        message = f"{peer} is not there; run `make peers`"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    environment = {"PATH": os.environ.get("PATH", ""), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [python, "-I", "-c", script],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
