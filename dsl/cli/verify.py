"""`vgs verify`: every history that a lifecycle leaves open, in every configuration."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from dsl.cli.arguments import Parser
from dsl.cli.inputs import STDIN_NAME, inputs, no_project, project_for, standard_input
from dsl.failures import CannotRun, HasErrors

if TYPE_CHECKING:
    from dsl.cli.console import Console
    from dsl.ir.program import Program
    from dsl.project.file import Project
    from dsl.verify.baseline import Baseline
    from dsl.verify.budget import Budget
    from dsl.verify.findings import Finding, Verdict
    from dsl.verify.profile import Judged
    from dsl.verify.programs import Chosen

_ABOUT = """\
Look for a history in which something goes wrong: along every path of the lifecycles, in every
configuration, whatever the architecture and other people leave open. A PATH is a .vgs file, a
folder of them, a case of the project, or -; without one, it is what [verify] in vgs.toml names, or
else the module of each case. A module that has no whole lifecycle of its own is verified as a part
of those that import it and have one.

A finding has a history that `vgs run` replays to a wrong value. What an engine suspects and no run
confirms is withdrawn, and decides nothing.

Exit status: 0 nothing was found and all was checked, 1 findings, 2 no finding, but not all was
checked, or it could not run."""

_FORMATS = ("text", "json", "sarif")
_INTERRUPTED = 130


def run(argv: Sequence[str], console: Console) -> int:
    """Runs the verb; gives the exit status.  Raises `CannotRun`, `HasErrors`."""
    options = _options(argv)
    try:
        return _verify(options, console)
    except HasErrors as error:
        if options.format != "json":
            raise
        from dsl.verify.tojson import to_json

        console.json(to_json((), None, {}, Path(), error.findings))
        return 1


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser("verify", _ABOUT)
    parser.arguments("PATH", "files, folders or cases, or -")
    parser.flag("--against", metavar="BEFORE", help="a module or case that must do the same")
    parser.flag(
        "--set",
        metavar="COND=VALUE",
        action="append",
        default=[],
        help="fix a condition of the machine or the VM: vhe, vhe=0, 'not vhe'; may be repeated",
    )
    parser.flag(
        "--profile",
        metavar="STRENGTHS",
        default="default",
        help="whose findings decide: architecture,practice,convention,declared, or strict for all "
        "(default: all but convention)",
    )
    parser.flag("--baseline", metavar="FILE", help="findings that are known, and do not decide")
    parser.flag("--write-baseline", metavar="FILE", help="list what is found now as known")
    parser.flag("--witness", metavar="DIR", help="write each history as a file for `vgs run`")
    parser.flag(
        "--engine",
        metavar="NAME",
        action="append",
        default=[],
        choices=("flow", "explicit", "symbolic"),
        help="flow, explicit or symbolic; may be repeated (default: all)",
    )
    parser.flag("--time", metavar="SECONDS", type=float, help="stop after this time")
    parser.flag("--memory", metavar="MIB", type=int, help="stop when more memory is in use in all")
    parser.flag("--most", metavar="N", type=int, help="how many states to explore, at most")
    parser.flag("--jobs", metavar="N", type=int, help="how many processes (default: all CPUs)")
    parser.flag(
        "--format",
        choices=_FORMATS,
        default="text",
        metavar="|".join(_FORMATS),
        help="for people, as docs/schema/verify.json describes, or as SARIF 2.1.0",
    )
    options = parser.read(argv)
    for name in ("time", "memory", "most", "jobs"):
        value = getattr(options, name)
        # Also what is no number at all is not more than nothing.
        if value is not None and not value > 0:
            raise CannotRun(f"verify: --{name} is more than 0")
        if value == inf:
            raise CannotRun(f"verify: --{name} is a number; without it there is no limit")
    written = options.write_baseline
    if written is not None and Path(written).suffix in (".vgs", ".toml"):
        raise CannotRun(f"verify: --write-baseline {written} would overwrite a source")
    return options


def _verify(options: argparse.Namespace, console: Console) -> int:
    from dsl.verify.baseline import read
    from dsl.verify.findings import Engine
    from dsl.verify.profile import judge, profile
    from dsl.verify.programs import verdict
    from dsl.verify.settings import given as settings

    budget = _budget(options)
    strengths = profile(options.profile)
    known = read(Path(options.baseline)) if options.baseline is not None else None
    # What cannot be written is said before all the work.
    listed = options.write_baseline
    old = read(Path(listed)) if known is None and listed and Path(listed).exists() else known
    if options.witness is not None and Path(options.witness).is_file():
        raise CannotRun(f"verify: --witness {options.witness} is a file, and no folder")
    engines = tuple(Engine(name) for name in dict.fromkeys(options.engine)) or tuple(Engine)
    found, project = _chosen(options.words)
    given = settings(options.set, [each.program for each in found])
    against = _against(options.against, found, project)
    asked = partial(verdict, given=given, engines=engines, against=against, budget=budget)
    verdicts, interrupted = _verdicts(found, asked, console)
    whole = not given and set(engines) == set(Engine)
    judged = [
        judge(each, verdict, strengths, known, whole=whole, compared=against is not None)
        for each, verdict in zip(found, verdicts, strict=True)
    ]
    commands = _witnesses(options.witness, judged, project)
    if options.write_baseline is not None:
        _write_baseline(Path(options.write_baseline), judged, old, whole=whole)
        judged = [
            replace(each, deciding=(), known=(*each.known, *each.deciding)) for each in judged
        ]
    base = project.folder if project is not None else Path()
    if options.format == "json":
        from dsl.verify.tojson import to_json

        console.json(to_json(judged, given, commands, base))
    elif options.format == "sarif":
        from dsl.verify.sarif import sarif

        console.json(sarif(judged, given, commands, base, compared=known is not None))
    else:
        _tell(judged, given, commands, options, console)
    if interrupted:
        return _INTERRUPTED
    if any(each.deciding for each in judged):
        return 1
    return 0 if all(each.ok for each in judged) else 2


# ---- what is verified


def _chosen(words: Sequence[str]) -> tuple[list[Chosen], Project | None]:
    """The programs that are asked for.  Raises `HasErrors`, and `CannotRun` where there is none."""
    from dsl.resolve.workspace import Workspace, decode
    from dsl.verify.programs import around, choose

    project, wrong = project_for(words)
    if wrong:
        raise HasErrors(wrong)
    listed = _cased(words, project)
    given = inputs(listed)
    workspace = Workspace(given.roots)
    if given.stdin:
        source = decode(STDIN_NAME, "stdin", standard_input(), workspace.found)
        loaded = [workspace.load_text(source.text, STDIN_NAME) if source else None]
    else:
        loaded = [workspace.load(path) for path in given.files]
    if any(each is None for each in loaded):
        raise HasErrors(workspace.found.sorted())
    named = given.stdin or (bool(listed) and all(Path(word).is_file() for word in listed))
    found = choose(
        [each for each in loaded if each is not None],
        workspace,
        lambda: around(given.project, given.files),
        named=named,
    )
    if not found:
        where = ", ".join(words) or "this project"
        raise CannotRun(f"there is nothing to verify in {where}: no sequence is defined there")
    return found, given.project


def _cased(words: Sequence[str], project: Project | None) -> list[str]:
    """The paths that are meant: cases by their names, and what the project verifies."""
    if not words:
        if project is None:
            raise no_project()
        cases = [case.module for case in project.cases]
        return [str(path) for path in project.verified or dict.fromkeys(cases)]
    named = {case.name: str(case.module) for case in project.cases} if project else {}
    return [word if Path(word).exists() else named.get(word, word) for word in words]


def _against(word: str | None, found: Sequence[Chosen], project: Project | None) -> Program | None:
    """The program to compare with."""
    if word is None:
        return None
    if len(found) != 1:
        listed = ", ".join(each.file for each in found)
        raise CannotRun("verify: --against compares with one program", f"name one of {listed}")
    others, _ = _chosen([word])
    if len(others) != 1:
        listed = ", ".join(each.file for each in others)
        raise CannotRun(f"verify: --against {word} is more than one program", f"one of {listed}")
    return others[0].program


def _budget(options: argparse.Namespace) -> Budget:
    from dsl.verify.budget import Budget

    try:
        cpus = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        cpus = os.cpu_count() or 1
    return Budget.of(options.time, options.memory, options.most, options.jobs or cpus)


def _verdicts(
    found: Sequence[Chosen], verdict: Callable[..., Verdict], console: Console
) -> tuple[list[Verdict], bool]:
    """The verdict on each program, and whether somebody stopped that before its end."""
    from dsl.verify.findings import Interrupted, Verdict

    made: list[Verdict] = []
    why = ""
    for chosen in found:
        name = chosen.program.name
        if why:
            made.append(Verdict(name, unchecked=(f"all of it: {why} before it began",)))
            continue
        try:
            made.append(verdict(chosen, progress=partial(_progress, console, chosen.file)))
        except Interrupted as error:
            why = "it was interrupted"
            made.append(error.verdict)
        except KeyboardInterrupt:
            why = "it was interrupted"
            made.append(Verdict(name, unchecked=(f"the rest of it: {why}",)))
        except MemoryError:
            made.append(Verdict(name, unchecked=("the rest of it: there was no more memory",)))
    return made, bool(why)


def _progress(console: Console, file: str, text: str) -> None:
    # A line that is wrapped could not be taken away.
    console.progress(f"{file}: {text}"[: max(20, console.width - 5)])


# ---- what is written


def _witnesses(
    folder: str | None, judged: Sequence[Judged], project: Project | None
) -> dict[Finding, str]:
    """Writes the histories, if that is asked for; gives the command that replays each."""
    if folder is None:
        return {}
    from dsl.project.folder import write_all
    from dsl.verify.witness import replays

    made, files = replays(judged, Path(folder), project)
    write_all(files)
    return {each.finding: each.command for each in made}


def _write_baseline(
    path: Path, judged: Sequence[Judged], old: Baseline | None, *, whole: bool
) -> None:
    from dsl.project.folder import write_all
    from dsl.verify.baseline import data, updated

    found = [(each.chosen.program.name, [one for _, one in each.all]) for each in judged]
    complete = [each.chosen.program.name for each in judged if whole and not each.verdict.unchecked]
    write_all({path: data(updated(old, path.parent, found, complete))})


def _tell(
    judged: Sequence[Judged],
    given: Mapping[str, int],
    commands: Mapping[Finding, str],
    options: argparse.Namespace,
    console: Console,
) -> None:
    from dsl.verify.report import findings, rest, summary

    colour, width = console.colour, console.width
    for each in judged:
        for text in findings(each, given, commands, colour=colour, width=width):
            console.out(f"{text}\n")
    for each in judged:
        for line in rest(each, colour=colour, width=width):
            console.out(f"{line}\n")
        console.out("\n")
    histories = [one for each in judged for one in each.deciding if one.witness is not None]
    if histories and options.witness is None:
        console.out("`--witness DIR` writes the histories as files that `vgs run` replays\n")
    if options.write_baseline is not None:
        console.out(f"{options.write_baseline}: written\n")
    for each in judged:
        console.out(f"{summary(each)}\n")
