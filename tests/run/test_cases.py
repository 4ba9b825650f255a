"""Of which programs a scenario is a case: small trees of modules, and who runs what."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.resolve.workspace import Workspace
from dsl.run.cases import cases
from dsl.run.programs import cases_of, roots

BASE = """\
context timer_cpu of vcpu { ctl : u64 }
save stop(vcpu)
lifecycle on_cpu {
    load { ctl <- 1 }
    put { stop(vcpu) }
}
"""
ONE = 'import base\nscenario "one" { run put }\n'
FULL = "save stop(vcpu) { ctl <- 0 }\n"


def who(folder: Path, texts: dict[str, str], *names: str) -> dict[str, list[str]]:
    """The titles that each of some modules (by default all) has as cases."""
    for name, text in texts.items():
        (folder / f"{name}.vgs").write_text(text)
    workspace = Workspace([folder])
    loaded = [workspace.load(folder / f"{name}.vgs") for name in texts]
    programs = [workspace.program(each) for each in loaded if each is not None]
    assert not workspace.found.errors, list(workspace.found)
    return {
        program.name: [x.title for x in cases(program, programs)]
        for program in programs
        if not names or program.name in names
    }


def test_what_a_module_defines_it_runs(tmp_path: Path) -> None:
    whole = {"base": BASE, "full": f'import base\n{FULL}scenario "one" {{ run put }}\n'}
    assert who(tmp_path, whole) == {"base": [], "full": ["one"]}


def test_what_it_does_not_define_is_run_where_that_is_done(tmp_path: Path) -> None:
    texts = {
        "base": BASE,
        "one": ONE,
        "first": f"import one\n{FULL}",
        "second": f"import one\nimport base\n{FULL}",
        "other": "import one\n",
    }
    found = who(tmp_path, texts)
    assert found == {"base": [], "one": [], "first": ["one"], "second": ["one"], "other": []}


def test_the_smallest_program_runs_it_and_no_larger_one(tmp_path: Path) -> None:
    texts = {"base": BASE, "one": ONE, "full": f"import one\n{FULL}", "more": "import full\n"}
    assert who(tmp_path, texts, "full", "more") == {"full": ["one"], "more": []}


def test_who_says_that_it_fails_runs_it_too(tmp_path: Path) -> None:
    fails = 'import full\nscenario "one" fails "so it is"\n'
    texts = {"base": BASE, "one": ONE, "full": f"import one\n{FULL}", "more": fails}
    assert who(tmp_path, texts, "full", "more") == {"full": ["one"], "more": ["one"]}


def test_what_nobody_defines_is_the_module_s_own(tmp_path: Path) -> None:
    texts = {"base": BASE, "one": ONE, "other": "import one\n"}
    assert who(tmp_path, texts) == {"base": [], "one": ["one"], "other": []}


@pytest.mark.parametrize(
    "steps",
    [
        "run load",
        "load { ctl <- 2 }",
        "run load\n    load { stop(self) }",
    ],
)
def test_each_phase_of_its_lifecycle_counts(tmp_path: Path, steps: str) -> None:
    scenario = f'import base\nscenario "one" {{ {steps} }}\n'.replace("self", "vcpu")
    texts = {"base": BASE, "one": scenario, "full": f"import one\n{FULL}"}
    assert who(tmp_path, texts) == {"base": [], "one": [], "full": ["one"]}


def test_a_scenario_that_runs_nothing_lacks_nothing(tmp_path: Path) -> None:
    texts = {
        "base": BASE,
        "one": 'import base\nscenario "one" { given ctl = 1\n expect ctl == 1 }\n',
        "full": f"import one\n{FULL}",
    }
    assert who(tmp_path, texts) == {"base": [], "one": ["one"], "full": []}


def test_what_is_called_by_what_is_called_counts(tmp_path: Path) -> None:
    calls = "sequence inner(vcpu)\nsave stop(vcpu) { inner(vcpu) }\n"
    texts = {
        "base": BASE,
        "one": f"{ONE}{calls}",
        "full": "import one\nsequence inner(vcpu) { ctl <- 0 }\n",
    }
    assert who(tmp_path, texts) == {"base": [], "one": [], "full": ["one"]}


def test_of_files_that_are_named_no_other_one_takes_a_case(tmp_path: Path) -> None:
    texts = {"base": BASE, "one": ONE, "full": f"import one\n{FULL}", "more": "import full\n"}
    for name, text in texts.items():
        (tmp_path / f"{name}.vgs").write_text(text)
    workspace = Workspace([tmp_path])
    loaded = workspace.load(tmp_path / "more.vgs")
    ((root, scenario),) = cases_of(roots([loaded], workspace))
    assert (root.program.name, scenario.title) == ("more", "one")
