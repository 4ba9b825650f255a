"""Medians, spreads and tables for the measurements."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One row: a median over ``runs``, and the least and greatest seen."""

    what: str
    median: float
    least: float
    greatest: float
    unit: str
    runs: int


def figure(what: str, values: Sequence[float], unit: str) -> Figure:
    return Figure(what, statistics.median(values), min(values), max(values), unit, len(values))


def show(figures: Sequence[Figure], *, as_json: bool) -> None:
    """Prints the rows, for people or as JSON."""
    if as_json:
        print(json.dumps([asdict(f) for f in figures], indent=2))
        return
    wide = max(len(f.what) for f in figures)
    for f in figures:
        spread = f"{f.least:,.4g} .. {f.greatest:,.4g}"
        print(f"{f.what:<{wide}}  {f.median:>12,.4g} {f.unit:<8} ({spread}, {f.runs} runs)")
