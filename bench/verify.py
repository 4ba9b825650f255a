"""What a verification takes: each engine alone, and all of it, on one and on all configurations."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from table import figure, show

ROOT = Path(__file__).resolve().parent.parent
MODULE = "sequences/kvm/run_after.vgs"
ENGINES = ("flow", "explicit", "symbolic", "all")

#: Runs in a child, so that memory is one engine's; prints what it did as JSON.
CHILD = """
import json, sys, time
import dsl
engine, module, given = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
loaded = dsl.load(module)
engines = [] if engine == "all" else [engine]
start = time.perf_counter()
verdict = dsl.verify(loaded, given=given, engines=engines)
seconds = time.perf_counter() - start
counts = {"findings": len(verdict.findings), "withdrawn": len(verdict.withdrawn)}
counts |= {"not checked": len(verdict.unchecked)}
for work in verdict.work:
    whose = f"{work.engine.value} " if engine == "all" else ""
    counts |= {whose + what: n for what, n in work.amounts}
print(json.dumps([seconds, counts]))
"""


def run(engine: str, module: str, given: dict[str, int]) -> dict[tuple[str, str], float]:
    """What one engine took and found, by what it is and its unit."""
    command = [sys.executable, "-c", CHILD, engine, module, json.dumps(given)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stderr is not None
    # What it prints fits a pipe.
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{engine} on {module} failed:\n{child.stderr.read().decode()}")
    seconds, counts = json.loads(child.stdout.read())
    told = {("time", "s"): float(seconds), ("peak memory", "MiB"): usage.ru_maxrss / 1024}
    return told | {(what, ""): float(n) for what, n in counts.items()}


def scopes(module: str, wanted: str) -> dict[str, dict[str, int]]:
    """What is given in each scope: all conditions, as the last configuration has them, or none."""
    import dsl
    from dsl.verify.configurations import configurations

    every = list(configurations(dsl.load(ROOT / module).program))
    found = {"one": (f"one of {len(every)}", dict(every[-1])), "all": (f"all {len(every)}", {})}
    return {name: given for key, (name, given) in found.items() if wanted in (key, "both")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--scope", choices=("one", "all", "both"), default="both")
    parser.add_argument("module", nargs="?", default=MODULE, help=f"default: {MODULE}")
    options = parser.parse_args()
    rows = []
    for scope, given in scopes(options.module, options.scope).items():
        for engine in options.engine or ENGINES:
            told = [run(engine, options.module, given) for _ in range(options.runs)]
            for what, unit in told[0]:
                values = [each.get((what, unit), 0.0) for each in told]
                rows.append(figure(f"{engine}, {scope}: {what}", values, unit))
    show(rows, as_json=options.json)


if __name__ == "__main__":
    main()
