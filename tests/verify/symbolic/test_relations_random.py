"""Programs made by chance, small enough to go through all their states: what is proved is so."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from dsl.ir.program import Program
from dsl.ir.ways import Graph, graph
from dsl.verify.symbolic import check, checking
from tests.verify.symbolic.machines import program

pytest.importorskip("z3")

HEAD = """
platform bits "the registers of this test"
register R : 32 reset 0 { V [0] res0 [31:1] }
register S : 32 reset 1 { V [0] res0 [31:1] }
context some of vcpu {
    a : 0..1
    b : 0..1
    c : 0..1
}
condition odd per machine
condition rude per vm
extern pick(vcpu) { writes a }
extern twice(vcpu) { writes b, c  ensures b == c }
sequence all(vcpu) { a <- 0  b <- 0  c <- 0 }
sequence nothing(vcpu) {}
"""
SLOTS, REGISTERS = ("a", "b", "c"), ("R.V", "S.V")
PLACES = SLOTS + REGISTERS
STEPS = """
lifecycle life {
    each turn {
        p0 { 0 }
        either { p1 { 1 } } or { p2 { 2 } }
        each trip {
            p3 { 3 }
            p4 { 4 }
        }
        p5 { 5 }
    }
}
"""
PHASES = [f"p{n}" for n in range(6)]

#: What the places hold.
State = tuple[int, ...]


@dataclass(frozen=True)
class Does:
    """A statement, or what somebody does: its text, and the states that it leads to."""

    text: str
    to: Callable[[dict[str, int], dict[str, int]], list[dict[str, int]]]
    other: bool = False


@dataclass(frozen=True)
class Holds:
    """A condition: its text, and whether it holds."""

    text: str
    of: Callable[[dict[str, int], dict[str, int]], bool]


def condition(draw: random.Random) -> Holds:
    x, y, z = draw.sample(PLACES, 3)
    fact = draw.choice(("odd", "rude"))
    match draw.randrange(7):
        case 0:
            return Holds(f"{x} == {y}", lambda s, f: s[x] == s[y])
        case 5:
            return Holds(f"{x} != {y}", lambda s, f: s[x] != s[y])
        case 6:
            return Holds(
                f"{fact} implies R.V != S.V", lambda s, f: not f[fact] or s["R.V"] != s["S.V"]
            )
        case 1:
            return Holds(f"{x} != 0 implies {y} != 0", lambda s, f: not s[x] or bool(s[y]))
        case 2:
            return Holds(f"{x} != 0 implies {y} == {z}", lambda s, f: not s[x] or s[y] == s[z])
        case 3:
            return Holds(f"{fact} implies {x} == {y}", lambda s, f: not f[fact] or s[x] == s[y])
        case _:
            return Holds(f"{x} == 0 or {y} != {z}", lambda s, f: not s[x] or s[y] != s[z])


def move(draw: random.Random) -> Does:
    to, of = draw.sample(PLACES, 2)
    number = draw.randrange(2)
    match draw.randrange(8):
        case 0:
            return Does(f"{to} <- {number}", lambda s, f: [{**s, to: number}])
        case 1:
            return Does("pick(vcpu)", lambda s, f: [{**s, "a": n} for n in (0, 1)])
        case 2:
            return Does("twice(vcpu)", lambda s, f: [{**s, "b": n, "c": n} for n in (0, 1)])
        case 3:
            slot = draw.choice(SLOTS)
            return Does(
                f"may change {slot}", lambda s, f: [{**s, slot: n} for n in (0, 1)], other=True
            )
        case 4 | 5:
            held, inner = condition(draw), move(draw)
            if not inner.other:
                return Does(
                    f"when {held.text} {{ {inner.text} }}",
                    lambda s, f: inner.to(s, f) if held.of(s, f) else [s],
                )
            return inner
        case _:
            return Does(f"{to} <- {of}", lambda s, f: [{**s, to: s[of]}])


@dataclass
class Made:
    """A program, what its phases do, and its invariants with the phases that they speak of."""

    program: Program
    phases: dict[str, list[Does]]
    invariants: dict[str, tuple[Holds, tuple[str, ...]]]


def made(seed: int) -> Made:
    draw = random.Random(seed)
    steps = STEPS
    phases = {}
    for number, name in enumerate(PHASES):
        does = [move(draw) for _ in range(draw.choice((0, 0, 1, 1, 2)))]
        # Others act at the end, so that all of it is the way in.
        phases[name] = sorted(does, key=lambda each: each.other)
        body = "  ".join(each.text for each in phases[name]) or "nothing(vcpu)"
        steps = steps.replace(f"{{ {number} }}", f"{{ {body} }}")
    invariants = {}
    for number in range(4):
        at = tuple(sorted(draw.sample(PHASES, draw.randrange(1, 4))))
        invariants[f"i{number}"] = (condition(draw), at)
    said = [
        f'invariant {name} at {", ".join(at)} "it is said" {{ {holds.text} }}'
        for name, (holds, at) in invariants.items()
    ]
    return Made(program("\n".join((HEAD, steps, *said))), phases, invariants)


def broken(of: Made) -> set[str]:
    """The invariants that do not hold in some state of some machine."""
    ways = graph(of.program.lifecycles[0])
    return {name for odd in (0, 1) for name in _broken(of, ways, odd)}


def _broken(of: Made, ways: Graph, odd: int) -> Iterator[str]:
    """Owners of both kinds take turns on CPUs: each finds registers as any of them left them."""
    left: set[State] = {(0, 1)}
    begin: State = (0, 0, 0)
    # Where an owner is, with his memory, what is in the registers, and of which kind he is.
    todo: list[tuple[int, State, State, int]]
    todo = [(0, begin, registers, rude) for registers in left for rude in (0, 1)]
    away = {(0, begin, rude) for rude in (0, 1)}
    done = set()
    while todo:
        at = todo.pop()
        if at in done:
            continue
        done.add(at)
        node, slots, registers, rude = at
        if node in ways.outermost:
            if registers not in left:
                left.add(registers)
                todo += [(n, s, registers, r) for n, s, r in away]
            if (node, slots, rude) not in away:
                away.add((node, slots, rude))
                todo += [(node, slots, each, rude) for each in left]
        for after, _ in ways.following.get(node, ()):
            name = ways.nodes[after].name
            states = [dict(zip(PLACES, slots + registers, strict=True))]
            if ways.nodes[after].phase is not None:
                facts = {"odd": odd, "rude": rude}
                does = of.phases[name]
                for each in does:
                    if not each.other:
                        states = [s for old in states for s in each.to(old, facts)]
                for rule, (holds, points) in of.invariants.items():
                    if name in points and not all(holds.of(s, facts) for s in states):
                        yield rule
                for each in does:
                    if each.other:
                        states = [s for old in states for s in each.to(old, facts)]
            for state in states:
                values = tuple(state[place] for place in PLACES)
                todo.append((after, values[:3], values[3:], rude))


@pytest.fixture(autouse=True)
def no_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not proved needs no history here."""
    monkeypatch.setattr(checking, "witness", lambda *asked: None)


def proved(of: Made) -> set[str]:
    report = check(of.program)
    assert report.unchecked == ()
    said = (each.what.split() for each in report.proved)
    return {words[1] for words in said if words[0] == "invariant"}


@pytest.mark.parametrize("seed", range(12))
def test_what_is_proved_holds_in_every_state(seed: int) -> None:
    for number in range(10):
        of = made(10 * seed + number)
        assert proved(of) & broken(of) == set(), 10 * seed + number


def test_more_is_proved_with_conditions_that_go_along(monkeypatch: pytest.MonkeyPatch) -> None:
    those = [made(seed) for seed in range(40)]
    more = sum(len(proved(of)) for of in those)
    holds = sum(len(of.invariants) - len(broken(of)) for of in those)
    monkeypatch.setattr(checking, "said", lambda program: ())
    assert sum(len(proved(of)) for of in those) < more <= holds
