"""The pytest plugin `vgs`: each scenario and each invariant of a .vgs file is a test.

pytest loads this module at each start, so it loads nothing itself before there is a .vgs file.
"""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "vgs_files",
        "patterns of the .vgs files that are collected from folders, relative to the rootdir "
        "(default: all that the nearest vgs.toml has as sources)",
        type="args",
        default=["*"],
    )
    parser.addini(
        "vgs_most",
        "how many histories of a scenario are tried before it counts as undecided",
        default="10000",
    )
    parser.addini(
        "vgs_invariants",
        "whether invariants are tests too: a program with a lifecycle is verified for them",
        type="bool",
        default=True,
    )
    parser.addini(
        "vgs_baseline",
        "a baseline of vgs verify, relative to the rootdir: the invariants that it lists are "
        "expected to fail",
        default="",
    )


def pytest_configure(config: pytest.Config) -> None:
    most = config.getini("vgs_most")
    if not (most.isascii() and most.isdigit() and int(most[:19]) > 0):
        raise pytest.UsageError(f"vgs_most is `{most}`: it is a number of histories, 1 or more")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".vgs":
        return None
    from dsl.testing.items import collector

    return collector(file_path, parent)
