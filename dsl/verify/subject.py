"""A program, and how the text of a scenario is understood in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from msgspec import Struct

from dsl.diagnostics import Severity
from dsl.failures import CannotRun
from dsl.ir import lifecycle as l
from dsl.ir.program import Module, Program
from dsl.resolve.workspace import SUFFIX, Workspace
from dsl.source import Span

#: The module that a scenario of a witness is in.
NAME = "witness"


@dataclass(slots=True)
class Subject:
    """A program; ``names`` is the one that the text of scenarios is understood in.

    They differ for a mutant: it has the names of what it was made of.
    """

    program: Program
    names: Program
    _reader: Workspace | None = None
    _known: dict[str, l.Scenario] = field(default_factory=dict)
    _read: int = -1

    def of(self, program: Program) -> Subject:
        """The same of another program with the same names, such as a mutant."""
        return replace(self, program=program)

    def understand(self, text: str) -> l.Scenario:
        """The scenario that a text is.  Raises `CannotRun` for text that is none here."""
        known = self._known.get(text)
        if known is not None:
            return known
        if self._reader is None:
            self._reader = Workspace(roots(self.names))
        found = self._reader.found
        before = len(found)
        whole = f"{_head(self.names)}\n\n{text}"
        # What is wrong with a text is told once for its name.
        self._read += 1
        made = self._reader.load_text(whole, f"<{NAME} {self._read}>")
        errors = [d for d in list(found)[before:] if d.severity is Severity.ERROR]
        if made is None or errors or not made.resolved.module.scenarios:
            why = f"{errors[0].span}: {errors[0].message}" if errors else "it is no scenario"
            raise CannotRun(f"this history cannot be told: {why}", text)
        scenario = made.resolved.module.scenarios[-1]
        self._known[text] = scenario
        return scenario

    def with_scenario(self, scenario: l.Scenario) -> Program:
        """The program with one more scenario."""
        module = Module(NAME, (self.program.name,), scenarios=(scenario,))
        return Program(self.program.name, (*self.program.modules, module), self.program.held)


def subject(program: Program) -> Subject:
    """A program that scenarios can be told of."""
    return Subject(program, program)


def _head(program: Program) -> str:
    """What a module says that has all names of a program."""
    own = program.modules[-1]
    source = next((span.source for span in _spans(own)), None)
    if source is not None and not Path(source.name).is_file():
        # It is in no file, so it cannot be imported.
        return source.text
    if source is not None:
        return f"import {own.name}"
    return "\n".join(f"import {name}" for name in own.imports)


def roots(program: Program) -> list[Path]:
    """The folders that the modules of a program are imported from."""
    found: dict[Path, None] = {}
    for module in program.modules:
        span = next(_spans(module), None)
        if span is None:
            continue
        path = Path(span.source.name)
        depth = module.name.count(".")
        if path.suffix == SUFFIX and len(path.parents) > depth:
            found[path.parents[depth]] = None
    return list(found)


def _spans(module: Module) -> Iterator[Span]:
    """The places of what a module declares."""
    for name in module.__struct_fields__:
        for each in getattr(module, name) if name not in ("name", "imports") else ():
            span = getattr(each, "span", None) or getattr(
                getattr(each, "signature", None), "span", None
            )
            if isinstance(each, Struct) and isinstance(span, Span):
                yield span
