"""Locals without a value of their own: every path assigns one before anything uses it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from dsl.diagnostics import Diagnostics, Note
from dsl.diagnostics.names import UseBeforeDefinition
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.walk import expressions, inside, statements
from dsl.source import Span

#: The locals that may have no value yet; None behind a jump, where no path goes on.
_Path: TypeAlias = frozenset[str] | None


def check(body: s.Body, found: Diagnostics) -> None:
    """Reports the first use of each local that some path reaches before it has a value."""
    lets = (e for e in statements(body) if isinstance(e, s.Let) and e.value is None)
    declared = {let.name: let.span for let in lets}
    if declared:
        _Walk(declared, found).body(body, frozenset())


class _Walk:
    def __init__(self, declared: dict[str, Span], found: Diagnostics) -> None:
        self._declared = declared
        self._found = found
        self._left: dict[str, list[_Path]] = {}
        self._reported: set[str] = set()

    def body(self, body: s.Body, path: _Path) -> _Path:
        for statement in body:
            path = self._statement(statement, path)
        return path

    def _statement(self, statement: s.Statement, path: _Path) -> _Path:
        if path is None:
            return None
        if not isinstance(statement, s.If):
            for value in expressions(statement):
                self._use(value, path)
        match statement:
            case s.Let(name=name, value=None):
                return path | {name}
            case s.Let(name=name) | s.Assign(name=name):
                return path - {name}
            case s.Return() | s.Fail() | s.Trap():
                return None
            case s.Leave(label=label):
                self._left.setdefault(label, []).append(path)
                return None
            case s.If(arms=arms, otherwise=otherwise):
                ends: list[_Path] = []
                for arm in arms:
                    self._use(arm.condition, path)
                    ends.append(self.body(arm.body, path))
                return _join([*ends, self.body(otherwise or (), path)])
            case s.Loop(body=body):
                # It may run no time at all.
                self.body(body, path)
                return path
            case s.Switch():
                return self._switch(statement, path)
            case s.Labelled(label=label, body=body):
                end = self.body(body, path)
                return _join([end, *self._left.pop(label, [])])
            case s.Hold(body=body):
                return self.body(body, path)
            case _:
                return path

    def _switch(self, node: s.Switch, path: _Path) -> _Path:
        bodies = [*(c.body for c in node.cases), node.otherwise or ()]
        if not node.falling:
            return _join(self.body(b, path) for b in bodies)
        end: _Path = None
        for body in bodies:
            # A case is entered by its value, or from the case above it.
            end = self.body(body, _join([path, end]))
        return end

    def _use(self, value: x.Expr, path: frozenset[str]) -> None:
        for each in inside(value):
            if isinstance(each, x.Var) and each.name in path and each.name not in self._reported:
                self._reported.add(each.name)
                self._found.add(
                    UseBeforeDefinition(
                        each.span,
                        f"`{each.name}` has no value here on some path",
                        (Note(self._declared[each.name], "declared here, without one"),),
                        help="assign one on every path to here, or one to begin with: `let … = …`",
                    )
                )


def _join(paths: Iterable[_Path]) -> _Path:
    """Whatever may be without a value on a path that goes on."""
    going = [p for p in paths if p is not None]
    return frozenset[str]().union(*going) if going else None
