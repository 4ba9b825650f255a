"""The canonical layout of a source, made only of sources that can be read."""

from __future__ import annotations

from dsl.diagnostics import Diagnostic
from dsl.diagnostics.text import TooDeep
from dsl.failures import HasErrors
from dsl.source import Source, Span
from dsl.syntax import cache, tree


def formatted(source: Source) -> str:
    """The text in its canonical layout.  Raises `HasErrors` for errors of syntax."""
    # Both take long to load.
    from dsl.syntax.format import format_module

    try:
        module = cache.load(source)
        if module is None:
            module, found = _parse(source)
            if found:
                raise HasErrors(found)
            cache.store(source, module)
        text = format_module(source.text, module)
        if text != source.text:
            # Nobody's source is replaced by something that cannot be read back.
            broken = _parse(Source(source.name, text))[1]
            # The parentheses that make doubtful operators plain may go past the limit.
            if any(isinstance(finding, TooDeep) for finding in broken):
                raise HasErrors([_too_deep(source)])
            if broken:
                raise AssertionError(f"the layout of {source.name} cannot be read back")
        return text
    except RecursionError:
        raise HasErrors([_too_deep(source)]) from None


def _too_deep(source: Source) -> Diagnostic:
    return TooDeep(Span(source, 0, min(1, len(source.text))), "nested too deeply to lay out")


def _parse(source: Source) -> tuple[tree.Module, list[Diagnostic]]:
    from dsl.syntax.parser import parse

    return parse(source)
