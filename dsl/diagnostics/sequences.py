"""VGS050 to VGS069: sequences, their promises, and what surrounds them."""

from __future__ import annotations

from dsl.diagnostics.base import Diagnostic


class BrokenPromise(Diagnostic):
    """The kind of a sequence is a promise over the slots that mirror a register.

    `save` and `deactivate` run on the way out: they never overwrite a mirrored register before
    its slot has been written on that path. `restore` and `activate` run on the way in: they
    never overwrite a mirrored slot before it has been restored to its register on that path.

    What to do: save (or restore) first, or call it a `sequence`, which promises nothing.

        save f(vcpu) {
            ICH_VMCR_EL2 <- 0         // the guest's value is lost
            save vgic_vmcr
        }
    """

    code = "VGS050"
    title = "the promise of the kind is broken"


class UnbalancedLock(Diagnostic):
    """A lock is taken while it is held, a `return` or `leave` would end the block that holds it,
    or something that needs a lock is called without it.

    What to do: hold the lock once, around just what needs it; let the block end before leaving.
    """

    code = "VGS051"
    title = "lock not balanced"


class NoOrder(Diagnostic):
    """A barrier in a sequence does not say what it orders. A barrier whose purpose is not written
    down cannot be checked, and the next person dares neither move nor remove it.

    What to do: add `orders A before B`.

        isb orders ICC_SRE_EL1 before writes of ICH_VMCR_EL2
    """

    code = "VGS052"
    title = "a barrier must say what it orders"


class BadBarrier(Diagnostic):
    """A `dsb` or `dmb` has an option that does not exist.

    The options are an access type for a shareability domain: sy, st, ld (full system), ish, ishst,
    ishld (inner shareable), osh, oshst, oshld (outer shareable), nsh, nshst, nshld (this PE).
    """

    code = "VGS053"
    title = "unknown barrier option"


class Misplaced(Diagnostic):
    """A statement stands where it cannot: `may` outside a lifecycle, `return` in a lifecycle, a
    `hypcall` of something that is not called that way, a condition of a sequence in a rule.

    Rules are about the architecture, so they name registers, groups and endpoints and never a
    context, a condition or a sequence.
    """

    code = "VGS054"
    title = "cannot stand here"


class NoHandle(Diagnostic):
    """A slot, or a condition that is not fixed per machine, belongs to somebody (a vcpu), and the
    sequence has no parameter, or more than one, that could be meant.

    What to do: add the parameter (`f(vcpu)`), or say which one: `host.used_lrs`.
    """

    code = "VGS055"
    title = "whose slot?"


class Recursive(Diagnostic):
    """A sequence calls itself, perhaps through others. Register sequences are finite: their cost
    and every path through them must be known.
    """

    code = "VGS056"
    title = "sequence calls itself"


class BadPartner(Diagnostic):
    """`undoes NAME` names the sequence that this one is the inverse of, and the two cannot be a
    pair: one saves and the other must restore, one activates and the other must deactivate.
    """

    code = "VGS057"
    title = "no such pair"


class NotDefined(Diagnostic):
    """A sequence is declared without its block, which promises that an importing module defines
    it, and in this program none does, or one with another signature.
    """

    code = "VGS058"
    title = "declared and not defined"


class EmptyRange(Diagnostic):
    """A range has its bounds the wrong way round, or a `match` repeats a case, or its falling cases
    are not in descending order.
    """

    code = "VGS059"
    title = "range or cases out of order"
