"""What only shows when modules are seen together: promises, circles, coverage, unused things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsl.diagnostics import Diagnostics, Note
from dsl.diagnostics.dialects import NoFile, TwoFiles
from dsl.diagnostics.names import DuplicateName, Unused
from dsl.diagnostics.sequences import NotDefined, Recursive, UnbalancedLock
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.shapes import Condition, Constant, Slot
from dsl.ir.walk import calls, statements
from dsl.resolve.module import Resolved, declared_here
from dsl.resolve.promises import Promises
from dsl.resolve.scope import Callable, Entry, called
from dsl.source import Span


class Checks:
    """Collects findings over programs; what several programs share is reported once."""

    def __init__(self, found: Diagnostics) -> None:
        self.found = found

    def program(self, program: Program, closure: Sequence[Resolved], *, whole: bool) -> None:
        """Promises, recursion, and for a ``whole`` program definitions and coverage too."""
        sequences = program.sequences
        order = self._recursion({**sequences, **program.operations, **program.models})
        order = [name for name in order if name in sequences]
        # Of a module with errors not every statement is there to be judged.
        broken = {r.source.name for r in closure if r.errors}
        sound = [n for n in order if sequences[n].signature.span.source.name not in broken]
        Promises(program, self.found).check(sound)
        self._locks(sequences, order)
        if whole:
            self._coverage(program, closure)

    def history(self, program: Program, closure: Sequence[Resolved]) -> None:
        """What is said twice of how programs run, and what can never happen."""
        first: dict[str, Span] = {}
        said = [
            *(("how a hypcall synchronises", c.span) for m in program.modules for c in m.crossings),
            *(
                (f"what `{model.name}` does", model.signature.span)
                for m in program.modules
                for model in m.models
            ),
            *((f'that "{f.title}" fails', f.span) for m in program.modules for f in m.failures),
        ]
        for what, span in said:
            known = first.setdefault(what, span)
            if known != span:
                note = Note(known, "first here")
                self.found.add(DuplicateName(span, f"{what} is said twice", (note,)))
        # Only here: most modules have no lifecycle.
        from dsl.resolve.reach import Reach

        Reach(program, {r.source.name for r in closure if r.errors}, self.found).check()

    def _locks(self, sequences: dict[str, s.Sequence], order: list[str]) -> None:
        """Reports calls that take a lock which is held around them; callees come first."""
        taken: dict[str, dict[str, Span]] = {}
        for name in order:
            own: dict[str, Span] = {}
            for call in calls(sequences[name].body):
                own.update(taken.get(call.callee, {}))
            for statement in statements(sequences[name].body):
                if not isinstance(statement, s.Hold):
                    continue
                lock = statement.lock.name
                for call in calls(statement.body):
                    inner = taken.get(call.callee, {}).get(lock)
                    if inner is not None:
                        self.found.add(
                            UnbalancedLock(
                                call.span,
                                f"`{call.callee}` takes `{lock}`, which is held here already",
                                (Note(inner, "taken here"),),
                            )
                        )
                own[lock] = statement.span
            taken[name] = own

    def _recursion(self, sequences: dict[str, s.Sequence]) -> list[str]:
        """Reports calls in a circle; the names of all sequences, callees before callers."""
        entered: set[str] = set()
        done: dict[str, None] = {}
        for start in sequences:
            path: list[tuple[str, Iterator[x.Call]]] = []
            if start not in entered:
                entered.add(start)
                path.append((start, calls(sequences[start].body)))
            while path:
                name, pending = path[-1]
                call = next(pending, None)
                if call is None:
                    done[name] = None
                    path.pop()
                elif call.callee in sequences and call.callee not in done:
                    if call.callee in entered:
                        circle = [n for n, _ in path]
                        circle = [*circle[circle.index(call.callee) :], call.callee]
                        shown = circle if len(circle) <= 8 else [*circle[:4], "…", *circle[-3:]]
                        message = f"a sequence calls itself: {' → '.join(shown)}"
                        self.found.add(Recursive(call.span, message))
                    else:
                        entered.add(call.callee)
                        path.append((call.callee, calls(sequences[call.callee].body)))
        return list(done)

    def _coverage(self, program: Program, closure: Sequence[Resolved]) -> None:
        """Sequences without a definition, and sequences that no file or two files hold."""
        dialects = [d for r in closure for d in r.dialects]
        for name, sequence in program.sequences.items():
            span = sequence.signature.span
            if sequence.body is None:
                # Only a module that gathers a whole program promises definitions.
                if dialects:
                    self.found.add(
                        NotDefined(span, f"`{name}` is declared, and nothing here defines it")
                    )
                continue
            for dialect in dialects:
                files = dialect.files_of(name)
                if not files:
                    self.found.add(
                        NoFile(
                            span,
                            f"no file of the dialect `{dialect.name}` holds `{name}`",
                            help=f'give `{name}` to a file there: file "PATH" holds {name} {{}}',
                        )
                    )
                elif len(files) > 1:
                    self.found.add(
                        TwoFiles(
                            span,
                            f"two files of the dialect `{dialect.name}` hold `{name}`",
                            tuple(Note(f.span, "this one") for f in files),
                        )
                    )

    # ---- what nothing uses

    def unused(self, judged: Sequence[Resolved], everything: Sequence[Resolved]) -> None:
        """Declarations of the judged modules that nothing in the run uses.

        A module that nothing else of the run imports and that has no sequences is a library
        whose users are elsewhere: it is not judged.
        """
        imported = {name for r in everything for name in r.module.imports}
        used = frozenset().union(*(r.used for r in everything)) if everything else frozenset()
        for resolved in judged:
            if not resolved.module.sequences and resolved.module.name not in imported:
                continue
            platform = {r.name for r in resolved.module.registers}
            for entry in declared_here(resolved):
                if entry.name in used or not _judged(entry) or entry.name in platform:
                    continue
                self.found.add(
                    Unused(entry.span, f"{called(entry.meaning)} `{entry.name}` is never used")
                )


def _judged(entry: Entry) -> bool:
    """Whether a name that nothing uses is a finding: outputs and entry points are not."""
    match entry.meaning:
        case s.Lock() | Condition() | Constant() | Slot():
            return True
        case Callable(kind=None):
            return True
        case _:
            return False
