"""Mutants: programs with one change, as far as the resolver takes them, and each but once."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as alike
from functools import cached_property

from msgspec.structs import replace

from dsl.diagnostics import Severity
from dsl.diagnostics.names import BadHint
from dsl.ir.program import Module, Program
from dsl.ir.sequence import Sequence as IRSequence
from dsl.mutation.normal import Normal, exact
from dsl.mutation.operators import OPERATORS, Change, Operator
from dsl.mutation.subject import Function, Subject
from dsl.resolve.module import resolve
from dsl.source import Source, Span
from dsl.syntax import tree as t
from dsl.syntax.parser import parse

_NOT_NEWLINE = re.compile(r"[^\n]")
_ID = 6


@dataclass(frozen=True)
class Mutant:
    """A program with one change in one function.

    ``sequence`` is the function as it is now; ``source`` is its module's text with the change.
    Everything else of the program is as it was, and has its places in the text as it was.
    """

    operator: str
    function: Function
    change: Change
    source: Source
    sequence: IRSequence

    @cached_property
    def id(self) -> str:
        """A short name that is the same in each run."""
        change = self.change
        said = (self.function.source.name, change.start, change.end, change.text)
        return hashlib.blake2b(repr(said).encode(), digest_size=_ID).hexdigest()

    @property
    def span(self) -> Span:
        """What the change is about, in the text as it was."""
        at = self.change.at
        return Span(self.function.source, at, max(at + 1, self.change.end))

    @cached_property
    def program(self) -> Program:
        """The program as it is now."""
        old = self.function.program
        home = self.function.resolved.module.name
        modules = tuple(self._changed(m) if m.name == home else m for m in old.modules)
        return Program(old.name, modules, old.held)

    def _changed(self, module: Module) -> Module:
        name = self.sequence.name
        sequences = tuple(self.sequence if q.name == name else q for q in module.sequences)
        return replace(module, sequences=sequences)

    def of(self, program: Program) -> Mutant:
        """The same change in a program that has the same sequences."""
        return alike(self, function=alike(self.function, program=program))

    def before(self, span: Span) -> tuple[str, int]:
        """Where something stood before the change: the name of the source, and the offset."""
        at = span.start
        if span.source is self.source:
            change = self.change
            grown = len(change.text) - (change.end - change.start)
            if at >= change.start + len(change.text):
                at -= grown
            elif at > change.start:
                at = min(at, change.end)
        return span.source.name, at

    def after(self, source: str, at: int) -> int:
        """Where something stands now, by where it stood before."""
        change, item = self.change, self.function.item
        if source != self.source.name or not item.start <= at < item.end or at < change.end:
            return at
        return at + len(change.text) - (change.end - change.start)

    def diff(self) -> list[str]:
        """The lines that change, as a unified diff shows them."""
        from difflib import unified_diff

        old, new = self.function.source.text.splitlines(), self.source.text.splitlines()
        lines = list(unified_diff(old, new, lineterm="", n=1))
        return lines[2:]


@dataclass
class Made:
    """All mutants of a subject; ``refused`` counts what the resolver does not take, by its code.

    ``twice`` counts changes that give what another one gives.
    """

    mutants: list[Mutant] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    twice: int = 0


def mutants(
    subject: Subject, operators: Sequence[Operator] = OPERATORS, names: Container[str] = ()
) -> Made:
    """Every mutant that some operators make of the functions of a subject, or of some of them."""
    made = Made()
    normal = Normal(subject.program)
    for function in subject.functions:
        if names and function.name not in names:
            continue
        maker = _Maker(function)
        # The function itself is none of its mutants; what only looks different is one.
        known = {exact(function.sequence)}
        itself = normal.of(function.sequence)
        for operator in operators:
            for change in operator.make(function):
                found = maker.mutant(operator.name, change)
                if isinstance(found, str):
                    made.refused[found] += 1
                    continue
                meaning = normal.of(found.sequence)
                if meaning == itself:
                    meaning = exact(found.sequence)
                if meaning in known:
                    made.twice += 1
                else:
                    known.add(meaning)
                    made.mutants.append(found)
    return made


class _Maker:
    """Resolves one function over and over, without the rest of its module."""

    def __init__(self, function: Function) -> None:
        self.function = function
        resolved = function.resolved
        # What stands around the function is blank: only offsets and lines count.
        start = function.item.start
        self._before = _NOT_NEWLINE.sub(" ", function.source.text[:start])
        exports = {k: e for k, e in resolved.exports.items() if k != function.name}
        self._around = replace(resolved, exports=exports)

    def mutant(self, operator: str, change: Change) -> Mutant | str:
        """The mutant, or the code of the finding for which there is none."""
        old, item = self.function.source, self.function.item
        text = old.text[: change.start] + change.text + old.text[change.end :]
        end = item.end + len(change.text) - (change.end - change.start)
        source = Source(old.name, text, old.module)
        blank = Source(old.name, self._before + text[item.start : end], old.module)
        tree, found = parse(blank)
        if found:
            return found[0].code
        items = tuple(_plain(each) for each in tree.items)
        resolved = resolve(source, replace(tree, items=items), (self._around,), lambda name: "", {})
        for finding in resolved.findings:
            if finding.severity is Severity.ERROR and not isinstance(finding, BadHint):
                return finding.code
        (sequence,) = resolved.module.sequences
        return Mutant(operator, self.function, change, source, sequence)


def _plain(item: t.Item) -> t.Item:
    """A declaration without hints, which mean nothing and may name what is gone."""
    body = item.body
    if isinstance(body, t.Sequence) and body.body is not None:
        body = replace(body, body=_block(body.body))
    return replace(item, body=body, hints=())


def _block(block: t.Block) -> t.Block:
    return replace(block, items=tuple(_statement(item) for item in block.items))


def _statement(item: t.Item) -> t.Item:
    body = item.body
    match body:
        case t.When(arms=arms, otherwise=otherwise):
            ways = tuple(replace(arm, body=_block(arm.body)) for arm in arms)
            rest = None if otherwise is None else _block(otherwise)
            body = replace(body, arms=ways, otherwise=rest)
        case t.Match(cases=cases, otherwise=otherwise):
            chosen = tuple(replace(case, body=_block(case.body)) for case in cases)
            rest = None if otherwise is None else _block(otherwise)
            body = replace(body, cases=chosen, otherwise=rest)
        case t.Each() | t.Labelled() | t.Holding():
            body = replace(body, body=_block(body.body))
        case t.Modify(changes=changes):
            body = replace(body, changes=tuple(replace(c, hints=()) for c in changes))
        case _:
            pass
    return replace(item, body=body, hints=())


def sample(all: Sequence[Mutant], most: int, seed: int) -> list[Mutant]:
    """Some mutants, drawn by chance and always the same ones, in the order of all."""
    from random import Random

    if most >= len(all):
        return list(all)
    chosen = sorted(Random(seed).sample(range(len(all)), most))
    return [all[i] for i in chosen]
