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
    assert vgs("explain", "²").status == 2
