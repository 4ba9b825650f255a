"""What registers do: derived functions, legalised writes and computed fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsl.diagnostics.registers import CircularBehaviour
from dsl.ir import expr as x
from dsl.ir.platform import Computed, Derived, InForce, Legalisation
from dsl.ir.shapes import Register
from dsl.ir.types import BOOL, INT, Int
from dsl.ir.walk import parts
from dsl.resolve.conversions import fit
from dsl.resolve.expressions import expression, typed
from dsl.resolve.registers import docs_of
from dsl.resolve.scope import Frame, Local, Scope
from dsl.source import Span
from dsl.syntax import tree as t

#: A field of a register, by name.
_At = tuple[str, str]


def check_circles(scope: Scope, computed: list[Computed]) -> None:
    """Reports each circle of fields that are computed from each other."""
    by_place: dict[_At, Computed] = {(c.register.name, c.field.name): c for c in computed}
    entered: set[_At] = set()
    done: set[_At] = set()
    for start in by_place:
        path: list[tuple[_At, Iterator[tuple[_At, Span]]]] = []
        if start not in entered:
            entered.add(start)
            path.append((start, iter(_computed_in(scope, by_place[start].value, by_place))))
        while path:
            at, pending = path[-1]
            needed = next(pending, None)
            if needed is None:
                done.add(at)
                path.pop()
            elif needed[0] in entered and needed[0] not in done:
                register, field = needed[0]
                message = f"{register}.{field} is computed from itself"
                scope.found.add(CircularBehaviour(needed[1], message))
            elif needed[0] not in done:
                entered.add(needed[0])
                value = by_place[needed[0]].value
                path.append((needed[0], iter(_computed_in(scope, value, by_place))))


def _computed_in(
    scope: Scope, value: x.Expr, by_place: Mapping[_At, Computed]
) -> list[tuple[_At, Span]]:
    """The computed fields that an expression reads, alone or with their whole register."""
    found: list[tuple[_At, Span]] = []
    seen: set[_At] = set()
    pending = [value]
    while pending:
        each = pending.pop()
        match each:
            case x.Extract(register=register, field=field, index=index):
                found.append(((register.name, field.name), each.span))
                pending += [p for p in (index,) if p is not None]
                continue
            case x.Derive(register=register, name=name):
                function = scope.derived.get((register.name, name))
                if function is not None and (register.name, name) not in seen:
                    seen.add((register.name, name))
                    inner = _computed_in(scope, function.value, by_place)
                    found += [(at, each.span) for at, _ in inner]
                continue
            case x.ReadRegister(register=register) | x.Written(register=register):
                found += [((register.name, f.name), each.span) for f in register.fields]
        pending += parts(each)
    return [(at, span) for at, span in found if at in by_place]


def frame_of(register: Register, var: str | None, span: Span) -> Frame:
    """What can be seen where the behaviour of a register is written."""
    frame = Frame("platform", written=register)
    if var is not None:
        frame.locals[var] = Local(var, INT, None, span, "an index", used=True)
    return frame


def derived(scope: Scope, node: t.Derive, register: Register) -> Derived | None:
    # A function of a value, whichever register of a bank holds it: the index is no part of it.
    value = expression(scope, frame_of(register, None, register.span), node.value)
    if value is None:
        return None
    return Derived(register, node.name.text, value, docs_of(node.docs), scope.span(node.name))


def fields_of(node: t.Register) -> Iterator[t.Field]:
    """The fields of a register, those of its layouts with them."""
    for member in node.members:
        for one in member.members if isinstance(member, t.Layout) else (member,):
            if isinstance(one, t.Field):
                yield one


def behaviour(
    scope: Scope, node: t.Register, register: Register, in_force: list[InForce]
) -> tuple[list[Legalisation], list[Computed]]:
    """What writes are legalised to and what computed fields are, for one register."""
    legal: list[Legalisation] = []
    computed: list[Computed] = []
    for member in fields_of(node):
        field = next((f for f in register.fields if f.span == scope.span(member.name)), None)
        if field is None:
            continue
        var = member.index.var.text if member.index else None
        frame = frame_of(register, register.var, field.span)
        if var is not None:
            frame.locals[var] = Local(var, INT, None, field.span, "an index", used=True)
        kind = Int(field.width)
        what = f"{register.name}.{field.name}"
        if member.legal is not None:
            value = typed(scope, frame, member.legal.value, kind, what)
            condition: x.Expr | None = x.Const(1, BOOL, field.span)
            if member.legal.condition is not None:
                condition = typed(scope, frame, member.legal.condition, BOOL, "a condition")
            if field.layout:
                # Elsewhere its bits are another field's.
                moved = [a.condition for a in in_force if a.layout.name == field.layout]
                if not moved or condition is None:
                    continue
                both = x.Binary("and", moved[0], condition, BOOL, field.span)
                condition = moved[0] if member.legal.condition is None else both
            if value is not None and condition is not None:
                legal.append(Legalisation(register, field, value, condition))
        if member.computed is not None:
            result = expression(scope, frame, member.computed)
            if result is not None and not (result.type == BOOL and field.width == 1):
                result = fit(scope, member.computed, result, kind, what)
            if result is not None:
                computed.append(Computed(register, field, var, result))
    return legal, computed
