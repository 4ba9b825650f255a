"""The things that values live in: registers and their fields, context slots, conditions."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from dsl.ir.types import Bool, Int
from dsl.source import Span


class Access(StrEnum):
    """What software may do: read-write, read-only, write-only, or writes ignored."""

    RW = "rw"
    RO = "ro"
    WO = "wo"
    WI = "wi"


class Enumerator(Struct, frozen=True):
    name: str
    value: int


class Field(Struct, frozen=True):
    """Bits ``low`` up of a register, ``width`` of them.

    A family such as ``Status<n>`` has ``count`` elements (first index ``first``), element n
    at bit ``low + (n - first) * stride``; a plain field has ``count`` 0.  ``reset`` is None
    where the architecture leaves it unknown.  A field of a layout is named ``layout.field``.
    """

    name: str
    low: int
    width: int
    access: Access
    reset: int | None
    enumerators: tuple[Enumerator, ...]
    doc: tuple[str, ...]
    span: Span
    first: int = 0
    count: int = 0
    stride: int = 0
    computed: bool = False
    #: The layout that it belongs to; "" for one that is there in every layout.
    layout: str = ""

    @property
    def high(self) -> int:
        """The highest bit of the first element."""
        return self.low + self.width - 1

    @property
    def mask(self) -> int:
        """All bits of the field, or of all elements of a family, in place."""
        one = (1 << self.width) - 1
        if not self.count:
            return one << self.low
        return sum(one << (self.low + i * self.stride) for i in range(self.count))

    def enumerator(self, name: str) -> Enumerator | None:
        return next((e for e in self.enumerators if e.name == name), None)


class Reserved(Struct, frozen=True):
    """Bits that software sees as 0 (``ones`` False) or 1."""

    high: int
    low: int
    ones: bool
    layout: str = ""

    @property
    def mask(self) -> int:
        return ((1 << (self.high - self.low + 1)) - 1) << self.low


class Encoding(Struct, frozen=True):
    """How an instruction names a register (or one element of a bank).

    ``parts`` holds one list of operands, or two (low half, high half) where one register is
    two accesses on that architecture.
    """

    architecture: str
    index: int | None
    parts: tuple[tuple[int, ...], ...]


class FieldLayout(Struct, frozen=True):
    """A name for where bits are in some mode; `platform.InForce` says in which."""

    name: str
    doc: tuple[str, ...]
    span: Span


class Register(Struct, frozen=True):
    """A register, or a bank of ``count`` registers numbered from ``first``.

    Where it has layouts, exactly one of them is in force, and ``fields`` and ``reserved`` hold
    those of all of them beside what they have in common.
    """

    name: str
    width: int
    access: Access
    first: int
    count: int
    var: str | None
    fields: tuple[Field, ...]
    reserved: tuple[Reserved, ...]
    encodings: tuple[Encoding, ...]
    doc: tuple[str, ...]
    span: Span
    layouts: tuple[FieldLayout, ...] = ()

    @property
    def banked(self) -> bool:
        return self.var is not None

    @property
    def type(self) -> Int:
        return Int(self.width)

    @property
    def res0(self) -> int:
        """The bits that are reserved as 0 in every layout; others keep what was written."""
        return self._reserved(ones=False)

    @property
    def res1(self) -> int:
        """The bits that are reserved as 1 in every layout."""
        return self._reserved(ones=True)

    def _reserved(self, *, ones: bool) -> int:
        def within(layout: str) -> int:
            return sum(r.mask for r in self.reserved if r.ones == ones and r.layout == layout)

        everywhere = ~0 if self.layouts else 0
        for layout in self.layouts:
            everywhere &= within(layout.name)
        return within("") | everywhere

    @property
    def live(self) -> int:
        """The bits that can be one."""
        return ((1 << self.width) - 1) & ~self.res0

    @property
    def reset(self) -> int:
        """The reset value, with 0 for every bit that is unknown."""
        value = self.res1
        for f in self.fields:
            for i in range(max(1, f.count)):
                value |= (f.reset or 0) << (f.low + i * f.stride)
        return value

    def field(self, name: str) -> Field | None:
        return next((f for f in self.fields if f.name == name), None)

    def layout(self, name: str) -> FieldLayout | None:
        return next((x for x in self.layouts if x.name == name), None)

    def element(self, index: int) -> str:
        """The name of one element of a bank: ``ICH_LR3_EL2``."""
        return self.name.replace(f"<{self.var}>", str(index))


class Constant(Struct, frozen=True):
    """A number with a name."""

    name: str
    value: int
    doc: tuple[str, ...]
    span: Span


class RegisterRef(Struct, frozen=True):
    """A register, one element of a bank, or (``index`` None) a whole bank, in a declaration.

    In a loop of a lifecycle ``by`` is the variable that picks the element, and ``index`` None.
    """

    register: Register
    index: int | None
    field: Field | None = None
    by: str = ""

    @property
    def name(self) -> str:
        r = self.register
        name = r.name if self.index is None else r.element(self.index)
        return f"{name}.{self.field.name}" if self.field else name


class LinkKind(StrEnum):
    """``mirrors``: the value moves both ways; ``feeds``: memory owns it."""

    MIRRORS = "mirrors"
    FEEDS = "feeds"


class Link(Struct, frozen=True):
    kind: LinkKind
    register: RegisterRef


class Slot(Struct, frozen=True):
    """One variable (``length`` 0) or array of a context; ``low``/``high`` bound a counter."""

    name: str
    context: str
    root: str
    type: Int | Bool
    length: int
    low: int | None
    high: int | None
    link: Link | None
    doc: tuple[str, ...]
    span: Span


#: The owner of what there is once, for the whole machine: no sequence needs a handle on it.
MACHINE = "machine"


class Context(Struct, frozen=True):
    """In-memory state that belongs to ``owner`` (another context, or a root such as vcpu)."""

    name: str
    owner: str
    root: str
    slots: tuple[Slot, ...]
    doc: tuple[str, ...]
    span: Span


class Period(StrEnum):
    """How long a condition keeps its value."""

    MACHINE = "machine"
    VM = "vm"
    TRIP = "trip"
    TEST = "test"


class Condition(Struct, frozen=True):
    """A named fact about ``root`` (None: about the machine).

    Its definition, if it has one, is a `program.Definition`; ``context`` is the one whose slots
    alone define it, empty if there is none.
    """

    name: str
    root: str | None
    type: Bool | Int
    low: int | None
    high: int | None
    period: Period
    doc: tuple[str, ...]
    span: Span
    context: str = ""
