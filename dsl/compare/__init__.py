"""Compare generated C with a patch and with a tree: text, text apart from comments, tokens."""

from dsl.compare.match import compare_patch
from dsl.compare.patch import FilePatch, PatchError, parse_patch
from dsl.compare.render import render
from dsl.compare.report import (
    Excerpt,
    Foreign,
    HunkResult,
    Mismatch,
    Outside,
    Range,
    Report,
    Shown,
    SideResult,
)
from dsl.compare.whole import Tree, TreeFile, TreeReport, Whole, compare_case

__all__ = [
    "Excerpt",
    "FilePatch",
    "Foreign",
    "HunkResult",
    "Mismatch",
    "Outside",
    "PatchError",
    "Range",
    "Report",
    "Shown",
    "SideResult",
    "Tree",
    "TreeFile",
    "TreeReport",
    "Whole",
    "compare_case",
    "compare_patch",
    "parse_patch",
    "render",
]
