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
    SharedEncoding,
    UndeclaredBits,
)
from dsl.diagnostics.values import OutOfRange
from dsl.ir.shapes import Access, Encoding, Enumerator, Field, Register, Reserved
from dsl.resolve.constants import bounds, constant, number
from dsl.resolve.scope import Element, Scope, bank, key
from dsl.source import Span
from dsl.syntax import tree as t

_WIDTHS = (8, 16, 32, 64)
_LARGEST_BANK = 1024
#: How many registers all banks of a module may hold together.
_MOST_ELEMENTS = 1 << 16
#: The greatest operands of an encoding: op0, op1, CRn, CRm, op2; coproc, opc1, CRn, CRm, opc2.
_OPERANDS = {"aarch64": (3, 7, 15, 15, 7), "aarch32": (15, 7, 15, 15, 7)}


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
    shape.check_holes()
    return Register(
        node.name.text,
        width,
        Access(node.access.text) if node.access else Access.RW,
        first,
        count,
        var,
        tuple(shape.fields),
        tuple(shape.reserved),
        _encodings(scope, node, first, count, var),
        docs_of(item.docs),
        scope.span(node.name),
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
    """Who owns some bits."""

    name: str
    mask: int
    span: Span


class _Layout:
    """Fields and reserved ranges as they are read, and which bits they claim."""

    def __init__(self, scope: Scope, node: t.Register, width: int, reset: int | None) -> None:
        self.scope = scope
        self.node = node
        self.width = width
        self.reset = reset
        self.fields: list[Field] = []
        self.reserved: list[Reserved] = []
        self.names: dict[str, Span] = {}
        self.claims: list[_Claim] = []
        self.broken = False

    def field(self, node: t.Field) -> None:
        scope = self.scope
        if not self._name(node.name):
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
            node.name.text,
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
        )
        for i in range(max(1, count)):
            self._claim(field.name, element << (low + i * stride), scope.span(node.bits))
        self.fields.append(field)

    def reserve(self, node: t.Reserved) -> None:
        for bits in node.bits:
            placed = self._bits(bits, None, 0, 0)
            if placed is not None:
                low, width, _ = placed
                one = Reserved(low + width - 1, low, node.kind.text == "res1")
                self._claim(node.kind.text, one.mask, self.scope.span(bits))
                self.reserved.append(one)

    def derive(self, node: t.Derive) -> None:
        self._name(node.name)

    def _name(self, node: t.Name) -> bool:
        self.scope.check_word(node, node.text)
        span = self.scope.span(node)
        known = self.names.setdefault(key(node.text), span)
        if known is span:
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
            if both:
                self.scope.found.add(
                    OverlappingBits(
                        span,
                        f"{_ranges(both)} of {self.node.name.text} {_are(both)} declared twice: "
                        f"as {claim.name} and as {name}",
                        (Note(claim.span, f"{claim.name} is here"),),
                    )
                )
                break
        self.claims.append(_Claim(name, mask, span))

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
        claimed = 0
        for claim in self.claims:
            claimed |= claim.mask
        hole = ((1 << self.width) - 1) & ~claimed
        if hole:
            self.scope.found.add(
                UndeclaredBits(
                    self.scope.span(self.node.name),
                    f"{_ranges(hole)} of {self.node.name.text} {_are(hole)} not declared",
                    help="declare the field, or " + "res0 " + ", ".join(_brackets(hole)),
                )
            )


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


def _encodings(
    scope: Scope, node: t.Register, first: int, count: int, var: str | None
) -> tuple[Encoding, ...]:
    made: list[Encoding] = []
    for encoding in node.encodings:
        architecture = encoding.architecture.text if encoding.architecture else "aarch64"
        if architecture not in _OPERANDS:
            assert encoding.architecture is not None
            scope.found.add(
                BadRegister(
                    scope.span(encoding.architecture),
                    f"no architecture `{architecture}`: aarch64 or aarch32",
                )
            )
            continue
        greatest = _OPERANDS[architecture]
        for i in range(max(1, count)):
            parts = []
            for operands in encoding.operands:
                values = [constant(scope, o, {var: first + i} if var else {}) for o in operands]
                if None in values:
                    return tuple(made)
                numbers = tuple(v for v in values if v is not None)
                if len(numbers) != len(greatest) or any(
                    not 0 <= n <= g for n, g in zip(numbers, greatest, strict=False)
                ):
                    shown = ", ".join(f"0..{g}" for g in greatest)
                    scope.found.add(
                        BadRegister(
                            scope.span(encoding),
                            f"({', '.join(map(str, numbers))}) is no {architecture} encoding",
                            help=f"five operands within {shown}",
                        )
                    )
                    return tuple(made)
                parts.append(numbers)
            made.append(Encoding(architecture, first + i if var else None, tuple(parts)))
    return tuple(made)


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


def check_encodings(scope: Scope, registers: list[Register]) -> None:
    """Reports two registers with one encoding."""
    seen: dict[tuple[str, tuple[int, ...]], tuple[str, Register]] = {}
    for register in registers:
        for encoding in register.encodings:
            name = register.name if encoding.index is None else register.element(encoding.index)
            for part in encoding.parts:
                other = seen.setdefault((encoding.architecture, part), (name, register))
                if other[1] is not register:
                    scope.found.add(
                        SharedEncoding(
                            register.span,
                            f"{name} has the same {encoding.architecture} encoding as {other[0]}",
                            (Note(other[1].span, "declared here"),),
                        )
                    )
