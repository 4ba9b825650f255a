"""Handles on a context: what a sequence is called for need not be the owner of everything."""

from __future__ import annotations

from pathlib import Path

import pytest

import dsl
from dsl.backends.c import CTree, emit
from dsl.machine import MachineError
from dsl.resolve.workspace import Workspace

SOURCE = """
register R<n> for n in 0..3 : 64 at (1, 2, 3, 4, n) { F [63:0] }
register V : 64 at (1, 2, 3, 5, 0) { F [63:0] }
context gic of vcpu { kind : u32 }
context v3 of gic {
    lr[4] : u64 mirrors R<n>
    vmcr  : u64 mirrors V
}
context other of vcpu { x : u32 }
condition old = kind == 2 per vm
condition set = vmcr != 0 per trip
save middle(d : gic) {
    save lr[1]
    when old { d.kind <- 1 }
}
save inner(v3) {
    save lr[2], vmcr
    when set { v3.vmcr <- 1 }
}
save outer(v : vcpu) {
    middle(v)
    inner(v)
    other.x <- 2
}
sequence passed_on(g : gic) { inner(g) middle(g) }
dialect d for c {
    type vcpu is "struct vcpu *"
    type gic is "struct gic *"
    type v3 is "struct v3 *"
    read register is "rd($register)"
    gic is "&$vcpu->arch.gic"
    v3 is "&$vcpu->arch.gic.v3"
    old is "$gic->kind == 2"
    set is "$v3->vmcr"
    slot other is "$vcpu->other.$slot"
    in middle { slot v3 is "$gic->v3.$slot" }
    in passed_on { v3 is "&$gic->v3" }
    file "a.c" holds * {}
}
"""

C = """
void middle(struct gic *d)
{
\td->v3.lr[1] = rd(R1);
\tif (d->kind == 2)
\t\td->kind = 1;
}

void inner(struct v3 *v3)
{
\tv3->lr[2] = rd(R2);
\tv3->vmcr = rd(V);
\tif (v3->vmcr)
\t\tv3->vmcr = 1;
}

void outer(struct vcpu *v)
{
\tmiddle(&v->arch.gic);
\tinner(&v->arch.gic.v3);
\tv->other.x = 2;
}

void passed_on(struct gic *g)
{
\tinner(&g->v3);
\tmiddle(g);
}
"""


def test_a_call_hands_over_the_context_that_is_wanted() -> None:
    assert c_of(SOURCE) == (C, [])


def c_of(source: str) -> tuple[str, list[str]]:
    """The C of a source below its first line, and what its dialect does not spell."""
    made = made_of(source)
    return made.files["a.c"].partition("\n")[2], [f.message for f in made.findings]


def made_of(source: str) -> CTree:
    workspace = Workspace()
    loaded = workspace.load_text(source, "test")
    assert loaded is not None
    assert [f.message for f in workspace.found] == []
    program = workspace.program(loaded)
    return emit(program, loaded.resolved.dialects[0], {"test": loaded.resolved.layout})


def test_what_the_dialect_does_not_spell_is_said() -> None:
    without = SOURCE.replace('    v3 is "&$vcpu->arch.gic.v3"\n', "")
    assert c_of(without)[1] == [
        "the dialect `d` does not spell the context `v3` of a vcpu, which `outer` needs"
    ]
    without = SOURCE.replace('    in middle { slot v3 is "$gic->v3.$slot" }\n', "")
    assert c_of(without)[1] == [
        "the dialect `d` does not spell the slot `lr` or its context, which `middle` needs"
    ]
    assert [f.help for f in made_of(without).findings] == [
        'add a line such as: slot v3 is "$gic->v3.$slot"'
    ]
    without = SOURCE.replace('in middle { slot v3 is "$gic', 'in middle { slot v3 is "$vcpu')
    assert c_of(without)[1] == [
        "the dialect `d` does not spell what `$vcpu` is in this pattern, which `middle` needs"
    ]


def test_the_simulator_is_called_with_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "handles.vgs"
    path.write_text(SOURCE)
    sim = dsl.simulate(path)
    m = sim.Machine()
    m.poke(sim.Rn[1], 7)
    m.poke(sim.Rn[2], 8)
    m.poke(sim.V, 9)
    vcpu = sim.Vcpu(kind=2)
    sim.outer(m, vcpu)
    assert (vcpu.lr[1], vcpu.lr[2], vcpu.vmcr, vcpu.kind, vcpu.x) == (7, 8, 1, 1, 2)
    assert [e.what for e in m.trace if e.kind == "read"] == ["R1", "R2", "V"]


GLOBAL = """
register R<n> for n in 0..3 : 64 at (1, 2, 3, 4, n) { F [63:0] }
context info of machine {
    count   : 0..4
    last[2] : u64
}
context box of vcpu { lr[4] : u64 mirrors R<n> }
condition many = count > 2 per machine
sequence start(n : u32) { count <- n }
save all_of(vcpu) {
    when many { save lr[3] }
    each i below count { save lr[i] }
    last[1] <- info.count
}
dialect d for c {
    type vcpu is "struct vcpu *"
    read register is "rd($register)"
    read R<n> is "rdr($n)"
    many is "many_of(&info)"
    slot box is "$vcpu->$slot"
    last is "last_seen"
    file "a.c" holds * {}
}
"""


def test_what_there_is_once_needs_no_handle(tmp_path: Path) -> None:
    assert c_of(GLOBAL) == (
        """
void start(u32 n)
{
\tinfo.count = n;
}

void all_of(struct vcpu *vcpu)
{
\tint i;

\tif (many_of(&info))
\t\tvcpu->lr[3] = rdr(3);
\tfor (i = 0; i < info.count; i++)
\t\tvcpu->lr[i] = rdr(i);
\tlast_seen[1] = info.count;
}
""",
        [],
    )
    path = tmp_path / "once.vgs"
    path.write_text(GLOBAL)
    sim = dsl.simulate(path)
    m, vcpu = sim.Machine(), sim.Vcpu()
    m.poke(sim.Rn[3], 5)
    sim.start(m, 2)
    sim.all_of(m, vcpu)
    assert (m.memory.count, m.memory.last[1], vcpu.lr[3]) == (2, 2, 0)
    sim.start(m, 3)
    sim.all_of(m, vcpu)
    assert vcpu.lr[3] == 5
    # Another machine has its own.
    assert sim.Machine().memory.count == 0
    with pytest.raises(MachineError, match="count"):
        sim.start(m, 5)
