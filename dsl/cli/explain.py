"""`vgs explain`: the manual page of a diagnostic, or the list of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dsl.cli.arguments import Parser
from dsl.diagnostics import Diagnostic, catalogue, suggest
from dsl.failures import CannotRun

if TYPE_CHECKING:
    from dsl.cli.console import Console

_ABOUT = """\
Show the page behind a diagnostic: what it means, why it matters, what to do. CODE is its code
(VGS020, or 20); without one, all are listed."""


def run(argv: Sequence[str], console: Console) -> int:
    """Runs the verb; gives the exit status.  Raises `CannotRun`."""
    parser = Parser("explain", _ABOUT)
    parser.arguments("CODE", "codes of diagnostics")
    parser.output_format()
    options = parser.read(argv)
    known = catalogue()
    chosen = [_find(word, known) for word in options.words]
    if options.format == "json":
        pages = chosen or list(known.values())
        console.json({"diagnostics": [_json(page) for page in pages]})
    elif chosen:
        console.out("\n".join(_page(page) for page in chosen))
    else:
        console.out("".join(f"{code}  {page.title}\n" for code, page in known.items()))
    return 0


def _find(word: str, known: dict[str, type[Diagnostic]]) -> type[Diagnostic]:
    code = word.upper()
    if code.isascii() and code.isdecimal():
        code = f"VGS{code:0>3}"
    if code not in known:
        help = suggest(code, known) or "`vgs explain` lists them all"
        raise CannotRun(f"explain: there is no diagnostic `{word}`", help)
    return known[code]


def _page(page: type[Diagnostic]) -> str:
    head = f"{page.code}: {page.title} ({page.severity})"
    return f"{head}\n{'-' * len(head)}\n\n{page.page()}\n"


def _json(page: type[Diagnostic]) -> dict[str, str]:
    return {
        "code": page.code,
        "title": page.title,
        "severity": str(page.severity),
        "page": page.page(),
    }
