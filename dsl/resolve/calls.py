"""Calls: who may call what from where, and arguments as the callee takes them."""

from __future__ import annotations

from dsl.diagnostics import Note
from dsl.diagnostics.sequences import Misplaced, UnbalancedLock
from dsl.diagnostics.values import NoValue, WrongArguments
from dsl.ir import expr as x
from dsl.ir.sequence import Kind, Param
from dsl.ir.types import Handle
from dsl.resolve.conversions import fit
from dsl.resolve.expressions import expression, typed
from dsl.resolve.handles import reaches
from dsl.resolve.places import entry_of
from dsl.resolve.scope import BODIES, Callable, Frame, Root, Scope
from dsl.source import Span
from dsl.syntax import tree as t

#: What can call nothing but operations, in words.
_CALLERS = {"operation": "the hardware", "expect": "an expectation"}


def call(
    scope: Scope,
    frame: Frame,
    whole: t.Call | t.Hypcall,
    *,
    value: bool,
) -> x.Call | None:
    """A call of a sequence, an operation or an extern, for its value or for its effects."""
    node, hyp = (whole.call, True) if isinstance(whole, t.Hypcall) else (whole, False)
    span = scope.span(whole)
    if frame.place in ("platform", "rule", "condition", "invariant", "assumption", "difference"):
        article = "an" if frame.place in ("invariant", "assumption") else "a"
        scope.found.add(Misplaced(span, f"nothing can be called in {article} {frame.place}"))
        return None
    entry = entry_of(scope, node.name, "a sequence or an extern")
    callee = entry.meaning if entry else None
    if isinstance(callee, Callable) and not _may_call(scope, frame, span, callee, hyp):
        return None
    if entry is None or not isinstance(callee, Callable):
        if entry is not None:
            scope.wrong(node.name, entry, "a sequence or an extern")
        for arg in node.args:
            _examine_argument(scope, frame, arg)
        return None
    signature = callee.signature
    if len(node.args) != len(signature.params):
        for arg in node.args:
            _examine_argument(scope, frame, arg)
        scope.found.add(
            WrongArguments(
                span,
                f"`{signature.name}` takes {_counted(len(signature.params), 'argument')}, "
                f"and {len(node.args)} stand here",
                (Note(entry.span, "declared here"),),
            )
        )
        return None
    args = []
    for param, arg in zip(signature.params, node.args, strict=True):
        given = _argument(scope, frame, arg, param)
        if given is not None:
            args.append(given)
    if len(args) != len(node.args):
        return None
    if value and signature.result is None:
        scope.found.add(
            NoValue(
                span,
                f"`{signature.name}` returns nothing, and a value is needed here",
                (Note(entry.span, "declared here"),),
            )
        )
        return None
    _check_needs(scope, frame, span, callee)
    return x.Call(signature.name, tuple(args), hyp, signature.result, span)


def _may_call(scope: Scope, frame: Frame, span: Span, callee: Callable, hyp: bool) -> bool:
    """Whether software, hardware or who watches it may call this here; a finding if not."""
    name = callee.signature.name
    operation = callee.kind is Kind.OPERATION
    if operation and (frame.place == "sequence" or hyp):
        what = f"`{name}` is what the hardware does: software cannot call it"
        help = "access a register; an actor of a scenario, a model or an operation may call it"
    elif not operation and frame.place in ("operation", "expect"):
        what = f"`{name}` is software: {_CALLERS[frame.place]} can only call operations"
        help = ""
    else:
        return True
    scope.found.add(Misplaced(span, what, help=help))
    return False


def _check_needs(scope: Scope, frame: Frame, span: Span, callee: Callable) -> None:
    for lock in callee.needs:
        if frame.place == "sequence" and lock not in frame.locks:
            scope.found.add(
                UnbalancedLock(
                    span,
                    f"`{callee.signature.name}` needs `{lock}`, which is not held here",
                    help=f"write `holding {lock} {{ … }}` around it",
                )
            )


def _argument(scope: Scope, frame: Frame, node: t.Expr, param: Param) -> x.Expr | None:
    kind, what = param.type, f"the parameter `{param.name}`"
    if isinstance(kind, Handle):
        if isinstance(node, t.Place) and not node.picks:
            local = frame.locals.get(node.name.text)
            if (
                local is not None
                and isinstance(local.type, Handle)
                and reaches(scope, local.type, kind.root, kind.context)
            ):
                # The callee gets no more than its own context.
                local.used = True
                return x.Var(local.name, local.type, scope.span(node))
            if frame.place == "boot" and node.name.text == kind.root:
                what = f"a {kind.root} is needed here, and nobody runs on a CPU while it boots"
                scope.found.add(Misplaced(scope.span(node), what))
                return None
            if frame.place not in BODIES and node.name.text == kind.root:
                return x.Var(kind.root, Handle(kind.root), scope.span(node))
        value = expression(scope, frame, node)
        return None if value is None else fit(scope, node, value, kind, what)
    return typed(scope, frame, node, kind, what, param.view)


def _examine_argument(scope: Scope, frame: Frame, node: t.Expr) -> None:
    """An argument for its findings only; an owner of contexts is one as it stands."""
    if isinstance(node, t.Place) and not node.picks:
        local = frame.locals.get(node.name.text)
        if local is not None:
            local.used = True
            return
        entry = scope.get(node.name.text)
        if entry is not None and isinstance(entry.meaning, Root):
            return
    expression(scope, frame, node)


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
