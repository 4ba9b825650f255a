"""Programs made at random cost what they are said to cost, whatever the machine is like."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from dsl.backends.python import emit
from dsl.costs import PathCost, cost
from dsl.costs.amounts import COUNTED, limits_of, number
from dsl.costs.variables import Kind as What
from dsl.costs.variables import ends, meet, span
from dsl.machine import Kind, load_simulator
from dsl.resolve.workspace import Workspace

PLATFORM = """
register A : 64 at (3, 3, 15, 1, 0) { F [3:0] G [4] res0 [63:5] }
register B<n> for n in 0..3 : 64 at (3, 3, 15, 2, n) { V [63:0] }
register ID : 64 ro at (3, 3, 15, 3, 0) { N [1:0] M [2] res0 [63:3] }

context c of vcpu {
    n      : 0..3
    k      : 0..2
    s      : u64 mirrors A
    arr[4] : u64 mirrors B<n>
}

condition p           per machine
condition q           per vm
condition level : 1..3 per vm
condition t           per test
condition d = s.G     per trip
condition e = n > 1 or p per test

extern fill(vcpu)       { writes n in 1..2 }
extern drain(vcpu)      { writes n, s ensures n == 0 }
extern poll(vcpu) -> int { reads n }

sequence helper(vcpu, x : u64) -> int {
    when x == 2 { return 1 }
    A <- x
    when q { return 0 }
    isb orders A before reads of B<0>
    return 1
}
"""

ATOMS = [
    "p", "q", "t", "d", "e", "n", "k", "n > 1", "n == k", "n + k > 2", "level > 1", "level == 2",
    "A.G", "A.F == 1", "s.G", "s.F < 2", "ID.M", "ID.N == 2", "ID.N > n", "arr[1] == 0",
    "helper(vcpu, n) == 1", "helper(vcpu, 2) == 0", "every m in 0..1: (B<m> == 0)",
    "every m in 0..2: (p)",
]  # fmt: skip
STEPS = [
    "A <- 0", "A.F <- 1", "save s", "restore s", "restore arr", "B<2> <- A", "s <- 0", "s.G <- 1",
    "n <- 1", "n <- ID.N", "k <- 0", "fill(vcpu)", "drain(vcpu)", "hypcall fill(vcpu)",
    "dsb(sy) orders A before reads of A", "isb then dmb(ish) orders A before reads of A",
    "modify A { F <- 2 G <- 1 }", "warn if A.G", "warn if poll(vcpu)",
    "warn if helper(vcpu, k) != 0",
]  # fmt: skip

conditions = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or", "implies"]), inner),
    ),
    max_leaves=3,
)


@st.composite
def blocks(draw: Any, depth: int, labels: tuple[str, ...] = (), loops: int = 0) -> str:
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 8 if depth else 2))
        inner = blocks(depth - 1, labels, loops) if depth else st.just("")
        rounds = blocks(depth - 1, labels, loops + 1) if depth else st.just("")
        match kind:
            case 0 | 1 | 2:
                lines.append(draw(st.sampled_from(STEPS)))
            case 3 | 4:
                lines.append(f"when {draw(conditions)} {{ {draw(inner)} }}")
                if draw(st.booleans()):
                    lines.append(f"else {{ {draw(inner)} }}")
            case 5:
                name = f"i{loops}"
                high = draw(
                    st.sampled_from(["below n", "below k", "in 0..2", "in n..3", "in 1..n"])
                )
                extra = draw(
                    st.sampled_from(["", f"B<{name}> <- 1", f"when arr[{name}] {{ A <- 1 }}"])
                )
                lines.append(f"each {name} {high} {{ {extra} {draw(rounds)} }}")
            case 6:
                value = draw(st.sampled_from(["n", "ID.N", "A.F", "level"]))
                falling = draw(st.sampled_from(["", "falling"]))
                parts = " ".join(f"{i} {{ {draw(inner)} }}" for i in (2, 1))
                lines.append(f"match {value} {falling} {{ {parts} else {{ {draw(inner)} }} }}")
            case 7:
                label = f"b{len(labels)}"
                body = draw(blocks(depth - 1, (*labels, label), loops))
                lines.append(
                    f"block {label} {{ when {draw(conditions)} {{ leave {label} }} {body} }}"
                )
            case _:
                jump = draw(st.sampled_from(["return", *(f"leave {label}" for label in labels)]))
                lines.append(f"when {draw(conditions)} {{ {draw(inner)} {jump} }}")
    return "\n".join(lines)


def counted(trace: list[Any]) -> tuple[int, ...]:
    found = dict.fromkeys(COUNTED, 0)
    for event in trace:
        if event.kind is Kind.BARRIER:
            found[event.what[:3]] += 1
        elif event.kind in (Kind.READ, Kind.WRITE):
            found[f"{event.kind}s"] += 1
    return tuple(found.values())


def run(sim: Any, dice: random.Random) -> tuple[dict[str, int], tuple[int, ...]]:
    """One run on a machine that is made at random: what is known of it, and what it counts."""
    known = {name: dice.randint(0, 1) for name in "pq"}
    known |= {"level": dice.randint(1, 3), "n": dice.randint(0, 3), "k": dice.randint(0, 2)}
    parameters = dice.randint(0, 7)
    known |= {"ID.N": parameters & 3, "ID.M": parameters >> 2}
    known["d"] = known["e"] = -1

    def drain(m: Any, v: Any) -> None:
        v.n, v.s = 0, dice.randint(0, 31)

    m = sim.Machine(
        sim.MachineFacts(p=bool(known["p"])),
        externs={
            "fill": lambda m, v: setattr(v, "n", dice.randint(1, 2)),
            "drain": drain,
            "poll": lambda m, v: dice.randint(0, 1),
        },
    )
    m.poke(sim.ID, parameters)
    m.poke(sim.A, dice.randint(0, 31))
    for i in range(4):
        m.poke(m.registers[f"B{i}"], dice.randint(0, 1))
    v = sim.Vcpu(n=known["n"], k=known["k"], s=dice.randint(0, 31))
    v.facts.q, v.facts.level = bool(known["q"]), known["level"]
    v.facts.t = lambda: bool(dice.randint(0, 1))
    sim.main(m, v)
    return known, counted(m.trace)


def rows(path: PathCost, known: dict[str, int]) -> list[list[tuple[int, int]]]:
    """The ranges of each row that a machine is in."""
    found = []
    for row in path.rows:
        domains = {v.key: row.domains.get(v.key, v.domain) for v in path.variables}
        values = {}
        possible = True
        for v in path.variables:
            if v.parts:
                ways = [known.get(part.name, so) == so for part, so in v.parts]
                sure = all(known.get(part.name, -1) >= 0 for part, _ in v.parts)
                if sure and not meet(domains[v.key], span(int(any(ways)), int(any(ways)))):
                    possible = False
            elif known.get(v.name, -1) >= 0 and (v.start or v.kind is not What.COUNTER):
                value = known[v.name]
                possible = possible and bool(meet(domains[v.key], span(value, value)))
                values[v.key] = number(value)
        if possible and row.counts is not None:
            limits = {key: ends(domain) for key, domain in domains.items()}
            each = [amount.where(values) for amount in row.counts.each]
            found.append(
                [
                    (
                        limits_of(a.low, limits.__getitem__)[0],
                        limits_of(a.high, limits.__getitem__)[1],
                    )
                    for a in each
                ]
            )
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=blocks(2), seed=st.integers(0, 1 << 30))
def test_what_is_said_holds(body: str, seed: int) -> None:
    source = f"{PLATFORM}\nsequence main(vcpu) {{\n{body}\n}}\n"
    note(source)
    workspace = Workspace()
    loaded = workspace.load_text(source, "random.vgs")
    assert loaded is not None
    if any(str(f.severity) == "error" for f in workspace.found.sorted()):
        # A statement behind one that always jumps, say.
        return
    program = workspace.program(loaded)
    (path,) = cost(program, paths=["main"]).paths
    sim = load_simulator(emit(program), "random")
    dice = random.Random(seed)
    for _ in range(30):
        known, count = run(sim, dice)
        said = rows(path, known)
        assert any(
            all(low <= n <= high for n, (low, high) in zip(count, row, strict=True)) for row in said
        ), (known, dict(zip(COUNTED, count, strict=True)), said)
