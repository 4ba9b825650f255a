"""Random walks of a program and a mutant side by side: what is proved the same must do the same.

The engines try a few values of each thing, or all of them in a solver's terms; here others do
what they may with any values at all.  `python -m tests.mutation.walks PROGRAM` judges all mutants
and walks with those that are proved the same, for so many seconds each.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dsl.ir.program import Program
from dsl.ir.ways import Node, graph
from dsl.mutation.checks import checks, provers
from dsl.mutation.explorer import Explorer
from dsl.mutation.judging import Judge
from dsl.mutation.mutants import Mutant, mutants
from dsl.mutation.operators import OPERATORS
from dsl.mutation.results import Judged, Outcome
from dsl.mutation.subject import Subject
from dsl.run.errors import Impossible
from dsl.run.visibility import SOFTWARE
from dsl.verify.configurations import configurations
from dsl.verify.decided import Decided
from dsl.verify.explicit.memory import Memory
from dsl.verify.explicit.recording import Called, Looked
from dsl.verify.explicit.sampling import Answers
from dsl.verify.explicit.states import State, moved
from dsl.verify.explicit.stepping import Outcome as Done
from dsl.verify.explicit.stepping import Stepper
from dsl.verify.explicit.tables import Tables
from dsl.verify.owned import Owned

#: How far one walk goes: rounds of a lifecycle are about ten steps.
STEPS = 60


@dataclass(frozen=True)
class Anything(Decided):
    """Tells any values of a place from each other, by chance."""

    chance: random.Random = field(default_factory=random.Random)

    def values(self, place: str, base: int) -> tuple[int, ...]:
        few = self.chance.getrandbits(64) & self.chance.getrandbits(64)
        some = self.chance.getrandbits(64), few & self.chance.getrandbits(64), ~few & (1 << 64) - 1
        named = Decided.values(self, place, base)
        return (*some, self.chance.randrange(20), *self.chance.sample(named, min(2, len(named))))


@dataclass(slots=True)
class Chance(Answers):
    """What others do, by chance."""

    chance: random.Random = field(default_factory=random.Random)

    def pick(self, count: int) -> int:
        taken = self.chance.randrange(count)
        self.taken.append((taken, count))
        return taken


class Side:
    """One of two programs that walk the same way; ``owned`` is what the original owns."""

    def __init__(self, program: Program, owned: Owned, chance: random.Random) -> None:
        self.chance = chance
        self.graph = graph(program.lifecycles[0])
        tables = Tables(owned.data)
        self.steppers: dict[int, Stepper] = {}
        for number, kind in enumerate(configurations(program)):
            try:
                made = Stepper(program, kind, self.graph, owned, number, Memory(tables))
            except Impossible:
                continue
            self.steppers[number] = made

    def step(self, state: State, node: Node, seed: int) -> Done | None:
        """What comes of a step; None where others cannot do what they would have done."""
        self.chance.seed(seed)
        stepper = self.steppers[state.kind]
        taken = stepper._step(state, node, Chance(chance=self.chance), {})
        return None if taken.shown is None else stepper._outcome(state, taken.shown, taken)


def differ(old: Program, new: Program, seed: int, walks: int) -> str:
    """How two programs differ on so many walks, if they do: where, and in what."""
    chance, own = random.Random(), random.Random(seed)
    owned = Owned(old)
    owned.__dict__["decided"] = Anything(old, chance)
    one, other = (Side(program, owned, chance) for program in (old, new))
    for _ in range(walks):
        kind = own.choice(list(one.steppers))
        for what in _walk(one, other, kind, own):
            return what
    return ""


def _walk(one: Side, other: Side, kind: int, own: random.Random) -> Iterator[str]:
    a, b = (side.steppers[kind].first() for side in (one, other))
    left: list[tuple[State, State]] = []
    for _ in range(STEPS):
        ways = [to for to, _ in one.graph.following.get(a.at, ())]
        if not ways:
            return
        node, seed = one.graph.nodes[own.choice(ways)], own.getrandbits(48)
        was, now = one.step(a, node, seed), other.step(b, node, seed)
        if was is None and now is None:
            continue
        if was is None or now is None:
            yield f"{node.name}: one of them keeps no promise"
            return
        yield from _unlike(was, now, node)
        if was.state is None or now.state is None:
            return
        a, b = was.state, now.state
        if node.number in one.graph.outermost:
            left.append((a, b))
            if own.random() < 0.5:
                # Another one was here meanwhile, or it is another CPU.
                x, y = own.choice(left)
                a, b = moved(a, x), moved(b, y)


def _unlike(was: Done, now: Done, node: Node) -> Iterator[str]:
    """What is not the same of two steps, as far as anybody could know."""
    for told in (_seen, _called, _held):
        if told(was) != told(now):
            yield f"{node.name}: {told(was)} is {told(now)}"


def _seen(done: Done) -> object:
    found: dict[str, list[object]] = {}
    for each in done.happenings:
        if isinstance(each, Looked) and each.who != SOFTWARE and each.actor:
            found.setdefault(each.element, []).append((each.who, each.mask, each.value))
    return found, [(w.kind, w.rule) for w in done.wrong]


def _called(done: Done) -> object:
    return [(e.name, e.args, e.read) for e in done.happenings if isinstance(e, Called)]


def _held(done: Done) -> object:
    if done.state is None:
        return None
    held = done.state.held
    return dict(held.slots), dict(held.cells)


def same(subject: Subject, names: tuple[str, ...] = ()) -> Iterator[tuple[Mutant, Judged]]:
    """The mutants of a program that are proved the same, with what is said of each."""
    explorer = Explorer(subject.program)
    judge = Judge(subject.program, checks(explorer), provers(explorer))
    judge.prepare()
    chosen = [o for o in OPERATORS if not names or o.name in names]
    for mutant in mutants(subject, chosen).mutants:
        told = judge.judge(mutant)
        if told.outcome is Outcome.EQUIVALENT or (told.outcome is Outcome.CHEAPER and told.by):
            yield mutant, told


def main() -> int:
    """Walks with all that is proved the same; 1 where something differs."""
    from dsl.mutation.asking import _program

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("program", type=Path)
    parser.add_argument("--walks", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    chosen = _program([str(args.program)], ())
    count = wrong = 0
    for mutant, told in same(chosen):
        count += 1
        what = differ(chosen.program, mutant.program, args.seed, args.walks)
        if what:
            wrong += 1
            print(f"{mutant.span}: {mutant.operator}: {mutant.change.what} ({told.by}): {what}")
    print(f"{count} mutants that are proved the same, {wrong} that differ; seed {args.seed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
