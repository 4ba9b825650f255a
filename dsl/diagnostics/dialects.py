"""VGS070 to VGS079: how a tree spells things in C, and VGS080: the project file."""

from __future__ import annotations

from dsl.diagnostics.base import Diagnostic, Severity


class NotAPattern(Diagnostic, frozen=True):
    """A dialect pattern is one expression, lvalue, declaration or signature of the
    target language. It has no `;`, no braces, no comment, no preprocessor line and
    no control keyword, and its brackets balance: otherwise C, and with it meaning,
    would move into the dialect.

    What to do: say it in the sequence; if the language cannot, that is a reason to
    grow it.

        op warn is "do { WARN_ON($condition); } while (0)"
    """

    code = "VGS070"
    title = "more than a pattern"


class UsedOnce(Diagnostic, frozen=True):
    """A pattern that is more than a name, a path of names, a macro applied to its
    arguments, or one of these compared with another (`$vcpu->kind == V2`) is used
    at a single place, so it is not a spelling but a piece of one function's code.

    Judged when the modules that use the dialect are checked in the same run.

    What to do: write it in the sequence, or as a more general pattern.

        CNTV_CTL_EL0.ENABLE is "read_sysreg(cntv_ctl_el0) & 1"    // one place
    """

    code = "VGS071"
    title = "pattern used once"
    severity = Severity.WARNING


class UnknownVariable(Diagnostic, frozen=True):
    """A pattern uses a `$name` that this role does not have. The message lists those
    it has.

    What to do: use one of those. Owners of contexts are variables everywhere, as
    `$vcpu`.

        read register is "read_sysreg($value)"            // a read has a $register
    """

    code = "VGS072"
    title = "unknown variable in a pattern"


class NoSpelling(Diagnostic, frozen=True):
    """A sequence that a file of the dialect holds uses something that the dialect does
    not spell: a condition, a field's mask, a type, a register access.

    What to do: add the spelling; the message says which line would do.

        when vhe { … }                // needs: vhe is "has_vhe()"
    """

    code = "VGS073"
    title = "no spelling"


class NoFile(Diagnostic, frozen=True):
    """No file of the dialect holds this sequence, so it would be missing in the C.

    What to do: add its name, or a glob that matches it, to the `holds` list of a
    file.

        file "arch/arm64/kvm/hyp/timer-sr.c" holds __timer_* {}
        sequence timer_init() { … }   // begins with no __
    """

    code = "VGS074"
    title = "no file holds this sequence"


class TwoFiles(Diagnostic, frozen=True):
    """Two files of the dialect hold this sequence, so it would be defined twice.

    What to do: narrow one of the globs.

        file "timer.c" holds __timer_* {}
        file "debug.c" holds __*_init {}                  // and __timer_init?
    """

    code = "VGS075"
    title = "two files hold this sequence"


class SpeltTwice(Diagnostic, frozen=True):
    """A dialect spells one thing twice in one scope. The narrower scope wins (named
    functions, then the file, then everywhere), but within one scope there is one
    spelling.

    What to do: remove one, or move it to the scope it is meant for.

        vhe is "has_vhe()"
        vhe is "is_kernel_in_hyp_mode()"
    """

    code = "VGS076"
    title = "spelt twice"


class BadProject(Diagnostic, frozen=True):
    """The project file vgs.toml is not TOML, or has a key or a value that is not
    understood, or names a file that is not there.

    What to do: compare with docs/project.md; the
    message names the key.

        souces = ["sequences"]        # sources
    """

    code = "VGS080"
    title = "project file not understood"
