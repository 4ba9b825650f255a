"""Findings as tagged classes: what can be wrong, where, why, and what to do about it."""

from __future__ import annotations

from dsl.diagnostics.base import Diagnostic, Diagnostics, Note, Severity, suggest

__all__ = ["Diagnostic", "Diagnostics", "Note", "Severity", "catalogue", "suggest"]


def catalogue() -> dict[str, type[Diagnostic]]:
    """Every diagnostic class by its code, in order."""
    # Imported here so that a run that finds nothing wrong does not load every page.
    from dsl.diagnostics import dialects, names, proofs, registers, runs, sequences, text, values

    found: dict[str, type[Diagnostic]] = {}
    for module in (text, names, registers, values, sequences, dialects, runs, proofs):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Diagnostic) and value.code:
                found[value.code] = value
    return dict(sorted(found.items()))
