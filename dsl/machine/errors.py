"""What goes wrong on a machine: one class for misuse, one for an assertion that does not hold."""

from __future__ import annotations


class MachineError(Exception):
    """The machine was asked for something that it cannot do; the message says what and where."""


class AssertionFailed(MachineError):
    """An ``assert`` of a sequence did not hold, or a path came to a ``fail``."""


def failure(at: str, what: str) -> MachineError:
    """An error whose message starts with the site, where there is one."""
    return MachineError(f"{at}: {what}" if at else what)
