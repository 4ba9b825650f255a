"""Lifecycles, invariants and scenarios: names of phases, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.diagnostics import Note, suggest
from dsl.diagnostics.names import DuplicateName, UnknownName, WrongKindOfName
from dsl.diagnostics.values import NotConstant, OutOfRange
from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir.platform import Endpoint
from dsl.ir.types import Bool, Int
from dsl.resolve.constants import constant
from dsl.resolve.expressions import truth
from dsl.resolve.places import InSlot, InValue, place, read
from dsl.resolve.registers import docs_of
from dsl.resolve.scope import Frame, Scope
from dsl.resolve.statements import block
from dsl.source import Span
from dsl.syntax import tree as t


def lifecycle(scope: Scope, item: t.Item, node: t.Lifecycle) -> l.Lifecycle:
    names: dict[str, Span] = {}
    steps = _steps(scope, node.steps, names)
    return l.Lifecycle(node.name.text, steps, docs_of(item.docs), scope.span(node.name))


def _steps(scope: Scope, nodes: tuple[t.Step, ...], names: dict[str, Span]) -> tuple[l.Step, ...]:
    made: list[l.Step] = []
    for node in nodes:
        doc = docs_of(node.docs)
        span = scope.span(node)
        match node:
            case t.Phase(name=name):
                # A phase may stand in several alternatives: it is one point, reached either way.
                names.setdefault(name.text, scope.span(name))
                frame = Frame("lifecycle")
                condition = None
                if node.condition is not None:
                    condition = truth(scope, frame, node.condition)
                body = block(scope, frame, node.body)
                made.append(l.Phase(name.text, condition, body, doc, span))
            case t.Repeat(name=name):
                if name.text in names:
                    scope.found.add(
                        DuplicateName(
                            scope.span(name),
                            f"`{name.text}` names two steps of this lifecycle",
                            (Note(names[name.text], "first here"),),
                        )
                    )
                names.setdefault(name.text, scope.span(name))
                made.append(l.Repeat(name.text, _steps(scope, node.steps, names), doc, span))
            case t.Either(alternatives=alternatives):
                each = tuple(_steps(scope, a.steps, names) for a in alternatives)
                made.append(l.Either(each, doc, span))
    return tuple(made)


def phases(steps: tuple[l.Step, ...]) -> Iterator[str]:
    """The names of all phases and repetitions."""
    for step in steps:
        match step:
            case l.Phase(name=name):
                yield name
            case l.Repeat(name=name, steps=inner):
                yield name
                yield from phases(inner)
            case l.Either(alternatives=alternatives):
                for each in alternatives:
                    yield from phases(each)


def check_point(scope: Scope, node: t.Name, points: set[str]) -> bool:
    if node.text in points:
        return True
    scope.found.add(
        UnknownName(
            scope.span(node),
            f"no lifecycle has a phase `{node.text}`",
            help=suggest(node.text, points),
        )
    )
    return False


def invariant(
    scope: Scope, item: t.Item, node: t.Invariant, points: set[str]
) -> l.Invariant | None:
    for name in node.points:
        check_point(scope, name, points)
    condition = truth(scope, Frame("invariant"), node.condition)
    if condition is None:
        return None
    return l.Invariant(
        node.name.text,
        tuple(n.text for n in node.points),
        node.reason.value,
        condition,
        docs_of(item.docs),
        scope.span(node.name),
    )


def scenario(scope: Scope, item: t.Item, node: t.Scenario, points: set[str]) -> l.Scenario:
    made: list[l.Given | l.Run | l.Expect | l.Act] = []
    frame = Frame("scenario")
    for step in node.steps:
        match step:
            case t.Given(facts=facts):
                for fact in facts:
                    given = _given(scope, frame, fact)
                    if given is not None:
                        made.append(given)
            case t.Run(phases=names):
                for name in names:
                    if check_point(scope, name, points):
                        made.append(l.Run(name.text, scope.span(name)))
            case t.Expect(condition=node_condition, point=point):
                condition = truth(scope, frame, node_condition)
                if point is not None and not check_point(scope, point, points):
                    continue
                if condition is not None:
                    at = point.text if point else None
                    made.append(l.Expect(condition, at, scope.span(step)))
            case t.Actor(name=name, body=body):
                actor = scope.get(name.text)
                if (actor is None or not isinstance(actor.meaning, Endpoint)) and (
                    not check_point(scope, name, points)
                ):
                    continue
                made.append(l.Act(name.text, block(scope, frame, body), scope.span(step)))
    return l.Scenario(node.title.value, tuple(made), docs_of(item.docs), scope.span(node.title))


def _given(scope: Scope, frame: Frame, node: t.Fact) -> l.Given | None:
    placed = place(scope, frame, node.place)
    if placed is None:
        return None
    target = read(scope, node.place, placed)
    if target is None:
        return None
    if placed.derived is not None or (placed.field is not None and placed.field.computed):
        text = scope.span(node.place).text
        scope.found.add(
            WrongKindOfName(
                scope.span(node.place),
                f"`{text}` follows from other state: that is what can be given",
            )
        )
        return None
    value = 0 if node.negated else 1
    if node.value is not None:
        found = constant(scope, node.value)
        if found is None:
            return None
        value = found
    low, high = _limits(placed.home, target)
    if node.value is None and high > 1:
        scope.found.add(
            NotConstant(scope.span(node), f"`{scope.span(node.place).text}` is a number: say which")
        )
        return None
    if not low <= value <= high:
        scope.found.add(
            OutOfRange(
                scope.span(node.value or node),
                f"{value} is impossible: `{scope.span(node.place).text}` is {low}..{high}",
            )
        )
        return None
    return l.Given(target, value, scope.span(node))


def _limits(home: object, value: x.Expr) -> tuple[int, int]:
    match home, value:
        case InSlot(slot=slot), x.ReadSlot() if slot.low is not None and slot.high is not None:
            return slot.low, slot.high
        case InValue(value=x.Test(condition=condition)), _ if (
            condition.low is not None and condition.high is not None
        ):
            return condition.low, condition.high
        case _, x.Extract(field=field):
            return 0, (1 << field.width) - 1
        case _:
            match value.type:
                case Bool():
                    return 0, 1
                case Int() as kind:
                    return kind.least, kind.greatest
                case _:
                    return 0, 0
