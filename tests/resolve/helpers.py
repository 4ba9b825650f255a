"""What the tests of the resolver share: a source in, findings and IR out."""

from __future__ import annotations

from dsl.ir.program import Module, Program
from dsl.ir.sequence import Body
from dsl.resolve.workspace import Workspace

#: Registers and memory that most examples need.
TIMER = """
register CNTV_CTL_EL0 : 32 { ENABLE [0] IMASK [1] ISTATUS [2] ro res0 [31:3] }
register CNTV_CVAL_EL0 : 64 { Value [63:0] }
register DBGBVR<n>_EL1 for n in 0..3 : 64 { VA [63:0] }
context timer of vcpu {
    ctl    : u32 mirrors CNTV_CTL_EL0
    cval   : u64 mirrors CNTV_CVAL_EL0
    bvr[4] : u64 mirrors DBGBVR<n>_EL1
    used   : 0..4
    loaded : bool
}
condition vhe per machine
condition masked per trip
"""


def codes(text: str) -> list[str]:
    """The codes of all findings, in the order of their places."""
    workspace = Workspace()
    loaded = workspace.load_text(text, "test.vgs")
    workspace.check([loaded] if loaded else [])
    return [finding.code for finding in workspace.found.sorted()]


def module(text: str, *, after: str = TIMER) -> Module:
    """The IR of a source that has nothing wrong with it."""
    workspace = Workspace()
    loaded = workspace.load_text(after + text, "test.vgs")
    assert [f.message for f in workspace.found] == []
    assert loaded is not None
    return loaded.resolved.module


def program(text: str) -> Program:
    return Program("test", (module(text, after=""),))


def body(statements: str, head: str = "sequence f(vcpu)") -> Body:
    """The IR of some statements in a sequence."""
    made = module(f"{head} {{ {statements} }}").sequences[-1].body
    assert made is not None
    return made
