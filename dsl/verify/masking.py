"""What hides a finding: machines on which it does not show, and what callers do by chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsl.failures import CannotRun
from dsl.ir.program import Program
from dsl.ir.shapes import Period
from dsl.run.choices import Choices
from dsl.run.errors import RunError, Trapped
from dsl.run.scenarios import Run
from dsl.verify.configurations import text
from dsl.verify.findings import Configuration, Finding
from dsl.verify.histories import told
from dsl.verify.subject import Subject


def masks(
    subject: Subject, finding: Finding, everywhere: Sequence[Configuration]
) -> tuple[str, ...]:
    """Which machines, and which barriers of others, hide a finding, in words."""
    if finding.witness is None:
        return ()
    return (*_machines(subject.program, finding, everywhere), *_barriers(subject, finding))


def _machines(
    program: Program, finding: Finding, everywhere: Sequence[Configuration]
) -> Iterator[str]:
    """The conditions of machines that would have to be otherwise, and then it never shows.

    A kind of machine that differs in more than this one condition says nothing of it.
    """
    found = set(finding.configurations)
    for condition in program.conditions.values():
        if condition.period is not Period.MACHINE:
            continue
        values = {dict(c).get(condition.name) for c in found}
        others = {c for c in everywhere if dict(c).get(condition.name) not in values}
        flipped = [o for o in others if any(_differ_in(o, c, condition.name) for c in found)]
        if len(values) == 1 and flipped:
            value = dict(flipped[0])[condition.name]
            yield f"machines where {text(((condition.name, value),))}"


def _differ_in(one: Configuration, other: Configuration, name: str) -> bool:
    return [f for f in one if f[0] != name] == [f for f in other if f[0] != name]


def _barriers(subject: Subject, finding: Finding) -> Iterator[str]:
    """The barriers that others may have: where one of them is there, the history goes well."""
    assert finding.witness is not None
    try:
        scenario = subject.understand(told(finding.witness))
    except CannotRun:
        return
    program = subject.with_scenario(scenario)

    def run(answers: tuple[int, ...]) -> Run | None:
        made = Run(program, scenario, Choices(answers))
        try:
            return made.go()
        except (RunError, Trapped):
            return None

    failing = run(finding.witness.answers)
    if failing is None or failing.ok:
        return
    made = failing.choices.made
    for number, choice in enumerate(made):
        if not choice.what.endswith(" of others") or choice.taken:
            continue
        answers = tuple(c.taken for c in made)
        other = run((*answers[:number], 1, *answers[number + 1 :]))
        if other is not None and other.ok:
            yield f"{choice.what}, at {choice.site}"
