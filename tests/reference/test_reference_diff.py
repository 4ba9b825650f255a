"""The main job: the C of both sides is the patch's, and any change of a statement shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from dsl.compare import compare_patch, render
from dsl.source import Source
from dsl.syntax import tree as t
from dsl.syntax.parser import parse
from tests.reference.cases import (
    CASES,
    PATCH,
    c_of,
    generated,
    load,
    spelling_findings,
    text,
)


def test_every_hunk_matches_on_both_sides() -> None:
    report = compare_patch(PATCH, generated("before"), generated("after"))
    assert report.ok
    assert [(h.covered, h.old.tokens, h.new.tokens) for h in report.hunks] == [(True,) * 3] * 14
    assert report.not_covered == ()
    # Comments are the patch author's prose; ours explain in our own words.
    assert all(h.holds("text_apart_from_comments") for h in report.hunks)
    assert report.outside == ()
    assert report.outside_text == ()
    assert "14 of 14 hunks of 7 files match on both sides" in render(report)


# ---- one change in one module


@dataclass(frozen=True)
class Mutant:
    """A module with the text from ``start`` to ``end`` replaced, inside one sequence."""

    case: str
    sequence: str
    what: str
    start: int
    end: int
    new: str

    @property
    def text(self) -> str:
        whole = text(self.case)
        return whole[: self.start] + self.new + whole[self.end :]

    def __str__(self) -> str:
        line = text(self.case).count("\n", 0, self.start) + 1
        return f"{self.case}-{line}-{self.what}"


#: Another register, slot, enumerator or condition that can stand in the same place.
_OTHER = {
    "ICH_HCR_EL2": "ICH_VMCR_EL2",
    "ICH_VMCR_EL2": "ICH_HCR_EL2",
    "ICC_SRE_EL1": "ICC_SRE_EL3",
    "ICC_SRE_EL2": "ICC_SRE_EL3",
    "ICH_ELRSR_EL2": "ICH_EISR_EL2",
    "ICH_LR<i>_EL2": "ICH_LR<0>_EL2",
    "vgic_hcr": "vgic_vmcr",
    "vgic_vmcr": "vgic_hcr",
    "vgic_lr": "vgic_lr",
    "Invalid": "Pending",
    "used_lrs": "vgic_hcr",
    "vhe": "cpuif_trap",
    "sre": "its_vm",
    "cpuif_trap": "vhe",
    "its_vm": "vhe",
    "gicv3_cpuif": "vhe",
    "ap_list_empty": "vhe",
    "irqs_off": "vhe",
    # Functions that take and give the same.
    "__vgic_v3_save_state": "__vgic_v3_save_aprs",
    "__vgic_v3_restore_state": "__vgic_v3_restore_aprs",
    "__vgic_v3_activate_traps": "__vgic_v3_restore_state",
    "__vgic_v3_deactivate_traps": "__vgic_v3_save_state",
    "__vgic_v3_save_aprs": "__vgic_v3_restore_aprs",
    "__vgic_v3_restore_aprs": "__vgic_v3_save_aprs",
    "__vgic_v3_write_vmcr": "__vgic_v3_init_lrs",
    "__vgic_v3_read_vmcr": "__vgic_v3_get_ich_vtr_el2",
    "vgic_save_state": "vgic_restore_state",
    "vgic_restore_state": "vgic_save_state",
    "vgic_v4_sync_hwstate": "vgic_v4_flush_hwstate",
    "vgic_v4_flush_hwstate": "vgic_v4_sync_hwstate",
    "vgic_flush_lr_state": "vgic_fold_lr_state",
    "vgic_fold_lr_state": "vgic_prune_ap_list",
    "vgic_prune_ap_list": "vgic_fold_lr_state",
}


def mutants(case: str) -> Iterator[Mutant]:
    module, found = parse(Source(case, text(case)))
    assert not found
    for item in module.items:
        if isinstance(item.body, t.Sequence) and item.body.body is not None:
            for what, start, end, new in of_block(case, item.body.body):
                yield Mutant(case, item.body.name.text, what, start, end, new)


Change = tuple[str, int, int, str]


def of_block(case: str, block: t.Block) -> Iterator[Change]:
    for item in block.items:
        yield from of_statement(case, item.body)
        if isinstance(item.body, t.Let):
            yield "delete", item.body.value.start, item.body.value.end, "0"
        else:
            yield "delete", item.start, item.end, ""
        for inner in blocks(item.body):
            yield from of_block(case, inner)


def blocks(node: t.Declaration | t.Statement) -> list[t.Block]:
    match node:
        case t.When(arms=arms, otherwise=otherwise):
            return [a.body for a in arms] + ([otherwise] if otherwise else [])
        case t.Each(body=body) | t.Holding(body=body) | t.Labelled(body=body):
            return [body]
        case _:
            return []


def of_statement(case: str, node: t.Declaration | t.Statement) -> Iterator[Change]:
    """At least one change for every statement; every register, constant and barrier in it."""
    source = text(case)
    match node:
        case t.When(arms=arms):
            for arm in arms:
                condition = arm.condition
                shown = source[condition.start : condition.end]
                yield "negate", condition.start, condition.end, f"not ({shown})"
                for name in names(condition):
                    yield "condition", name.start, name.end, _OTHER[name.text]
                for op in operators(condition):
                    swapped = {"or": "and", "and": "or"}[op.op]
                    between = re.search(rf"\b{op.op}\b", source[op.left.end : op.right.start])
                    assert between is not None
                    at = op.left.end + between.start()
                    yield "operator", at, at + len(op.op), swapped
        case t.Order(barriers=barriers):
            for barrier in barriers:
                stronger = "isb" if barrier.kind == "dsb" else "dsb(sy)"
                yield "barrier", barrier.start, barrier.end, stronger
                if barrier.option is not None:
                    option = "ish" if barrier.option.text != "ish" else "sy"
                    yield "option", barrier.option.start, barrier.option.end, option
            if len(barriers) > 1:
                yield "drop", barriers[0].end, barriers[-1].end, ""
        case t.Move(place=place, value=value):
            if place.name.text not in ("vgic_lr",) and not place.picks:
                yield "register", place.name.start, place.name.end, _OTHER[place.name.text]
            yield from of_values(value)
            yield from of_values(place)
        case t.Let(value=value):
            yield from of_values(value)
        case t.Copy(kind=kind, places=places):
            other = "restore" if kind.text == "save" else "save"
            yield "direction", kind.start, kind.end, other
            for each in places:
                if not each.picks:
                    yield "slot", each.name.start, each.name.end, _OTHER[each.name.text]
                for pick in each.picks:
                    yield "index", pick.start, pick.end, "[0]"
        case t.Each(bounds=bounds):
            yield "bound", bounds.start, bounds.end, f"{source[bounds.start : bounds.end]} + 1"
        case t.Call():
            yield from of_values(node)
        case t.Hypcall(call=call):
            yield "not-hyp", node.start, call.start, ""
            yield from of_values(call)
        case t.Warn(condition=condition) | t.Assert(condition=condition):
            shown = source[condition.start : condition.end]
            yield "negate", condition.start, condition.end, f"not ({shown})"
            yield from of_values(condition)
        case t.Holding(body=body):
            yield "unlock", node.start, node.end, source[body.start + 1 : body.end - 1]
        case t.Labelled(label=label):
            yield "label", label.start, label.end, "exit"
        case t.Leave():
            yield "leave", node.start, node.end, "return"
        case t.Return():
            yield "return", node.start, node.end, "warn if used_lrs"
        case _:
            raise AssertionError(f"no change is known for {type(node).__name__}")


def of_values(node: object) -> Iterator[Change]:
    for place in places_in(node):
        if place.name.text in _OTHER and not place.picks:
            yield "value", place.name.start, place.name.end, _OTHER[place.name.text]
    match node:
        case t.Call(name=name, args=args):
            yield "callee", name.start, name.end, _OTHER[name.text]
            for arg in args:
                yield from of_values(arg)
        case t.Hypcall(call=call):
            yield "not-hyp", node.start, call.start, ""
            yield from of_values(call)
        case t.Number(value=number):
            yield "constant", node.start, node.end, str(1 - number if number < 2 else number + 1)
        case t.With(base=base, value=value):
            yield from of_values(base)
            yield from of_values(value)
        case t.Binary(left=left, right=right):
            yield from of_values(left)
            yield from of_values(right)
        case _:
            pass


def places_in(node: object) -> Iterator[t.Place]:
    if isinstance(node, t.Place):
        yield node


def names(node: t.Expr) -> Iterator[t.Name]:
    match node:
        case t.Place(name=name, picks=()):
            yield name
        case t.Not(operand=operand):
            yield from names(operand)
        case t.Binary(left=left, right=right):
            yield from names(left)
            yield from names(right)
        case _:
            pass


def operators(node: t.Expr) -> Iterator[t.Binary]:
    match node:
        case t.Binary(op="or" | "and"):
            yield node
            yield from operators(node.left)
            yield from operators(node.right)
        case t.Not(operand=operand):
            yield from operators(operand)
        case _:
            pass


ALL = [m for case in CASES for m in mutants(case) if m.text != text(case)]


def test_every_statement_has_a_mutant() -> None:
    def count(block: t.Block) -> int:
        return sum(1 + sum(count(b) for b in blocks(i.body)) for i in block.items)

    for case in CASES:
        module, _ = parse(Source(case, text(case)))
        statements = sum(
            count(i.body.body)
            for i in module.items
            if isinstance(i.body, t.Sequence) and i.body.body is not None
        )
        assert len([m for m in ALL if m.case == case and m.what == "delete"]) == statements
    assert len(ALL) > 150


@pytest.mark.parametrize("mutant", ALL, ids=str)
def test_a_change_in_one_module_is_found_and_shown(mutant: Mutant) -> None:
    workspace, loaded = load(mutant.case, mutant.text)
    found = [*workspace.found, *spelling_findings(workspace, loaded)]
    if found:
        # What cannot be built is shown at its place in the source, and nothing is compared.
        first, last = sequence_lines(mutant)
        assert all(first <= f.span.line <= last for f in found), [f.message for f in found]
        return
    files = {case: generated(case) for case in CASES}
    files[mutant.case] = c_of(workspace, loaded)
    report = compare_patch(PATCH, files["before"], files["after"])
    assert not report.ok
    side = "old" if mutant.case == "before" else "new"
    mismatches = [(h.file, getattr(h, side).mismatch) for h in report.hunks]
    places = [(file, m.generated.line) for file, m in mismatches if m is not None]
    ranges = [(o.file, getattr(o, mutant.case)) for o in report.outside]
    places += [(file, r.first) for file, r in ranges if r is not None]
    shown = render(report)
    assert places, shown
    # Where it shows is in the function of the statement, or just behind it.
    made = files[mutant.case]
    assert any(inside(made[file], line, mutant.sequence) for file, line in places), (places, shown)


def test_few_changes_are_refused_before_they_are_compared() -> None:
    refused = [m for m in ALL if list(load(m.case, m.text)[0].found)]
    assert len(refused) < len(ALL) / 4


def sequence_lines(mutant: Mutant) -> tuple[int, int]:
    """The lines of the source, hints included, that the mutant's sequence takes."""
    module, _ = parse(Source(mutant.case, text(mutant.case)))
    (item,) = [
        i
        for i in module.items
        if isinstance(i.body, t.Sequence) and i.body.name.text == mutant.sequence
    ]
    before = text(mutant.case)
    return before.count("\n", 0, item.start) + 1, before.count("\n", 0, item.end) + 1


def inside(text: str, line: int, sequence: str) -> bool:
    lines = text.split("\n")
    named = [n for n, each in enumerate(lines, 1) if re.search(rf"\b{sequence}\(.*\)$", each)]
    starts = [n for n in named if lines[n - 1][:1].isalpha()]
    if not starts:
        return False
    (start,) = starts
    end = next(n for n in range(start, len(lines) + 1) if lines[n - 1] == "}")
    return start <= line <= end + 8
