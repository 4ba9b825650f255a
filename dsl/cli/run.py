"""`vgs run`: scenarios in all their histories, or one history as a trace."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsl.cli.arguments import Parser
from dsl.cli.inputs import STDIN_NAME, inputs, standard_input
from dsl.failures import CannotRun, HasErrors

if TYPE_CHECKING:
    from dsl.cli.console import Console
    from dsl.diagnostics import Diagnostic
    from dsl.run.programs import Root

_ABOUT = """\
Run the scenarios of modules on a machine that knows what is pending and what is visible. A PATH is
a .vgs file, a folder of them, or -; without one, it is the project. A scenario whose module does
not define all that it runs is run in the modules that import it and do.

Each scenario is tried in every history that it leaves open: whether a write is seen before it must
be, whether the host synchronises, what `given any` says. It holds if it holds in all of them.

With --scenario, one history is printed as a trace: the shortest that does not hold, or else the one
in which each choice takes its first option. NAME is the title, or a part that only one has.

Exit status: 0 all as the modules say, 1 not so, 2 could not run."""


def run(argv: Sequence[str], console: Console) -> int:
    """Runs the verb; gives the exit status.  Raises `CannotRun`."""
    options = _options(argv)
    try:
        roots = _roots(options.words)
        if options.choices != "all" and (options.scenario or options.resume) is not None:
            return _one(roots, options, console)
        return _all(roots, options, console)
    except HasErrors as error:
        if options.format == "json":
            console.json(_json(False, error.findings))
            return 1
        raise


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser("run", _ABOUT)
    parser.arguments("PATH", "files or folders, or -")
    parser.flag("--scenario", metavar="NAME", help="print one history of this scenario")
    parser.flag(
        "--set",
        metavar="PLACE=VALUE",
        action="append",
        default=[],
        help="what `given` says, instead of what the scenario gives: vhe=0, 'not vhe', used_lrs=4",
    )
    parser.flag(
        "--choices",
        metavar="WHICH",
        help="the history: new (first options), old (last ones), 0,1,0, seed:N; or all",
    )
    parser.flag("--until", metavar="PHASE[:N]", help="stop in the (N-th) visit of a phase")
    parser.flag(
        "--watch",
        metavar="NAME",
        action="append",
        default=[],
        help="only what happens to a register, a bank, a group or a slot",
    )
    parser.flag("--save", metavar="FILE", help="write the state at the end, or at --until")
    parser.flag("--html", metavar="FILE", help="draw the history as a web page")
    parser.flag("--resume", metavar="FILE", help="go on from a state that was saved")
    parser.flag("--most", metavar="N", type=int, help="how many histories to try (10000)")
    parser.output_format()
    options = parser.read(argv)
    if options.most is not None and options.most < 1:
        raise CannotRun("run: --most is 1 or more")
    one = [n for n in ("until", "watch", "save", "html") if getattr(options, n)]
    if options.choices not in (None, "all"):
        one.append("choices")
    if options.scenario is None and options.resume is None and one:
        raise CannotRun(f"run: --{one[0]} is for one history: say of which --scenario")
    if options.choices == "all" and (one or options.resume):
        what = one[0] if one else "resume"
        raise CannotRun(f"run: --{what} is for one history, and --choices all are many")
    for kind in ("save", "html"):
        path = getattr(options, kind)
        if path is not None and Path(path).suffix in (".vgs", ".toml"):
            raise CannotRun(f"run: --{kind} {path} would overwrite a source: name another file")
    if options.save is not None and options.save == options.html:
        raise CannotRun("run: --save and --html need two files")
    if options.resume is not None and options.set:
        raise CannotRun(
            "run: --set is for a run from the start", "the state has what was set when it was saved"
        )
    return options


def _roots(words: Sequence[str]) -> list[Root]:
    """The programs that are asked for.  Raises `HasErrors`, and `CannotRun` where there is none."""
    from dsl.resolve.workspace import Workspace, decode
    from dsl.run.programs import roots

    given = inputs(words)
    if given.findings:
        raise HasErrors(given.findings)
    workspace = Workspace(given.roots)
    if given.stdin:
        source = decode(STDIN_NAME, "stdin", standard_input(), workspace.found)
        loaded = [workspace.load_text(source.text, STDIN_NAME) if source else None]
    else:
        loaded = [workspace.load(Path(path)) for path in given.files]
    found = roots(loaded, workspace)
    if not found:
        where = ", ".join(words) or "this project"
        raise CannotRun(f"there is no scenario in {where}, or in what is imported there")
    return found


def _all(roots: Sequence[Root], options: argparse.Namespace, console: Console) -> int:
    from dsl.run.histories import find
    from dsl.run.programs import cases_of
    from dsl.run.report import choices, command, findings, lines, to_json
    from dsl.run.results import MOST, result
    from dsl.run.settings import settings
    from dsl.run.story import coloured, plain

    if options.scenario is None:
        asked = cases_of(roots)
        if not asked:
            raise CannotRun(
                "nothing here defines every sequence that its scenarios run",
                "name a module that imports the definitions too",
            )
    else:
        asked = [find(roots, options.scenario)]
    found = []
    for root, scenario in asked:
        given = settings(root.resolved, scenario, options.set)
        most = options.most or MOST
        tried = result(root.program, scenario, settings=given, most=most, progress=console.progress)
        found.append((root, tried))
    paint = coloured if console.colour else plain
    shown = {
        id(one): command(root, one.shown, options.set) if one.shown else "" for root, one in found
    }
    if options.format == "json":
        ok = all(one.verdict.fine for _, one in found)
        console.json(_json(ok, (), [to_json(r, one, shown[id(one)]) for r, one in found]))
    else:
        for line in lines(found, paint):
            console.out(f"{line}\n")
        for _, one in found:
            said = findings(one, shown[id(one)])
            if said:
                console.out("\n")
                console.findings(said, result=True)
            if one.failing is not None and said:
                console.out("".join(f"  choice: {line}\n" for line in choices(one.failing)))
    if any(one.error is not None for _, one in found):
        return 2
    return 0 if all(one.verdict.fine for _, one in found) else 1


def _one(roots: Sequence[Root], options: argparse.Namespace, console: Console) -> int:
    from dsl.run import statefile
    from dsl.run.histories import Asked, find, resume, tell
    from dsl.run.report import choices, command, conclusion, findings_of, to_json
    from dsl.run.results import MOST
    from dsl.run.story import coloured, plain, story

    most = options.most or MOST
    asked = Asked(options.set, options.choices, options.until, options.watch, most)
    if options.resume is not None:
        state = statefile.read(_read(Path(options.resume)), options.resume)
        if (
            options.scenario is not None
            and find(roots, options.scenario)[1].title != state.scenario
        ):
            raise CannotRun(f'{options.resume} is of another scenario: "{state.scenario}"')
        history = resume(roots, state, options.resume, asked)
    else:
        history = tell(*find(roots, options.scenario), asked, console.progress)
    run, result, root = history.run, history.result, history.root
    if options.save is not None and result.error is None:
        after = run.stop.phase if run.stop is not None else "the end"
        data = statefile.save(
            run,
            statefile.fingerprint(root.program),
            after=after,
            settings=list(history.settings),
            answers=history.answers,
        )
        _write(Path(options.save), data)
    if options.html is not None and result.error is None:
        from dsl.backends.html.page import html

        _write(Path(options.html), html(run).encode())
    line = command(root, run, history.settings)
    if options.format == "json":
        one = to_json(root, result, line, history)
        console.json(_json(result.verdict.fine, (), [one]))
    else:
        paint = coloured if console.colour else plain
        console.out(f'{paint("head", f"{root.file}: {run.scenario.title}")}\n')
        for text in choices(run):
            console.out(f"  choice: {text}\n")
        told = story(
            run.events,
            width=console.width,
            paint=paint,
            watch=history.watch,
            skipped=history.skipped,
        )
        for text in told:
            console.out(f"{text}\n")
        console.out("\n")
        console.findings(findings_of(history), result=True)
        console.out(f"{conclusion(history)}\n")
        for path in (options.save, options.html):
            if path is not None and result.error is None:
                console.out(f"{path}: written\n")
    if result.error is not None:
        return 2
    return 0 if result.verdict.fine else 1


def _read(path: Path) -> bytes:
    from dsl.run.statefile import LARGEST

    if not path.is_file():
        raise CannotRun(f"there is no file {path}")
    if path.stat().st_size > LARGEST:
        raise CannotRun(f"{path} is too large for a state of a run")
    return path.read_bytes()


def _write(path: Path, data: bytes) -> None:
    from dsl.project.folder import write_all

    where = Path(os.path.realpath(path)) if path.is_symlink() else path
    # A rename would put a file in the place of a device.
    if where.exists() and not where.is_file():
        raise CannotRun(f"{path} is there, and is no file")
    write_all({where: data})


def _json(
    ok: bool, findings: Sequence[Diagnostic], scenarios: Sequence[object] = ()
) -> dict[str, object]:
    return {
        "ok": ok,
        "findings": [each.to_json() for each in findings],
        "scenarios": list(scenarios),
    }
