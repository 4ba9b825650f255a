"""Why a run cannot go on: a lifecycle that does not lead there, a model that is missing."""

from __future__ import annotations

from dsl.ir.lifecycle import Assumption
from dsl.source import Span


class RunError(Exception):
    """The run cannot go on; ``span`` is the place in the source, where there is one.

    It is no failed expectation: the scenario asks for what the machine or the lifecycle
    does not have.  ``help`` says what to do about it.
    """

    def __init__(self, message: str, span: Span | None = None, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.help = help

    def __str__(self) -> str:
        return f"{self.span}: {self.message}" if self.span else self.message


class Impossible(RunError):
    """No machine and no VM is like this."""


class NotDefined(RunError):
    """A sequence is declared, and nothing in this program defines it."""


class Outside(RunError):
    """An index that an array, a bank or a family of fields does not have, or a value too large."""


class Stopped(RunError):
    """The sequences themselves stop the machine.

    An ``assert`` that fails, a ``fail``, or an index or a value of theirs that a place cannot have.
    """


class Trapped(Exception):
    """An operation did not happen: an exception to EL2, or (``undefined``) where it was tried."""

    def __init__(self, undefined: bool, message: str, span: Span) -> None:
        super().__init__(message)
        self.undefined = undefined
        self.message = message
        self.span = span


def broken(assumption: Assumption) -> str:
    """That an assumption does not hold, in words."""
    text = " ".join(assumption.condition.span.text.split())
    return f"no machine is like this: {assumption.reason} (`assume {assumption.name}`: {text})"
