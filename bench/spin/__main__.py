"""The protocol in Spin, and the same defects in ours: verdicts, states and times, side by side."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.spin.defects import DEFECTS, Defect, write

MODEL = Path(__file__).with_name("protocol.pml")
#: What the model leaves out of all configurations.
GIVEN = {"gicv3_cpuif": 1, "cpuif_trap": 0}
_STATES = re.compile(r"^\s*(\d+) states, stored", re.MULTILINE)
_ERRORS = re.compile(r"errors: (\d+)")
_VIOLATED = re.compile(r"assertion violated (.*) \(at depth \d+\)")
#: What an assertion of the model is about, by a name in it.
_ABOUT = (
    ("kept_vmcr", "settings are not kept"),
    ("wants_vmcr", "settings are not there"),
    ("state_of", "interrupt's state is lost"),
    ("kept_list", "another interrupt is there"),
    ("direct", "interface is off"),
)


class Unusable(Exception):
    """A program is missing, or did not do what it is to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One defect: what each of the two says, and what it took (seconds, states)."""

    number: int
    defect: str
    spin: str
    spin_states: int
    spin_compile: float
    spin_run: float
    vgs: str | None = None
    vgs_states: int | None = None
    vgs_run: float | None = None

    @property
    def agree(self) -> bool | None:
        """Whether both find something, or neither does; None where ours was not asked."""
        return None if self.vgs is None else (self.spin == "holds") == (self.vgs == "holds")


def _called(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Unusable(f"{command[0]} failed:\n{done.stdout}")
    return done.stdout


def spin(number: int, guests: int) -> tuple[str, int, float, float]:
    """Verdict, states, and seconds to make and to run the verifier.  Raises `Unusable`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(MODEL, folder)
        start = time.perf_counter()
        _called(["spin", "-a", f"-DDEFECT={number}", f"-DGUESTS={guests}", MODEL.name], folder)
        _called(["gcc", "-O2", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"], folder)
        made = time.perf_counter()
        text = _called(["./pan", "-m1000000"], folder)
        ran = time.perf_counter()
    states, errors = _STATES.search(text), _ERRORS.search(text)
    if states is None or errors is None or "too small" in text:
        raise Unusable(f"the verifier did not finish:\n{text}")
    violated = _VIOLATED.search(text)
    if (errors[1] != "0") != (violated is not None):
        raise Unusable(f"an error that is no assertion of the model:\n{text}")
    verdict = "holds"
    if violated is not None:
        verdict = next(says for word, says in _ABOUT if word in violated[1])
    return verdict, int(states[1]), made - start, ran - made


def ours(defect: Defect, engines: Sequence[str]) -> tuple[str, int, float]:
    """Verdict, states and seconds of `vgs verify` on the sequences with the defect."""
    import dsl

    with tempfile.TemporaryDirectory() as name:
        module = write(defect, Path(name))
        start = time.perf_counter()
        verdict = dsl.verify(module, given=GIVEN, engines=engines, roots=[module.parent])
        seconds = time.perf_counter() - start
    if verdict.unchecked:
        raise Unusable("\n".join(verdict.unchecked))
    states = sum(n for work in verdict.work for what, n in work.amounts if what == "states")
    # What shows no value, the model has no assertion for.
    codes = sorted({finding.code for finding in verdict.findings if finding.value})
    return " ".join(codes) if codes else "holds", states, seconds


def _show(rows: Sequence[Row]) -> None:
    wide = max(len(row.defect) for row in rows)
    print(
        f"{'defect':<{wide + 3}} {'Spin':<27} {'states':>10} {'compile':>9} {'run':>9}   vgs verify"
    )
    for row in rows:
        line = f"{row.number}  {row.defect:<{wide}} {row.spin:<27} {row.spin_states:>10,}"
        line += f" {row.spin_compile:>7.2f} s {row.spin_run:>7.2f} s"
        if row.vgs is not None:
            line += f"   {row.vgs} ({row.vgs_states:,} states, {row.vgs_run:.1f} s)"
            line += "" if row.agree else "   THEY DIFFER"
        print(line)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.spin", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--guests", type=int, choices=(1, 2), default=1)
    parser.add_argument("--defect", type=int, choices=[d.number for d in DEFECTS])
    parser.add_argument("--spin-only", action="store_true", help="do not verify the sequences")
    parser.add_argument("--engine", action="append", help="of vgs verify (default: explicit)")
    options = parser.parse_args(argv)
    missing = [name for name in ("spin", "gcc") if shutil.which(name) is None]
    if missing:
        print(f"skipped: there is no {' and no '.join(missing)} (Debian: apt-get install spin gcc)")
        return 0
    rows = []
    for defect in DEFECTS:
        if options.defect in (None, defect.number):
            row = Row(defect.number, defect.what, *spin(defect.number, options.guests))
            if not options.spin_only:
                verdict, states, seconds = ours(defect, options.engine or ["explicit"])
                row = replace(row, vgs=verdict, vgs_states=states, vgs_run=seconds)
            rows.append(row)
    if options.json:
        print(json.dumps([{**asdict(row), "agree": row.agree} for row in rows], indent=2))
    else:
        _show(rows)
    return 1 if any(row.agree is False for row in rows) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unusable as problem:
        sys.exit(str(problem))
