"""What the checks find, put together by site over all configurations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.diagnostics.base import Diagnostic, Note
from dsl.ir.platform import Barrier
from dsl.source import Span
from dsl.verify.findings import Configuration, Engine, Finding, Strength
from dsl.verify.flow.events import Event, Op


@dataclass(slots=True)
class Site:
    """One thing that is wrong at one place, with all ends that were found of it."""

    kind: type[Diagnostic]
    rule: str
    strength: Strength
    where: Span
    message: str
    function: str
    value: bool
    ends: dict[tuple[str, int, str], Note] = field(default_factory=dict)
    configurations: dict[Configuration, None] = field(default_factory=dict)


#: The code, the rule, and where.
Key: TypeAlias = tuple[str, str, str, int]


@dataclass(slots=True)
class Sites:
    """All sites; ``now`` are the configurations that are being looked at."""

    now: tuple[Configuration, ...] = ()
    found: dict[Key, Site] = field(default_factory=dict)

    def add(
        self,
        kind: type[Diagnostic],
        rule: str,
        strength: Strength,
        where: Span,
        message: str,
        ends: Iterable[Note],
        *,
        function: str = "",
        value: bool = True,
    ) -> None:
        """Notes something; what is found again at its site adds its ends and configurations."""
        key = (kind.code, rule, where.source.name, where.start)
        site = self.found.get(key)
        if site is None:
            site = self.found[key] = Site(kind, rule, strength, where, message, function, value)
        for note in ends:
            site.ends.setdefault((note.span.source.name, note.span.start, note.text), note)
        for each in self.now:
            site.configurations[each] = None

    def findings(self) -> tuple[Finding, ...]:
        """The findings, by file and place."""
        sites = sorted(
            self.found.values(), key=lambda x: (x.where.source.name, x.where.start, x.kind.code)
        )
        return tuple(
            Finding(
                site.kind,
                site.rule,
                site.strength,
                Engine.FLOW,
                site.where,
                site.message,
                site.function,
                tuple(site.ends.values()),
                next(iter(site.configurations), ()),
                tuple(site.configurations),
                value=site.value,
            )
            for site in sites
        )


def chain(barriers: Iterable[Barrier]) -> str:
    return " then ".join(str(b) for b in barriers)


def what(event: Event) -> str:
    """An access, or who acts, in words."""
    match event.op:
        case Op.USE:
            assert event.endpoint is not None
            return event.endpoint.name
        case Op.WRITE | Op.KEPT:
            return f"the write of {event.element}"
        case Op.READ:
            return f"the read of {event.element}"
        case Op.CHANGE:
            return f"a change of {event.element}"
        case Op.LOAD | Op.STORE:
            assert event.slot is not None
            return f"`{event.slot.name}`"
        case _:
            return event.span.text
