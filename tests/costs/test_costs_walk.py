"""What is counted, construct by construct."""

from __future__ import annotations

import pytest

from dsl.costs import Cost, cost
from dsl.costs.amounts import Between, limits_of, never_more, number, variable
from dsl.costs.render import condition
from dsl.costs.variables import cells, join, satisfying, span, united, values, without
from dsl.failures import CannotRun
from dsl.resolve.workspace import Workspace

PLATFORM = """
register A : 64 at (3, 3, 15, 1, 0) at (15, 3, 15, 1, 0) for aarch32 { F [3:0] G [4] res0 [63:5] }
register W : 64 at (3, 3, 15, 2, 0)
        at (15, 3, 15, 2, 0) then (15, 3, 15, 4, 0) for aarch32 { V [63:0] }
register B<n> for n in 0..3 : 64 at (3, 3, 15, 3, n)
        at (15, 3, 15, 5, n) then (15, 3, 15, 6, n) for aarch32 { V [63:0] }
register ID : 64 ro at (3, 3, 15, 7, 0) { N [1:0] res0 [63:2] derive more = N + 1 }

context c of vcpu {
    n      : 0..3
    m      : 0..2
    limit  : u64
    s      : u64 mirrors A
    arr[4] : u64 mirrors B<n>
}
condition p, q     per machine
condition r        per vm
condition soft = s != 0 and not p per vm
condition t        per test
lock l

extern fill(vcpu)        { writes n in 0..3 ensures t implies n == 0 }
extern drain(vcpu)       { writes n ensures n == 0 }
extern poll(vcpu) -> int { reads n }
"""


def counted(body: str, more: str = "", **rest: object) -> Cost:
    workspace = Workspace()
    source = f"{PLATFORM}{more}\nsequence main(vcpu) {{\n{body}\n}}\n"
    loaded = workspace.load_text(source, "main.vgs")
    assert loaded is not None
    errors = [f for f in workspace.found.sorted() if str(f.severity) == "error"]
    assert errors == []
    if "lifecycle" not in more:
        rest["paths"] = ["main"]
    return cost(workspace.program(loaded), **rest)  # type: ignore[arg-type]


def rows(found: Cost) -> list[str]:
    """Each row: its conditions, and its reads, writes, dsb, isb."""
    told = []
    for path in found.paths:
        for row in path.rows:
            names = [
                condition(v, path.label(v.key), row.domains[v.key])
                for v in path.variables
                if v.key in row.domains
            ]
            assert row.counts is not None
            figures = [amount.show(path.label) for amount in row.counts.each[:4]]
            told.append(f"{', '.join(names)}: {' | '.join(figures)}")
    return told


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("A <- W", [": 1 | 1 | 0 | 0"]),
        ("A.F <- 1", [": 1 | 1 | 0 | 0"]),
        ("modify A { F <- 2 G <- 1 }", [": 1 | 1 | 0 | 0"]),
        ("modify s { F <- 2 G <- 1 }", [": 0 | 0 | 0 | 0"]),
        ("save s restore arr", [": 1 | 4 | 0 | 0"]),
        ("isb then dsb(sy) orders A before W", [": 0 | 0 | 1 | 1"]),
        ("holding l { A <- 0 }", [": 0 | 1 | 0 | 0"]),
        ("fill(vcpu) hypcall fill(vcpu)", [": 0 | 0 | 0 | 0"]),
        # Behind a term that decides, nothing is read.
        ("when p and A.G { W <- 0 }", ["p: 1 | 0 … 1 | 0 | 0", "not p: 0 | 0 | 0 | 0"]),
        ("when p or A.G { W <- 0 }", ["p: 0 | 1 | 0 | 0", "not p: 1 | 0 … 1 | 0 | 0"]),
        ("when p or q { W <- 0 }", ["p or q: 0 | 1 | 0 | 0", "not p, not q: 0 | 0 | 0 | 0"]),
        ("when p and r { W <- 0 }", ["not p or not r: 0 | 0 | 0 | 0", "p, r: 0 | 1 | 0 | 0"]),
        ("when p { W <- 0 } when not p { W <- 0 }", [": 0 | 1 | 0 | 0"]),
        (
            "when p { W <- 0 } else when r { W <- W }",
            ["p: 0 | 1 | 0 | 0", "not p, r: 1 | 1 | 0 | 0", "not p, not r: 0 | 0 | 0 | 0"],
        ),
        # A condition is what it is made of; its parts are asked where they must be.
        (
            "when soft { W <- 0 }",
            ["not (s != 0) or p: 0 | 0 | 0 | 0", "s != 0, not p: 0 | 1 | 0 | 0"],
        ),
        # Each test of a fact that may change is another.
        (
            "when t { W <- 0 } when t { W <- 0 }",
            [
                "t, t (2nd test): 0 | 2 | 0 | 0",
                "t, not t (2nd test): 0 | 1 | 0 | 0",
                "not t, t (2nd test): 0 | 1 | 0 | 0",
                "not t, not t (2nd test): 0 | 0 | 0 | 0",
            ],
        ),
        ("warn if A.G", [": 1 | 0 | 0 | 0"]),
        ("assert p when p { W <- 0 }", [": 0 | 1 | 0 | 0"]),
        ("when p { fail } W <- 0", [": 0 | 1 | 0 | 0"]),
        ("when p { return } W <- 0", ["p: 0 | 0 | 0 | 0", "not p: 0 | 1 | 0 | 0"]),
        (
            "block b { when p { leave b } W <- 0 } A <- 0",
            ["p: 0 | 1 | 0 | 0", "not p: 0 | 2 | 0 | 0"],
        ),
        # What is decided about memory holds until it is written.
        ("when s.G { W <- 0 } else { A <- 0 }", [": 0 | 1 | 0 | 0"]),
        ("when s.G { W <- 0 } when not s.G { W <- 0 }", [": 0 | 1 | 0 | 0"]),
        ("when s.G { W <- 0 } save s when not s.G { W <- 0 }", [": 1 | 0 … 2 | 0 | 0"]),
        ("s <- 16 when s.G { W <- 0 }", [": 0 | 1 | 0 | 0"]),
        ("let x = A when x.G { W <- 0 } when not x.G { W <- 0 }", [": 1 | 1 | 0 | 0"]),
        ("warn if every i in 0..3: (B<i> == 0)", [": 1 … 4 | 0 | 0 | 0"]),
        # Loops.
        ("each i below n { B<i> <- 0 }", [": 0 | n | 0 | 0"]),
        ("each i in 1..n { B<i> <- 0 }", [": 0 | n | 0 | 0"]),
        ("each i in n..3 { B<i> <- 0 }", [": 0 | 4 - n | 0 | 0"]),
        ("each i below n { each j below m { A <- 0 } }", [": 0 | m·n | 0 | 0"]),
        ("each i in 0..2 { when i == 1 { W <- 0 } }", [": 0 | 1 | 0 | 0"]),
        ("each i below n { when p { W <- 0 } }", ["p: 0 | n | 0 | 0", "not p: 0 | 0 | 0 | 0"]),
        ("each i below n { when arr[i].V == 0 { W <- 0 } }", [": 0 | 0 … n | 0 | 0"]),
        ("each i below n { when t { W <- 0 } }", [": 0 | 0 … n | 0 | 0"]),
        (
            "each i below n { n <- 0 W <- 0 } when n { A <- 0 }",
            [
                "n at the start = 0: 0 | 0 | 0 | 0",
                "n at the start ≥ 1, n afterwards = 0: 0 | n at the start | 0 | 0",
                "n at the start ≥ 1, n afterwards ≥ 1: 0 | 1 + n at the start | 0 | 0",
            ],
        ),
        (
            "block b { each i below n { A <- 0 when B<i> == 0 { leave b } } }",
            ["n = 0: 0 | 0 | 0 | 0", "n ≥ 1: 1 … n | 1 … n | 0 | 0"],
        ),
        ("each i below limit { A <- 0 }", [": 0 | rounds(limit) | 0 | 0"]),
        # Parameters of the platform.
        ("let x = ID.N each i below x { A <- 0 }", [": 1 | ID.N | 0 | 0"]),
        (
            "when ID.more == 2 { A <- 0 }",
            ["ID.N = 0 or 2 to 3: 1 | 0 | 0 | 0", "ID.N = 1: 1 | 1 | 0 | 0"],
        ),
        (
            "match ID.N falling { 2 { A <- 0 } 1 { A <- 0 } else { A <- 0 } }",
            ["ID.N = 0 or 3: 1 | 1 | 0 | 0", "ID.N = 1: 1 | 2 | 0 | 0", "ID.N = 2: 1 | 3 | 0 | 0"],
        ),
        # Counters.
        ("when n { W <- 0 }", ["n = 0: 0 | 0 | 0 | 0", "n ≥ 1: 0 | 1 | 0 | 0"]),
        ("when n > 1 { W <- 0 }", ["n ≤ 1: 0 | 0 | 0 | 0", "n ≥ 2: 0 | 1 | 0 | 0"]),
        ("drain(vcpu) when n { W <- 0 }", [": 0 | 0 | 0 | 0"]),
        ("fill(vcpu) when t { when n { W <- 0 } }", [": 0 | 0 | 0 | 0"]),
        ("n <- 2 each i below n { W <- 0 }", [": 0 | 2 | 0 | 0"]),
    ],
)
def test_what_a_construct_costs(body: str, said: list[str]) -> None:
    assert rows(counted(body)) == said


def test_a_split_register_is_two_accesses() -> None:
    both = ["all"]
    assert rows(counted("W <- A", architecture=both)) == [": 1 | 1 | 0 | 0", ": 1 | 2 | 0 | 0"]
    assert rows(counted("B<2> <- W", architecture=both)) == [": 1 | 1 | 0 | 0", ": 2 | 2 | 0 | 0"]
    assert rows(counted("B<2>.V <- 1", architecture=["aarch32"])) == [": 2 | 2 | 0 | 0"]
    found = counted("each i below n { B<i> <- ID }", architecture=["aarch32"])
    # ID says nothing of AArch32.
    assert rows(found) == [": n | 2·n | 0 | 0"]


LIFE = """
save out(vcpu) { when n { A <- 0 } when not t { fill(vcpu) } each i below n { save arr[i] } }
sequence leave_it(vcpu) { when n { W <- 0 } drain(vcpu) }
sequence into(vcpu) { when m > 1 { W <- 0 } fill(vcpu) }
lifecycle life {
    load { A <- 0 isb }
    each trip {
        into { into(vcpu) isb }
        others { may write m }
        either { guest { may change A } back { out(vcpu) } } or { early { dsb(sy) } }
        again { leave_it(vcpu) }
    }
}
"""


def test_paths_of_a_lifecycle() -> None:
    found = counted("A <- 0", LIFE)
    # Others write to memory at any time; that the guest has the registers ends a path.
    assert [path.path for path in found.paths] == [
        "into",
        "back + again",
        "into + early + again",
        "trip",
    ]
    (into,) = found.paths[0].rows[:1]
    # What stands in the lifecycle itself is not ours.
    assert into.counts is not None
    assert into.counts.isb == Between()


def test_a_path_begins_with_what_the_lifecycle_leaves() -> None:
    more = """
    sequence one(vcpu) { when n { W <- 0 } n <- 1 }
    sequence two(vcpu) { when n == 1 { A <- 0 } drain(vcpu) }
    lifecycle life { each trip { one { one(vcpu) } guest { may change A } two { two(vcpu) } } }
    """
    assert rows(counted("A <- 0", more)) == [
        ": 0 | 0 | 0 | 0",
        ": 0 | 1 | 0 | 0",
        ": 0 | 1 | 0 | 0",
    ]


def test_what_is_assumed_does_not_happen() -> None:
    more = 'assume apart "one or the other" { not (p and q) }\n'
    more += 'assume small "no more" { ID.N <= 1 }\n'
    assert rows(counted("when p { when q { W <- 0 } A <- 0 }", more)) == [
        "p: 0 | 1 | 0 | 0",
        "not p: 0 | 0 | 0 | 0",
    ]
    assert rows(counted("match ID.N { 0 { A <- 0 } 2 { W <- W } else {} }", more)) == [
        "ID.N = 0: 1 | 1 | 0 | 0",
        "ID.N = 1: 1 | 0 | 0 | 0",
    ]
    with pytest.raises(CannotRun, match="no machine is as --set says"):
        counted("when p { A <- 0 }", more, given={"p": 1, "q": 1})


def test_a_fact_about_tests_is_assumed_of_each() -> None:
    more = 'assume listed "what is in use is listed" { n > 0 implies not t }\n'
    assert rows(counted("when t { when n { W <- 0 } }", more)) == [": 0 | 0 | 0 | 0"]


def test_too_many_cases_are_ranges_and_too_many_configurations_an_error() -> None:
    found = counted("\n".join("when t { W <- 0 } else { A <- 0 A <- 0 }" for _ in range(12)))
    assert len(found.paths[0].rows) < 1024
    assert any("too many cases" in note for note in found.notes)
    many = "".join(f"condition c{i} per vm\n" for i in range(14))
    with pytest.raises(CannotRun, match="more than 2048 cases on one path"):
        counted("\n".join(f"when c{i} {{ W <- 0 }}" for i in range(14)), many)


def test_polynomials() -> None:
    n, m = variable("n"), variable("m")
    product = (n + number(2)) * (m - number(1))
    assert product.show(str) == "-2 + 2·m - n + m·n"
    assert product.where({"m": number(1)}) == number(0)
    assert limits_of(n * m, lambda key: (1, 3)) == (1, 9)
    assert never_more(n, n * m, lambda key: (1, 3))
    assert not never_more(n, n * m, lambda key: (0, 3))
    one, two = Between(n, n), Between(number(1), m)
    assert one.hull(two, lambda key: (1, 3)) == Between(number(1), n + m - number(1))


def test_domains() -> None:
    some = join([span(0, 2), span(3, 4), span(9, 9)])
    assert some == ((0, 4), (9, 9))
    assert without(some, span(2, 9)) == ((0, 1),)
    assert satisfying(2, -3, ">", span(0, 4)) == ((2, 4),)
    assert list(values(some)) == [0, 1, 2, 3, 4, 9]
    assert cells(span(0, 7), [span(2, 3), ((0, 0), (7, 7))]) == [
        ((0, 0), (7, 7)),
        ((1, 1), (4, 6)),
        ((2, 3),),
    ]
    assert united([(span(0, 0), span(1, 1)), (span(1, 1), span(1, 1))]) == [
        (span(0, 1), span(1, 1))
    ]
