"""VGS040 to VGS049: types, widths and constants."""

from __future__ import annotations

from dsl.diagnostics.base import Diagnostic


class TypeMismatch(Diagnostic, frozen=True):
    """An expression has one type where another is needed: a truth value in a sum, a
    handle where a number belongs.

    Integers are truth values where a condition stands (not zero is true). A truth
    value is never a number.

    What to do: compare (`x == 1`), or branch: `when vhe { … } else { … }`.

        ICH_HCR_EL2 <- vhe            // a truth value: the register takes a number
    """

    code = "VGS040"
    title = "types do not fit"


class OutOfRange(Diagnostic, frozen=True):
    """A constant does not fit where it goes: a field, a register, a slot, a declared
    range.

    What to do: check the constant and the width.

        ICH_LR<0>_EL2.State <- 4      // State has two bits
    """

    code = "VGS041"
    title = "constant out of range"


class LosesBits(Diagnostic, frozen=True):
    """A register's value goes into something narrower, and the bits that do not fit
    are not RES0: they would be lost, and what is saved is not what comes back.

    What to do: make the slot or the local as wide as the register. A narrower one
    is allowed only where every lost bit is RES0.

        vgic_lr[16] : u32 mirrors ICH_LR<n>_EL2    // bits 63:48 hold the state
    """

    code = "VGS042"
    title = "bits would be lost"


class IndexOutOfRange(Diagnostic, frozen=True):
    """A constant index is outside a bank, an array or a family of fields; or something
    that has no elements is indexed; or something that has is used without an index.

    What to do: compare with the range in the declaration: both its ends are
    included.

        DBGBVR<16>_EL1 <- 0           // DBGBVR<n>_EL1 for n in 0..15
    """

    code = "VGS043"
    title = "index out of range"


class WrongArguments(Diagnostic, frozen=True):
    """A call has too many or too few arguments for what it calls.

    What to do: compare with the declaration, which the note shows.

        sequence set_timer(vcpu, value : u64) { … }
        sequence arm(vcpu) { set_timer(vcpu) }            // which value?
    """

    code = "VGS044"
    title = "wrong number of arguments"


class NoValue(Diagnostic, frozen=True):
    """A value is needed and there is none: a call of something that returns nothing, a
    `return` without a value in a sequence that promises one, or a path that ends
    without a `return`. Also the reverse: a `return` with a value where the sequence
    promises none.

    What to do: say what is returned (`f() -> u64`), and return it on every path.

        sequence counter() -> u64 {
            when vhe { return CNTVCT_EL0 }                // and otherwise?
        }
    """

    code = "VGS045"
    title = "value missing or not wanted"


class NotConstant(Diagnostic, frozen=True):
    """Bits, encodings, resets, ranges and what a scenario assumes must be known when
    the file is read: nothing that is only known when a sequence runs can stand
    there.

    What to do: write a number, or an expression of numbers, of constants (and of
    the index of a bank).

        register CNTP_CTL_EL0 : width { ENABLE [0] }      // width is no number
    """

    code = "VGS046"
    title = "not a constant"


class NotLinked(Diagnostic, frozen=True):
    """`save` and `restore` move a slot to or from the register that it `mirrors` or
    `feeds`, and this slot does neither; or a field is picked of something that is
    linked to no register.

    What to do: declare the link in the context, or write the move out: `slot <-
    REGISTER`.

        context debug of vcpu { mdscr : u64 }
        save save_debug(vcpu) { save mdscr }              // from which register?
    """

    code = "VGS047"
    title = "slot is linked to no register"


class LinkShape(Diagnostic, frozen=True):
    """An array of slots is linked to a single register, a single slot to a whole bank,
    or to a bank with another number of elements.

    What to do: give the array as many elements as the bank has.

        bvr[8] : u64 mirrors DBGBVR<n>_EL1                // a bank of 16
    """

    code = "VGS048"
    title = "slot and register differ in shape"
