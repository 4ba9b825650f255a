"""Rules, endpoints and groups: the architecture's ordering, in its own terms."""

from __future__ import annotations

from dsl.ir.platform import (
    Endpoint,
    Group,
    OnlyWhile,
    Precedes,
    Rule,
    Strength,
    VisibleTo,
)
from dsl.ir.shapes import RegisterRef
from dsl.resolve.expressions import truth
from dsl.resolve.registers import docs_of
from dsl.resolve.scope import Frame, Scope
from dsl.resolve.targets import barriers, events, targets
from dsl.syntax import tree as t


def endpoint(scope: Scope, item: t.Item, node: t.Endpoint) -> Endpoint:
    aliases = targets(scope, node.aliases, Frame("rule"))
    return Endpoint(
        node.name.text,
        node.title.value,
        tuple(a for a in aliases if isinstance(a, RegisterRef)),
        docs_of(item.docs),
        scope.span(node.name),
    )


def group(scope: Scope, item: t.Item, node: t.Group) -> Group:
    members = targets(scope, node.members, Frame("rule"))
    return Group(node.name.text, members, docs_of(item.docs), scope.span(node.name))


def rule(scope: Scope, item: t.Item, node: t.Rule) -> Rule:
    made: list[VisibleTo | OnlyWhile | Precedes] = []
    for clause in node.clauses:
        frame = Frame("rule")
        condition = None
        if clause.condition is not None:
            condition = truth(scope, frame, clause.condition)
        first = events(scope, clause.events, frame)
        match clause.relation:
            case t.Visible(events=then, barriers=needed):
                made.append(
                    VisibleTo(
                        first, events(scope, then, frame), barriers(scope, needed, frame), condition
                    )
                )
            case t.Only(condition=state):
                effective = truth(scope, frame, state)
                if effective is not None:
                    made.append(OnlyWhile(first, effective, condition))
            case t.Ordered(events=then):
                made.append(Precedes(first, events(scope, then, frame), condition))
    return Rule(
        node.name.text,
        Strength(node.strength.text),
        node.source.value,
        tuple(made),
        docs_of(item.docs),
        scope.span(node.name),
    )
