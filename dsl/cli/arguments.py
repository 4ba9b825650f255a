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

    def arguments(self, metavar: str, help: str) -> None:
        """Adds the arguments that are no options, any number of them, as ``words``."""
        self.add_argument("words", nargs="*", metavar=metavar, help=help)

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
        """The options and ``words`` of a command line; they may be mixed."""
        words = list(argv)
        # argparse loses what is behind `--` where options and words are mixed.
        dashes = words.index("--") if "--" in words else len(words)
        if "-h" in words[:dashes] or "--help" in words[:dashes]:
            raise Help(self.format_help())
        options, unknown = self.parse_known_intermixed_args(words[:dashes])
        if unknown:
            self._unknown(unknown[0])
        options.words += words[dashes + 1 :]
        return options

    def _unknown(self, word: str) -> NoReturn:
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
