"""VGS050 to VGS069: sequences, their promises, and what surrounds them."""

from __future__ import annotations

from dsl.diagnostics.base import Diagnostic


class BrokenPromise(Diagnostic, frozen=True):
    """The kind of a sequence is a promise over the slots that mirror a register.

    `save` and `deactivate` run on the way out: they never overwrite a mirrored
    register before its slot has been written on that path. `restore` and `activate`
    run on the way in: they never overwrite a mirrored slot before it has been
    restored to its register on that path.

    A constant is no saved value. What one branch on a fixed condition has moved, a
    later branch on the same condition has moved too.

    What to do: save (or restore) first. If memory decides on the value, as on the
    host's while the guest runs, link the slot by `feeds`. Or call it a
    `sequence`, which promises nothing.

        save f(vcpu) {
            ICH_VMCR_EL2 <- 0         // the guest's value is lost
            save vgic_vmcr
        }
    """

    code = "VGS050"
    title = "the promise of the kind is broken"


class UnbalancedLock(Diagnostic, frozen=True):
    """A lock is taken while it is held, a `return` or `leave` would end the block that
    holds it, or something that needs a lock is called without it.

    What to do: hold the lock once, around just what needs it; let the block end
    before leaving.

        holding timer_lock {
            when masked { return }    // and who lets go?
        }
    """

    code = "VGS051"
    title = "lock not balanced"


class NoOrder(Diagnostic, frozen=True):
    """A barrier in a sequence does not say what it orders. A barrier whose purpose is
    not written down cannot be checked, and the next person dares neither move nor
    remove it.

    What to do: add `orders A before B`.

        isb orders ICC_SRE_EL1 before writes of ICH_VMCR_EL2
    """

    code = "VGS052"
    title = "a barrier must say what it orders"


class BadBarrier(Diagnostic, frozen=True):
    """A `dsb` or `dmb` has an option that does not exist, or a sequence or a rule has
    `exception` or `eret`: these are part of an exception, and nobody asks for them.

    The options are an access type for a shareability domain: sy, st, ld (full
    system), ish, ishst, ishld (inner shareable), osh, oshst, oshld (outer
    shareable), nsh, nshst, nshld (this PE).

    What to do: choose one of them: the weakest that still orders what it must.

        dsb(full) orders writes of TTBR0_EL1 before reads of SCTLR_EL1
    """

    code = "VGS053"
    title = "unknown barrier option"


class Misplaced(Diagnostic, frozen=True):
    """A statement stands where it cannot (`may` outside a lifecycle, `return` in one,
    `trap` outside an operation, a slot in `boot`), a name of the hypervisor stands
    in a rule, or what is saved or restored is no slot.

    An `operation` is what the hardware does: software cannot call it, and it can
    call no software, has no barriers and takes no locks. Only an actor of a
    scenario, a model, a lifecycle, `boot` or another operation calls it.

    Rules are about the architecture, so they name registers, groups and endpoints
    and never a context, a condition or a sequence. So do the two sides of a
    barrier.

    What to do: move the statement into a sequence, and call that; name the register
    instead.

        rule r : practice "seen" { CNTV_CTL_EL0 only while vhe effective }
    """

    code = "VGS054"
    title = "cannot stand here"


class NoHandle(Diagnostic, frozen=True):
    """A slot, or a condition that is not fixed per machine, belongs to somebody (a
    vcpu), and the sequence has no parameter, or more than one, that could be meant.
    A condition that is defined by slots of two owners belongs to nobody either.
    Where a module sees several owners, `condition … of vcpu per vm` says whose a
    fact is; without it, it is one about the machine.

    What to do: add the parameter (`f(vcpu)`), or say which one: `host.used_lrs`.

        save save_timer() { save cntv_ctl }               // of which vcpu?
    """

    code = "VGS055"
    title = "whose slot?"


class Recursive(Diagnostic, frozen=True):
    """A sequence calls itself, perhaps through others. Register sequences are finite:
    their cost and every path through them must be known.

    What to do: write a loop: `each i below n { … }`.

        sequence drain() { drain() }
    """

    code = "VGS056"
    title = "sequence calls itself"


class BadPartner(Diagnostic, frozen=True):
    """`undoes NAME` names the sequence that this one is the inverse of, and the two
    cannot be a pair: one saves and the other must restore, one activates and the
    other must deactivate. Both are called for the same owner.

    What to do: name the other one, or mend the kind.

        activate timer_on(vcpu) { … }
        restore timer_back(vcpu) undoes timer_on { … }
    """

    code = "VGS057"
    title = "no such pair"


class NotDefined(Diagnostic, frozen=True):
    """A sequence is declared without its block, which promises that an importing
    module defines it, and in this program none does, or one with another signature.
    Or a `model` has another signature than the extern, or the condition, that it
    says something of; or an operation or a model has no block.

    What to do: define it with the same kind, parameters and result, or import the
    module that does. A model of a condition takes its owner, if it has one, and
    returns its value.

        save save_timer(vcpu)         // and nobody says how
    """

    code = "VGS058"
    title = "declared and not defined"


class EmptyRange(Diagnostic, frozen=True):
    """A range has its bounds the wrong way round, or a `match` repeats a case, or its
    falling cases are not in descending order.

    What to do: write the lower bound first (both ends are included), each case
    once, and falling cases from the highest down.

        each n in 3..0 { TIMER<n>_EL2 <- 0 }
    """

    code = "VGS059"
    title = "range or cases out of order"


class Unreachable(Diagnostic, frozen=True):
    """A statement stands behind one that never lets it run: every branch of that
    one ends in a `return`, a `leave` or a `fail`. What never runs protects nothing,
    and hides that from a reader.

    Or a step of a lifecycle, or a branch in it, has a condition that no machine
    fulfils, whatever the values of what it asks about; what is assumed to be so is
    shown. Or a scenario goes on to a phase to which nothing leads any more. Or what
    is assumed contradicts itself, so that there is no machine at all.

    What to do: remove it, or move it before the jump or into the branch that it
    belongs to; mend the condition, the assumption or the lifecycle.

        when vhe { return } else { return }
        ICH_HCR_EL2 <- 0              // never reached
    """

    code = "VGS060"
    title = "never reached"
