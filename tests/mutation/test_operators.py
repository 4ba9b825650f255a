"""Each operator: what it makes of a small sequence, all of it."""

import re
from pathlib import Path

import pytest

from dsl.mutation.mutants import mutants
from dsl.mutation.operators import OPERATORS
from dsl.source import Span
from tests.mutation.small import bodies, body, made, program

DOCS = Path(__file__).parents[2] / "docs" / "mutate.md"


LOOP = "each i below used {"
TWICE = "each j in 1..2 { restore lim[j] }"
ONCE = "each i below used { restore cmp[i] }"
WITH = "CTL <- ctl with MASK = 1"


@pytest.mark.parametrize(
    ("operator", "text", "changed"),
    [
        pytest.param(
            "delete",
            "restore ctl, cmp[0] when vhe { modify CTL { MASK <- 1 ENABLE <- 1 } }",
            [
                "when vhe { modify CTL { MASK <- 1 ENABLE <- 1 } }",
                "restore cmp[0] when vhe { modify CTL { MASK <- 1 ENABLE <- 1 } }",
                "restore ctl when vhe { modify CTL { MASK <- 1 ENABLE <- 1 } }",
                "restore ctl, cmp[0]",
                "restore ctl, cmp[0] when vhe { modify CTL { ENABLE <- 1 } }",
                "restore ctl, cmp[0] when vhe { modify CTL { MASK <- 1 } }",
            ],
            id="delete",
        ),
        pytest.param(
            "swap",
            "restore ctl, cmp[0] when vhe { CTL <- 0 return }",
            [
                "when vhe { CTL <- 0 return } restore ctl, cmp[0]",
                "restore cmp[0], ctl when vhe { CTL <- 0 return }",
            ],
            id="swap",
        ),
        pytest.param(
            "negate",
            "when vhe and not open { CTL <- 0 } warn if used > 3",
            [
                "when (not (vhe and not open)) { CTL <- 0 } warn if used > 3",
                "when (not (vhe)) and not open { CTL <- 0 } warn if used > 3",
                "when vhe and not (not (open)) { CTL <- 0 } warn if used > 3",
                "when vhe and not open { CTL <- 0 } warn if (not (used > 3))",
            ],
            id="negate",
        ),
        pytest.param(
            "widen",
            "when vhe and used < 3 { CTL <- 0 } else when open { CTL <- 1 }",
            [
                "when 1 { CTL <- 0 } else when open { CTL <- 1 }",
                "when vhe and used < 3 { CTL <- 0 } else when 1 { CTL <- 1 }",
                "when (vhe) { CTL <- 0 } else when open { CTL <- 1 }",
                "when (used < 3) { CTL <- 0 } else when open { CTL <- 1 }",
                "when vhe and (used) <= (3) { CTL <- 0 } else when open { CTL <- 1 }",
            ],
            id="widen",
        ),
        pytest.param(
            "constant",
            "modify CTL { PRIO <- 1 MODE <- busy }",
            [
                "modify CTL { PRIO <- 2 MODE <- busy }",
                "modify CTL { PRIO <- 0 MODE <- busy }",
                "modify CTL { PRIO <- 15 MODE <- busy }",
                "modify CTL { PRIO <- 3 MODE <- busy }",
                "modify CTL { PRIO <- 5 MODE <- busy }",
                "modify CTL { PRIO <- 9 MODE <- busy }",
                "modify CTL { PRIO <- 1 MODE <- idle }",
                "modify CTL { PRIO <- 1 MODE <- auto }",
            ],
            id="constants of their field",
        ),
        pytest.param(
            "constant",
            "CMP<0> <- LINES",
            ["CMP<0> <- (LINES + 1)", "CMP<0> <- (LINES - 1)", "CMP<0> <- 0"],
            id="constants that have a name",
        ),
        pytest.param(
            "constant",
            "match used { 2 { restore ctl } else { } }",
            [
                "match used { 3 { restore ctl } else { } }",
                "match used { 1 { restore ctl } else { } }",
            ],
            id="constants of a match",
        ),
        pytest.param(
            "field",
            "CTL.PRIO <- 1 when ID.LINES > 1 { CTL <- ctl with MASK = 0 }",
            [
                "CTL.DEEP <- 1 when ID.LINES > 1 { CTL <- ctl with MASK = 0 }",
                "CTL.PRIO <- 1 when ID.COUNT > 1 { CTL <- ctl with MASK = 0 }",
                "CTL.PRIO <- 1 when ID.LINES > 1 { CTL <- ctl with ENABLE = 0 }",
            ],
            id="fields as wide",
        ),
        pytest.param(
            "register",
            f"CMP<0> <- ID {LOOP} LIM<i> <- 0 }}",
            [
                f"LIM<0> <- ID {LOOP} LIM<i> <- 0 }}",
                f"CMP<0> <- CTL {LOOP} LIM<i> <- 0 }}",
                f"CMP<0> <- ID {LOOP} CMP<i> <- 0 }}",
            ],
            id="registers of the group, or of the module",
        ),
        pytest.param("slot", "restore cmp[1]", ["restore lim[1]"], id="slots of one type"),
        pytest.param(
            "element",
            f"CMP<1> <- cmp[2] {LOOP} LIM<i> <- lim[i] }}",
            [
                f"CMP<2> <- cmp[2] {LOOP} LIM<i> <- lim[i] }}",
                f"CMP<0> <- cmp[2] {LOOP} LIM<i> <- lim[i] }}",
                f"CMP<1> <- cmp[3] {LOOP} LIM<i> <- lim[i] }}",
                f"CMP<1> <- cmp[1] {LOOP} LIM<i> <- lim[i] }}",
                f"CMP<1> <- cmp[2] {LOOP} let other_i : int = i + 1 LIM<other_i> <- lim[i] }}",
                f"CMP<1> <- cmp[2] {LOOP} let other_i : int = i - 1 LIM<other_i> <- lim[i] }}",
                f"CMP<1> <- cmp[2] {LOOP} LIM<i> <- lim[(i) + 1] }}",
                f"CMP<1> <- cmp[2] {LOOP} LIM<i> <- lim[(i) - 1] }}",
            ],
            id="elements",
        ),
        pytest.param(
            "bound",
            f"{ONCE} {TWICE}",
            [
                f"each i below (used) + 1 {{ restore cmp[i] }} {TWICE}",
                f"each i below (used) - 1 {{ restore cmp[i] }} {TWICE}",
                f"let last : int = (used) - 1 each i in 1..last {{ restore cmp[i] }} {TWICE}",
                f"{ONCE} each j in 2..2 {{ restore lim[j] }}",
                f"{ONCE} each j in 0..2 {{ restore lim[j] }}",
                f"{ONCE} each j in 1..3 {{ restore lim[j] }}",
                f"{ONCE} each j in 1..1 {{ restore lim[j] }}",
            ],
            id="bounds",
        ),
        pytest.param(
            "direction",
            "restore ctl, cmp[0] CMP<1> <- cmp[1]",
            [
                "save ctl restore cmp[0] CMP<1> <- cmp[1]",
                "restore ctl save cmp[0] CMP<1> <- cmp[1]",
                "restore ctl, cmp[0] cmp[1] <- CMP<1>",
            ],
            id="directions",
        ),
        pytest.param(
            "source",
            f"restore ctl {LOOP} CMP<i> <- 0 }} {WITH}",
            [
                f"CTL <- 0 {LOOP} CMP<i> <- 0 }} {WITH}",
                f"restore ctl {LOOP} CMP<i> <- 0 }} restore ctl",
                f"restore ctl {LOOP} CMP<i> <- 0 }} save ctl",
                f"restore ctl {LOOP} CMP<i> <- 0 }} CTL <- 0",
                f"restore ctl {LOOP} restore cmp[i] }} {WITH}",
                f"restore ctl {LOOP} save cmp[i] }} {WITH}",
            ],
            id="sources",
        ),
    ],
)
def test_what_it_makes(tmp_path, operator, text, changed):
    assert bodies(body(tmp_path, text), operator) == changed


BARRIER = "orders writes of CTL before others"


@pytest.mark.parametrize(
    ("operator", "chain", "changed"),
    [
        ("weaken", "isb", []),
        ("weaken", "dsb(sy)", ["dsb(ld)", "dsb(st)", "dsb(osh)", "dmb(sy)"]),
        ("weaken", "dsb(oshst)", ["dsb(ishst)", "dmb(oshst)"]),
        ("weaken", "dsb(ish)", ["dsb(ishld)", "dsb(ishst)", "dsb(nsh)", "dmb(ish)"]),
        ("weaken", "dsb(nshld)", ["dmb(nshld)"]),
        ("weaken", "dmb(st)", ["dmb(oshst)"]),
        ("weaken", "isb then dsb(nshst)", ["dsb(nshst)", "isb then dmb(nshst)", "isb"]),
        ("strengthen", "isb", []),
        ("strengthen", "dsb(sy)", ["dsb(sy) then isb"]),
        ("strengthen", "dsb(ishst)", ["dsb(ish)", "dsb(oshst)", "dsb(ishst) then isb"]),
        ("strengthen", "isb then dmb(nsh)", ["isb then dmb(ish)", "isb then dsb(nsh)"]),
        (
            "reorder",
            "dsb(sy) then isb then dmb(ish)",
            ["isb then dsb(sy) then dmb(ish)", "dsb(sy) then dmb(ish) then isb"],
        ),
    ],
)
def test_what_it_makes_of_a_barrier(tmp_path, operator, chain, changed):
    of = body(tmp_path, f"{chain} {BARRIER}")
    assert [text.removesuffix(f" {BARRIER}") for text in bodies(of, operator)] == changed


def test_narrow_takes_terms_from_all_that_is_mutated(tmp_path):
    of = body(tmp_path, "when vhe or used { CTL <- 0 }", leave="when not open { save ctl }")
    assert bodies(of, "narrow") == [
        "when (vhe) { CTL <- 0 }",
        "when (used) { CTL <- 0 }",
        "when (vhe or used) and not open { CTL <- 0 }",
    ]


def test_hypcalls(tmp_path):
    text = "sequence there(vcpu) { restore ctl }\nrestore begin(vcpu) { hypcall there(vcpu) }\n"
    of = program(tmp_path, text + "save finish(vcpu) { save ctl }\n")
    (mutant,) = made(of, "hypcall")
    assert "restore begin(vcpu) { there(vcpu) }" in mutant.source.text


def test_what_the_resolver_refuses_is_no_mutant(tmp_path):
    of = body(tmp_path, "let x : u64 = ID CTL <- x")
    found = mutants(of, [o for o in OPERATORS if o.name == "delete"], ["begin"])
    assert [m.change.what for m in found.mutants] == ["without `CTL <- x`"]
    assert found.refused == {"VGS020": 1}


def test_hints_do_not_make_a_mutant_wrong(tmp_path):
    of = body(tmp_path, "@locals(i) when vhe { CTL <- 0 each i below used { restore cmp[i] } }")
    assert "@locals(i) when vhe { CTL <- 0 }" in bodies(of, "delete")


def test_changes_that_mean_one_thing_are_one_mutant(tmp_path):
    of = body(tmp_path, "when vhe { CTL <- 0 }")
    # The when that goes away, and the only statement in it.
    found = mutants(of, [o for o in OPERATORS if o.name == "delete"], ["begin"])
    assert len(found.mutants) == 1
    assert found.twice == 1


def test_each_mutant_is_one_change_of_the_program(tmp_path):
    of = body(tmp_path, "restore ctl when vhe { CTL.MASK <- 1 }")
    whole = of.program
    found = mutants(of).mutants
    assert len({m.id for m in found}) == len(found)
    for mutant in found:
        changed = [
            q.name for q in mutant.program.sequences.values() if q is not whole.sequences[q.name]
        ]
        assert changed == [mutant.function.name]
        assert mutant.source.text != mutant.function.source.text
        assert any(line[:1] in "+-" for line in mutant.diff())


def test_places_before_and_after(tmp_path):
    of = body(tmp_path, "CTL <- 0 restore ctl isb orders CTL before others")
    old = of.functions[0].source.text
    for mutant in made(of, "delete"):
        new = mutant.source.text
        for word in ("CTL <- 0", "restore ctl", "isb orders"):
            if word in new:
                at = mutant.after(mutant.source.name, old.index(word))
                assert new[at:].startswith(word)
                span = Span(mutant.source, new.index(word), new.index(word) + 1)
                assert mutant.before(span) == (mutant.source.name, old.index(word))


@pytest.mark.skipif(not DOCS.exists(), reason="the page comes with the verb")
def test_the_page_lists_every_operator_in_order():
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name, _ in rows] == [o.name for o in OPERATORS]
