"""What the explorer proves the same, and what it must not."""

import pytest

from dsl.mutation.explorer import Explorer
from dsl.mutation.mutants import mutants
from dsl.mutation.subject import subject
from dsl.resolve.workspace import Workspace
from tests.examples.test_faults import FAULTS
from tests.mutation.small import program
from tests.mutation.test_engines import LIFE, PLATFORM, WORK

MORE = PLATFORM + """
register OUT : 64 at (3, 3, 14, 3, 3) reset 0 { V [63:0] }
rule out_then_own : architecture "Things, section 3" { writes of OWN before writes of OUT }
context more of vcpu { told : u64 }
extern tell(vcpu)  { reads told }
extern ask(vcpu) {}
"""


def same(tmp_path, begin, what, finish=""):
    """Whether the mutant that does this is proved the same, and found nothing wrong with."""
    work = WORK.replace("    restore own\n", f"    restore own\n    {begin}\n")
    work = work.replace("    save ctl\n", f"    save ctl\n    {finish}\n")
    of = program(tmp_path, work, MORE, LIFE)
    explorer = Explorer(of.program)
    assert not explorer.prepare().faults
    (mutant,) = (m for m in mutants(of).mutants if m.change.what == what)
    answer = explorer.ask(mutant.program, lambda fault: False, True)
    proved = explorer.same(of.program, mutant.program)
    assert not (proved and answer.faults)
    return proved


@pytest.mark.parametrize(
    ("begin", "what", "proved"),
    [
        # What is overwritten before anybody looks is nobody's to see; what stays is seen.
        ("OUT <- 4 OUT <- 0", "5 for 4", True),
        ("OUT <- 4 OUT <- 16", "15 for 16", False),
        ("OUT <- 4 told <- OUT OUT <- 0", "5 for 4", False),
        ("OUT <- 4 OUT <- 0", "`OUT <- 0` comes before `OUT <- 4`", False),
        # Who is called outside, with what he finds there, is seen.
        ("tell(vcpu)", "without `tell(vcpu)`", False),
        ("told <- 1 tell(vcpu) told <- 0", "`tell(vcpu)` comes before `told <- 1`", False),
        ("told <- 0 ask(vcpu) ", "`ask(vcpu)` comes before `told <- 0`", True),
        ("tell(vcpu) ask(vcpu)", "`ask(vcpu)` comes before `tell(vcpu)`", False),
        # An order that a rule asks for is not kept.
        ("OUT <- 0", "`OUT <- 0` comes before `restore own`", False),
    ],
)
def test_what_anybody_can_see(tmp_path, begin, what, proved):
    assert same(tmp_path, begin, what) is proved


def test_a_barrier_that_somebody_waits_for_is_not_moved(tmp_path):
    over = "`when memory { isb then dsb(nsh) orders writes of CTL befo..."
    work = WORK.replace("    restore own\n", "")
    of = program(tmp_path, work, MORE, LIFE)
    explorer = Explorer(of.program)
    explorer.prepare()
    (mutant,) = (m for m in mutants(of).mutants if m.change.what.startswith(over))
    assert explorer.ask(mutant.program, lambda fault: False, True).faults
    assert not explorer.same(of.program, mutant.program)


def test_a_barrier_that_is_all_there_is_in_a_step_is_seen(tmp_path):
    chain = "isb then dsb(nsh) orders writes of CTL before window"
    work = WORK.replace(f"    when memory {{ {chain} }}\n", "")
    work += f"sequence push(vcpu) {{ {chain} }}\n"
    life = LIFE.replace(
        "            guest {", "            pushed { push(vcpu) }\n            guest {"
    )
    of = program(tmp_path, work, MORE, life)
    explorer = Explorer(of.program)
    assert not explorer.prepare().faults
    (mutant,) = (m for m in mutants(of).mutants if m.change.what == f"without `{chain}`")
    answer = explorer.ask(mutant.program, lambda fault: False, True)
    assert [fault.rule for fault in answer.faults] == ["register_then_window"]
    assert not explorer.same(of.program, mutant.program)


def test_nothing_is_not_what_an_owner_had(tmp_path):
    """A register that is cleared, and not given back, holds what its owner began with, too."""
    text = (FAULTS / "zcr_el1" / "switch.vgs").read_text()
    assert text.count("restore zcr") == 1
    (tmp_path / "switch.vgs").write_text(text.replace("restore zcr", "ZCR_EL1 <- 0 restore zcr"))
    (tmp_path / "right.vgs").write_text((FAULTS / "zcr_el1" / "right.vgs").read_text())
    workspace = Workspace([tmp_path])
    loaded = workspace.load(tmp_path / "right.vgs")
    of = subject("right.vgs", workspace.program(loaded), workspace.closure(loaded))
    explorer = Explorer(of.program)
    assert not explorer.prepare().faults
    (mutant,) = (m for m in mutants(of).mutants if m.change.what == "without `restore zcr`")
    faults = explorer.ask(mutant.program, lambda fault: False, True).faults
    assert [(each.code, each.rule) for each in faults] == [("VGS101", "zcr")]
    assert not explorer.same(of.program, mutant.program)
