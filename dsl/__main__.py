"""`python -m dsl` is the command `vgs`."""

from __future__ import annotations

import sys

from dsl.cli import entry

if __name__ == "__main__":
    sys.exit(entry())
