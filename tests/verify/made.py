"""Verdicts made by hand on the alarm clock, for tests of what is told of a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dsl.diagnostics import Diagnostic, Note
from dsl.diagnostics.proofs import NotYetVisible, OrdersNothing, StateLost
from dsl.ir.program import Program
from dsl.source import Source, Span
from dsl.verify.configurations import configurations
from dsl.verify.findings import (
    Edit,
    Engine,
    Finding,
    Proved,
    Strength,
    Verdict,
    Witness,
    Work,
)

#: Ends in `armed` being 0 although the alarm was set: `dsl.run` finds it too.
HISTORY = ("given has_alarm, ctl.ENABLE", "run load", "expect armed")
ANSWERS = (1,)


def span(program: Program, text: str, file: str = "") -> Span:
    """The first place of a text in the sources of a program."""
    for source in sources(program):
        at = source.text.find(text)
        if at >= 0 and file in source.name:
            return Span(source, at, at + len(text))
    raise AssertionError(text)


def sources(program: Program) -> list[Source]:
    spans = [x.span for m in program.modules for x in (*m.registers, *m.groups)]
    spans += [s.signature.span for m in program.modules for s in m.sequences]
    return list({each.source.name: each.source for each in spans}.values())


def missing(program: Program, **more: object) -> Finding:
    """The barrier that is missing in `old`, with the history and an edit that mends it."""
    read = span(program, "armed <- ALM_STATUS.ARMED")
    found: dict[str, object] = {
        "kind": NotYetVisible,
        "rule": "synchronisation",
        "strength": Strength.ARCHITECTURE,
        "engine": Engine.EXPLICIT,
        "where": read,
        "message": "the status may be that of before the write of ALM_CTL: no isb comes between",
        "function": "alarm_start",
        "ends": (Note(span(program, "restore time, ctl"), "ALM_CTL is written here"),),
        "configuration": (("vhe", 0), ("has_alarm", 1)),
        "configurations": tuple(
            each for each in configurations(program) if dict(each)["has_alarm"]
        ),
        "witness": Witness(HISTORY, seen="armed is 0, and should be 1", answers=ANSWERS),
        "masked": ("machines whose load takes an exception first",),
        "edit": Edit(
            Span(read.source, read.start, read.start),
            "isb orders ALM_CTL before reads of ALM_STATUS\n    ",
            "an isb before the look",
        ),
    }
    return Finding(**(found | more))  # type: ignore[arg-type]


def suspected(program: Program, kind: type[Diagnostic] = StateLost) -> Finding:
    """Something that an engine suspects, without a history."""
    return Finding(
        kind,
        "armed",
        Strength.DECLARED,
        Engine.FLOW,
        span(program, "save ctl, time"),
        "armed is not saved",
        "alarm_save",
    )


def convention(program: Program) -> Finding:
    return Finding(
        OrdersNothing,
        "isb",
        Strength.CONVENTION,
        Engine.FLOW,
        span(program, "may isb"),
        "it orders nothing",
        value=False,
    )


def verdict(program: Program, **more: object) -> Verdict:
    """A verdict with something of everything."""
    found: dict[str, object] = {
        "findings": (missing(program), convention(program)),
        "withdrawn": (suspected(program),),
        "proved": (Proved("time is saved and restored", Engine.SYMBOLIC, 3),),
        "assumptions": ("machines with VHE have an alarm",),
        "work": (
            Work(Engine.FLOW, 0.25, (("sequences", 2),)),
            Work(Engine.EXPLICIT, 1.5, (("states", 12345),)),
        ),
    }
    return Verdict(program.name, **(found | more))  # type: ignore[arg-type]


class Driver:
    """Takes the place of `dsl.verify.verify`: notes what it is asked for, and answers."""

    def __init__(self, answer: object = verdict) -> None:
        self.answer = answer
        self.asked: list[Mapping[str, object]] = []

    def __call__(self, program: Program, **options: object) -> Verdict:
        self.asked.append({"program": program, **options})
        if callable(self.answer):
            made = self.answer(program)
            assert isinstance(made, Verdict)
            return made
        assert isinstance(self.answer, BaseException)
        raise self.answer


def program(file: Path) -> Program:
    import dsl

    return dsl.load(file).program
