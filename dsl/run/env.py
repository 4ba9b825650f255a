"""What an expression sees of a run: locals, whose handles are whose, and who is looking."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsl.ir.types import Bool, Handle, Int, Type
from dsl.run.registers import Element
from dsl.run.visibility import SOFTWARE
from dsl.run.world import owner_of


@dataclass(frozen=True, slots=True)
class Look:
    """How an expression looks at registers: by whom, through which computed register.

    ``written`` is the value of the register that a platform's expression speaks of.  ``fixed``
    are the values to take for some elements, whatever they hold; with ``newest`` it is the newest
    of the others, and nothing is decided.
    """

    who: str = SOFTWARE
    through: Element | None = None
    written: int | None = None
    fixed: tuple[tuple[str, int], ...] = ()
    newest: bool = False


@dataclass(slots=True)
class Env:
    """What an expression can see: locals, whose handles are whose, and who is looking.

    ``who`` is `SOFTWARE` (whose reads are accesses), `HARDWARE` or an endpoint; ``quiet`` is
    for who watches: nothing is noted, and nothing is decided.
    """

    locals: dict[str, int] = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)
    who: str = SOFTWARE
    quiet: bool = False
    look: Look | None = None
    #: Since when an expectation counts events.
    since: int = 0

    def owner(self, base: str | None) -> str:
        """Whose slot or condition is meant by a handle's name (none: the machine's)."""
        if not base:
            return ""
        return self.handles.get(base, owner_of(base))


def wrapped(type: Type | None, value: int) -> int:
    """A value as a place of some type holds it."""
    match type:
        case Int():
            return type.wrap(value)
        case Bool():
            return int(bool(value))
        case Handle() | None:
            return value
