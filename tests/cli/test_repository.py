"""This repository as a project: its sources are clean and laid out, its outputs are current."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_check(vgs, holds):
    assert holds("check", vgs("check", "--format", "json").json) == {"findings": []}


def test_sources_are_laid_out(vgs):
    done = vgs("fmt", "--check")
    assert (done.status, done.out) == (0, "")


def test_what_is_committed_is_what_is_built(vgs):
    done = vgs("build", "--check")
    assert (done.status, done.err) == (0, "")


def test_the_reference_patch(vgs, holds):
    value = holds("diff", vgs("diff", "--format", "json").json)
    assert value["ok"] is True
