"""VGS090 to VGS094: what a run of a scenario shows."""

from __future__ import annotations

from dsl.diagnostics.base import Diagnostic


class ScenarioFails(Diagnostic, frozen=True):
    """A scenario does not hold: in at least one of the histories that it leaves
    open, an expectation, an invariant or an assertion is false at this place.

    What to do: `vgs run MODULE --scenario TITLE` prints the shortest such history.
    If it is known and wanted in one program, say so there.

        scenario "an idle trip touches no register" fails "the next patch does it"
    """

    code = "VGS090"
    title = "scenario does not hold"


class CannotBeRun(Diagnostic, frozen=True):
    """A scenario asks for what the machine or its lifecycle does not have: a phase
    that nothing leads to, somebody who may not act there, a sequence that nothing
    defines, an extern of which nobody says what it does; or the run does not end.
    It says nothing about whether the scenario holds.

    What to do: as the message says; mostly, run the module that defines the rest.

        scenario "put comes first" { run put, load }    // nothing leads back
    """

    code = "VGS091"
    title = "scenario cannot be run"


class NoSuchMachine(Diagnostic, frozen=True):
    """What is given contradicts an `assume`: no machine and no VM is configured so.
    Where `given any` leaves several configurations open, those that contradict are
    not tried, and this is said only if none is left.

    What to do: give something else, or correct the assumption.

        assume lists "1 to 16 list registers" { ICH_VTR_EL2.ListRegs <= 15 }
        scenario "seventeen" { given ICH_VTR_EL2.ListRegs = 16 }
    """

    code = "VGS092"
    title = "no machine is configured so"


class HoldsAfterAll(Diagnostic, frozen=True):
    """A module says that a scenario `fails`, and it holds in every history.

    What to do: remove the line, or find out why the scenario does not show any
    more what it was written for.

        scenario "an idle trip touches no register" fails "every trip saves"
    """

    code = "VGS093"
    title = "scenario holds, and should not"


class Undecided(Diagnostic, frozen=True):
    """A scenario leaves more histories open than were tried, and it held in those.

    What to do: allow more (`--most N`), or leave less open: give a value instead of
    `any`, or split the scenario.

        given any vhe, any sre, any ICH_VTR_EL2.PREbits    // 2 * 2 * 8
    """

    code = "VGS094"
    title = "too many histories to try all"
