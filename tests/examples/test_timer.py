"""The generic timer's traps: equal to Linux 6.1 as tokens, and right in both layouts."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.cli import main
from dsl.machine import load_simulator, render
from tests.examples.trees import tree

EXAMPLE = Path(__file__).parents[2] / "examples" / "timer"
OUTPUT = EXAMPLE / "generated" / "timer"
FILES = ("arch/arm64/kvm/hyp/nvhe/timer-sr.c", "arch/arm64/kvm/arch_timer.c")
E2H = 1 << 34


# ---- against the tree


def test_every_function_is_that_of_the_tree(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tree("linux-6.1")
    monkeypatch.chdir(EXAMPLE)
    assert main(["diff", "--tree", str(folder)]) == 0
    assert "4 of 4 whole declarations are the tree's" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("here", "there"),
    [("cnthctl_shift = 10", "cnthctl_shift = 9"), ("val &= ~CNTHCTL_EL1PCEN", "val = 0")],
)
def test_a_function_that_is_another_one_is_found(
    here: str, there: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in FILES:
        copy = tmp_path / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((tree("linux-6.1") / path).read_text().replace(here, there))
    monkeypatch.chdir(EXAMPLE)
    assert main(["diff", "--tree", str(tmp_path)]) == 1


# ---- in the simulator


@cache
def simulator() -> ModuleType:
    return load_simulator(OUTPUT / "simulator.py", "timer")


def traced(sequence: str, hcr: int, before: int) -> str:
    """What a sequence does, on a machine with HCR_EL2 and CNTHCTL_EL2 as given."""
    sim = simulator()
    m = sim.Machine()
    m.poke(sim.HCR_EL2, hcr)
    m.poke(sim.CNTHCTL_EL2, before)
    arguments = () if sequence == "kvm_timer_init_vhe" else (sim.Vcpu(),)
    getattr(sim, sequence)(m, *arguments)
    return re.sub(r"  timer:\d+:\d+$", "", render(m.trace), flags=re.MULTILINE)


def test_a_guest_is_kept_from_the_timer_and_the_host_gets_it_back() -> None:
    assert traced("__timer_enable_traps", 0, 0x2) == """\
read       CNTHCTL_EL2  = 0x2
write      CNTHCTL_EL2  0x2 → 0x1  (nvhe.EL1PCTEN 0→1, nvhe.EL1PCEN 1→0)"""
    assert traced("__timer_disable_traps", 0, 0x1) == """\
read       CNTHCTL_EL2  = 0x1
write      CNTHCTL_EL2  0x1 → 0x3  (nvhe.EL1PCEN 0→1)"""


def test_a_host_at_el2_sets_the_same_controls_ten_bits_higher() -> None:
    assert traced("kvm_timer_init_vhe", E2H, 0) == """\
read       CNTHCTL_EL2  = 0x0
write      CNTHCTL_EL2  0x0 → 0xc00  (vhe.EL1PCTEN 0→1, vhe.EL1PTEN 0→1)"""


def test_the_wrong_layout_shows_in_the_trace() -> None:
    # The non-VHE sequence on a VHE host takes the counter from its user space.
    assert "(nvhe.EL1PCEN 1→0)" in traced("__timer_enable_traps", 0, 0x3)
    wrong = traced("__timer_enable_traps", E2H, 0x3).splitlines()[-1]
    assert "(vhe.EL0VCTEN 1→0)" in wrong
    assert f"    {wrong}\n" in (EXAMPLE.parent / "README.md").read_text()
    # In the other layout these bits are reserved: nothing that has a name changes.
    assert traced("kvm_timer_init_vhe", 0, 0).endswith("0x0 → 0xc00")


# ---- compiled

HARNESS = """
#include <stdint.h>
typedef uint64_t u64;
typedef uint32_t u32;
struct kvm_vcpu;
static u64 cnthctl_el2, cntvoff_el2;
#define read_sysreg(r) (r)
#define write_sysreg(v, r) ((r) = (v))
#define CNTHCTL_EL1PCTEN (1 << 0)
#define CNTHCTL_EL1PCEN (1 << 1)
u64 ran(int which, u64 value)
{
    void __timer_disable_traps(struct kvm_vcpu *);
    void __timer_enable_traps(struct kvm_vcpu *);
    void kvm_timer_init_vhe(void);
    cnthctl_el2 = value;
    if (which == 0) __timer_disable_traps(0);
    if (which == 1) __timer_enable_traps(0);
    if (which == 2) kvm_timer_init_vhe();
    return cnthctl_el2;
}
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    if shutil.which("gcc") is None:
        pytest.skip("no gcc")
    folder = tmp_path_factory.mktemp("timer")
    texts = [(OUTPUT / "c" / path).read_text() for path in FILES]
    lines = [line for text in texts for line in text.splitlines() if not line.startswith("#")]
    (folder / "timer.c").write_text("\n".join([HARNESS, *lines, ""]))
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", "timer.so", "timer.c"],
        cwd=folder,
        check=True,
    )
    library = ctypes.CDLL(str(folder / "timer.so"))
    library.ran.restype = ctypes.c_uint64
    library.ran.argtypes = (ctypes.c_int, ctypes.c_uint64)
    return library


@settings(deadline=None)
@given(value=st.integers(0, (1 << 20) - 1), which=st.integers(0, 2))
def test_the_compiled_functions_change_what_the_sequences_change(
    compiled: ctypes.CDLL, value: int, which: int
) -> None:
    sim = simulator()
    m = sim.Machine()
    m.poke(sim.CNTHCTL_EL2, value)
    sequence = ("__timer_disable_traps", "__timer_enable_traps", "kvm_timer_init_vhe")[which]
    getattr(sim, sequence)(m, *(() if which == 2 else (sim.Vcpu(),)))
    assert compiled.ran(which, value) == m.peek(sim.CNTHCTL_EL2)


def test_the_masks_of_the_harness_are_those_of_the_tree() -> None:
    header = (tree("linux-6.1") / "include/clocksource/arm_arch_timer.h").read_text()
    defined = {line.split()[1]: line.split(maxsplit=2)[2] for line in header.splitlines()
               if line.startswith("#define CNTHCTL_")}  # fmt: skip
    assert defined["CNTHCTL_EL1PCTEN"] == "(1 << 0)"
    assert defined["CNTHCTL_EL1PCEN"] == "(1 << 1)"
