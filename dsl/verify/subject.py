"""What is verified: a program, and how text is understood as a scenario of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dsl.diagnostics import Severity
from dsl.failures import CannotRun
from dsl.ir import lifecycle as l
from dsl.ir.program import Module, Program
from dsl.resolve.workspace import Loaded, Workspace

#: The module that a scenario of a witness is in.
NAME = "witness"


@dataclass(frozen=True, slots=True)
class Subject:
    """A program; ``understand`` makes a scenario of the text of one.

    It raises `CannotRun` for text that says nothing in this program.
    """

    program: Program
    file: str
    understand: Callable[[str], l.Scenario]

    def of(self, program: Program) -> Subject:
        """The same of another program with the same names, such as a mutant."""
        return replace(self, program=program)

    def with_scenario(self, scenario: l.Scenario) -> Program:
        """The program with one more scenario."""
        module = Module(NAME, (self.program.name,), scenarios=(scenario,))
        return Program(self.program.name, (*self.program.modules, module), self.program.held)


def subject(loaded: Loaded, workspace: Workspace) -> Subject:
    """The program of a module."""
    name = loaded.resolved.source.module
    folder = loaded.path.parent if loaded.path is not None else None
    roots = (*([folder] if folder else []), *workspace.roots)
    reader = Workspace(roots)

    def understand(text: str) -> l.Scenario:
        found = reader.found
        before = len(found)
        made = reader.load_text(f"import {name}\n\n{text}", f"<{NAME} {before}>")
        errors = [d for d in list(found)[before:] if d.severity is Severity.ERROR]
        if made is None or errors or not made.resolved.module.scenarios:
            why = f"{errors[0].span}: {errors[0].message}" if errors else "it is no scenario"
            raise CannotRun(f"this history cannot be told: {why}", text)
        return made.resolved.module.scenarios[-1]

    return Subject(workspace.program(loaded), loaded.resolved.source.name, understand)
