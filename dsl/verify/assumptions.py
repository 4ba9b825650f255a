"""What a verdict rests on: what the sources say of machines, of externs and of everybody else."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.ir.sequence import Body
from dsl.ir.walk import bodies, calls
from dsl.source import Span


def assumptions(program: Program) -> tuple[str, ...]:
    """Each assumption of a program, in a sentence, with its place.

    What no lifecycle comes to is left out, unless there is none.
    """
    reached = _reached(program)
    return tuple(
        dict.fromkeys(
            (
                *_assumed(program),
                *_externs(program, reached),
                *_others(program),
                *_rules(program),
            )
        )
    )


def declared(program: Program, other: Program | None) -> Iterator[str]:
    """What is meant to be otherwise than in another program, and why."""
    for each in program.differences(other) if other is not None else ():
        places = "; ".join(_plain(one.span.text) for one in each.differences)
        said = f"at {', '.join(each.points)} it differs to {each.to} in {places}"
        yield f"{said}: {each.reason} ({each.span})"


def _assumed(program: Program) -> Iterator[str]:
    for each in program.assumptions:
        yield f"{each.name}: {each.reason} ({_plain(each.condition.span.text)}; {each.span})"


def _externs(program: Program, reached: set[str]) -> Iterator[str]:
    """What is said of those outside the language: what they declare, whatever their models do."""
    for name, extern in program.externs.items():
        if name not in reached:
            continue
        said = [_plain(effect.span.text) for effect in extern.effects if effect.span.text]
        said += [f"ensures {_plain(each.span.text)}" for each in extern.ensures]
        text = f"{name} does no more than it declares: {'; '.join(said) or 'nothing'}"
        text += ", and returns anything" if extern.signature.result is not None else ""
        yield f"{text} ({extern.signature.span})"
    # It comes with the whole engine.
    from dsl.verify.explicit.contracts import Contracts

    contracts = Contracts(program)
    for name, model in program.models.items():
        condition = program.conditions.get(name)
        # Of others any value is tried, each time that they are asked for.
        if condition is not None and not contracts.samples(condition):
            yield f"{name} is what its model says ({model.signature.span})"


def _others(program: Program) -> Iterator[str]:
    """What a lifecycle lets others do: nobody does more."""
    for lifecycle in program.lifecycles:
        allowed: dict[str, dict[str, None]] = {}
        places: dict[str, Span] = {}
        for phase in _phases(lifecycle.steps):
            said = list(_mays(phase.body, ()))
            if said:
                allowed.setdefault(phase.name, {}).update(dict.fromkeys(said))
                places.setdefault(phase.name, phase.span)
        for name, texts in allowed.items():
            yield f"in `{name}` others do no more than this: {'; '.join(texts)} ({places[name]})"


def _rules(program: Program) -> Iterator[str]:
    if program.rules:
        counts: dict[str, int] = {}
        for rule in program.rules:
            counts[rule.strength] = counts.get(rule.strength, 0) + 1
        listed = ", ".join(f"{number} {strength}" for strength, number in sorted(counts.items()))
        total = len(program.rules)
        noun = "rule says" if total == 1 else "rules say"
        yield f"{total} {noun} who sees which write when ({listed}); `vgs explain RULE` has sources"


def _mays(body: Body, under: tuple[str, ...]) -> Iterator[str]:
    for statement in body:
        when = f" when {' and '.join(under)}" if under else ""
        match statement:
            case s.May():
                yield _plain(statement.span.text) + when
            case s.Perhaps():
                yield f"{_plain(statement.span.text)}, or not{when}"
            case s.If(arms=arms, otherwise=otherwise):
                for arm in arms:
                    yield from _mays(arm.body, (*under, _plain(arm.condition.span.text)))
                yield from _mays(otherwise or (), (*under, "not so"))
            case _:
                for inner in bodies(statement):
                    yield from _mays(inner, under)


def _phases(steps: tuple[l.Step, ...]) -> Iterator[l.Phase]:
    for step in steps:
        match step:
            case l.Phase():
                yield step
            case l.Repeat(steps=inner):
                yield from _phases(inner)
            case l.Either(alternatives=alternatives):
                for inner in alternatives:
                    yield from _phases(inner)


def _reached(program: Program) -> set[str]:
    """The names of all that lifecycles call, or where there is none, of all that is called."""
    kinds = (program.sequences, program.operations, program.models)
    if not program.lifecycles:
        every = [each.body for kind in kinds for each in kind.values()]
        return {call.callee for body in every for call in calls(body)}
    start = [phase.body for each in program.lifecycles for phase in _phases(each.steps)]
    wanted = [call.callee for body in start for call in calls(body)]
    seen = set(wanted)
    while wanted:
        name = wanted.pop()
        inner = {
            call.callee for kind in kinds if name in kind for call in calls(kind[name].body)
        } - seen
        wanted += inner
        seen |= inner
    return seen


def _plain(text: str) -> str:
    return " ".join(text.split())
