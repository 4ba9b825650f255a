"""The cost of paths as text for people: a table for each path, one row for each case."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping

from dsl.costs.amounts import COUNTED, Between, never_more
from dsl.costs.report import Cost, PathCost
from dsl.costs.table import Row
from dsl.costs.variables import Domain, Kind, Variable, ends, single, span

WIDTH = 100
#: A figure that is longer is broken before its arrow.
_LONG = 16
#: The least width of the column for configurations.
_NARROWEST = 24
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def render(cost: Cost, *, colour: bool = False) -> str:
    """All paths.  There are terminal escapes only if *colour*."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out,
        # Nothing is cut off: a table that is wider is as wide as it must be.
        width=10 * WIDTH,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        legacy_windows=False,
    )
    console.print(Text(_title(cost), style="bold"))
    several = len({path.architecture for path in cost.paths}) > 1
    # A kind of barrier that nobody uses needs no column.
    columns = [i for i, name in enumerate(COUNTED) if name != "dmb" or _any(cost, i)]
    same = [path for path in cost.paths if cost.against is not None and _unchanged(path)]
    for path in cost.paths:
        if path in same:
            continue
        console.print()
        name = f"{path.path} ({path.architecture})" if several else path.path
        heads = [name, "", *(COUNTED[i] for i in columns)]
        lines = [_line(path, row, columns, cost) for row in path.rows]
        # The column of configurations gets what the others leave of the width.
        others = [
            max(map(_width, [h, *(c for c, _ in cells)]))
            for h, *cells in zip(heads, *lines, strict=True)
        ]
        left = max(_NARROWEST, WIDTH - sum(others[1:]) - 2 * len(others))
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
        for i, head in enumerate(heads):
            table.add_column(Text(head, style="bold" if not i else ""), no_wrap=True)
        last = None
        for (fixed, _), *cells in lines:
            shown = "" if fixed == last else fixed
            table.add_row(Text(_wrapped(shown, left)), *(Text(*cell) for cell in cells))
            last = fixed
        console.print(table)
        for label, when in _versions(path):
            console.print(Text(f"  {label}: {when}", style="dim"))
        if path.idle:
            told = f"makes no difference: {', '.join(path.idle)}"
            for line in textwrap.wrap(told, WIDTH - 4, subsequent_indent="  "):
                console.print(Text(f"  {line}", style="dim"))
    if same:
        names = dict.fromkeys(path.path for path in same)
        told = f"the same before and after: {', '.join(names)}"
        console.print()
        for line in textwrap.wrap(told, WIDTH, subsequent_indent="  "):
            console.print(Text(line))
    if notes := _notes(cost, [path for path in cost.paths if path not in same]):
        console.print()
        for note in notes:
            for line in textwrap.wrap(note, WIDTH, subsequent_indent="  "):
                console.print(Text(line, style="dim"))
    # rich pads table rows to their width, which is noise in a file.
    text = out.getvalue()
    return text if colour else "\n".join(line.rstrip() for line in text.split("\n"))


def _title(cost: Cost) -> str:
    text = cost.module
    if cost.against is not None:
        text = f"{cost.against} → {cost.module}"
    names = dict.fromkeys(path.architecture for path in cost.paths)
    text += f", {', '.join(names)}"
    if cost.settings:
        text += f"; set: {', '.join(_set(name, d) for name, d in cost.settings.items())}"
    return text


def _set(name: str, domain: Domain) -> str:
    low, high = ends(domain)
    return f"{name}={low}" if low == high else f"{name}={low}..{high}"


def _notes(cost: Cost, shown: list[PathCost]) -> list[str]:
    notes = list(cost.notes)
    sides = (c for path in shown for row in path.rows for c in (row.counts, row.before) if c)
    amounts = [amount for side in sides for amount in side.each]
    if any(amount.low != amount.high for amount in amounts):
        notes.insert(
            0, "a … b: at least a and at most b, as it depends on values that nothing names"
        )
    if not all(path.rows for path in cost.paths):
        notes.insert(0, "a path without rows is one that nobody takes here")
    return notes


def _unchanged(path: PathCost) -> bool:
    return all(row.counts == row.before for row in path.rows)


def _any(cost: Cost, column: int) -> bool:
    sides = (c for path in cost.paths for row in path.rows for c in (row.counts, row.before) if c)
    return any(side.each[column] != Between() for side in sides)


def _label(path: PathCost, key: str) -> str:
    """What a variable is called; a counter that has several values on a path gets a number."""
    (variable,) = (v for v in path.variables if v.key == key)
    alike = [v.key for v in path.variables if v.name == variable.name]
    if len(alike) < 2 or variable.kind is not Kind.COUNTER:
        return path.label(key)
    return variable.name + str(alike.index(key) + 1).translate(_LOWERED)


def _versions(path: PathCost) -> list[tuple[str, str]]:
    """The counters that got a number, and which of their values it stands for."""
    labels = ((_label(path, v.key), v) for v in path.variables if v.kind is Kind.COUNTER)
    return [(label, v.when) for label, v in labels if label != v.name]


# ---- when


def _when(path: PathCost, row: Row, *, fixed: bool) -> str:
    """The conditions of a row: those of the configuration, or the others."""
    told = [
        condition(v, _label(path, v.key), row.domains[v.key])
        for v in path.variables
        if v.key in row.domains and (v.kind is Kind.CONFIGURATION) == fixed
    ]
    return ", ".join(told)


def _line(path: PathCost, row: Row, columns: list[int], cost: Cost) -> list[tuple[str, str]]:
    """The cells of a row, each with its style."""
    fixed, case = (_when(path, row, fixed=fixed) for fixed in (True, False))
    cells = (_cell(path, row, i, cost) for i in columns)
    return [(fixed or "any configuration", ""), (case, ""), *cells]


def _width(text: str) -> int:
    return max(map(len, text.split("\n")))


def _wrapped(text: str, width: int) -> str:
    """Conditions on lines that are indented, none of them on two lines."""
    kept = text.replace(", ", ",\0").replace(" ", "\xa0").replace("\0", " ")
    lines = textwrap.wrap(kept, width, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines).replace("\xa0", " ")


def condition(variable: Variable, label: str, domain: Domain) -> str:
    """``vhe``, ``not sre``, ``cpuif_trap or its_vm``, ``used_lrs ≥ 1``."""
    if variable.parts:
        if domain == span(1, 1):
            parts = (condition(v, v.name, span(so, so)) for v, so in variable.parts)
            return " or ".join(parts)
        parts = (condition(v, v.name, span(1 - so, 1 - so)) for v, so in variable.parts)
        return ", ".join(parts)
    if variable.words:
        return " or ".join(variable.words[i] for a, b in domain for i in range(a, b + 1))
    if variable.truth:
        if domain == span(1, 1):
            return label
        return f"not ({label})" if " " in variable.name else f"not {label}"
    value = single(domain)
    if value is not None:
        return f"{label} = {value}"
    low, high = ends(domain)
    least, most = ends(variable.domain)
    if len(domain) == 1 and high == most:
        return f"{label} ≥ {low}"
    if len(domain) == 1 and low == least:
        return f"{label} ≤ {high}"
    ranges = (f"{a}" if a == b else f"{a} to {b}" for a, b in domain)
    return f"{label} = {' or '.join(ranges)}"


# ---- how many


def _cell(path: PathCost, row: Row, column: int, cost: Cost) -> tuple[str, str]:
    """A figure, beside the one before, and its style."""
    new = row.counts.each[column] if row.counts is not None else None

    def label(key: str) -> str:
        return _label(path, key)

    shown = new.show(label) if new is not None else "none"
    if cost.against is None:
        return shown, ""
    old = row.before.each[column] if row.before is not None else None
    if old == new:
        return shown, ""
    before = old.show(label) if old is not None else "none"
    gap = "\n" if len(before) + len(shown) > _LONG else " "
    return f"{before}{gap}→ {shown}", _style(old, new, path, row.domains)


def _style(
    old: Between | None, new: Between | None, path: PathCost, domains: Mapping[str, Domain]
) -> str:
    if old is None or new is None:
        return ""
    whole = {v.key: domains.get(v.key, v.domain) for v in path.variables}

    def limits(key: str) -> tuple[int, int]:
        return ends(whole[key])

    if never_more(new.low, old.low, limits) and never_more(new.high, old.high, limits):
        return "green"
    if never_more(old.low, new.low, limits) and never_more(old.high, new.high, limits):
        return "red"
    return "yellow"
