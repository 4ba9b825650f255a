"""The state of a run as a file: written where a run stops, read where it goes on.

A state is JSON.  It belongs to one scenario of one program, and has a digest of itself, so that
what was changed by hand, cut off or meant for something else is refused and not misread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Struct

from dsl.failures import CannotRun
from dsl.ir import lifecycle as l
from dsl.ir.dump import dump
from dsl.ir.program import Program
from dsl.run.choices import Choice, Choices
from dsl.run.events import Event
from dsl.run.scenarios import Failure, Run, Snapshot, Stop
from dsl.run.world import Cpu, Position, World
from dsl.source import Source, Span

FORMAT = "vgs run state"
#: Changes with what a state holds, or means.
VERSION = 2
#: A larger file is no state of a run.
LARGEST = 256 << 20
_DIGEST = 16


class SavedWorld(Struct, frozen=True, forbid_unknown_fields=True):
    """A `World`; facts and slots by owner and name."""

    facts: list[tuple[str, str, int]]
    slots: list[tuple[str, str, int | tuple[int, ...]]]
    cpus: dict[int, Cpu]
    held: list[tuple[str, str]]


class SavedSnapshot(Struct, frozen=True, forbid_unknown_fields=True):
    """A `Snapshot`."""

    world: SavedWorld
    cpu: int
    since: int
    until: int


class SavedFailure(Struct, frozen=True, forbid_unknown_fields=True):
    """A `Failure`; its place is in a source by the name of its module."""

    message: str
    module: str
    start: int
    end: int
    event: int


class State(Struct, frozen=True, forbid_unknown_fields=True):
    """All that a run needs to go on; ``module`` and ``after`` are for who reads the file.

    ``given`` are the values that the run decided on, in the order of what is given; ``answers``
    is how it answers choices.  The rest is as `Run` has it.
    """

    format: str
    version: int
    program: str
    module: str
    scenario: str
    after: str
    settings: list[str]
    answers: str
    choices: list[Choice]
    given: list[int]
    step: int
    rest: list[int] | None
    positions: dict[str, Position]
    cpu: int
    phase: str
    label: str
    work: int
    booted: list[int]
    behind: list[int]
    began: dict[str, int]
    ended: dict[str, SavedSnapshot]
    visits: dict[str, int]
    failures: list[SavedFailure]
    world: SavedWorld
    events: list[Event]


class _Head(Struct, frozen=True):
    """What each version of the format begins with."""

    format: str
    version: int
    digest: str
    state: msgspec.Raw


def fingerprint(program: Program) -> str:
    """What tells a program from every other: what it means, and the text that events quote."""
    made = hashlib.blake2b(dump(program).encode(), digest_size=_DIGEST)
    for name, source in sorted(sources(program).items()):
        made.update(f"\0{name}\0{source.text}".encode())
    return made.hexdigest()


def sources(program: Program) -> dict[str, Source]:
    """The texts that a program was made from, by module; without those that declare nothing."""
    found = {}
    for module in program.modules:
        span = next(_spans(module), None)
        if span is not None:
            found[module.name] = span.source
    return found


def _spans(value: Any) -> Iterator[Span]:
    """The places of what a module declares, or of the first part of it that has one."""
    if isinstance(value, Span):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _spans(each)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _spans(getattr(value, name))


# ---- writing


def save(run: Run, program: str, *, after: str, settings: list[str], answers: str) -> bytes:
    """The file of a run that has stopped; ``program`` is its fingerprint, ``after`` says where."""
    machine = run.machine
    state = State(
        FORMAT,
        VERSION,
        program,
        run.program.name,
        run.scenario.title,
        after,
        settings,
        answers,
        run.choices.made,
        [value for _, value in run.start.given],
        run.step,
        run.rest,
        run.positions,
        machine.number,
        machine.phase,
        machine.label,
        machine.work.done,
        sorted(run.booted),
        sorted(run.hazards.behind),
        run.began,
        {n: _snapshot(s) for n, s in run.ended.items()},
        run.visits,
        [_failure(f) for f in run.failures],
        _saved(machine.world),
        run.events,
    )
    body = msgspec.json.encode(state)
    head = _Head(FORMAT, VERSION, _digest(body), msgspec.Raw(body))
    return msgspec.json.encode(head) + b"\n"


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=_DIGEST).hexdigest()


def _saved(world: World) -> SavedWorld:
    return SavedWorld(
        [(owner, name, value) for (owner, name), value in sorted(world.facts.items())],
        [(owner, name, value) for (owner, name), value in sorted(world.slots.items())],
        world.cpus,
        sorted(world.held),
    )


def _snapshot(snapshot: Snapshot) -> SavedSnapshot:
    return SavedSnapshot(_saved(snapshot.world), snapshot.cpu, snapshot.since, snapshot.until)


def _failure(failure: Failure) -> SavedFailure:
    span = failure.span
    return SavedFailure(failure.message, span.source.module, span.start, span.end, failure.event)


# ---- reading


def read(data: bytes, name: str) -> State:
    """The state in a file called ``name``.  Raises `CannotRun` for anything that is none."""
    try:
        head = msgspec.json.decode(data, type=_Head)
    except msgspec.ValidationError:
        raise CannotRun(f"{name} is no state of a run", _HELP) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        cut = data.startswith(b'{"format":"' + FORMAT.encode())
        what = "is cut off, or damaged" if cut else "is no state of a run: it is no JSON"
        raise CannotRun(f"{name} {what}", _HELP) from None
    if head.format != FORMAT:
        raise CannotRun(f"{name} is no state of a run", _HELP)
    if head.version != VERSION:
        newer = "a newer" if head.version > VERSION else "another"
        raise CannotRun(
            f"{name} is of {newer} version of vgs: format {head.version}, and this is {VERSION}",
            "make it again with this one",
        )
    body = bytes(head.state)
    if head.digest != _digest(body):
        raise CannotRun(f"{name} was changed since it was saved", _HELP)
    try:
        return msgspec.json.decode(body, type=State)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(f"{name} is no state of a run: {error}", _HELP) from None


_HELP = "`vgs run MODULE --scenario TITLE --save FILE` makes one"


def restore(
    state: State,
    program: Program,
    settings: tuple[l.Given, ...],
    choices: Choices,
    stop: Stop | None = None,
) -> Run:
    """The run that a state was saved of, ready to go on.

    Its program must be the one that `fingerprint` says; ``choices`` has the answers so far.
    """
    scenario = program.scenarios[state.scenario]
    run = Run(program, scenario, choices, settings, stop)
    machine = run.machine
    machine.world = _world(state.world)
    machine.trace.events = list(state.events)
    machine.number, machine.phase, machine.label = state.cpu, state.phase, state.label
    machine.work.done = state.work
    run.start.restore(state.given)
    run.step, run.rest = state.step, None if state.rest is None else list(state.rest)
    run.positions = {owner: replace(at) for owner, at in state.positions.items()}
    run.booted = set(state.booted)
    run.hazards.behind = set(state.behind)
    run.began, run.visits = dict(state.began), dict(state.visits)
    run.ended = {
        n: Snapshot(_world(s.world), s.cpu, s.since, s.until) for n, s in state.ended.items()
    }
    texts = sources(program)
    run.failures = [
        Failure(f.message, Span(texts[f.module], f.start, f.end), f.event) for f in state.failures
    ]
    for step in scenario.steps[: run.step]:
        if isinstance(step, l.Behave):
            run.executor.behaviours[step.name] = (step.params, step.body)
    return run


def _world(saved: SavedWorld) -> World:
    return World(
        {(owner, name): value for owner, name, value in saved.facts},
        {(owner, name): value for owner, name, value in saved.slots},
        saved.cpus,
        set(saved.held),
    ).copy()
