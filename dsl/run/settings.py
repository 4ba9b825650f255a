"""What a user sets for a run from outside: values, answers to its choices, where it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import blake2b
from itertools import count

from msgspec.structs import replace

from dsl.diagnostics import Diagnostics, Severity, suggest
from dsl.diagnostics.text import UnexpectedWord
from dsl.failures import CannotRun, HasErrors
from dsl.ir import lifecycle as l
from dsl.ir.program import Program
from dsl.resolve.lifecycles import phases
from dsl.resolve.module import Resolved
from dsl.resolve.scenarios import scenario as resolve
from dsl.resolve.scope import Scope
from dsl.run.choices import Choice, Choices
from dsl.run.scenarios import Stop
from dsl.source import Source, Span
from dsl.syntax import tree as t
from dsl.syntax.parser import parse

#: More answers than this, in digits, no number has.
_MOST_DIGITS = 18


class _Setting(Source):
    """The text of a setting inside a scenario, of which messages show the setting only."""

    def __init__(self, head: str, text: str) -> None:
        super().__init__("--set", f"{head}\n{text}\n}}")
        self.begin = len(head) + 1
        self.end = self.begin + len(text)

    def position(self, offset: int) -> tuple[int, int]:
        line, column = super().position(max(self.begin, min(offset, self.end)))
        return line - self._above, column

    def line(self, number: int) -> str:
        return super().line(number + self._above)

    @property
    def _above(self) -> int:
        return self.text.count("\n", 0, self.begin)


def settings(root: Resolved, scenario: l.Scenario, texts: Sequence[str]) -> tuple[l.Given, ...]:
    """What ``PLACE=VALUE`` texts give a scenario of a program, as its `given` would.

    The words are those of `given`: ``vhe``, ``not vhe``, ``any vhe``, ``used_lrs = 4``.  Raises
    `HasErrors` with the language's own findings.
    """
    found = Diagnostics()
    made: list[l.Given] = []
    params = ", ".join(f"{p.name} : {p.type}" for p in scenario.params)
    head = f'scenario "--set" {f"({params}) " if params else ""}{{\ngiven'
    for text in texts:
        source = _Setting(head, text)
        node = _node(source, found)
        if node is None:
            continue
        scope = Scope(source, found, lambda name: "")
        scope.include(root.exports.values())
        scope.derived.update(root.derived)
        item = t.Item(0, len(source.text), (), (), node)
        resolved = resolve(scope, item, node, set(root.points))
        made += [step for step in resolved.steps if isinstance(step, l.Given)]
    errors = [each for each in found if each.severity is Severity.ERROR]
    if errors:
        raise HasErrors(errors)
    return tuple(made)


def _node(source: _Setting, found: Diagnostics) -> t.Scenario | None:
    """The scenario around a setting, or a finding that it is none."""
    tree, findings = parse(source)
    for first in findings[:1]:
        # What comes next is ours, and nothing to speak of.
        ends = first.span.start >= source.end
        found.add(replace(first, message="something is missing here") if ends else first)
        return None
    match [item.body for item in tree.items]:
        case [t.Scenario(steps=(t.Given(),)) as node]:
            return node
        case _:
            what = "this is more than a setting"
            help = "write what `given` says: `vhe`, `not vhe`, `used_lrs = 4`"
            found.add(UnexpectedWord(Span(source, source.begin, source.end), what, help=help))
            return None


# ---- answers


def choices(text: str, made: Sequence[Choice] = (), *, onwards: bool = False) -> Choices:
    """The answers that a user asks for: ``new``, ``old``, ``seed:N`` or ``0,1,0``.

    ``made`` are those of the part of the run that is over; with ``onwards`` a list of answers
    is for what comes after them.  Raises `CannotRun` for anything else.
    """
    script: tuple[int, ...] = ()
    rest: Callable[[int], int] = _first
    kind, _, number = text.partition(":")
    if kind == "seed" and _is_number(number):
        rest = partial(_drawn, int(number), count(len(made)))
    elif text == "old":
        rest = _last
    elif text != "new":
        answers = [word.strip() for word in text.split(",")]
        if not all(map(_is_number, answers)):
            raise CannotRun(
                f"`{text}` says no choices",
                suggest(kind, ["all", "new", "old", "seed"])
                or "`new`, `old`, `seed:N`, a list of options such as `0,1,0`, or `all`",
            )
        script = tuple(int(word) for word in answers)
    if onwards:
        script = (*(each.taken for each in made), *script)
    return Choices(script, rest, list(made))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def _first(options: int) -> int:
    return 0


def _last(options: int) -> int:
    return options - 1


def _drawn(seed: int, turns: Iterator[int], options: int) -> int:
    """An option that depends on nothing but the seed and the turn."""
    drawn = blake2b(f"{seed}:{next(turns)}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn, "big") % options


# ---- places of a lifecycle


def stop(program: Program, text: str) -> Stop:
    """Where ``PHASE`` or ``PHASE:N`` ends a run.  Raises `CannotRun` where there is no such."""
    asked, colon, number = text.partition(":")
    known = [name for each in program.lifecycles for name in phases(each.steps)]
    if asked not in known:
        listed = ", ".join(dict.fromkeys(known)) or "there are none"
        raise CannotRun(
            f"no lifecycle has a phase `{asked}`", suggest(asked, known) or f"the phases: {listed}"
        )
    if colon and (not _is_number(number) or int(number) < 1):
        raise CannotRun(f"`{text}`: the number of a visit is 1 or more")
    return Stop(asked, int(number) if colon else 1)
