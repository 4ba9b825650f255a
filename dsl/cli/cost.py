"""`vgs cost`: what each path costs in accesses and barriers, and what a change makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dsl.cli.arguments import Parser
from dsl.cli.inputs import no_project, project_for
from dsl.failures import CannotRun, HasErrors

if TYPE_CHECKING:
    from dsl.cli.console import Console
    from dsl.costs import Cost
    from dsl.diagnostics import Diagnostic
    from dsl.project.file import Project

_ABOUT = """\
Count the register reads and writes, and the barriers, of each path of a lifecycle: what is done
between the points where others act, and each round. Where no lifecycle is declared, each sequence
is a path. There is a row for each configuration and case that differs; what a row does not name
makes no difference to it.

MODULE is a module or, in a project, a case. With --against, its figures stand beside those of
another. Without MODULE, the two cases of the project's [[diff]] are compared.

Exit status: 0 counted, 1 a source has errors, 2 could not run."""


def run(argv: Sequence[str], console: Console) -> int:
    """Runs the verb; gives the exit status.  Raises `CannotRun`, `HasErrors`."""
    parser = Parser("cost", _ABOUT)
    parser.arguments("MODULE", "what to count")
    parser.flag("--against", metavar="BEFORE", help="the module or case to compare with")
    parser.flag(
        "--set",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="fix a condition (vhe, sre=0), a counter (used_lrs=4 or 1..16) or a read-only "
        "register's field; may be repeated",
    )
    parser.flag(
        "--arch",
        action="append",
        default=[],
        metavar="NAME",
        help="the architecture to count for (default: aarch64), or all; may be repeated",
    )
    parser.flag(
        "--path",
        action="append",
        default=[],
        metavar="NAME",
        help="only this path, or this sequence alone; may be repeated",
    )
    parser.output_format()
    options = parser.read(argv)
    from dsl import api
    from dsl.costs.settings import parse

    findings: tuple[Diagnostic, ...] = ()
    done: Cost | None = None
    try:
        project, found = project_for(options.words)
        if found:
            raise HasErrors(found)
        module, against = _modules(options.words, options.against, project)
        done = api.cost(
            module,
            against,
            given=parse(options.set),
            architecture=options.arch,
            paths=options.path,
        )
    except HasErrors as error:
        findings = error.findings
    if options.format == "json":
        told = done.to_json() if done is not None else {"paths": []}
        console.json({"findings": [finding.to_json() for finding in findings], **told})
    elif done is None:
        console.findings(findings)
    else:
        from dsl.costs.render import render

        console.out(render(done, colour=console.colour))
    return 1 if findings else 0


def _modules(
    words: list[str], against: str | None, project: Project | None
) -> tuple[str, str | None]:
    """The module to count, and the one to compare with."""
    cases = {case.name: str(case.module) for case in project.cases} if project else {}
    if len(words) > 1:
        raise CannotRun("cost: one module is counted", "compare with another: --against BEFORE")
    if words:
        old = cases.get(against, against) if against is not None else None
        return cases.get(words[0], words[0]), old
    if project is None:
        raise no_project()
    from dsl.project.file import Comparison

    pairs = {(c.before, c.after) for c in project.comparisons if isinstance(c, Comparison)}
    if against is not None or len(pairs) != 1:
        raise CannotRun(
            f"cost: {project.file} does not say which module to count",
            (
                f"name one: `vgs cost MODULE`; there are the cases {', '.join(cases)}"
                if cases
                else "name one: `vgs cost MODULE`"
            ),
        )
    ((before, after),) = pairs
    return cases[after], cases[before]
