"""What a declaration would call some bits: fields of registers, and of what slots hold of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dsl.ir.shapes import Field
from dsl.run.prepared import prepared
from dsl.verify.symbolic.mirrors import Static
from dsl.verify.symbolic.state import Key


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a register or a slot (``field`` empty: it has none), and of which element."""

    name: str
    field: str
    index: int | None = None

    @property
    def everywhere(self) -> Part:
        """The same of all elements."""
        return replace(self, index=None)

    def __str__(self) -> str:
        name = self.name
        if self.index is not None and "<" in name:
            head, _, tail = name.partition("<")
            name = f"{head}<{self.index}>{tail.partition('>')[2]}"
        elif self.index is not None:
            name = f"{name}[{self.index}]"
        return f"{name}.{self.field}" if self.field else name


def parts_of(static: Static, key: Key, bits: int) -> tuple[Part, ...]:
    """The fields that some bits of a register or a slot are in."""
    fields: Sequence[Field]
    if isinstance(key, str):
        element = prepared(static.program).elements[key]
        register = element.register
        name, fields = register.name, register.fields
        index = element.index if register.banked else None
    else:
        slot = static.program.slots[str(key[1])]
        name = slot.name
        fields = slot.link.register.register.fields if slot.link else ()
        index = int(key[2]) if slot.length else None
    named = [f.name for f in fields if f.mask & bits]
    return tuple(Part(name, field, index) for field in named or [""])


def listed(parts: Iterable[Part]) -> str:
    """Parts as a declaration names them: one name for all elements where all are meant."""
    return ", ".join(dict.fromkeys(str(part) for part in parts))
