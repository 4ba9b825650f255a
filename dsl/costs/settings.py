"""What a user fixes: conditions, counters and parameters of the platform, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dsl.costs.variables import Domain, meet, span
from dsl.diagnostics import suggest
from dsl.failures import CannotRun
from dsl.ir.program import Program
from dsl.ir.shapes import Access, Condition
from dsl.ir.types import Bool

_WORDS = {"true": 1, "yes": 1, "false": 0, "no": 0}


def settings(program: Program, given: Mapping[str, int | range]) -> dict[str, Domain]:
    """The values that are left of what is given, by name.

    Raises `CannotRun` for a name that nothing can depend on, and for values that it cannot have.
    """
    known = possible(program)
    found: dict[str, Domain] = {}
    for name, value in given.items():
        if name not in known:
            raise CannotRun(
                f"cost: there is no condition, counter or parameter `{name}`",
                suggest(name, known) or _listed(known),
            )
        low, high = (value[0], value[-1]) if isinstance(value, range) else (value, value)
        asked = span(int(low), int(high))
        if meet(asked, known[name]) != asked:
            ((least, most),) = known[name]
            shown = _shown(low) if low == high else f"{_shown(low)}..{_shown(high)}"
            raise CannotRun(f"cost: {shown} is impossible: `{name}` is {least}..{most}")
        found[name] = asked
    return found


def parse(words: Iterable[str]) -> dict[str, int | range]:
    """What ``NAME``, ``NAME=VALUE`` and ``NAME=LOW..HIGH`` say; a name alone holds.

    Raises `CannotRun` for anything else.
    """
    found: dict[str, int | range] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = name.strip()
        low, dots, high = text.partition("..")
        ends = [_number(part) for part in ([low, high] if dots else [text])] if equals else [1]
        if not name or None in ends or name in found:
            why = "is said twice" if name in found else "says nothing"
            raise CannotRun(
                f"cost: --set {word} {why}",
                "write NAME, NAME=0, NAME=4 or NAME=1..16, each name once",
            )
        first, last = ends[0], ends[-1]
        assert first is not None
        assert last is not None
        if last < first:
            raise CannotRun(f"cost: --set {word} leaves no value: {first} is more than {last}")
        found[name] = range(first, last + 1) if dots else first
    return found


def _shown(number: int) -> str:
    # Numbers that are too long to be written in decimals come in by way of others.
    return f"{int(number)}" if abs(number) < 1 << 128 else "that number"


def _number(text: str) -> int | None:
    text = text.strip().lower()
    if text in _WORDS:
        return _WORDS[text]
    try:
        return int(text, 0)
    except ValueError:
        return None


def possible(program: Program) -> dict[str, Domain]:
    """Everything that a cost may depend on, by name, with the values that it may have."""
    found = {c.name: _range(c) for c in program.conditions.values()}
    for slot in program.slots.values():
        if not slot.length and slot.low is not None and slot.high is not None:
            found[slot.name] = span(slot.low, slot.high)
    for register in program.registers.values():
        for field in register.fields if register.access is Access.RO else ():
            if not field.computed and not field.layout and not field.count:
                indices = range(register.first, register.first + register.count)
                names = [register.element(i) for i in indices] or [register.name]
                top = (1 << field.width) - 1
                found.update({f"{name}.{field.name}": span(0, top) for name in names})
    return found


def _range(condition: Condition) -> Domain:
    if isinstance(condition.type, Bool):
        return span(0, 1)
    type = condition.type
    low = type.least if condition.low is None else condition.low
    return span(low, type.greatest if condition.high is None else condition.high)


def _listed(known: Iterable[str]) -> str:
    names = [name for name in known if "." not in name]
    return f"known: {', '.join(names)}" if names else "nothing here can be set"
