"""What a user fixes for a verification: conditions of a machine and of a VM, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dsl.diagnostics import suggest
from dsl.failures import CannotRun
from dsl.ir.program import Program
from dsl.verify.configurations import fixed, values

#: No value has more digits, and of more the interpreter reads none.
_MOST_DIGITS = 40


def given(words: Iterable[str], programs: Sequence[Program]) -> dict[str, int]:
    """What ``vhe``, ``not vhe``, ``vhe=0`` and ``lists=4`` say.

    Raises `CannotRun` for anything else: a name that no program fixes per machine or per VM, a
    value that it cannot have.
    """
    found: dict[str, int] = {}
    for word in words:
        name, value = _one(word)
        if name in found:
            raise CannotRun(f"verify: --set says twice what {name} is")
        found[name] = value
    return checked(found, programs)


def checked(given: Mapping[str, int], programs: Sequence[Program]) -> dict[str, int]:
    """The conditions that are given.  Raises `CannotRun` for what no program can be given."""
    known = {c.name: c for program in programs for c in fixed(program)}
    for name, value in given.items():
        if name not in known:
            listed = ", ".join(known) or "there are none"
            raise CannotRun(
                f"verify: no condition `{name}` is fixed for a machine or a VM",
                suggest(name, known) or f"those that are: {listed}",
            )
        possible = values(known[name])
        if value not in possible:
            ends = f"{possible[0]} to {possible[-1]}"
            raise CannotRun(f"verify: {name} cannot be {value}: it is {ends}")
    return dict(given)


def _one(word: str) -> tuple[str, int]:
    name, equals, text = (part.strip() for part in word.partition("="))
    if not equals:
        negated = name.startswith("not ")
        return name.removeprefix("not ").strip(), int(not negated)
    try:
        if len(text) > _MOST_DIGITS:
            raise ValueError
        return name, int(text.replace("false", "0").replace("true", "1"), 0)
    except ValueError:
        raise CannotRun(
            f"verify: --set {word} gives no number", "write vhe, 'not vhe', vhe=0 or lists=4"
        ) from None
