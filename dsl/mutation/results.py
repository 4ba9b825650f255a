"""What became of each mutant, and the file that keeps it, so that a run can be gone on with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from dsl.failures import CannotRun
from dsl.ir.dump import dump
from dsl.mutation.operators import OPERATORS, VERSION
from dsl.mutation.subject import Subject

FORMAT = "vgs mutate results"
#: Changes with what a line holds, or means.
_LINES = 2
#: A larger file has no results.
_LARGEST = 256 << 20
_OTHER = "name another one after --resume"


class Outcome(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    COST = "cost"
    EQUIVALENT = "equivalent"
    CHEAPER = "cheaper"
    SURVIVED = "survived"
    BROKEN = "broken"


class Killer(Struct, frozen=True):
    """A finding that the original does not have.

    ``engine`` is ``check`` for what `vgs check` finds.  ``where`` is as messages say it.
    """

    engine: str
    code: str
    rule: str
    where: str
    message: str

    @property
    def name(self) -> str:
        """Who finds it: the rule, or the code of what no rule is for; of an array all of it."""
        return self.rule.partition("[")[0] or self.code


class Judged(Struct, frozen=True):
    """A mutant, and what became of it.

    ``by`` is who killed it, or proved that it does the same; of one that is cheaper it may be
    empty: it verifies, and nobody proved that it does the same.  ``note`` is what else there is
    to say: the cost, why it broke, what was not checked.  ``seconds`` are those of a
    processor.
    """

    id: str
    operator: str
    function: str
    file: str
    line: int
    column: int
    what: str
    diff: tuple[str, ...]
    outcome: Outcome
    by: str = ""
    killers: tuple[Killer, ...] = ()
    note: str = ""
    seconds: float = 0.0


class Standing(StrEnum):
    """What a rule is worth: whether it kills something, and whether anything else does too."""

    ALONE = "alone"
    MASKED = "masked"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


class Trial(Struct, frozen=True):
    """What became of mutants that were judged again with ``name`` switched off.

    ``of`` is a digest of what was there to ask, and ``asked`` how many mutants were.  ``mutant``
    shows the standing: without the name, and without its ``masks``, it is not killed, and with
    the name it is.  ``note`` says what was not checked then, or why a standing is not known.
    """

    name: str
    standing: Standing
    of: str
    asked: int = 0
    mutant: str = ""
    masks: tuple[str, ...] = ()
    note: str = ""


class Sieved(Struct, frozen=True):
    """Which ``names`` find something in a mutant, of those ``among`` which it was asked."""

    mutant: str
    among: tuple[str, ...]
    names: tuple[str, ...]


class Header(Struct, frozen=True):
    """The first line of a file of results."""

    format: str
    version: int
    program: str
    fingerprint: str


def fingerprint(subject: Subject, *asked: object) -> str:
    """A digest of the program, of the operators, and of what was ``asked`` of the checks."""
    from dsl import __version__

    names = [operator.name for operator in OPERATORS]
    texts = [resolved.source.text for resolved in subject.closure]
    said = repr((__version__, VERSION, names, asked, texts)) + dump(subject.program)
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class Results:
    """A file of results, one in a line.  What is added is on the disk at once.

    ``known`` are the mutants by their ids, ``trials`` by the names that were switched off, and
    ``sieved`` what was asked of mutants by the way.
    """

    def __init__(self, path: Path, subject: Subject, print: str) -> None:
        """Opens the file, which may be there: then what it has is known.

        Raises `CannotRun` where it is of something else.
        """
        self.path = path
        self._header = Header(FORMAT, _LINES, subject.program.name, print)
        self.known: dict[str, Judged] = {}
        self.trials: dict[str, Trial] = {}
        self.sieved: dict[str, Sieved] = {}
        self._read()
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Results:
        # The last line may be half of one: what is whole is written anew, and then added to.
        self._write((*self.known.values(), *self.sieved.values(), *self.trials.values()))
        self._file = self.path.open("ab")
        return self

    def __exit__(self, *why: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, one: Judged | Trial | Sieved) -> None:
        """Adds what became of one mutant, or what is known of a rule."""
        assert self._file is not None
        self._file.write(msgspec.json.encode(one) + b"\n")
        self._file.flush()

    def _write(self, all: Iterable[Judged | Trial | Sieved]) -> None:
        from dsl.project.folder import write_all

        if self.path.exists() and not self.path.is_file():
            raise CannotRun(f"mutate: {self.path} is there, and is no file", _OTHER)
        lines = [msgspec.json.encode(each) + b"\n" for each in (self._header, *all)]
        write_all({self.path: b"".join(lines)})

    def _read(self) -> None:
        if not self.path.exists():
            return
        if not self.path.is_file() or self.path.stat().st_size > _LARGEST:
            raise CannotRun(f"mutate: {self.path} is no file of results", _OTHER)
        lines = self.path.read_bytes().split(b"\n")
        try:
            header = msgspec.json.decode(lines[0], type=Header)
        except (msgspec.DecodeError, UnicodeDecodeError):
            header = None
        if header is None or header.format != FORMAT or header.version != _LINES:
            raise CannotRun(f"mutate: {self.path} is no file of results", _OTHER)
        if header != self._header:
            raise CannotRun(
                f"mutate: the results in {self.path} are of another program, or were asked "
                "for otherwise",
                "take the file away, or name another one after --resume",
            )
        # What stands behind the last end of a line was not written to its end.
        for line in lines[1:-1]:
            match _decoded(line):
                case Judged() as one:
                    self.known[one.id] = one
                case Trial() as one:
                    self.trials[one.name] = one
                case Sieved() as one:
                    self.sieved[one.mutant] = one
                case None:
                    raise CannotRun(
                        f"mutate: a line of {self.path} is damaged", "take the file away"
                    )


def _decoded(line: bytes) -> Judged | Trial | Sieved | None:
    # None of them has all that another one must have.
    kinds: tuple[type[Judged | Trial | Sieved], ...] = (Judged, Trial, Sieved)
    for kind in kinds:
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.decode(line, type=kind)
    return None
