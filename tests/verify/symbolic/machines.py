"""A small machine with a list, mirrored registers and a lifecycle, and what is wrong with it."""

from __future__ import annotations

from functools import cache

from dsl.ir.program import Program
from dsl.resolve.workspace import Workspace

#: A mask and a list of four, which a host fills and a guest changes; a switch that memory owns.
PEN = """
platform pen "the registers of this test"
register MASK : 64 { Level [7:0] becomes Level & (0xff << IDS.Bits) Deep [8] res0 [63:9] }
register ITEM<n> for n in 0..3 : 64 reset 0 { Name [31:0] State [33:32] res0 [63:34] }
register IDS : 32 ro { Bits [1:0] More [2] res0 [31:3] }
register SWITCH : 32 reset 0 { On [0] Trap [1] res0 [31:2] }
register EXTRA<n> for n in 0..1 : 32 reset 0 { All [31:0] }

context kept of vcpu {
    used     : 0..4
    items[4] : u64 mirrors ITEM<n>
    mask     : u32 mirrors MASK
    extra[2] : u32 mirrors EXTRA<n>
    control  : u32 feeds SWITCH
}
condition early per machine

extern fill(vcpu) {
    writes items
    writes used in 0..4
}
extern drain(vcpu) {
    reads items
    writes used
    ensures used == 0
}

sequence load(vcpu) {
    restore mask
    restore extra[0]
    when IDS.More { restore extra[1] }
}
sequence go_in(vcpu) {
    fill(vcpu)
    when used {
        restore control
        each i below used { restore items[i] }
    }
}
sequence leave_it(vcpu) {
    when used {
        SWITCH <- control with On = 0
        each i below used {
            save items[i]
            ITEM<i> <- 0
        }
        drain(vcpu)
    }
}
sequence put(vcpu) {
    save mask
    save extra[0]
    when IDS.More { save extra[1] }
}

lifecycle life {
    create { modify control { On <- 1 } }
    each stay {
        arrive { load(vcpu) }
        each trip {
            prepare { go_in(vcpu) }
            guest {
                eret
                each n below used { may change ITEM<n>.State }
                each n below 1 + IDS.More { may change EXTRA<n> }
                may change MASK
                exception
            }
            after { leave_it(vcpu) }
        }
        depart { put(vcpu) }
    }
}

invariant switched_on at guest "what is listed is signalled" { used implies SWITCH.On }
invariant switched_off at depart "nobody else is interrupted" { not SWITCH.On }

model fill(vcpu) {
    used <- wanted
    each i below wanted { items[i] <- wants[i] }
}
model drain(vcpu) { used <- 0 }
context wishes of vcpu {
    wanted   : 0..4
    wants[4] : u64
}
"""


@cache
def program(text: str) -> Program:
    workspace = Workspace()
    loaded = workspace.load_text(text, "pen.vgs")
    assert [f"{f.span}: {f.message}" for f in workspace.found if f.severity == "error"] == []
    assert loaded is not None
    return workspace.program(loaded)


def changed(old: str, new: str) -> Program:
    """The machine with a fault in it."""
    assert PEN.count(old) == 1, old
    return program(PEN.replace(old, new))
