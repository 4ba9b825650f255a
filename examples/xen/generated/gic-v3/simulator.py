"""Simulator of the vgs program gic.

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
    MachineError,
    Register,
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


@dataclass(slots=True, eq=False)
class VcpuFacts(Facts):
    """What holds for one vcpu, as far as sequences ask."""

    # The domain has a GICv2, and reaches its CPU interface through memory.
    gicv2: bool = False
    SLOTS: ClassVar[dict[str, Slot]] = {"gicv2": Slot("gicv2", Bool())}


SLOT_apr0 = Slot("apr0", Int(64), length=4, layout=ICH_AP0Rn_EL2.layout)

SLOT_apr1 = Slot("apr1", Int(64), length=4, layout=ICH_AP1Rn_EL2.layout)

SLOT_lrs = Slot("lrs", Int(64), length=16, layout=ICH_LRn_EL2.layout)


@dataclass(slots=True, eq=False)
class Vcpu(Context):
    """What is kept in memory for one vcpu."""

    # gic, of vcpu
    # The state of whichever GIC the machine has.
    # v3, of gic
    vmcr: u64 = 0
    sre_el1: u64 = 0
    apr0: Array[u64] = field(default_factory=lambda: Array(SLOT_apr0))
    apr1: Array[u64] = field(default_factory=lambda: Array(SLOT_apr1))
    lrs: Array[u64] = field(default_factory=lambda: Array(SLOT_lrs))
    facts: VcpuFacts = field(default_factory=VcpuFacts)
    SLOTS: ClassVar[dict[str, Slot]] = {
        "vmcr": Slot("vmcr", Int(64), layout=ICH_VMCR_EL2.layout),
        "sre_el1": Slot("sre_el1", Int(64), layout=ICC_SRE_EL1.layout),
        "apr0": SLOT_apr0,
        "apr1": SLOT_apr1,
        "lrs": SLOT_lrs,
    }


set_vmcr = setter(Vcpu, "vmcr")

set_sre_el1 = setter(Vcpu, "sre_el1")


@dataclass(slots=True, eq=False)
class Memory(Context):
    """What is kept in memory for the whole machine."""

    # gicv3_info, of machine
    # How many list registers there are, found at boot.
    nr_lrs: u32 = 0
    # global_state, of machine
    # How many priority bits there are, found at boot.
    nr_priorities: u32 = 0
    SLOTS: ClassVar[dict[str, Slot]] = {
        "nr_lrs": Slot("nr_lrs", Int(32), low=0, high=16),
        "nr_priorities": Slot("nr_priorities", Int(32), low=0, high=8),
    }


set_nr_lrs = setter(Memory, "nr_lrs")

set_nr_priorities = setter(Memory, "nr_priorities")


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
        self.memory = Memory()

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


# ---- sequences, with a trace


# gic:6:6: save
def traced_gicv3_save_lrs(m: Machine, v: Vcpu) -> None:
    """From the last list register that there is down to the first."""
    while True:
        # block listed
        entry = m.memory.nr_lrs
        if entry == 16:
            m.store_at(
                v, "lrs", 15, m.read(ICH_LRn_EL2[15], at="gic:9:23"), at="gic:9:23"
            )
        if entry in (15, 16):
            m.store_at(
                v, "lrs", 14, m.read(ICH_LRn_EL2[14], at="gic:10:23"), at="gic:10:23"
            )
        if entry in (14, 15, 16):
            m.store_at(
                v, "lrs", 13, m.read(ICH_LRn_EL2[13], at="gic:11:23"), at="gic:11:23"
            )
        if entry in (13, 14, 15, 16):
            m.store_at(
                v, "lrs", 12, m.read(ICH_LRn_EL2[12], at="gic:12:23"), at="gic:12:23"
            )
        if entry in (12, 13, 14, 15, 16):
            m.store_at(
                v, "lrs", 11, m.read(ICH_LRn_EL2[11], at="gic:13:23"), at="gic:13:23"
            )
        if entry in (11, 12, 13, 14, 15, 16):
            m.store_at(
                v, "lrs", 10, m.read(ICH_LRn_EL2[10], at="gic:14:23"), at="gic:14:23"
            )
        if entry in (10, 11, 12, 13, 14, 15, 16):
            m.store_at(
                v, "lrs", 9, m.read(ICH_LRn_EL2[9], at="gic:15:23"), at="gic:15:23"
            )
        if entry in (9, 10, 11, 12, 13, 14, 15, 16):
            m.store_at(
                v, "lrs", 8, m.read(ICH_LRn_EL2[8], at="gic:16:22"), at="gic:16:22"
            )
        if entry in (8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.store_at(
                v, "lrs", 7, m.read(ICH_LRn_EL2[7], at="gic:17:22"), at="gic:17:22"
            )
        if entry in (7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.store_at(
                v, "lrs", 6, m.read(ICH_LRn_EL2[6], at="gic:18:22"), at="gic:18:22"
            )
        if entry in (6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.store_at(
                v, "lrs", 5, m.read(ICH_LRn_EL2[5], at="gic:19:22"), at="gic:19:22"
            )
        if entry in (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.store_at(
                v, "lrs", 4, m.read(ICH_LRn_EL2[4], at="gic:20:22"), at="gic:20:22"
            )
        if entry in (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.store_at(
                v, "lrs", 3, m.read(ICH_LRn_EL2[3], at="gic:21:22"), at="gic:21:22"
            )
        if entry in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.store_at(
                v, "lrs", 2, m.read(ICH_LRn_EL2[2], at="gic:22:22"), at="gic:22:22"
            )
        if entry in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.store_at(
                v, "lrs", 1, m.read(ICH_LRn_EL2[1], at="gic:23:22"), at="gic:23:22"
            )
        if entry in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.store_at(
                v, "lrs", 0, m.read(ICH_LRn_EL2[0], at="gic:25:22"), at="gic:25:22"
            )
            break
        m.fail("", at="gic:28:20")
        break


# gic:34:9: restore undoes gicv3_save_lrs
def traced_gicv3_restore_lrs(m: Machine, v: Vcpu) -> None:
    """The same way back."""
    while True:
        # block listed
        entry = m.memory.nr_lrs
        if entry == 16:
            m.write(ICH_LRn_EL2[15], v.lrs[15], at="gic:37:26")
        if entry in (15, 16):
            m.write(ICH_LRn_EL2[14], v.lrs[14], at="gic:38:26")
        if entry in (14, 15, 16):
            m.write(ICH_LRn_EL2[13], v.lrs[13], at="gic:39:26")
        if entry in (13, 14, 15, 16):
            m.write(ICH_LRn_EL2[12], v.lrs[12], at="gic:40:26")
        if entry in (12, 13, 14, 15, 16):
            m.write(ICH_LRn_EL2[11], v.lrs[11], at="gic:41:26")
        if entry in (11, 12, 13, 14, 15, 16):
            m.write(ICH_LRn_EL2[10], v.lrs[10], at="gic:42:26")
        if entry in (10, 11, 12, 13, 14, 15, 16):
            m.write(ICH_LRn_EL2[9], v.lrs[9], at="gic:43:26")
        if entry in (9, 10, 11, 12, 13, 14, 15, 16):
            m.write(ICH_LRn_EL2[8], v.lrs[8], at="gic:44:25")
        if entry in (8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.write(ICH_LRn_EL2[7], v.lrs[7], at="gic:45:25")
        if entry in (7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.write(ICH_LRn_EL2[6], v.lrs[6], at="gic:46:25")
        if entry in (6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.write(ICH_LRn_EL2[5], v.lrs[5], at="gic:47:25")
        if entry in (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.write(ICH_LRn_EL2[4], v.lrs[4], at="gic:48:25")
        if entry in (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.write(ICH_LRn_EL2[3], v.lrs[3], at="gic:49:25")
        if entry in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.write(ICH_LRn_EL2[2], v.lrs[2], at="gic:50:25")
        if entry in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.write(ICH_LRn_EL2[1], v.lrs[1], at="gic:51:25")
        if entry in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            m.write(ICH_LRn_EL2[0], v.lrs[0], at="gic:53:25")
            break
        m.fail("", at="gic:56:20")
        break


# gic:61:10: sequence
def traced_gicv3_ich_read_lr(m: Machine, lr: int) -> u64:
    match lr:
        case 0:
            return m.read(ICH_LRn_EL2[0], at="gic:63:20")
        case 1:
            return m.read(ICH_LRn_EL2[1], at="gic:64:20")
        case 2:
            return m.read(ICH_LRn_EL2[2], at="gic:65:20")
        case 3:
            return m.read(ICH_LRn_EL2[3], at="gic:66:20")
        case 4:
            return m.read(ICH_LRn_EL2[4], at="gic:67:20")
        case 5:
            return m.read(ICH_LRn_EL2[5], at="gic:68:20")
        case 6:
            return m.read(ICH_LRn_EL2[6], at="gic:69:20")
        case 7:
            return m.read(ICH_LRn_EL2[7], at="gic:70:20")
        case 8:
            return m.read(ICH_LRn_EL2[8], at="gic:71:20")
        case 9:
            return m.read(ICH_LRn_EL2[9], at="gic:72:20")
        case 10:
            return m.read(ICH_LRn_EL2[10], at="gic:73:21")
        case 11:
            return m.read(ICH_LRn_EL2[11], at="gic:74:21")
        case 12:
            return m.read(ICH_LRn_EL2[12], at="gic:75:21")
        case 13:
            return m.read(ICH_LRn_EL2[13], at="gic:76:21")
        case 14:
            return m.read(ICH_LRn_EL2[14], at="gic:77:21")
        case 15:
            return m.read(ICH_LRn_EL2[15], at="gic:78:21")
        case _:
            m.fail("", at="gic:79:16")
    raise MachineError("gicv3_ich_read_lr ends without a result")


# gic:83:10: sequence
def traced_gicv3_ich_write_lr(m: Machine, lr: int, val: u64) -> None:
    match lr:
        case 0:
            m.write(ICH_LRn_EL2[0], val, at="gic:85:13")
        case 1:
            m.write(ICH_LRn_EL2[1], val, at="gic:86:13")
        case 2:
            m.write(ICH_LRn_EL2[2], val, at="gic:87:13")
        case 3:
            m.write(ICH_LRn_EL2[3], val, at="gic:88:13")
        case 4:
            m.write(ICH_LRn_EL2[4], val, at="gic:89:13")
        case 5:
            m.write(ICH_LRn_EL2[5], val, at="gic:90:13")
        case 6:
            m.write(ICH_LRn_EL2[6], val, at="gic:91:13")
        case 7:
            m.write(ICH_LRn_EL2[7], val, at="gic:92:13")
        case 8:
            m.write(ICH_LRn_EL2[8], val, at="gic:93:13")
        case 9:
            m.write(ICH_LRn_EL2[9], val, at="gic:94:13")
        case 10:
            m.write(ICH_LRn_EL2[10], val, at="gic:95:14")
        case 11:
            m.write(ICH_LRn_EL2[11], val, at="gic:96:14")
        case 12:
            m.write(ICH_LRn_EL2[12], val, at="gic:97:14")
        case 13:
            m.write(ICH_LRn_EL2[13], val, at="gic:98:14")
        case 14:
            m.write(ICH_LRn_EL2[14], val, at="gic:99:14")
        case 15:
            m.write(ICH_LRn_EL2[15], val, at="gic:100:14")
        case _:
            return
    # orders writes of ICH_LR<n>_EL2 before reads of ICH_ELRSR_EL2, ICH_EISR_EL2, ICH_MISR_EL2
    m.isb(at="gic:103:5")


# gic:107:10: sequence
def traced_gicv3_enable_sre(m: Machine) -> None:
    """EL2 uses system registers, for its own interface and the virtual one."""
    val: u64
    val = m.read(ICC_SRE_EL2, at="gic:110:12")
    val = ICC_SRE_EL2_SRE.set(val, 1)
    m.write(ICC_SRE_EL2, val, at="gic:113:5")
    # orders writes of ICC_SRE_EL2 before ICH_LR<n>_EL2, ICH_AP0R<n>_EL2, ICH_AP1R<n>_EL2, ICH_HCR_EL2, ICH_VMCR_EL2
    m.isb(at="gic:114:5")


# gic:118:9: restore undoes save_aprn_regs
def traced_restore_aprn_regs(m: Machine, d: Vcpu) -> None:
    """How many of the registers there are follows from the priority bits."""
    while True:
        # block active
        entry = m.memory.nr_priorities
        if entry == 7:
            m.write(ICH_AP0Rn_EL2[2], d.apr0[2], at="gic:121:25")
            m.write(ICH_AP1Rn_EL2[2], d.apr1[2], at="gic:121:34")
        if entry in (6, 7):
            m.write(ICH_AP0Rn_EL2[1], d.apr0[1], at="gic:122:25")
            m.write(ICH_AP1Rn_EL2[1], d.apr1[1], at="gic:122:34")
        if entry in (5, 6, 7):
            m.write(ICH_AP0Rn_EL2[0], d.apr0[0], at="gic:124:25")
            m.write(ICH_AP1Rn_EL2[0], d.apr1[0], at="gic:124:34")
            break
        m.fail("", at="gic:127:20")
        break


# gic:132:6: save
def traced_save_aprn_regs(m: Machine, d: Vcpu) -> None:
    while True:
        # block active
        entry = m.memory.nr_priorities
        if entry == 7:
            m.store_at(
                d, "apr0", 2, m.read(ICH_AP0Rn_EL2[2], at="gic:135:22"), at="gic:135:22"
            )
            m.store_at(
                d, "apr1", 2, m.read(ICH_AP1Rn_EL2[2], at="gic:135:31"), at="gic:135:31"
            )
        if entry in (6, 7):
            m.store_at(
                d, "apr0", 1, m.read(ICH_AP0Rn_EL2[1], at="gic:136:22"), at="gic:136:22"
            )
            m.store_at(
                d, "apr1", 1, m.read(ICH_AP1Rn_EL2[1], at="gic:136:31"), at="gic:136:31"
            )
        if entry in (5, 6, 7):
            m.store_at(
                d, "apr0", 0, m.read(ICH_AP0Rn_EL2[0], at="gic:138:22"), at="gic:138:22"
            )
            m.store_at(
                d, "apr1", 0, m.read(ICH_AP1Rn_EL2[0], at="gic:138:31"), at="gic:138:31"
            )
            break
        m.fail("", at="gic:141:20")
        break


# gic:147:6: save
def traced_gicv3_save_state(m: Machine, v: Vcpu) -> None:
    """The guest leaves, with interrupts disabled: nobody else looks at what is saved."""
    # What a GICv2 guest stored through memory comes before what is read here.
    # orders guest_mmio before reads of ICH_LR<n>_EL2, ICH_AP0R<n>_EL2, ICH_AP1R<n>_EL2, ICH_VMCR_EL2
    m.dsb("sy", at="gic:149:5")
    gicv3_save_lrs(m, v)
    save_aprn_regs(m, v)
    m.store(v, "vmcr", m.read(ICH_VMCR_EL2, at="gic:152:10"), at="gic:152:10")
    m.store(v, "sre_el1", m.read(ICC_SRE_EL1, at="gic:152:16"), at="gic:152:16")


# gic:155:9: restore undoes gicv3_save_state
def traced_gicv3_restore_state(m: Machine, v: Vcpu) -> None:
    val: u64
    val = m.read(ICC_SRE_EL2, at="gic:158:12")
    # A GICv2 guest is kept off the system registers.
    if v.facts.gicv2:
        val = ICC_SRE_EL2_Enable.set(val, 0)
    else:
        val = ICC_SRE_EL2_Enable.set(val, 1)
    m.write(ICC_SRE_EL2, val, at="gic:161:5")
    # The guest's mode comes before its VMCR: with SRE still set, VFIQEn sticks at one and
    # a GICv2 guest would get its Group 0 interrupts as FIQs.
    m.write(ICC_SRE_EL1, v.sre_el1, at="gic:165:13")
    # orders writes of ICC_SRE_EL1 before writes of ICH_VMCR_EL2
    m.isb(at="gic:166:5")
    m.write(ICH_VMCR_EL2, v.vmcr, at="gic:167:13")
    restore_aprn_regs(m, v)
    gicv3_restore_lrs(m, v)
    # A GICv2 guest, and the redistributors, see what was written here.
    # orders writes of ICH_LR<n>_EL2, ICH_AP1R<n>_EL2, ICH_VMCR_EL2 before guest_mmio, redistributors
    m.dsb("sy", at="gic:172:5")


# gic:176:10: sequence
def traced_gicv3_hyp_init(m: Machine) -> None:
    """Finds out what there is, and lets the interface work."""
    vtr: u64
    vtr = m.read(ICH_VTR_EL2, at="gic:179:12")
    m.store(m.memory, "nr_lrs", ICH_VTR_EL2_ListRegs.get(vtr) + 1, at="gic:180:5")
    m.store(m.memory, "nr_priorities", ICH_VTR_EL2_PRIbits.get(vtr) + 1, at="gic:181:5")
    if not (m.memory.nr_priorities > 4 and m.memory.nr_priorities < 8):
        m.fail("GICv3: Invalid number of priority bits", at="gic:185:9")
    m.write(
        ICH_VMCR_EL2,
        ICH_VMCR_EL2_VENG1.set(ICH_VMCR_EL2_VEOIM.set(0, 1), 1),
        at="gic:188:5",
    )
    m.write(ICH_HCR_EL2, ICH_HCR_EL2_En.set(0, 1), at="gic:189:5")


# gic:193:10: sequence
def traced_gicv3_hyp_disable(m: Machine) -> None:
    """No virtual interrupts on this CPU any more."""
    hcr: u64
    hcr = m.read(ICH_HCR_EL2, at="gic:196:12")
    hcr = ICH_HCR_EL2_En.set(hcr, 0)
    m.write(ICH_HCR_EL2, hcr, at="gic:198:5")
    # orders writes of ICH_HCR_EL2 before reads of ICH_ELRSR_EL2, ICH_EISR_EL2, ICH_MISR_EL2
    m.isb(at="gic:199:5")


# gic:203:10: sequence
def traced_gicv3_hcr_status(m: Machine, flag: u32, status: bool) -> None:
    """Switches some of the traps and maintenance interrupts on or off."""
    hcr: u64
    hcr = m.read(ICH_HCR_EL2, at="gic:206:12")
    if status:
        m.write(ICH_HCR_EL2, hcr | flag, at="gic:208:9")
    else:
        m.write(ICH_HCR_EL2, hcr & (flag ^ 0xFFFFFFFF), at="gic:211:9")
    # orders writes of ICH_HCR_EL2 before reads of ICH_ELRSR_EL2, ICH_EISR_EL2, ICH_MISR_EL2
    m.isb(at="gic:213:5")


# gic:217:10: sequence
def traced_gicv3_read_vmcr_priority(m: Machine) -> u32:
    """The guest's priority mask."""
    return ICH_VMCR_EL2_VPMR.get(m.read(ICH_VMCR_EL2, at="gic:219:12"))


# gic:223:10: sequence
def traced_gicv3_read_apr(m: Machine, apr_reg: int) -> u32:
    """Active priorities of Group 1, those that a machine with so many priority bits has."""
    apr: u64
    match apr_reg:
        case 0:
            m.require(
                m.memory.nr_priorities > 4 and m.memory.nr_priorities < 8,
                "nr_priorities > 4 and nr_priorities < 8",
                at="gic:228:13",
            )
            apr = m.read(ICH_AP1Rn_EL2[0], at="gic:229:20")
        case 1:
            m.require(
                m.memory.nr_priorities > 5 and m.memory.nr_priorities < 8,
                "nr_priorities > 5 and nr_priorities < 8",
                at="gic:232:13",
            )
            apr = m.read(ICH_AP1Rn_EL2[1], at="gic:233:20")
        case 2:
            m.require(
                m.memory.nr_priorities > 6 and m.memory.nr_priorities < 8,
                "nr_priorities > 6 and nr_priorities < 8",
                at="gic:236:13",
            )
            apr = m.read(ICH_AP1Rn_EL2[2], at="gic:237:20")
        case _:
            m.fail("", at="gic:239:16")
    return apr & 0xFFFFFFFF


# gic:245:10: sequence
def traced_gicv3_clear_lr(m: Machine, lr: int) -> None:
    gicv3_ich_write_lr(m, lr, 0)


# ---- sequences


def gicv3_save_lrs(m: Machine, v: Vcpu) -> None:
    """From the last list register that there is down to the first."""
    if m.tracing:
        traced_gicv3_save_lrs(m, v)
        return
    values = m.values
    lrs = v.lrs.values
    while True:
        # block listed
        entry = m.memory.nr_lrs
        if entry == 16:
            lrs[15] = values[19]
        if entry in (15, 16):
            lrs[14] = values[18]
        if entry in (14, 15, 16):
            lrs[13] = values[17]
        if entry in (13, 14, 15, 16):
            lrs[12] = values[16]
        if entry in (12, 13, 14, 15, 16):
            lrs[11] = values[15]
        if entry in (11, 12, 13, 14, 15, 16):
            lrs[10] = values[14]
        if entry in (10, 11, 12, 13, 14, 15, 16):
            lrs[9] = values[13]
        if entry in (9, 10, 11, 12, 13, 14, 15, 16):
            lrs[8] = values[12]
        if entry in (8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[7] = values[11]
        if entry in (7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[6] = values[10]
        if entry in (6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[5] = values[9]
        if entry in (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[4] = values[8]
        if entry in (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[3] = values[7]
        if entry in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[2] = values[6]
        if entry in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[1] = values[5]
        if entry in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[0] = values[4]
            break
        m.fail("", at="gic:28:20")
        break


def gicv3_restore_lrs(m: Machine, v: Vcpu) -> None:
    """The same way back."""
    if m.tracing:
        traced_gicv3_restore_lrs(m, v)
        return
    values = m.values
    lrs = v.lrs.values
    while True:
        # block listed
        entry = m.memory.nr_lrs
        if entry == 16:
            values[19] = lrs[15] & m.keep_ICH_LRn_EL2
        if entry in (15, 16):
            values[18] = lrs[14] & m.keep_ICH_LRn_EL2
        if entry in (14, 15, 16):
            values[17] = lrs[13] & m.keep_ICH_LRn_EL2
        if entry in (13, 14, 15, 16):
            values[16] = lrs[12] & m.keep_ICH_LRn_EL2
        if entry in (12, 13, 14, 15, 16):
            values[15] = lrs[11] & m.keep_ICH_LRn_EL2
        if entry in (11, 12, 13, 14, 15, 16):
            values[14] = lrs[10] & m.keep_ICH_LRn_EL2
        if entry in (10, 11, 12, 13, 14, 15, 16):
            values[13] = lrs[9] & m.keep_ICH_LRn_EL2
        if entry in (9, 10, 11, 12, 13, 14, 15, 16):
            values[12] = lrs[8] & m.keep_ICH_LRn_EL2
        if entry in (8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[11] = lrs[7] & m.keep_ICH_LRn_EL2
        if entry in (7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[10] = lrs[6] & m.keep_ICH_LRn_EL2
        if entry in (6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[9] = lrs[5] & m.keep_ICH_LRn_EL2
        if entry in (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[8] = lrs[4] & m.keep_ICH_LRn_EL2
        if entry in (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[7] = lrs[3] & m.keep_ICH_LRn_EL2
        if entry in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[6] = lrs[2] & m.keep_ICH_LRn_EL2
        if entry in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[5] = lrs[1] & m.keep_ICH_LRn_EL2
        if entry in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[4] = lrs[0] & m.keep_ICH_LRn_EL2
            break
        m.fail("", at="gic:56:20")
        break


def gicv3_ich_read_lr(m: Machine, lr: int) -> u64:
    if m.tracing:
        return traced_gicv3_ich_read_lr(m, lr)
    values = m.values
    match lr:
        case 0:
            return values[4]
        case 1:
            return values[5]
        case 2:
            return values[6]
        case 3:
            return values[7]
        case 4:
            return values[8]
        case 5:
            return values[9]
        case 6:
            return values[10]
        case 7:
            return values[11]
        case 8:
            return values[12]
        case 9:
            return values[13]
        case 10:
            return values[14]
        case 11:
            return values[15]
        case 12:
            return values[16]
        case 13:
            return values[17]
        case 14:
            return values[18]
        case 15:
            return values[19]
        case _:
            m.fail("", at="gic:79:16")
    raise MachineError("gicv3_ich_read_lr ends without a result")


def gicv3_ich_write_lr(m: Machine, lr: int, val: u64) -> None:
    if m.tracing:
        traced_gicv3_ich_write_lr(m, lr, val)
        return
    values = m.values
    match lr:
        case 0:
            values[4] = val & m.keep_ICH_LRn_EL2
        case 1:
            values[5] = val & m.keep_ICH_LRn_EL2
        case 2:
            values[6] = val & m.keep_ICH_LRn_EL2
        case 3:
            values[7] = val & m.keep_ICH_LRn_EL2
        case 4:
            values[8] = val & m.keep_ICH_LRn_EL2
        case 5:
            values[9] = val & m.keep_ICH_LRn_EL2
        case 6:
            values[10] = val & m.keep_ICH_LRn_EL2
        case 7:
            values[11] = val & m.keep_ICH_LRn_EL2
        case 8:
            values[12] = val & m.keep_ICH_LRn_EL2
        case 9:
            values[13] = val & m.keep_ICH_LRn_EL2
        case 10:
            values[14] = val & m.keep_ICH_LRn_EL2
        case 11:
            values[15] = val & m.keep_ICH_LRn_EL2
        case 12:
            values[16] = val & m.keep_ICH_LRn_EL2
        case 13:
            values[17] = val & m.keep_ICH_LRn_EL2
        case 14:
            values[18] = val & m.keep_ICH_LRn_EL2
        case 15:
            values[19] = val & m.keep_ICH_LRn_EL2
        case _:
            return


def gicv3_enable_sre(m: Machine) -> None:
    """EL2 uses system registers, for its own interface and the virtual one."""
    if m.tracing:
        traced_gicv3_enable_sre(m)
        return
    values = m.values
    val: u64
    val = read_ICC_SRE_EL2(m)
    val = (val & 0xFFFFFFFFFFFFFFFE) | 1
    values[32] = val & 9


def restore_aprn_regs(m: Machine, d: Vcpu) -> None:
    """How many of the registers there are follows from the priority bits."""
    if m.tracing:
        traced_restore_aprn_regs(m, d)
        return
    values = m.values
    apr0 = d.apr0.values
    apr1 = d.apr1.values
    while True:
        # block active
        entry = m.memory.nr_priorities
        if entry == 7:
            values[25] = apr0[2] & 0xFFFFFFFF
            values[29] = apr1[2] & 0xFFFFFFFF
        if entry in (6, 7):
            values[24] = apr0[1] & 0xFFFFFFFF
            values[28] = apr1[1] & 0xFFFFFFFF
        if entry in (5, 6, 7):
            values[23] = apr0[0] & 0xFFFFFFFF
            values[27] = apr1[0] & 0xFFFFFFFF
            break
        m.fail("", at="gic:127:20")
        break


def save_aprn_regs(m: Machine, d: Vcpu) -> None:
    if m.tracing:
        traced_save_aprn_regs(m, d)
        return
    values = m.values
    apr0 = d.apr0.values
    apr1 = d.apr1.values
    while True:
        # block active
        entry = m.memory.nr_priorities
        if entry == 7:
            apr0[2] = values[25]
            apr1[2] = values[29]
        if entry in (6, 7):
            apr0[1] = values[24]
            apr1[1] = values[28]
        if entry in (5, 6, 7):
            apr0[0] = values[23]
            apr1[0] = values[27]
            break
        m.fail("", at="gic:141:20")
        break


def gicv3_save_state(m: Machine, v: Vcpu) -> None:
    """The guest leaves, with interrupts disabled: nobody else looks at what is saved."""
    if m.tracing:
        traced_gicv3_save_state(m, v)
        return
    values = m.values
    lrs = v.lrs.values
    apr0 = v.apr0.values
    apr1 = v.apr1.values
    while True:
        # block listed
        entry = m.memory.nr_lrs
        if entry == 16:
            lrs[15] = values[19]
        if entry in (15, 16):
            lrs[14] = values[18]
        if entry in (14, 15, 16):
            lrs[13] = values[17]
        if entry in (13, 14, 15, 16):
            lrs[12] = values[16]
        if entry in (12, 13, 14, 15, 16):
            lrs[11] = values[15]
        if entry in (11, 12, 13, 14, 15, 16):
            lrs[10] = values[14]
        if entry in (10, 11, 12, 13, 14, 15, 16):
            lrs[9] = values[13]
        if entry in (9, 10, 11, 12, 13, 14, 15, 16):
            lrs[8] = values[12]
        if entry in (8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[7] = values[11]
        if entry in (7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[6] = values[10]
        if entry in (6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[5] = values[9]
        if entry in (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[4] = values[8]
        if entry in (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[3] = values[7]
        if entry in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[2] = values[6]
        if entry in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[1] = values[5]
        if entry in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            lrs[0] = values[4]
            break
        m.fail("", at="gic:28:20")
        break
    while True:
        # block active
        entry = m.memory.nr_priorities
        if entry == 7:
            apr0[2] = values[25]
            apr1[2] = values[29]
        if entry in (6, 7):
            apr0[1] = values[24]
            apr1[1] = values[28]
        if entry in (5, 6, 7):
            apr0[0] = values[23]
            apr1[0] = values[27]
            break
        m.fail("", at="gic:141:20")
        break
    set_vmcr(v, values[3])
    set_sre_el1(v, read_ICC_SRE_EL1(m))


def gicv3_restore_state(m: Machine, v: Vcpu) -> None:
    if m.tracing:
        traced_gicv3_restore_state(m, v)
        return
    values = m.values
    apr0 = v.apr0.values
    apr1 = v.apr1.values
    lrs = v.lrs.values
    val: u64
    val = read_ICC_SRE_EL2(m)
    if v.facts.gicv2:
        val = val & 0xFFFFFFFFFFFFFFF7
    else:
        val = (val & 0xFFFFFFFFFFFFFFF7) | 8
    values[32] = val & 9
    values[31] = v.sre_el1 & 1
    values[3] = legal_ICH_VMCR_EL2(m, v.vmcr)
    while True:
        # block active
        entry = m.memory.nr_priorities
        if entry == 7:
            values[25] = apr0[2] & 0xFFFFFFFF
            values[29] = apr1[2] & 0xFFFFFFFF
        if entry in (6, 7):
            values[24] = apr0[1] & 0xFFFFFFFF
            values[28] = apr1[1] & 0xFFFFFFFF
        if entry in (5, 6, 7):
            values[23] = apr0[0] & 0xFFFFFFFF
            values[27] = apr1[0] & 0xFFFFFFFF
            break
        m.fail("", at="gic:127:20")
        break
    while True:
        # block listed
        entry = m.memory.nr_lrs
        if entry == 16:
            values[19] = lrs[15] & m.keep_ICH_LRn_EL2
        if entry in (15, 16):
            values[18] = lrs[14] & m.keep_ICH_LRn_EL2
        if entry in (14, 15, 16):
            values[17] = lrs[13] & m.keep_ICH_LRn_EL2
        if entry in (13, 14, 15, 16):
            values[16] = lrs[12] & m.keep_ICH_LRn_EL2
        if entry in (12, 13, 14, 15, 16):
            values[15] = lrs[11] & m.keep_ICH_LRn_EL2
        if entry in (11, 12, 13, 14, 15, 16):
            values[14] = lrs[10] & m.keep_ICH_LRn_EL2
        if entry in (10, 11, 12, 13, 14, 15, 16):
            values[13] = lrs[9] & m.keep_ICH_LRn_EL2
        if entry in (9, 10, 11, 12, 13, 14, 15, 16):
            values[12] = lrs[8] & m.keep_ICH_LRn_EL2
        if entry in (8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[11] = lrs[7] & m.keep_ICH_LRn_EL2
        if entry in (7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[10] = lrs[6] & m.keep_ICH_LRn_EL2
        if entry in (6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[9] = lrs[5] & m.keep_ICH_LRn_EL2
        if entry in (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[8] = lrs[4] & m.keep_ICH_LRn_EL2
        if entry in (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[7] = lrs[3] & m.keep_ICH_LRn_EL2
        if entry in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[6] = lrs[2] & m.keep_ICH_LRn_EL2
        if entry in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[5] = lrs[1] & m.keep_ICH_LRn_EL2
        if entry in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16):
            values[4] = lrs[0] & m.keep_ICH_LRn_EL2
            break
        m.fail("", at="gic:56:20")
        break


def gicv3_hyp_init(m: Machine) -> None:
    """Finds out what there is, and lets the interface work."""
    if m.tracing:
        traced_gicv3_hyp_init(m)
        return
    values = m.values
    vtr: u64
    vtr = values[2]
    m.store(m.memory, "nr_lrs", (vtr & 31) + 1, at="gic:180:5")
    set_nr_priorities(m.memory, ((vtr >> 29) & 7) + 1)
    if not (m.memory.nr_priorities > 4 and m.memory.nr_priorities < 8):
        m.fail("GICv3: Invalid number of priority bits", at="gic:185:9")
    values[3] = legal_ICH_VMCR_EL2(m, 0x202)
    values[1] = 1 & m.keep_ICH_HCR_EL2


def gicv3_hyp_disable(m: Machine) -> None:
    """No virtual interrupts on this CPU any more."""
    if m.tracing:
        traced_gicv3_hyp_disable(m)
        return
    values = m.values
    hcr: u64
    hcr = values[1]
    hcr = hcr & 0xFFFFFFFFFFFFFFFE
    values[1] = hcr & m.keep_ICH_HCR_EL2


def gicv3_hcr_status(m: Machine, flag: u32, status: bool) -> None:
    """Switches some of the traps and maintenance interrupts on or off."""
    if m.tracing:
        traced_gicv3_hcr_status(m, flag, status)
        return
    values = m.values
    hcr: u64
    hcr = values[1]
    if status:
        values[1] = (hcr | flag) & m.keep_ICH_HCR_EL2
    else:
        values[1] = (hcr & (flag ^ 0xFFFFFFFF)) & m.keep_ICH_HCR_EL2


def gicv3_read_vmcr_priority(m: Machine) -> u32:
    """The guest's priority mask."""
    if m.tracing:
        return traced_gicv3_read_vmcr_priority(m)
    values = m.values
    return values[3] >> 24


def gicv3_read_apr(m: Machine, apr_reg: int) -> u32:
    """Active priorities of Group 1, those that a machine with so many priority bits has."""
    if m.tracing:
        return traced_gicv3_read_apr(m, apr_reg)
    values = m.values
    apr: u64
    match apr_reg:
        case 0:
            if not (m.memory.nr_priorities > 4 and m.memory.nr_priorities < 8):
                m.require(
                    False, "nr_priorities > 4 and nr_priorities < 8", at="gic:228:13"
                )
            apr = values[27]
        case 1:
            if not (m.memory.nr_priorities > 5 and m.memory.nr_priorities < 8):
                m.require(
                    False, "nr_priorities > 5 and nr_priorities < 8", at="gic:232:13"
                )
            apr = values[28]
        case 2:
            if not (m.memory.nr_priorities > 6 and m.memory.nr_priorities < 8):
                m.require(
                    False, "nr_priorities > 6 and nr_priorities < 8", at="gic:236:13"
                )
            apr = values[29]
        case _:
            m.fail("", at="gic:239:16")
    return apr & 0xFFFFFFFF


def gicv3_clear_lr(m: Machine, lr: int) -> None:
    if m.tracing:
        traced_gicv3_clear_lr(m, lr)
        return
    gicv3_ich_write_lr(m, lr, 0)


# ---- by the names in the source

#: The classes of handles.
HANDLES: dict[str, type[Context]] = {"vcpu": Vcpu, "machine": Memory}

#: What has no body here, and needs a behaviour where it is called.
EXTERNS: tuple[str, ...] = ()

#: The sequences.
SEQUENCES: dict[str, Callable[..., object]] = {
    "gicv3_save_lrs": gicv3_save_lrs,
    "gicv3_restore_lrs": gicv3_restore_lrs,
    "gicv3_ich_read_lr": gicv3_ich_read_lr,
    "gicv3_ich_write_lr": gicv3_ich_write_lr,
    "gicv3_enable_sre": gicv3_enable_sre,
    "restore_aprn_regs": restore_aprn_regs,
    "save_aprn_regs": save_aprn_regs,
    "gicv3_save_state": gicv3_save_state,
    "gicv3_restore_state": gicv3_restore_state,
    "gicv3_hyp_init": gicv3_hyp_init,
    "gicv3_hyp_disable": gicv3_hyp_disable,
    "gicv3_hcr_status": gicv3_hcr_status,
    "gicv3_read_vmcr_priority": gicv3_read_vmcr_priority,
    "gicv3_read_apr": gicv3_read_apr,
    "gicv3_clear_lr": gicv3_clear_lr,
}
