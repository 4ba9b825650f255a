"""The command line of a verb: argparse with suggestions, and without exits of its own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from dsl.failures import CannotRun


class Help(Exception):
    """The user asked for help, or for the version: the text is the answer."""


class Parser(argparse.ArgumentParser):
    """A parser that raises `CannotRun` for what it does not understand and `Help` if asked."""

    def __init__(self, verb: str, description: str) -> None:
        super().__init__(
            prog=f"vgs {verb}",
            description=description,
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.verb = verb
        self.flags: list[str] = []
        self.flag("-h", "--help", action="store_true", help="show this text")

    def flag(self, *names: str, **rest: object) -> None:
        """Adds an option."""
        self.flags += names
        self.add_argument(*names, **rest)  # type: ignore[arg-type]

    def output_format(self) -> None:
        """Adds ``--format``."""
        self.flag(
            "--format",
            choices=("text", "json"),
            default="text",
            metavar="text|json",
            help="for people, or as docs/schema describes (default: text)",
        )

    def read(self, argv: Sequence[str]) -> argparse.Namespace:
        """The options and arguments of a command line; they may be mixed."""
        if any(word in ("-h", "--help") for word in _before_dashes(argv)):
            raise Help(self.format_help())
        options, unknown = self.parse_known_intermixed_args(list(argv))
        if unknown:
            self._unknown(unknown[0])
        return options

    def _unknown(self, word: str) -> NoReturn:
        if not word.startswith("-"):
            raise CannotRun(f"{self.verb}: too many arguments: {word!r}", self._usage())
        name = word.split("=", 1)[0]
        from dsl.diagnostics import suggest

        raise CannotRun(
            f"{self.verb}: there is no option `{name}`", suggest(name, self.flags) or self._usage()
        )

    def error(self, message: str) -> NoReturn:
        """Called by argparse for a wrong value."""
        raise CannotRun(f"{self.verb}: {message}", self._usage())

    def _usage(self) -> str:
        return f"`vgs {self.verb} --help` says more"


def _before_dashes(argv: Sequence[str]) -> Sequence[str]:
    return argv[: argv.index("--")] if "--" in argv else argv
