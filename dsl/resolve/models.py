"""Models: what an extern, or a condition, does in a run; held to what it stands for."""

from __future__ import annotations

from dsl.diagnostics import Note
from dsl.diagnostics.sequences import NotDefined
from dsl.ir.sequence import Param, Signature
from dsl.ir.shapes import Condition
from dsl.ir.types import BOOL, Handle
from dsl.resolve.scope import Callable, Scope
from dsl.syntax import tree as t


def check(scope: Scope, node: t.Sequence, signature: Signature) -> None:
    """Reports a model of something that has none, or with another signature."""
    entry = scope.get(node.name.text)
    if entry is None:
        scope.unknown(node.name, "an extern or a condition")
        return
    notes = (Note(entry.span, "declared here"),)
    match entry.meaning:
        case Callable(kind=None, signature=wanted):
            same = [p.type for p in signature.params] == [p.type for p in wanted.params]
            if same and signature.result == wanted.result:
                return
            what = f"the model of `{wanted.name}` has another signature than the extern"
            params = ", ".join(_shown(p) for p in wanted.params)
            result = f" -> {wanted.result}" if wanted.result is not None else ""
            help = f"`model {wanted.name}({params}){result} {{ … }}`"
            scope.found.add(NotDefined(scope.span(node.name), what, notes, help=help))
        case Condition(root=root) as condition:
            handles = [p.type for p in signature.params]
            wanted_handles = [] if root is None else [Handle(root)]
            if handles == wanted_handles and signature.result in (BOOL, condition.type):
                return
            params = f"({root})" if root else "()"
            help = f"`model {condition.name}{params} -> {condition.type} {{ … }}`"
            whose = f"a {root}" if root else "the machine"
            what = f"the model of a condition gives its value for {whose}"
            scope.found.add(NotDefined(scope.span(node.name), what, notes, help=help))
        case _:
            scope.wrong(node.name, entry, "an extern or a condition")


def _shown(param: Param) -> str:
    return param.name if param.name == str(param.type) else f"{param.name} : {param.type}"
