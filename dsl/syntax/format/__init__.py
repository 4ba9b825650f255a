"""The canonical layout of a module: typed tree, comments and blank lines back to text."""

from __future__ import annotations

from dsl.syntax import tree as t
from dsl.syntax.format.layout import Layout
from dsl.syntax.format.rows import render

__all__ = ["format_module"]


def format_module(text: str, module: t.Module) -> str:
    """The canonical layout of ``text``, of which ``module`` is the whole and faultless parse."""
    return render(Layout(text).module(module))
