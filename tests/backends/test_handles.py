"""Handles on a context: what a sequence is called for need not be the owner of everything."""

from __future__ import annotations

from pathlib import Path

import dsl
from dsl.backends.c import emit
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
    workspace = Workspace()
    loaded = workspace.load_text(source, "test")
    assert loaded is not None
    assert [f.message for f in workspace.found] == []
    program = workspace.program(loaded)
    made = emit(program, loaded.resolved.dialects[0], {"test": loaded.resolved.layout})
    return made.files["a.c"].partition("\n")[2], [f.message for f in made.findings]


def test_what_the_dialect_does_not_spell_is_said() -> None:
    without = SOURCE.replace('    v3 is "&$vcpu->arch.gic.v3"\n', "")
    assert c_of(without)[1] == [
        "the dialect `d` does not spell the context `v3` of a vcpu, which `outer` needs"
    ]
    without = SOURCE.replace('    in middle { slot v3 is "$gic->v3.$slot" }\n', "")
    assert c_of(without)[1] == [
        "the dialect `d` does not spell the slot `lr` or its context, which `middle` needs"
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
