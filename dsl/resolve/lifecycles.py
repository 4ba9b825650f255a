"""Lifecycles, and what else holds around sequences: invariants, assumptions, boot, hypcalls."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from dsl.diagnostics import Note, suggest
from dsl.diagnostics.names import DuplicateName, UnknownName
from dsl.diagnostics.sequences import Misplaced
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.walk import statements
from dsl.resolve.expressions import truth
from dsl.resolve.registers import docs_of
from dsl.resolve.scope import Frame, Scope
from dsl.resolve.statements import block
from dsl.source import Span
from dsl.syntax import tree as t

#: What may be in a hypcall's entry and return.
_CROSSES = s.If | s.Order | s.WriteRegister | s.UpdateRegister


class _Names(Struct):
    """Where the phases and the rounds of a lifecycle are named first."""

    phases: dict[str, Span] = {}
    rounds: dict[str, Span] = {}


def lifecycle(scope: Scope, item: t.Item, node: t.Lifecycle) -> l.Lifecycle:
    steps = _steps(scope, node.steps, _Names())
    return l.Lifecycle(node.name.text, steps, docs_of(item.docs), scope.span(node.name))


def _steps(scope: Scope, nodes: tuple[t.Step, ...], names: _Names) -> tuple[l.Step, ...]:
    made: list[l.Step] = []
    for node in nodes:
        doc = docs_of(node.docs)
        span = scope.span(node)
        match node:
            case t.Phase(name=name):
                # A phase may stand in several alternatives: it is one point, reached either way.
                _check_name(scope, name, names.rounds)
                names.phases.setdefault(name.text, scope.span(name))
                frame = Frame("lifecycle")
                condition = None
                if node.condition is not None:
                    condition = truth(scope, frame, node.condition)
                body = block(scope, frame, node.body)
                made.append(l.Phase(name.text, condition, body, doc, span))
            case t.Repeat(name=name):
                _check_name(scope, name, {**names.phases, **names.rounds})
                names.rounds.setdefault(name.text, scope.span(name))
                made.append(l.Repeat(name.text, _steps(scope, node.steps, names), doc, span))
            case t.Either(alternatives=alternatives):
                each = tuple(_steps(scope, a.steps, names) for a in alternatives)
                made.append(l.Either(each, doc, span))
    return tuple(made)


def _check_name(scope: Scope, name: t.Name, taken: dict[str, Span]) -> None:
    if name.text in taken:
        what = f"`{name.text}` names two steps of this lifecycle"
        notes = (Note(taken[name.text], "first here"),)
        scope.found.add(DuplicateName(scope.span(name), what, notes))


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


def assume(scope: Scope, item: t.Item, node: t.Assume) -> l.Assumption | None:
    condition = truth(scope, Frame("assumption"), node.condition)
    if condition is None:
        return None
    doc = docs_of(item.docs)
    span = scope.span(node.name)
    return l.Assumption(node.name.text, node.reason.value, condition, doc, span)


def crossing(scope: Scope, item: t.Item, node: t.Crossing) -> l.Crossing:
    enters = block(scope, Frame("lifecycle"), node.enters)
    leaves = block(scope, Frame("lifecycle"), node.leaves)
    for statement in statements((*enters, *leaves)):
        if not isinstance(statement, _CROSSES):
            scope.found.add(
                Misplaced(
                    statement.span,
                    "this cannot stand here: a hypcall itself has barriers, and changes registers",
                    help="`when`, barriers (also `exception` and `eret`), writes of registers",
                )
            )
    return l.Crossing(enters, leaves, docs_of(item.docs), scope.span(node))


def boot(scope: Scope, item: t.Item, node: t.Boot) -> l.Boot:
    body = block(scope, Frame("boot"), node.body)
    return l.Boot(body, docs_of(item.docs), scope.span(node))
