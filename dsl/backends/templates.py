"""Where the layout of the outputs comes from: the templates that ship with the package."""

from __future__ import annotations

from jinja2 import Environment, FunctionLoader, StrictUndefined

from dsl.resources import folder


def _text(name: str) -> str | None:
    found = folder("templates")
    for part in name.split("/"):
        found = found.joinpath(part)
    return found.read_text(encoding="utf-8") if found.is_file() else None


def environment(*, escape: bool = False) -> Environment:
    """Jinja2: strict about names, blocks leave no blank lines; ``escape`` for HTML.

    Templates are named by their path below ``templates/``, such as ``python/simulator.py.j2``.
    """
    return Environment(
        loader=FunctionLoader(_text),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=escape,
    )
