"""Each operator: what it makes of a small sequence, all of it."""

import re
from pathlib import Path

import pytest

from dsl.mutation.mutants import mutants
from dsl.mutation.operators import OPERATORS
from dsl.source import Span
from tests.mutation.small import bodies, body, made, program

DOCS = Path(__file__).parents[2] / "docs" / "mutate.md"


def test_delete(tmp_path):
    of = body(tmp_path, "restore ctl, cmp[0] when vhe { modify CTL { MASK <- 1 ENABLE <- 1 } }")
    assert bodies(of, "delete") == [
        "when vhe { modify CTL { MASK <- 1 ENABLE <- 1 } }",
        "restore cmp[0] when vhe { modify CTL { MASK <- 1 ENABLE <- 1 } }",
        "restore ctl when vhe { modify CTL { MASK <- 1 ENABLE <- 1 } }",
        "restore ctl, cmp[0]",
        "restore ctl, cmp[0] when vhe { modify CTL { ENABLE <- 1 } }",
        "restore ctl, cmp[0] when vhe { modify CTL { MASK <- 1 } }",
    ]


def test_swap(tmp_path):
    of = body(tmp_path, "restore ctl, cmp[0] when vhe { CTL <- 0 return }")
    assert bodies(of, "swap") == [
        "when vhe { CTL <- 0 return } restore ctl, cmp[0]",
        "restore cmp[0], ctl when vhe { CTL <- 0 return }",
    ]


BARRIER = "orders writes of CTL before others"


def chains(of, name):
    return [text.removesuffix(f" {BARRIER}") for text in bodies(of, name)]


@pytest.mark.parametrize(
    ("chain", "weaker"),
    [
        ("isb", []),
        ("dsb(sy)", ["dsb(ld)", "dsb(st)", "dsb(osh)", "dmb(sy)"]),
        ("dsb(oshst)", ["dsb(ishst)", "dmb(oshst)"]),
        ("dsb(ish)", ["dsb(ishld)", "dsb(ishst)", "dsb(nsh)", "dmb(ish)"]),
        ("dsb(nshld)", ["dmb(nshld)"]),
        ("dmb(st)", ["dmb(oshst)"]),
        ("isb then dsb(nshst)", ["dsb(nshst)", "isb then dmb(nshst)", "isb"]),
    ],
)
def test_weaken(tmp_path, chain, weaker):
    assert chains(body(tmp_path, f"{chain} {BARRIER}"), "weaken") == weaker


@pytest.mark.parametrize(
    ("chain", "stronger"),
    [
        ("isb", []),
        ("dsb(sy)", ["dsb(sy) then isb"]),
        ("dsb(ishst)", ["dsb(ish)", "dsb(oshst)", "dsb(ishst) then isb"]),
        ("isb then dmb(nsh)", ["isb then dmb(ish)", "isb then dsb(nsh)"]),
    ],
)
def test_strengthen(tmp_path, chain, stronger):
    assert chains(body(tmp_path, f"{chain} {BARRIER}"), "strengthen") == stronger


def test_reorder(tmp_path):
    of = body(tmp_path, f"dsb(sy) then isb then dmb(ish) {BARRIER}")
    assert chains(of, "reorder") == [
        "isb then dsb(sy) then dmb(ish)",
        "dsb(sy) then dmb(ish) then isb",
    ]


def test_negate(tmp_path):
    of = body(tmp_path, "when vhe and not open { CTL <- 0 } warn if used > 3")
    assert bodies(of, "negate") == [
        "when (not (vhe and not open)) { CTL <- 0 } warn if used > 3",
        "when (not (vhe)) and not open { CTL <- 0 } warn if used > 3",
        "when vhe and not (not (open)) { CTL <- 0 } warn if used > 3",
        "when vhe and not open { CTL <- 0 } warn if (not (used > 3))",
    ]


def test_widen(tmp_path):
    of = body(tmp_path, "when vhe and used < 3 { CTL <- 0 } else when open { CTL <- 1 }")
    assert bodies(of, "widen") == [
        "when 1 { CTL <- 0 } else when open { CTL <- 1 }",
        "when vhe and used < 3 { CTL <- 0 } else when 1 { CTL <- 1 }",
        "when (vhe) { CTL <- 0 } else when open { CTL <- 1 }",
        "when (used < 3) { CTL <- 0 } else when open { CTL <- 1 }",
        "when vhe and (used) <= (3) { CTL <- 0 } else when open { CTL <- 1 }",
    ]


def test_narrow_takes_terms_from_all_that_is_mutated(tmp_path):
    of = body(tmp_path, "when vhe or used { CTL <- 0 }", leave="when not open { save ctl }")
    assert bodies(of, "narrow") == [
        "when (vhe) { CTL <- 0 }",
        "when (used) { CTL <- 0 }",
        "when (vhe or used) and not open { CTL <- 0 }",
    ]


def test_constants_are_numbers_of_their_field(tmp_path):
    of = body(tmp_path, "modify CTL { PRIO <- 1 MODE <- busy }")
    made = bodies(of, "constant")
    prio = [re.search(r"PRIO <- (\d+)", text)[1] for text in made]
    assert [p for p in prio if p != "1"] == ["2", "0", "15", "3", "5", "9"]
    mode = [re.search(r"MODE <- (\w+)", text)[1] for text in made]
    assert [m for m in mode if m != "busy"] == ["idle", "auto"]


def test_constants_that_have_a_name(tmp_path):
    of = body(tmp_path, "CMP<0> <- LINES")
    assert bodies(of, "constant") == [
        "CMP<0> <- (LINES + 1)",
        "CMP<0> <- (LINES - 1)",
        "CMP<0> <- 0",
    ]


def test_constants_of_a_match(tmp_path):
    of = body(tmp_path, "match used { 2 { restore ctl } else { } }")
    assert bodies(of, "constant") == [
        "match used { 3 { restore ctl } else { } }",
        "match used { 1 { restore ctl } else { } }",
    ]


def test_fields_are_as_wide(tmp_path):
    of = body(tmp_path, "CTL.PRIO <- 1 when ID.LINES > 1 { CTL <- ctl with MASK = 0 }")
    assert [m.change.what for m in made(of, "field")] == [
        "field DEEP for PRIO",
        "field COUNT for LINES",
        "field ENABLE for MASK",
    ]


def test_registers_are_of_the_group_or_of_the_module(tmp_path):
    of = body(tmp_path, "CMP<0> <- ID each i below used { LIM<i> <- 0 }")
    assert bodies(of, "register") == [
        "LIM<0> <- ID each i below used { LIM<i> <- 0 }",
        "CMP<0> <- CTL each i below used { LIM<i> <- 0 }",
        "CMP<0> <- ID each i below used { CMP<i> <- 0 }",
    ]


def test_slots_are_of_one_type(tmp_path):
    of = body(tmp_path, "restore cmp[1]")
    assert bodies(of, "slot") == ["restore lim[1]"]


def test_elements(tmp_path):
    of = body(tmp_path, "CMP<1> <- cmp[2] each i below used { LIM<i> <- lim[i] }")
    loop = "each i below used {"
    assert bodies(of, "element") == [
        f"CMP<2> <- cmp[2] {loop} LIM<i> <- lim[i] }}",
        f"CMP<0> <- cmp[2] {loop} LIM<i> <- lim[i] }}",
        f"CMP<1> <- cmp[3] {loop} LIM<i> <- lim[i] }}",
        f"CMP<1> <- cmp[1] {loop} LIM<i> <- lim[i] }}",
        f"CMP<1> <- cmp[2] {loop} let other_i : int = i + 1 LIM<other_i> <- lim[i] }}",
        f"CMP<1> <- cmp[2] {loop} let other_i : int = i - 1 LIM<other_i> <- lim[i] }}",
        f"CMP<1> <- cmp[2] {loop} LIM<i> <- lim[(i) + 1] }}",
        f"CMP<1> <- cmp[2] {loop} LIM<i> <- lim[(i) - 1] }}",
    ]


def test_bounds(tmp_path):
    of = body(tmp_path, "each i below used { restore cmp[i] } each j in 1..2 { restore lim[j] }")
    second = "each j in 1..2 { restore lim[j] }"
    first = "each i below used { restore cmp[i] }"
    assert bodies(of, "bound") == [
        f"each i below (used) + 1 {{ restore cmp[i] }} {second}",
        f"each i below (used) - 1 {{ restore cmp[i] }} {second}",
        f"let last : int = (used) - 1 each i in 1..last {{ restore cmp[i] }} {second}",
        f"{first} each j in 2..2 {{ restore lim[j] }}",
        f"{first} each j in 0..2 {{ restore lim[j] }}",
        f"{first} each j in 1..3 {{ restore lim[j] }}",
        f"{first} each j in 1..1 {{ restore lim[j] }}",
    ]


def test_directions(tmp_path):
    of = body(tmp_path, "restore ctl, cmp[0] CMP<1> <- cmp[1]")
    assert bodies(of, "direction") == [
        "save ctl restore cmp[0] CMP<1> <- cmp[1]",
        "restore ctl save cmp[0] CMP<1> <- cmp[1]",
        "restore ctl, cmp[0] cmp[1] <- CMP<1>",
    ]


def test_sources(tmp_path):
    of = body(tmp_path, "restore ctl each i below used { CMP<i> <- 0 } CTL <- ctl with MASK = 1")
    rest = "CTL <- ctl with MASK = 1"
    loop = "each i below used {"
    assert bodies(of, "source") == [
        f"CTL <- 0 {loop} CMP<i> <- 0 }} {rest}",
        f"restore ctl {loop} CMP<i> <- 0 }} restore ctl",
        f"restore ctl {loop} CMP<i> <- 0 }} save ctl",
        f"restore ctl {loop} CMP<i> <- 0 }} CTL <- 0",
        f"restore ctl {loop} restore cmp[i] }} {rest}",
        f"restore ctl {loop} save cmp[i] }} {rest}",
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
