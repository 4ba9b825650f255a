"""EL1 registers saved and restored: equal to Linux 6.1 as tokens, and what is saved comes back."""

from __future__ import annotations

import shutil
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

import dsl
from dsl.cli import main
from dsl.ir.shapes import LinkKind
from dsl.machine import load_simulator, render
from tests.examples.trees import tree

EXAMPLE = Path(__file__).parents[2] / "examples" / "sysreg"
OUTPUT = EXAMPLE / "generated" / "sysreg"
FILES = (
    "arch/arm64/kvm/hyp/include/hyp/sysreg-sr.h",
    "arch/arm64/kvm/hyp/nvhe/sysreg-sr.c",
    "arch/arm64/kvm/hyp/vhe/sysreg-sr.c",
)


# ---- against the tree


def test_every_function_is_that_of_the_tree(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tree("linux-6.1")
    monkeypatch.chdir(EXAMPLE)
    assert main(["diff", "--tree", str(folder)]) == 0
    assert "16 of 16 whole declarations are the tree's" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("(ctxt_sys_reg(ctxt, AMAIR_EL1),", "(ctxt_sys_reg(ctxt, MAIR_EL1),"),
        ("mode >= PSR_MODE_EL2t", "mode > PSR_MODE_EL2t"),
        ("= read_sysreg_par()", "= read_sysreg(par_el1)"),
        ("\t__sysreg_restore_user_state(ctxt);\n", ""),
    ],
)
def test_a_function_that_is_another_one_is_found(
    here: str, there: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = 0
    for path in FILES:
        text = (tree("linux-6.1") / path).read_text()
        found += text.count(here)
        copy = tmp_path / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text.replace(here, there))
    assert found
    monkeypatch.chdir(EXAMPLE)
    assert main(["diff", "--tree", str(tmp_path)]) == 1


# ---- what is saved comes back

#: Facts about the machine, the context and the vCPU; each has both values in some run.
FACTS = ("vhe", "ras", "speculative_at", "mte", "host", "aarch32", "debug_dirty")
EVERY = [dict(zip(FACTS, values, strict=True)) for values in product((False, True), repeat=7)]


@cache
def simulator() -> ModuleType:
    return load_simulator(OUTPUT / "simulator.py", "sysreg")


@cache
def mirrored() -> dict[str, tuple[str, ...]]:
    """The registers that slots mirror, by the owner of the slots."""
    slots = dsl.load(EXAMPLE / "sysreg.vgs").program.slots.values()
    found: dict[str, tuple[str, ...]] = {}
    for slot in slots:
        if slot.link is not None and slot.link.kind is LinkKind.MIRRORS:
            found[slot.root] = (*found.get(slot.root, ()), slot.link.register.register.name)
    return found


def scribbled(sim: ModuleType, m: object, random: Random) -> dict[str, int]:
    """Every register gets some value; what each then holds."""
    held = {}
    for name in (r for names in mirrored().values() for r in names):
        register = getattr(sim, name)
        m.poke(register, random.getrandbits(64) & ~register.res0 | register.res1)  # type: ignore[attr-defined]
        held[name] = m.peek(register)  # type: ignore[attr-defined]
    return held


def differences(sim: ModuleType, facts: dict[str, bool], seed: int) -> set[str]:
    """The registers that do not come back: everything is saved, scribbled over and restored."""
    random = Random(seed)
    machine = {f: facts[f] for f in ("vhe", "ras", "speculative_at")}
    m = sim.Machine(sim.MachineFacts(**machine))
    ctxt = sim.Ctxt(facts=sim.CtxtFacts(mte=facts["mte"], host=facts["host"]))
    owner = {"aarch32": facts["aarch32"], "debug_dirty": facts["debug_dirty"]}
    vcpu = sim.Vcpu(facts=sim.VcpuFacts(**owner))
    # Only what is no return to EL2 or above: that has a test of its own.
    before = scribbled(sim, m, random)
    before["SPSR_EL2"] &= ~0xF
    m.poke(sim.SPSR_EL2, before["SPSR_EL2"])
    ctxt.saved_state = before["SPSR_EL2"]
    sim.SEQUENCES["__sysreg_save_state_nvhe"](m, ctxt)
    sim.SEQUENCES["__sysreg32_save_state"](m, vcpu)
    scribbled(sim, m, random)
    sim.SEQUENCES["__sysreg32_restore_state"](m, vcpu)
    sim.SEQUENCES["__sysreg_restore_state_nvhe"](m, ctxt)
    return {name for name, value in before.items() if m.peek(getattr(sim, name)) != value}


def left_alone(facts: dict[str, bool]) -> set[str]:
    """The registers that Linux means not to bring back under these facts."""
    found: set[str] = set()
    if not facts["ras"]:
        found |= {"VDISR_EL2"}
    if not facts["mte"]:
        found |= {"TFSR_EL1", "TFSRE0_EL1"}
    if not facts["aarch32"]:
        found |= set(mirrored()["vcpu"])
    elif not (facts["vhe"] or facts["debug_dirty"]):
        found |= {"DBGVCR32_EL2"}
    if facts["speculative_at"] and not facts["vhe"] and not facts["host"]:
        # A guest's stage 1 is completed by __activate_traps(), which comes later.
        found |= {"SCTLR_EL1", "TCR_EL1"}
    return found


@pytest.mark.parametrize("facts", EVERY, ids=lambda f: "+".join(n for n in f if f[n]) or "none")
def test_what_is_saved_comes_back(facts: dict[str, bool]) -> None:
    lost: set[str] = set()
    for seed in range(4):
        lost |= differences(simulator(), facts, seed)
    assert lost == left_alone(facts)


@pytest.mark.parametrize(
    ("slot", "right", "wrong"),
    [
        ("afsr1_el1", "AFSR1_EL1", "AFSR0_EL1"),
        ("ttbr1_el1", "TTBR1_EL1", "TTBR0_EL1"),
        ("tpidr_el0", "TPIDR_EL0", "TPIDRRO_EL0"),
        ("tfsre0_el1", "TFSRE0_EL1", "TFSR_EL1"),
        ("spsr_und", "SPSR_und", "SPSR_abt"),
    ],
)
def test_a_slot_that_mirrors_the_wrong_register_shows(
    slot: str, right: str, wrong: str, tmp_path: Path
) -> None:
    folder = shutil.copytree(EXAMPLE, tmp_path / "sysreg", ignore=shutil.ignore_patterns("gen*"))
    state = folder / "state.vgs"
    lines = state.read_text().splitlines()
    (at,) = [i for i, line in enumerate(lines) if line.split()[:1] == [slot]]
    lines[at] = lines[at].replace(f" {right}", f" {wrong}")
    state.write_text("\n".join(lines))
    facts = dict.fromkeys(FACTS, True)
    sim = dsl.simulate(folder / "sysreg.vgs")
    lost: set[str] = set()
    for seed in range(4):
        lost |= differences(sim, facts, seed)
    # The one that nobody keeps is lost; the other one has two slots, which agree.
    assert lost == {right}


# ---- the way back to a guest


def returned(saved: int) -> int:
    """SPSR_EL2 as a context with a saved state leaves it."""
    sim = simulator()
    m = sim.Machine()
    sim.SEQUENCES["__sysreg_restore_el2_return_state"](m, sim.Ctxt(saved_state=saved))
    return int(m.peek(sim.SPSR_EL2))


@pytest.mark.parametrize("mode", range(32))
def test_no_context_returns_to_el2_or_above(mode: int) -> None:
    rest = 0x6000_0340  # flags, and masks of interrupts
    below = mode & 16 or mode < 8
    assert returned(rest | mode) == (rest | mode if below else 1 << 20 | 9)


# ---- the workaround for speculative address translation


def written(host: bool) -> list[str]:
    """What __sysreg_restore_el1_state writes and waits for, around stage 1's controls."""
    sim = simulator()
    m = sim.Machine(sim.MachineFacts(vhe=False, speculative_at=True))
    ctxt = sim.Ctxt(facts=sim.CtxtFacts(host=host))
    sim.SEQUENCES["__sysreg_restore_el1_state"](m, ctxt)
    words = [line.split() for line in render(m.trace).splitlines()]
    wanted = ("SCTLR_EL1", "TCR_EL1", "TTBR0_EL1", "TTBR1_EL1", "isb")
    return [" ".join(w[1:2] + w[4:5]) for w in words if w[1] in wanted]


def test_no_walk_begins_before_the_guests_tables_are_there() -> None:
    assert written(host=False) == ["TCR_EL1 0x800080", "isb", "TTBR0_EL1 0x0", "TTBR1_EL1 0x0"]


def test_the_hosts_mmu_is_on_before_walks_begin() -> None:
    assert [w.split()[0] for w in written(host=True)] == [
        *("TTBR0_EL1", "TTBR1_EL1", "isb", "SCTLR_EL1", "isb", "TCR_EL1")
    ]
