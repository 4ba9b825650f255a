"""Where a batch function is while it is written: places and their versions, masks, ways out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dsl.backends.batch.items import Block, Item, Line, Op, Store
from dsl.backends.batch.listing import DTYPES
from dsl.backends.batch.nodes import Graph, Kind, Node, number
from dsl.backends.python.names import Names, Taken
from dsl.diagnostics.text import TooDeep
from dsl.failures import HasErrors
from dsl.ir.bounds import Bounds
from dsl.ir.program import Program
from dsl.source import Span

#: CPython refuses more than 20 loops inside each other, and 100 levels of indentation.
_LOOPS = 20
_INDENTED = 95


@dataclass(frozen=True, slots=True)
class Place:
    """Something that holds lanes: a register, an element of a bank, a slot, a fact, a local.

    ``family`` is what it is one of: stores to others of another family leave it alone.  ``index``
    is an element's number, a node where it differs, or None.
    """

    text: str
    family: str
    kind: Kind
    ones: int
    index: int | Node | None = None
    steady: bool = False

    @property
    def key(self) -> tuple[str, object]:
        return self.family, "any" if isinstance(self.index, Node) else self.index

    @property
    def array(self) -> str:
        return f"{self.text}[{self.index}]" if isinstance(self.index, int) else self.text


@dataclass(slots=True)
class Local:
    """A variable of the source: a node, or a place where it gets other values; what it can be."""

    held: Node | Place
    bounds: Bounds | None = None


@dataclass(slots=True)
class Written:
    """What is known of all functions."""

    program: Program
    names: Names
    #: The functions that can stop a lane, and the buffers that each has in use, callees included.
    failing: set[str] = field(default_factory=set)
    buffers: dict[str, dict[Kind, int]] = field(default_factory=dict)
    constants: dict[tuple[int, Kind], str] = field(default_factory=dict)
    #: What the module imports of the runtime.
    uses: set[str] = field(default_factory=set)
    #: The functions that do what sequences do in the lanes of a mask, by sequence.
    inner: dict[str, str] = field(default_factory=dict)

    def constant(self, pattern: int, kind: Kind) -> str:
        """What the module calls a number: `U64_FF`, `S32_M1`."""
        if (pattern, kind) not in self.constants:
            value = number(pattern, kind)
            name = f"{kind.upper()}_{'M' if value < 0 else ''}{abs(value):X}"
            self.constants[pattern, kind] = self.names.taken.add(name)
        return self.constants[pattern, kind]


class Flow:
    """The state of one function that is being written."""

    def __init__(self, about: Written) -> None:
        self.about = about
        self.program = about.program
        self.names = about.names
        self.graph = Graph(lambda node: self.items.append(Op(node)), self._use)
        self.items: list[Item] = []
        #: The variable that holds the mask of the lanes at hand; None for all of them.
        self.mask: str | None = None
        #: The variables that hold lanes which have gone elsewhere since the block began.
        self.exits: dict[str, None] = {}
        self.depth = 0
        self.loops = 0
        self.taken = Taken({*about.names.taken, "m", "w"})
        self.variables: list[tuple[str, Kind]] = []
        self.callees: set[str] = set()
        self.fails = False
        #: In the arms of a choice between values: what the places would hold.
        self.chosen: dict[tuple[str, object], tuple[Place, Node]] | None = None
        self._count = 0
        self._stamps: dict[tuple[str, object], int] = {}
        self._known: dict[tuple[str, object], tuple[int, Node]] = {}
        self._bits: dict[tuple[str, object], tuple[int, int]] = {}

    # ---- text

    def line(self, text: str, *nodes: Node) -> None:
        for node in nodes:
            self._use(node)
        self.items.append(Line(text, nodes))

    def fresh(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    @property
    def lanes(self) -> str:
        """The mask as an argument."""
        return self.mask or "True"

    # ---- places

    def _stamp(self, place: tuple[str, object]) -> int:
        family, index = place
        if index == "any":
            return self._stamps.get((family, "any"), 0)
        return max(self._stamps.get(place, 0), self._stamps.get((family, "all"), 0))

    def _use(self, node: Node) -> None:
        if node.place is not None and self._stamp(node.place) != node.stamp:
            node.kept = True

    def load(self, place: Place) -> Node:
        """What a place holds."""
        key = place.text, place.index
        if self.chosen is not None and key in self.chosen:
            return self.chosen[key][1]
        stamp = self._stamp(place.key)
        known, node = self._known.get(key, (-1, None))
        if node is not None and known == stamp:
            return node
        since, ones = self._bits.get(key, (-1, 0))
        bits = ones if since == stamp else place.ones
        if isinstance(place.index, Node):
            return self.graph.make(
                "pick",
                (place.index,),
                place.kind,
                bits,
                text=place.text,
                place=place.key,
                stamp=stamp,
                steady=place.steady,
            )
        return self.graph.make(
            "load",
            (),
            place.kind,
            bits,
            text=place.array,
            place=place.key,
            stamp=stamp,
            steady=place.steady,
        )

    def store(self, place: Place, value: Node) -> None:
        """Gives a place another value in the lanes at hand."""
        key = place.text, place.index
        if self.chosen is not None:
            self.chosen[key] = place, value
            return
        self._use(value)
        index = place.index if isinstance(place.index, Node) else None
        if index is not None:
            self._use(index)
        self.items.append(Store(place.array, index, value, self.mask))
        stamp = self._touch(place.family, place.key[1])
        if value.const or value.steady:
            self._known[key] = stamp, value
        else:
            self._bits[key] = stamp, value.ones

    def _touch(self, family: str, index: object) -> int:
        self._count += 1
        self._stamps[family, "any"] = self._count
        self._stamps[family, "all" if index == "any" else index] = self._count
        return self._count

    def forget(self, families: set[str] | None = None) -> None:
        """Somebody else may have stored to these places; to all but locals, where none are told."""
        if families is None:
            families = {*self.program.registers, *map(slot_family, self.program.slots)}
            families |= set(map(fact_family, self.program.conditions))
        for family in families:
            self._touch(family, "any")

    def variable(self, wanted: str, kind: Kind) -> Place:
        """A local of the function that gets values of its own."""
        name = self.taken.add(_other(wanted))
        self.variables.append((name, kind))
        return Place(name, name, kind, (1 << (1 if kind == "b" else int(kind[1:]))) - 1)

    # ---- masks and ways out

    def narrowed(self, text: str, *nodes: Node) -> None:
        """A statement that gives the lanes which go on."""
        name = self.fresh("w")
        self.line(f"{name} = {text}", *nodes)
        self.mask = name
        self.exits["m.dead"] = None
        self.fails = True

    def mask_of(self, how: str, condition: Node) -> str:
        """A new mask: ``only`` the lanes in which a condition holds, or the ``other`` ones."""
        key = ("mask", how, self.lanes, id(condition))
        for table in self.graph.tables:
            if key in table:
                return table[key].text
        name = self.fresh("w")
        self._use(condition)
        self.items.append(Line(f"masks.{how}({self.lanes}, {{0}})", (condition,), name))
        held = Node("mask", (condition,), "b", 1, False, text=name)
        self.graph.tables[-1][key] = held
        return name

    @contextmanager
    def branch(self, mask: str) -> Iterator[None]:
        """The lanes of a mask do something on their own; use it inside of `apart`."""
        block = Block(f"if {mask} is not False:", (), False)
        with self._inside(block, mask):
            yield

    @contextmanager
    def _inside(self, block: Block, mask: str) -> Iterator[None]:
        outer, before = self.items, self.mask
        outer.append(block)
        self.items, self.mask = block.body, mask
        self.graph.tables.append({})
        self.depth += 1
        yield
        self.depth -= 1
        self.graph.tables.pop()
        self.items, self.mask = outer, before

    @contextmanager
    def apart(self) -> Iterator[Iterator[None]]:
        """Around branches for different lanes: what each changes, the others do not see.

        Afterwards the mask is that of before, less the lanes that have gone elsewhere.
        """
        before, start = self.mask, dict(self._stamps)
        exits, self.exits = self.exits, {}
        changed: set[tuple[str, object]] = set()

        def between() -> Iterator[None]:
            while True:
                changed.update(k for k, v in self._stamps.items() if start.get(k) != v)
                self._stamps = dict(start)
                yield

        # What is calculated between the branches holds for the lanes that are left, and only there.
        self.graph.tables.append({})
        yield between()
        self.graph.tables.pop()
        changed.update(k for k, v in self._stamps.items() if start.get(k) != v)
        self._stamps = start
        self._outdate(changed)
        self.mask = before
        self.leave_out(exits)

    def _outdate(self, changed: Iterable[tuple[str, object]]) -> None:
        for key in changed:
            self._count += 1
            self._stamps[key] = self._count

    @contextmanager
    def landing(self) -> Iterator[None]:
        """Around what not all lanes come to the end of: it is not known who stored what."""
        start = dict(self._stamps)
        yield
        self._outdate([k for k, v in self._stamps.items() if start.get(k) != v])

    def leave_out(self, before: dict[str, None]) -> None:
        """The lanes that have gone elsewhere leave the mask; ``before`` were ways out already."""
        gone = self.exits
        self.exits = {**before, **gone}
        if gone:
            name = self.fresh("w")
            self.items.append(Line(f"masks.minus({self.lanes}, {', '.join(gone)})", (), name))
            self.mask = name

    def leave_by(self, gone: str) -> None:
        """All lanes at hand go by a way out."""
        self.line(f"{gone} = masks.either({gone}, {self.lanes})")
        self.exits[gone] = None

    @contextmanager
    def rounds(
        self,
        var: str,
        ends: tuple[Node, Node],
        inclusive: bool,
        kind: Kind,
        families: set[str],
        span: Span,
    ) -> Iterator[Node]:
        """A loop; gives its counter.  ``families`` are what its body may store to."""
        self.loops += 1
        if self.loops > _LOOPS:
            what = f"more than {_LOOPS} loops inside each other cannot be simulated"
            raise HasErrors([TooDeep(span, what)])
        name = self.taken.add(_other(var))
        every, mask = self.fresh("w"), self.fresh("w")
        self.forget(families)
        for end in ends:
            self._use(end)
        exits, self.exits = self.exits, {}
        head = f"masks.rounds({self.lanes}, {{0}}, {{1}}, {inclusive}, np.{DTYPES[kind]})"
        block = Block("", ends, True)
        with self.landing(), self._inside(block, mask):
            self._count += 1
            counter = self.graph.make(
                "variable", (), kind, text=name, stamp=self._count, steady=True
            )
            yield counter
        if self.exits:
            stop = Block(f"if {mask} is False:", (), False, [Line("continue")])
            block.body[:0] = [
                Line(f"masks.minus({every}, {', '.join(self.exits)})", (), mask),
                stop,
            ]
        else:
            every = mask
        block.head = f"for {name}, {every} in {head}:"
        self.loops -= 1
        self.leave_out(exits)

    def not_too_deep(self, span: Span) -> None:
        """Raises `HasErrors` where Python would not take another block."""
        if self.depth > _INDENTED:
            what = f"more than {_INDENTED} statements inside each other cannot be simulated"
            raise HasErrors([TooDeep(span, what)])


def slot_family(name: str) -> str:
    return f"slot {name}"


def fact_family(name: str) -> str:
    return f"fact {name}"


def _other(name: str) -> str:
    """A name that none of the writer's own can be: those are letters and numbers."""
    return f"{name}_" if any(c.isdigit() for c in name) else name
