"""`vgs explain`."""

import pytest

from dsl.diagnostics import catalogue


def test_the_list_has_every_code_and_title(empty, vgs):
    done = vgs("explain")
    assert done.status == 0
    assert done.out.splitlines() == [f"{c}  {page.title}" for c, page in catalogue().items()]


@pytest.mark.parametrize("word", ["VGS020", "vgs020", "20", "020"])
def test_a_page(empty, vgs, word):
    done = vgs("explain", word)
    assert done.status == 0
    assert done.out.startswith("VGS020: unknown name (error)\n---")
    assert "What to do:" in done.out


def test_every_page_as_json(empty, vgs, holds):
    value = holds("explain", vgs("explain", "--format", "json").json)
    assert [d["code"] for d in value["diagnostics"]] == list(catalogue())
    assert all(d["page"] and d["title"] for d in value["diagnostics"])
    value = holds("explain", vgs("explain", "80", "23", "--format", "json").json)
    assert [d["code"] for d in value["diagnostics"]] == ["VGS080", "VGS023"]


def test_an_unknown_code_has_suggestions(empty, vgs):
    done = vgs("explain", "VGS081")
    assert (done.status, done.out) == (2, "")
    assert "`VGS080`?" in done.err
    assert "did you mean `VGS020`?" in vgs("explain", "VGS02O").err
    assert vgs("explain", "²").status == 2


RULES = """\
platform lamp "A lamp that never was"

register LAMP_CTL : 32 at (3, 3, 14, 3, 1) reset 0 { ON [0] res0 [31:1] }
endpoint room "whoever is in it"

// Light takes its time.
// Not much of it.
rule light : convention "an example" {
    writes of LAMP_CTL visible to room
            needs isb then dsb(nsh)
    reads of LAMP_CTL before writes of LAMP_CTL
}

/// The guest must see something.
invariant lit at guest, exit "it is dark otherwise" { LAMP_CTL.ON }

lifecycle night {
    guest { may change LAMP_CTL }
    exit {}
}
"""

LIGHT = """\
light: rule (convention)
------------------------

Light takes its time.
Not much of it.

    writes of LAMP_CTL visible to room
        needs isb then dsb(nsh)
    reads of LAMP_CTL before writes of LAMP_CTL

Source: an example

Declared at lamp.vgs:8:6.
"""

LIT = """\
lit: invariant (declared)
-------------------------

The guest must see something.

    LAMP_CTL.ON

Why: it is dark otherwise

It holds at guest, exit. Declared at lamp.vgs:15:11.
"""


def test_a_rule_is_shown_as_its_source_has_it(empty, vgs, holds):
    (empty / "lamp.vgs").write_text(RULES)
    done = vgs("explain", "light", "lamp.vgs")
    assert (done.status, done.out, done.err) == (0, LIGHT, "")
    assert vgs("explain", "lit", "light", "lamp.vgs").out == f"{LIT}\n{LIGHT}"
    value = holds("explain", vgs("explain", "light", "lamp.vgs", "--format", "json").json)
    assert value["diagnostics"] == []
    assert [each["line"] for each in value["rules"]] == [8]
    # Also of a source that has errors.
    (empty / "lamp.vgs").write_text(RULES + "\nsequence broken( {}\n")
    assert vgs("explain", "light", "lamp.vgs").out == LIGHT


def test_rules_of_the_project_and_of_the_platforms_are_found(empty, vgs):
    done = vgs("explain", "mmio_before_sysreg")
    assert done.status == 0
    assert done.out.startswith("mmio_before_sysreg: rule (practice)\n")
    assert "needs dsb(nsh) then isb" in done.out
    assert vgs("explain", "light").status == 2
    (empty / "vgs.toml").write_text("")
    (empty / "lamp.vgs").write_text(RULES)
    assert vgs("explain", "light").out == LIGHT
    done = vgs("explain", "20", "light")
    assert done.out.startswith("VGS020: ")
    assert done.out.endswith(LIGHT)


def test_the_rules_of_a_source(empty, vgs):
    (empty / "lamp.vgs").write_text(RULES)
    assert vgs("explain", "lamp.vgs").out == (
        "light  convention    lamp.vgs:8:6\nlit    declared      lamp.vgs:15:11\n"
    )
    (empty / "none.vgs").write_text("")
    assert vgs("explain", "none.vgs").out == "no rule and no invariant is declared in none.vgs\n"


def test_an_unknown_rule_has_suggestions(empty, vgs):
    done = vgs("explain", "mmio_before_sysregs")
    assert (done.status, done.out) == (2, "")
    assert "did you mean `mmio_before_sysreg`?" in done.err


def test_what_holds_everywhere_is_a_rule_too(empty, vgs, holds):
    done = vgs("explain", "context synchronization")
    assert done.status == 0
    assert done.out.startswith("context synchronization: rule (architecture)\n")
    assert done.out.endswith("\nIt holds everywhere.\n")
    holds("explain", vgs("explain", "context synchronization", "--format", "json").json)
