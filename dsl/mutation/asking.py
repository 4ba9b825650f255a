"""A run of mutants from beginning to end: the program, its mutants, the judge, the report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dsl.diagnostics import Severity, suggest
from dsl.failures import CannotRun, HasErrors
from dsl.ir.platform import Strength
from dsl.ir.program import Program
from dsl.ir.ways import phases
from dsl.mutation import judged
from dsl.mutation.checks import checks, lacking, provers, restricted
from dsl.mutation.explorer import Explorer
from dsl.mutation.judging import Judge
from dsl.mutation.mutants import Made, Mutant, mutants, sample
from dsl.mutation.operators import OPERATORS
from dsl.mutation.report import Report
from dsl.mutation.results import Judged, Outcome, Results, Trial, fingerprint
from dsl.mutation.subject import Subject, reached, subject
from dsl.mutation.trials import Trials, first_killed
from dsl.mutation.workers import Limits, processors
from dsl.resolve.workspace import Loaded, Workspace, decode
from dsl.uncollected import uncollected
from dsl.verify.findings import Engine

#: What a mutant may take, if nobody says otherwise: a minute, and 2 GiB.
LIMITS = Limits(60.0, 2 << 30)

#: The part of that in which the solver may look for what is wrong: then it says what it left out.
_SOLVING = 0.4


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user asks for; the command's options have the same names."""

    operators: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    sample: int | None = None
    seed: int = 0
    without: tuple[str, ...] = ()
    all_killers: bool = False
    rules: bool = False
    jobs: int | None = None
    limits: Limits = LIMITS
    resume: Path | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Who is told: ``doing`` what is done now, ``judged`` each mutant as it is known."""

    doing: Callable[[str], None] = lambda text: None
    judged: Callable[[Judged], None] = lambda one: None


def mutate(paths: Sequence[str], asked: Asked, progress: Progress | None = None) -> Report:
    """Mutates the program that some paths name, and judges each mutant.

    Raises `HasErrors` where a source has errors, and `CannotRun` for what is not there, cannot
    be mutated, or was kept of something else.
    """
    since = time.perf_counter()
    progress = progress or Progress()
    chosen = _program(paths, asked.without)
    made = _mutants(chosen, asked)
    picked = made.mutants
    if asked.sample is not None:
        picked = sample(picked, asked.sample, asked.seed)
    explorer = Explorer(chosen.program)
    judge = _judge(explorer, asked, all_killers=asked.all_killers)
    progress.doing(f"verifying {chosen.file}")
    with uncollected():
        judge.prepare()
    found = []
    with ExitStack() as stack:
        results = None
        if asked.resume is not None:
            print = fingerprint(chosen, asked.without, asked.all_killers, asked.limits)
            results = stack.enter_context(Results(asked.resume, chosen, print))
        counts: Counter[Outcome] = Counter()
        all = judged(picked, judge, jobs=asked.jobs, limits=asked.limits, results=results)
        for one in all:
            found.append(one)
            counts[one.outcome] += 1
            progress.judged(one)
            progress.doing(
                f"{len(found)} of {len(picked)} mutants: {counts[Outcome.KILLED]} killed, "
                f"{counts[Outcome.COST]} cost more, {counts[Outcome.SURVIVED]} survive"
            )
        exercised = None
        trials: tuple[Trial, ...] = ()
        if asked.rules:
            exercised = _exercised(chosen.program, explorer)
            trials = _tried(chosen, asked, judge, picked, found, exercised, results, progress)
    return Report(
        chosen.file,
        tuple(function.name for function in chosen.functions),
        tuple(found),
        made.refused,
        made.twice,
        len(made.mutants) - len(picked),
        tuple(sorted(judge.faulty)),
        tuple(sorted(judge.unchecked)),
        asked.without,
        asked.all_killers,
        exercised,
        trials,
        time.perf_counter() - since,
    )


def _judge(
    explorer: Explorer,
    asked: Asked,
    *,
    off: frozenset[str] = frozenset(),
    only: frozenset[str] = frozenset(),
    all_killers: bool = False,
) -> Judge:
    return Judge(
        explorer.program,
        checks(explorer, asked.limits.seconds * _SOLVING),
        provers(explorer),
        all_killers=all_killers,
        without=frozenset(asked.without) | off,
        only=only,
    )


def _tried(
    chosen: Subject,
    asked: Asked,
    judge: Judge,
    picked: Sequence[Mutant],
    found: Sequence[Judged],
    exercised: Mapping[str, bool],
    results: Results | None,
    progress: Progress,
) -> tuple[Trial, ...]:
    """What each rule, invariant and slot is worth, by mutants that are judged without it."""
    program = chosen.program
    those = {one.id: one for one in found if one.outcome is Outcome.KILLED}

    def without(off: frozenset[str]) -> Judge:
        if off.isdisjoint(exercised):
            # A slot, or a code: the program is what it was.
            return judge.apart(off)
        less = _judge(Explorer(lacking(program, off)), asked, off=off)
        less.prepare()
        return less

    def only(names: frozenset[str]) -> Judge:
        off = frozenset(name for name in exercised if name not in names)
        less = _judge(Explorer(lacking(program, off)), asked, only=names)
        if names <= {rule.name for rule in program.rules}:
            # The solver proves values, of which rules say nothing.
            less.checks = [check for check in less.checks if check.name != Engine.SYMBOLIC]
        less.prepare()
        return less

    trials = Trials(
        [mutant for mutant in picked if mutant.id in those],
        first_killed(picked, those, asked.all_killers),
        without,
        only,
        asked.jobs or processors(),
        asked.limits,
        results,
        progress.doing,
    )
    # Of what the program does not come to it says nothing, unless a mutant does.
    come = [name for name, comes in exercised.items() if comes]
    return tuple(trials.run(list(dict.fromkeys((*come, *trials.first)))))


def _exercised(program: Program, explorer: Explorer) -> Mapping[str, bool]:
    """Each rule and invariant that can kill, with whether the program comes to it."""
    exercised = explorer.exercised()
    rules = [rule for rule in program.rules if rule.strength is not Strength.CONVENTION]
    found = {rule.name: rule.name in exercised for rule in rules}
    names = {phase for life in program.lifecycles for phase in (p.name for p in phases(life.steps))}
    for invariant in (i for module in program.modules for i in module.invariants):
        found[invariant.name] = not names.isdisjoint(invariant.points)
    return found


def _mutants(chosen: Subject, asked: Asked) -> Made:
    known = {operator.name: operator for operator in OPERATORS}
    for name in asked.operators:
        if name not in known:
            listed = f"there are: {', '.join(known)}"
            help = suggest(name, known) or listed
            raise CannotRun(f"mutate: there is no operator `{name}`", help)
    names = {function.name for function in chosen.functions}
    for name in asked.functions:
        if name not in names:
            help = suggest(name, names) or f"there are: {', '.join(sorted(names))}"
            raise CannotRun(f"mutate: the lifecycles run no function `{name}`", help)
    some = [known[n] for n in dict.fromkeys(asked.operators)] or OPERATORS
    made = mutants(chosen, some, asked.functions)
    if not made.mutants:
        raise CannotRun(
            "mutate: there is nothing that these operators change",
            "leave out --operator, --function or the PATHs beside the program",
        )
    return made


def _program(paths: Sequence[str], without: Sequence[str]) -> Subject:
    """The program that is meant, and the functions of it."""
    from dsl.cli.inputs import STDIN_NAME, inputs, standard_input

    given = inputs(paths)
    if given.findings:
        raise HasErrors(given.findings)
    workspace = Workspace(given.roots)
    if given.stdin:
        source = decode(STDIN_NAME, "stdin", standard_input(), workspace.found)
        read = [workspace.load_text(source.text, STDIN_NAME) if source else None]
    else:
        read = [workspace.load(path) for path in given.files]
    loaded = [each for each in read if each is not None]
    workspace.check(loaded)
    errors = [d for d in workspace.found.sorted() if d.severity is Severity.ERROR]
    if errors:
        raise HasErrors(errors)
    ready = [each for each in loaded if _runs(each, workspace)]
    parts = {
        part.module.name
        for each in ready
        for part in workspace.closure(each)
        if part is not each.resolved
    }
    whole = [each for each in ready if each.resolved.module.name not in parts]
    if len(whole) != 1:
        hint = "name one module that has a lifecycle and defines all that it runs"
        if whole:
            names = ", ".join(each.resolved.source.name for each in whole)
            raise CannotRun(f"mutate: more than one program is named: {names}", hint)
        why = "; ".join(_lacks(each, workspace) for each in loaded)
        raise CannotRun("mutate: no program is named" + (f": {why}" if why else ""), hint)
    (root,) = whole
    among = {each.resolved.module.name for each in loaded if each is not root}
    closure = workspace.closure(root)
    inside = {part.module.name for part in closure}
    confined = among & inside if not given.whole else set()
    program = restricted(workspace.program(root), without)
    return subject(root.resolved.source.name, program, closure, confined)


def _runs(loaded: Loaded, workspace: Workspace) -> bool:
    """Whether a module is a program: it has a lifecycle, and all that is run is defined."""
    return not _lacks(loaded, workspace)


def _lacks(loaded: Loaded, workspace: Workspace) -> str:
    """Why a module is no program, or nothing if it is one."""
    program = workspace.program(loaded)
    steps = [step for each in program.lifecycles for step in each.steps]
    if not steps:
        return f"{loaded.resolved.source.name} has no lifecycle"
    undefined = {q.name for q in program.sequences.values() if q.body is None}
    missing = sorted(reached(program, steps) & undefined)
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        return f"{loaded.resolved.source.name} does not define {listed}"
    return ""
