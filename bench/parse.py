"""Lines per second from text to typed tree, at sizes that show whether it is linear."""

from __future__ import annotations

import argparse
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

from table import figure, show

SOURCES = Path(__file__).resolve().parent.parent / "sequences"
SIZES = (1_000, 10_000, 100_000)


def source(lines: int) -> str:
    """Real sequences and registers, repeated under new names until there are enough lines."""
    texts = [
        re.sub(r"^import .*\n", "", (SOURCES / name).read_text(encoding="utf-8"), flags=re.M)
        for name in ("kvm/common.vgs", "kvm/before.vgs", "kvm/after.vgs", "kvm/vgic.vgs")
    ]
    made: list[str] = []
    count = 0
    copy = 0
    while count < lines:
        for text in texts:
            piece = re.sub(r"\b(__vgic_v3_\w+)", rf"\1_{copy}", text)
            made.append(piece)
            count += piece.count("\n")
        copy += 1
    return "\n".join("".join(made).split("\n")[:lines])


def one(lines: int) -> None:
    """Child process: parses once to warm up, then prints seconds and peak memory in KiB."""
    from dsl.source import Source
    from dsl.syntax.parser import parse

    parse(Source("warm", source(200)))
    text = source(lines)
    # The cut may end within a declaration: only whole ones are measured.
    text = text[: text.rindex("\n}\n") + 3]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    module, found = parse(Source("bench", text))
    seconds = time.perf_counter() - start
    if found or not module.items:
        sys.exit(f"the measured source does not parse: {found[0].message}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(text.count("\n"), seconds, before, peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one)
        return
    rows = []
    for size in SIZES:
        speeds, peaks = [], []
        for _ in range(options.runs):
            out = subprocess.run(
                [sys.executable, __file__, "--one", str(size)],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.split()
            speeds.append(int(out[0]) / float(out[1]))
            peaks.append(int(out[3]) / 1024)
        rows.append(figure(f"{size:,} lines", speeds, "lines/s"))
        rows.append(figure(f"{size:,} lines, peak memory", peaks, "MiB"))
    show(rows, as_json=options.json)


if __name__ == "__main__":
    main()
