"""Where the time of a `vgs check` of this project goes, stage by stage, in one process."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from table import figure, show

ROOT = Path(__file__).resolve().parent.parent

#: Runs in a child, so that every stage is cold; prints milliseconds by stage.
CHILD = """
import sys, time
marks = [("", time.perf_counter())]
def mark(name): marks.append((name, time.perf_counter()))
from pathlib import Path
from dsl.resolve.workspace import Workspace
mark("imports of the resolver")
from dsl.source import Source
from dsl.syntax import cache
paths = sorted(Path("sequences").rglob("*.vgs"))
trees = 0
if sys.argv[1] == "trees":
    for path in paths:
        assert cache.load(Source(str(path), path.read_text())) is not None
    mark("cached trees")
else:
    from dsl.syntax.parser import parse
    from dsl.syntax.tables import tables
    mark("imports of the parser")
    tables()
    mark("tables of the grammar")
    for path in paths:
        parse(Source(str(path), path.read_text()))
    mark("text to trees")
    for path in paths:
        source = Source(str(path), path.read_text())
        cache.store(source, parse(source)[0])
    mark("")
workspace = Workspace([Path("sequences")])
loaded = [workspace.load(p) for p in paths]
mark("names and types (reading cached trees included)")
workspace.check(l for l in loaded if l)
mark("checks across modules")
from dsl.backends.c import draft
mark("imports of the C backend")
for one in loaded:
    closure = workspace.closure(one)
    for dialect in (d for r in closure for d in r.dialects):
        draft(workspace.program(one), dialect, {r.module.name: r.layout for r in closure})
mark("drafts of the C, for what a dialect does not spell")
assert not len(workspace.found)
for (_, a), (name, b) in zip(marks, marks[1:]):
    if name: print(f"{(b - a) * 1000:.3f}", name, sep="\\t")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "VGS_CACHE": folder, "PYTHONPATH": str(ROOT)}
        # Compiled modules are kept, as they are for anyone who has run the command once.
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        for mode, title in (("text", "from text, grammar cached"), ("trees", "from cached trees")):
            values: dict[str, list[float]] = {}
            for turn in range(options.runs + 1):
                out = subprocess.run(
                    [sys.executable, "-c", CHILD, mode],
                    cwd=ROOT,
                    env=env,
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout
                # The first run fills the caches.
                for line in out.splitlines() if turn else ():
                    ms, name = line.split("\t")
                    values.setdefault(f"{title}: {name}", []).append(float(ms))
            rows += [figure(name, each, "ms") for name, each in values.items()]
    show(rows, as_json=options.json)


if __name__ == "__main__":
    main()
