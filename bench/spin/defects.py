"""The defects that the Spin model has by number, as edits of sequences/kvm/after.vgs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Old text and new text; the old one is there once.
Edit = tuple[str, str]

_SAVE_BARRIER = "dsb(st) orders guest_mmio before reads of LRs, ICH_VMCR_EL2"
_GOOD_SAVE_BARRIER = "dsb(sy) then isb orders guest_mmio before reads of LRs, ICH_VMCR_EL2"
_CLEAR = "            ICH_LR<i>_EL2 <- 0\n        }\n"
_PUT = "sequence vgic_v3_put(vcpu) {\n"

#: What each fault of ``after`` needs.
ENABLE: tuple[Edit, ...] = (
    (
        "    when used_lrs {\n        restore vgic_hcr\n",
        "    when used_lrs or its_vm {\n        restore vgic_hcr\n",
    ),
    (
        "    when ap_list_empty { return }\n\n    assert irqs_off",
        "    when ap_list_empty and not its_vm { return }\n\n    assert irqs_off",
    ),
)
BARRIER: tuple[Edit, ...] = ((_SAVE_BARRIER, _GOOD_SAVE_BARRIER),)
PUT: tuple[Edit, ...] = (
    (
        _PUT,
        f"{_PUT}    when vhe and not sre {{\n"
        "        dsb(sy) then isb orders guest_mmio before reads of AP1Rs, ICH_VMCR_EL2\n    }\n\n",
    ),
)
CLEAR: tuple[Edit, ...] = (
    (
        _CLEAR,
        f"{_CLEAR}\n        when not sre {{\n"
        "            isb then dsb(sy) orders writes of LRs, ICH_HCR_EL2 before guest_mmio\n"
        "        }\n",
    ),
)


@dataclass(frozen=True, slots=True)
class Defect:
    """``number`` is its name in the model; with ``edits`` the sequences have it and no other."""

    number: int
    what: str
    edits: tuple[Edit, ...]


DEFECTS = (
    Defect(0, "none", (*ENABLE, *BARRIER, *PUT, *CLEAR)),
    Defect(1, "after: En is not set again for virtual LPIs", (*BARRIER, *PUT, *CLEAR)),
    Defect(2, "after: dsb(st) and no isb before the save", (*ENABLE, *PUT, *CLEAR)),
    Defect(3, "after: no barrier before VMCR at put", (*ENABLE, *BARRIER, *CLEAR)),
    Defect(
        4,
        "seeded: dsb(sy) and no isb before the save",
        (*ENABLE, (_SAVE_BARRIER, _GOOD_SAVE_BARRIER.replace(" then isb", "")), *PUT, *CLEAR),
    ),
    Defect(
        5,
        "seeded: no dsb after the restore",
        (
            *ENABLE,
            *BARRIER,
            *PUT,
            *CLEAR,
            (
                "isb then dsb(sy) orders writes of LRs, ICH_VMCR_EL2 before redistributors",
                "isb orders writes of LRs, ICH_VMCR_EL2 before redistributors",
            ),
        ),
    ),
    Defect(
        6,
        "seeded: list registers are not cleared",
        (*ENABLE, *BARRIER, *PUT, (_CLEAR, "        }\n")),
    ),
    Defect(
        7,
        "seeded: VMCR is not saved",
        (
            *ENABLE,
            *BARRIER,
            *CLEAR,
            *PUT,
            ("    @braces\n    when not sre { save vgic_vmcr }\n", ""),
            ("    @likely\n    when sre { vgic_vmcr <- hypcall __vgic_v3_read_vmcr() }\n", ""),
        ),
    ),
    Defect(8, "after: cleared list registers are not pushed out", (*ENABLE, *BARRIER, *PUT)),
)


def write(defect: Defect, folder: Path) -> Path:
    """Writes the sequences with one defect to a folder; gives the module to verify."""
    sources = folder / "sequences"
    shutil.copytree(ROOT / "sequences" / "kvm", sources)
    path = sources / "after.vgs"
    text = path.read_text(encoding="utf-8")
    for old, new in defect.edits:
        if text.count(old) != 1:
            raise ValueError(f"{old!r} is {text.count(old)} times in after.vgs, and should be once")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return sources / "run_after.vgs"
