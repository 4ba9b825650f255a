"""The graph makes operations simpler and never different: random ones against plain arithmetic."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.backends.batch.nodes import Graph, Node, full, number, width

KINDS = ("b", "u8", "u32", "u64", "s32", "s64")
LEAVES = 4


def plain(op: str, kind: str, *args: int, value: int = 0) -> int:
    """What an operation gives for patterns of bits of a kind; a comparison's are its operands'."""
    numbers = [number(a, kind) for a in args]
    match op:
        case "and":
            made = args[0] & args[1]
        case "or":
            made = args[0] | args[1]
        case "xor":
            made = args[0] ^ args[1]
        case "add":
            made = args[0] + args[1]
        case "sub":
            made = args[0] - args[1]
        case "mul":
            made = args[0] * args[1]
        case "left":
            made = args[0] << value
        case "right":
            made = numbers[0] >> value
        case "shl":
            made = args[0] << args[1] if args[1] < width(kind) else 0
        case "shr":
            made = numbers[0] >> args[1] if args[1] < width(kind) else 0
        case "eq":
            return int(args[0] == args[1])
        case "ne":
            return int(args[0] != args[1])
        case "lt":
            return int(numbers[0] < numbers[1])
        case "le":
            return int(numbers[0] <= numbers[1])
        case "not":
            return 1 - args[0]
        case "where":
            made = args[1] if args[0] else args[2]
        case _:
            raise AssertionError(op)
    return made & full(kind)


def evaluated(node: Node, leaves: dict[str, int]) -> int:
    """What the graph made of it."""
    match node.op:
        case "const":
            return node.value
        case "load":
            return leaves[node.text]
    args = [evaluated(a, leaves) for a in node.args]
    if node.op == "cast":
        return number(args[0], node.args[0].kind) & full(node.kind)
    kind = node.args[0].kind if node.op in ("eq", "ne", "lt", "le") else node.kind
    return plain(node.op, kind, *args, value=node.value)


class Pairs:
    """Random operations, each as a node and as the bits that it is."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.graph = Graph(lambda node: None, lambda node: None)
        self.leaves: dict[str, int] = {}
        self.made: dict[str, list[tuple[Node, int]]] = {kind: [] for kind in KINDS}
        for kind in KINDS:
            for i in range(LEAVES):
                ones = full(kind) & (self.bits(kind) if self.random.random() < 0.5 else -1)
                name = f"{kind} {i}"
                self.leaves[name] = self.bits(kind) & ones
                node = self.graph.make("load", (), kind, ones, text=name, steady=i == 0)
                self.made[kind].append((node, self.leaves[name]))

    def bits(self, kind: str) -> int:
        shape = self.random.choice((0, 1, -1, 0xFF, 0xFF00, 1 << (width(kind) - 1)))
        return (self.random.getrandbits(64) if self.random.random() < 0.5 else shape) & full(kind)

    def pick(self, kind: str) -> tuple[Node, int]:
        if self.random.random() < 0.3:
            value = self.bits(kind)
            return self.graph.const(value, kind), value
        # The latest ones are the deepest.
        return self.random.choice(self.made[kind][-6:])

    def step(self) -> tuple[str, Node, int]:
        graph, chance = self.graph, self.random
        kind = chance.choice(KINDS)
        (x, a), (y, b) = self.pick(kind), self.pick(kind)
        by = chance.choice((0, 1, 3, 4, 8, 31, width(kind) - 1, width(kind)))
        ops = ["and", "or", "xor", "eq", "where", "cast", "cast", "cast"]
        ops += ["not"] if kind == "b" else ["left", "right"] * 2 + ["add", "sub", "mul", "lt", "le"]
        match chance.choice(ops):
            case "left":
                return kind, graph.left(x, by), plain("left", kind, a, value=by)
            case "right":
                return kind, graph.right(x, by), plain("right", kind, a, value=by)
            case "not":
                return kind, graph.not_(x), 1 - a
            case "where":
                c, holds = self.pick("b")
                return kind, graph.where(c, x, y), a if holds else b
            case "cast":
                to = chance.choice([k for k in KINDS if k != "b"])
                return to, graph.cast(x, to), number(a, kind) & full(to)
            case "eq" | "lt" | "le" as op:
                return "b", getattr(graph, op)(x, y), plain(op, kind, a, b)
            case op:
                name = op + "_" * (op in ("and", "or"))
                return kind, getattr(graph, name)(x, y), plain(op, kind, a, b)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 1 << 40))
def test_what_is_made_simpler_stays_the_same(seed: int) -> None:
    pairs = Pairs(seed)
    for _ in range(80):
        kind, node, bits = pairs.step()
        assert node.kind == kind
        assert evaluated(node, pairs.leaves) == bits
        assert not bits & ~node.ones
        pairs.made[kind].append((node, bits))


def test_a_field_is_asked_where_its_bits_come_from() -> None:
    graph = Graph(lambda node: None, lambda node: None)
    v = graph.make("load", (), "u64", text="v")
    state = graph.and_(graph.right(v, 62), graph.const(3, "u64"))
    asked = graph.eq(graph.cast(state, "u8"), graph.const(2, "u8"))
    assert (asked.op, asked.args[1].value) == ("eq", 2 << 62)
    assert (asked.args[0].op, asked.args[0].args[0], asked.args[0].args[1].value) == (
        "and",
        v,
        3 << 62,
    )
    moved = graph.left(graph.cast(graph.cast(graph.right(v, 48), "u8"), "u64"), 48)
    assert (moved.op, moved.args[0], moved.args[1].value) == ("and", v, 0xFF << 48)


def test_masks_of_one_value_become_one_mask() -> None:
    graph = Graph(lambda node: None, lambda node: None)
    v = graph.make("load", (), "u32", text="v")
    parts = [graph.and_(v, graph.const(mask, "u32")) for mask in (0xFF, 0xFF0)]
    both = graph.or_(*parts)
    assert (both.op, both.args[0], both.args[1].value) == ("and", v, 0xFFF)
