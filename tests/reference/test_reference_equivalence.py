"""What has no meaning changes nothing: hints erased, and copies written out as plain accesses."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.backends.python import emit as emit_python
from dsl.ir.dump import dump
from dsl.machine import load_simulator, snapshot
from dsl.resolve.workspace import Loaded, Workspace
from dsl.source import Source
from dsl.syntax import tree as t
from dsl.syntax.parser import parse
from tests.reference.cases import CASES, FILE, SOURCES, c_of, generated, program, simulator
from tests.reference.test_reference_simulator import enter, leave, machine, values, vcpu


def project(folder: Path, change: Callable[[str], str], case: str) -> tuple[Workspace, Loaded]:
    """The whole project with every source changed, and one of its cases loaded."""
    for path in SOURCES.rglob("*.vgs"):
        copy = folder / path.relative_to(SOURCES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    workspace = Workspace([folder])
    loaded = workspace.load(folder / "kvm" / f"{case}.vgs")
    assert loaded is not None
    assert [f.message for f in workspace.found] == []
    return workspace, loaded


HINT = re.compile(r"^[ \t]*@\w+(\([^)]*\))?[ \t]*$", re.MULTILINE)


def without_hints(text: str) -> str:
    """Every hint overwritten with blanks, so that everything else stays where it is."""
    return HINT.sub(lambda m: " " * len(m[0]), text)


@pytest.mark.parametrize("case", CASES)
def test_erasing_every_hint_leaves_ir_and_simulator_as_they_are(case: str, tmp_path: Path) -> None:
    hints = sum(len(HINT.findall(p.read_text())) for p in SOURCES.rglob("*.vgs"))
    assert hints >= 8
    workspace, loaded = project(tmp_path, without_hints, case)
    erased = workspace.program(loaded)
    assert dump(erased) == dump(program(case))
    assert emit_python(erased) == emit_python(program(case))
    # They do say something: the C is laid out otherwise.
    assert c_of(workspace, loaded)[FILE] != generated(case)[FILE]


LINKS = {
    "vgic_hcr": "ICH_HCR_EL2",
    "vgic_vmcr": "ICH_VMCR_EL2",
    "vgic_sre": "ICC_SRE_EL1",
    "vgic_ap0r": "ICH_AP0R<{}>_EL2",
    "vgic_ap1r": "ICH_AP1R<{}>_EL2",
    "vgic_lr": "ICH_LR<{}>_EL2",
}


def written_out(text: str) -> str:
    """Every `save` and `restore` of a slot as the move that it stands for."""
    module, found = parse(Source("changed", text))
    assert not found
    for item in reversed(module.items):
        if isinstance(item.body, t.Sequence) and item.body.body is not None:
            text = in_block(text, item.body.body)
    return text


def in_block(text: str, block: t.Block) -> str:
    for item in reversed(block.items):
        match item.body:
            case t.Copy(kind=kind, places=places):
                moves = [move(text, kind.text, place) for place in places]
                text = text[: item.body.start] + "\n".join(moves) + text[item.body.end :]
            case t.When(arms=arms, otherwise=otherwise):
                for body in reversed([a.body for a in arms] + [b for b in [otherwise] if b]):
                    text = in_block(text, body)
            case t.Match(cases=cases, otherwise=otherwise):
                for body in reversed([c.body for c in cases] + [b for b in [otherwise] if b]):
                    text = in_block(text, body)
            case t.Each(body=body):
                text = in_block(text, body)
            case _:
                pass
    return text


def move(text: str, kind: str, place: t.Place) -> str:
    slot = text[place.start : place.end]
    index = text[place.picks[0].index.start : place.picks[0].index.end] if place.picks else ""  # type: ignore[union-attr]
    register = LINKS[place.name.text].format(index)
    return f"{slot} <- {register}" if kind == "save" else f"{register} <- {slot}"


@pytest.mark.parametrize("case", CASES)
def test_written_out_copies_give_the_same_c(case: str, tmp_path: Path) -> None:
    workspace, loaded = project(tmp_path, written_out, case)
    assert c_of(workspace, loaded) == generated(case)


@pytest.mark.parametrize("case", CASES)
def test_written_out_copies_behave_the_same(
    case: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    workspace, loaded = project(tmp_path_factory.mktemp("plain"), written_out, case)
    changed = load_simulator(emit_python(workspace.program(loaded)), f"plain_{case}")

    @settings(max_examples=150, deadline=None)
    @given(
        value=values(),
        used_lrs=st.integers(0, 16),
        facts=st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()),
        bits=st.sampled_from([5, 6, 7]),
    )
    def same(value: dict[str, Any], used_lrs: int, facts: tuple[bool, ...], bits: int) -> None:
        assert behaviour(changed, value, used_lrs, facts, bits) == behaviour(
            simulator(case), value, used_lrs, facts, bits
        )

    same()


def behaviour(
    sim: ModuleType, value: dict[str, Any], used_lrs: int, facts: tuple[bool, ...], bits: int
) -> tuple[Any, ...]:
    """All that a round trip with active priorities does, less the places in the source."""
    vhe, sre, trap, gicv4 = facts
    m = machine(sim, vhe=vhe, trap=trap, registers=value["registers"])
    m.poke(sim.ICH_VTR_EL2, 15 | (bits - 1) << 26 | 7 << 29)
    slots = {k: v for k, v in value.items() if k != "registers"}
    v = vcpu(sim, sre=sre, used_lrs=used_lrs, gicv4=gicv4, **slots)
    sim.__vgic_v3_restore_aprs(m, v)
    enter(sim, m, v)
    leave(sim, m, v)
    sim.__vgic_v3_save_aprs(m, v)
    events = [(e.kind, e.what, e.old, e.new) for e in m.trace]
    return events, snapshot(v), dict(m.state)
