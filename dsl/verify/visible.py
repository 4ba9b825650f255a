"""Which bits of registers others see in a phase, as things are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from dsl.ir import sequence as s
from dsl.ir.expr import Expr
from dsl.ir.platform import Endpoint, VisibleTo
from dsl.ir.program import Program
from dsl.ir.shapes import RegisterRef
from dsl.run.registers import Element


def seen_by(
    program: Program,
    endpoint: Endpoint,
    elements: Mapping[str, Element],
    mirrored: Collection[str],
    holds: Callable[[Expr], bool],
) -> dict[str, int]:
    """What somebody beyond the registers looks at: what is his too, and of what mirrors a slot also
    what the rules name; ``holds`` evaluates their conditions."""
    found: dict[str, int] = {}
    for ref in endpoint.aliases:
        add(found, ref, elements)
    for rule in program.rules:
        for clause in rule.clauses:
            if not isinstance(clause, VisibleTo) or endpoint not in clause.then.targets:
                continue
            if clause.condition is not None and not holds(clause.condition):
                continue
            for target in clause.first.targets:
                if isinstance(target, RegisterRef):
                    named: dict[str, int] = {}
                    add(named, target, elements)
                    for name in [n for n in named if n in mirrored]:
                        found[name] = found.get(name, 0) | named[name]
    return found


def add(found: dict[str, int], ref: RegisterRef, elements: Mapping[str, Element]) -> None:
    """Adds the bits that a reference names."""
    for element in named(ref, elements):
        mask = ref.field.mask if ref.field else element.ones
        found[element.name] = found.get(element.name, 0) | mask


def named(ref: RegisterRef, elements: Mapping[str, Element]) -> Iterator[Element]:
    """The elements that a reference names."""
    register = ref.register
    if not register.banked:
        yield elements[register.name]
    elif ref.index is not None:
        if register.first <= ref.index < register.first + register.count:
            yield elements[register.element(ref.index)]
    else:
        for index in range(register.first, register.first + register.count):
            yield elements[register.element(index)]


def endpoints(mays: Collection[s.May]) -> Iterator[Endpoint]:
    """Those beyond the registers who may act."""
    for may in mays:
        yield from (place for place in may.places if isinstance(place, Endpoint))
