"""Which findings decide: by their strength, and by what a project knows of already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from dsl.diagnostics import suggest
from dsl.diagnostics.proofs import Broader, Differs
from dsl.failures import CannotRun
from dsl.verify.baseline import Baseline, Entry
from dsl.verify.findings import Finding, Strength, Verdict
from dsl.verify.programs import Chosen

#: Whether a finding decides, is of a strength that does not, or is in the baseline.
Status: TypeAlias = Literal["new", "other", "known"]

#: What decides if nobody says otherwise: all but our own conventions.
DEFAULT = frozenset(Strength) - {Strength.CONVENTION}
#: What only shows when two programs are compared.
_COMPARED = (Differs.code, Broader.code)
_NAMES = {"default": DEFAULT, "strict": frozenset(Strength)}


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict on one program, and what follows from it.

    ``deciding`` are the findings that count; ``others`` are of strengths that do not, ``known``
    are in the baseline, and ``stale`` are its entries that this program does not have any more.
    """

    chosen: Chosen
    verdict: Verdict
    deciding: tuple[Finding, ...]
    others: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    stale: tuple[Entry, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing that counts was found, and all was checked."""
        return not self.deciding and not self.verdict.unchecked

    @property
    def all(self) -> list[tuple[Status, Finding]]:
        """Every finding that is not withdrawn, by its place, and what becomes of it."""
        kinds: tuple[tuple[Status, tuple[Finding, ...]], ...] = (
            ("new", self.deciding),
            ("other", self.others),
            ("known", self.known),
        )
        found = [(status, finding) for status, each in kinds for finding in each]
        return sorted(found, key=lambda pair: place(pair[1]))


def profile(text: str) -> frozenset[Strength]:
    """The strengths that ``architecture,practice`` names; ``default`` and ``strict`` are sets.

    Raises `CannotRun` for another word.
    """
    found: set[Strength] = set()
    known = [*map(str, Strength), *_NAMES]
    for word in (part.strip() for part in text.split(",")):
        if word in _NAMES:
            found |= _NAMES[word]
        elif word in known:
            found.add(Strength(word))
        else:
            raise CannotRun(
                f"verify: there is no strength `{word}`",
                suggest(word, known) or f"the strengths are {', '.join(known)}",
            )
    return frozenset(found)


def judge(
    chosen: Chosen,
    verdict: Verdict,
    strengths: frozenset[Strength] = DEFAULT,
    baseline: Baseline | None = None,
    *,
    whole: bool = True,
    compared: bool = False,
) -> Judged:
    """What a verdict comes to.

    ``whole``: what was not found is not there, for nothing was left out; ``compared``: nor were
    differences from another program.
    """
    found = sorted(verdict.findings, key=place)
    known: Sequence[Finding] = verdict.known
    stale: Sequence[Entry] = ()
    if baseline is not None:
        found, old, left = baseline.split(verdict.program, found)
        stale = [each for each in left if compared or each.code not in _COMPARED]
        known = (*known, *old)
    return Judged(
        chosen,
        verdict,
        tuple(each for each in found if each.strength in strengths),
        tuple(each for each in found if each.strength not in strengths),
        tuple(known),
        tuple(stale) if whole and not verdict.unchecked else (),
    )


def place(finding: Finding) -> tuple[str, int, str, str]:
    """The order of findings: by file and place."""
    return (finding.where.source.name, finding.where.start, finding.code, finding.rule)
