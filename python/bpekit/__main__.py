"""The command line: ``bpekit``, or ``python -m bpekit``."""

from __future__ import annotations

import signal
import sys

from bpekit import _bpekit


def main() -> int:
    """Run the command line with the arguments of the process; return the exit code."""
    # Python hears Ctrl-C between its own instructions alone, and all the work is one of them.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _bpekit.run_cli(sys.argv, sys.path)


if __name__ == "__main__":
    sys.exit(main())
