"""A run of mutants, cold: how long it takes, who kills them, and what each of them takes."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from table import figure, show

ROOT = Path(__file__).resolve().parent.parent
MODULE = "sequences/kvm/run_fixed.vgs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sample", type=int, help="only so many mutants")
    parser.add_argument("--jobs", type=int, help="mutants at a time (default: processors)")
    parser.add_argument("module", nargs="?", default=MODULE)
    options = parser.parse_args()
    command = [sys.executable, "-m", "dsl", "mutate", options.module, "--format", "json"]
    for name in ("sample", "jobs"):
        if getattr(options, name) is not None:
            command += [f"--{name}", str(getattr(options, name))]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ)
    seconds = time.perf_counter() - start
    try:
        told = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    spent: dict[str, list[float]] = {}
    for one in told["all"]:
        name = f"{one['outcome']} by {one['by']}" if one["by"] else one["outcome"]
        spent.setdefault(name, []).append(one["seconds"])
    figures = [figure("the whole run", [seconds], "s")]
    figures.append(figure("mutants in it", [told["mutants"]], ""))
    figures += [figure(f"a mutant: {name}", each, "s") for name, each in sorted(spent.items())]
    for name, score in told["scores"].items():
        if score["of"]:
            figures.append(figure(f"score: {name}", [100 * score["killed"] / score["of"]], "%"))
    show(figures, as_json=options.json)


if __name__ == "__main__":
    main()
