"""Edits of one statement, tried: the finding is gone, and nothing else came."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dsl.api import format as formatted
from dsl.diagnostics import Severity
from dsl.ir.program import Program
from dsl.resolve.workspace import Workspace
from dsl.source import Source
from dsl.verify.findings import Finding
from dsl.verify.flow import check
from dsl.verify.mend import candidates, mend

ROOT = Path(__file__).resolve().parents[2]

MACHINE = """
platform board "a board"
endpoint device "what the timer is wired to" aliases TMR_CVAL
register TMR_CTL  : 32 at (3, 3, 14, 3, 1) { ENABLE [0] IMASK [1] res0 [31:2] }
register TMR_CVAL : 64 at (3, 3, 14, 3, 2) { Value [63:0] }
register TMR_STAT : 32 ro at (3, 3, 14, 3, 3) { Fired [0] = TMR_CTL.ENABLE res0 [31:1] }
register TRAPS    : 64 at (3, 4, 1, 1, 2) { TFP [10] Rest [63:11] res0 [9:0] }
rule status_follows : architecture "the board's manual" {
    writes of TMR_CTL visible to reads of TMR_STAT needs isb
}
rule device_sees : practice "the board's manual" {
    writes of TMR_CVAL visible to device needs isb then dsb(ish)
}
rule value_first : practice "the board's manual" {
    writes of TMR_CVAL before writes of TMR_CTL
}
context timer of vcpu {
    ctl   : u32 mirrors TMR_CTL
    cval  : u64 mirrors TMR_CVAL
    traps : u64 feeds TRAPS
    used  : 0..4
    last  : u32
}
condition vhe    per machine
condition nested per vm
extern spoil() { writes TMR_CTL }
"""

LIFE = """
lifecycle life {
    create { when nested { modify traps { TFP <- 1 } } }
    each trip {
        host { may change used }
        enter { come(vcpu) }
        guest {
            eret
            may change TMR_CTL
            may use device
            exception
        }
        exit { go(vcpu) }
    }
}
"""


def program(path: Path, text: str | None = None) -> Program | None:
    """The program of a file, perhaps with another text; None if it has errors."""
    workspace = Workspace([ROOT / "sequences"], {} if text is None else {path: text})
    loaded = workspace.load(path)
    if loaded is None or any(f.severity is Severity.ERROR for f in workspace.found):
        return None
    return workspace.program(loaded)


def keys(findings: tuple[Finding, ...]) -> Counter[tuple[str, str]]:
    return Counter((f.code, f.rule) for f in findings)


class Bench:
    """A file whose findings are mended, and how often an edit was tried."""

    def __init__(self, path: Path) -> None:
        self.path = path
        found = program(path)
        assert found is not None
        self.program = found
        self.findings = check(found).findings
        self.tried: list[str] = []

    def holds(self, source: Source, text: str) -> bool:
        self.tried.append(text)
        assert source.name == str(self.path)
        changed = program(self.path, text)
        if changed is None:
            return False
        left = keys(check(changed).findings)
        before = keys(self.findings)
        return left < before

    def mended(self, finding: Finding) -> str:
        """What the edit makes of the lines that it changes, or why there is none."""
        done = mend(finding, self.program, self.holds)
        if done.edit is None:
            return "nothing helps"
        edit = done.edit
        old = edit.span.source.text
        new = old[: edit.span.start] + edit.text + old[edit.span.end :]
        assert new == self.tried[-1]
        assert formatted(new) == new
        return edit.text


@pytest.fixture
def bench(tmp_path: Path):
    def make(text: str) -> Bench:
        path = tmp_path / "timer.vgs"
        path.write_text(formatted(text))
        return Bench(path)

    return make


def only(bench: Bench) -> Finding:
    (finding,) = bench.findings
    return finding


def test_a_missing_barrier_is_put_in_front_of_the_look(bench) -> None:
    made = bench(MACHINE + """
        sequence stop() -> bool {
            TMR_CTL <- 0
            return TMR_STAT.Fired
        }
    """)
    assert made.mended(only(made)) == (
        "    isb orders writes of TMR_CTL before reads of TMR_STAT\n"
    )


def test_a_weak_barrier_keeps_what_it_does_already(bench) -> None:
    made = bench(MACHINE + LIFE + """
        restore come(vcpu) {
            restore cval
            dsb(sy) orders writes of TMR_CVAL before device
        }
        save go(vcpu) { save cval }
    """)
    assert made.mended(only(made)) == (
        "    isb then dsb(sy) orders writes of TMR_CVAL before device\n"
    )


def test_a_barrier_for_others_is_put_behind_the_write(bench) -> None:
    made = bench(MACHINE + LIFE + """
        restore come(vcpu) { restore cval }
        save go(vcpu) { save cval }
    """)
    assert made.mended(only(made)) == """\
restore come(vcpu) {
    restore cval
    isb then dsb(ish) orders writes of TMR_CVAL before device
}

"""


def test_it_is_only_where_a_vm_needs_it(bench) -> None:
    made = bench(MACHINE + LIFE + """
        restore come(vcpu) { when nested { restore cval } }
        save go(vcpu) { save cval }
    """)
    finding = only(made)
    assert {dict(c)["nested"] for c in finding.configurations} == {1}
    assert made.mended(finding) == """\
    when nested {
        restore cval
        isb then dsb(ish) orders writes of TMR_CVAL before device
    }
"""


def test_a_barrier_in_front_of_what_chooses_helps_each_choice(bench) -> None:
    made = bench(MACHINE + """
        sequence stop(vcpu) -> bool {
            TMR_CTL <- 0
            let seen : bool
            match used {
                0 { seen <- TMR_STAT.Fired }
                else { seen <- not TMR_STAT.Fired }
            }
            return seen
        }
    """)
    assert len(made.findings) == 2
    assert made.mended(made.findings[0]).strip() == (
        "isb orders writes of TMR_CTL before reads of TMR_STAT"
    )


def test_accesses_change_places(bench) -> None:
    made = bench(MACHINE + "restore arm(vcpu) { restore ctl, cval }")
    assert made.mended(only(made)) == "restore arm(vcpu) { restore cval, ctl }\n"
    made = bench(MACHINE + """
        sequence arm(vcpu) {
            TMR_CTL <- 1
            last <- 0
            TMR_CVAL <- 0
        }
    """)
    assert made.mended(only(made)) == ("    TMR_CVAL <- 0\n    TMR_CTL <- 1\n    last <- 0\n")


def test_a_barrier_that_orders_nothing_goes(bench) -> None:
    made = bench(MACHINE + LIFE + """
        restore come(vcpu) {
            isb orders writes of TRAPS before reads of TMR_STAT
            restore ctl
        }
        save go(vcpu) { save ctl }
    """)
    assert made.mended(only(made)) == "restore come(vcpu) { restore ctl }\n"


def test_a_condition_is_widened_to_those_who_need_it(bench) -> None:
    made = bench(MACHINE + LIFE + """
        restore come(vcpu) { when used { restore traps } }
        save go(vcpu) { TRAPS <- 0 }
    """)
    finding = only(made)
    assert finding.code == "VGS113"
    assert made.mended(finding) == "    when used or nested { restore traps }\n"


def test_a_copy_is_saved_before_it_is_read(bench) -> None:
    made = bench(MACHINE + LIFE + """
        restore come(vcpu) { restore ctl }
        save go(vcpu) {
            last <- ctl
            save ctl
        }
    """)
    assert made.mended(only(made)) == "    save ctl\n"


def test_a_copy_that_nobody_saves_is_listed_with_the_others(bench) -> None:
    made = bench(MACHINE + LIFE + """
        restore come(vcpu) {
            restore cval, ctl
            isb then dsb(ish) orders writes of TMR_CVAL before device
        }
        save go(vcpu) { save cval }
    """)
    finding = next(f for f in made.findings if f.rule == "ctl")
    assert (finding.code, finding.rule) == ("VGS116", "ctl")
    assert made.mended(finding) == "save go(vcpu) { save cval, ctl }\n"


def test_a_register_is_saved_before_it_is_overwritten(bench) -> None:
    made = bench(MACHINE + LIFE + """
        restore come(vcpu) { restore ctl }
        save go(vcpu) {
            spoil()
            save ctl
        }
    """)
    assert made.mended(only(made)) == "    save ctl\n"


def test_the_way_out_gives_it_back_too(bench) -> None:
    made = bench(MACHINE + """
        sequence resolve(vcpu) -> bool {
            let old = TRAPS
            TRAPS.TFP <- 1
            when used { return 0 }
            TRAPS <- old
            return 1
        }
    """)
    finding = only(made)
    assert finding.code == "VGS115"
    assert made.mended(finding) == (
        "    when used {\n        TRAPS <- old\n        return 0\n    }\n"
    )


def test_what_nothing_mends_stays_as_it_is(bench) -> None:
    made = bench(MACHINE + "restore arm(vcpu) { restore ctl, cval }")
    finding = only(made)
    asked: list[str] = []

    def never(source: Source, text: str) -> bool:
        asked.append(text)
        return False

    assert mend(finding, made.program, never) is finding
    assert asked
    assert mend(finding, made.program, never, most=0) is finding
    assert len(asked) == len(list(candidates(finding, made.program)))


def test_a_source_that_is_laid_out_its_own_way_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "timer.vgs"
    path.write_text(MACHINE + "restore arm(vcpu)\n{\n  restore   ctl, cval   }\n")
    made = Bench(path)
    done = mend(only(made), made.program, made.holds)
    assert done.edit is not None
    assert done.edit.text == "  restore   cval, ctl   }\n"


def test_linux_as_it_was_mended() -> None:
    path = ROOT / "sequences/kvm/after.vgs"
    found = program(path)
    assert found is not None
    (finding,) = check(found).findings
    first = next(candidates(finding, found)).edit()
    assert "dsb(nsh) then isb orders guest_mmio before reads of LRs, ICH_VMCR_EL2" in first.text
    assert first.title == "`dsb(nsh) then isb` instead of `dsb(st)`"
