"""Confirms what engines suspect: a run ends in something wrong that can be seen, or it does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from dsl.diagnostics.proofs import NotYetVisible
from dsl.failures import CannotRun
from dsl.run.choices import Choices
from dsl.run.errors import RunError, Trapped
from dsl.run.scenarios import Run
from dsl.verify.findings import Finding, Witness
from dsl.verify.histories import Observed, differing, replays, told
from dsl.verify.owned import PATTERNS, Owned
from dsl.verify.subject import Subject


def confirmed(subject: Subject, finding: Finding, owned: Owned) -> Finding | None:
    """The finding with a history that a run replays to a wrong value; None if there is none.

    What shows no value by its nature needs a run that shows the hazard.  Raises `CannotRun` where
    the history cannot even be told as a scenario: then nothing is known of it.
    """
    if finding.witness is None:
        return None
    found = _confirmed(subject, finding, finding.witness, owned)
    for witness in _others(finding, owned):
        if found is None:
            # Not every value can be given everywhere.
            with suppress(CannotRun):
                found = _confirmed(subject, finding, witness, owned)
    return replace(finding, witness=found) if found is not None else None


def surely(subject: Subject, finding: Finding, owned: Owned) -> Finding | None:
    """As `confirmed`, and None too where the history cannot be told."""
    try:
        return confirmed(subject, finding, owned)
    except CannotRun:
        return None


def _others(finding: Finding, owned: Owned) -> Iterator[Witness]:
    """The same history with other values at its start: an old value may be like the new one."""
    witness = finding.witness
    if witness is None or not witness.steps or finding.kind is not NotYetVisible:
        return
    for mirror in owned.by_element.get(witness.element, ()):
        assert mirror.slot.link is not None
        mask = 0
        for field in mirror.slot.link.register.register.fields:
            mask |= field.mask
        names = [f"{p.split(':')[0].strip()}." for p in witness.params] or [""]
        for value in dict.fromkeys(each & mask for each in (*PATTERNS, -1)):
            given = ", ".join(f"{name}{mirror.name} = {value:#x}" for name in names)
            first, *more = witness.steps
            begins = (
                (f"{first}, {given}",) if first.startswith("given ") else (f"given {given}", first)
            )
            yield replace(witness, steps=(*begins, *more))


def _confirmed(
    subject: Subject, finding: Finding, witness: Witness, owned: Owned
) -> Witness | None:
    last = witness.steps[-1] if witness.steps else ""
    if last.startswith("expect ") or "assert" in last or finding.code in ("VGS103", "VGS105"):
        return witness if replays(subject, witness) else _any(subject, witness)
    if not finding.value:
        hazard = replace(witness, steps=(*witness.steps, "expect hazards == 0"))
        return hazard if replays(subject, hazard) else _any(subject, hazard)
    if witness.looker:
        return _looked(subject, witness, owned)
    return differing(subject, witness, witness.element, owned)


def _looked(subject: Subject, witness: Witness, owned: Owned) -> Witness | None:
    """Somebody looks at the end, and says that he sees what was written last."""
    element = witness.element
    scenario = subject.understand(told(witness))
    run = Observed(subject.program, scenario, Choices(), owned=owned)
    try:
        run.go()
    except (RunError, Trapped):
        return None
    of = run.machine.elements[element]
    value = run.machine.newest(of)
    said = f"{witness.looker} {{ assert {element} == {value:#x} }}"
    shown = f"{element} is not {value:#x}, which was written last"
    return _any(subject, replace(witness, steps=(*witness.steps, said), seen=shown))


def _any(subject: Subject, witness: Witness) -> Witness | None:
    """The history of a witness that fails, whatever is chosen in it."""
    scenario = subject.understand(told(witness))
    program = subject.with_scenario(scenario)
    made = Choices()
    first = Run(program, scenario, made)
    try:
        first.go()
    except (RunError, Trapped):
        return None
    if not first.ok:
        return replace(witness, answers=made.answers)
    # One look at a time takes another course: the last ones first, which are nearest to the end.
    for number in range(len(made.made) - 1, -1, -1):
        before = tuple(c.taken for c in made.made[:number])
        for option in range(1, len(made.made[number].options)):
            run = Run(program, scenario, Choices((*before, option)))
            try:
                run.go()
            except (RunError, Trapped):
                continue
            if not run.ok:
                return replace(witness, answers=run.choices.answers)
    return None
