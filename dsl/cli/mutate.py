"""`vgs mutate`: what the checks would miss."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsl.cli.arguments import Parser
from dsl.failures import CannotRun, HasErrors

if TYPE_CHECKING:
    from dsl.cli.console import Console
    from dsl.mutation.asking import Asked, Progress
    from dsl.mutation.report import Report
    from dsl.mutation.results import Judged

_ABOUT = """\
Change the sequences of a program in one place at a time, and see whether `vgs verify` notices. A
PATH is the module that has the lifecycles and defines what they run, as for verify; further PATHs
are modules of it to which the changes are confined. Without a PATH it is the project.

Each mutant is killed by a finding that the original does not have, or because it costs more, or it
is proved to do the same, or it is cheaper (a suggestion), or it survives: then a check is missing.

Exit status: 0 nothing survives, 1 something does, 2 could not run, or could not judge a mutant."""


def run(argv: Sequence[str], console: Console) -> int:
    """Runs the verb; gives the exit status.  Raises `CannotRun`."""
    options = _options(argv)
    from dsl.mutation.asking import mutate

    try:
        asked = _asked(options)
        report = mutate(options.words, asked, _said(options, console))
    except HasErrors as error:
        if options.format == "json":
            console.json({"findings": [each.to_json() for each in error.findings]})
            return 1
        raise
    except KeyboardInterrupt:
        console.err(_interrupted(options.resume))
        raise
    _show(report, options, console)
    return report.status


def _options(argv: Sequence[str]) -> argparse.Namespace:
    from dsl.mutation.operators import OPERATORS

    parser = Parser("mutate", _ABOUT)
    parser.arguments("PATH", "the program, and modules of it")
    names = ", ".join(o.name for o in OPERATORS)
    many = {"action": "append", "default": [], "metavar": "NAME"}
    parser.flag("--operator", **many, help=f"only mutants of this operator: {names}")
    parser.flag("--function", **many, help="only mutants of this function; may be repeated")
    parser.flag("--sample", metavar="N", type=int, help="only N mutants, drawn by chance")
    parser.flag("--seed", metavar="S", type=int, default=0, help="draw others (0)")
    parser.flag(
        "--without",
        action="append",
        default=[],
        metavar="RULE",
        help="verify without a rule or an invariant, or leave findings of a slot or of a code "
        "(VGS112) out of account; may be repeated",
    )
    parser.flag("--all-killers", action="store_true", help="ask every check, of each mutant")
    parser.flag(
        "--rules",
        action="store_true",
        help="what each rule is worth: switch it off, and judge again what it kills",
    )
    parser.flag("--jobs", metavar="N", type=int, help="mutants at a time (default: processors)")
    parser.flag("--limit", metavar="SECONDS", type=float, default=60.0, help="for each mutant (60)")
    parser.flag("--memory", metavar="MIB", type=int, default=2048, help="for each mutant (2048)")
    parser.flag("--resume", metavar="FILE", help="keep results in this file, and go on from it")
    parser.flag("--time", action="store_true", help="say where the time went")
    parser.output_format()
    options = parser.read(argv)
    for name, least in (("sample", 1), ("jobs", 1), ("limit", 0.001), ("memory", 1)):
        value = getattr(options, name)
        if value is not None and not value >= least:
            raise CannotRun(f"mutate: --{name} is {least} or more")
    if options.resume is not None and Path(options.resume).suffix in (".vgs", ".toml"):
        raise CannotRun(f"mutate: --resume {options.resume} is a source: name another file")
    return options


def _asked(options: argparse.Namespace) -> Asked:
    from dsl.mutation.asking import Asked
    from dsl.mutation.workers import Limits

    return Asked(
        operators=tuple(options.operator),
        functions=tuple(options.function),
        sample=options.sample,
        seed=options.seed,
        without=tuple(dict.fromkeys(options.without)),
        all_killers=options.all_killers,
        rules=options.rules,
        jobs=options.jobs,
        limits=Limits(options.limit, options.memory << 20),
        resume=Path(options.resume) if options.resume is not None else None,
    )


def _said(options: argparse.Namespace, console: Console) -> Progress:
    """Says what is being done, and shows each mutant that is not killed as it comes."""
    from dsl.mutation.asking import Progress
    from dsl.mutation.render import block
    from dsl.mutation.results import Outcome

    shown = (Outcome.SURVIVED, Outcome.CHEAPER, Outcome.BROKEN)

    def judged(one: Judged) -> None:
        if options.format == "text" and one.outcome in shown:
            console.out(block(one) + "\n")
            console.flush()

    return Progress(console.progress, judged)


def _show(report: Report, options: argparse.Namespace, console: Console) -> None:
    if options.format == "json":
        console.json({"findings": [], **report.to_json()})
        return
    from dsl.mutation.render import render

    console.out(render(report, colour=console.colour, time=options.time))


def _interrupted(resume: str | None) -> str:
    if resume is None:
        return "vgs: interrupted, and nothing was kept\n  --resume FILE keeps what was found\n"
    return f"vgs: interrupted\n  --resume {resume} goes on where it stopped\n"
