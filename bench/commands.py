"""Whole processes, cold: what a person waits for."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import figure, show

ROOT = Path(__file__).resolve().parent.parent
VGS = [sys.executable, "-m", "dsl"]


def run(command: list[str], cache: str) -> tuple[float, float]:
    """Wall seconds and peak memory (MiB) of one process."""
    env = {**os.environ, "VGS_CACHE": cache}
    # Compiled modules are kept, as they are for anyone who has run the command once.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        assert child.stderr is not None
        sys.exit(f"{' '.join(command)} failed:\n{child.stderr.read().decode()}")
    return seconds, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cached = os.path.join(folder, "cache")
        grammar = os.path.join(folder, "grammar")
        built = os.path.join(folder, "built")
        run([*VGS, "check"], cached)
        run([*VGS, "check"], grammar)
        commands = {
            "a bare interpreter": ([sys.executable, "-c", ""], cached),
            "an interpreter that imports lark": ([sys.executable, "-c", "import lark"], cached),
            "vgs check, cached trees": ([*VGS, "check"], cached),
            "vgs check, cached grammar, no trees": ([*VGS, "check"], grammar),
            "vgs check, no cache at all": ([*VGS, "check"], "off"),
            "vgs build, cached trees": ([*VGS, "build", "-o", built], cached),
            "vgs build, no cache at all": ([*VGS, "build", "-o", built], "off"),
            "vgs diff": ([*VGS, "diff"], cached),
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        memory: dict[str, list[float]] = {name: [] for name in commands}
        # In turn, so that a change of the machine's speed meets all of them.
        for _ in range(options.runs):
            for name, (command, cache) in commands.items():
                if cache == grammar:
                    for tree in Path(grammar).glob("*.tree"):
                        tree.unlink()
                if "-o" in command:
                    for file in Path(built).rglob("*"):
                        if file.is_file():
                            file.unlink()
                wall, peak = run(command, cache)
                seconds[name].append(wall * 1000)
                memory[name].append(peak)
    rows = [figure(name, values, "ms") for name, values in seconds.items()]
    rows += [figure(f"{name}, peak memory", values, "MiB") for name, values in memory.items()]
    show(rows, as_json=options.json)


if __name__ == "__main__":
    main()
