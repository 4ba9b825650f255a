"""Choices that the architecture, or others, leave open: one answer each, or all in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from dsl.run.errors import RunError

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: of ``options`` in words, the one at ``taken``; option 0 is the benign one."""

    what: str
    options: tuple[str, ...]
    taken: int
    site: str

    def __str__(self) -> str:
        return f"{self.what}: {self.options[self.taken]}"


@dataclass(slots=True)
class Choices:
    """Answers each choice of one run: from ``script`` while it lasts, then by ``rest``.

    ``rest`` gives the answer for a number of options; the benign one is 0.
    """

    script: tuple[int, ...] = ()
    rest: Callable[[int], int] = field(default=lambda options: 0)
    made: list[Choice] = field(default_factory=list)

    def choose(self, what: str, options: tuple[str, ...], site: str) -> int:
        """The option that is taken.  Raises `RunError` for a script that does not fit."""
        number = len(self.made)
        taken = self.script[number] if number < len(self.script) else self.rest(len(options))
        if not 0 <= taken < len(options):
            listed = "; ".join(f"{n}: {option}" for n, option in enumerate(options))
            raise RunError(f"choice {number} ({what}) cannot be {taken}: its options are {listed}")
        self.made.append(Choice(what, options, taken, site))
        return taken

    @property
    def answers(self) -> tuple[int, ...]:
        """The script that makes the same run again."""
        return tuple(choice.taken for choice in self.made)


def explore(run: Callable[[Choices], R], most: int) -> Iterator[tuple[R, Choices]]:
    """Runs once for each combination of answers, benign ones first, and at most ``most`` times.

    A run must depend on nothing but its choices.
    """
    script: tuple[int, ...] | None = ()
    for _ in range(most):
        if script is None:
            return
        choices = Choices(script)
        yield run(choices), choices
        script = _next(choices.made)


def exhausted(choices: Choices) -> bool:
    """Whether the run of these choices was the last one of an `explore`."""
    return _next(choices.made) is None


def _next(made: list[Choice]) -> tuple[int, ...] | None:
    """The script after this one: the last answer that has another after it, moved on."""
    for at in range(len(made) - 1, -1, -1):
        if made[at].taken + 1 < len(made[at].options):
            return (*(choice.taken for choice in made[:at]), made[at].taken + 1)
    return None
