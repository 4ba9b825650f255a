"""Operators on statements: one is left out, and two neighbours change places."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.mutation.operators.changes import Change, brief, cut, put
from dsl.mutation.subject import Function
from dsl.mutation.trees import blocks, items
from dsl.syntax import tree as t

_JUMPS = (t.Leave, t.Return, t.Fail, t.Trap)


def delete(function: Function) -> Iterator[Change]:
    """Each statement, each slot of a ``save`` or ``restore``, each change of a ``modify``."""
    for item in items(function.tree):
        shown = brief(function.text(item.body))
        yield cut(function, item.start, item.end, f"without `{shown}`")
        match item.body:
            case t.Copy(kind=kind, places=places) if len(places) > 1:
                for gone in places:
                    rest = ", ".join(function.text(p) for p in places if p is not gone)
                    what = f"without `{kind.text} {function.text(gone)}`"
                    yield Change(
                        item.body.start, item.body.end, f"{kind.text} {rest}", what, gone.start
                    )
            case t.Modify(changes=changes) if len(changes) > 1:
                for each in changes:
                    shown = brief(function.text(each))
                    yield cut(function, each.start, each.end, f"without `{shown}`")
            case _:
                pass


def swap(function: Function) -> Iterator[Change]:
    """Each two statements, and two slots of a ``save`` or ``restore``, that are neighbours."""
    text = function.source.text
    for block in blocks(function.tree):
        for a, b in zip(block.items, block.items[1:], strict=False):
            if isinstance(b.body, _JUMPS):
                continue
            between = text[a.end : b.start]
            swapped = text[b.start : b.end] + between + text[a.start : a.end]
            first, then = brief(function.text(b.body)), brief(function.text(a.body))
            what = f"`{first}` comes before `{then}`"
            yield Change(a.start, b.end, swapped, what, a.body.start)
    for item in items(function.tree):
        if isinstance(item.body, t.Copy):
            texts = [function.text(p) for p in item.body.places]
            for i in range(len(texts) - 1):
                order = [*texts[:i], texts[i + 1], texts[i], *texts[i + 2 :]]
                made = f"{item.body.kind.text} {', '.join(order)}"
                yield put(item.body, made, f"`{texts[i + 1]}` comes before `{texts[i]}`")
