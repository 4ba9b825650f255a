"""Lists of operations as Python: what nobody uses is left out, and buffers are used again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dsl.backends.batch.items import (
    Block,
    Item,
    Line,
    Op,
    Store,
    drop,
    operands,
    prune,
    same_place,
    words,
)
from dsl.backends.batch.nodes import Kind, Node
from dsl.backends.batch.sinking import sink
from dsl.backends.python.writer import Writer

#: The function of NumPy for each operation that can be told where to put its result.
UFUNCS = {
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "not": "logical_not",
    "left": "left_shift",
    "right": "right_shift",
    "shl": "left_shift",
    "shr": "right_shift",
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
}
#: Those whose result can go where it is stored at once.
FUSED = (*UFUNCS, "cast")
#: The elements of arrays, as NumPy calls them.
DTYPES = {"b": "bool_"} | {
    f"{s}{w}": f"{'u' * (s == 'u')}int{w}" for s in "us" for w in (8, 16, 32, 64)
}


@dataclass(slots=True)
class _Reach:
    """Where a node is made, and where it is used for the last time."""

    made: int
    last: int = -1


class Listing:
    """Writes one function's list.

    ``constant`` names a number, and ``base`` are the buffers, by kind, that the functions which
    this one calls have in use.
    """

    def __init__(
        self,
        items: list[Item],
        constant: Callable[[int, Kind], str],
        base: dict[Kind, int],
    ) -> None:
        self.items = items
        self.constant = constant
        self.base = base
        self.used: dict[Node, int] = {}
        self.reach: dict[Node, _Reach] = {}
        self.names: dict[Node, str] = {}
        self.into: dict[Node, Store] = {}
        self.free: dict[Kind, list[str]] = {}
        #: The nodes that are in buffers now.
        self.live: set[Node] = set()
        #: How many buffers of each kind are needed.
        self.buffers: dict[Kind, int] = {}
        self._counted = 0
        while prune(items, set(words(items))):
            pass
        self._mark(items)
        drop(items, self.used)
        sink(items)
        self._measure(items, [])
        self._fuse(items)
        self._order = 0

    # ---- what is needed

    def _mark(self, items: list[Item]) -> None:
        for item in reversed(items):
            if isinstance(item, Block):
                self._mark(item.body)
            if not isinstance(item, Op) or item.node in self.used:
                for node in operands(item):
                    self.used[node] = self.used.get(node, 0) + 1

    def _measure(self, items: list[Item], loops: list[tuple[int, int]]) -> None:
        """Positions of all items; a use in a loop of what was made before counts at its end."""
        for item in items:
            here = self._counted
            self._counted += 1
            if isinstance(item, Op):
                if item.node not in self.used:
                    continue
                self.reach[item.node] = _Reach(here)
            inside = list(loops)
            if isinstance(item, Block) and item.loop:
                inside.append((here, here + self._length(item)))
            for node in operands(item):
                found = self.reach.get(node)
                if found is not None:
                    ends = [end for start, end in inside if found.made < start]
                    found.last = max(found.last, here, *ends)
            if isinstance(item, Block):
                self._measure(item.body, inside)

    def _length(self, block: Block) -> int:
        return sum(1 + (self._length(i) if isinstance(i, Block) else 0) for i in block.body)

    def _fuse(self, items: list[Item]) -> None:
        """Lets a value that is only stored be calculated where it is stored."""
        made: dict[Node, int] = {}
        for here, item in enumerate(items):
            match item:
                case Op(node=node) if node.op in FUSED and not node.steady:
                    made[node] = here
                case Store(text=text, index=None, value=value) if (
                    value in made and self.used[value] == 1
                ):
                    between = items[made[value] + 1 : here]
                    if not any(self._touches(i, text) for i in between):
                        self.into[value] = item
                case Block(body=body):
                    self._fuse(body)
                case _:
                    pass

    def _touches(self, item: Item, text: str) -> bool:
        match item:
            case Op(node=node):
                if node not in self.used:
                    return False
                around = (node, *node.args) if node.kept or node.op == "pick" else node.args
                return any(same_place(n.text, text) for n in around)
            case Store(text=other):
                return same_place(other, text)
            case _:
                return True

    # ---- text

    def write(self, writer: Writer) -> None:
        self._order = 0
        self._write(writer, self.items)

    def _write(self, writer: Writer, items: list[Item]) -> None:
        for item in items:
            here = self._order
            self._order += 1
            match item:
                case Op(node=node):
                    if node in self.used:
                        self._operation(writer, node, here)
                    continue
                case Line(text=text, nodes=nodes, name=name):
                    writer.line(f"{name} = " * bool(name) + self._filled(text, nodes))
                case Store():
                    self._store(writer, item)
                case Block(head=head, nodes=nodes, body=body):
                    with writer.block(self._filled(head, nodes)):
                        self._write(writer, body)
                    ended = [n for n, r in self.reach.items() if r.last == self._order - 1]
                    self._release(self._order - 1, tuple(ended))
            self._release(here, operands(item))

    def _filled(self, text: str, nodes: tuple[Node, ...]) -> str:
        return text.format(*(self.text(n) for n in nodes)) if nodes else text

    def _store(self, writer: Writer, store: Store) -> None:
        if self.into.get(store.value) is store:
            return
        value = self.text(store.value)
        if store.index is not None:
            index = self.text(store.index)
            writer.line(f"masks.place({store.text}, {index}, {store.mask or 'True'}, {value})")
        elif store.mask is None:
            writer.line(f"np.copyto({store.text}, {value})")
        else:
            writer.line(f"masks.put({store.text}, {store.mask}, {value})")

    def _operation(self, writer: Writer, node: Node, here: int) -> None:
        match node.op:
            case "const" | "variable":
                return
            case "load" if not node.kept and not node.steady:
                return
        args = [self.text(a) for a in node.args]
        self._release(here, node.args)
        if node.op in ("left", "right"):
            args.append(self.constant(node.value, node.kind))
        text, buffered = self._right_side(node, args)
        if node in self.into:
            self._in_place(writer, node, text, self.into[node])
            return
        if buffered:
            writer.line(text.replace("OUT", self._buffer(node)))
            return
        name = f"x{len(self.names)}"
        self.names[node] = name
        writer.line(f"{name} = {text}")

    def _in_place(self, writer: Writer, node: Node, text: str, store: Store) -> None:
        """An operation whose result goes to a place at once, where all lanes agree to it."""
        if store.mask is None:
            writer.line(text.replace("OUT", store.text))
            return
        out = self._buffer(node)
        here, name = f"p{self._order}", f"y{self._order}"
        writer.line(f"{here} = {store.text}")
        writer.line(f"{name} = masks.into({here}, {store.mask}, {out})")
        writer.line(text.replace("OUT", name))
        writer.line(f"masks.put({here}, {store.mask}, {name})")
        self.live.remove(node)
        self.free[node.kind].append(out)

    def _right_side(self, node: Node, args: list[str]) -> tuple[str, bool]:
        """The code of a node, and whether it puts its result into a buffer."""
        buffered = not node.steady
        match node.op:
            case "load" if node.kept and buffered:
                return f"np.copyto(OUT, {node.text})", True
            case "load":
                return (f"{node.text}.copy()" if node.kept else node.text), False
            case "pick":
                text = f"masks.pick({node.text}, {args[0]})"
                return (f"{text}.copy()" if node.kept else text), False
            case "where":
                return f"np.where({', '.join(args)})", False
            case "cast" if buffered:
                return f'np.copyto(OUT, {args[0]}, "unsafe")', True
            case "cast":
                return f"{args[0]}.astype(np.{DTYPES[node.kind]})", False
            case _:
                out = ["OUT"] if buffered else []
                return f"np.{UFUNCS[node.op]}({', '.join([*args, *out])})", buffered

    def text(self, node: Node) -> str:
        """A node as an operand."""
        match node.op:
            case "const":
                return self.constant(node.value, node.kind)
            case "variable":
                return node.text
            case "load" if not node.kept and not node.steady:
                return node.text
            case _:
                return self.names[node]

    # ---- buffers

    def _buffer(self, node: Node) -> str:
        spare = self.free.setdefault(node.kind, [])
        if spare:
            name = spare.pop()
        else:
            name = self.fresh(node.kind)
        self.names[node] = name
        self.live.add(node)
        return name

    def fresh(self, kind: Kind) -> str:
        """The name of one more buffer."""
        count = self.buffers.get(kind, 0)
        self.buffers[kind] = count + 1
        return f"{kind}_{self.base.get(kind, 0) + count}"

    def _release(self, here: int, nodes: tuple[Node, ...]) -> None:
        for node in dict.fromkeys(nodes):
            reach = self.reach.get(node)
            if reach is None or reach.last != here or node not in self.live:
                continue
            self.live.remove(node)
            self.free[node.kind].append(self.names[node])
