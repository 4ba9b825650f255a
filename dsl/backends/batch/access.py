"""Reads and writes of registers and slots as operations on lanes: legalised and computed there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dsl.backends.batch.flow import Flow, Local, Place, Written, fact_family, slot_family
from dsl.backends.batch.nodes import Node, full, kind_of, number
from dsl.backends.python.code import site, string
from dsl.backends.python.contexts import described
from dsl.ir import expr as x
from dsl.ir.bounds import Bounds, Known, bounds
from dsl.ir.shapes import Condition, Field, Register, Slot
from dsl.ir.types import Bool, Int
from dsl.machine.registers import element
from dsl.source import Span


class Access(Flow):
    """What a function does with registers, memory and facts."""

    def __init__(self, about: Written) -> None:
        super().__init__(about)
        self.quiet = False
        self._scopes: list[dict[str, Local]] = [{}]
        self._handles: list[dict[str, str]] = [{}]
        self._looked_up = Known(
            self._bounds_of,
            lambda register, name: self.program.derived[register, name].value,
            lambda name: (
                self.program.definitions[name].value if name in self.program.definitions else None
            ),
        )

    def value(self, expr: x.Expr) -> Node:
        raise NotImplementedError

    def call(self, call: x.Call) -> Node | None:
        raise NotImplementedError

    # ---- names

    @contextmanager
    def scoped(self, locals: dict[str, Local]) -> Iterator[None]:
        """With some more variables."""
        self._scopes.append(locals)
        yield
        self._scopes.pop()

    @contextmanager
    def quietly(
        self, locals: dict[str, Local], handles: dict[str, str] | None = None
    ) -> Iterator[None]:
        """In what is no access of the program's own, with only these names."""
        scopes, quiet, held = self._scopes, self.quiet, self._handles
        self._scopes, self.quiet = [locals], True
        self._handles = [*held, handles or {}]
        yield
        self._scopes, self.quiet, self._handles = scopes, quiet, held

    def declare(self, name: str, local: Local) -> None:
        self._scopes[-1][name] = local

    def declare_handle(self, name: str, text: str) -> None:
        self._handles[-1][name] = text

    def local(self, name: str) -> Local:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        raise KeyError(name)

    def handle(self, base: str) -> str:
        for scope in reversed(self._handles):
            if base in scope:
                return scope[base]
        if not base:
            return "m.memory"
        raise KeyError(base)

    def read_local(self, name: str) -> Node:
        held = self.local(name).held
        return self.load(held) if isinstance(held, Place) else held

    def _bounds_of(self, name: str) -> Bounds | None:
        return self.local(name).bounds

    def bounds(self, expr: x.Expr) -> Bounds:
        return bounds(expr, self._looked_up)

    def site(self, span: Span) -> str:
        return string(site(span))

    # ---- indices

    def index(self, index: x.Expr, name: str, first: int, count: int, at: str = "") -> int | Node:
        """An index, counted from 0; lanes in which it is out of range stop."""
        node = self.value(index)
        return self.checked(node, self.bounds(index), name, first, count, at)

    def checked(
        self, node: Node, known: Bounds, name: str, first: int, count: int, at: str = ""
    ) -> int | Node:
        inside = known.inside(first, first + count - 1)
        if node.const:
            value = number(node.value, node.kind)
            inside = first <= value < first + count
        if not inside:
            more = f", {at}" if at else ""
            self.narrowed(
                f"m.in_range({self.lanes}, {{0}}, {string(name)}, {first}, {count}{more})", node
            )
        if node.const:
            return number(node.value, node.kind) - first if inside else 0
        return self.graph.sub(node, self.graph.const(first, node.kind))

    def element(self, register: Register, index: x.Expr) -> int | Node:
        return self.index(index, register.name, register.first, register.count)

    def low_bit(self, field: Field, index: x.Expr | None) -> int | Node:
        """The lowest bit of a field, or of an element of a family."""
        if index is None:
            return field.low
        at = self.index(index, field.name, field.first, field.count)
        if isinstance(at, int):
            return field.low + at * field.stride
        graph, kind = self.graph, at.kind
        if field.low + (field.count - 1) * field.stride >= full(kind) >> 1:
            kind = "u32"
            at = graph.cast(at, kind)
        by = graph.mul(at, graph.const(field.stride, kind))
        return graph.add(by, graph.const(field.low, kind))

    # ---- places

    def register(self, register: Register, index: int | Node | None) -> Place:
        attribute = self.names.registers[register.name]
        ones = stored(register) | register.res1
        steady = register.name in steady_registers(self.about)
        kind = kind_of(register.type)
        return Place(f"m.{attribute}", register.name, kind, ones, index, steady)

    def slot(self, slot: Slot, base: str, index: int | Node | None) -> Place:
        text = f"{self.handle(base)}.{self.names.slots[slot.name]}"
        return Place(text, slot_family(slot.name), kind_of(slot.type), _ones(slot), index)

    def fact(self, owner: str, name: str, condition: Condition) -> Place:
        kind = kind_of(condition.type)
        text = f"{owner}.facts.{name}"
        return Place(text, fact_family(condition.name), kind, _ones(condition), None, True)

    # ---- registers

    def read_register(self, register: Register, at: int | Node | None, span: Span) -> Node:
        """What a read gives; for somebody who looks from outside, what is there."""
        graph = self.graph
        if str(register.access) == "wo" and not self.quiet:
            what = string(f"{self._name(register, at)} is write-only")
            self.narrowed(f"m.refuse({self.lanes}, {self.site(span)}, {what})")
        node = self.computed(register, at, self.load(self.register(register, at)))
        hidden = 0 if self.quiet else sum(f.mask for f in register.fields if f.access == "wo")
        return graph.and_(node, graph.const(full(node.kind) & ~hidden, node.kind))

    def computed(self, register: Register, at: int | Node | None, held: Node) -> Node:
        """What is stored, with the computed fields."""
        value = held
        for rule in self.program.computed:
            if rule.register.name != register.name:
                continue
            for low, locals in self._each(rule.field, rule.var):
                with self.quietly({**self._element(register, at), **locals}):
                    self.declare("written value", Local(held))
                    new = self.value(rule.value)
                value = self.inserted(value, register.type, rule.field, low, new)
        return value

    def inserted(self, whole: Node, type: Int, field: Field, low: int | Node, new: Node) -> Node:
        raise NotImplementedError

    def write_register(
        self, register: Register, at: int | Node | None, value: Node, span: Span
    ) -> None:
        """A write: legalised, reserved bits kept in place, read-only fields kept."""
        graph = self.graph
        access = str(register.access)
        if access == "ro":
            what = string(f"{self._name(register, at)} is read-only")
            self.narrowed(f"m.refuse({self.lanes}, {self.site(span)}, {what})")
        if access in ("ro", "wi"):
            return
        place = self.register(register, at)
        written = graph.cast(value, place.kind)
        legal = self._legal(register, at, written)
        held = stored(register)
        kept = held & sum(f.mask for f in register.fields if f.access in ("ro", "wi"))
        new = graph.and_(legal, graph.const(held & ~kept, place.kind))
        if kept:
            old = graph.and_(self.load(place), graph.const(kept, place.kind))
            new = graph.or_(new, old)
        if register.res1:
            new = graph.or_(new, graph.const(register.res1, place.kind))
        self.store(place, new)

    def _legal(self, register: Register, at: int | Node | None, written: Node) -> Node:
        value = written
        for rule in self.program.legalisations:
            if rule.register.name != register.name:
                continue
            var = rule.field.name.partition("<")[2].rstrip(">") or "n"
            for low, locals in self._each(rule.field, var):
                with self.quietly({**self._element(register, at), **locals}):
                    self.declare("written value", Local(written))
                    holds = self.value(rule.condition)
                    new = self.value(rule.value)
                changed = self.inserted(value, register.type, rule.field, low, new)
                value = self.graph.where(holds, changed, value)
        return value

    def _each(self, field: Field, var: str | None) -> Iterator[tuple[int, dict[str, Local]]]:
        """A field, or each element of a family: its lowest bit, and its number by name."""
        if not field.count:
            yield field.low, {}
        for i in range(field.count):
            n = field.first + i
            local = Local(self.graph.const(n, "s32"), Bounds(n, n))
            yield field.low + i * field.stride, {var or "n": local}

    def _element(self, register: Register, at: int | Node | None) -> dict[str, Local]:
        """The index of a bank's element, by the name that it has in the platform."""
        if register.var is None or at is None:
            return {}
        known = Bounds(register.first, register.first + register.count - 1)
        if isinstance(at, int):
            n = at + register.first
            return {register.var: Local(self.graph.const(n, "s32"), Bounds(n, n))}
        number = self.graph.cast(at, "s32")
        first = self.graph.const(register.first, "s32")
        return {register.var: Local(self.graph.add(number, first), known)}

    def _name(self, register: Register, at: int | Node | None) -> str:
        if isinstance(at, int):
            return element(register.name, register.first + at)
        return register.name

    # ---- slots

    def write_slot(
        self, slot: Slot, base: str, at: int | Node | None, value: Node, span: Span
    ) -> None:
        """A store; lanes in which the value does not fit stop."""
        place = self.slot(slot, base, at)
        value = self.graph.cast(value, place.kind)
        if slot.low is not None or slot.high is not None:
            least, most = (0, 1) if isinstance(slot.type, Bool) else _limits(slot.type)
            low = least if slot.low is None else slot.low
            high = most if slot.high is None else slot.high
            above = self.graph.const(high, place.kind)
            below = self.graph.const(low, place.kind)
            good = self.graph.and_(self.graph.le(value, above), self.graph.le(below, value))
            if not (good.const and good.value):
                self.narrowed(
                    f"m.fits({self.lanes}, {{0}}, {self.described(slot)}, {self.site(span)})", value
                )
        self.store(place, value)

    def described(self, slot: Slot) -> str:
        """A slot as the runtime knows it."""
        owner = self.names.classes[slot.root]
        return f'{owner}.SLOTS["{self.names.slots[slot.name]}"]'

    def result(self, text: str, name: str, mask: str, type: Int | Bool) -> Node:
        """A statement that gives a result, and the lanes which go on."""
        self.line(text)
        return self.gone_on(name, mask, type)

    def gone_on(self, name: str, mask: str, type: Int | Bool) -> Node:
        self.mask = mask
        self.exits["m.dead"] = None
        self.fails = True
        ones = 1 if isinstance(type, Bool) else full(kind_of(type))
        if isinstance(type, Int) and not type.signed:
            ones = type.mask
        return self.graph.make("variable", (), kind_of(type), ones, text=name, steady=False)

    def type_text(self, type: Int | Bool) -> str:
        """A type as an object of the runtime."""
        return described(type, self.about.uses)


def _limits(type: Int) -> tuple[int, int]:
    return type.least, type.greatest


def stored(register: Register) -> int:
    """The bits of a register that hold state."""
    computed = sum(f.mask for f in register.fields if f.computed)
    return register.type.mask & ~(register.res0 | register.res1 | computed)


def steady_registers(about: Written) -> frozenset[str]:
    """The registers that no sequence can write, and that are not banks."""
    return frozenset(
        r.name
        for r in about.program.registers.values()
        if str(r.access) in ("ro", "wi") and not r.banked
    )


def _ones(held: Slot | Condition) -> int:
    """The bits that can be one in a slot or a fact."""
    if isinstance(held.type, Bool):
        return 1
    if held.high is not None and (held.low is None or held.low >= 0):
        return (1 << held.high.bit_length()) - 1
    return full(kind_of(held.type)) if held.type.signed else held.type.mask
