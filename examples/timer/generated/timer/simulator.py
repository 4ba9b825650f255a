"""Simulator of the vgs program timer.

Generated: change the sequences, not this file.
"""

# A sequence may ask what a checker can see the answer to.
# mypy: disable-error-code="comparison-overlap, unreachable"

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dsl.machine import (
    Bank,
    Behaviour,
    Context,
    Facts,
    Field,
    Machine as BaseMachine,
    Register,
    Unknown,
)

# ---- how wide a number is, for the reader

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

# CNTHCTL_EL2
# What the guest reaches of the physical timer and counter without a trap, and the event stream.
# A host at EL2 has the layout of CNTKCTL_EL1 in the low bits, and the guest's controls above it.

# Layout nvhe.
# At 0, EL1 and EL0 trap when they read the physical counter.
CNTHCTL_EL2_nvhe_EL1PCTEN = Field("nvhe.EL1PCTEN", 0, layout="nvhe")
# At 0, EL1 and EL0 trap when they use the physical timer.
CNTHCTL_EL2_nvhe_EL1PCEN = Field("nvhe.EL1PCEN", 1, layout="nvhe")
# Layout vhe.
# As in CNTKCTL_EL1, for EL0 under a host at EL2.
CNTHCTL_EL2_vhe_EL0PCTEN = Field("vhe.EL0PCTEN", 0, layout="vhe")
CNTHCTL_EL2_vhe_EL0VCTEN = Field("vhe.EL0VCTEN", 1, layout="vhe")
CNTHCTL_EL2_vhe_EL0VTEN = Field("vhe.EL0VTEN", 8, layout="vhe")
CNTHCTL_EL2_vhe_EL0PTEN = Field("vhe.EL0PTEN", 9, layout="vhe")
# At 0, EL1 and EL0 trap when they read the physical counter, as long as TGE is 0.
CNTHCTL_EL2_vhe_EL1PCTEN = Field("vhe.EL1PCTEN", 10, layout="vhe")
# At 0, EL1 and EL0 trap when they use the physical timer, as long as TGE is 0.
CNTHCTL_EL2_vhe_EL1PTEN = Field("vhe.EL1PTEN", 11, layout="vhe")
CNTHCTL_EL2_EVNTEN = Field("EVNTEN", 2)
CNTHCTL_EL2_EVNTDIR = Field("EVNTDIR", 3)
CNTHCTL_EL2_EVNTI = Field("EVNTI", 4, width=4)
# FEAT_ECV, to bit 17.
CNTHCTL_EL2_ECV = Field("ECV", 12)
CNTHCTL_EL2_EL1TVT = Field("EL1TVT", 13)
CNTHCTL_EL2_EL1TVCT = Field("EL1TVCT", 14)
CNTHCTL_EL2_EL1NVPCT = Field("EL1NVPCT", 15)
CNTHCTL_EL2_EL1NVVCT = Field("EL1NVVCT", 16)
CNTHCTL_EL2_EVNTIS = Field("EVNTIS", 17)
# FEAT_RME; RES0 in Secure and Non-secure state.
CNTHCTL_EL2_CNTVMASK = Field("CNTVMASK", 18)
# FEAT_RME; RES0 in Secure and Non-secure state.
CNTHCTL_EL2_CNTPMASK = Field("CNTPMASK", 19)
CNTHCTL_EL2 = Register(
    "CNTHCTL_EL2",
    64,
    layout=(
        CNTHCTL_EL2_nvhe_EL1PCTEN,
        CNTHCTL_EL2_nvhe_EL1PCEN,
        CNTHCTL_EL2_vhe_EL0PCTEN,
        CNTHCTL_EL2_vhe_EL0VCTEN,
        CNTHCTL_EL2_vhe_EL0VTEN,
        CNTHCTL_EL2_vhe_EL0PTEN,
        CNTHCTL_EL2_vhe_EL1PCTEN,
        CNTHCTL_EL2_vhe_EL1PTEN,
        CNTHCTL_EL2_EVNTEN,
        CNTHCTL_EL2_EVNTDIR,
        CNTHCTL_EL2_EVNTI,
        CNTHCTL_EL2_ECV,
        CNTHCTL_EL2_EL1TVT,
        CNTHCTL_EL2_EL1TVCT,
        CNTHCTL_EL2_EL1NVPCT,
        CNTHCTL_EL2_EL1NVVCT,
        CNTHCTL_EL2_EVNTIS,
        CNTHCTL_EL2_CNTVMASK,
        CNTHCTL_EL2_CNTPMASK,
    ),
    res0=0xFFFFFFFFFFF00000,
)

# CNTVOFF_EL2
# What the virtual counter is behind the physical one.

CNTVOFF_EL2_VOffset = Field("VOffset", 0, width=64)
CNTVOFF_EL2 = Register("CNTVOFF_EL2", 64, layout=(CNTVOFF_EL2_VOffset,))

#: All registers.
REGISTERS: tuple[Register | Bank, ...] = (
    HCR_EL2,
    CNTHCTL_EL2,
    CNTVOFF_EL2,
)


# ---- memory and facts


@dataclass(slots=True, eq=False)
class MachineFacts(Facts):
    """What holds for the machine, as far as sequences ask."""


@dataclass(slots=True, eq=False)
class VcpuFacts(Facts):
    """What holds for one vcpu, as far as sequences ask."""


@dataclass(slots=True, eq=False)
class Vcpu(Context):
    """What is kept in memory for one vcpu."""

    # arch_timer_cpu, of vcpu
    # What KVM/arm64 keeps of a vCPU's timers.  The functions here get a vCPU and touch nothing of it.
    facts: VcpuFacts = field(default_factory=VcpuFacts)


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

    def in_force(self, family: str, value: int) -> str:
        match family:
            case "CNTHCTL_EL2":
                return layout_CNTHCTL_EL2(self, value)
            case _:
                return ""


# ---- what registers do


def layout_CNTHCTL_EL2(m: Machine, value: int) -> str:
    """The layout that a value of CNTHCTL_EL2 has its fields in."""
    if HCR_EL2_E2H.get(m.peek(HCR_EL2)) == 0:
        return "nvhe"
    return "vhe"


# ---- sequences, with a trace


# timer:11:10: sequence
def traced___kvm_timer_set_cntvoff(m: Machine, cntvoff: u64) -> None:
    """Set what a guest's virtual counter is behind the physical one."""
    m.write(CNTVOFF_EL2, cntvoff, at="timer:11:51")


# timer:14:12: deactivate undoes __timer_enable_traps
def traced___timer_disable_traps(m: Machine, vcpu: Vcpu) -> None:
    """For hosts that are not VHE only: the others set their traps up once, in kvm_timer_init_vhe()."""
    # The host runs at EL1, too, and needs its physical timer and counter.
    value = m.read(CNTHCTL_EL2, at="timer:17:5")
    value = CNTHCTL_EL2_nvhe_EL1PCTEN.set(value, 1)
    value = CNTHCTL_EL2_nvhe_EL1PCEN.set(value, 1)
    m.write(CNTHCTL_EL2, value, at="timer:17:5")


# timer:25:10: activate
def traced___timer_enable_traps(m: Machine, vcpu: Vcpu) -> None:
    """For hosts that are not VHE only: the others set their traps up once, in kvm_timer_init_vhe()."""
    # KVM emulates the guest's physical timer. The counter needs no emulation.
    value = m.read(CNTHCTL_EL2, at="timer:28:5")
    value = CNTHCTL_EL2_nvhe_EL1PCEN.set(value, 0)
    value = CNTHCTL_EL2_nvhe_EL1PCTEN.set(value, 1)
    m.write(CNTHCTL_EL2, value, at="timer:28:5")


# timer:37:10: sequence
def traced_kvm_timer_init_vhe(m: Machine) -> None:
    """For VHE hosts, once on each CPU: with TGE set the host itself does not notice."""
    # The guest may use the physical timer and counter of EL1.
    value = m.read(CNTHCTL_EL2, at="timer:40:5")
    value = CNTHCTL_EL2_vhe_EL1PTEN.set(value, 1)
    value = CNTHCTL_EL2_vhe_EL1PCTEN.set(value, 1)
    m.write(CNTHCTL_EL2, value, at="timer:40:5")


# ---- sequences


def __kvm_timer_set_cntvoff(m: Machine, cntvoff: u64) -> None:
    """Set what a guest's virtual counter is behind the physical one."""
    if m.tracing:
        traced___kvm_timer_set_cntvoff(m, cntvoff)
        return
    values = m.values
    values[2] = cntvoff


def __timer_disable_traps(m: Machine, vcpu: Vcpu) -> None:
    """For hosts that are not VHE only: the others set their traps up once, in kvm_timer_init_vhe()."""
    if m.tracing:
        traced___timer_disable_traps(m, vcpu)
        return
    values = m.values
    values[1] = ((values[1] & 0xFFFFC) | 1) | 2


def __timer_enable_traps(m: Machine, vcpu: Vcpu) -> None:
    """For hosts that are not VHE only: the others set their traps up once, in kvm_timer_init_vhe()."""
    if m.tracing:
        traced___timer_enable_traps(m, vcpu)
        return
    values = m.values
    values[1] = (values[1] & 0xFFFFC) | 1


def kvm_timer_init_vhe(m: Machine) -> None:
    """For VHE hosts, once on each CPU: with TGE set the host itself does not notice."""
    if m.tracing:
        traced_kvm_timer_init_vhe(m)
        return
    values = m.values
    values[1] = ((values[1] & 0xFF3FF) | 0x800) | 0x400


# ---- by the names in the source

#: The classes of handles.
HANDLES: dict[str, type[Context]] = {"vcpu": Vcpu}

#: What has no body here, and needs a behaviour where it is called.
EXTERNS: tuple[str, ...] = ()

#: The sequences.
SEQUENCES: dict[str, Callable[..., object]] = {
    "__kvm_timer_set_cntvoff": __kvm_timer_set_cntvoff,
    "__timer_disable_traps": __timer_disable_traps,
    "__timer_enable_traps": __timer_enable_traps,
    "kvm_timer_init_vhe": kvm_timer_init_vhe,
}
