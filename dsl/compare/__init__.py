"""Compare generated C with a unified diff, hunk by hunk: text, text apart from comments, tokens."""

from dsl.compare.match import compare_patch
from dsl.compare.patch import PatchError
from dsl.compare.render import render
from dsl.compare.report import (
    Excerpt,
    HunkResult,
    Mismatch,
    Outside,
    Range,
    Report,
    SideResult,
)

__all__ = [
    "Excerpt",
    "HunkResult",
    "Mismatch",
    "Outside",
    "PatchError",
    "Range",
    "Report",
    "SideResult",
    "compare_patch",
    "render",
]
