"""`vgs explain`: the manual page of a diagnostic, or a rule as its source has it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsl.cli.arguments import Parser
from dsl.diagnostics import Diagnostic, catalogue, suggest
from dsl.failures import CannotRun

if TYPE_CHECKING:
    from dsl.cli.console import Console
    from dsl.verify.declared import Declared

_ABOUT = """\
Show the page behind a diagnostic: what it means, why it matters, what to do. CODE is its code
(VGS020, or 20); without one, all are listed.

Or show a rule, or an invariant: its clauses, how strong it is, and who says so. RULE is its name,
and is looked for in the project, in each PATH, and in the platforms that come with vgs. A PATH
without a RULE lists what is declared there."""


def run(argv: Sequence[str], console: Console) -> int:
    """Runs the verb; gives the exit status.  Raises `CannotRun`."""
    parser = Parser("explain", _ABOUT)
    parser.arguments("CODE|RULE|PATH", "codes of diagnostics, names of rules, and sources")
    parser.output_format()
    options = parser.read(argv)
    known = catalogue()
    codes = [word for word in options.words if _code(word) in known]
    paths = [word for word in options.words if word not in codes and Path(word).exists()]
    names = [word for word in options.words if word not in (*codes, *paths)]
    chosen = [known[_code(word)] for word in codes]
    rules = _rules(names, paths, known) if names or paths else []
    if options.format == "json":
        pages = chosen if options.words else list(known.values())
        console.json(
            {
                "diagnostics": [_json(page) for page in pages],
                "rules": [rule.to_json() for rule in rules],
            }
        )
    elif not options.words:
        console.out("".join(f"{code}  {page.title}\n" for code, page in known.items()))
    elif names or codes:
        console.out("\n".join((*map(_page, chosen), *(rule.page for rule in rules))))
    elif not rules:
        console.out(f"no rule and no invariant is declared in {', '.join(paths)}\n")
    else:
        width = max((len(rule.name) for rule in rules), default=0)
        console.out("".join(f"{r.name:{width}}  {r.strength:12}  {r.span}\n" for r in rules))
    return 0


def _code(word: str) -> str:
    code = word.upper()
    return f"VGS{code:0>3}" if code.isascii() and code.isdecimal() else code


def _rules(names: Sequence[str], paths: Sequence[str], known: Iterable[str]) -> list[Declared]:
    """The rules of these names, or without a name all that the paths declare."""
    from dsl.cli.inputs import inputs, project_for
    from dsl.project.file import source_files
    from dsl.resources import library
    from dsl.verify.declared import ALWAYS, declared

    files = list(inputs(paths).files) if paths else []
    if not names:
        return list(declared(files))
    project, _ = project_for(paths)
    files += project.modules() if project is not None else []
    files += source_files(library() / "platforms")
    each_once = {os.path.realpath(path): path for path in files[::-1]}
    every = [ALWAYS, *declared(each_once.values())]
    found = []
    for name in names:
        these = [each for each in every if each.name == name]
        if not these:
            # A letter may stand where a digit like it belongs; codes go by tens.
            code = _code(name).replace("O", "0")
            close = suggest(code, [each for each in known if each[:5] == code[:5]])
            close = close or suggest(code, known) or suggest(name, {each.name for each in every})
            raise CannotRun(
                f"explain: there is no diagnostic and no rule `{name}`",
                close
                or "`vgs explain` lists them all, and `vgs explain PATH` the rules of a source",
            )
        found += these
    return found


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
