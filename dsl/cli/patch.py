"""`vgs patch`: what two cases differ by, as mail for `git am`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsl.cli.arguments import Parser
from dsl.cli.inputs import no_project, project_for
from dsl.failures import CannotRun, HasErrors
from dsl.project import patches
from dsl.project.file import PatchText
from dsl.project.folder import write_all

if TYPE_CHECKING:
    from dsl.cli.console import Console
    from dsl.diagnostics import Diagnostic

_ABOUT = """\
Write the change from the C that BEFORE generates to the C of AFTER as a mail, as git format-patch
does; git am applies it to the tree of BEFORE. Each is a case of the project, a module or a folder
of C. A case stands for the files that `vgs build` wrote, which must be up to date; any other module
is built in memory. Without the two, they are the cases of the [[diff]] in vgs.toml, or `before`
and `after`.

What the mail says comes from the options, or else from [patch] in vgs.toml. Nothing comes from the
configuration of git, and no time from the clock: without a date it is that of SOURCE_DATE_EPOCH,
if the environment has it, or else the mail has none, and git am takes the time of its own run.

Exit status: 0 a patch was written, 1 the two generate the same and there is none, or a source has
errors, 2 could not run."""

_MOST_CONTEXT = 1_000_000


def run(argv: Sequence[str], console: Console) -> int:
    """Runs the verb; gives the exit status.  Raises `CannotRun`."""
    options = _options(argv)
    output = Path(options.output) if options.output is not None else None
    made: patches.Patch | None = None
    findings: tuple[Diagnostic, ...] = ()
    try:
        made = _patch(options, console)
    except HasErrors as error:
        findings = error.findings
    mail = made.mail if made is not None else None
    if output is not None and mail is not None:
        _write(output, mail)
    if options.format == "json":
        console.json(_json(made, output, findings))
    elif made is None:
        console.findings(findings)
    elif mail is None:
        console.err(f"{made.before} and {made.after} generate the same: there is no patch\n")
    elif output is None:
        console.raw(mail.decode("utf-8", "surrogateescape"))
    else:
        console.out(f"{output}: written\n{made.difference.stat.decode('utf-8')}")
    return 0 if mail is not None else 1


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser("patch", _ABOUT)
    parser.arguments("BEFORE AFTER", "two cases, modules or folders")
    parser.flag("--author", metavar="WHO", help="who wrote it: 'NAME <ADDRESS>'")
    parser.flag("--date", metavar="DATE", help="when: 2018-01-12T13:07:47+01:00, or `now`")
    parser.flag("--subject", metavar="TEXT", help="the first line of the message")
    parser.flag("--message", metavar="TEXT", help="what stands below the subject")
    parser.flag("--message-file", metavar="FILE", help="the same, from a file, or -")
    parser.flag("--prefix", metavar="TEXT", help="in brackets before the subject (default: PATCH)")
    parser.flag("--signoff", action="store_true", default=None, help="add a Signed-off-by line")
    parser.flag("-U", "--unified", metavar="N", type=int, default=3, help="lines of context (3)")
    parser.flag("-o", "--output", metavar="FILE", help="the file to write, not standard output")
    parser.output_format()
    options = parser.read(argv)
    if not 1 <= options.unified <= _MOST_CONTEXT:
        raise CannotRun(
            f"patch: {options.unified} lines of context are not from 1 to {_MOST_CONTEXT}",
            "git am does not apply a patch without context",
        )
    if options.message is not None and options.message_file is not None:
        raise CannotRun("patch: --message and --message-file say the same thing twice")
    return options


def _patch(options: argparse.Namespace, console: Console) -> patches.Patch:
    words = options.words
    project, findings = project_for([word for word in words if os.path.exists(word)])
    if findings:
        raise HasErrors(findings)
    if not words:
        if project is None:
            raise no_project()
        words = patches.cases_of(project)
    if len(words) != 2:
        raise CannotRun("patch: two are needed, BEFORE and AFTER")
    file = options.message_file
    given = PatchText(
        author=options.author,
        date=options.date,
        subject=options.subject,
        message=options.message,
        message_file=Path(file) if file is not None else None,
        prefix=options.prefix,
        signoff=options.signoff,
    )
    letter = patches.letter_of(project.patch if project else PatchText(), given)
    before, after = words
    return patches.patch(before, after, letter, project, options.unified, console.progress)


def _write(output: Path, mail: bytes) -> None:
    where = Path(os.path.realpath(output)) if output.is_symlink() else output
    # A rename would put a file in the place of a device.
    if where.exists() and not where.is_file():
        raise CannotRun(f"{output} is there, and is no file", "leave out -o for standard output")
    write_all({where: mail})


def _json(
    made: patches.Patch | None, output: Path | None, findings: Sequence[Diagnostic]
) -> dict[str, object]:
    value: dict[str, object] = {
        "ok": made is not None and made.mail is not None,
        "findings": [finding.to_json() for finding in findings],
    }
    if made is None:
        return value
    letter = made.letter
    return value | {
        "before": made.before,
        "after": made.after,
        "author": {"name": letter.author.name, "address": letter.author.address},
        "date": letter.date.isoformat() if letter.date is not None else None,
        "subject": letter.subject,
        "message": letter.message,
        "files": [
            {
                "file": file.path,
                "state": file.state,
                "added": file.added,
                "removed": file.removed,
                "old": file.old,
                "new": file.new,
            }
            for file in made.difference.files
        ],
        "output": str(output) if output is not None and made.mail is not None else None,
        "mail": made.mail.decode("utf-8", "surrogateescape") if made.mail is not None else None,
    }
