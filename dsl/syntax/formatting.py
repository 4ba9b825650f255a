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
            if broken:
                raise AssertionError(f"the layout of {source.name} cannot be read back")
        return text
    except RecursionError:
        raise HasErrors(
            [TooDeep(Span(source, 0, min(1, len(source.text))), "nested too deeply to lay out")]
        ) from None


def _parse(source: Source) -> tuple[tree.Module, list[Diagnostic]]:
    from dsl.syntax.parser import parse

    return parse(source)
