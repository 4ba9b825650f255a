"""What a source says about layout and the IR does not keep: hints, and blank lines.

Only the C backend reads this.  Erasing every hint changes nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from dsl.diagnostics import Diagnostics, suggest
from dsl.diagnostics.names import BadHint
from dsl.source import Source, Span
from dsl.syntax import tree as t

_BLANK = re.compile(r"\n[ \t\r\f]*(?=\n)")


class StatementLayout(Struct, frozen=True):
    """The hints of a statement, or of a sequence, and how many blank lines are before it.

    ``locals`` are the names to declare at the top of the block, in order; ``via`` is the local
    that a value goes through; ``likely`` is None where nothing is said.  ``steps`` are the changes
    of a ``modify`` with which a statement of its own begins, counted from 0.
    """

    blank: int = 0
    locals: tuple[str, ...] = ()
    via: str | None = None
    braces: bool = False
    parens: bool = False
    grouped: bool = False
    likely: bool | None = None
    steps: tuple[int, ...] = ()


class HintRule(Struct, frozen=True):
    """A hint of the closed list: how many names it takes, where it can stand, what it says."""

    least: int
    most: int | None
    where: tuple[type[t.Node], ...]
    says: str


_SIMPLE = (t.Move, t.Modify, t.Copy, t.Let, t.Return, t.Sequence)

#: The closed list of hints.
HINTS: dict[str, HintRule] = {
    "locals": HintRule(
        1,
        None,
        (t.Sequence, t.When, t.Each, t.Labelled, t.Holding),
        "these locals are declared at the top of this block, in this order",
    ),
    "via": HintRule(1, 1, _SIMPLE, "the value goes through a local of this name"),
    "braces": HintRule(0, 0, (t.When, t.Each), "braces, although one statement needs none"),
    "parens": HintRule(
        0,
        0,
        (*_SIMPLE[:-1], t.When, t.Match, t.Warn, t.Assert),
        "operands that are operations, and what a return gives, stand in parentheses",
    ),
    "grouped": HintRule(
        0, 0, (t.Move, t.Modify, t.Copy, t.Let), "the value that is moved stands in parentheses"
    ),
    "likely": HintRule(0, 0, (t.When,), "the condition is usually true"),
    "unlikely": HintRule(0, 0, (t.When,), "the condition is usually false"),
    "step": HintRule(
        0, 0, (t.Change,), "from here on a statement of its own changes the local of `@via`"
    ),
}


class Layout(Struct, frozen=True):
    """The layout of one module.

    ``statements`` is kept by the offset at which a statement, or the name of a sequence, begins;
    ``types`` by the offset of the name of a parameter, a ``let`` or (for its result) a sequence:
    types of one meaning, such as u32 and uint, may be spelt differently.
    """

    statements: dict[int, StatementLayout] = {}
    types: dict[int, str] = {}


def layout_of(source: Source, module: t.Module, found: Diagnostics) -> Layout:
    """The layout of all sequences of a module; hints that cannot be are reported."""
    layout = Layout()
    for item in module.items:
        if isinstance(item.body, t.Sequence):
            layout.statements[item.body.name.start] = _layout(source, item, 0, found)
            for param in item.body.params:
                _type(param.name, param.type, layout)
            _type(item.body.name, item.body.result, layout)
            _block(source, item.body.body, layout, found)
        else:
            for hint in item.hints:
                found.add(
                    BadHint(
                        Span(source, hint.start, hint.end),
                        f"`@{hint.name.text}` stands before a declaration that is no sequence",
                    )
                )
    return layout


def _type(name: t.Name, type: t.Type | None, layout: Layout) -> None:
    match type:
        case t.NamedType(name=named):
            layout.types[name.start] = named.text
        case t.Range():
            layout.types[name.start] = "uint"
        case None:
            pass


def _block(source: Source, block: t.Block | None, layout: Layout, found: Diagnostics) -> None:
    if block is None:
        return
    end = None
    for item in block.items:
        blank = 0 if end is None else len(_BLANK.findall(source.text[end : item.start]))
        layout.statements[start_of(item.body)] = _layout(source, item, blank, found)
        if isinstance(item.body, t.Let):
            _type(item.body.name, item.body.type, layout)
        for inner in _blocks(item.body):
            _block(source, inner, layout, found)
        end = item.end


def start_of(body: t.Declaration | t.Statement) -> int:
    """The offset that the (first) IR statement of a tree statement begins at."""
    return body.places[0].start if isinstance(body, t.Copy) else body.start


def _blocks(body: t.Declaration | t.Statement) -> Iterator[t.Block | None]:
    match body:
        case t.When(arms=arms, otherwise=otherwise):
            yield from (arm.body for arm in arms)
            yield otherwise
        case t.Each(body=inner) | t.Labelled(body=inner) | t.Holding(body=inner):
            yield inner
        case t.Match(cases=cases, otherwise=otherwise):
            yield from (case.body for case in cases)
            yield otherwise


def _layout(source: Source, item: t.Item, blank: int, found: Diagnostics) -> StatementLayout:
    given: dict[str, tuple[str, ...]] = {}
    for hint in item.hints:
        problem, help = _problem(hint, item.body, given)
        if problem:
            found.add(BadHint(Span(source, hint.start, hint.end), problem, help=help))
        else:
            if hint.name.text == "locals":
                _check_locals(source, hint, item.body, found)
            given[hint.name.text] = tuple(a.text for a in hint.args)
    steps = _steps(source, item.body, "via" in given, found)
    return StatementLayout(
        blank,
        given.get("locals", ()),
        given["via"][0] if "via" in given else None,
        "braces" in given,
        "parens" in given,
        "grouped" in given,
        True if "likely" in given else False if "unlikely" in given else None,
        steps,
    )


def _steps(
    source: Source, body: t.Declaration | t.Statement, via: bool, found: Diagnostics
) -> tuple[int, ...]:
    """The changes of a ``modify`` that begin a step."""
    steps = []
    for i, change in enumerate(body.changes if isinstance(body, t.Modify) else ()):
        given: dict[str, tuple[str, ...]] = {}
        for hint in change.hints:
            problem, help = _problem(hint, change, given)
            if not problem and not via:
                problem = "`@step` needs a local that the steps change"
                help = "write `@via(name)` before the `modify`"
            if problem:
                found.add(BadHint(Span(source, hint.start, hint.end), problem, help=help))
            else:
                steps.append(i)
            given[hint.name.text] = ()
    return tuple(steps)


def _problem(
    hint: t.Hint, body: t.Declaration | t.Statement | t.Change, given: dict[str, tuple[str, ...]]
) -> tuple[str, str]:
    name = hint.name.text
    rule = HINTS.get(name)
    if rule is None:
        return f"there is no hint `@{name}`", suggest(name, HINTS) or _list()
    if not isinstance(body, rule.where):
        return f"`@{name}` cannot stand here", f"it says: {rule.says}"
    if name in given or {name, *given} >= {"likely", "unlikely"}:
        return f"`@{name}` stands beside what it repeats or contradicts", ""
    if len(hint.args) < rule.least or (rule.most is not None and len(hint.args) > rule.most):
        count = "no names" if rule.most == 0 else "one name" if rule.most == 1 else "names"
        return f"`@{name}` takes {count}", f"it says: {rule.says}"
    return "", ""


def _check_locals(
    source: Source, hint: t.Hint, body: t.Declaration | t.Statement, found: Diagnostics
) -> None:
    """The names are those of locals inside: `let`s, loop variables and `@via`s."""
    known = set(_locals(body))
    for arg in hint.args:
        if arg.text not in known:
            found.add(
                BadHint(
                    Span(source, arg.start, arg.end),
                    f"there is no local `{arg.text}` in what follows",
                    help=suggest(arg.text, known),
                )
            )


def _locals(body: t.Declaration | t.Statement) -> Iterator[str]:
    match body:
        case t.Let(name=name) | t.Each(var=name):
            yield name.text
    blocks = [body.body] if isinstance(body, t.Sequence) else _blocks(body)
    for block in blocks:
        for item in block.items if block else ():
            for hint in item.hints:
                if hint.name.text == "via":
                    yield from (a.text for a in hint.args)
            yield from _locals(item.body)


def _list() -> str:
    return "hints are " + ", ".join(f"@{h}" for h in HINTS)
