"""Registers: widths, banks, encodings, and every bit accounted for."""

from __future__ import annotations

from msgspec import Struct

from dsl.diagnostics import Note
from dsl.diagnostics.names import DuplicateName
from dsl.diagnostics.registers import (
    BadRegister,
    BitsOutOfRange,
    DuplicateEnumerator,
    OverlappingBits,
    UndeclaredBits,
)
from dsl.diagnostics.values import OutOfRange
from dsl.ir.shapes import Access, Enumerator, Field, FieldLayout, Register, Reserved
from dsl.resolve.constants import bounds, constant, number
from dsl.resolve.encodings import encodings
from dsl.resolve.scope import Element, Scope, bank, key
from dsl.source import Span
from dsl.syntax import tree as t

_WIDTHS = (8, 16, 32, 64)
_LARGEST_BANK = 1024
#: How many registers all banks of a module may hold together.
_MOST_ELEMENTS = 1 << 16


def docs_of(docs: tuple[t.Doc, ...]) -> tuple[str, ...]:
    return tuple(d.text for d in docs)


def register_shape(scope: Scope, item: t.Item, node: t.Register) -> Register | None:
    """The shape of a register; all that is wrong with it is reported."""
    width = number(scope, node.width)
    if width not in _WIDTHS:
        scope.found.add(
            BadRegister(scope.span(node.width), f"a register has 8, 16, 32 or 64 bits, not {width}")
        )
        return None
    first, count, var = 0, 0, None
    if node.index is not None:
        numbered = _numbered(scope, node.name, node.index)
        if numbered is None:
            return None
        first, count, var = numbered
    reset = _reset(scope, node.reset, (1 << width) - 1)
    shape = _Layout(scope, node, width, reset)
    for member in node.members:
        match member:
            case t.Field():
                shape.field(member)
            case t.Reserved():
                shape.reserve(member)
            case t.Derive():
                shape.derive(member)
            case t.Layout():
                shape.layout(member)
    shape.check_holes()
    shape.check_resets()
    return Register(
        node.name.text,
        width,
        Access(node.access.text) if node.access else Access.RW,
        first,
        count,
        var,
        tuple(shape.fields),
        tuple(shape.reserved),
        encodings(scope, node, first, count, var),
        docs_of(item.docs),
        scope.span(node.name),
        tuple(shape.layouts),
    )


def _numbered(
    scope: Scope, name: t.Name, index: t.Index, most: int = _LARGEST_BANK
) -> tuple[int, int, str] | None:
    """First index, number of elements and variable of a bank or a family of fields."""
    ends = bounds(scope, index.range)
    split = bank(name.text)
    if split is None or split[1] != index.var.text:
        scope.found.add(
            BadRegister(
                scope.span(index.var),
                f"`{name.text}` has no `<{index.var.text}>` for the index `{index.var.text}`",
            )
        )
        return None
    if ends is None:
        return None
    first, last = ends
    if last - first >= most:
        scope.found.add(
            BadRegister(scope.span(index.range), f"{last - first + 1} elements: at most {most}")
        )
        return None
    return first, last - first + 1, index.var.text


def _reset(scope: Scope, node: t.Reset | None, mask: int) -> int | None:
    if node is None or node.value is None:
        return None
    value = constant(scope, node.value)
    if value is not None and not 0 <= value <= mask:
        scope.found.add(
            OutOfRange(scope.span(node.value), f"the reset value {value:#x} does not fit")
        )
        return None
    return value


class _Claim(Struct):
    """Who owns some bits, in one layout or (``layout`` empty) in all of them."""

    name: str
    mask: int
    span: Span
    layout: str


class _Layout:
    """Fields and reserved ranges as they are read, and which bits they claim."""

    def __init__(self, scope: Scope, node: t.Register, width: int, reset: int | None) -> None:
        self.scope = scope
        self.node = node
        self.width = width
        self.reset = reset
        self.fields: list[Field] = []
        self.reserved: list[Reserved] = []
        self.layouts: list[FieldLayout] = []
        #: Names by layout, and those of fields that every layout has.
        self.names: dict[str, dict[str, Span]] = {"": {}}
        self.claims: list[_Claim] = []
        #: The layout whose members are being read.
        self.within = ""
        self.broken = False

    def field(self, node: t.Field) -> None:
        scope = self.scope
        if not self._name(node.name):
            return
        if self.within and (node.access is not None or node.computed is not None):
            self.broken = True
            why = f"`{node.name.text}` is stored, and read and written, as every field of a layout"
            scope.found.add(BadRegister(scope.span(node), why))
            return
        first, count, var = 0, 0, None
        if node.index is not None:
            numbered = _numbered(scope, node.name, node.index, self.width)
            if numbered is None:
                self.broken = True
                return
            first, count, var = numbered
        placed = self._bits(node.bits, var, first, count)
        if placed is None:
            return
        low, width, stride = placed
        element = (1 << width) - 1
        reset = _reset(scope, node.reset, element)
        if node.reset is None and self.reset is not None:
            reset = self.reset >> low & element
        field = Field(
            f"{self.within}.{node.name.text}" if self.within else node.name.text,
            low,
            width,
            Access(node.access.text) if node.access else Access.RW,
            reset,
            self._enumerators(node, width),
            docs_of(node.docs),
            scope.span(node.name),
            first,
            count,
            stride,
            node.computed is not None,
            self.within,
        )
        for i in range(max(1, count)):
            self._claim(field.name, element << (low + i * stride), scope.span(node.bits))
        self.fields.append(field)

    def reserve(self, node: t.Reserved) -> None:
        for bits in node.bits:
            placed = self._bits(bits, None, 0, 0)
            if placed is not None:
                low, width, _ = placed
                one = Reserved(low + width - 1, low, node.kind.text == "res1", self.within)
                self._claim(node.kind.text, one.mask, self.scope.span(bits))
                self.reserved.append(one)

    def derive(self, node: t.Derive) -> None:
        self._name(node.name)

    def layout(self, node: t.Layout) -> None:
        """Its fields, which have their bits beside those that every layout has."""
        if not self._name(node.name):
            return
        span = self.scope.span(node.name)
        self.layouts.append(FieldLayout(node.name.text, docs_of(node.docs), span))
        self.within = node.name.text
        self.names[self.within] = {}
        for member in node.members:
            match member:
                case t.Field():
                    self.field(member)
                case t.Reserved():
                    self.reserve(member)
        self.within = ""

    def _name(self, node: t.Name) -> bool:
        self.scope.check_word(node, node.text)
        span = self.scope.span(node)
        # What stands in one layout only may be called as something in another one.
        beside = [self.names[""], self.names[self.within]] if self.within else self.names.values()
        known = next((n[key(node.text)] for n in beside if key(node.text) in n), None)
        if known is None:
            self.names[self.within][key(node.text)] = span
            return True
        self.scope.found.add(
            DuplicateName(
                span,
                f"`{node.text}` is declared twice in {self.node.name.text}",
                (Note(known, "first declared here"),),
            )
        )
        self.broken = True
        return False

    def _bits(
        self, node: t.Bits, var: str | None, first: int, count: int
    ) -> tuple[int, int, int] | None:
        """Low bit and width of the (first) field, and the distance between elements."""
        scope = self.scope
        found = []
        for i in range(max(1, count)):
            known = {var: first + i} if var else {}
            high = constant(scope, node.high, known)
            low = high if node.low is None else constant(scope, node.low, known)
            if high is None or low is None:
                self.broken = True
                return None
            found.append((high, low))
        for high, low in found:
            if not 0 <= low <= high < self.width:
                self.broken = True
                why = (
                    f"bit {high} is below bit {low}: the higher bit comes first"
                    if high < low
                    else f"bits {high}:{low} are outside a register of {self.width} bits"
                )
                scope.found.add(BitsOutOfRange(scope.span(node), why))
                return None
        high, low = found[0]
        stride = found[1][1] - low if count > 1 else 0
        if any(f != (high + i * stride, low + i * stride) for i, f in enumerate(found)):
            self.broken = True
            scope.found.add(
                BitsOutOfRange(scope.span(node), "the elements of a family are evenly spaced")
            )
            return None
        return low, high - low + 1, stride

    def _claim(self, name: str, mask: int, span: Span) -> None:
        for claim in self.claims:
            both = claim.mask & mask
            apart = claim.layout != self.within and claim.layout and self.within
            if both and not apart:
                self.scope.found.add(
                    OverlappingBits(
                        span,
                        f"{_ranges(both)} of {self.node.name.text} {_are(both)} declared twice: "
                        f"as {claim.name} and as {name}",
                        (Note(claim.span, f"{claim.name} is here"),),
                    )
                )
                break
        self.claims.append(_Claim(name, mask, span, self.within))

    def _enumerators(self, node: t.Field, width: int) -> tuple[Enumerator, ...]:
        scope = self.scope
        made: list[Enumerator] = []
        spans: dict[str | int, Span] = {}
        for e in node.enumerators:
            span = scope.span(e)
            value = number(scope, e.value)
            for what, same in ((f"the name `{e.name.text}`", e.name.text), (f"{value}", value)):
                if same in spans:
                    scope.found.add(
                        DuplicateEnumerator(
                            span,
                            f"{what} stands twice among the values of {node.name.text}",
                            (Note(spans[same], "first here"),),
                        )
                    )
                spans.setdefault(same, span)
            if value >> width:
                scope.found.add(
                    OutOfRange(
                        scope.span(e.value),
                        f"{value} does not fit {node.name.text}, of {width} bits",
                    )
                )
            made.append(Enumerator(e.name.text, value))
        return tuple(made)

    def check_holes(self) -> None:
        if self.broken:
            return
        whole = ("", self.scope.span(self.node.name))
        for layout, span in [(x.name, x.span) for x in self.layouts] or [whole]:
            claimed = 0
            for claim in self.claims:
                if claim.layout in ("", layout):
                    claimed |= claim.mask
            hole = ((1 << self.width) - 1) & ~claimed
            if hole:
                where = f"{self.node.name.text}, layout {layout}," if layout else whole[1].text
                self.scope.found.add(
                    UndeclaredBits(
                        span,
                        f"{_ranges(hole)} of {where} {_are(hole)} not declared",
                        help="declare the field, or " + "res0 " + ", ".join(_brackets(hole)),
                    )
                )

    def check_resets(self) -> None:
        """A bit comes out of reset with one value, whichever layout is then in force."""
        mask = known = 0
        for field in self.fields:
            if not field.layout or field.reset is None:
                continue
            value = sum(
                field.reset << field.low + i * field.stride for i in range(field.count or 1)
            )
            clash = (known ^ value) & mask & field.mask
            if clash:
                self.scope.found.add(
                    BadRegister(
                        field.span,
                        f"{_ranges(clash)} of {self.node.name.text} {_are(clash)} reset to "
                        "something else in another layout",
                    )
                )
            mask |= field.mask
            known |= value


def _runs(mask: int) -> list[tuple[int, int]]:
    """The runs of ones in a mask as (high, low), low runs first."""
    runs = []
    while mask:
        low = (mask & -mask).bit_length() - 1
        length = ((~(mask >> low)) & -(~(mask >> low))).bit_length() - 1
        runs.append((low + length - 1, low))
        mask &= ~(((1 << length) - 1) << low)
    return runs


def _ranges(mask: int) -> str:
    shown = ", ".join(f"{h}:{l}" if h > l else f"{l}" for h, l in _runs(mask))
    return f"bits {shown}" if mask & (mask - 1) else f"bit {shown}"


def _are(mask: int) -> str:
    return "are" if mask & (mask - 1) else "is"


def _brackets(mask: int) -> list[str]:
    return [f"[{h}:{l}]" if h > l else f"[{l}]" for h, l in _runs(mask)]


def declare_register(scope: Scope, node: t.Register, register: Register) -> None:
    """Makes a register known by its name, and each register of a bank by its plain name."""
    scope.declare(key(register.name), register, node.name)
    if register.banked:
        scope.elements += register.count
        if scope.elements > _MOST_ELEMENTS:
            scope.found.add(
                BadRegister(
                    scope.span(node.name), f"more than {_MOST_ELEMENTS} registers in banks so far"
                )
            )
            return
        for i in range(register.count):
            index = register.first + i
            scope.declare(register.element(index), Element(register, index), node.name)
