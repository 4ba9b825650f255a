"""VGS100 to VGS119: what a verification shows."""

from __future__ import annotations

from dsl.diagnostics.base import Diagnostic, Severity


class NotYetVisible(Diagnostic, frozen=True):
    """Somebody looks at a register, and does not surely see a write that came before:
    a barrier, or one link of a chain of barriers, is missing between the two. In
    the history that is shown the old value is seen, and something goes wrong
    because of it.

    What to do: put the barriers that the rule asks for between the two ends.

        save vmcr        // a store of the guest's, through memory, may not be in it
        dsb(sy) then isb orders guest_mmio before reads of ICH_VMCR_EL2
        save vmcr        // now it is
    """

    code = "VGS100"
    title = "write is not surely visible"


class StateLost(Diagnostic, frozen=True):
    """What a guest, or the host for it, put into a slot or into the register that it
    mirrors is not what the guest, or the host, finds there later: it was
    overwritten before it was saved, not saved, not restored, or put somewhere else.

    What to do: follow the history that is shown to the step that loses it.

        save leave(vcpu) { save apr0 }                 // and apr1?
        restore enter(vcpu) { restore apr0, apr1 }     // an old one comes back
    """

    code = "VGS101"
    title = "guest's state is lost"


class StateLeaks(Diagnostic, frozen=True):
    """A guest finds in a register what another guest, or itself earlier, had there,
    and nothing gave it back to it: neither a restore nor a constant.

    What to do: restore the register, or clear it, on each path into the guest.

        each i below used { restore lr[i] }    // and those above?
    """

    code = "VGS102"
    title = "another guest's state is there"


class InvariantBroken(Diagnostic, frozen=True):
    """An `invariant` does not hold at a point of a lifecycle, in the configuration and
    the history that are shown.

    What to do: as the reason of the invariant says; or narrow it, if it asks for
    more than is needed.

        invariant vlpis at guest "they need it" { gicv4 implies ICH_HCR_EL2.En }
    """

    code = "VGS103"
    title = "invariant does not hold"


class RuleNotKept(Diagnostic, frozen=True):
    """An access comes where a rule of the platform does not let it: while something is
    not in force (`only while … effective`), or after what it should come before.
    What the hardware then does is not stated, so there is no wrong value to show.

    What to do: as the source of the rule says; `vgs explain RULE` prints it.

        ICC_SRE_EL2.SRE <- 1
        let free = ICH_ELRSR_EL2    // may trap: an isb is missing
    """

    code = "VGS104"
    title = "rule is not kept"


class StopsHere(Diagnostic, frozen=True):
    """A history leads to an `assert` that does not hold, to a `fail`, to a lock that
    is taken twice or not held where an extern needs it, or to an access that does
    not exist.

    What to do: follow the history that is shown.

        assert irqs_off    // and who masks them?
    """

    code = "VGS105"
    title = "the machine stops"


class Differs(Diagnostic, frozen=True):
    """Two programs that are to do the same do not: from the same start, and on the
    same path, somebody who looks at a register or at memory finds another value.
    The history that is shown runs on both.

    What to do: mend the one that is wrong, or declare the difference.

        differs to before at host "it stays enabled over trips" { ICH_HCR_EL2.En }
    """

    code = "VGS106"
    title = "programs differ"


class Broader(Diagnostic, frozen=True):
    """A `differs` allows more than there is: a phase, a register, a field or a
    condition under which the two programs are never different.

    What to do: narrow it to what the message says, so that it hides nothing else.

        differs to before at host, away "…" { ICH_HCR_EL2 }       // En, at host?
        differs to before at host "…" { ICH_HCR_EL2.En }
    """

    code = "VGS107"
    title = "difference is declared broader than needed"


class BitsLost(Diagnostic, frozen=True):
    """A register is read, changed and written back, and bits that were not meant are
    changed too: somebody wrote it in between, or the value is of another time.

    What to do: read it where it is changed: `REGISTER.FIELD <- value`.

        let old = ICH_HCR_EL2
        ICH_HCR_EL2.UIE <- 1
        ICH_HCR_EL2 <- old with En = 0      // UIE is lost
    """

    code = "VGS108"
    title = "update loses other bits"


class TooWeak(Diagnostic, frozen=True):
    """A barrier says what it orders, and does not do what a rule asks for there.

    What to do: use the barriers that the rule names, in its order.

        dsb(st) orders guest_mmio before reads of LRs     // needs dsb(nsh), isb
    """

    code = "VGS110"
    title = "barrier is too weak for what it orders"


class OrdersNothing(Diagnostic, frozen=True):
    """A barrier says what it orders, and on no path is there something of both
    sides: nothing of the first before it, or nothing of the second after it.
    What the barrier has ordered when it came the last time does not count.

    What to do: remove it, move it, or correct what it says.

        restore bvr[0]
        isb orders writes of BCR<n> before MDSCR_EL1    // none is written
    """

    code = "VGS111"
    title = "barrier orders nothing"
    severity = Severity.WARNING


class NoBarrier(Diagnostic, frozen=True):
    """A rule asks for barriers between two accesses of one path, and there are none,
    or not in its order.

    What to do: put them between the two.

        ICH_LR0_EL2 <- 0
        let free = ICH_ELRSR_EL2      // status_after_write: needs isb
    """

    code = "VGS112"
    title = "barrier is missing"


class OtherGuard(Diagnostic, frozen=True):
    """A control register is written under a condition that has nothing to do with
    what the register controls: where the condition does not hold, what needs it
    is left out.  Or it has all that memory feeds it when a guest first runs,
    something of that is taken away on the way out, and on a path nobody gives it
    again.

    What to do: write it where it is needed, under the conditions of those who
    need it.

        when used_lrs { ICH_HCR_EL2 <- vgic_hcr }     // and the traps in it?
    """

    code = "VGS113"
    title = "guarded by an unrelated condition"


class OneKindOnly(Diagnostic, frozen=True):
    """A register is switched to the guest's on the path of one kind of host, and never
    on that of the other.

    What to do: switch it there too, or say why that kind of host need not.

        when vhe { CNTHCTL_EL2.EL1PCEN <- 0 }      // and a host that is not VHE?
    """

    code = "VGS114"
    title = "switched for one kind of host only"


class NotGivenBack(Diagnostic, frozen=True):
    """A register is overwritten and, on some path, does not get the value back
    that it had: another path writes it back and this one does not; the host uses
    the register, and nobody kept what it had there; or a guest's value is lost
    before it is saved.

    What to do: keep the value, and write it back on every path.

        translate(address)      // an AT: it writes PAR_EL1
        save par                // and the guest's value is gone
    """

    code = "VGS115"
    title = "register does not get its value back"


class StaleCopy(Diagnostic, frozen=True):
    """A slot is read while the register that it mirrors holds the newer value:
    between a restore and the next save the value in memory is an old one.
    Another restore reads it too: what was not saved is overwritten with it.

    What to do: save first, or read the register.

        restore vmcr
        let mask = vmcr.VPMR      // the guest may have changed it
    """

    code = "VGS116"
    title = "copy in memory is not current"


class OrderBroken(Diagnostic, frozen=True):
    """A sequence says that a barrier orders two accesses, or a rule says that one
    comes before the other, and on some path they come the other way round.  A
    rule is asked within one phase of a lifecycle, a barrier within one call of
    its sequence.

    What to do: move them, or correct what is said.

        restore apr1[0], apr0[0]    // aprs_in_order: Group 0's come first
    """

    code = "VGS117"
    title = "accesses come in the wrong order"


class UsedTooEarly(Diagnostic, frozen=True):
    """A lifecycle uses what a sequence saves before the sequence has saved it.

    What to do: save it earlier, or let the one who uses it read the register.

        sync { fold(vcpu) }
        put  { save_state(vcpu) }     // fold used the values of the trip before
    """

    code = "VGS118"
    title = "used before it is saved"


class NotAllChecked(Diagnostic, frozen=True):
    """Something was not checked: time or memory ran out, a solver gave no answer, or
    there are more states than were to be looked at. Nothing is known about it.

    What to do: as the message says; allow more, or verify fewer configurations
    (`--set`).
    """

    code = "VGS119"
    title = "not everything was checked"
