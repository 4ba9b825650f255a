"""VGS030 to VGS039: registers, their bits and their fields."""

from __future__ import annotations

from dsl.diagnostics.base import Diagnostic


class OverlappingBits(Diagnostic, frozen=True):
    """Two fields, or two elements of a family of fields, claim the same bit.

    What to do: look the bits up again; every bit belongs to exactly one field or
    reserved range.

        VENG0 [0]
        VENG1 [1:0]
    """

    code = "VGS030"
    title = "bits declared twice"


class UndeclaredBits(Diagnostic, frozen=True):
    """Bits of a register belong to no field and to no reserved range. A hole is where
    a lost bit hides, so every bit is accounted for.

    What to do: declare the field, or `res0 [high:low]` (`res1` where it reads as
    one).

        register CNTKCTL_EL1 : 32 { EL0PCTEN [0] EL0VCTEN [1] res0 [31:10] }
    """

    code = "VGS031"
    title = "bits not declared"


class BitsOutOfRange(Diagnostic, frozen=True):
    """A field lies outside its register, or its bounds are the wrong way round, or the
    elements of a family of fields are not evenly spaced.

    What to do: write `[high:low]` with high at most the width less one.

        register MDSCR_EL1 : 32 { TDCC [32] }
    """

    code = "VGS032"
    title = "bits out of range"


class DuplicateEnumerator(Diagnostic, frozen=True):
    """Two enumerators of one field have the same value, or the same name.

    What to do: look the values up again.

        State [63:62] { Invalid = 0, Pending = 1, Active = 1 }
    """

    code = "VGS033"
    title = "enumerator declared twice"


class BadRegister(Diagnostic, frozen=True):
    """A register's width is not 8, 16, 32 or 64, a bank is empty or far too large, its
    name has no `<n>` for its index, or an encoding has the wrong number of operands
    or operands too large for their place. Or a field of a layout is read-only or
    computed, which only fields that do not move can be, or a bit has another reset
    value in another layout.

    An AArch64 system register is `at (op0, op1, CRn, CRm, op2)`, an AArch32 one `at
    (coproc, opc1, CRn, CRm, opc2) for aarch32`; two lists joined by `then` are the
    two halves, low first.

    What to do: look it up in the document that the platform names.

        register PMCCNTR_EL0 : 63 at (3, 3, 9, 13, 0) { C [62:0] }
    """

    code = "VGS034"
    title = "register cannot be so"


class ReadOnly(Diagnostic, frozen=True):
    """A read-only register, or a field that is read-only, computed or reserved, is
    written.

    What to do: write the register that controls it, or remove the write.

        ICH_VTR_EL2 <- 0              // ICH_VTR_EL2 is read-only
    """

    code = "VGS035"
    title = "write to something read-only"


class WriteOnly(Diagnostic, frozen=True):
    """A write-only register is read, perhaps by the read that a write to one field
    implies.

    What to do: write the whole register.

        register OSLAR_EL1 : 32 wo { OSLK [0] res0 [31:1] }
        sequence lock() { OSLAR_EL1.OSLK <- 1 }    // reads the other bits first
    """

    code = "VGS036"
    title = "read of something write-only"


class SharedEncoding(Diagnostic, frozen=True):
    """Two registers (or elements of banks) have the same encoding on one architecture,
    so one of them is wrong.

    What to do: look the encodings up again.

        register CNTV_CTL_EL0  : 32 at (3, 3, 14, 3, 1) { … }
        register CNTV_CVAL_EL0 : 64 at (3, 3, 14, 3, 1) { … }
    """

    code = "VGS037"
    title = "encoding used twice"


class CircularBehaviour(Diagnostic, frozen=True):
    """A computed field, a derived function, a condition, a group or a context is
    defined by itself, perhaps by way of others.

    What to do: write it in terms of something else: of stored fields, in the end.

        ISTATUS [2] ro = ISTATUS and not IMASK
    """

    code = "VGS038"
    title = "behaviour defined by itself"


class LayoutsMixed(Diagnostic, frozen=True):
    """The layouts of a register are no alternatives: in some state two of them are
    in force, or none, or it cannot be seen that exactly one is. Or one change
    speaks of fields of two layouts, whose bits never have both meanings at once.

    What to do: give the layouts conditions that exclude each other and leave
    nothing out. They may ask for fields of registers: few enough that every state
    can be tried. Change the fields of one layout at a time.

        layout nvhe when not HCR_EL2.E2H { … }
        layout vhe  when HCR_EL2.TGE     { … }    // and with E2H, but without TGE?
    """

    code = "VGS039"
    title = "layouts that are no alternatives"
