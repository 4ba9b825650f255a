"""The page of a run as a text: what it has, and that nothing gets into it or out of its place."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest

from dsl.backends.html import lanes, page, timing
from dsl.ir.platform import Barrier, BarrierKind
from dsl.run.events import Event, Kind, Pending
from tests.backends.html_runs import HOSTILE, HOSTILE_TITLE, SMALL, long, made

ISB, DSB = Barrier(BarrierKind.ISB, ""), Barrier(BarrierKind.DSB, "nsh")


def event(number, kind, what, *, cpu=0, pending=(), old=None, new=None):
    return Event(
        number, kind, what, cpu, "vcpu", "load", "f", "a.vgs:1:1", "", old, new, (), pending
    )


def write(number, what, *pending, cpu=0):
    return event(number, Kind.WRITE, what, cpu=cpu, pending=pending, old=0, new=1)


def barrier(number, what, cpu=0):
    return event(number, Kind.BARRIER, what, cpu=cpu)


def ends(*events):
    return [(w.register, w.pending.whom, w.start, w.end) for w in timing.intervals(events)]


# ---- when a wait ends


def test_a_wait_ends_at_the_last_barrier_of_its_chain_in_order():
    found = ends(
        write(0, "A", Pending("effect", (ISB,)), Pending("frame", (ISB, DSB))),
        barrier(1, "dsb(sy)"),
        barrier(2, "isb"),
        barrier(3, "dsb(nsh)"),
    )
    assert found == [("A", "effect", 0, 2), ("A", "frame", 0, 3)]


def test_a_barrier_that_does_more_will_do_and_one_that_does_less_will_not():
    waits = write(0, "A", Pending("effect", (ISB,)), Pending("frame", (DSB,)))
    found = ends(waits, barrier(1, "dsb(nshst)"), barrier(2, "dsb(ish)"), barrier(3, "eret"))
    assert found == [("A", "effect", 0, 3), ("A", "frame", 0, 2)]


def test_a_barrier_is_for_the_writes_before_it_on_its_own_cpu():
    found = ends(
        write(0, "A", Pending("effect", (ISB,))),
        barrier(1, "isb", cpu=1),
        barrier(2, "isb"),
        write(3, "A", Pending("effect", (ISB,))),
    )
    assert found == [("A", "effect", 0, 2), ("A", "effect", 3, None)]


def test_stretches_are_taken_apart_where_the_set_of_registers_changes():
    waits = timing.intervals(
        (
            write(0, "A", Pending("effect", (ISB,))),
            write(1, "B", Pending("effect", (DSB,))),
            write(2, "A", Pending("effect", (ISB,))),
            barrier(3, "isb"),
            barrier(4, "dsb(nsh)"),
            write(5, "A", Pending("effect", (ISB,))),
        )
    )
    found = [(s.registers, s.start, s.end) for s in timing.stretches(waits)]
    assert found == [(("A",), 0, 1), (("A", "B"), 1, 3), (("B",), 3, 4), (("A",), 5, None)]


# ---- lanes


def groups_of(run):
    events = tuple(run.events)
    lines = ["s0-1"] * len(events)
    return {g.title: g for g in lanes.Picture(events, lines, page.owners(run)).groups()}


def lane_of(run, group, name):
    (found,) = (lane for lane in groups_of(run)[group].lanes if lane.name == name)
    return found


def test_there_are_lanes_for_what_changes_and_for_nothing_else(tmp_path):
    run = made(tmp_path, SMALL)
    names = [lane.name for lane in groups_of(run)["Registers"].lanes if lane.look == "register"]
    # CVAL2_EL2 and CVAL3_EL2 are written too, with what they hold.
    assert names == ["CTL_EL2", "CVAL1_EL2", "CVAL0_EL2"]
    assert [lane.name for lane in groups_of(run)["Memory: the context"].lanes] == ["ctl"]


def test_a_value_lies_from_its_write_to_the_next_and_is_pending_until_all_see_it(tmp_path):
    run = made(tmp_path, SMALL)
    before, armed, masked, off, *touches = lane_of(run, "Registers", "CTL_EL2").items
    (dsb,) = (e.number for e in run.events if e.what == "dsb(sy)")
    shown = [item.labels[0].text for item in (before, armed, masked, off)]
    assert shown == ["0x0", "0x5  ENABLE 1, MODE Once", "0x7  MASK 1", "0x0  " + off_fields(run)]
    assert before.end == armed.start
    assert armed.end == masked.start
    assert off.end == len(run.events)
    pending_until = armed.start + float(armed.waits) / 100 * (armed.end - armed.start)
    assert pending_until == pytest.approx(dsb + 0.5, abs=0.01)
    # What the hardware does here nobody waits for; what is written last, everybody still does.
    assert (masked.waits, off.waits) == ("", "100")
    assert [touch.look for touch in touches] == ["touch k-read"]


def off_fields(run):
    last = [e for e in run.events if e.kind is Kind.WRITE][-1]
    return ", ".join(f"{name} {new}" for name, _, new in last.fields)


def test_each_observer_has_a_bar_of_its_own(tmp_path):
    run = made(tmp_path, SMALL)
    registers = groups_of(run)["Registers"].lanes
    at = [lane.name for lane in registers].index("CTL_EL2")
    waits = registers[at + 1 : at + 4]
    assert [lane.name for lane in waits] == ["↳ effect", "↳ frame", "↳ STATUS_EL2"]
    number = {e.what: e.number for e in run.events if e.kind is Kind.BARRIER}
    spans = [sorted((bar.start, bar.end) for bar in lane.items)[0] for lane in waits]
    isb, dsb = number["isb"] + 0.5, number["dsb(sy)"] + 0.5
    assert spans == [(2, isb), (2, dsb), (2, isb)]


# ---- the whole


class Reader(HTMLParser):
    """What a browser makes of the text: ids, links, and the texts of some elements."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags, self.scripts, self.texts = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])

    def handle_data(self, data):
        (self.scripts if self.lasttag == "script" else self.texts).append(data)


@pytest.mark.parametrize("scenario", [SMALL, HOSTILE, long(2), 'scenario "nothing" {}\n'])
def test_every_event_is_there_and_every_link_leads_somewhere(tmp_path, scenario):
    run = made(tmp_path, scenario)
    read = Reader(page.html(run))
    assert len(set(read.ids)) == len(read.ids)
    assert [i for i in read.ids if re.fullmatch(r"e\d+", i)] == [f"e{e.number}" for e in run.events]
    assert {link[0] for link in read.links} == {"#"}
    assert {link[1:] for link in read.links} <= set(read.ids)


def test_it_needs_no_other_file(tmp_path):
    text = page.html(made(tmp_path, long(2)))
    allowed = {("link", "data:,")}
    for tag, attrs in Reader(text).tags:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            if name in attrs and not attrs[name].startswith("#"):
                assert (tag, attrs[name]) in allowed
    assert not re.search(r"url\(|@import|https?:", text)


def test_nothing_of_the_source_gets_out_of_its_place(tmp_path):
    text = page.html(made(tmp_path, HOSTILE))
    read = Reader(text)
    tags = [tag for tag, _ in read.tags]
    assert [tags.count(t) for t in ("script", "style", "title", "b", "img")] == [
        1,
        1,
        1,
        text.count("<b>"),
        0,
    ]
    assert "alert" not in "".join(read.scripts)
    assert HOSTILE_TITLE in "".join(read.texts)
    assert "<b>not bold</b>" in unescape(text)
    assert "<b>not bold" not in text


def test_the_same_run_gives_the_same_page(tmp_path):
    assert page.html(made(tmp_path, SMALL)) == page.html(made(tmp_path, SMALL))


def test_it_says_what_does_not_hold_and_links_to_the_event(tmp_path):
    run = made(tmp_path, HOSTILE)
    view = page.page(run, "")
    (note,) = view.notes
    assert (view.verdict, view.verdict_look) == ("fails", "failed")
    assert note.text == "expected: a.ctl == 7; a.ctl is 5"
    (failed,) = (e for e in run.events if e.kind is Kind.FAILED)
    assert note.link == f"#e{failed.number}"


def test_a_failure_that_is_declared_is_told_from_one_that_is_not(tmp_path):
    text = SMALL.replace("ctl == 7", "ctl == 8")
    declared = 'scenario "a write waits for its barriers" fails "the mask is set"'
    assert page.page(made(tmp_path, text), "").verdict == "fails"
    view = page.page(made(tmp_path, text, declared), "")
    assert view.verdict == "fails, as expected: the mask is set"
