"""Why something could not be done at all, as opposed to findings about what was done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsl.diagnostics import Diagnostic


class CannotRun(Exception):
    """A verb could not run: a wrong argument, a file that is not there, a disk that is full.

    ``help`` says what to do about it.  The command ends with status 2.
    """

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class HasErrors(Exception):
    """A source has errors, so that what was asked for cannot be made of it: see ``findings``."""

    def __init__(self, findings: Iterable[Diagnostic]) -> None:
        self.findings = tuple(findings)
        # The lowest code is nearest to the cause: what cannot be read comes before what follows.
        first = min(self.findings, key=lambda d: d.code, default=None)
        more = f" (and {len(self.findings) - 1} more)" if len(self.findings) > 1 else ""
        super().__init__(f"{first.span}: [{first.code}] {first.message}{more}" if first else "")


def reason(error: OSError) -> str:
    """What the system says about an error, without its number and its path."""
    return (error.strerror or str(error) or type(error).__name__).lower()
