"""What the checks of a program are worth: it is changed in one place, and they have to notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from dsl.mutation.judging import Judge, described
from dsl.mutation.mutants import Mutant
from dsl.mutation.results import Judged, Outcome, Results
from dsl.mutation.workers import Done, Limits, processors, run

__all__ = ["Limits", "judged"]


def judged(
    mutants: Sequence[Mutant],
    judge: Judge,
    *,
    jobs: int | None = None,
    limits: Limits,
    results: Results | None = None,
) -> Iterator[Judged]:
    """What becomes of each mutant, as it is known: those in ``results`` first.

    The judge is prepared already.  A mutant on which the checker fails, or takes more than it
    may, is `Outcome.BROKEN`, and the others go on.  Raises `CannotRun` where processes cannot be
    copied.
    """
    known: Mapping[str, Judged] = results.known if results is not None else {}
    yield from (known[mutant.id] for mutant in mutants if mutant.id in known)
    left = [mutant for mutant in mutants if mutant.id not in known]

    def work(mutant: Mutant) -> bytes:
        return msgspec.json.encode(judge.judge(mutant))

    for done in run(left, work, jobs=jobs or processors(), limits=limits):
        one = _one(done)
        if results is not None:
            results.add(one)
        yield one


def _one(done: Done[Mutant]) -> Judged:
    if done.result is not None:
        return msgspec.json.decode(done.result, type=Judged)
    seconds = round(done.seconds, 4)
    return described(done.task, Outcome.BROKEN, note=done.none, seconds=seconds)
