"""The result of a run of mutants: what became of them in numbers, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from dsl.mutation.operators import OPERATORS
from dsl.mutation.results import Judged, Killer, Outcome, Standing, Trial


@dataclass(frozen=True, slots=True)
class Score:
    """How many of some mutants are killed."""

    killed: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1; 1 where there is nothing to kill."""
        return self.killed / self.of if self.of else 1.0


@dataclass(frozen=True, slots=True)
class Worth:
    """What one rule, code or engine is worth: how many mutants it kills, and how many alone.

    ``score`` is that of correctness without it.  ``beside`` are those that kill what it does not
    kill alone, the most frequent first.  Where it was switched off, ``trial`` says what came of
    that: then ``kills`` are those that it is known to kill, ``alone`` is 1 or 0, and the score is
    at most this.
    """

    kind: str
    name: str
    kills: int
    alone: int
    score: Score
    beside: tuple[str, ...] = ()
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the mutants of a program.

    ``refused`` are changes that the resolver does not take, by code; ``twice`` those that give
    what another one gives.  ``unasked`` is how many mutants there are that nobody judged: of a
    sample the others, of a run that was interrupted the rest.  ``faulty`` is what the checks find
    in the original, and ``unchecked`` what they leave open there.  ``exercised`` says of each rule
    and invariant whether the program comes to it, where that was asked for, and ``trials`` what
    comes of switching it off.
    """

    program: str
    functions: tuple[str, ...]
    judged: tuple[Judged, ...]
    refused: Mapping[str, int]
    twice: int
    unasked: int
    faulty: tuple[str, ...]
    unchecked: tuple[str, ...]
    without: tuple[str, ...]
    all_killers: bool
    exercised: Mapping[str, bool] | None
    trials: tuple[Trial, ...]
    seconds: float

    def of(self, *outcomes: Outcome) -> list[Judged]:
        """The mutants of which one of these became, as they stand in the sources."""
        found = [one for one in self.judged if one.outcome in outcomes]
        return sorted(found, key=lambda one: (one.file, one.line, one.column, one.operator))

    @property
    def asked(self) -> bool:
        """Whether it was asked what rules are worth."""
        return self.all_killers or self.exercised is not None

    @property
    def survivors(self) -> list[Judged]:
        return self.of(Outcome.SURVIVED)

    @property
    def suggestions(self) -> list[Judged]:
        """The mutants that verify and cost less."""
        return self.of(Outcome.CHEAPER)

    @property
    def broken(self) -> list[Judged]:
        return self.of(Outcome.BROKEN)

    @property
    def correctness(self) -> Score:
        """Of the mutants that do not do the same, and do not just cost more, those killed.

        What is cheaper and not proved to do the same counts as not killed.
        """
        return self._score(len(self.of(Outcome.KILLED)))

    def _score(self, killed: int) -> Score:
        left = [one for one in self.suggestions if not one.by]
        all = len(self.of(Outcome.KILLED)) + len(self.survivors) + len(left)
        return Score(killed, all)

    @property
    def cost(self) -> Score:
        """Of the mutants that no check finds wrong, and that are not better, those that cost."""
        killed = len(self.of(Outcome.COST))
        return Score(killed, killed + len(self.survivors))

    @property
    def status(self) -> int:
        """0: nothing survives; 1: something does; 2: something broke, or is not known."""
        if self.broken or any(t.standing is Standing.UNKNOWN for t in self.trials):
            return 2
        return 1 if self.survivors else 0

    def worths(self) -> list[Worth]:
        """What each rule is worth that kills anything, or that the program comes to.

        Where every check was asked of every mutant, each code and each engine, and each rule that
        was not switched off.
        """
        found = list(self._tried())
        kinds = ("code", "engine") if found else ("rule", "code", "engine")
        for kind in kinds if self.all_killers else ():
            found += self._counted(kind)
        return found

    def _tried(self) -> Iterator[Worth]:
        killed = self.of(Outcome.KILLED)
        kills = Counter(name for one in killed for name in {k.name for k in one.killers})
        for trial in sorted(self.trials, key=lambda t: (-kills[t.name], t.name)):
            alone = int(trial.standing is Standing.ALONE)
            # What is not the first to find anything kills what shows that it is masked.
            count = max(kills[trial.name], int(trial.standing is Standing.MASKED))
            score = self._score(len(killed) - alone)
            yield Worth("rule", trial.name, count, alone, score, trial.masks, trial)

    def _counted(self, kind: str) -> Iterator[Worth]:
        killed = self.of(Outcome.KILLED)
        called = "name" if kind == "rule" else kind
        names = [{str(getattr(k, called)) for k in one.killers} for one in killed]
        counts = Counter(name for each in names for name in each)
        for name, kills in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            alone = sum(each == {name} for each in names)
            others = Counter(o for each in names if name in each for o in each if o != name)
            beside = tuple(other for other, _ in others.most_common())
            yield Worth(kind, name, kills, alone, self._score(len(killed) - alone), beside)

    @property
    def idle(self) -> list[str]:
        """The rules and invariants that the program does not come to, and no mutant either."""
        tried = {trial.name for trial in self.trials}
        exercised = self.exercised or {}
        return [name for name, comes in exercised.items() if not comes and name not in tried]

    def operators(self) -> list[tuple[str, Counter[Outcome]]]:
        """What became of the mutants of each operator that made any."""
        counts: dict[str, Counter[Outcome]] = {}
        for one in self.judged:
            counts.setdefault(one.operator, Counter())[one.outcome] += 1
        return [(o.name, counts[o.name]) for o in OPERATORS if o.name in counts]

    def killers(self) -> list[tuple[Killer, int]]:
        """Who was the first to find something: engine, code and rule, with how many mutants."""
        first = Counter(
            (one.killers[0].engine, one.killers[0].code, one.killers[0].rule)
            for one in self.of(Outcome.KILLED)
        )
        ranked = sorted(first.items(), key=lambda item: (-item[1], item[0]))
        return [(Killer(*key, "", ""), count) for key, count in ranked]

    def to_json(self) -> dict[str, Any]:
        """As docs/schema/mutate.json describes."""
        correctness, cost = self.correctness, self.cost
        return {
            "program": self.program,
            "functions": list(self.functions),
            "mutants": len(self.judged),
            "killed": len(self.of(Outcome.KILLED)),
            "cost": len(self.of(Outcome.COST)),
            "equivalent": len(self.of(Outcome.EQUIVALENT)),
            "survivors": _told(self.survivors),
            "suggestions": _told(self.suggestions),
            "broken": _told(self.broken),
            "scores": {
                "correctness": {"killed": correctness.killed, "of": correctness.of},
                "cost": {"killed": cost.killed, "of": cost.of},
            },
            "operators": [
                {"operator": name, **{str(o): counts[o] for o in Outcome}}
                for name, counts in self.operators()
            ],
            "killers": [
                {"engine": k.engine, "code": k.code, "rule": k.rule, "mutants": count}
                for k, count in self.killers()
            ],
            "worths": (
                [
                    {
                        "kind": w.kind,
                        "name": w.name,
                        "kills": w.kills,
                        "alone": w.alone,
                        "without": {"killed": w.score.killed, "of": w.score.of},
                        "beside": list(w.beside),
                        "trial": None if w.trial is None else _trial(w.trial),
                    }
                    for w in self.worths()
                ]
                if self.asked
                else None
            ),
            "idle": self.idle if self.exercised is not None else None,
            "refused": dict(self.refused),
            "twice": self.twice,
            "unasked": self.unasked,
            "faulty": list(self.faulty),
            "unchecked": list(self.unchecked),
            "without": list(self.without),
            "all": _told(sorted(self.judged, key=lambda one: one.id)),
            "seconds": round(self.seconds, 3),
        }


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "standing": str(trial.standing),
        "asked": trial.asked,
        "mutant": trial.mutant or None,
        "note": trial.note,
    }


def _told(some: Iterable[Judged]) -> list[Any]:
    told: Sequence[Any] = msgspec.to_builtins(list(some))
    return list(told)
