"""What is mutated: the functions of a program that its lifecycles come to, with their trees."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from dsl.failures import CannotRun
from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import Field, Register
from dsl.ir.walk import calls, expressions, inside, statements
from dsl.resolve.module import Resolved
from dsl.source import Source
from dsl.syntax import tree as t


@dataclass(frozen=True)
class Function:
    """A sequence with a body: its tree, its IR, and the module that defines it."""

    program: Program
    resolved: Resolved
    item: t.Item
    sequence: s.Sequence
    #: The trees of all functions that are mutated, this one too, each with its module's text.
    around: list[tuple[t.Sequence, str]]

    @property
    def name(self) -> str:
        return self.sequence.name

    @property
    def source(self) -> Source:
        return self.resolved.source

    @property
    def tree(self) -> t.Sequence:
        assert isinstance(self.item.body, t.Sequence)
        return self.item.body

    def text(self, node: t.Node) -> str:
        """The text of a piece of the tree."""
        return self.source.text[node.start : node.end]

    @cached_property
    def constants(self) -> dict[tuple[int, int], x.Const]:
        """The numbers of the IR, by where they stand."""
        return {
            (part.span.start, part.span.end): part
            for part in self._parts
            if isinstance(part, x.Const)
        }

    @cached_property
    def goals(self) -> dict[tuple[int, int], Field]:
        """The field that a value goes into, by where the value stands."""
        found: dict[tuple[int, int], Field] = {}
        for statement in statements(self.sequence.body):
            match statement:
                case s.UpdateRegister(changes=changes) | s.UpdateSlot(changes=changes):
                    for change in changes:
                        found[change.value.span.start, change.value.span.end] = change.field
                case _:
                    pass
        for part in self._parts:
            if isinstance(part, x.Insert):
                found[part.new.span.start, part.new.span.end] = part.field
        return found

    @cached_property
    def views(self) -> dict[str, dict[str, Register]]:
        """The registers of which a field of a name is looked at or changed, by that name."""
        found: dict[str, dict[str, Register]] = {}
        for part in self._parts:
            match part:
                case x.Extract(register=register, field=field):
                    found.setdefault(field.name, {})[register.name] = register
                case x.Insert(register=register, field=field):
                    found.setdefault(field.name, {})[register.name] = register
                case _:
                    pass
        for statement in statements(self.sequence.body):
            match statement:
                case s.UpdateRegister(register=register, changes=changes):
                    pass
                case s.UpdateSlot(view=register, changes=changes):
                    pass
                case _:
                    continue
            for change in changes:
                found.setdefault(change.field.name, {})[register.name] = register
        return found

    @cached_property
    def _parts(self) -> tuple[x.Expr, ...]:
        return tuple(
            part
            for statement in statements(self.sequence.body)
            for value in expressions(statement)
            for part in inside(value)
        )


@dataclass(frozen=True)
class Subject:
    """A program with the functions of it that are mutated; ``file`` is how the user named it."""

    file: str
    program: Program
    closure: tuple[Resolved, ...]
    functions: tuple[Function, ...]


def subject(
    file: str, program: Program, closure: Sequence[Resolved], among: Collection[str] = ()
) -> Subject:
    """A program with the functions that its lifecycles come to, in the order of the sources.

    ``among`` narrows them to those that these modules define, if it names any.  Raises
    `CannotRun` where no function is left.
    """
    if not program.lifecycles:
        raise CannotRun(
            f"mutate: nothing says when the sequences of {file} run: it has no lifecycle",
            "name the module that has the lifecycle and imports the sequences",
        )
    names = reached(program, [step for each in program.lifecycles for step in each.steps])
    found: list[Function] = []
    around: list[tuple[t.Sequence, str]] = []
    for resolved in closure:
        if among and resolved.module.name not in among:
            continue
        own = {q.name: q for q in resolved.module.sequences if q.body is not None}
        wanted = {name: q for name, q in own.items() if name in names}
        if wanted:
            found += _functions(program, resolved, wanted, around)
    if not found:
        where = f" that {', '.join(sorted(among))} defines" if among else ""
        raise CannotRun(f"mutate: the lifecycles of {file} run no sequence{where}")
    return Subject(file, program, tuple(closure), tuple(found))


def _functions(
    program: Program,
    resolved: Resolved,
    wanted: dict[str, s.Sequence],
    around: list[tuple[t.Sequence, str]],
) -> Iterator[Function]:
    # The trees of imports are not kept, and few modules are asked for theirs.
    from dsl.syntax.parser import parse

    tree, _ = parse(resolved.source)
    for item in tree.items:
        if isinstance(item.body, t.Sequence) and item.body.body is not None:
            sequence = wanted.get(item.body.name.text)
            if sequence is not None:
                around.append((item.body, resolved.source.text))
                yield Function(program, resolved, item, sequence, around)


def reached(program: Program, steps: Iterable[l.Step]) -> set[str]:
    """The names of everything that some steps call, by way of whatever."""
    return _reached(program, [call.callee for call in _calls(steps)])


def called(program: Program, body: s.Body) -> set[str]:
    """The names of everything that some statements call, by way of whatever."""
    return _reached(program, [call.callee for call in calls(body)])


def _reached(program: Program, waiting: list[str]) -> set[str]:
    kinds = (program.sequences, program.models)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for kind in kinds:
            if name in kind:
                waiting += [call.callee for call in calls(kind[name].body)]
    return found


def _calls(steps: Iterable[l.Step]) -> Iterator[x.Call]:
    for step in steps:
        match step:
            case l.Phase(body=body):
                yield from calls(body)
            case l.Repeat(steps=inner):
                yield from _calls(inner)
            case l.Either(alternatives=alternatives):
                for each in alternatives:
                    yield from _calls(each)
