"""What barriers say that they order, where no rule is asked."""

from __future__ import annotations

from tests.verify.flow.helpers import checked, fill, found

#: Debug registers, as one would switch them.
DEBUG = """
platform debug "debug registers"
endpoint probe "an external debugger"
register MDSCR     : 32 at (2, 0, 0, 2, 2) { SS [0] MDE [15] res0 [14:1] res0 [31:16] }
register BVR<n> for n in 0..3 : 64 at (2, 0, 0, n, 4) { VA [63:0] }
register BCR<n> for n in 0..3 : 32 at (2, 0, 0, n, 5) { E [0] Rest [31:1] }
context dbg of vcpu {
    mdscr  : u32 mirrors MDSCR
    bvr[4] : u64 mirrors BVR<n>
    bcr[4] : u32 mirrors BCR<n>
    dirty  : bool
}
"""

LIFE = """
lifecycle life {
    each trip {
        enter { load(vcpu) }
        guest {
            may change BVR<n>
            may use probe
        }
        exit { unload(vcpu) }
    }
}
"""


def test_a_barrier_between_its_two_sides_orders_something() -> None:
    assert found(DEBUG + LIFE + """
        restore load(vcpu) {
            restore bvr[0]
            isb orders writes of BVR<n> before MDSCR
            restore mdscr
        }
        save unload(vcpu) { save bvr[0], mdscr }
    """) == []


def test_nothing_of_the_one_side_lies_before_it() -> None:
    [finding] = checked(DEBUG + LIFE + """
        restore load(vcpu) {
            restore bvr[0]
            isb orders writes of BCR<n> before MDSCR
            restore mdscr
        }
        save unload(vcpu) { save bvr[0], mdscr }
    """).findings
    assert (finding.code, finding.strength, finding.value) == ("VGS111", "convention", False)
    assert finding.where.text == "isb orders writes of BCR<n> before MDSCR"
    assert [note.span.text for note in finding.ends] == ["writes of BCR<n>", "MDSCR"]
    assert finding.function == "load"


def test_nothing_of_the_other_side_lies_behind_it() -> None:
    assert found(DEBUG + LIFE + """
        restore load(vcpu) {
            restore bvr[0], mdscr
            isb orders writes of BVR<n> before writes of BCR<n>
        }
        save unload(vcpu) { save bvr[0], mdscr }
    """) == ["VGS111 orders: isb orders writes of BVR<n> before writes of BCR<n>"]


def test_both_sides_are_there_but_not_on_one_path() -> None:
    text = DEBUG + """
        restore load(vcpu) {
            when dirty { restore bvr[0] }
            isb orders writes of BVR<n> before MDSCR
            when HERE { restore mdscr }
        }
        lifecycle life { enter { load(vcpu) } }
    """
    assert found(fill(text, "dirty")) == []
    assert found(fill(text, "not dirty")) == [
        "VGS111 orders: isb orders writes of BVR<n> before MDSCR"
    ]


def test_what_came_before_the_last_time_was_ordered_then() -> None:
    assert found(DEBUG + """
        restore load(vcpu) {
            isb orders writes of BVR<n> before MDSCR
            restore mdscr
        }
        restore first(vcpu) { restore bvr[0] }
        lifecycle life {
            create { first(vcpu) }
            each trip { enter { load(vcpu) } }
        }
    """) == []


def test_an_endpoint_orders_if_the_lifecycle_says_when_it_acts() -> None:
    body = """
        restore load(vcpu) {
            restore bvr[0]
            dsb(sy) orders writes of BCR<n> before probe
        }
        save unload(vcpu) { save bvr[0] }
    """
    assert found(DEBUG + LIFE + body) == [
        "VGS111 orders: dsb(sy) orders writes of BCR<n> before probe"
    ]
    # Nobody knows when it looks.
    assert found(DEBUG + LIFE.replace("may use probe", "") + body) == []


def test_the_callers_of_a_sequence_may_do_anything() -> None:
    assert found(DEBUG + """
        sequence wait() { isb orders writes of BVR<n> before MDSCR }
    """) == []


def test_two_sides_the_other_way_round() -> None:
    text = DEBUG + """
        restore load(vcpu) {
            HERE
            isb orders writes of BVR<n> before writes of MDSCR
            HERE
        }
    """
    assert found(fill(text, "restore bvr[0]", "restore mdscr")) == []
    [finding] = checked(fill(text, "restore mdscr", "restore bvr[0]")).findings
    assert (finding.code, finding.rule, finding.value) == ("VGS117", "orders", False)
    assert [note.span.text for note in finding.ends] == ["mdscr", "bvr[0]"]
    # On this path there is something that it orders, too.
    assert found(fill(text, "restore bvr[0], mdscr", "restore bvr[1]")) == []
    assert found(fill(text, "restore bvr[0], mdscr", "restore bvr[1], mdscr")) == []


def test_what_an_extern_writes_is_on_its_side_too() -> None:
    text = DEBUG + """
        extern set_up() { writes BVR<n> }
        sequence load(vcpu) {
            let old = MDSCR
            HERE
            isb orders writes of BVR<n> before MDSCR
            restore bvr[0]
        }
    """
    assert found(fill(text, "set_up()")) == []
    assert found(fill(text, "")) == ["VGS117 orders: isb orders writes of BVR<n> before MDSCR"]
