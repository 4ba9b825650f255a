"""The reference case as the tests see it: both modules, their C and their simulators."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from dsl.backends.c import CTree
from dsl.backends.c import emit as emit_c
from dsl.backends.python import emit as emit_python
from dsl.diagnostics import Diagnostic
from dsl.ir.program import Program
from dsl.machine import load_simulator
from dsl.resolve.workspace import Loaded, Workspace

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = ROOT / "sequences"
PATCH = (ROOT / "reference" / "vgicv3-vhe-no-irqs.patch").read_text(encoding="utf-8")
FILE = "virt/kvm/arm/hyp/vgic-v3-sr.c"
CASES = ("before", "after")


def path(case: str) -> Path:
    return SOURCES / "kvm" / f"{case}.vgs"


@cache
def text(case: str) -> str:
    return path(case).read_text(encoding="utf-8")


def load(case: str, changed: str | None = None) -> tuple[Workspace, Loaded]:
    """A case, or what it becomes with another text; imports are the real ones."""
    workspace = Workspace([SOURCES, SOURCES / "kvm"])
    if changed is None:
        loaded = workspace.load(path(case))
    else:
        loaded = workspace.load_text(changed, f"{case}.vgs")
    assert loaded is not None
    return workspace, loaded


def _c(workspace: Workspace, loaded: Loaded) -> CTree:
    closure = workspace.closure(loaded)
    (dialect,) = [d for r in closure for d in r.dialects]
    layouts = {r.module.name: r.layout for r in closure}
    return emit_c(workspace.program(loaded), dialect, layouts)


def spelling_findings(workspace: Workspace, loaded: Loaded) -> tuple[Diagnostic, ...]:
    """What the dialect does not spell of a case."""
    return _c(workspace, loaded).findings


def c_of(workspace: Workspace, loaded: Loaded) -> dict[str, str]:
    """The C of a case, by path in the tree."""
    tree = _c(workspace, loaded)
    assert not tree.findings
    return tree.files


@cache
def generated(case: str) -> dict[str, str]:
    return c_of(*load(case))


@cache
def program(case: str) -> Program:
    workspace, loaded = load(case)
    return workspace.program(loaded)


@cache
def simulator(case: str) -> ModuleType:
    return load_simulator(emit_python(program(case)), f"simulator_{case}")


#: What KVM's other functions leave true, beyond what a test is about: slots of a vCPU.
_LEAVES: dict[str, Callable[[Any], dict[str, int]]] = {
    "vgic_v2_save_state": lambda v: {"v2_loaded": 0},
    "vgic_v2_restore_state": lambda v: {"v2_loaded": int(v.used_lrs != 0)},
    "vgic_v4_sync_hwstate": lambda v: {"vpe_resident": 0},
    "vgic_v4_flush_hwstate": lambda v: {"vpe_resident": int(v.facts.its_vm)},
    "vgic_flush_lr_state": lambda v: {"unlisted": 0},
    "vgic_fold_lr_state": lambda v: {"unpruned": 1},
    "vgic_prune_ap_list": lambda v: {"unpruned": 0},
}


def others(
    behaviours: dict[str, Callable[[Any, Any], Any]],
) -> dict[str, Callable[[Any, Any], Any]]:
    """The behaviours of KVM's other functions, which also leave true what each promises."""

    def kept(name: str, does: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def behaviour(m: Any, v: Any) -> Any:
            result = does(m, v)
            for slot, value in _LEAVES[name](v).items():
                setattr(v, slot, value)
            return result

        return behaviour

    return {name: kept(name, does) for name, does in behaviours.items()}
