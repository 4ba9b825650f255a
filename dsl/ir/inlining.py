"""Sequences with the bodies of what they call in place of the calls, where that is all they do."""

from __future__ import annotations

from msgspec.structs import replace

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.rewrite import rewritten, with_bodies, with_expressions
from dsl.ir.shapes import Period
from dsl.ir.types import Handle
from dsl.ir.walk import assigned, calls, expressions, inside, statements

#: Nothing is made larger than this many statements.
_LARGEST = 48


class _Stays(Exception):
    """A call cannot be replaced, so none of them is."""


def inlined(program: Program, sequence: s.Sequence) -> s.Body:
    """The body of a sequence without a call; as it is where one of them has to stay.

    A call stays that gives a value, that goes into EL2 or outside of the language, and that of a
    body that is left early.
    """
    body = sequence.body or ()
    if not any(True for _ in calls(body)):
        return body
    try:
        made = _expanded(program, body, (sequence.name,))
    except _Stays:
        return body
    return made if sum(1 for _ in statements(made)) <= _LARGEST else body


def _expanded(program: Program, body: s.Body, around: tuple[str, ...]) -> s.Body:
    made: list[s.Statement] = []
    for statement in body:
        if isinstance(statement, s.Perform):
            made.append(_in_place(program, statement, around))
            continue
        for e in expressions(statement):
            for part in inside(e):
                if isinstance(part, x.Call) or _sampled(program, part):
                    # Somebody else has a say here, and may begin a trace.
                    raise _Stays
        made.append(with_bodies(statement, lambda inner: _expanded(program, inner, around)))
    return tuple(made)


def _sampled(program: Program, part: x.Expr) -> bool:
    if not isinstance(part, x.Test):
        return False
    definition = program.definitions.get(part.condition.name)
    if definition is None:
        return part.condition.period is Period.TEST
    return any(_sampled(program, inner) for inner in inside(definition.value))


def _in_place(program: Program, perform: s.Perform, around: tuple[str, ...]) -> s.Statement:
    """What a call does, as a block of its own."""
    call = perform.call
    callee = program.sequences.get(call.callee)
    if callee is None or callee.body is None or call.hyp or callee.name in around:
        raise _Stays
    body = callee.body
    if body and body[-1] == s.Return(None, body[-1].doc, body[-1].span):
        body = body[:-1]
    if any(isinstance(each, s.Return) for each in statements(body)):
        raise _Stays
    handles: dict[str, str] = {}
    values: dict[str, x.Expr] = {}
    for param, arg in zip(callee.signature.params, call.args, strict=True):
        if not isinstance(arg, x.Const | x.Var) or param.name in assigned(body):
            raise _Stays
        if isinstance(arg, x.Var):
            if arg.name in _declared(body):
                raise _Stays
            if isinstance(param.type, Handle):
                handles[param.name] = arg.name
        values[param.name] = arg
    own = _expanded(program, body, (*around, callee.name))
    return s.Labelled("called", _bound(own, handles, values), perform.doc, perform.span)


def _declared(body: s.Body) -> set[str]:
    found = {each.name for each in statements(body) if isinstance(each, s.Let)}
    found |= {each.var for each in statements(body) if isinstance(each, s.Loop)}
    return found | {
        part.var
        for each in statements(body)
        for e in expressions(each)
        for part in inside(e)
        if isinstance(part, x.Every)
    }


def _bound(body: s.Body, handles: dict[str, str], values: dict[str, x.Expr]) -> s.Body:
    """A body with what the caller gives for its parameters."""

    def change(part: x.Expr) -> x.Expr:
        match part:
            case x.Var(name=name):
                return values.get(name, part)
            case x.ReadSlot(base=base) | x.Test(base=str() as base):
                return replace(part, base=handles.get(base, base))
            case _:
                return part

    def owned(body: s.Body) -> s.Body:
        made: list[s.Statement] = []
        for each in body:
            match each:
                case s.WriteSlot(base=base) | s.UpdateSlot(base=base) | s.Hold(base=str() as base):
                    each = replace(each, base=handles.get(base, base))
                case _:
                    pass
            made.append(with_bodies(each, owned))
        return tuple(made)

    return owned(with_expressions(body, lambda e: rewritten(e, change)))
