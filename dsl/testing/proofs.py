"""Invariants as tests: each program is verified once, and asked for each of its invariants."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from dsl.diagnostics import Diagnostic
from dsl.diagnostics.proofs import InvariantBroken, NotAllChecked
from dsl.diagnostics.render import render
from dsl.failures import CannotRun
from dsl.ir import lifecycle as l
from dsl.run.cases import Needs
from dsl.run.programs import Root
from dsl.testing.failures import DoesNotHold, Failure
from dsl.verify.baseline import Baseline, read
from dsl.verify.findings import Engine, Verdict
from dsl.verify.profile import judge
from dsl.verify.programs import Chosen, verdict
from dsl.verify.report import Scope, one

#: An invariant is about states and about values; without either nothing can be said of it.
_ENGINES = (Engine.EXPLICIT, Engine.SYMBOLIC)


class Proofs:
    """The verdicts of one run of the tests; ``baseline`` lists what is known to fail."""

    def __init__(self, baseline: Path | None) -> None:
        self._path = baseline
        self._verdicts: dict[str, Verdict] = {}

    @cached_property
    def _baseline(self) -> Baseline | None:
        return read(self._path) if self._path is not None else None

    def known(self, root: Root, invariant: l.Invariant) -> str:
        """Why an invariant is expected to fail; empty where it is not."""
        try:
            entries = self._baseline.entries if self._baseline is not None else ()
        except CannotRun:
            # Each test says so.
            return ""
        listed = any(
            each.program == root.program.name
            and (each.code, each.rule) == (InvariantBroken.code, invariant.name)
            for each in entries
        )
        return f"{self._path.name if self._path else ''} lists it" if listed else ""

    def judge(self, root: Root, invariant: l.Invariant) -> None:
        """Verifies an invariant.

        Raises `DoesNotHold`, or a `Failure` where it cannot be verified, or not in all histories.
        """
        try:
            _ = self._baseline
        except CannotRun as error:
            raise Failure(f"{error.message}\n  help: {error.help}", error.message, "", 0) from None
        missing = sorted(Needs(root.program).of_lifecycles())
        if missing or not root.program.lifecycles:
            what = f"nothing defines {', '.join(missing)}" if missing else "there is no lifecycle"
            raise _not_checked(invariant, f"`{invariant.name}` cannot be verified: {what}")
        made = self._verdict(root)
        judged = judge(Chosen(root.file, root.program), made)
        broken = [
            each
            for each in made.findings
            if each.kind is InvariantBroken and each.rule == invariant.name
        ]
        if broken:
            scope = Scope(judged, None)
            text = "\n".join(one(each, scope) for each in broken)
            hint = f"`vgs verify {root.file} --witness DIR` writes it as a file\n"
            first = broken[0]
            summary = f"{first.message} [{first.code}]"
            raise DoesNotHold(f"{text}\n{hint}", summary, first.where.source.name, first.where.line)
        if made.unchecked:
            listed = "; ".join(made.unchecked)
            raise _not_checked(
                invariant, f"`{invariant.name}` was not checked everywhere: {listed}"
            )

    def _verdict(self, root: Root) -> Verdict:
        if root.file not in self._verdicts:
            self._verdicts[root.file] = verdict(Chosen(root.file, root.program), engines=_ENGINES)
        return self._verdicts[root.file]


def _not_checked(invariant: l.Invariant, what: str) -> Failure:
    said: Diagnostic = NotAllChecked(invariant.span, what)
    where = invariant.span.source.name
    return Failure(render([said]), f"{what} [{said.code}]", where, invariant.span.line)
