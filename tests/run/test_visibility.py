"""Who sees a write when: one register, those who look at it, and the barriers between."""

from __future__ import annotations

import pytest

from dsl.ir.expr import Call
from dsl.run.env import Env, Look
from dsl.run.events import Kind
from tests.run.machines import Bench, outcomes

PLAIN = """
register A : 8 reset 0 { LOW [3:0] HIGH [7:4] }
register B : 8 reset 0 { V [7:0] }
"""

#: B is computed from A; a device sees A too.
DEVICE = """
register A : 8 reset 0 { LOW [3:0] HIGH [7:4] }
register B : 8 ro { V [7:0] = A.LOW + A.HIGH }
endpoint device "a device" aliases A
rule there : convention "an example" { writes of A visible to device needs isb then dsb(nsh) }
rule back : convention "an example" { device visible to reads of A, B needs dsb(nsh) then isb }
"""


def test_what_software_wrote_it_reads_back_at_once() -> None:
    def body(bench: Bench) -> int:
        bench.write("A", 1)
        bench.write("A", 2)
        return bench.read("A")

    assert outcomes(PLAIN, body) == [2]


def test_the_effect_of_a_write_waits_for_a_context_synchronization_event() -> None:
    def body(bench: Bench) -> tuple[int, ...]:
        bench.write("A", 1)
        before = bench.see("A")
        bench.barriers("dsb(sy)")
        return before, bench.see("A")

    assert outcomes(PLAIN, body) == [(1, 1), (0, 1), (0, 0)]


@pytest.mark.parametrize("event", ["isb", "exception", "eret"])
def test_each_event_synchronises(event: str) -> None:
    def body(bench: Bench) -> int:
        bench.write("A", 1)
        bench.barriers(event)
        return bench.see("A")

    assert outcomes(PLAIN, body) == [1]


def test_the_writes_of_two_registers_take_effect_in_any_order() -> None:
    def body(bench: Bench) -> tuple[int, int]:
        bench.write("A", 1)
        bench.write("B", 1)
        return bench.see("A"), bench.see("B")

    assert set(outcomes(PLAIN, body)) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_what_is_computed_from_a_write_is_not_certain_before_it_took_effect() -> None:
    def body(bench: Bench) -> tuple[int, int]:
        bench.write("A", 0x21)
        return bench.read("A"), bench.read("B")

    assert outcomes(DEVICE, body) == [(0x21, 3), (0x21, 0)]


def test_what_is_computed_is_computed_in_one_step() -> None:
    """Each register that it is made of is seen once: not one field before a write, one after."""
    text = DEVICE.replace("A.LOW + A.HIGH", "A.LOW == 1 and A.HIGH == 0").replace(
        "V [7:0] =", "V [0] ="
    )
    text = text.replace("A.HIGH == 0", "A.HIGH == 0 res0 [7:1]")

    def body(bench: Bench) -> int:
        bench.write("A", 0x21)
        return bench.read("B")

    assert set(outcomes(text, body)) == {0}


def test_a_computed_field_sees_its_own_register_as_a_whole() -> None:
    text = "register A : 8 reset 0 { V [3:0] NONE [4] = V == 0 res0 [7:5] }"

    def body(bench: Bench) -> tuple[int, int]:
        bench.write("A", 1)
        return bench.see("A"), bench.see("A") & 0x10

    assert set(outcomes(text, body)) == {(1, 0), (0x10, 0), (0x10, 0x10)}
    field = Bench(text)
    field.write("A", 1)
    assert field.permitted("A") == [1, 0]


@pytest.mark.parametrize(
    ("between", "seen"),
    [
        ((), {0, 7}),
        (("isb",), {0, 7}),
        (("dsb(sy)",), {0, 7}),
        (("dsb(sy)", "isb"), {0, 7}),
        (("isb", "dmb(sy)"), {0, 7}),
        (("isb", "dsb(st)"), {0, 7}),
        (("isb", "dsb(ld)"), {0, 7}),
        (("isb", "dsb(nsh)"), {7}),
        (("eret", "isb", "dsb(ish)"), {7}),
    ],
)
def test_a_chain_is_complete_when_its_barriers_were_there_in_order(
    between: tuple[str, ...], seen: set[int]
) -> None:
    def body(bench: Bench) -> int:
        bench.write("A", 7)
        bench.barriers(*between)
        return bench.see("A", "device")

    assert set(outcomes(DEVICE, body)) == seen


def test_a_rule_asks_for_more_than_synchronization_and_never_for_less() -> None:
    text = DEVICE + 'rule weak : convention "" { writes of A visible to reads of B needs dmb(st) }'

    def body(bench: Bench) -> int:
        bench.write("A", 1)
        bench.barriers("dsb(sy)")
        return bench.read("B")

    assert outcomes(text, body) == [1, 0]


def test_whoever_has_seen_a_write_sees_it_again_and_others_need_not() -> None:
    def body(bench: Bench) -> tuple[int, ...]:
        bench.write("A", 1)
        bench.barriers("isb")
        first = bench.see("A", "device")
        return first, bench.see("A", "device"), bench.see("A")

    assert outcomes(DEVICE, body) == [(1, 1, 1), (0, 1, 1), (0, 0, 1)]


def test_each_computed_register_is_read_for_itself() -> None:
    text = PLAIN.replace("B : 8 reset 0 { V [7:0] }", "B : 8 ro { V [7:0] = A }")
    text += "register C : 8 ro { V [7:0] = A }"

    def body(bench: Bench) -> tuple[int, int]:
        bench.write("A", 1)
        return bench.read("B"), bench.read("C")

    assert set(outcomes(text, body)) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_a_condition_counts_while_it_holds() -> None:
    text = """
        register A : 8 reset 0 { V [7:0] }
        register MODE : 8 reset 0 { ON [0] res0 [7:1] }
        endpoint device "a device" aliases A
        rule r : convention "" { writes of A visible to device needs dsb(sy) when MODE.ON }
    """

    def body(mode: int, bench: Bench) -> int:
        bench.write("MODE", mode)
        bench.write("A", 1)
        bench.barriers("isb")
        return bench.see("A", "device")

    assert outcomes(text, lambda bench: body(1, bench)) == [1, 0]
    assert outcomes(text, lambda bench: body(0, bench)) == [1]


# ---- two who write


def test_what_a_device_wrote_blindly_comes_before_or_after_what_it_did_not_see() -> None:
    def body(bench: Bench) -> int:
        bench.write("A", 0x11)
        bench.change("A", 0x22, "device", 0x0F)
        bench.barriers("isb", "dsb(sy)", "isb")
        return bench.read("A")

    assert outcomes(DEVICE, body) == [0x12, 0x11]


def test_what_software_wrote_comes_before_or_after_what_it_did_not_see() -> None:
    def body(bench: Bench) -> int:
        bench.change("A", 2, "device")
        bench.write("A", 1)
        bench.barriers("dsb(sy)", "isb")
        return bench.read("A")

    assert outcomes(DEVICE, body) == [1, 2]


def test_there_is_one_order_for_everybody() -> None:
    """Software and the device end with the same value, whichever it is."""

    def body(bench: Bench) -> tuple[int, int]:
        bench.change("A", 2, "device")
        bench.write("A", 1)
        bench.barriers("isb", "dsb(sy)", "isb")
        return bench.read("A"), bench.see("A", "device")

    assert outcomes(DEVICE, body) == [(1, 1), (2, 2)]


def test_an_operation_of_the_hardware_is_one_step() -> None:
    """It counts up what it saw: nothing comes between its look and its change."""
    text = DEVICE + "operation count_up() { A.LOW <- A.LOW + 1 }"
    assert outcomes(text, counted) == [0x15, 0x14]


def counted(bench: Bench) -> int:
    bench.write("A", 0x14)
    bench.executor.call(Call("count_up", (), False, None, bench.span), Env(who="device"))
    bench.barriers("isb", "dsb(sy)", "isb")
    return bench.read("A")


def test_a_change_of_some_bits_leaves_the_others() -> None:
    bench = Bench(DEVICE)
    bench.write("A", 0x34)
    bench.change("A", 0xFF, mask=0xF0)
    assert bench.read("A") == 0xF4


def test_a_change_of_a_field_is_legalised_by_what_the_others_hold() -> None:
    text = "register A : 8 reset 0 { HELD [0] becomes 1 when RUN RUN [1] res0 [7:2] }"
    bench = Bench(text)
    bench.write("A", 2)
    bench.barriers("isb")
    bench.change("A", 0, mask=1)
    assert bench.read("A") == 3


# ---- what is kept


def test_what_everybody_sees_is_pending_no_more() -> None:
    bench = Bench(DEVICE)
    cell = bench.machine.cell(bench.element("A"))
    bench.write("A", 7)
    bench.barriers("isb")
    assert (cell.settled, len(cell.updates)) == (0, 1)
    bench.barriers("dsb(sy)")
    assert (cell.settled, len(cell.updates)) == (7, 0)


def test_a_write_that_no_rule_speaks_of_is_pending_until_an_isb_only() -> None:
    bench = Bench(DEVICE + "register C : 8 { V [7:0] }")
    bench.write("C", 7)
    bench.barriers("isb")
    assert bench.machine.cell(bench.element("C")).updates == []


def test_nothing_is_decided_where_nothing_differs() -> None:
    bench = Bench(DEVICE)
    bench.write("A", 0x10)
    bench.write("A", 0x20)
    span, look = bench.span, bench.machine.look
    assert look(bench.element("A"), Look("device"), span, 0x0F) & 0x0F == 0
    assert bench.events(Kind.CHOICE) == []


def test_what_watches_from_outside_decides_nothing() -> None:
    bench = Bench(DEVICE)
    bench.write("A", 0x21)
    assert bench.machine.newest(bench.element("B")) == 3
    assert bench.events(Kind.CHOICE, Kind.HAZARD) == []


# ---- hazards


def test_a_write_that_should_be_behind_another_is_noted() -> None:
    text = PLAIN + 'rule r : convention "" { writes of A.LOW visible to writes of B needs isb }'
    bench = Bench(text)
    bench.write("A", 1)
    bench.write("B", 1)
    bench.barriers("isb")
    bench.write("B", 1)
    assert bench.said == ["A: not yet visible to B: needs isb (r)"]


def test_where_a_rule_names_neither_reads_nor_writes_it_is_about_both() -> None:
    text = PLAIN + 'rule r : convention "" { writes of A visible to B needs dsb(sy) }'
    bench = Bench(text)
    bench.write("A", 1)
    bench.write("B", 1)
    assert bench.said == ["A: not yet visible to B: needs dsb(sy) (r)"]


def test_effective_is_for_every_value_that_is_permitted() -> None:
    text = PLAIN + 'rule r : convention "" { writes of B only while A.LOW == 1 effective }'
    bench = Bench(text)
    bench.write("A", 1)
    bench.write("B", 1)
    assert bench.said == ["B: only while A.LOW == 1 (r)"]
    bench.barriers("isb")
    bench.write("B", 1)
    bench.write("A", 2)
    assert len(bench.said) == 1
    bench.write("B", 1)
    assert len(bench.said) == 2


def test_a_condition_asks_about_the_value_that_is_written() -> None:
    text = PLAIN + 'rule r : convention "" { writes of B only while A.LOW == 1 effective when B.V }'
    bench = Bench(text)
    bench.write("B", 0)
    assert bench.said == []
    bench.write("B", 1)
    assert len(bench.said) == 1


def test_effective_may_be_about_what_is_computed_and_about_any_of_a_bank() -> None:
    text = """
        register A<n> for n in 0..2 : 8 reset 0 { V [7:0] }
        register S : 8 ro { BUSY<n> for n in 0..2 [n] = A<n>.V != 0 res0 [7:3] }
        register B : 8 { V [7:0] }
        register C : 8 { V [7:0] }
        rule one : convention "" { writes of B only while not S.BUSY<1> effective }
        rule all : convention "" { writes of C only while every n in 0..2: (A<n>.V == 0) effective }
    """
    bench = Bench(text)
    bench.write("B", 0)
    bench.write("C", 0)
    assert bench.said == []
    bench.write("A1", 1)
    bench.write("B", 0)
    bench.write("C", 0)
    assert [said.split(" (")[-1] for said in bench.said] == ["one)", "all)"]


def test_an_order_is_within_one_phase() -> None:
    bench = Bench(PLAIN + 'rule r : convention "" { writes of A before writes of B }')
    bench.write("A", 1)
    bench.write("B", 1)
    assert bench.said == []
    bench.write("A", 1)
    assert bench.said == ["A: comes after writes of B (r)"]
    bench.hazards.behind.clear()
    bench.write("A", 1)
    assert len(bench.said) == 1
