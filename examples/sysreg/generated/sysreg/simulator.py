"""Simulator of the vgs program sysreg.

Generated: change the sequences, not this file.
"""

# A sequence may ask what a checker can see the answer to.
# mypy: disable-error-code="comparison-overlap, unreachable"

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from dsl.machine import (
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
    Slot,
    Unknown,
    setter,
)

# ---- how wide a number is, for the reader

u64: TypeAlias = int


# ---- registers

# SCTLR_EL1
# How EL1 and EL0 run.

# The MMU is on: stage 1 translation for EL1 and EL0.
SCTLR_EL1_M = Field("M", 0)
SCTLR_EL1_A = Field("A", 1)
SCTLR_EL1_C = Field("C", 2)
SCTLR_EL1_SA = Field("SA", 3)
SCTLR_EL1_SA0 = Field("SA0", 4)
SCTLR_EL1_CP15BEN = Field("CP15BEN", 5)
SCTLR_EL1_nAA = Field("nAA", 6)
SCTLR_EL1_ITD = Field("ITD", 7)
SCTLR_EL1_SED = Field("SED", 8)
SCTLR_EL1_UMA = Field("UMA", 9)
SCTLR_EL1_EnRCTX = Field("EnRCTX", 10)
SCTLR_EL1_EOS = Field("EOS", 11)
SCTLR_EL1_I = Field("I", 12)
SCTLR_EL1_EnDB = Field("EnDB", 13)
SCTLR_EL1_DZE = Field("DZE", 14)
SCTLR_EL1_UCT = Field("UCT", 15)
SCTLR_EL1_nTWI = Field("nTWI", 16)
SCTLR_EL1_nTWE = Field("nTWE", 18)
SCTLR_EL1_WXN = Field("WXN", 19)
SCTLR_EL1_TSCXT = Field("TSCXT", 20)
SCTLR_EL1_IESB = Field("IESB", 21)
SCTLR_EL1_EIS = Field("EIS", 22)
SCTLR_EL1_SPAN = Field("SPAN", 23)
SCTLR_EL1_E0E = Field("E0E", 24)
SCTLR_EL1_EE = Field("EE", 25)
SCTLR_EL1_UCI = Field("UCI", 26)
SCTLR_EL1_EnDA = Field("EnDA", 27)
SCTLR_EL1_nTLSMD = Field("nTLSMD", 28)
SCTLR_EL1_LSMAOE = Field("LSMAOE", 29)
SCTLR_EL1_EnIB = Field("EnIB", 30)
SCTLR_EL1_EnIA = Field("EnIA", 31)
SCTLR_EL1_CMOW = Field("CMOW", 32)
SCTLR_EL1_MSCEn = Field("MSCEn", 33)
SCTLR_EL1_EnFPM = Field("EnFPM", 34)
SCTLR_EL1_BT0 = Field("BT0", 35)
SCTLR_EL1_BT1 = Field("BT1", 36)
SCTLR_EL1_ITFSB = Field("ITFSB", 37)
SCTLR_EL1_TCF0 = Field("TCF0", 38, width=2)
SCTLR_EL1_TCF = Field("TCF", 40, width=2)
SCTLR_EL1_ATA0 = Field("ATA0", 42)
SCTLR_EL1_ATA = Field("ATA", 43)
SCTLR_EL1_DSSBS = Field("DSSBS", 44)
SCTLR_EL1_TWEDEn = Field("TWEDEn", 45)
SCTLR_EL1_TWEDEL = Field("TWEDEL", 46, width=4)
SCTLR_EL1_TMT0 = Field("TMT0", 50)
SCTLR_EL1_TMT = Field("TMT", 51)
SCTLR_EL1_TME0 = Field("TME0", 52)
SCTLR_EL1_TME = Field("TME", 53)
SCTLR_EL1_EnASR = Field("EnASR", 54)
SCTLR_EL1_EnAS0 = Field("EnAS0", 55)
SCTLR_EL1_EnALS = Field("EnALS", 56)
SCTLR_EL1_EPAN = Field("EPAN", 57)
SCTLR_EL1_TCSO0 = Field("TCSO0", 58)
SCTLR_EL1_TCSO = Field("TCSO", 59)
SCTLR_EL1_EnTP2 = Field("EnTP2", 60)
SCTLR_EL1_NMI = Field("NMI", 61)
SCTLR_EL1_SPINTMASK = Field("SPINTMASK", 62)
SCTLR_EL1_TIDCP = Field("TIDCP", 63)
SCTLR_EL1 = Register(
    "SCTLR_EL1",
    64,
    layout=(
        SCTLR_EL1_M,
        SCTLR_EL1_A,
        SCTLR_EL1_C,
        SCTLR_EL1_SA,
        SCTLR_EL1_SA0,
        SCTLR_EL1_CP15BEN,
        SCTLR_EL1_nAA,
        SCTLR_EL1_ITD,
        SCTLR_EL1_SED,
        SCTLR_EL1_UMA,
        SCTLR_EL1_EnRCTX,
        SCTLR_EL1_EOS,
        SCTLR_EL1_I,
        SCTLR_EL1_EnDB,
        SCTLR_EL1_DZE,
        SCTLR_EL1_UCT,
        SCTLR_EL1_nTWI,
        SCTLR_EL1_nTWE,
        SCTLR_EL1_WXN,
        SCTLR_EL1_TSCXT,
        SCTLR_EL1_IESB,
        SCTLR_EL1_EIS,
        SCTLR_EL1_SPAN,
        SCTLR_EL1_E0E,
        SCTLR_EL1_EE,
        SCTLR_EL1_UCI,
        SCTLR_EL1_EnDA,
        SCTLR_EL1_nTLSMD,
        SCTLR_EL1_LSMAOE,
        SCTLR_EL1_EnIB,
        SCTLR_EL1_EnIA,
        SCTLR_EL1_CMOW,
        SCTLR_EL1_MSCEn,
        SCTLR_EL1_EnFPM,
        SCTLR_EL1_BT0,
        SCTLR_EL1_BT1,
        SCTLR_EL1_ITFSB,
        SCTLR_EL1_TCF0,
        SCTLR_EL1_TCF,
        SCTLR_EL1_ATA0,
        SCTLR_EL1_ATA,
        SCTLR_EL1_DSSBS,
        SCTLR_EL1_TWEDEn,
        SCTLR_EL1_TWEDEL,
        SCTLR_EL1_TMT0,
        SCTLR_EL1_TMT,
        SCTLR_EL1_TME0,
        SCTLR_EL1_TME,
        SCTLR_EL1_EnASR,
        SCTLR_EL1_EnAS0,
        SCTLR_EL1_EnALS,
        SCTLR_EL1_EPAN,
        SCTLR_EL1_TCSO0,
        SCTLR_EL1_TCSO,
        SCTLR_EL1_EnTP2,
        SCTLR_EL1_NMI,
        SCTLR_EL1_SPINTMASK,
        SCTLR_EL1_TIDCP,
    ),
    res0=0x20000,
)

# CPACR_EL1
# What EL1 and EL0 may use of vectors and trace.

CPACR_EL1_ZEN = Field("ZEN", 16, width=2)
CPACR_EL1_FPEN = Field("FPEN", 20, width=2)
CPACR_EL1_SMEN = Field("SMEN", 24, width=2)
CPACR_EL1_TTA = Field("TTA", 28)
CPACR_EL1 = Register(
    "CPACR_EL1",
    64,
    layout=(
        CPACR_EL1_ZEN,
        CPACR_EL1_FPEN,
        CPACR_EL1_SMEN,
        CPACR_EL1_TTA,
    ),
    res0=0xFFFFFFFFECCCFFFF,
)

# TTBR0_EL1
# The table of the lower half of the addresses.

# FEAT_TTCNP: the tables are the same for all PEs.
TTBR0_EL1_CnP = Field("CnP", 0)
TTBR0_EL1_BADDR = Field("BADDR", 1, width=47)
TTBR0_EL1_ASID = Field("ASID", 48, width=16)
TTBR0_EL1 = Register(
    "TTBR0_EL1",
    64,
    layout=(
        TTBR0_EL1_CnP,
        TTBR0_EL1_BADDR,
        TTBR0_EL1_ASID,
    ),
)

# TTBR1_EL1
# The table of the upper half of the addresses.

# FEAT_TTCNP: the tables are the same for all PEs.
TTBR1_EL1_CnP = Field("CnP", 0)
TTBR1_EL1_BADDR = Field("BADDR", 1, width=47)
TTBR1_EL1_ASID = Field("ASID", 48, width=16)
TTBR1_EL1 = Register(
    "TTBR1_EL1",
    64,
    layout=(
        TTBR1_EL1_CnP,
        TTBR1_EL1_BADDR,
        TTBR1_EL1_ASID,
    ),
)

# TCR_EL1
# How the tables of EL1 are read.

TCR_EL1_T0SZ = Field("T0SZ", 0, width=6)
# A miss in the TLB for TTBR0's half is a fault: no table walk.
TCR_EL1_EPD0 = Field("EPD0", 7)
TCR_EL1_IRGN0 = Field("IRGN0", 8, width=2)
TCR_EL1_ORGN0 = Field("ORGN0", 10, width=2)
TCR_EL1_SH0 = Field("SH0", 12, width=2)
TCR_EL1_TG0 = Field("TG0", 14, width=2)
TCR_EL1_T1SZ = Field("T1SZ", 16, width=6)
TCR_EL1_A1 = Field("A1", 22)
# A miss in the TLB for TTBR1's half is a fault: no table walk.
TCR_EL1_EPD1 = Field("EPD1", 23)
TCR_EL1_IRGN1 = Field("IRGN1", 24, width=2)
TCR_EL1_ORGN1 = Field("ORGN1", 26, width=2)
TCR_EL1_SH1 = Field("SH1", 28, width=2)
TCR_EL1_TG1 = Field("TG1", 30, width=2)
TCR_EL1_IPS = Field("IPS", 32, width=3)
TCR_EL1_AS = Field("AS", 36)
TCR_EL1_TBI0 = Field("TBI0", 37)
TCR_EL1_TBI1 = Field("TBI1", 38)
TCR_EL1_HA = Field("HA", 39)
TCR_EL1_HD = Field("HD", 40)
TCR_EL1_HPD0 = Field("HPD0", 41)
TCR_EL1_HPD1 = Field("HPD1", 42)
TCR_EL1_HWU059 = Field("HWU059", 43)
TCR_EL1_HWU060 = Field("HWU060", 44)
TCR_EL1_HWU061 = Field("HWU061", 45)
TCR_EL1_HWU062 = Field("HWU062", 46)
TCR_EL1_HWU159 = Field("HWU159", 47)
TCR_EL1_HWU160 = Field("HWU160", 48)
TCR_EL1_HWU161 = Field("HWU161", 49)
TCR_EL1_HWU162 = Field("HWU162", 50)
TCR_EL1_TBID0 = Field("TBID0", 51)
TCR_EL1_TBID1 = Field("TBID1", 52)
TCR_EL1_NFD0 = Field("NFD0", 53)
TCR_EL1_NFD1 = Field("NFD1", 54)
TCR_EL1_E0PD0 = Field("E0PD0", 55)
TCR_EL1_E0PD1 = Field("E0PD1", 56)
TCR_EL1_TCMA0 = Field("TCMA0", 57)
TCR_EL1_TCMA1 = Field("TCMA1", 58)
TCR_EL1_DS = Field("DS", 59)
TCR_EL1_MTX0 = Field("MTX0", 60)
TCR_EL1_MTX1 = Field("MTX1", 61)
TCR_EL1 = Register(
    "TCR_EL1",
    64,
    layout=(
        TCR_EL1_T0SZ,
        TCR_EL1_EPD0,
        TCR_EL1_IRGN0,
        TCR_EL1_ORGN0,
        TCR_EL1_SH0,
        TCR_EL1_TG0,
        TCR_EL1_T1SZ,
        TCR_EL1_A1,
        TCR_EL1_EPD1,
        TCR_EL1_IRGN1,
        TCR_EL1_ORGN1,
        TCR_EL1_SH1,
        TCR_EL1_TG1,
        TCR_EL1_IPS,
        TCR_EL1_AS,
        TCR_EL1_TBI0,
        TCR_EL1_TBI1,
        TCR_EL1_HA,
        TCR_EL1_HD,
        TCR_EL1_HPD0,
        TCR_EL1_HPD1,
        TCR_EL1_HWU059,
        TCR_EL1_HWU060,
        TCR_EL1_HWU061,
        TCR_EL1_HWU062,
        TCR_EL1_HWU159,
        TCR_EL1_HWU160,
        TCR_EL1_HWU161,
        TCR_EL1_HWU162,
        TCR_EL1_TBID0,
        TCR_EL1_TBID1,
        TCR_EL1_NFD0,
        TCR_EL1_NFD1,
        TCR_EL1_E0PD0,
        TCR_EL1_E0PD1,
        TCR_EL1_TCMA0,
        TCR_EL1_TCMA1,
        TCR_EL1_DS,
        TCR_EL1_MTX0,
        TCR_EL1_MTX1,
    ),
    res0=0xC000000800000040,
)

# MAIR_EL1
# Eight kinds of memory.

MAIR_EL1_Attrn = FieldFamily("Attr<n>", 0, width=8, first=0, count=8, stride=8)
MAIR_EL1 = Register("MAIR_EL1", 64, layout=(MAIR_EL1_Attrn,))

# AMAIR_EL1
# What the implementation adds to MAIR_EL1.

AMAIR_EL1_IMPDEF = Field("IMPDEF", 0, width=64)
AMAIR_EL1 = Register("AMAIR_EL1", 64, layout=(AMAIR_EL1_IMPDEF,))

# CONTEXTIDR_EL1
# The process, for debug and trace.

CONTEXTIDR_EL1_PROCID = Field("PROCID", 0, width=32)
CONTEXTIDR_EL1 = Register(
    "CONTEXTIDR_EL1", 64, layout=(CONTEXTIDR_EL1_PROCID,), res0=0xFFFFFFFF00000000
)

# PAR_EL1
# What the last address translation instruction found.

# It found a fault.
PAR_EL1_F = Field("F", 0)
# Which fault.  RES0 where F is 0.
PAR_EL1_FST = Field("FST", 1, width=6)
PAR_EL1_Result = Field("Result", 7, width=57)
PAR_EL1 = Register(
    "PAR_EL1",
    64,
    layout=(
        PAR_EL1_F,
        PAR_EL1_FST,
        PAR_EL1_Result,
    ),
)

# ESR_EL1
# Why the last exception came to EL1.

ESR_EL1_ISS = Field("ISS", 0, width=25)
ESR_EL1_IL = Field("IL", 25)
ESR_EL1_EC = Field("EC", 26, width=6)
ESR_EL1_ISS2 = Field("ISS2", 32, width=24)
ESR_EL1 = Register(
    "ESR_EL1",
    64,
    layout=(
        ESR_EL1_ISS,
        ESR_EL1_IL,
        ESR_EL1_EC,
        ESR_EL1_ISS2,
    ),
    res0=0xFF00000000000000,
)

# AFSR0_EL1
# What the implementation adds to ESR_EL1.

AFSR0_EL1_IMPDEF = Field("IMPDEF", 0, width=64)
AFSR0_EL1 = Register("AFSR0_EL1", 64, layout=(AFSR0_EL1_IMPDEF,))

# AFSR1_EL1
# What the implementation adds to ESR_EL1.

AFSR1_EL1_IMPDEF = Field("IMPDEF", 0, width=64)
AFSR1_EL1 = Register("AFSR1_EL1", 64, layout=(AFSR1_EL1_IMPDEF,))

# FAR_EL1
# The address that faulted.

FAR_EL1_ADDR = Field("ADDR", 0, width=64)
FAR_EL1 = Register("FAR_EL1", 64, layout=(FAR_EL1_ADDR,))

# VBAR_EL1
# Where EL1's exception vectors are.

VBAR_EL1_UT = Field("UT", 0)
VBAR_EL1_VBA = Field("VBA", 11, width=53)
VBAR_EL1 = Register(
    "VBAR_EL1",
    64,
    layout=(
        VBAR_EL1_UT,
        VBAR_EL1_VBA,
    ),
    res0=0x7FE,
)

# ELR_EL1
# Where EL1 goes back to.

ELR_EL1_ADDR = Field("ADDR", 0, width=64)
ELR_EL1 = Register("ELR_EL1", 64, layout=(ELR_EL1_ADDR,))

# SPSR_EL1
# The state that EL1 goes back to.

# Exception level and stack pointer; of AArch32, the mode's low bits.
SPSR_EL1_M_EL0t = 0
SPSR_EL1_M_EL1t = 4
SPSR_EL1_M_EL1h = 5
SPSR_EL1_M_EL2t = 8
SPSR_EL1_M_EL2h = 9
SPSR_EL1_M_EL3t = 12
SPSR_EL1_M_EL3h = 13
SPSR_EL1_M = Field(
    "M",
    0,
    width=4,
    names=(
        (0, "EL0t"),
        (4, "EL1t"),
        (5, "EL1h"),
        (8, "EL2t"),
        (9, "EL2h"),
        (12, "EL3t"),
        (13, "EL3h"),
    ),
)
# AArch32, and not AArch64.  Arm: M[4].
SPSR_EL1_nRW = Field("nRW", 4)
# AArch32: T32, and not A32.
SPSR_EL1_T = Field("T", 5)
# FIQs, IRQs, SErrors and debug exceptions are masked.
SPSR_EL1_F = Field("F", 6)
SPSR_EL1_I = Field("I", 7)
SPSR_EL1_A = Field("A", 8)
# AArch32: E, big-endian data.
SPSR_EL1_D = Field("D", 9)
# AArch32: IT[3:2].
SPSR_EL1_BTYPE = Field("BTYPE", 10, width=2)
# AArch32: IT[4].
SPSR_EL1_SSBS = Field("SSBS", 12)
# AArch32: IT[5].
SPSR_EL1_ALLINT = Field("ALLINT", 13)
# AArch32: IT[6].
SPSR_EL1_BTYPE2 = Field("BTYPE2", 14)
# AArch32: IT[7].
SPSR_EL1_IT7 = Field("IT7", 15)
# AArch32 only.
SPSR_EL1_GE = Field("GE", 16, width=4)
# The next instruction is an Illegal Execution state exception.
SPSR_EL1_IL = Field("IL", 20)
# AArch32: DIT where there is no single-step (SPSR_abt and its like).
SPSR_EL1_SS = Field("SS", 21)
SPSR_EL1_PAN = Field("PAN", 22)
# AArch32: SSBS.
SPSR_EL1_UAO = Field("UAO", 23)
SPSR_EL1_DIT = Field("DIT", 24)
# AArch32: IT[0].
SPSR_EL1_TCO = Field("TCO", 25)
# AArch32 only.
SPSR_EL1_IT1 = Field("IT1", 26)
# AArch32 only.
SPSR_EL1_Q = Field("Q", 27)
SPSR_EL1_V = Field("V", 28)
SPSR_EL1_C = Field("C", 29)
SPSR_EL1_Z = Field("Z", 30)
SPSR_EL1_N = Field("N", 31)
SPSR_EL1_PM = Field("PM", 32)
SPSR_EL1_PPEND = Field("PPEND", 33)
SPSR_EL1_EXLOCK = Field("EXLOCK", 34)
SPSR_EL1_PACM = Field("PACM", 35)
SPSR_EL1_UINJ = Field("UINJ", 36)
SPSR_EL1 = Register(
    "SPSR_EL1",
    64,
    layout=(
        SPSR_EL1_M,
        SPSR_EL1_nRW,
        SPSR_EL1_T,
        SPSR_EL1_F,
        SPSR_EL1_I,
        SPSR_EL1_A,
        SPSR_EL1_D,
        SPSR_EL1_BTYPE,
        SPSR_EL1_SSBS,
        SPSR_EL1_ALLINT,
        SPSR_EL1_BTYPE2,
        SPSR_EL1_IT7,
        SPSR_EL1_GE,
        SPSR_EL1_IL,
        SPSR_EL1_SS,
        SPSR_EL1_PAN,
        SPSR_EL1_UAO,
        SPSR_EL1_DIT,
        SPSR_EL1_TCO,
        SPSR_EL1_IT1,
        SPSR_EL1_Q,
        SPSR_EL1_V,
        SPSR_EL1_C,
        SPSR_EL1_Z,
        SPSR_EL1_N,
        SPSR_EL1_PM,
        SPSR_EL1_PPEND,
        SPSR_EL1_EXLOCK,
        SPSR_EL1_PACM,
        SPSR_EL1_UINJ,
    ),
    res0=0xFFFFFFE000000000,
)

# ELR_EL2
# Where EL2 goes back to.

ELR_EL2_ADDR = Field("ADDR", 0, width=64)
ELR_EL2 = Register("ELR_EL2", 64, layout=(ELR_EL2_ADDR,))

# SPSR_EL2
# The state that EL2 goes back to.

# Exception level and stack pointer; of AArch32, the mode's low bits.
SPSR_EL2_M_EL0t = 0
SPSR_EL2_M_EL1t = 4
SPSR_EL2_M_EL1h = 5
SPSR_EL2_M_EL2t = 8
SPSR_EL2_M_EL2h = 9
SPSR_EL2_M_EL3t = 12
SPSR_EL2_M_EL3h = 13
SPSR_EL2_M = Field(
    "M",
    0,
    width=4,
    names=(
        (0, "EL0t"),
        (4, "EL1t"),
        (5, "EL1h"),
        (8, "EL2t"),
        (9, "EL2h"),
        (12, "EL3t"),
        (13, "EL3h"),
    ),
)
# AArch32, and not AArch64.  Arm: M[4].
SPSR_EL2_nRW = Field("nRW", 4)
# AArch32: T32, and not A32.
SPSR_EL2_T = Field("T", 5)
# FIQs, IRQs, SErrors and debug exceptions are masked.
SPSR_EL2_F = Field("F", 6)
SPSR_EL2_I = Field("I", 7)
SPSR_EL2_A = Field("A", 8)
# AArch32: E, big-endian data.
SPSR_EL2_D = Field("D", 9)
# AArch32: IT[3:2].
SPSR_EL2_BTYPE = Field("BTYPE", 10, width=2)
# AArch32: IT[4].
SPSR_EL2_SSBS = Field("SSBS", 12)
# AArch32: IT[5].
SPSR_EL2_ALLINT = Field("ALLINT", 13)
# AArch32: IT[6].
SPSR_EL2_BTYPE2 = Field("BTYPE2", 14)
# AArch32: IT[7].
SPSR_EL2_IT7 = Field("IT7", 15)
# AArch32 only.
SPSR_EL2_GE = Field("GE", 16, width=4)
# The next instruction is an Illegal Execution state exception.
SPSR_EL2_IL = Field("IL", 20)
# AArch32: DIT where there is no single-step (SPSR_abt and its like).
SPSR_EL2_SS = Field("SS", 21)
SPSR_EL2_PAN = Field("PAN", 22)
# AArch32: SSBS.
SPSR_EL2_UAO = Field("UAO", 23)
SPSR_EL2_DIT = Field("DIT", 24)
# AArch32: IT[0].
SPSR_EL2_TCO = Field("TCO", 25)
# AArch32 only.
SPSR_EL2_IT1 = Field("IT1", 26)
# AArch32 only.
SPSR_EL2_Q = Field("Q", 27)
SPSR_EL2_V = Field("V", 28)
SPSR_EL2_C = Field("C", 29)
SPSR_EL2_Z = Field("Z", 30)
SPSR_EL2_N = Field("N", 31)
SPSR_EL2_PM = Field("PM", 32)
SPSR_EL2_PPEND = Field("PPEND", 33)
SPSR_EL2_EXLOCK = Field("EXLOCK", 34)
SPSR_EL2_PACM = Field("PACM", 35)
SPSR_EL2_UINJ = Field("UINJ", 36)
SPSR_EL2 = Register(
    "SPSR_EL2",
    64,
    layout=(
        SPSR_EL2_M,
        SPSR_EL2_nRW,
        SPSR_EL2_T,
        SPSR_EL2_F,
        SPSR_EL2_I,
        SPSR_EL2_A,
        SPSR_EL2_D,
        SPSR_EL2_BTYPE,
        SPSR_EL2_SSBS,
        SPSR_EL2_ALLINT,
        SPSR_EL2_BTYPE2,
        SPSR_EL2_IT7,
        SPSR_EL2_GE,
        SPSR_EL2_IL,
        SPSR_EL2_SS,
        SPSR_EL2_PAN,
        SPSR_EL2_UAO,
        SPSR_EL2_DIT,
        SPSR_EL2_TCO,
        SPSR_EL2_IT1,
        SPSR_EL2_Q,
        SPSR_EL2_V,
        SPSR_EL2_C,
        SPSR_EL2_Z,
        SPSR_EL2_N,
        SPSR_EL2_PM,
        SPSR_EL2_PPEND,
        SPSR_EL2_EXLOCK,
        SPSR_EL2_PACM,
        SPSR_EL2_UINJ,
    ),
    res0=0xFFFFFFE000000000,
)

# VMPIDR_EL2
# What EL1 reads as MPIDR_EL1.

VMPIDR_EL2_Aff0 = Field("Aff0", 0, width=8)
VMPIDR_EL2_Aff1 = Field("Aff1", 8, width=8)
VMPIDR_EL2_Aff2 = Field("Aff2", 16, width=8)
VMPIDR_EL2_MT = Field("MT", 24)
VMPIDR_EL2_U = Field("U", 30)
VMPIDR_EL2_Aff3 = Field("Aff3", 32, width=8)
VMPIDR_EL2 = Register(
    "VMPIDR_EL2",
    64,
    layout=(
        VMPIDR_EL2_Aff0,
        VMPIDR_EL2_Aff1,
        VMPIDR_EL2_Aff2,
        VMPIDR_EL2_MT,
        VMPIDR_EL2_U,
        VMPIDR_EL2_Aff3,
    ),
    res0=0xFFFFFF003E000000,
    res1=0x80000000,
)

# VDISR_EL2
# A virtual SError that the guest deferred: FEAT_RAS.

# AArch32: FS, LPAE, ExT and AET are in these bits.
VDISR_EL2_ISS = Field("ISS", 0, width=24)
VDISR_EL2_IDS = Field("IDS", 24)
VDISR_EL2_A = Field("A", 31)
VDISR_EL2 = Register(
    "VDISR_EL2",
    64,
    layout=(
        VDISR_EL2_ISS,
        VDISR_EL2_IDS,
        VDISR_EL2_A,
    ),
    res0=0xFFFFFFFF7E000000,
)

# TPIDR_EL0
# A word for EL0.

TPIDR_EL0_ThreadID = Field("ThreadID", 0, width=64)
TPIDR_EL0 = Register("TPIDR_EL0", 64, layout=(TPIDR_EL0_ThreadID,))

# TPIDRRO_EL0
# A word that EL0 can only read.

TPIDRRO_EL0_ThreadID = Field("ThreadID", 0, width=64)
TPIDRRO_EL0 = Register("TPIDRRO_EL0", 64, layout=(TPIDRRO_EL0_ThreadID,))

# TPIDR_EL1
# A word for EL1.

TPIDR_EL1_ThreadID = Field("ThreadID", 0, width=64)
TPIDR_EL1 = Register("TPIDR_EL1", 64, layout=(TPIDR_EL1_ThreadID,))

# SP_EL1
# EL1's stack pointer.

SP_EL1_StackPointer = Field("StackPointer", 0, width=64)
SP_EL1 = Register("SP_EL1", 64, layout=(SP_EL1_StackPointer,))

# CSSELR_EL1
# Which cache CCSIDR_EL1 tells of.

CSSELR_EL1_InD = Field("InD", 0)
CSSELR_EL1_Level = Field("Level", 1, width=3)
CSSELR_EL1_TnD = Field("TnD", 4)
CSSELR_EL1 = Register(
    "CSSELR_EL1",
    64,
    layout=(
        CSSELR_EL1_InD,
        CSSELR_EL1_Level,
        CSSELR_EL1_TnD,
    ),
    res0=0xFFFFFFFFFFFFFFE0,
)

# CNTKCTL_EL1
# What EL0 may use of the timers.

CNTKCTL_EL1_EL0PCTEN = Field("EL0PCTEN", 0)
CNTKCTL_EL1_EL0VCTEN = Field("EL0VCTEN", 1)
CNTKCTL_EL1_EVNTEN = Field("EVNTEN", 2)
CNTKCTL_EL1_EVNTDIR = Field("EVNTDIR", 3)
CNTKCTL_EL1_EVNTI = Field("EVNTI", 4, width=4)
CNTKCTL_EL1_EL0VTEN = Field("EL0VTEN", 8)
CNTKCTL_EL1_EL0PTEN = Field("EL0PTEN", 9)
CNTKCTL_EL1_EVNTIS = Field("EVNTIS", 17)
CNTKCTL_EL1_CNTVMASK = Field("CNTVMASK", 18)
CNTKCTL_EL1_CNTPMASK = Field("CNTPMASK", 19)
CNTKCTL_EL1 = Register(
    "CNTKCTL_EL1",
    64,
    layout=(
        CNTKCTL_EL1_EL0PCTEN,
        CNTKCTL_EL1_EL0VCTEN,
        CNTKCTL_EL1_EVNTEN,
        CNTKCTL_EL1_EVNTDIR,
        CNTKCTL_EL1_EVNTI,
        CNTKCTL_EL1_EL0VTEN,
        CNTKCTL_EL1_EL0PTEN,
        CNTKCTL_EL1_EVNTIS,
        CNTKCTL_EL1_CNTVMASK,
        CNTKCTL_EL1_CNTPMASK,
    ),
    res0=0xFFFFFFFFFFF1FC00,
)

# TFSR_EL1
# Tag check faults that were EL1's: FEAT_MTE2.

TFSR_EL1_TF0 = Field("TF0", 0)
TFSR_EL1_TF1 = Field("TF1", 1)
TFSR_EL1 = Register(
    "TFSR_EL1",
    64,
    layout=(
        TFSR_EL1_TF0,
        TFSR_EL1_TF1,
    ),
    res0=0xFFFFFFFFFFFFFFFC,
)

# TFSRE0_EL1
# Tag check faults that were EL0's: FEAT_MTE2.

TFSRE0_EL1_TF0 = Field("TF0", 0)
TFSRE0_EL1_TF1 = Field("TF1", 1)
TFSRE0_EL1 = Register(
    "TFSRE0_EL1",
    64,
    layout=(
        TFSRE0_EL1_TF0,
        TFSRE0_EL1_TF1,
    ),
    res0=0xFFFFFFFFFFFFFFFC,
)

# MDSCR_EL1
# Debug exceptions, and the debug communications channel.

MDSCR_EL1_SS = Field("SS", 0)
MDSCR_EL1_ERR = Field("ERR", 6)
MDSCR_EL1_TDCC = Field("TDCC", 12)
MDSCR_EL1_KDE = Field("KDE", 13)
MDSCR_EL1_HDE = Field("HDE", 14)
MDSCR_EL1_MDE = Field("MDE", 15)
MDSCR_EL1_SC2 = Field("SC2", 19)
MDSCR_EL1_TDA = Field("TDA", 21)
MDSCR_EL1_INTdis = Field("INTdis", 22, width=2)
MDSCR_EL1_TXU = Field("TXU", 26)
MDSCR_EL1_RXO = Field("RXO", 27)
MDSCR_EL1_TXfull = Field("TXfull", 29)
MDSCR_EL1_RXfull = Field("RXfull", 30)
MDSCR_EL1_TFO = Field("TFO", 31)
MDSCR_EL1_EMBWE = Field("EMBWE", 32)
MDSCR_EL1_TTA = Field("TTA", 33)
MDSCR_EL1_EnSPM = Field("EnSPM", 34)
MDSCR_EL1_EHBWE = Field("EHBWE", 35)
MDSCR_EL1_EnSTEPOP = Field("EnSTEPOP", 50)
MDSCR_EL1 = Register(
    "MDSCR_EL1",
    64,
    layout=(
        MDSCR_EL1_SS,
        MDSCR_EL1_ERR,
        MDSCR_EL1_TDCC,
        MDSCR_EL1_KDE,
        MDSCR_EL1_HDE,
        MDSCR_EL1_MDE,
        MDSCR_EL1_SC2,
        MDSCR_EL1_TDA,
        MDSCR_EL1_INTdis,
        MDSCR_EL1_TXU,
        MDSCR_EL1_RXO,
        MDSCR_EL1_TXfull,
        MDSCR_EL1_RXfull,
        MDSCR_EL1_TFO,
        MDSCR_EL1_EMBWE,
        MDSCR_EL1_TTA,
        MDSCR_EL1_EnSPM,
        MDSCR_EL1_EHBWE,
        MDSCR_EL1_EnSTEPOP,
    ),
    res0=0xFFFBFFF013170FBE,
)

# DACR32_EL2
# AArch32's DACR: sixteen domains.

DACR32_EL2_Dn = FieldFamily("D<n>", 0, width=2, first=0, count=16, stride=2)
DACR32_EL2 = Register(
    "DACR32_EL2", 64, layout=(DACR32_EL2_Dn,), res0=0xFFFFFFFF00000000
)

# IFSR32_EL2
# AArch32's IFSR.

# With short descriptors: FS[3:0] in [3:0].
IFSR32_EL2_STATUS = Field("STATUS", 0, width=6)
IFSR32_EL2_LPAE = Field("LPAE", 9)
# With short descriptors only.
IFSR32_EL2_FS4 = Field("FS4", 10)
IFSR32_EL2_ExT = Field("ExT", 12)
IFSR32_EL2_FnV = Field("FnV", 16)
IFSR32_EL2 = Register(
    "IFSR32_EL2",
    64,
    layout=(
        IFSR32_EL2_STATUS,
        IFSR32_EL2_LPAE,
        IFSR32_EL2_FS4,
        IFSR32_EL2_ExT,
        IFSR32_EL2_FnV,
    ),
    res0=0xFFFFFFFFFFFEE9C0,
)

# DBGVCR32_EL2
# AArch32's DBGVCR: which vectors to catch.

DBGVCR32_EL2_SU = Field("SU", 1)
DBGVCR32_EL2_SS = Field("SS", 2)
DBGVCR32_EL2_SP = Field("SP", 3)
DBGVCR32_EL2_SD = Field("SD", 4)
DBGVCR32_EL2_SI = Field("SI", 6)
DBGVCR32_EL2_SF = Field("SF", 7)
DBGVCR32_EL2_NSU = Field("NSU", 25)
DBGVCR32_EL2_NSS = Field("NSS", 26)
DBGVCR32_EL2_NSP = Field("NSP", 27)
DBGVCR32_EL2_NSD = Field("NSD", 28)
DBGVCR32_EL2_NSI = Field("NSI", 30)
DBGVCR32_EL2_NSF = Field("NSF", 31)
DBGVCR32_EL2 = Register(
    "DBGVCR32_EL2",
    64,
    layout=(
        DBGVCR32_EL2_SU,
        DBGVCR32_EL2_SS,
        DBGVCR32_EL2_SP,
        DBGVCR32_EL2_SD,
        DBGVCR32_EL2_SI,
        DBGVCR32_EL2_SF,
        DBGVCR32_EL2_NSU,
        DBGVCR32_EL2_NSS,
        DBGVCR32_EL2_NSP,
        DBGVCR32_EL2_NSD,
        DBGVCR32_EL2_NSI,
        DBGVCR32_EL2_NSF,
    ),
    res0=0xFFFFFFFF21FFFF21,
)

# SPSR_irq
# The state that AArch32's IRQ mode goes back to.

SPSR_irq_M_User = 16
SPSR_irq_M_FIQ = 17
SPSR_irq_M_IRQ = 18
SPSR_irq_M_Supervisor = 19
SPSR_irq_M_Abort = 23
SPSR_irq_M_Hyp = 26
SPSR_irq_M_Undefined = 27
SPSR_irq_M_System = 31
SPSR_irq_M = Field(
    "M",
    0,
    width=5,
    names=(
        (16, "User"),
        (17, "FIQ"),
        (18, "IRQ"),
        (19, "Supervisor"),
        (23, "Abort"),
        (26, "Hyp"),
        (27, "Undefined"),
        (31, "System"),
    ),
)
SPSR_irq_T = Field("T", 5)
SPSR_irq_F = Field("F", 6)
SPSR_irq_I = Field("I", 7)
SPSR_irq_A = Field("A", 8)
SPSR_irq_E = Field("E", 9)
SPSR_irq_IT72 = Field("IT72", 10, width=6)
SPSR_irq_GE = Field("GE", 16, width=4)
SPSR_irq_IL = Field("IL", 20)
SPSR_irq_DIT = Field("DIT", 21)
SPSR_irq_PAN = Field("PAN", 22)
SPSR_irq_SSBS = Field("SSBS", 23)
SPSR_irq_J = Field("J", 24)
SPSR_irq_IT10 = Field("IT10", 25, width=2)
SPSR_irq_Q = Field("Q", 27)
SPSR_irq_V = Field("V", 28)
SPSR_irq_C = Field("C", 29)
SPSR_irq_Z = Field("Z", 30)
SPSR_irq_N = Field("N", 31)
SPSR_irq = Register(
    "SPSR_irq",
    64,
    layout=(
        SPSR_irq_M,
        SPSR_irq_T,
        SPSR_irq_F,
        SPSR_irq_I,
        SPSR_irq_A,
        SPSR_irq_E,
        SPSR_irq_IT72,
        SPSR_irq_GE,
        SPSR_irq_IL,
        SPSR_irq_DIT,
        SPSR_irq_PAN,
        SPSR_irq_SSBS,
        SPSR_irq_J,
        SPSR_irq_IT10,
        SPSR_irq_Q,
        SPSR_irq_V,
        SPSR_irq_C,
        SPSR_irq_Z,
        SPSR_irq_N,
    ),
    res0=0xFFFFFFFF00000000,
)

# SPSR_abt
# The state that AArch32's Abort mode goes back to.

SPSR_abt_M_User = 16
SPSR_abt_M_FIQ = 17
SPSR_abt_M_IRQ = 18
SPSR_abt_M_Supervisor = 19
SPSR_abt_M_Abort = 23
SPSR_abt_M_Hyp = 26
SPSR_abt_M_Undefined = 27
SPSR_abt_M_System = 31
SPSR_abt_M = Field(
    "M",
    0,
    width=5,
    names=(
        (16, "User"),
        (17, "FIQ"),
        (18, "IRQ"),
        (19, "Supervisor"),
        (23, "Abort"),
        (26, "Hyp"),
        (27, "Undefined"),
        (31, "System"),
    ),
)
SPSR_abt_T = Field("T", 5)
SPSR_abt_F = Field("F", 6)
SPSR_abt_I = Field("I", 7)
SPSR_abt_A = Field("A", 8)
SPSR_abt_E = Field("E", 9)
SPSR_abt_IT72 = Field("IT72", 10, width=6)
SPSR_abt_GE = Field("GE", 16, width=4)
SPSR_abt_IL = Field("IL", 20)
SPSR_abt_DIT = Field("DIT", 21)
SPSR_abt_PAN = Field("PAN", 22)
SPSR_abt_SSBS = Field("SSBS", 23)
SPSR_abt_J = Field("J", 24)
SPSR_abt_IT10 = Field("IT10", 25, width=2)
SPSR_abt_Q = Field("Q", 27)
SPSR_abt_V = Field("V", 28)
SPSR_abt_C = Field("C", 29)
SPSR_abt_Z = Field("Z", 30)
SPSR_abt_N = Field("N", 31)
SPSR_abt = Register(
    "SPSR_abt",
    64,
    layout=(
        SPSR_abt_M,
        SPSR_abt_T,
        SPSR_abt_F,
        SPSR_abt_I,
        SPSR_abt_A,
        SPSR_abt_E,
        SPSR_abt_IT72,
        SPSR_abt_GE,
        SPSR_abt_IL,
        SPSR_abt_DIT,
        SPSR_abt_PAN,
        SPSR_abt_SSBS,
        SPSR_abt_J,
        SPSR_abt_IT10,
        SPSR_abt_Q,
        SPSR_abt_V,
        SPSR_abt_C,
        SPSR_abt_Z,
        SPSR_abt_N,
    ),
    res0=0xFFFFFFFF00000000,
)

# SPSR_und
# The state that AArch32's Undefined mode goes back to.

SPSR_und_M_User = 16
SPSR_und_M_FIQ = 17
SPSR_und_M_IRQ = 18
SPSR_und_M_Supervisor = 19
SPSR_und_M_Abort = 23
SPSR_und_M_Hyp = 26
SPSR_und_M_Undefined = 27
SPSR_und_M_System = 31
SPSR_und_M = Field(
    "M",
    0,
    width=5,
    names=(
        (16, "User"),
        (17, "FIQ"),
        (18, "IRQ"),
        (19, "Supervisor"),
        (23, "Abort"),
        (26, "Hyp"),
        (27, "Undefined"),
        (31, "System"),
    ),
)
SPSR_und_T = Field("T", 5)
SPSR_und_F = Field("F", 6)
SPSR_und_I = Field("I", 7)
SPSR_und_A = Field("A", 8)
SPSR_und_E = Field("E", 9)
SPSR_und_IT72 = Field("IT72", 10, width=6)
SPSR_und_GE = Field("GE", 16, width=4)
SPSR_und_IL = Field("IL", 20)
SPSR_und_DIT = Field("DIT", 21)
SPSR_und_PAN = Field("PAN", 22)
SPSR_und_SSBS = Field("SSBS", 23)
SPSR_und_J = Field("J", 24)
SPSR_und_IT10 = Field("IT10", 25, width=2)
SPSR_und_Q = Field("Q", 27)
SPSR_und_V = Field("V", 28)
SPSR_und_C = Field("C", 29)
SPSR_und_Z = Field("Z", 30)
SPSR_und_N = Field("N", 31)
SPSR_und = Register(
    "SPSR_und",
    64,
    layout=(
        SPSR_und_M,
        SPSR_und_T,
        SPSR_und_F,
        SPSR_und_I,
        SPSR_und_A,
        SPSR_und_E,
        SPSR_und_IT72,
        SPSR_und_GE,
        SPSR_und_IL,
        SPSR_und_DIT,
        SPSR_und_PAN,
        SPSR_und_SSBS,
        SPSR_und_J,
        SPSR_und_IT10,
        SPSR_und_Q,
        SPSR_und_V,
        SPSR_und_C,
        SPSR_und_Z,
        SPSR_und_N,
    ),
    res0=0xFFFFFFFF00000000,
)

# SPSR_fiq
# The state that AArch32's FIQ mode goes back to.

SPSR_fiq_M_User = 16
SPSR_fiq_M_FIQ = 17
SPSR_fiq_M_IRQ = 18
SPSR_fiq_M_Supervisor = 19
SPSR_fiq_M_Abort = 23
SPSR_fiq_M_Hyp = 26
SPSR_fiq_M_Undefined = 27
SPSR_fiq_M_System = 31
SPSR_fiq_M = Field(
    "M",
    0,
    width=5,
    names=(
        (16, "User"),
        (17, "FIQ"),
        (18, "IRQ"),
        (19, "Supervisor"),
        (23, "Abort"),
        (26, "Hyp"),
        (27, "Undefined"),
        (31, "System"),
    ),
)
SPSR_fiq_T = Field("T", 5)
SPSR_fiq_F = Field("F", 6)
SPSR_fiq_I = Field("I", 7)
SPSR_fiq_A = Field("A", 8)
SPSR_fiq_E = Field("E", 9)
SPSR_fiq_IT72 = Field("IT72", 10, width=6)
SPSR_fiq_GE = Field("GE", 16, width=4)
SPSR_fiq_IL = Field("IL", 20)
SPSR_fiq_DIT = Field("DIT", 21)
SPSR_fiq_PAN = Field("PAN", 22)
SPSR_fiq_SSBS = Field("SSBS", 23)
SPSR_fiq_J = Field("J", 24)
SPSR_fiq_IT10 = Field("IT10", 25, width=2)
SPSR_fiq_Q = Field("Q", 27)
SPSR_fiq_V = Field("V", 28)
SPSR_fiq_C = Field("C", 29)
SPSR_fiq_Z = Field("Z", 30)
SPSR_fiq_N = Field("N", 31)
SPSR_fiq = Register(
    "SPSR_fiq",
    64,
    layout=(
        SPSR_fiq_M,
        SPSR_fiq_T,
        SPSR_fiq_F,
        SPSR_fiq_I,
        SPSR_fiq_A,
        SPSR_fiq_E,
        SPSR_fiq_IT72,
        SPSR_fiq_GE,
        SPSR_fiq_IL,
        SPSR_fiq_DIT,
        SPSR_fiq_PAN,
        SPSR_fiq_SSBS,
        SPSR_fiq_J,
        SPSR_fiq_IT10,
        SPSR_fiq_Q,
        SPSR_fiq_V,
        SPSR_fiq_C,
        SPSR_fiq_Z,
        SPSR_fiq_N,
    ),
    res0=0xFFFFFFFF00000000,
)

#: All registers.
REGISTERS: tuple[Register | Bank, ...] = (
    SCTLR_EL1,
    CPACR_EL1,
    TTBR0_EL1,
    TTBR1_EL1,
    TCR_EL1,
    MAIR_EL1,
    AMAIR_EL1,
    CONTEXTIDR_EL1,
    PAR_EL1,
    ESR_EL1,
    AFSR0_EL1,
    AFSR1_EL1,
    FAR_EL1,
    VBAR_EL1,
    ELR_EL1,
    SPSR_EL1,
    ELR_EL2,
    SPSR_EL2,
    VMPIDR_EL2,
    VDISR_EL2,
    TPIDR_EL0,
    TPIDRRO_EL0,
    TPIDR_EL1,
    SP_EL1,
    CSSELR_EL1,
    CNTKCTL_EL1,
    TFSR_EL1,
    TFSRE0_EL1,
    MDSCR_EL1,
    DACR32_EL2,
    IFSR32_EL2,
    DBGVCR32_EL2,
    SPSR_irq,
    SPSR_abt,
    SPSR_und,
    SPSR_fiq,
)


# ---- memory and facts


@dataclass(slots=True, eq=False)
class MachineFacts(Facts):
    """What holds for the machine, as far as sequences ask."""

    # The host runs at EL2 (HCR_EL2.E2H and TGE set).
    vhe: bool = False
    # FEAT_RAS: errors can be deferred.
    ras: bool = False
    # This CPU may walk the guest's tables with a mixture of the host's and the guest's set-up.
    speculative_at: bool = False
    SLOTS: ClassVar[dict[str, Slot]] = {
        "vhe": Slot("vhe", Bool()),
        "ras": Slot("ras", Bool()),
        "speculative_at": Slot("speculative_at", Bool()),
    }


@dataclass(slots=True, eq=False)
class CtxtFacts(Facts):
    """What holds for one ctxt, as far as sequences ask."""

    # The VM has memory tags.
    mte: bool = False
    # This is the host's context, while a vCPU runs on this CPU.
    host: bool = False
    SLOTS: ClassVar[dict[str, Slot]] = {
        "mte": Slot("mte", Bool()),
        "host": Slot("host", Bool()),
    }


@dataclass(slots=True, eq=False)
class Ctxt(Context):
    """What is kept in memory for one ctxt."""

    # sys_regs, of ctxt
    # Written only: the guest cannot change who it is.
    mpidr_el1: u64 = 0
    csselr_el1: u64 = 0
    sctlr_el1: u64 = 0
    cpacr_el1: u64 = 0
    ttbr0_el1: u64 = 0
    ttbr1_el1: u64 = 0
    tcr_el1: u64 = 0
    esr_el1: u64 = 0
    afsr0_el1: u64 = 0
    afsr1_el1: u64 = 0
    far_el1: u64 = 0
    mair_el1: u64 = 0
    vbar_el1: u64 = 0
    contextidr_el1: u64 = 0
    tpidr_el0: u64 = 0
    tpidrro_el0: u64 = 0
    tpidr_el1: u64 = 0
    amair_el1: u64 = 0
    cntkctl_el1: u64 = 0
    par_el1: u64 = 0
    mdscr_el1: u64 = 0
    disr_el1: u64 = 0
    elr_el1: u64 = 0
    sp_el1: u64 = 0
    spsr_el1: u64 = 0
    tfsr_el1: u64 = 0
    tfsre0_el1: u64 = 0
    # regs, of ctxt
    # Where the context goes on, and in what state.
    pc: u64 = 0
    # A guest's is saved elsewhere, when it exits.
    saved_state: u64 = 0
    facts: CtxtFacts = field(default_factory=CtxtFacts)
    SLOTS: ClassVar[dict[str, Slot]] = {
        "mpidr_el1": Slot("mpidr_el1", Int(64), layout=VMPIDR_EL2.layout),
        "csselr_el1": Slot("csselr_el1", Int(64), layout=CSSELR_EL1.layout),
        "sctlr_el1": Slot("sctlr_el1", Int(64), layout=SCTLR_EL1.layout),
        "cpacr_el1": Slot("cpacr_el1", Int(64), layout=CPACR_EL1.layout),
        "ttbr0_el1": Slot("ttbr0_el1", Int(64), layout=TTBR0_EL1.layout),
        "ttbr1_el1": Slot("ttbr1_el1", Int(64), layout=TTBR1_EL1.layout),
        "tcr_el1": Slot("tcr_el1", Int(64), layout=TCR_EL1.layout),
        "esr_el1": Slot("esr_el1", Int(64), layout=ESR_EL1.layout),
        "afsr0_el1": Slot("afsr0_el1", Int(64), layout=AFSR0_EL1.layout),
        "afsr1_el1": Slot("afsr1_el1", Int(64), layout=AFSR1_EL1.layout),
        "far_el1": Slot("far_el1", Int(64), layout=FAR_EL1.layout),
        "mair_el1": Slot("mair_el1", Int(64), layout=MAIR_EL1.layout),
        "vbar_el1": Slot("vbar_el1", Int(64), layout=VBAR_EL1.layout),
        "contextidr_el1": Slot("contextidr_el1", Int(64), layout=CONTEXTIDR_EL1.layout),
        "tpidr_el0": Slot("tpidr_el0", Int(64), layout=TPIDR_EL0.layout),
        "tpidrro_el0": Slot("tpidrro_el0", Int(64), layout=TPIDRRO_EL0.layout),
        "tpidr_el1": Slot("tpidr_el1", Int(64), layout=TPIDR_EL1.layout),
        "amair_el1": Slot("amair_el1", Int(64), layout=AMAIR_EL1.layout),
        "cntkctl_el1": Slot("cntkctl_el1", Int(64), layout=CNTKCTL_EL1.layout),
        "par_el1": Slot("par_el1", Int(64), layout=PAR_EL1.layout),
        "mdscr_el1": Slot("mdscr_el1", Int(64), layout=MDSCR_EL1.layout),
        "disr_el1": Slot("disr_el1", Int(64), layout=VDISR_EL2.layout),
        "elr_el1": Slot("elr_el1", Int(64), layout=ELR_EL1.layout),
        "sp_el1": Slot("sp_el1", Int(64), layout=SP_EL1.layout),
        "spsr_el1": Slot("spsr_el1", Int(64), layout=SPSR_EL1.layout),
        "tfsr_el1": Slot("tfsr_el1", Int(64), layout=TFSR_EL1.layout),
        "tfsre0_el1": Slot("tfsre0_el1", Int(64), layout=TFSRE0_EL1.layout),
        "pc": Slot("pc", Int(64), layout=ELR_EL2.layout),
        "saved_state": Slot("saved_state", Int(64), layout=SPSR_EL2.layout),
    }


set_mpidr_el1 = setter(Ctxt, "mpidr_el1")

set_csselr_el1 = setter(Ctxt, "csselr_el1")

set_sctlr_el1 = setter(Ctxt, "sctlr_el1")

set_cpacr_el1 = setter(Ctxt, "cpacr_el1")

set_ttbr0_el1 = setter(Ctxt, "ttbr0_el1")

set_ttbr1_el1 = setter(Ctxt, "ttbr1_el1")

set_tcr_el1 = setter(Ctxt, "tcr_el1")

set_esr_el1 = setter(Ctxt, "esr_el1")

set_afsr0_el1 = setter(Ctxt, "afsr0_el1")

set_afsr1_el1 = setter(Ctxt, "afsr1_el1")

set_far_el1 = setter(Ctxt, "far_el1")

set_mair_el1 = setter(Ctxt, "mair_el1")

set_vbar_el1 = setter(Ctxt, "vbar_el1")

set_contextidr_el1 = setter(Ctxt, "contextidr_el1")

set_tpidr_el0 = setter(Ctxt, "tpidr_el0")

set_tpidrro_el0 = setter(Ctxt, "tpidrro_el0")

set_tpidr_el1 = setter(Ctxt, "tpidr_el1")

set_amair_el1 = setter(Ctxt, "amair_el1")

set_cntkctl_el1 = setter(Ctxt, "cntkctl_el1")

set_par_el1 = setter(Ctxt, "par_el1")

set_mdscr_el1 = setter(Ctxt, "mdscr_el1")

set_disr_el1 = setter(Ctxt, "disr_el1")

set_elr_el1 = setter(Ctxt, "elr_el1")

set_sp_el1 = setter(Ctxt, "sp_el1")

set_spsr_el1 = setter(Ctxt, "spsr_el1")

set_tfsr_el1 = setter(Ctxt, "tfsr_el1")

set_tfsre0_el1 = setter(Ctxt, "tfsre0_el1")

set_pc = setter(Ctxt, "pc")

set_saved_state = setter(Ctxt, "saved_state")


@dataclass(slots=True, eq=False)
class VcpuFacts(Facts):
    """What holds for one vcpu, as far as sequences ask."""

    # The vCPU's EL1 is AArch32.
    aarch32: bool = False
    # The guest has used its debug registers.
    debug_dirty: bool = False
    SLOTS: ClassVar[dict[str, Slot]] = {
        "aarch32": Slot("aarch32", Bool()),
        "debug_dirty": Slot("debug_dirty", Bool()),
    }


@dataclass(slots=True, eq=False)
class Vcpu(Context):
    """What is kept in memory for one vcpu."""

    # modes, of vcpu
    spsr_abt: u64 = 0
    spsr_und: u64 = 0
    spsr_irq: u64 = 0
    spsr_fiq: u64 = 0
    # aarch32_regs, of vcpu
    dacr32_el2: u64 = 0
    ifsr32_el2: u64 = 0
    dbgvcr32_el2: u64 = 0
    facts: VcpuFacts = field(default_factory=VcpuFacts)
    SLOTS: ClassVar[dict[str, Slot]] = {
        "spsr_abt": Slot("spsr_abt", Int(64), layout=SPSR_abt.layout),
        "spsr_und": Slot("spsr_und", Int(64), layout=SPSR_und.layout),
        "spsr_irq": Slot("spsr_irq", Int(64), layout=SPSR_irq.layout),
        "spsr_fiq": Slot("spsr_fiq", Int(64), layout=SPSR_fiq.layout),
        "dacr32_el2": Slot("dacr32_el2", Int(64), layout=DACR32_EL2.layout),
        "ifsr32_el2": Slot("ifsr32_el2", Int(64), layout=IFSR32_EL2.layout),
        "dbgvcr32_el2": Slot("dbgvcr32_el2", Int(64), layout=DBGVCR32_EL2.layout),
    }


set_spsr_abt = setter(Vcpu, "spsr_abt")

set_spsr_und = setter(Vcpu, "spsr_und")

set_spsr_irq = setter(Vcpu, "spsr_irq")

set_spsr_fiq = setter(Vcpu, "spsr_fiq")

set_dacr32_el2 = setter(Vcpu, "dacr32_el2")

set_ifsr32_el2 = setter(Vcpu, "ifsr32_el2")

set_dbgvcr32_el2 = setter(Vcpu, "dbgvcr32_el2")


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


# ---- what registers do


def SPSR_EL1_mode(value: int) -> u64:
    """AArch32's mode field, of which AArch64's is the lower half."""
    return SPSR_EL1_M.get(value) | (SPSR_EL1_nRW.get(value) << 4)


def SPSR_EL2_mode(value: int) -> u64:
    """AArch32's mode field, of which AArch64's is the lower half."""
    return SPSR_EL2_M.get(value) | (SPSR_EL2_nRW.get(value) << 4)


# ---- sequences, with a trace


# sysreg:7:6: save
def traced___sysreg_save_common_state(m: Machine, ctxt: Ctxt) -> None:
    m.store(ctxt, "mdscr_el1", m.read(MDSCR_EL1, at="sysreg:7:46"), at="sysreg:7:46")


# sysreg:9:6: save
def traced___sysreg_save_user_state(m: Machine, ctxt: Ctxt) -> None:
    m.store(ctxt, "tpidr_el0", m.read(TPIDR_EL0, at="sysreg:9:44"), at="sysreg:9:44")
    m.store(
        ctxt, "tpidrro_el0", m.read(TPIDRRO_EL0, at="sysreg:9:55"), at="sysreg:9:55"
    )


# sysreg:11:6: save
def traced___sysreg_save_el1_state(m: Machine, ctxt: Ctxt) -> None:
    m.store(
        ctxt, "csselr_el1", m.read(CSSELR_EL1, at="sysreg:12:10"), at="sysreg:12:10"
    )
    m.store(ctxt, "sctlr_el1", m.read(SCTLR_EL1, at="sysreg:12:22"), at="sysreg:12:22")
    m.store(ctxt, "cpacr_el1", m.read(CPACR_EL1, at="sysreg:12:33"), at="sysreg:12:33")
    m.store(ctxt, "ttbr0_el1", m.read(TTBR0_EL1, at="sysreg:12:44"), at="sysreg:12:44")
    m.store(ctxt, "ttbr1_el1", m.read(TTBR1_EL1, at="sysreg:12:55"), at="sysreg:12:55")
    m.store(ctxt, "tcr_el1", m.read(TCR_EL1, at="sysreg:12:66"), at="sysreg:12:66")
    m.store(ctxt, "esr_el1", m.read(ESR_EL1, at="sysreg:13:10"), at="sysreg:13:10")
    m.store(ctxt, "afsr0_el1", m.read(AFSR0_EL1, at="sysreg:13:19"), at="sysreg:13:19")
    m.store(ctxt, "afsr1_el1", m.read(AFSR1_EL1, at="sysreg:13:30"), at="sysreg:13:30")
    m.store(ctxt, "far_el1", m.read(FAR_EL1, at="sysreg:13:41"), at="sysreg:13:41")
    m.store(ctxt, "mair_el1", m.read(MAIR_EL1, at="sysreg:13:50"), at="sysreg:13:50")
    m.store(ctxt, "vbar_el1", m.read(VBAR_EL1, at="sysreg:13:60"), at="sysreg:13:60")
    m.store(
        ctxt,
        "contextidr_el1",
        m.read(CONTEXTIDR_EL1, at="sysreg:13:70"),
        at="sysreg:13:70",
    )
    m.store(ctxt, "amair_el1", m.read(AMAIR_EL1, at="sysreg:13:86"), at="sysreg:13:86")
    m.store(
        ctxt, "cntkctl_el1", m.read(CNTKCTL_EL1, at="sysreg:14:10"), at="sysreg:14:10"
    )
    m.store(ctxt, "par_el1", m.read(PAR_EL1, at="sysreg:14:23"), at="sysreg:14:23")
    m.store(ctxt, "tpidr_el1", m.read(TPIDR_EL1, at="sysreg:14:32"), at="sysreg:14:32")
    if ctxt.facts.mte:
        m.store(
            ctxt, "tfsr_el1", m.read(TFSR_EL1, at="sysreg:16:21"), at="sysreg:16:21"
        )
        m.store(
            ctxt, "tfsre0_el1", m.read(TFSRE0_EL1, at="sysreg:16:31"), at="sysreg:16:31"
        )
    m.store(ctxt, "sp_el1", m.read(SP_EL1, at="sysreg:18:10"), at="sysreg:18:10")
    m.store(ctxt, "elr_el1", m.read(ELR_EL1, at="sysreg:18:18"), at="sysreg:18:18")
    m.store(ctxt, "spsr_el1", m.read(SPSR_EL1, at="sysreg:18:27"), at="sysreg:18:27")


# sysreg:21:6: save
def traced___sysreg_save_el2_return_state(m: Machine, ctxt: Ctxt) -> None:
    m.store(ctxt, "pc", m.read(ELR_EL2, at="sysreg:22:10"), at="sysreg:22:10")
    # Every exit of a guest has fixed up its state already; the host of a
    # machine without VHE has nobody else to do it.
    if not m.facts.vhe and ctxt.facts.host:
        m.store(
            ctxt, "saved_state", m.read(SPSR_EL2, at="sysreg:26:34"), at="sysreg:26:34"
        )
    if m.facts.ras:
        m.store(
            ctxt, "disr_el1", m.read(VDISR_EL2, at="sysreg:28:21"), at="sysreg:28:21"
        )


# sysreg:33:9: restore undoes __sysreg_save_common_state
def traced___sysreg_restore_common_state(m: Machine, ctxt: Ctxt) -> None:
    m.write(MDSCR_EL1, ctxt.mdscr_el1, at="sysreg:33:89")


# sysreg:35:9: restore undoes __sysreg_save_user_state
def traced___sysreg_restore_user_state(m: Machine, ctxt: Ctxt) -> None:
    m.write(TPIDR_EL0, ctxt.tpidr_el0, at="sysreg:36:13")
    m.write(TPIDRRO_EL0, ctxt.tpidrro_el0, at="sysreg:36:24")


# sysreg:39:9: restore undoes __sysreg_save_el1_state
def traced___sysreg_restore_el1_state(m: Machine, ctxt: Ctxt) -> None:
    m.write(VMPIDR_EL2, ctxt.mpidr_el1, at="sysreg:40:13")
    m.write(CSSELR_EL1, ctxt.csselr_el1, at="sysreg:40:24")
    if m.facts.vhe or not m.facts.speculative_at:
        m.write(SCTLR_EL1, ctxt.sctlr_el1, at="sysreg:43:17")
        m.write(TCR_EL1, ctxt.tcr_el1, at="sysreg:43:28")
    elif not ctxt.facts.host:
        # A guest's context: the MMU is on for the host already. No walk may
        # begin before the rest is in place; __activate_traps() lets them.
        m.write(
            TCR_EL1,
            TCR_EL1_EPD0.set(TCR_EL1_EPD1.set(ctxt.tcr_el1, 1), 1),
            at="sysreg:48:9",
        )
        # orders writes of TCR_EL1 before writes of TTBR0_EL1, TTBR1_EL1
        m.isb(at="sysreg:49:9")
    m.write(CPACR_EL1, ctxt.cpacr_el1, at="sysreg:52:13")
    m.write(TTBR0_EL1, ctxt.ttbr0_el1, at="sysreg:52:24")
    m.write(TTBR1_EL1, ctxt.ttbr1_el1, at="sysreg:52:35")
    m.write(ESR_EL1, ctxt.esr_el1, at="sysreg:52:46")
    m.write(AFSR0_EL1, ctxt.afsr0_el1, at="sysreg:52:55")
    m.write(AFSR1_EL1, ctxt.afsr1_el1, at="sysreg:52:66")
    m.write(FAR_EL1, ctxt.far_el1, at="sysreg:52:77")
    m.write(MAIR_EL1, ctxt.mair_el1, at="sysreg:52:86")
    m.write(VBAR_EL1, ctxt.vbar_el1, at="sysreg:53:13")
    m.write(CONTEXTIDR_EL1, ctxt.contextidr_el1, at="sysreg:53:23")
    m.write(AMAIR_EL1, ctxt.amair_el1, at="sysreg:53:39")
    m.write(CNTKCTL_EL1, ctxt.cntkctl_el1, at="sysreg:53:50")
    m.write(PAR_EL1, ctxt.par_el1, at="sysreg:53:63")
    m.write(TPIDR_EL1, ctxt.tpidr_el1, at="sysreg:53:72")
    if ctxt.facts.mte:
        m.write(TFSR_EL1, ctxt.tfsr_el1, at="sysreg:55:24")
        m.write(TFSRE0_EL1, ctxt.tfsre0_el1, at="sysreg:55:34")
    if not m.facts.vhe and m.facts.speculative_at and ctxt.facts.host:
        # The host's context, after __deactivate_traps(): stage 2 must be off
        # before stage 1 is the host's.
        # orders writes of TTBR0_EL1, TTBR1_EL1 before writes of SCTLR_EL1
        m.isb(at="sysreg:60:9")
        # The MMU is on before walks are allowed again.
        m.write(SCTLR_EL1, ctxt.sctlr_el1, at="sysreg:62:17")
        # orders writes of SCTLR_EL1 before writes of TCR_EL1
        m.isb(at="sysreg:63:9")
        m.write(TCR_EL1, ctxt.tcr_el1, at="sysreg:64:17")
    m.write(SP_EL1, ctxt.sp_el1, at="sysreg:67:13")
    m.write(ELR_EL1, ctxt.elr_el1, at="sysreg:67:21")
    m.write(SPSR_EL1, ctxt.spsr_el1, at="sysreg:67:30")


# sysreg:70:9: restore undoes __sysreg_save_el2_return_state
def traced___sysreg_restore_el2_return_state(m: Machine, ctxt: Ctxt) -> None:
    pstate: u64 = ctxt.saved_state
    mode: u64 = SPSR_EL2_mode(pstate)
    # Nobody may return to EL2 or above by way of a context. In AArch64 an
    # illegal state is what the ERET then finds; in AArch32, Hyp mode is
    # illegal in itself, because EL3 says that EL2 is AArch64.
    if (mode & 16) == 0 and mode >= 8:
        pstate = SPSR_EL2_IL.set(SPSR_EL2_M.set(0, SPSR_EL2_M_EL2h), 1)
    m.write(ELR_EL2, ctxt.pc, at="sysreg:81:13")
    m.write(SPSR_EL2, pstate, at="sysreg:82:5")
    if m.facts.ras:
        m.write(VDISR_EL2, ctxt.disr_el1, at="sysreg:84:24")


# sysreg:89:6: save
def traced___sysreg32_save_state(m: Machine, vcpu: Vcpu) -> None:
    if not vcpu.facts.aarch32:
        return
    m.store(vcpu, "spsr_abt", m.read(SPSR_abt, at="sysreg:92:10"), at="sysreg:92:10")
    m.store(vcpu, "spsr_und", m.read(SPSR_und, at="sysreg:92:20"), at="sysreg:92:20")
    m.store(vcpu, "spsr_irq", m.read(SPSR_irq, at="sysreg:92:30"), at="sysreg:92:30")
    m.store(vcpu, "spsr_fiq", m.read(SPSR_fiq, at="sysreg:92:40"), at="sysreg:92:40")
    m.store(
        vcpu, "dacr32_el2", m.read(DACR32_EL2, at="sysreg:94:10"), at="sysreg:94:10"
    )
    m.store(
        vcpu, "ifsr32_el2", m.read(IFSR32_EL2, at="sysreg:94:22"), at="sysreg:94:22"
    )
    if m.facts.vhe or vcpu.facts.debug_dirty:
        m.store(
            vcpu,
            "dbgvcr32_el2",
            m.read(DBGVCR32_EL2, at="sysreg:96:36"),
            at="sysreg:96:36",
        )


# sysreg:99:9: restore undoes __sysreg32_save_state
def traced___sysreg32_restore_state(m: Machine, vcpu: Vcpu) -> None:
    if not vcpu.facts.aarch32:
        return
    m.write(SPSR_abt, vcpu.spsr_abt, at="sysreg:102:13")
    m.write(SPSR_und, vcpu.spsr_und, at="sysreg:102:23")
    m.write(SPSR_irq, vcpu.spsr_irq, at="sysreg:102:33")
    m.write(SPSR_fiq, vcpu.spsr_fiq, at="sysreg:102:43")
    m.write(DACR32_EL2, vcpu.dacr32_el2, at="sysreg:104:13")
    m.write(IFSR32_EL2, vcpu.ifsr32_el2, at="sysreg:104:25")
    if m.facts.vhe or vcpu.facts.debug_dirty:
        m.write(DBGVCR32_EL2, vcpu.dbgvcr32_el2, at="sysreg:106:39")


# sysreg:111:6: save
def traced___sysreg_save_state_nvhe(m: Machine, ctxt: Ctxt) -> None:
    __sysreg_save_el1_state(m, ctxt)
    __sysreg_save_common_state(m, ctxt)
    __sysreg_save_user_state(m, ctxt)
    __sysreg_save_el2_return_state(m, ctxt)


# sysreg:118:9: restore undoes __sysreg_save_state_nvhe
def traced___sysreg_restore_state_nvhe(m: Machine, ctxt: Ctxt) -> None:
    __sysreg_restore_el1_state(m, ctxt)
    __sysreg_restore_common_state(m, ctxt)
    __sysreg_restore_user_state(m, ctxt)
    __sysreg_restore_el2_return_state(m, ctxt)


# sysreg:127:6: save
def traced_sysreg_save_host_state_vhe(m: Machine, ctxt: Ctxt) -> None:
    __sysreg_save_common_state(m, ctxt)


# sysreg:129:6: save
def traced_sysreg_save_guest_state_vhe(m: Machine, ctxt: Ctxt) -> None:
    __sysreg_save_common_state(m, ctxt)
    __sysreg_save_el2_return_state(m, ctxt)


# sysreg:134:9: restore undoes sysreg_save_host_state_vhe
def traced_sysreg_restore_host_state_vhe(m: Machine, ctxt: Ctxt) -> None:
    __sysreg_restore_common_state(m, ctxt)


# sysreg:138:9: restore undoes sysreg_save_guest_state_vhe
def traced_sysreg_restore_guest_state_vhe(m: Machine, ctxt: Ctxt) -> None:
    __sysreg_restore_common_state(m, ctxt)
    __sysreg_restore_el2_return_state(m, ctxt)


# ---- sequences


def __sysreg_save_common_state(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced___sysreg_save_common_state(m, ctxt)
        return
    values = m.values
    set_mdscr_el1(ctxt, values[28])


def __sysreg_save_user_state(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced___sysreg_save_user_state(m, ctxt)
        return
    values = m.values
    set_tpidr_el0(ctxt, values[20])
    set_tpidrro_el0(ctxt, values[21])


def __sysreg_save_el1_state(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced___sysreg_save_el1_state(m, ctxt)
        return
    values = m.values
    set_csselr_el1(ctxt, values[24])
    set_sctlr_el1(ctxt, values[0])
    set_cpacr_el1(ctxt, values[1])
    set_ttbr0_el1(ctxt, values[2])
    set_ttbr1_el1(ctxt, values[3])
    set_tcr_el1(ctxt, values[4])
    set_esr_el1(ctxt, values[9])
    set_afsr0_el1(ctxt, values[10])
    set_afsr1_el1(ctxt, values[11])
    set_far_el1(ctxt, values[12])
    set_mair_el1(ctxt, values[5])
    set_vbar_el1(ctxt, values[13])
    set_contextidr_el1(ctxt, values[7])
    set_amair_el1(ctxt, values[6])
    set_cntkctl_el1(ctxt, values[25])
    set_par_el1(ctxt, values[8])
    set_tpidr_el1(ctxt, values[22])
    if ctxt.facts.mte:
        set_tfsr_el1(ctxt, values[26])
        set_tfsre0_el1(ctxt, values[27])
    set_sp_el1(ctxt, values[23])
    set_elr_el1(ctxt, values[14])
    set_spsr_el1(ctxt, values[15])


def __sysreg_save_el2_return_state(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced___sysreg_save_el2_return_state(m, ctxt)
        return
    values = m.values
    set_pc(ctxt, values[16])
    if not m.facts.vhe and ctxt.facts.host:
        set_saved_state(ctxt, values[17])
    if m.facts.ras:
        set_disr_el1(ctxt, values[19])


def __sysreg_restore_common_state(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced___sysreg_restore_common_state(m, ctxt)
        return
    values = m.values
    values[28] = ctxt.mdscr_el1 & 0x4000FECE8F041


def __sysreg_restore_user_state(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced___sysreg_restore_user_state(m, ctxt)
        return
    values = m.values
    values[20] = ctxt.tpidr_el0
    values[21] = ctxt.tpidrro_el0


def __sysreg_restore_el1_state(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced___sysreg_restore_el1_state(m, ctxt)
        return
    values = m.values
    values[18] = (ctxt.mpidr_el1 & 0xFF41FFFFFF) | 0x80000000
    values[24] = ctxt.csselr_el1 & 31
    if m.facts.vhe or not m.facts.speculative_at:
        values[0] = ctxt.sctlr_el1 & 0xFFFFFFFFFFFDFFFF
        values[4] = ctxt.tcr_el1 & 0x3FFFFFF7FFFFFFBF
    elif not ctxt.facts.host:
        values[4] = ((ctxt.tcr_el1 & 0x3FFFFFF7FF7FFF3F) | 0x800000) | 0x80
    values[1] = ctxt.cpacr_el1 & 0x13330000
    values[2] = ctxt.ttbr0_el1
    values[3] = ctxt.ttbr1_el1
    values[9] = ctxt.esr_el1 & 0xFFFFFFFFFFFFFF
    values[10] = ctxt.afsr0_el1
    values[11] = ctxt.afsr1_el1
    values[12] = ctxt.far_el1
    values[5] = ctxt.mair_el1
    values[13] = ctxt.vbar_el1 & 0xFFFFFFFFFFFFF801
    values[7] = ctxt.contextidr_el1 & 0xFFFFFFFF
    values[6] = ctxt.amair_el1
    values[25] = ctxt.cntkctl_el1 & 0xE03FF
    values[8] = ctxt.par_el1
    values[22] = ctxt.tpidr_el1
    if ctxt.facts.mte:
        values[26] = ctxt.tfsr_el1 & 3
        values[27] = ctxt.tfsre0_el1 & 3
    if not m.facts.vhe and m.facts.speculative_at and ctxt.facts.host:
        values[0] = ctxt.sctlr_el1 & 0xFFFFFFFFFFFDFFFF
        values[4] = ctxt.tcr_el1 & 0x3FFFFFF7FFFFFFBF
    values[23] = ctxt.sp_el1
    values[14] = ctxt.elr_el1
    values[15] = ctxt.spsr_el1 & 0x1FFFFFFFFF


def __sysreg_restore_el2_return_state(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced___sysreg_restore_el2_return_state(m, ctxt)
        return
    values = m.values
    pstate: u64 = ctxt.saved_state
    mode: u64 = (pstate & 15) | (((pstate >> 4) & 1) << 4)
    if not mode & 16 and mode >= 8:
        pstate = 0x100009
    values[16] = ctxt.pc
    values[17] = pstate & 0x1FFFFFFFFF
    if m.facts.ras:
        values[19] = ctxt.disr_el1 & 0x81FFFFFF


def __sysreg32_save_state(m: Machine, vcpu: Vcpu) -> None:
    if m.tracing:
        traced___sysreg32_save_state(m, vcpu)
        return
    values = m.values
    if not vcpu.facts.aarch32:
        return
    set_spsr_abt(vcpu, values[33])
    set_spsr_und(vcpu, values[34])
    set_spsr_irq(vcpu, values[32])
    set_spsr_fiq(vcpu, values[35])
    set_dacr32_el2(vcpu, values[29])
    set_ifsr32_el2(vcpu, values[30])
    if m.facts.vhe or vcpu.facts.debug_dirty:
        set_dbgvcr32_el2(vcpu, values[31])


def __sysreg32_restore_state(m: Machine, vcpu: Vcpu) -> None:
    if m.tracing:
        traced___sysreg32_restore_state(m, vcpu)
        return
    values = m.values
    if not vcpu.facts.aarch32:
        return
    values[33] = vcpu.spsr_abt & 0xFFFFFFFF
    values[34] = vcpu.spsr_und & 0xFFFFFFFF
    values[32] = vcpu.spsr_irq & 0xFFFFFFFF
    values[35] = vcpu.spsr_fiq & 0xFFFFFFFF
    values[29] = vcpu.dacr32_el2 & 0xFFFFFFFF
    values[30] = vcpu.ifsr32_el2 & 0x1163F
    if m.facts.vhe or vcpu.facts.debug_dirty:
        values[31] = vcpu.dbgvcr32_el2 & 0xDE0000DE


def __sysreg_save_state_nvhe(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced___sysreg_save_state_nvhe(m, ctxt)
        return
    values = m.values
    set_csselr_el1(ctxt, values[24])
    set_sctlr_el1(ctxt, values[0])
    set_cpacr_el1(ctxt, values[1])
    set_ttbr0_el1(ctxt, values[2])
    set_ttbr1_el1(ctxt, values[3])
    set_tcr_el1(ctxt, values[4])
    set_esr_el1(ctxt, values[9])
    set_afsr0_el1(ctxt, values[10])
    set_afsr1_el1(ctxt, values[11])
    set_far_el1(ctxt, values[12])
    set_mair_el1(ctxt, values[5])
    set_vbar_el1(ctxt, values[13])
    set_contextidr_el1(ctxt, values[7])
    set_amair_el1(ctxt, values[6])
    set_cntkctl_el1(ctxt, values[25])
    set_par_el1(ctxt, values[8])
    set_tpidr_el1(ctxt, values[22])
    if ctxt.facts.mte:
        set_tfsr_el1(ctxt, values[26])
        set_tfsre0_el1(ctxt, values[27])
    set_sp_el1(ctxt, values[23])
    set_elr_el1(ctxt, values[14])
    set_spsr_el1(ctxt, values[15])
    set_mdscr_el1(ctxt, values[28])
    set_tpidr_el0(ctxt, values[20])
    set_tpidrro_el0(ctxt, values[21])
    set_pc(ctxt, values[16])
    if not m.facts.vhe and ctxt.facts.host:
        set_saved_state(ctxt, values[17])
    if m.facts.ras:
        set_disr_el1(ctxt, values[19])


def __sysreg_restore_state_nvhe(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced___sysreg_restore_state_nvhe(m, ctxt)
        return
    values = m.values
    values[18] = (ctxt.mpidr_el1 & 0xFF41FFFFFF) | 0x80000000
    values[24] = ctxt.csselr_el1 & 31
    if m.facts.vhe or not m.facts.speculative_at:
        values[0] = ctxt.sctlr_el1 & 0xFFFFFFFFFFFDFFFF
        values[4] = ctxt.tcr_el1 & 0x3FFFFFF7FFFFFFBF
    elif not ctxt.facts.host:
        values[4] = ((ctxt.tcr_el1 & 0x3FFFFFF7FF7FFF3F) | 0x800000) | 0x80
    values[1] = ctxt.cpacr_el1 & 0x13330000
    values[2] = ctxt.ttbr0_el1
    values[3] = ctxt.ttbr1_el1
    values[9] = ctxt.esr_el1 & 0xFFFFFFFFFFFFFF
    values[10] = ctxt.afsr0_el1
    values[11] = ctxt.afsr1_el1
    values[12] = ctxt.far_el1
    values[5] = ctxt.mair_el1
    values[13] = ctxt.vbar_el1 & 0xFFFFFFFFFFFFF801
    values[7] = ctxt.contextidr_el1 & 0xFFFFFFFF
    values[6] = ctxt.amair_el1
    values[25] = ctxt.cntkctl_el1 & 0xE03FF
    values[8] = ctxt.par_el1
    values[22] = ctxt.tpidr_el1
    if ctxt.facts.mte:
        values[26] = ctxt.tfsr_el1 & 3
        values[27] = ctxt.tfsre0_el1 & 3
    if not m.facts.vhe and m.facts.speculative_at and ctxt.facts.host:
        values[0] = ctxt.sctlr_el1 & 0xFFFFFFFFFFFDFFFF
        values[4] = ctxt.tcr_el1 & 0x3FFFFFF7FFFFFFBF
    values[23] = ctxt.sp_el1
    values[14] = ctxt.elr_el1
    values[15] = ctxt.spsr_el1 & 0x1FFFFFFFFF
    values[28] = ctxt.mdscr_el1 & 0x4000FECE8F041
    values[20] = ctxt.tpidr_el0
    values[21] = ctxt.tpidrro_el0
    pstate: u64 = ctxt.saved_state
    mode: u64 = (pstate & 15) | (((pstate >> 4) & 1) << 4)
    if not mode & 16 and mode >= 8:
        pstate = 0x100009
    values[16] = ctxt.pc
    values[17] = pstate & 0x1FFFFFFFFF
    if m.facts.ras:
        values[19] = ctxt.disr_el1 & 0x81FFFFFF


def sysreg_save_host_state_vhe(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced_sysreg_save_host_state_vhe(m, ctxt)
        return
    values = m.values
    set_mdscr_el1(ctxt, values[28])


def sysreg_save_guest_state_vhe(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced_sysreg_save_guest_state_vhe(m, ctxt)
        return
    values = m.values
    set_mdscr_el1(ctxt, values[28])
    set_pc(ctxt, values[16])
    if not m.facts.vhe and ctxt.facts.host:
        set_saved_state(ctxt, values[17])
    if m.facts.ras:
        set_disr_el1(ctxt, values[19])


def sysreg_restore_host_state_vhe(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced_sysreg_restore_host_state_vhe(m, ctxt)
        return
    values = m.values
    values[28] = ctxt.mdscr_el1 & 0x4000FECE8F041


def sysreg_restore_guest_state_vhe(m: Machine, ctxt: Ctxt) -> None:
    if m.tracing:
        traced_sysreg_restore_guest_state_vhe(m, ctxt)
        return
    values = m.values
    values[28] = ctxt.mdscr_el1 & 0x4000FECE8F041
    pstate: u64 = ctxt.saved_state
    mode: u64 = (pstate & 15) | (((pstate >> 4) & 1) << 4)
    if not mode & 16 and mode >= 8:
        pstate = 0x100009
    values[16] = ctxt.pc
    values[17] = pstate & 0x1FFFFFFFFF
    if m.facts.ras:
        values[19] = ctxt.disr_el1 & 0x81FFFFFF


# ---- by the names in the source

#: The classes of handles.
HANDLES: dict[str, type[Context]] = {"ctxt": Ctxt, "vcpu": Vcpu}

#: What has no body here, and needs a behaviour where it is called.
EXTERNS: tuple[str, ...] = ()

#: The sequences.
SEQUENCES: dict[str, Callable[..., object]] = {
    "__sysreg_save_common_state": __sysreg_save_common_state,
    "__sysreg_save_user_state": __sysreg_save_user_state,
    "__sysreg_save_el1_state": __sysreg_save_el1_state,
    "__sysreg_save_el2_return_state": __sysreg_save_el2_return_state,
    "__sysreg_restore_common_state": __sysreg_restore_common_state,
    "__sysreg_restore_user_state": __sysreg_restore_user_state,
    "__sysreg_restore_el1_state": __sysreg_restore_el1_state,
    "__sysreg_restore_el2_return_state": __sysreg_restore_el2_return_state,
    "__sysreg32_save_state": __sysreg32_save_state,
    "__sysreg32_restore_state": __sysreg32_restore_state,
    "__sysreg_save_state_nvhe": __sysreg_save_state_nvhe,
    "__sysreg_restore_state_nvhe": __sysreg_restore_state_nvhe,
    "sysreg_save_host_state_vhe": sysreg_save_host_state_vhe,
    "sysreg_save_guest_state_vhe": sysreg_save_guest_state_vhe,
    "sysreg_restore_host_state_vhe": sysreg_restore_host_state_vhe,
    "sysreg_restore_guest_state_vhe": sysreg_restore_guest_state_vhe,
}
