# SPDX-License-Identifier: GPL-2.0-only
"""Simulator of the vgs program kvm.after.

Generated: change the sequences, not this file.
"""

# A sequence may ask what a checker can see the answer to.
# mypy: disable-error-code="comparison-overlap, unreachable"

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from dsl.machine import (
    Array,
    Bank,
    Behaviour,
    Bool,
    Context,
    Facts,
    Field,
    FieldFamily,
    Int,
    Machine as BaseMachine,
    Register,
    Samples,
    Slot,
    Unknown,
    setter,
)

# ---- how wide a number is, for the reader

u32: TypeAlias = int

u64: TypeAlias = int


# ---- registers

# HCR_EL2
# What EL2 traps, and who gets the interrupts.
# With EL2 disabled in the current Security state it acts as if it were 0, but reads back as written.

# Stage 2 translation for EL1 and EL0.
HCR_EL2_VM = Field("VM", 0)
HCR_EL2_SWIO = Field("SWIO", 1)
HCR_EL2_PTW = Field("PTW", 2)
# Physical FIQs go to EL2, and virtual FIQs exist (as long as TGE is 0).
# With TGE set it acts as 1 where E2H is 0, and as 0 where E2H is 1, whatever it reads as.
HCR_EL2_FMO = Field("FMO", 3)
# The same for IRQs.
HCR_EL2_IMO = Field("IMO", 4)
# The same for SErrors.
HCR_EL2_AMO = Field("AMO", 5)
# A virtual FIQ, IRQ or SError made pending by hand.
HCR_EL2_VF = Field("VF", 6)
HCR_EL2_VI = Field("VI", 7)
HCR_EL2_VSE = Field("VSE", 8)
HCR_EL2_FB = Field("FB", 9)
HCR_EL2_BSU = Field("BSU", 10, width=2)
HCR_EL2_DC = Field("DC", 12)
HCR_EL2_TWI = Field("TWI", 13)
HCR_EL2_TWE = Field("TWE", 14)
HCR_EL2_TID0 = Field("TID0", 15)
HCR_EL2_TID1 = Field("TID1", 16)
HCR_EL2_TID2 = Field("TID2", 17)
HCR_EL2_TID3 = Field("TID3", 18)
HCR_EL2_TSC = Field("TSC", 19)
HCR_EL2_TIDCP = Field("TIDCP", 20)
HCR_EL2_TACR = Field("TACR", 21)
HCR_EL2_TSW = Field("TSW", 22)
HCR_EL2_TPCP = Field("TPCP", 23)
HCR_EL2_TPU = Field("TPU", 24)
HCR_EL2_TTLB = Field("TTLB", 25)
HCR_EL2_TVM = Field("TVM", 26)
# Exceptions that would go to EL1 go to EL2: the host runs with this set.
HCR_EL2_TGE = Field("TGE", 27)
HCR_EL2_TDZ = Field("TDZ", 28)
# RES0 where EL3 is implemented.
HCR_EL2_HCD = Field("HCD", 29)
HCR_EL2_TRVM = Field("TRVM", 30)
# EL1 is AArch64.  Fixed at 1 where EL1 has no AArch32.
HCR_EL2_RW = Field("RW", 31)
HCR_EL2_CD = Field("CD", 32)
HCR_EL2_ID = Field("ID", 33)
# FEAT_VHE: EL2 is a host's kernel, and EL1's names reach EL2's registers.
HCR_EL2_E2H = Field("E2H", 34)
# FEAT_LOR.
HCR_EL2_TLOR = Field("TLOR", 35)
# FEAT_RAS.
HCR_EL2_TERR = Field("TERR", 36)
# FEAT_RAS.
HCR_EL2_TEA = Field("TEA", 37)
HCR_EL2_MIOCNCE = Field("MIOCNCE", 38)
# FEAT_TME.
HCR_EL2_TME = Field("TME", 39)
# FEAT_PAuth.
HCR_EL2_APK = Field("APK", 40)
# FEAT_PAuth.
HCR_EL2_API = Field("API", 41)
# FEAT_NV.
HCR_EL2_NV = Field("NV", 42)
# FEAT_NV.
HCR_EL2_NV1 = Field("NV1", 43)
# FEAT_NV.
HCR_EL2_AT = Field("AT", 44)
# FEAT_NV2.
HCR_EL2_NV2 = Field("NV2", 45)
# FEAT_S2FWB.
HCR_EL2_FWB = Field("FWB", 46)
# FEAT_RASv1p1.
HCR_EL2_FIEN = Field("FIEN", 47)
# FEAT_RME.
HCR_EL2_GPF = Field("GPF", 48)
# FEAT_EVT.
HCR_EL2_TID4 = Field("TID4", 49)
# FEAT_EVT.
HCR_EL2_TICAB = Field("TICAB", 50)
# FEAT_AMUv1p1.
HCR_EL2_AMVOFFEN = Field("AMVOFFEN", 51)
# FEAT_EVT.
HCR_EL2_TOCU = Field("TOCU", 52)
# FEAT_CSV2_2.
HCR_EL2_EnSCXT = Field("EnSCXT", 53)
# FEAT_EVT.
HCR_EL2_TTLBIS = Field("TTLBIS", 54)
# FEAT_EVT.
HCR_EL2_TTLBOS = Field("TTLBOS", 55)
# FEAT_MTE2.
HCR_EL2_ATA = Field("ATA", 56)
# FEAT_MTE2.
HCR_EL2_DCT = Field("DCT", 57)
# FEAT_MTE2.
HCR_EL2_TID5 = Field("TID5", 58)
# FEAT_TWED: trapped WFEs wait.
HCR_EL2_TWEDEn = Field("TWEDEn", 59)
# FEAT_TWED: for 2 ** (TWEDEL + 8) cycles at least.
HCR_EL2_TWEDEL = Field("TWEDEL", 60, width=4)
HCR_EL2 = Register(
    "HCR_EL2",
    64,
    layout=(
        HCR_EL2_VM,
        HCR_EL2_SWIO,
        HCR_EL2_PTW,
        HCR_EL2_FMO,
        HCR_EL2_IMO,
        HCR_EL2_AMO,
        HCR_EL2_VF,
        HCR_EL2_VI,
        HCR_EL2_VSE,
        HCR_EL2_FB,
        HCR_EL2_BSU,
        HCR_EL2_DC,
        HCR_EL2_TWI,
        HCR_EL2_TWE,
        HCR_EL2_TID0,
        HCR_EL2_TID1,
        HCR_EL2_TID2,
        HCR_EL2_TID3,
        HCR_EL2_TSC,
        HCR_EL2_TIDCP,
        HCR_EL2_TACR,
        HCR_EL2_TSW,
        HCR_EL2_TPCP,
        HCR_EL2_TPU,
        HCR_EL2_TTLB,
        HCR_EL2_TVM,
        HCR_EL2_TGE,
        HCR_EL2_TDZ,
        HCR_EL2_HCD,
        HCR_EL2_TRVM,
        HCR_EL2_RW,
        HCR_EL2_CD,
        HCR_EL2_ID,
        HCR_EL2_E2H,
        HCR_EL2_TLOR,
        HCR_EL2_TERR,
        HCR_EL2_TEA,
        HCR_EL2_MIOCNCE,
        HCR_EL2_TME,
        HCR_EL2_APK,
        HCR_EL2_API,
        HCR_EL2_NV,
        HCR_EL2_NV1,
        HCR_EL2_AT,
        HCR_EL2_NV2,
        HCR_EL2_FWB,
        HCR_EL2_FIEN,
        HCR_EL2_GPF,
        HCR_EL2_TID4,
        HCR_EL2_TICAB,
        HCR_EL2_AMVOFFEN,
        HCR_EL2_TOCU,
        HCR_EL2_EnSCXT,
        HCR_EL2_TTLBIS,
        HCR_EL2_TTLBOS,
        HCR_EL2_ATA,
        HCR_EL2_DCT,
        HCR_EL2_TID5,
        HCR_EL2_TWEDEn,
        HCR_EL2_TWEDEL,
    ),
)

# ICH_HCR_EL2
# Hypervisor control: the main switch, the maintenance interrupts, the traps.

# The virtual CPU interface works.  Without it nothing is signalled to the guest, VLPIs included.
ICH_HCR_EL2_En = Field("En", 0, reset=0)
# Interrupt the host when at most one list register is valid.
ICH_HCR_EL2_UIE = Field("UIE", 1, reset=0)
# Interrupt the host while EOIcount is not zero.
ICH_HCR_EL2_LRENPIE = Field("LRENPIE", 2, reset=0)
# Interrupt the host while no list register is pending.
ICH_HCR_EL2_NPIE = Field("NPIE", 3, reset=0)
ICH_HCR_EL2_VGrp0EIE = Field("VGrp0EIE", 4, reset=0)
ICH_HCR_EL2_VGrp0DIE = Field("VGrp0DIE", 5, reset=0)
ICH_HCR_EL2_VGrp1EIE = Field("VGrp1EIE", 6, reset=0)
ICH_HCR_EL2_VGrp1DIE = Field("VGrp1DIE", 7, reset=0)
# FEAT_GICv4p1: whether deactivating a virtual SGI may count in EOIcount.
ICH_HCR_EL2_vSGIEOICount = Field("vSGIEOICount", 8, reset=0)
# Trap the guest's registers that both groups share, those of Group 0, those of Group 1.
ICH_HCR_EL2_TC = Field("TC", 10, reset=0)
ICH_HCR_EL2_TALL0 = Field("TALL0", 11, reset=0)
ICH_HCR_EL2_TALL1 = Field("TALL1", 12, reset=0)
# Trap locally generated SEIs.
ICH_HCR_EL2_TSEI = Field("TSEI", 13, reset=0)
# Trap the guest's deactivations through ICV_DIR_EL1.
ICH_HCR_EL2_TDIR = Field("TDIR", 14, reset=0)
# Mask directly injected virtual interrupts.  Later than the baseline: ICH_VTR_EL2.DVIM tells.
ICH_HCR_EL2_DVIM = Field("DVIM", 15, reset=0)
# Deactivations of interrupts that were in no list register.
ICH_HCR_EL2_EOIcount = Field("EOIcount", 27, width=5, reset=0)
ICH_HCR_EL2 = Register(
    "ICH_HCR_EL2",
    64,
    layout=(
        ICH_HCR_EL2_En,
        ICH_HCR_EL2_UIE,
        ICH_HCR_EL2_LRENPIE,
        ICH_HCR_EL2_NPIE,
        ICH_HCR_EL2_VGrp0EIE,
        ICH_HCR_EL2_VGrp0DIE,
        ICH_HCR_EL2_VGrp1EIE,
        ICH_HCR_EL2_VGrp1DIE,
        ICH_HCR_EL2_vSGIEOICount,
        ICH_HCR_EL2_TC,
        ICH_HCR_EL2_TALL0,
        ICH_HCR_EL2_TALL1,
        ICH_HCR_EL2_TSEI,
        ICH_HCR_EL2_TDIR,
        ICH_HCR_EL2_DVIM,
        ICH_HCR_EL2_EOIcount,
    ),
    res0=0xFFFFFFFF07FF0200,
    legalised=True,
)

# ICH_VTR_EL2
# What this implementation has.

# One less than the list registers.  Accessing one that is not there is UNDEFINED.
ICH_VTR_EL2_ListRegs = Field("ListRegs", 0, width=5)
# ICH_HCR_EL2.DVIM is there.  Later than the baseline, in which it is RES0.
ICH_VTR_EL2_DVIM = Field("DVIM", 18)
# ICH_HCR_EL2.TDIR is there.
ICH_VTR_EL2_TDS = Field("TDS", 19)
# No direct injection: not a GICv4.
ICH_VTR_EL2_nV4 = Field("nV4", 20)
ICH_VTR_EL2_A3V = Field("A3V", 21)
ICH_VTR_EL2_SEIS = Field("SEIS", 22)
# Width of virtual INTIDs: 0 is 16 bits, 1 is 24.
ICH_VTR_EL2_IDbits = Field("IDbits", 23, width=3)
# One less than the preemption bits: 4 to 6, and not above PRIbits.
ICH_VTR_EL2_PREbits = Field("PREbits", 26, width=3)
# One less than the priority bits: 4 to 6 (QEMU also knows 7).
ICH_VTR_EL2_PRIbits = Field("PRIbits", 29, width=3)
ICH_VTR_EL2 = Register(
    "ICH_VTR_EL2",
    64,
    layout=(
        ICH_VTR_EL2_ListRegs,
        ICH_VTR_EL2_DVIM,
        ICH_VTR_EL2_TDS,
        ICH_VTR_EL2_nV4,
        ICH_VTR_EL2_A3V,
        ICH_VTR_EL2_SEIS,
        ICH_VTR_EL2_IDbits,
        ICH_VTR_EL2_PREbits,
        ICH_VTR_EL2_PRIbits,
    ),
    access="ro",
    res0=0xFFFFFFFF0003FFE0,
)

# ICH_VMCR_EL2
# The guest's settings of its CPU interface.

ICH_VMCR_EL2_VENG0 = Field("VENG0", 0)
ICH_VMCR_EL2_VENG1 = Field("VENG1", 1)
# GICv2's acknowledge control: RES0 where there is no legacy operation.
ICH_VMCR_EL2_VAckCtl = Field("VAckCtl", 2)
# A Group 0 interrupt arrives as an FIQ: always, for a guest that uses system registers.
ICH_VMCR_EL2_VFIQEn = Field("VFIQEn", 3)
# One binary point for both groups.
ICH_VMCR_EL2_VCBPR = Field("VCBPR", 4)
# EOI drops the priority only; deactivation is a write of its own.
ICH_VMCR_EL2_VEOIM = Field("VEOIM", 9)
# Group 1's is one more than Group 0's at least.
ICH_VMCR_EL2_VBPR1 = Field("VBPR1", 18, width=3)
# No finer than the preemption bits.
ICH_VMCR_EL2_VBPR0 = Field("VBPR0", 21, width=3)
# The priority mask: only the priority bits that exist.
ICH_VMCR_EL2_VPMR = Field("VPMR", 24, width=8)
ICH_VMCR_EL2 = Register(
    "ICH_VMCR_EL2",
    64,
    layout=(
        ICH_VMCR_EL2_VENG0,
        ICH_VMCR_EL2_VENG1,
        ICH_VMCR_EL2_VAckCtl,
        ICH_VMCR_EL2_VFIQEn,
        ICH_VMCR_EL2_VCBPR,
        ICH_VMCR_EL2_VEOIM,
        ICH_VMCR_EL2_VBPR1,
        ICH_VMCR_EL2_VBPR0,
        ICH_VMCR_EL2_VPMR,
    ),
    res0=0xFFFFFFFF0003FDE0,
    legalised=True,
)

# ICH_LR<n>_EL2
# A list register: one virtual interrupt.

# For a guest that uses memory, [12:10] name the PE that sent an SGI.
ICH_LRn_EL2_vINTID = Field("vINTID", 0, width=32, reset=0)
# HW = 1: the physical interrupt to deactivate as well.  HW = 0: bit 9 asks for a maintenance interrupt.
ICH_LRn_EL2_pINTID = Field("pINTID", 32, width=13, reset=0)
ICH_LRn_EL2_Priority = Field("Priority", 48, width=8, reset=0)
# FEAT_GICv3_NMI: not maskable.  RES0 in the baseline.
ICH_LRn_EL2_NMI = Field("NMI", 59, reset=0)
ICH_LRn_EL2_Group = Field("Group", 60, reset=0)
ICH_LRn_EL2_HW = Field("HW", 61, reset=0)
ICH_LRn_EL2_State_Invalid = 0
ICH_LRn_EL2_State_Pending = 1
ICH_LRn_EL2_State_Active = 2
ICH_LRn_EL2_State_PendingActive = 3
ICH_LRn_EL2_State = Field(
    "State",
    62,
    width=2,
    reset=0,
    names=(
        (0, "Invalid"),
        (1, "Pending"),
        (2, "Active"),
        (3, "PendingActive"),
    ),
)
ICH_LRn_EL2 = Bank(
    "ICH_LR<n>_EL2",
    64,
    first=0,
    count=16,
    layout=(
        ICH_LRn_EL2_vINTID,
        ICH_LRn_EL2_pINTID,
        ICH_LRn_EL2_Priority,
        ICH_LRn_EL2_NMI,
        ICH_LRn_EL2_Group,
        ICH_LRn_EL2_HW,
        ICH_LRn_EL2_State,
    ),
    res0=0x700E00000000000,
    legalised=True,
)

# ICH_ELRSR_EL2
# Which list registers are free again, and owe no maintenance interrupt.

ICH_ELRSR_EL2_Statusn = FieldFamily(
    "Status<n>", 0, width=1, first=0, count=16, stride=1, computed=True
)
ICH_ELRSR_EL2 = Register(
    "ICH_ELRSR_EL2",
    64,
    layout=(ICH_ELRSR_EL2_Statusn,),
    access="ro",
    res0=0xFFFFFFFFFFFF0000,
)

# ICH_EISR_EL2
# Which list registers owe a maintenance interrupt: deactivated, with EOI set.

ICH_EISR_EL2_Statusn = FieldFamily(
    "Status<n>", 0, width=1, first=0, count=16, stride=1, computed=True
)
ICH_EISR_EL2 = Register(
    "ICH_EISR_EL2",
    64,
    layout=(ICH_EISR_EL2_Statusn,),
    access="ro",
    res0=0xFFFFFFFFFFFF0000,
)

# ICH_MISR_EL2
# Why the maintenance interrupt is asserted.

ICH_MISR_EL2_EOI = Field("EOI", 0, reset=0, computed=True)
# None or one valid.
ICH_MISR_EL2_U = Field("U", 1, reset=0, computed=True)
ICH_MISR_EL2_LRENP = Field("LRENP", 2, reset=0, computed=True)
# Pending and active does not count as pending.
ICH_MISR_EL2_NP = Field("NP", 3, reset=0, computed=True)
ICH_MISR_EL2_VGrp0E = Field("VGrp0E", 4, reset=0, computed=True)
ICH_MISR_EL2_VGrp0D = Field("VGrp0D", 5, reset=0, computed=True)
ICH_MISR_EL2_VGrp1E = Field("VGrp1E", 6, reset=0, computed=True)
ICH_MISR_EL2_VGrp1D = Field("VGrp1D", 7, reset=0, computed=True)
ICH_MISR_EL2 = Register(
    "ICH_MISR_EL2",
    64,
    layout=(
        ICH_MISR_EL2_EOI,
        ICH_MISR_EL2_U,
        ICH_MISR_EL2_LRENP,
        ICH_MISR_EL2_NP,
        ICH_MISR_EL2_VGrp0E,
        ICH_MISR_EL2_VGrp0D,
        ICH_MISR_EL2_VGrp1E,
        ICH_MISR_EL2_VGrp1D,
    ),
    access="ro",
    res0=0xFFFFFFFFFFFFFF00,
)

# ICH_AP0R<n>_EL2
# Active priorities of Group 0, one bit for each preemption level.  n > 0 needs more than 5 preemption bits.

ICH_AP0Rn_EL2_P = Field("P", 0, width=32, reset=0)
ICH_AP0Rn_EL2 = Bank(
    "ICH_AP0R<n>_EL2",
    64,
    first=0,
    count=4,
    layout=(ICH_AP0Rn_EL2_P,),
    res0=0xFFFFFFFF00000000,
)

# ICH_AP1R<n>_EL2
# Active priorities of Group 1; for a guest that uses memory, of both groups.

ICH_AP1Rn_EL2_P = Field("P", 0, width=32, reset=0)
ICH_AP1Rn_EL2 = Bank(
    "ICH_AP1R<n>_EL2",
    64,
    first=0,
    count=4,
    layout=(ICH_AP1Rn_EL2_P,),
    res0=0xFFFFFFFF00000000,
)

# ICC_SRE_EL1
# How EL1 reaches its interface: system registers, or memory (a GICv2 guest).

ICC_SRE_EL1_SRE = Field("SRE", 0)
ICC_SRE_EL1_DFB = Field("DFB", 1, access="wi", computed=True)
ICC_SRE_EL1_DIB = Field("DIB", 2, access="wi", computed=True)
ICC_SRE_EL1 = Register(
    "ICC_SRE_EL1",
    64,
    layout=(
        ICC_SRE_EL1_SRE,
        ICC_SRE_EL1_DFB,
        ICC_SRE_EL1_DIB,
    ),
    res0=0xFFFFFFFFFFFFFFF8,
)

# ICC_SRE_EL2
# The same for EL2, and whether EL1 may choose.

ICC_SRE_EL2_SRE = Field("SRE", 0)
ICC_SRE_EL2_DFB = Field("DFB", 1, access="wi", computed=True)
ICC_SRE_EL2_DIB = Field("DIB", 2, access="wi", computed=True)
# At 0, EL1's accesses to ICC_SRE_EL1 trap to EL2.
ICC_SRE_EL2_Enable = Field("Enable", 3)
ICC_SRE_EL2 = Register(
    "ICC_SRE_EL2",
    64,
    layout=(
        ICC_SRE_EL2_SRE,
        ICC_SRE_EL2_DFB,
        ICC_SRE_EL2_DIB,
        ICC_SRE_EL2_Enable,
    ),
    res0=0xFFFFFFFFFFFFFFF0,
)

# ICC_SRE_EL3
# The same for EL3.

ICC_SRE_EL3_SRE = Field("SRE", 0)
# No FIQ bypass.
ICC_SRE_EL3_DFB = Field("DFB", 1, reset=0)
# No IRQ bypass.
ICC_SRE_EL3_DIB = Field("DIB", 2, reset=0)
# At 0, accesses to ICC_SRE_EL1 and ICC_SRE_EL2 from below trap to EL3.
ICC_SRE_EL3_Enable = Field("Enable", 3)
ICC_SRE_EL3 = Register(
    "ICC_SRE_EL3",
    64,
    layout=(
        ICC_SRE_EL3_SRE,
        ICC_SRE_EL3_DFB,
        ICC_SRE_EL3_DIB,
        ICC_SRE_EL3_Enable,
    ),
    res0=0xFFFFFFFFFFFFFFF0,
)

#: All registers.
REGISTERS: tuple[Register | Bank, ...] = (
    HCR_EL2,
    ICH_HCR_EL2,
    ICH_VTR_EL2,
    ICH_VMCR_EL2,
    ICH_LRn_EL2,
    ICH_ELRSR_EL2,
    ICH_EISR_EL2,
    ICH_MISR_EL2,
    ICH_AP0Rn_EL2,
    ICH_AP1Rn_EL2,
    ICC_SRE_EL1,
    ICC_SRE_EL2,
    ICC_SRE_EL3,
)


# ---- memory and facts


@dataclass(slots=True, eq=False)
class MachineFacts(Facts):
    """What holds for the machine, as far as sequences ask."""

    # The host runs at EL2 (HCR_EL2.E2H and TGE set).
    vhe: bool = False
    # The guest's accesses to its CPU interface trap to the hypervisor.
    cpuif_trap: bool = False
    # GICv3 guests have a CPU interface of their own: the host has a GICv3.
    gicv3_cpuif: bool = False
    SLOTS: ClassVar[dict[str, Slot]] = {
        "vhe": Slot("vhe", Bool()),
        "cpuif_trap": Slot("cpuif_trap", Bool()),
        "gicv3_cpuif": Slot("gicv3_cpuif", Bool()),
    }


@dataclass(slots=True, eq=False)
class VcpuFacts(Facts):
    """What holds for one vcpu, as far as sequences ask."""

    # The VM has a GICv4 ITS: virtual LPIs are injected directly.
    its_vm: bool = False
    # No interrupt is pending or active for the vCPU. Anybody may queue one at any time.
    ap_list_empty: Samples[bool] = False
    # The host has masked interrupts on this CPU.
    irqs_off: bool = False
    SLOTS: ClassVar[dict[str, Slot]] = {
        "its_vm": Slot("its_vm", Bool()),
        "ap_list_empty": Slot("ap_list_empty", Bool(), sampled=True),
        "irqs_off": Slot("irqs_off", Bool()),
    }


SLOT_vgic_ap0r = Slot("vgic_ap0r", Int(32), length=4, layout=ICH_AP0Rn_EL2.layout)

SLOT_vgic_ap1r = Slot("vgic_ap1r", Int(32), length=4, layout=ICH_AP1Rn_EL2.layout)

SLOT_vgic_lr = Slot("vgic_lr", Int(64), length=16, layout=ICH_LRn_EL2.layout)


@dataclass(slots=True, eq=False)
class Vcpu(Context):
    """What is kept in memory for one vcpu."""

    # vgic_cpu, of vcpu
    # List registers in use since the last flush.
    used_lrs: u32 = 0
    # cpu_if, of vgic_cpu
    # Written only: its En bit and its traps are the hypervisor's choice.
    vgic_hcr: u32 = 0
    vgic_vmcr: u32 = 0
    # Written only: a guest cannot change its own kind. Zero for a GICv2 guest.
    vgic_sre: u32 = 0
    vgic_ap0r: Array[u32] = field(default_factory=lambda: Array(SLOT_vgic_ap0r))
    vgic_ap1r: Array[u32] = field(default_factory=lambda: Array(SLOT_vgic_ap1r))
    vgic_lr: Array[u64] = field(default_factory=lambda: Array(SLOT_vgic_lr))
    # vgic_others, of vgic_cpu
    # What is left to others, as far as our sequences have to see to it. The kernel keeps it elsewhere, or nowhere.
    # The list registers of a host with a GICv2 have what is this vCPU's.
    v2_loaded: u32 = 0
    # The vPE is on this physical CPU.
    vpe_resident: u32 = 0
    # Something on the list can be signalled, and was not put into a list register.
    unlisted: u32 = 0
    # Something may be on the list that is neither pending nor active.
    unpruned: u32 = 0
    facts: VcpuFacts = field(default_factory=VcpuFacts)
    SLOTS: ClassVar[dict[str, Slot]] = {
        "used_lrs": Slot("used_lrs", Int(32), low=0, high=16),
        "vgic_hcr": Slot("vgic_hcr", Int(32), layout=ICH_HCR_EL2.layout),
        "vgic_vmcr": Slot("vgic_vmcr", Int(32), layout=ICH_VMCR_EL2.layout),
        "vgic_sre": Slot("vgic_sre", Int(32), layout=ICC_SRE_EL1.layout),
        "vgic_ap0r": SLOT_vgic_ap0r,
        "vgic_ap1r": SLOT_vgic_ap1r,
        "vgic_lr": SLOT_vgic_lr,
        "v2_loaded": Slot("v2_loaded", Int(32), low=0, high=1),
        "vpe_resident": Slot("vpe_resident", Int(32), low=0, high=1),
        "unlisted": Slot("unlisted", Int(32), low=0, high=1),
        "unpruned": Slot("unpruned", Int(32), low=0, high=1),
    }


set_used_lrs = setter(Vcpu, "used_lrs")

set_vgic_hcr = setter(Vcpu, "vgic_hcr")

set_vgic_vmcr = setter(Vcpu, "vgic_vmcr")

set_vgic_sre = setter(Vcpu, "vgic_sre")

set_v2_loaded = setter(Vcpu, "v2_loaded")

set_vpe_resident = setter(Vcpu, "vpe_resident")

set_unlisted = setter(Vcpu, "unlisted")

set_unpruned = setter(Vcpu, "unpruned")


# ---- the machine


class Machine(BaseMachine[MachineFacts]):
    """The machine that the sequences run on."""

    def __init__(
        self,
        facts: MachineFacts | None = None,
        *,
        externs: Mapping[str, Behaviour] | None = None,
        unknown: Unknown = 0,
        tracing: bool = True,
    ) -> None:
        super().__init__(
            REGISTERS,
            facts or MachineFacts(),
            externs=externs,
            unknown=unknown,
            tracing=tracing,
        )

    SETTLED: ClassVar[frozenset[str]] = frozenset(("ICH_VTR_EL2",))

    def settle(self) -> None:
        """What is left of a write, as far as no sequence changes that."""
        values = self.values
        self.keep_ICH_HCR_EL2 = (
            0xF8001DFF
            | (0 if not values[2] & 0x400000 else 0x2000)
            | (0 if not values[2] & 0x80000 else 0x4000)
            | (0 if not values[2] & 0x40000 else 0x8000)
        )
        self.keep_ICH_LRn_EL2 = 0xF8001FFFFFFFFFFF | (
            ((0xFF << (7 - (values[2] >> 29))) & 0xFF) << 48
        )

    def legalise(self, register: Register, written: int) -> int:
        match register.family:
            case "ICH_HCR_EL2":
                return legalise_ICH_HCR_EL2(self, register, written)
            case "ICH_VMCR_EL2":
                return legalise_ICH_VMCR_EL2(self, register, written)
            case "ICH_LR<n>_EL2":
                return legalise_ICH_LRn_EL2(self, register, written)
            case _:
                return written

    def compute(self, register: Register, stored: int) -> int:
        match register.family:
            case "ICH_ELRSR_EL2":
                return compute_ICH_ELRSR_EL2(self, register, stored)
            case "ICH_EISR_EL2":
                return compute_ICH_EISR_EL2(self, register, stored)
            case "ICH_MISR_EL2":
                return compute_ICH_MISR_EL2(self, register, stored)
            case "ICC_SRE_EL1":
                return compute_ICC_SRE_EL1(self, register, stored)
            case "ICC_SRE_EL2":
                return compute_ICC_SRE_EL2(self, register, stored)
            case _:
                return stored


# ---- what registers do


def ICH_VTR_EL2_list_registers(value: int) -> u64:
    """list_registers of a value of ICH_VTR_EL2."""
    return ICH_VTR_EL2_ListRegs.get(value) + 1


def ICH_VTR_EL2_preemption_bits(value: int) -> u64:
    """preemption_bits of a value of ICH_VTR_EL2."""
    return ICH_VTR_EL2_PREbits.get(value) + 1


def ICH_VTR_EL2_priority_bits(value: int) -> u64:
    """priority_bits of a value of ICH_VTR_EL2."""
    return ICH_VTR_EL2_PRIbits.get(value) + 1


def ICH_LRn_EL2_EOI(value: int) -> u64:
    """Interrupt the host when this one is deactivated: has a meaning only if HW is 0."""
    return (ICH_LRn_EL2_pINTID.get(value) >> 9) & 1


def ICH_LRn_EL2_valid(value: int) -> u64:
    """1 unless Invalid: a number, so that it can be counted."""
    return (ICH_LRn_EL2_State.get(value) & 1) | (ICH_LRn_EL2_State.get(value) >> 1)


def legalise_ICH_HCR_EL2(m: Machine, register: Register, written: int) -> int:
    """What a write to ICH_HCR_EL2 becomes."""
    value = written
    if ICH_VTR_EL2_SEIS.get(m.peek(ICH_VTR_EL2)) == 0:
        value = ICH_HCR_EL2_TSEI.set(value, 0)
    if ICH_VTR_EL2_TDS.get(m.peek(ICH_VTR_EL2)) == 0:
        value = ICH_HCR_EL2_TDIR.set(value, 0)
    if ICH_VTR_EL2_DVIM.get(m.peek(ICH_VTR_EL2)) == 0:
        value = ICH_HCR_EL2_DVIM.set(value, 0)
    return value


def legalise_ICH_VMCR_EL2(m: Machine, register: Register, written: int) -> int:
    """What a write to ICH_VMCR_EL2 becomes."""
    value = written
    if ICC_SRE_EL1_SRE.get(m.peek(ICC_SRE_EL1)) != 0:
        value = ICH_VMCR_EL2_VFIQEn.set(value, 1)
    if ICH_VMCR_EL2_VBPR1.get(written) < 7 - ICH_VTR_EL2_PREbits.get(
        m.peek(ICH_VTR_EL2)
    ):
        value = ICH_VMCR_EL2_VBPR1.set(
            value, 7 - ICH_VTR_EL2_PREbits.get(m.peek(ICH_VTR_EL2))
        )
    if ICH_VMCR_EL2_VBPR0.get(written) < (
        (6 - ICH_VTR_EL2_PREbits.get(m.peek(ICH_VTR_EL2))) & 0xFFFFFFFFFFFFFFFF
    ):
        value = ICH_VMCR_EL2_VBPR0.set(
            value, 6 - ICH_VTR_EL2_PREbits.get(m.peek(ICH_VTR_EL2))
        )
    value = ICH_VMCR_EL2_VPMR.set(
        value,
        ICH_VMCR_EL2_VPMR.get(written)
        & (0xFF << (7 - ICH_VTR_EL2_PRIbits.get(m.peek(ICH_VTR_EL2)))),
    )
    return value


def legalise_ICH_LRn_EL2(m: Machine, register: Register, written: int) -> int:
    """What a write to ICH_LR<n>_EL2 becomes."""
    value = written
    value = ICH_LRn_EL2_Priority.set(
        value,
        ICH_LRn_EL2_Priority.get(written)
        & (0xFF << (7 - ICH_VTR_EL2_PRIbits.get(m.peek(ICH_VTR_EL2)))),
    )
    return value


def compute_ICH_ELRSR_EL2(m: Machine, register: Register, stored: int) -> int:
    """The value of ICH_ELRSR_EL2, with what is computed."""
    value = stored
    for n in range(16):
        value = ICH_ELRSR_EL2_Statusn[n].set(
            value,
            int(
                n <= ICH_VTR_EL2_ListRegs.get(m.peek(ICH_VTR_EL2))
                and ICH_LRn_EL2_State.get(m.peek(ICH_LRn_EL2[n]))
                == ICH_LRn_EL2_State_Invalid
                and (
                    ICH_LRn_EL2_HW.get(m.peek(ICH_LRn_EL2[n])) != 0
                    or ICH_LRn_EL2_EOI(m.peek(ICH_LRn_EL2[n])) == 0
                )
            ),
        )
    return value


def compute_ICH_EISR_EL2(m: Machine, register: Register, stored: int) -> int:
    """The value of ICH_EISR_EL2, with what is computed."""
    value = stored
    for n in range(16):
        value = ICH_EISR_EL2_Statusn[n].set(
            value,
            int(
                ICH_LRn_EL2_State.get(m.peek(ICH_LRn_EL2[n]))
                == ICH_LRn_EL2_State_Invalid
                and ICH_LRn_EL2_HW.get(m.peek(ICH_LRn_EL2[n])) == 0
                and ICH_LRn_EL2_EOI(m.peek(ICH_LRn_EL2[n])) == 1
            ),
        )
    return value


def compute_ICH_MISR_EL2(m: Machine, register: Register, stored: int) -> int:
    """The value of ICH_MISR_EL2, with what is computed."""
    value = stored
    value = ICH_MISR_EL2_EOI.set(value, int(m.peek(ICH_EISR_EL2) != 0))
    value = ICH_MISR_EL2_U.set(
        value,
        int(
            ICH_HCR_EL2_UIE.get(m.peek(ICH_HCR_EL2)) != 0
            and ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[0]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[1]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[2]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[3]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[4]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[5]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[6]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[7]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[8]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[9]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[10]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[11]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[12]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[13]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[14]))
            + ICH_LRn_EL2_valid(m.peek(ICH_LRn_EL2[15]))
            <= 1
        ),
    )
    value = ICH_MISR_EL2_LRENP.set(
        value,
        int(
            ICH_HCR_EL2_LRENPIE.get(m.peek(ICH_HCR_EL2)) != 0
            and ICH_HCR_EL2_EOIcount.get(m.peek(ICH_HCR_EL2)) != 0
        ),
    )
    value = ICH_MISR_EL2_NP.set(
        value,
        int(
            ICH_HCR_EL2_NPIE.get(m.peek(ICH_HCR_EL2)) != 0
            and all(
                ICH_LRn_EL2_State.get(m.peek(ICH_LRn_EL2[n]))
                != ICH_LRn_EL2_State_Pending
                for n in range(16)
            )
        ),
    )
    value = ICH_MISR_EL2_VGrp0E.set(
        value,
        int(
            ICH_HCR_EL2_VGrp0EIE.get(m.peek(ICH_HCR_EL2)) != 0
            and ICH_VMCR_EL2_VENG0.get(m.peek(ICH_VMCR_EL2)) != 0
        ),
    )
    value = ICH_MISR_EL2_VGrp0D.set(
        value,
        int(
            ICH_HCR_EL2_VGrp0DIE.get(m.peek(ICH_HCR_EL2)) != 0
            and ICH_VMCR_EL2_VENG0.get(m.peek(ICH_VMCR_EL2)) == 0
        ),
    )
    value = ICH_MISR_EL2_VGrp1E.set(
        value,
        int(
            ICH_HCR_EL2_VGrp1EIE.get(m.peek(ICH_HCR_EL2)) != 0
            and ICH_VMCR_EL2_VENG1.get(m.peek(ICH_VMCR_EL2)) != 0
        ),
    )
    value = ICH_MISR_EL2_VGrp1D.set(
        value,
        int(
            ICH_HCR_EL2_VGrp1DIE.get(m.peek(ICH_HCR_EL2)) != 0
            and ICH_VMCR_EL2_VENG1.get(m.peek(ICH_VMCR_EL2)) == 0
        ),
    )
    return value


def compute_ICC_SRE_EL1(m: Machine, register: Register, stored: int) -> int:
    """The value of ICC_SRE_EL1, with what is computed."""
    value = stored
    value = ICC_SRE_EL1_DFB.set(value, ICC_SRE_EL2_DFB.get(m.peek(ICC_SRE_EL2)))
    value = ICC_SRE_EL1_DIB.set(value, ICC_SRE_EL2_DIB.get(m.peek(ICC_SRE_EL2)))
    return value


def compute_ICC_SRE_EL2(m: Machine, register: Register, stored: int) -> int:
    """The value of ICC_SRE_EL2, with what is computed."""
    value = stored
    value = ICC_SRE_EL2_DFB.set(value, ICC_SRE_EL3_DFB.get(m.peek(ICC_SRE_EL3)))
    value = ICC_SRE_EL2_DIB.set(value, ICC_SRE_EL3_DIB.get(m.peek(ICC_SRE_EL3)))
    return value


def legal_ICH_VMCR_EL2(m: Machine, written: int) -> int:
    """What stays of a write to ICH_VMCR_EL2, in the bits that a write changes."""
    values = m.values
    value = written
    if values[31]:
        value = (value & 0xFFFFFFFFFFFFFFF7) | 8
    if ((written >> 18) & 7) < 7 - ((values[2] >> 26) & 7):
        value = (value & 0xFFFFFFFFFFE3FFFF) | ((7 - ((values[2] >> 26) & 7)) << 18)
    if ((written >> 21) & 7) < ((6 - ((values[2] >> 26) & 7)) & 0xFFFFFFFFFFFFFFFF):
        value = (value & 0xFFFFFFFFFF1FFFFF) | (
            (((6 - ((values[2] >> 26) & 7)) & 0xFFFFFFFFFFFFFFFF) & 7) << 21
        )
    value = (value & 0xFFFFFFFF00FFFFFF) | (
        (((written >> 24) & 0xFF) & (0xFF << (7 - (values[2] >> 29)))) << 24
    )
    return value & 0xFFFC021F


def read_ICH_ELRSR_EL2(m: Machine) -> int:
    """The value of ICH_ELRSR_EL2, with what is computed."""
    values = m.values
    value = 0
    for n in range(min((values[2] & 31) + 1, 16)):
        if values[4 + n] < 0x4000000000000000 and (
            values[4 + n] & 0x2000000000000000 or not values[4 + n] & 0x20000000000
        ):
            value |= 1 << n
    return value


def read_ICH_EISR_EL2(m: Machine) -> int:
    """The value of ICH_EISR_EL2, with what is computed."""
    values = m.values
    value = 0
    for n in range(16):
        if (
            values[4 + n] < 0x4000000000000000
            and not values[4 + n] & 0x2000000000000000
            and values[4 + n] & 0x20000000000 == 0x20000000000
        ):
            value |= 1 << n
    return value


def read_ICH_MISR_EL2(m: Machine) -> int:
    """The value of ICH_MISR_EL2, with what is computed."""
    values = m.values
    value = 0
    if read_ICH_EISR_EL2(m):
        value |= 1
    if (
        values[1] & 2
        and (((values[4] >> 62) & 1) | (values[4] >> 63))
        + (((values[5] >> 62) & 1) | (values[5] >> 63))
        + (((values[6] >> 62) & 1) | (values[6] >> 63))
        + (((values[7] >> 62) & 1) | (values[7] >> 63))
        + (((values[8] >> 62) & 1) | (values[8] >> 63))
        + (((values[9] >> 62) & 1) | (values[9] >> 63))
        + (((values[10] >> 62) & 1) | (values[10] >> 63))
        + (((values[11] >> 62) & 1) | (values[11] >> 63))
        + (((values[12] >> 62) & 1) | (values[12] >> 63))
        + (((values[13] >> 62) & 1) | (values[13] >> 63))
        + (((values[14] >> 62) & 1) | (values[14] >> 63))
        + (((values[15] >> 62) & 1) | (values[15] >> 63))
        + (((values[16] >> 62) & 1) | (values[16] >> 63))
        + (((values[17] >> 62) & 1) | (values[17] >> 63))
        + (((values[18] >> 62) & 1) | (values[18] >> 63))
        + (((values[19] >> 62) & 1) | (values[19] >> 63))
        <= 1
    ):
        value |= 2
    if values[1] & 4 and values[1] >= 0x8000000:
        value |= 4
    if values[1] & 8 and all(
        values[4 + n] & 0xC000000000000000 != 0x4000000000000000 for n in range(16)
    ):
        value |= 8
    if values[1] & 16 and values[3] & 1:
        value |= 16
    if values[1] & 32 and not values[3] & 1:
        value |= 32
    if values[1] & 64 and values[3] & 2:
        value |= 64
    if values[1] & 0x80 and not values[3] & 2:
        value |= 0x80
    return value


def read_ICC_SRE_EL1(m: Machine) -> int:
    """The value of ICC_SRE_EL1, with what is computed."""
    values = m.values
    stored = values[31]
    value = stored
    value |= ((values[33] >> 1) & 1) << 1
    value |= ((values[33] >> 2) & 1) << 2
    return value


def read_ICC_SRE_EL2(m: Machine) -> int:
    """The value of ICC_SRE_EL2, with what is computed."""
    values = m.values
    stored = values[32]
    value = stored
    value |= ((values[33] >> 1) & 1) << 1
    value |= ((values[33] >> 2) & 1) << 2
    return value


# ---- facts that follow from state


def fact_sre(vcpu: Vcpu) -> bool:
    """The guest has a GICv3, and uses system registers; otherwise a GICv2, and memory."""
    return vcpu.vgic_sre != 0


# ---- outside of the language


def vgic_v2_save_state(m: Machine, vcpu: Vcpu, *, at: str = "") -> None:
    """The same for a host with a GICv2, whose state is elsewhere."""
    m.call("vgic_v2_save_state", (vcpu,), at=at)
    m.ensure(vcpu.v2_loaded == 0, "vgic_v2_save_state", "not v2_loaded", at=at)


def vgic_v2_restore_state(m: Machine, vcpu: Vcpu, *, at: str = "") -> None:
    """Outside of the language: supply a behaviour."""
    m.call("vgic_v2_restore_state", (vcpu,), at=at)
    m.ensure(
        (vcpu.v2_loaded != 0) == (vcpu.used_lrs != 0),
        "vgic_v2_restore_state",
        "(v2_loaded != 0) == (used_lrs != 0)",
        at=at,
    )


def vgic_v4_sync_hwstate(m: Machine, vcpu: Vcpu, *, at: str = "") -> int:
    """The vPE leaves the physical CPU, and comes back to it; nothing without a GICv4 ITS."""
    result = m.call_for(Int(32, True), "vgic_v4_sync_hwstate", (vcpu,), at=at)
    m.ensure(vcpu.vpe_resident == 0, "vgic_v4_sync_hwstate", "not vpe_resident", at=at)
    return result


def vgic_v4_flush_hwstate(m: Machine, vcpu: Vcpu, *, at: str = "") -> int:
    """Outside of the language: supply a behaviour."""
    result = m.call_for(Int(32, True), "vgic_v4_flush_hwstate", (vcpu,), at=at)
    m.ensure(
        (vcpu.vpe_resident != 0) == vcpu.facts.its_vm,
        "vgic_v4_flush_hwstate",
        "(vpe_resident != 0) == its_vm",
        at=at,
    )
    return result


def vgic_flush_lr_state(m: Machine, vcpu: Vcpu, *, at: str = "") -> None:
    """The list fills list registers; what does not fit asks for an underflow interrupt."""
    m.call("vgic_flush_lr_state", (vcpu,), needs=("ap_list_lock",), at=at)
    m.ensure(
        ICH_HCR_EL2_UIE.get(vcpu.vgic_hcr) == 0 or vcpu.used_lrs != 0,
        "vgic_flush_lr_state",
        "vgic_hcr.UIE implies used_lrs != 0",
        at=at,
    )
    m.ensure(vcpu.unlisted == 0, "vgic_flush_lr_state", "not unlisted", at=at)
    m.ensure(
        all((vcpu.vgic_lr[n] & 0x707E00000000000) == 0 for n in range(16)),
        "vgic_flush_lr_state",
        "every n in 0..15: (vgic_lr[n] & 0x0707_e000_0000_0000 == 0)",
        at=at,
    )


def vgic_fold_lr_state(m: Machine, vcpu: Vcpu, *, at: str = "") -> None:
    """What the guest left in the list registers goes back to the interrupts."""
    m.call("vgic_fold_lr_state", (vcpu,), at=at)
    m.ensure(vcpu.used_lrs == 0, "vgic_fold_lr_state", "used_lrs == 0", at=at)
    m.ensure(
        ICH_HCR_EL2_UIE.get(vcpu.vgic_hcr) == 0,
        "vgic_fold_lr_state",
        "not vgic_hcr.UIE",
        at=at,
    )
    m.ensure(vcpu.unpruned != 0, "vgic_fold_lr_state", "unpruned", at=at)


def vgic_prune_ap_list(m: Machine, vcpu: Vcpu, *, at: str = "") -> None:
    """Interrupts that are neither pending nor active, or now another vCPU's, leave the list."""
    m.call("vgic_prune_ap_list", (vcpu,), at=at)
    m.ensure(vcpu.unpruned == 0, "vgic_prune_ap_list", "not unpruned", at=at)


# ---- sequences, with a trace


# kvm.common:6:10: sequence
def traced___gic_v3_get_lr(m: Machine, lr: u32) -> u64:
    """One list register, chosen at run time."""
    return m.read(ICH_LRn_EL2[lr], at="kvm.common:6:53")


# kvm.common:7:10: sequence
def traced___gic_v3_set_lr(m: Machine, val: u64, lr: int) -> None:
    m.write(ICH_LRn_EL2[lr], val, at="kvm.common:7:49")


# kvm.common:10:10: sequence
def traced___vgic_v3_write_ap0rn(m: Machine, val: u32, n: int) -> None:
    """One active-priority register of a group, chosen at run time."""
    m.write(ICH_AP0Rn_EL2[n], val, at="kvm.common:10:54")


# kvm.common:11:10: sequence
def traced___vgic_v3_write_ap1rn(m: Machine, val: u32, n: int) -> None:
    m.write(ICH_AP1Rn_EL2[n], val, at="kvm.common:11:54")


# kvm.common:13:10: sequence
def traced___vgic_v3_read_ap0rn(m: Machine, n: int) -> u32:
    return m.read(ICH_AP0Rn_EL2[n], at="kvm.common:13:56")


# kvm.common:15:10: sequence
def traced___vgic_v3_read_ap1rn(m: Machine, n: int) -> u32:
    return m.read(ICH_AP1Rn_EL2[n], at="kvm.common:15:56")


# kvm.common:18:6: save
def traced___vgic_v3_save_aprs(m: Machine, vcpu: Vcpu) -> None:
    """Active priorities: how many registers there are depends on the preemption bits."""
    nr_pre_bits: u32 = ICH_VTR_EL2_preemption_bits(
        m.read(ICH_VTR_EL2, at="kvm.common:20:29")
    )
    if nr_pre_bits == 7:
        m.store_at(
            vcpu,
            "vgic_ap0r",
            3,
            m.read(ICH_AP0Rn_EL2[3], at="kvm.common:23:18"),
            at="kvm.common:23:18",
        )
        m.store_at(
            vcpu,
            "vgic_ap0r",
            2,
            m.read(ICH_AP0Rn_EL2[2], at="kvm.common:23:32"),
            at="kvm.common:23:32",
        )
    if nr_pre_bits in (6, 7):
        m.store_at(
            vcpu,
            "vgic_ap0r",
            1,
            m.read(ICH_AP0Rn_EL2[1], at="kvm.common:24:18"),
            at="kvm.common:24:18",
        )
    m.store_at(
        vcpu,
        "vgic_ap0r",
        0,
        m.read(ICH_AP0Rn_EL2[0], at="kvm.common:25:21"),
        at="kvm.common:25:21",
    )
    if nr_pre_bits == 7:
        m.store_at(
            vcpu,
            "vgic_ap1r",
            3,
            m.read(ICH_AP1Rn_EL2[3], at="kvm.common:29:18"),
            at="kvm.common:29:18",
        )
        m.store_at(
            vcpu,
            "vgic_ap1r",
            2,
            m.read(ICH_AP1Rn_EL2[2], at="kvm.common:29:32"),
            at="kvm.common:29:32",
        )
    if nr_pre_bits in (6, 7):
        m.store_at(
            vcpu,
            "vgic_ap1r",
            1,
            m.read(ICH_AP1Rn_EL2[1], at="kvm.common:30:18"),
            at="kvm.common:30:18",
        )
    m.store_at(
        vcpu,
        "vgic_ap1r",
        0,
        m.read(ICH_AP1Rn_EL2[0], at="kvm.common:31:21"),
        at="kvm.common:31:21",
    )


# kvm.common:35:9: restore undoes __vgic_v3_save_aprs
def traced___vgic_v3_restore_aprs(m: Machine, vcpu: Vcpu) -> None:
    nr_pre_bits: u32 = ICH_VTR_EL2_preemption_bits(
        m.read(ICH_VTR_EL2, at="kvm.common:37:29")
    )
    if nr_pre_bits == 7:
        m.write(ICH_AP0Rn_EL2[3], vcpu.vgic_ap0r[3], at="kvm.common:40:21")
        m.write(ICH_AP0Rn_EL2[2], vcpu.vgic_ap0r[2], at="kvm.common:40:35")
    if nr_pre_bits in (6, 7):
        m.write(ICH_AP0Rn_EL2[1], vcpu.vgic_ap0r[1], at="kvm.common:41:21")
    m.write(ICH_AP0Rn_EL2[0], vcpu.vgic_ap0r[0], at="kvm.common:42:24")
    if nr_pre_bits == 7:
        m.write(ICH_AP1Rn_EL2[3], vcpu.vgic_ap1r[3], at="kvm.common:46:21")
        m.write(ICH_AP1Rn_EL2[2], vcpu.vgic_ap1r[2], at="kvm.common:46:35")
    if nr_pre_bits in (6, 7):
        m.write(ICH_AP1Rn_EL2[1], vcpu.vgic_ap1r[1], at="kvm.common:47:21")
    m.write(ICH_AP1Rn_EL2[0], vcpu.vgic_ap1r[0], at="kvm.common:48:24")


# kvm.common:53:10: sequence
def traced___vgic_v3_init_lrs(m: Machine) -> None:
    """A CPU starts with every list register empty."""
    max_lr_idx: int = ICH_VTR_EL2_ListRegs.get(
        m.read(ICH_VTR_EL2, at="kvm.common:54:28")
    )
    for i in range(max_lr_idx + 1):
        m.write(ICH_LRn_EL2[i], 0, at="kvm.common:56:31")


# kvm.common:59:10: sequence
def traced___vgic_v3_get_ich_vtr_el2(m: Machine) -> u64:
    return m.read(ICH_VTR_EL2, at="kvm.common:59:54")


# kvm.common:60:10: sequence
def traced___vgic_v3_read_vmcr(m: Machine) -> u64:
    return m.read(ICH_VMCR_EL2, at="kvm.common:60:48")


# kvm.common:61:10: sequence
def traced___vgic_v3_write_vmcr(m: Machine, vmcr: u32) -> None:
    m.write(ICH_VMCR_EL2, vmcr, at="kvm.common:61:45")


# kvm.common:67:10: sequence
def traced_vgic_save_state(m: Machine, vcpu: Vcpu) -> None:
    """A GICv3 on a host that is not VHE is saved and restored by the world switch instead."""
    if not m.facts.gicv3_cpuif:
        vgic_v2_save_state(m, vcpu, at="kvm.common:68:28")
    elif m.facts.vhe:
        __vgic_v3_save_state(m, vcpu)


# kvm.common:72:10: sequence
def traced_vgic_restore_state(m: Machine, vcpu: Vcpu) -> None:
    if not m.facts.gicv3_cpuif:
        vgic_v2_restore_state(m, vcpu, at="kvm.common:73:28")
    elif m.facts.vhe:
        __vgic_v3_restore_state(m, vcpu)


# kvm.after:4:6: save
def traced___vgic_v3_save_state(m: Machine, vcpu: Vcpu) -> None:
    # The guest's stores through the memory-mapped interface come before we read
    # the LRs, and before we read VMCR back on a non-VHE host.
    if vcpu.used_lrs != 0 or not m.facts.vhe:
        if not fact_sre(vcpu):
            # orders guest_mmio before reads of ICH_LR<n>_EL2, ICH_VMCR_EL2
            m.dsb("st", at="kvm.after:8:24")
    if vcpu.used_lrs != 0:
        elrsr: u32 = m.read(ICH_ELRSR_EL2, at="kvm.after:13:27")
        m.write(ICH_HCR_EL2, ICH_HCR_EL2_En.set(vcpu.vgic_hcr, 0), at="kvm.after:15:9")
        for i in range(vcpu.used_lrs):
            if ICH_ELRSR_EL2_Statusn[i].get(elrsr) != 0:
                value = vcpu.vgic_lr[i]
                value = ICH_LRn_EL2_State.set(value, ICH_LRn_EL2_State_Invalid)
                m.store_at(vcpu, "vgic_lr", i, value, at="kvm.after:18:36")
            else:
                m.store_at(
                    vcpu,
                    "vgic_lr",
                    i,
                    m.read(ICH_LRn_EL2[i], at="kvm.after:18:78"),
                    at="kvm.after:18:78",
                )
            m.write(ICH_LRn_EL2[i], 0, at="kvm.after:20:13")


# kvm.after:26:9: restore undoes __vgic_v3_save_state
def traced___vgic_v3_restore_state(m: Machine, vcpu: Vcpu) -> None:
    if vcpu.used_lrs != 0:
        m.write(ICH_HCR_EL2, vcpu.vgic_hcr, at="kvm.after:28:17")
        for i in range(vcpu.used_lrs):
            m.write(ICH_LRn_EL2[i], vcpu.vgic_lr[i], at="kvm.after:30:41")
    # A GICv2 guest reads these through memory: push the LRs out and, on a
    # non-VHE host, the VMCR that __vgic_v3_activate_traps() wrote before us.
    if vcpu.used_lrs != 0 or not m.facts.vhe:
        if not fact_sre(vcpu):
            # orders writes of ICH_LR<n>_EL2, ICH_VMCR_EL2 before redistributors
            m.isb(at="kvm.after:36:24")
            m.dsb("sy", at="kvm.after:36:24")


# kvm.after:40:10: activate
def traced___vgic_v3_activate_traps(m: Machine, vcpu: Vcpu) -> None:
    # The guest's mode comes first: with SRE still set, VFIQEn sticks at one and
    # a GICv2 guest would get its Group 0 interrupts as FIQs.
    if not fact_sre(vcpu):
        m.write(ICC_SRE_EL1, 0, at="kvm.after:44:9")
        # orders ICC_SRE_EL1 before writes of ICH_VMCR_EL2
        m.isb(at="kvm.after:45:9")
        m.write(ICH_VMCR_EL2, vcpu.vgic_vmcr, at="kvm.after:46:17")
        if m.facts.vhe:
            # Nobody else pushes VMCR out to the redistributors on this path.
            # orders writes of ICH_VMCR_EL2 before redistributors
            m.isb(at="kvm.after:51:13")
            m.dsb("sy", at="kvm.after:51:13")
    # Keep the guest off the system registers if it has a GICv2.
    value = m.read(ICC_SRE_EL2, at="kvm.after:56:5")
    value = ICC_SRE_EL2_Enable.set(value, 0)
    m.write(ICC_SRE_EL2, value, at="kvm.after:56:5")
    # The traps live in ICH_HCR_EL2: write it even if nothing is injected.
    if m.facts.cpuif_trap or vcpu.facts.its_vm:
        m.write(ICH_HCR_EL2, vcpu.vgic_hcr, at="kvm.after:59:41")


# kvm.after:62:12: deactivate undoes __vgic_v3_activate_traps
def traced___vgic_v3_deactivate_traps(m: Machine, vcpu: Vcpu) -> None:
    if not fact_sre(vcpu):
        m.store(
            vcpu,
            "vgic_vmcr",
            m.read(ICH_VMCR_EL2, at="kvm.after:64:25"),
            at="kvm.after:64:25",
        )
    value = m.read(ICC_SRE_EL2, at="kvm.after:68:5")
    value = ICC_SRE_EL2_Enable.set(value, 1)
    m.write(ICC_SRE_EL2, value, at="kvm.after:68:5")
    if not fact_sre(vcpu):
        # EL2 opens access first; only then is EL1 told to use system registers.
        # orders writes of ICC_SRE_EL2 before writes of ICC_SRE_EL1
        m.isb(at="kvm.after:72:9")
        m.write(ICC_SRE_EL1, 1, at="kvm.after:73:9")
    # We enabled the interface for the sake of its traps.
    if m.facts.cpuif_trap or vcpu.facts.its_vm:
        m.write(ICH_HCR_EL2, 0, at="kvm.after:77:33")


# kvm.after:80:6: save
def traced___vgic_save_state(m: Machine, vcpu: Vcpu) -> None:
    if m.facts.gicv3_cpuif:
        __vgic_v3_save_state(m, vcpu)
        __vgic_v3_deactivate_traps(m, vcpu)


# kvm.after:87:9: restore undoes __vgic_save_state
def traced___vgic_restore_state(m: Machine, vcpu: Vcpu) -> None:
    if m.facts.gicv3_cpuif:
        __vgic_v3_activate_traps(m, vcpu)
        __vgic_v3_restore_state(m, vcpu)


# kvm.after:94:10: sequence
def traced_vgic_v3_load(m: Machine, vcpu: Vcpu) -> None:
    # For a GICv2 guest VMCR depends on ICC_SRE_EL1.SRE, which is still the host's here.
    if fact_sre(vcpu):
        m.hypcall("kvm.after:97:16", __vgic_v3_write_vmcr, m, vcpu.vgic_vmcr)
    m.hypcall("kvm.after:99:5", __vgic_v3_restore_aprs, m, vcpu)
    if m.facts.vhe:
        __vgic_v3_activate_traps(m, vcpu)


# kvm.after:104:10: sequence
def traced_vgic_v3_put(m: Machine, vcpu: Vcpu) -> None:
    if fact_sre(vcpu):
        m.store(
            vcpu,
            "vgic_vmcr",
            m.hypcall("kvm.after:106:29", __vgic_v3_read_vmcr, m) & 0xFFFFFFFF,
            at="kvm.after:106:16",
        )
    m.hypcall("kvm.after:108:5", __vgic_v3_save_aprs, m, vcpu)
    if m.facts.vhe:
        __vgic_v3_deactivate_traps(m, vcpu)


# kvm.after:114:10: sequence
def traced_kvm_vgic_sync_hwstate(m: Machine, vcpu: Vcpu) -> None:
    """After a run: bring what the hardware holds back into the model."""
    m.warn_if(
        vgic_v4_sync_hwstate(m, vcpu, at="kvm.after:115:13") != 0,
        "vgic_v4_sync_hwstate(vcpu)",
        at="kvm.after:115:5",
    )
    # Nothing listed, so nothing loaded.
    if m.sample(vcpu.facts, "ap_list_empty", at="kvm.after:118:10"):
        return
    vgic_save_state(m, vcpu)
    if vcpu.used_lrs != 0:
        vgic_fold_lr_state(m, vcpu, at="kvm.after:122:21")
    vgic_prune_ap_list(m, vcpu, at="kvm.after:123:5")


# kvm.after:127:10: sequence
def traced_kvm_vgic_flush_hwstate(m: Machine, vcpu: Vcpu) -> None:
    """Before a run: put what the model holds into the hardware."""
    m.warn_if(
        vgic_v4_flush_hwstate(m, vcpu, at="kvm.after:128:13") != 0,
        "vgic_v4_flush_hwstate(vcpu)",
        at="kvm.after:128:5",
    )
    # Nothing listed: no work and no lock. Somebody may be queueing one right
    # now; they will kick us, so either order is fine.
    if m.sample(vcpu.facts, "ap_list_empty", at="kvm.after:132:10"):
        return
    m.require(vcpu.facts.irqs_off, "irqs_off", at="kvm.after:134:5")
    with m.holding("ap_list_lock", vcpu, at="kvm.after:136:5"):
        vgic_flush_lr_state(m, vcpu, at="kvm.after:136:28")
    vgic_restore_state(m, vcpu)


# ---- sequences


def __gic_v3_get_lr(m: Machine, lr: u32) -> u64:
    """One list register, chosen at run time."""
    if m.tracing:
        return traced___gic_v3_get_lr(m, lr)
    return m.read(ICH_LRn_EL2[lr], at="kvm.common:6:53")


def __gic_v3_set_lr(m: Machine, val: u64, lr: int) -> None:
    if m.tracing:
        traced___gic_v3_set_lr(m, val, lr)
        return
    m.write(ICH_LRn_EL2[lr], val, at="kvm.common:7:49")


def __vgic_v3_write_ap0rn(m: Machine, val: u32, n: int) -> None:
    """One active-priority register of a group, chosen at run time."""
    if m.tracing:
        traced___vgic_v3_write_ap0rn(m, val, n)
        return
    m.write(ICH_AP0Rn_EL2[n], val, at="kvm.common:10:54")


def __vgic_v3_write_ap1rn(m: Machine, val: u32, n: int) -> None:
    if m.tracing:
        traced___vgic_v3_write_ap1rn(m, val, n)
        return
    m.write(ICH_AP1Rn_EL2[n], val, at="kvm.common:11:54")


def __vgic_v3_read_ap0rn(m: Machine, n: int) -> u32:
    if m.tracing:
        return traced___vgic_v3_read_ap0rn(m, n)
    return m.read(ICH_AP0Rn_EL2[n], at="kvm.common:13:56")


def __vgic_v3_read_ap1rn(m: Machine, n: int) -> u32:
    if m.tracing:
        return traced___vgic_v3_read_ap1rn(m, n)
    return m.read(ICH_AP1Rn_EL2[n], at="kvm.common:15:56")


def __vgic_v3_save_aprs(m: Machine, vcpu: Vcpu) -> None:
    """Active priorities: how many registers there are depends on the preemption bits."""
    if m.tracing:
        traced___vgic_v3_save_aprs(m, vcpu)
        return
    values = m.values
    nr_pre_bits: u32 = ((values[2] >> 26) & 7) + 1
    if nr_pre_bits == 7:
        vcpu.vgic_ap0r.values[3] = values[26]
        vcpu.vgic_ap0r.values[2] = values[25]
    if nr_pre_bits in (6, 7):
        vcpu.vgic_ap0r.values[1] = values[24]
    vcpu.vgic_ap0r.values[0] = values[23]
    if nr_pre_bits == 7:
        vcpu.vgic_ap1r.values[3] = values[30]
        vcpu.vgic_ap1r.values[2] = values[29]
    if nr_pre_bits in (6, 7):
        vcpu.vgic_ap1r.values[1] = values[28]
    vcpu.vgic_ap1r.values[0] = values[27]


def __vgic_v3_restore_aprs(m: Machine, vcpu: Vcpu) -> None:
    if m.tracing:
        traced___vgic_v3_restore_aprs(m, vcpu)
        return
    values = m.values
    nr_pre_bits: u32 = ((values[2] >> 26) & 7) + 1
    if nr_pre_bits == 7:
        values[26] = vcpu.vgic_ap0r.values[3]
        values[25] = vcpu.vgic_ap0r.values[2]
    if nr_pre_bits in (6, 7):
        values[24] = vcpu.vgic_ap0r.values[1]
    values[23] = vcpu.vgic_ap0r.values[0]
    if nr_pre_bits == 7:
        values[30] = vcpu.vgic_ap1r.values[3]
        values[29] = vcpu.vgic_ap1r.values[2]
    if nr_pre_bits in (6, 7):
        values[28] = vcpu.vgic_ap1r.values[1]
    values[27] = vcpu.vgic_ap1r.values[0]


def __vgic_v3_init_lrs(m: Machine) -> None:
    """A CPU starts with every list register empty."""
    if m.tracing:
        traced___vgic_v3_init_lrs(m)
        return
    values = m.values
    max_lr_idx: int = values[2] & 31
    for i in range(max_lr_idx + 1):
        m.write(ICH_LRn_EL2[i], 0, at="kvm.common:56:31")


def __vgic_v3_get_ich_vtr_el2(m: Machine) -> u64:
    if m.tracing:
        return traced___vgic_v3_get_ich_vtr_el2(m)
    values = m.values
    return values[2]


def __vgic_v3_read_vmcr(m: Machine) -> u64:
    if m.tracing:
        return traced___vgic_v3_read_vmcr(m)
    values = m.values
    return values[3]


def __vgic_v3_write_vmcr(m: Machine, vmcr: u32) -> None:
    if m.tracing:
        traced___vgic_v3_write_vmcr(m, vmcr)
        return
    values = m.values
    values[3] = legal_ICH_VMCR_EL2(m, vmcr)


def vgic_save_state(m: Machine, vcpu: Vcpu) -> None:
    """A GICv3 on a host that is not VHE is saved and restored by the world switch instead."""
    if m.tracing:
        traced_vgic_save_state(m, vcpu)
        return
    if not m.facts.gicv3_cpuif:
        vgic_v2_save_state(m, vcpu, at="kvm.common:68:28")
    elif m.facts.vhe:
        __vgic_v3_save_state(m, vcpu)


def vgic_restore_state(m: Machine, vcpu: Vcpu) -> None:
    if m.tracing:
        traced_vgic_restore_state(m, vcpu)
        return
    if not m.facts.gicv3_cpuif:
        vgic_v2_restore_state(m, vcpu, at="kvm.common:73:28")
    elif m.facts.vhe:
        __vgic_v3_restore_state(m, vcpu)


def __vgic_v3_save_state(m: Machine, vcpu: Vcpu) -> None:
    if m.tracing:
        traced___vgic_v3_save_state(m, vcpu)
        return
    values = m.values
    if vcpu.used_lrs:
        vgic_lr = vcpu.vgic_lr.values
        values[1] = (vcpu.vgic_hcr & 0xFFFFFFFE) & m.keep_ICH_HCR_EL2
        for i in range(vcpu.used_lrs):
            element = values[4 + i]
            if (
                element < 0x4000000000000000
                and (element & 0x2000000000000000 or not element & 0x20000000000)
                and i <= (values[2] & 31)
            ):
                vgic_lr[i] = vgic_lr[i] & 0x3FFFFFFFFFFFFFFF
            else:
                vgic_lr[i] = element
            values[4 + i] = 0


def __vgic_v3_restore_state(m: Machine, vcpu: Vcpu) -> None:
    if m.tracing:
        traced___vgic_v3_restore_state(m, vcpu)
        return
    values = m.values
    if vcpu.used_lrs:
        vgic_lr = vcpu.vgic_lr.values
        values[1] = vcpu.vgic_hcr & m.keep_ICH_HCR_EL2
        for i in range(vcpu.used_lrs):
            values[4 + i] = vgic_lr[i] & m.keep_ICH_LRn_EL2


def __vgic_v3_activate_traps(m: Machine, vcpu: Vcpu) -> None:
    if m.tracing:
        traced___vgic_v3_activate_traps(m, vcpu)
        return
    values = m.values
    if not vcpu.vgic_sre:
        values[31] = 0
        values[3] = legal_ICH_VMCR_EL2(m, vcpu.vgic_vmcr)
    values[32] = values[32] & 1
    if m.facts.cpuif_trap or vcpu.facts.its_vm:
        values[1] = vcpu.vgic_hcr & m.keep_ICH_HCR_EL2


def __vgic_v3_deactivate_traps(m: Machine, vcpu: Vcpu) -> None:
    if m.tracing:
        traced___vgic_v3_deactivate_traps(m, vcpu)
        return
    values = m.values
    if not vcpu.vgic_sre:
        set_vgic_vmcr(vcpu, values[3])
    values[32] = (values[32] & 1) | 8
    if not vcpu.vgic_sre:
        values[31] = 1
    if m.facts.cpuif_trap or vcpu.facts.its_vm:
        values[1] = 0


def __vgic_save_state(m: Machine, vcpu: Vcpu) -> None:
    if m.tracing:
        traced___vgic_save_state(m, vcpu)
        return
    values = m.values
    if m.facts.gicv3_cpuif:
        if vcpu.used_lrs:
            vgic_lr = vcpu.vgic_lr.values
            values[1] = (vcpu.vgic_hcr & 0xFFFFFFFE) & m.keep_ICH_HCR_EL2
            for i in range(vcpu.used_lrs):
                element = values[4 + i]
                if (
                    element < 0x4000000000000000
                    and (element & 0x2000000000000000 or not element & 0x20000000000)
                    and i <= (values[2] & 31)
                ):
                    vgic_lr[i] = vgic_lr[i] & 0x3FFFFFFFFFFFFFFF
                else:
                    vgic_lr[i] = element
                values[4 + i] = 0
        if not vcpu.vgic_sre:
            set_vgic_vmcr(vcpu, values[3])
        values[32] = (values[32] & 1) | 8
        if not vcpu.vgic_sre:
            values[31] = 1
        if m.facts.cpuif_trap or vcpu.facts.its_vm:
            values[1] = 0


def __vgic_restore_state(m: Machine, vcpu: Vcpu) -> None:
    if m.tracing:
        traced___vgic_restore_state(m, vcpu)
        return
    values = m.values
    if m.facts.gicv3_cpuif:
        if not vcpu.vgic_sre:
            values[31] = 0
            values[3] = legal_ICH_VMCR_EL2(m, vcpu.vgic_vmcr)
        values[32] = values[32] & 1
        if m.facts.cpuif_trap or vcpu.facts.its_vm:
            values[1] = vcpu.vgic_hcr & m.keep_ICH_HCR_EL2
        if vcpu.used_lrs:
            vgic_lr = vcpu.vgic_lr.values
            values[1] = vcpu.vgic_hcr & m.keep_ICH_HCR_EL2
            for i in range(vcpu.used_lrs):
                values[4 + i] = vgic_lr[i] & m.keep_ICH_LRn_EL2


def vgic_v3_load(m: Machine, vcpu: Vcpu) -> None:
    if m.tracing:
        traced_vgic_v3_load(m, vcpu)
        return
    if vcpu.vgic_sre:
        m.hypcall("kvm.after:97:16", __vgic_v3_write_vmcr, m, vcpu.vgic_vmcr)
    m.hypcall("kvm.after:99:5", __vgic_v3_restore_aprs, m, vcpu)
    if m.facts.vhe:
        __vgic_v3_activate_traps(m, vcpu)


def vgic_v3_put(m: Machine, vcpu: Vcpu) -> None:
    if m.tracing:
        traced_vgic_v3_put(m, vcpu)
        return
    if vcpu.vgic_sre:
        set_vgic_vmcr(
            vcpu, m.hypcall("kvm.after:106:29", __vgic_v3_read_vmcr, m) & 0xFFFFFFFF
        )
    m.hypcall("kvm.after:108:5", __vgic_v3_save_aprs, m, vcpu)
    if m.facts.vhe:
        __vgic_v3_deactivate_traps(m, vcpu)


def kvm_vgic_sync_hwstate(m: Machine, vcpu: Vcpu) -> None:
    """After a run: bring what the hardware holds back into the model."""
    if m.tracing:
        traced_kvm_vgic_sync_hwstate(m, vcpu)
        return
    m.warn_if(
        vgic_v4_sync_hwstate(m, vcpu, at="kvm.after:115:13") != 0,
        "vgic_v4_sync_hwstate(vcpu)",
        at="kvm.after:115:5",
    )
    if m.sample(vcpu.facts, "ap_list_empty", at="kvm.after:118:10"):
        return
    vgic_save_state(m, vcpu)
    if vcpu.used_lrs:
        vgic_fold_lr_state(m, vcpu, at="kvm.after:122:21")
    vgic_prune_ap_list(m, vcpu, at="kvm.after:123:5")


def kvm_vgic_flush_hwstate(m: Machine, vcpu: Vcpu) -> None:
    """Before a run: put what the model holds into the hardware."""
    if m.tracing:
        traced_kvm_vgic_flush_hwstate(m, vcpu)
        return
    m.warn_if(
        vgic_v4_flush_hwstate(m, vcpu, at="kvm.after:128:13") != 0,
        "vgic_v4_flush_hwstate(vcpu)",
        at="kvm.after:128:5",
    )
    if m.sample(vcpu.facts, "ap_list_empty", at="kvm.after:132:10"):
        return
    if not vcpu.facts.irqs_off:
        m.require(False, "irqs_off", at="kvm.after:134:5")
    with m.holding("ap_list_lock", vcpu, at="kvm.after:136:5"):
        vgic_flush_lr_state(m, vcpu, at="kvm.after:136:28")
    vgic_restore_state(m, vcpu)


# ---- by the names in the source

#: The classes of handles.
HANDLES: dict[str, type[Context]] = {"vcpu": Vcpu}

#: What has no body here, and needs a behaviour where it is called.
EXTERNS: tuple[str, ...] = (
    "vgic_v2_save_state",
    "vgic_v2_restore_state",
    "vgic_v4_sync_hwstate",
    "vgic_v4_flush_hwstate",
    "vgic_flush_lr_state",
    "vgic_fold_lr_state",
    "vgic_prune_ap_list",
)

#: The sequences.
SEQUENCES: dict[str, Callable[..., object]] = {
    "__gic_v3_get_lr": __gic_v3_get_lr,
    "__gic_v3_set_lr": __gic_v3_set_lr,
    "__vgic_v3_write_ap0rn": __vgic_v3_write_ap0rn,
    "__vgic_v3_write_ap1rn": __vgic_v3_write_ap1rn,
    "__vgic_v3_read_ap0rn": __vgic_v3_read_ap0rn,
    "__vgic_v3_read_ap1rn": __vgic_v3_read_ap1rn,
    "__vgic_v3_save_aprs": __vgic_v3_save_aprs,
    "__vgic_v3_restore_aprs": __vgic_v3_restore_aprs,
    "__vgic_v3_init_lrs": __vgic_v3_init_lrs,
    "__vgic_v3_get_ich_vtr_el2": __vgic_v3_get_ich_vtr_el2,
    "__vgic_v3_read_vmcr": __vgic_v3_read_vmcr,
    "__vgic_v3_write_vmcr": __vgic_v3_write_vmcr,
    "vgic_save_state": vgic_save_state,
    "vgic_restore_state": vgic_restore_state,
    "__vgic_v3_save_state": __vgic_v3_save_state,
    "__vgic_v3_restore_state": __vgic_v3_restore_state,
    "__vgic_v3_activate_traps": __vgic_v3_activate_traps,
    "__vgic_v3_deactivate_traps": __vgic_v3_deactivate_traps,
    "__vgic_save_state": __vgic_save_state,
    "__vgic_restore_state": __vgic_restore_state,
    "vgic_v3_load": vgic_v3_load,
    "vgic_v3_put": vgic_v3_put,
    "kvm_vgic_sync_hwstate": kvm_vgic_sync_hwstate,
    "kvm_vgic_flush_hwstate": kvm_vgic_flush_hwstate,
}
