"""VGS020 to VGS029: names, and what they stand for."""

from __future__ import annotations

from dsl.diagnostics.base import Diagnostic, Severity


class UnknownName(Diagnostic, frozen=True):
    """Nothing of this name is declared in this module or in what it imports.

    What to do: mend the spelling (the message suggests what is close), declare it,
    or import the module that declares it.

        ICH_HRC_EL2 <- 0              // did you mean `ICH_HCR_EL2`?
    """

    code = "VGS020"
    title = "unknown name"


class DuplicateName(Diagnostic, frozen=True):
    """Two declarations that can be seen at once have one name, so a use of it could
    mean either.

    Names are shared by a module and all it imports, whatever they name: registers,
    slots, conditions, sequences. Fields are names within their register,
    enumerators within their field. A name within a sequence never hides one
    outside.

    What to do: rename one of them; the note shows the first.

        condition masked per trip
        lock masked
    """

    code = "VGS021"
    title = "declared twice"


class WrongKindOfName(Diagnostic, frozen=True):
    """The name is declared, but as something that cannot stand here: a condition where
    a register is written, a register where a lock is held, a field of another
    register.

    What to do: the message says what was found and what is needed here.

        vhe <- 1                      // a fact; sequences cannot change it
    """

    code = "VGS022"
    title = "wrong kind of name"


class Unused(Diagnostic, frozen=True):
    """Something is declared and nothing uses it: dead text that a reader must still
    understand, and often the trace of a mistake elsewhere.

    Names within a sequence are always judged, imports too unless the module is a
    library that only passes them on. Declarations that other modules share are
    judged when the modules that use them are checked in the same run, as `vgs
    check` without a path does; so are the spellings of a dialect, and the globs
    that no sequence's name matches.

    What to do: remove it, or use it.

        let old : u64 = CNTV_CTL_EL0  // and then?
    """

    code = "VGS023"
    title = "never used"
    severity = Severity.WARNING


class UseBeforeDefinition(Diagnostic, frozen=True):
    """A `let` is used above the place that gives it its value, or where it may have
    none: one that is declared without a value gets one on each path.

    What to do: move the `let` up, or the use down; assign a value on every path.

        ICH_HCR_EL2 <- x
        let x : u64 = 1
    """

    code = "VGS024"
    title = "used before it is defined"


class BadHint(Diagnostic, frozen=True):
    """A hint is not one of the closed list, stands at a statement it cannot apply to,
    or names something that is not there. Hints choose between spellings in C that
    mean the same:

        @locals(a, b)   declare these locals at the top of this block, in this order
        @via(name)      take the value through a local of this name
        @braces         braces although one statement needs none
        @parens         parentheses round operands that are operations, as in
                        `a & (~b)`, and round what a return gives
        @grouped        parentheses round the whole value that is moved
        @likely         the condition is usually true (@unlikely: usually false)
        @step           before a change of a `modify` with @via: a statement of its
                        own changes the local (`val |= A`), up to the next @step

    What to do: remove or mend it. A hint never changes what a sequence does.
    """

    code = "VGS025"
    title = "bad hint"
