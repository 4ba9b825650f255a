"""The command `vgs`: finds the verb, runs it, and turns whatever happens into an exit status."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from dsl.failures import CannotRun, HasErrors, reason

if TYPE_CHECKING:
    from dsl.cli.console import Console

#: Every verb is a module of this package with a function ``run(argv, console) -> int``.
VERBS = {
    "init": "make a small project to start from",
    "check": "parse, resolve, and report all static findings",
    "build": "write the C, the simulators and the manifest",
    "run": "run scenarios, or print one history of one as a trace",
    "verify": "look for histories in which something goes wrong, in every configuration",
    "diff": "compare the generated C with a patch, or with a tree",
    "cost": "count register accesses and barriers, by path, configuration and case",
    "mutate": "change sequences, and see whether verify notices",
    "patch": "write what two cases differ by as mail for git am",
    "fmt": "bring sources into the canonical layout",
    "explain": "show the page behind a diagnostic",
}

HOLDS, FOUND, FAILED = 0, 1, 2
_PIPE, _INTERRUPTED = 141, 130


def entry() -> int:
    """Runs the command as a process of its own."""
    # A process that soon ends makes objects that stay until then: looking for garbage among
    # them takes a tenth of its time.
    gc.disable()
    return main()


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit status.

    0: all holds; 1: findings; 2: could not run; 130: interrupted; 141: nobody reads the output.
    """
    from dsl.cli.console import Console

    console = Console()
    try:
        status = _run(list(sys.argv[1:] if argv is None else argv), console)
        console.clear()
        console.flush()
    except BrokenPipeError:
        _abandon()
        return _PIPE
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _run(argv: list[str], console: Console) -> int:
    try:
        return _verb(argv, console)
    except BrokenPipeError:
        raise
    except CannotRun as error:
        _say(console, error.message, error.help)
    except HasErrors as error:
        console.findings(error.findings)
        return FOUND
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        _say(console, f"{where}{reason(error)}")
    except (RecursionError, MemoryError) as error:
        _say(console, f"the input is too large to follow ({type(error).__name__})")
    except Exception as error:
        if os.environ.get("VGS_DEBUG"):
            raise
        _say(console, f"this is a fault of vgs: {_fault(error)}", "VGS_DEBUG=1 shows where")
    return FAILED


def _verb(argv: list[str], console: Console) -> int:
    if not argv:
        console.err(_help())
        return FAILED
    name, *rest = argv
    if name in ("-h", "--help"):
        console.out(_help())
        return HOLDS
    if name in ("-V", "--version"):
        from dsl import __version__

        console.out(f"vgs {__version__}\n")
        return HOLDS
    if name not in VERBS:
        from dsl.diagnostics import suggest

        what = "option" if name.startswith("-") else "verb"
        known = ["--help", "--version"] if what == "option" else VERBS
        raise CannotRun(
            f"there is no {what} `{name}`", suggest(name, known) or "`vgs --help` lists them"
        )
    from importlib import import_module

    from dsl.cli.arguments import Help

    try:
        status: int = import_module(f"dsl.cli.{name}").run(rest, console)
    except Help as text:
        console.out(str(text))
        return HOLDS
    return status


def _help() -> str:
    lines = ["usage: vgs VERB [PATH...] [options]", ""]
    lines += [f"  {name:8} {text}" for name, text in VERBS.items()]
    lines += [
        "",
        "Without a PATH a verb works on the project: the nearest vgs.toml, here or above.",
        "`vgs VERB --help` says more. Exit status: 0 all holds, 1 findings, 2 could not run.",
        "",
    ]
    return "\n".join(lines)


def _say(console: Console, message: str, help: str = "") -> None:
    console.err(f"vgs: {message}\n" + (f"  {help}\n" if help else ""))


def _fault(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _abandon() -> None:
    """Lets the interpreter end without a word about the pipe."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            # A stream that is no file, as in a test, has nothing to lose.
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
