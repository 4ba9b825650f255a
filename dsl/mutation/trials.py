"""What each rule is worth: it is switched off, and the mutants that it kills are judged again."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from dsl.mutation.judging import Judge
from dsl.mutation.mutants import Mutant
from dsl.mutation.results import Judged, Results, Sieved, Standing, Trial
from dsl.mutation.workers import Limits, run

#: How many mutants are asked for all that kills them, to find what masks a rule.
_MASKED = 6
#: After how many mutants it is looked whether a rule still wants one.  A number of its own, and
#: not that of processors: what is found is the same on each machine.
_SIEVED = 32
#: How much longer than the judging of its mutants the trial of a rule may take: it verifies the
#: original anew, and what masks a rule takes a few rounds.
_ROUNDS = 20

#: A judge, prepared, of the program in which some names are switched off; and of the program in
#: which nothing but these is left.
Without = Callable[[frozenset[str]], Judge]


@dataclass(frozen=True)
class Trials:
    """Switches rules, invariants and slots off, one after the other, and judges mutants again.

    ``first`` has the mutants to ask about for each name, as `first_killed` gives them.
    ``killed`` are all mutants that are killed.  ``without`` and ``only`` make the judges.
    """

    killed: Sequence[Mutant]
    first: Mapping[str, Sequence[Mutant]]
    without: Without
    only: Without
    jobs: int
    limits: Limits
    results: Results | None = None
    say: Callable[[str], None] = lambda text: None
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        said = "\n".join(
            f"{name} {mutant.id}" for name in sorted(self.first) for mutant in self.first[name]
        )
        said = "\n".join((said, *sorted(mutant.id for mutant in self.killed)))
        digest = hashlib.blake2b(said.encode(), digest_size=8).hexdigest()
        object.__setattr__(self, "digest", digest)

    def run(self, names: Sequence[str]) -> list[Trial]:
        """What becomes of the mutants without each of some names.

        Those with the fewest mutants come first.  Raises `CannotRun` where processes cannot be
        copied.
        """
        found = dict(self._known(names))
        waiting = {name: self.first[name] for name in names if name in self.first}
        self._try({n: those for n, those in waiting.items() if n not in found}, found, names)
        silent = [name for name in names if name not in found]
        some, left = self.killed, 0
        while silent:
            sieved, more = self._sieved(silent, some)
            heard = {name: those for name, those in sieved.items() if those}
            self._try(heard, found, names)
            silent = [name for name in silent if name not in heard]
            left += more
            # Whoever is heard may have hidden another one, where it is heard.
            some = list({mutant.id: mutant for each in heard.values() for mutant in each}.values())
            if not some:
                found |= {name: self._nothing(name, left) for name in silent}
                break
        return [found[name] for name in names]

    def _try(
        self, asked: Mapping[str, Sequence[Mutant]], found: dict[str, Trial], names: Sequence[str]
    ) -> None:
        """Switches each of some names off, and adds to what is found."""

        def work(name: str) -> bytes:
            return msgspec.json.encode(_Trial(self, name, asked[name]).run())

        most = max((len(each) for each in asked.values()), default=0)
        limits = Limits(self.limits.seconds * (most + _ROUNDS), self.limits.memory)
        waiting = sorted(asked, key=lambda name: (len(asked[name]), name))
        self._say(found, names)
        for done in run(waiting, work, jobs=self.jobs, limits=limits):
            if done.result is None:
                # Not kept: who goes on asks again.
                trial = Trial(done.task, Standing.UNKNOWN, self.digest, note=done.none)
            else:
                trial = self._kept(msgspec.json.decode(done.result, type=Trial))
            found[done.task] = trial
            self._say(found, names)

    def _say(self, found: Mapping[str, Trial], names: Sequence[str]) -> None:
        counts = Counter(trial.standing for trial in found.values())
        self.say(
            f"{len(found)} of {len(names)} rules switched off: mutants depend on "
            f"{counts[Standing.ALONE]} alone, {counts[Standing.MASKED]} are masked"
        )

    def _nothing(self, name: str, left: int) -> Trial:
        """What is known of one that kills nothing, where so many mutants could not be asked."""
        if left:
            note = f"it kills none of the others, and {left} mutants broke the checker"
            return Trial(name, Standing.UNKNOWN, self.digest, note=note)
        return self._kept(Trial(name, Standing.NOTHING, self.digest, len(self.killed)))

    def _known(self, names: Sequence[str]) -> Iterator[tuple[str, Trial]]:
        kept = self.results.trials if self.results is not None else {}
        for name in names:
            if name in kept and kept[name].of == self.digest:
                yield name, kept[name]

    def _kept(self, trial: Trial) -> Trial:
        if self.results is not None:
            self.results.add(trial)
        return trial

    def _sieved(
        self, silent: Sequence[str], mutants: Sequence[Mutant]
    ) -> tuple[dict[str, list[Mutant]], int]:
        """The mutants that each of some names kills, where there is nothing but these.

        Mutants are asked until there is one for each name.  Gives also how many of them nobody
        could ask.
        """
        found: dict[str, list[Mutant]] = {name: [] for name in silent}
        left = 0
        judge: Judge | None = None
        kept = self.results.sieved if self.results is not None else {}
        ordered = sorted(mutants, key=lambda mutant: mutant.id)
        for at in range(0, len(ordered), _SIEVED):
            some = ordered[at : at + _SIEVED]
            self.say(f"what {', '.join(silent)} would find: {at} of {len(ordered)} killed mutants")
            known = [kept[mutant.id] for mutant in some if mutant.id in kept]
            those = {one.mutant: one.names for one in known if _tells(one, set(silent))}
            new = [mutant for mutant in some if mutant.id not in those]
            if new:
                judge = judge or self.only(frozenset(silent))
                for one in self._looked(judge, new, tuple(silent)):
                    those[one.mutant] = one.names
                    if self.results is not None:
                        self.results.add(one)
            left += len(some) - len(those)
            for mutant in some:
                for name in silent:
                    if name in those.get(mutant.id, ()):
                        found[name].append(mutant)
            if all(found.values()):
                break
        return found, left

    def _looked(self, judge: Judge, some: list[Mutant], among: tuple[str, ...]) -> Iterator[Sieved]:
        def work(mutant: Mutant) -> bytes:
            return msgspec.json.encode(sorted(_names(judge, mutant, all=True)))

        for done in run(some, work, jobs=self.jobs, limits=self.limits):
            if done.result is not None:
                names = tuple(msgspec.json.decode(done.result, type=list[str]))
                yield Sieved(done.task.id, among, names)


def first_killed(
    mutants: Sequence[Mutant], killed: Mapping[str, Judged], whole: bool
) -> dict[str, list[Mutant]]:
    """By name, the mutants that it kills first; or, if all that kills one is known, kills alone.

    What kills none alone has a few that little else kills.  In the order of their ids: by chance,
    and the same each time.
    """
    found: dict[str, list[tuple[int, str, Mutant]]] = {}
    for mutant in mutants:
        if mutant.id not in killed:
            continue
        names = list(dict.fromkeys(killer.name for killer in killed[mutant.id].killers))
        for name in names if whole else names[:1]:
            found.setdefault(name, []).append((len(names) if whole else 1, mutant.id, mutant))
    first = {}
    for name, those in found.items():
        those.sort(key=lambda each: each[:2])
        alone = [mutant for count, _, mutant in those if count == 1]
        first[name] = alone or [mutant for _, _, mutant in those[:_MASKED]]
    return first


def _tells(one: Sieved, names: set[str]) -> bool:
    """Whether what was asked of a mutant says what some names find in it."""
    among = set(one.among)
    return among == names or (among > names and not one.names)


@dataclass(frozen=True)
class _Trial:
    """The trial of one name, with the mutants to ask."""

    trials: Trials
    name: str
    mutants: Sequence[Mutant]

    def run(self) -> Trial:
        without = self.trials.without(frozenset({self.name}))
        for asked, mutant in enumerate(self.mutants, 1):
            killers, unchecked, _ = without.killers(mutant.of(without.program), False)
            if not killers:
                of, note = self.trials.digest, "; ".join(unchecked)
                return Trial(self.name, Standing.ALONE, of, asked, mutant.id, note=note)
        return self._masked(without)

    def _masked(self, without: Judge) -> Trial:
        """What else kills the mutants: of that which is switched off until one is not killed."""
        some = self.mutants[:_MASKED]
        others = [(_names(without, mutant, all=True), mutant) for mutant in some]
        others.sort(key=lambda each: (len(each[0]), sorted(each[0]), each[1].id))
        asked, of = len(self.mutants), self.trials.digest
        for names, mutant in others:
            masks = self._masks(names, mutant)
            if masks:
                return Trial(self.name, Standing.MASKED, of, asked, mutant.id, masks)
        note = "what else kills its mutants cannot be told apart from it"
        return Trial(self.name, Standing.UNKNOWN, of, asked, note=note)

    def _masks(self, names: set[str], mutant: Mutant) -> tuple[str, ...]:
        """The names without which nothing but this one kills a mutant; none if that is not so."""
        masks = set(names)
        while True:
            # What was behind another finding comes forward without that.
            found = _names(self.trials.without(frozenset(masks | {self.name})), mutant)
            if not found:
                break
            if found <= masks:
                return ()
            masks |= found
        alone = _names(self.trials.without(frozenset(masks)), mutant)
        return tuple(sorted(masks)) if alone == {self.name} else ()


def _names(judge: Judge, mutant: Mutant, all: bool = False) -> set[str]:
    """Who kills a mutant: the first, or everybody."""
    killers, _, _ = judge.killers(mutant.of(judge.program), all)
    return {killer.name for killer in killers}
