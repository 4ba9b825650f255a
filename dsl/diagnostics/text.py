"""VGS001 to VGS019: what can be wrong with a file as text and as syntax."""

from __future__ import annotations

from dsl.diagnostics.base import Diagnostic


class MissingFile(Diagnostic, frozen=True):
    """A file that was named, or a module that is imported, is not there.

    `import a.b` looks for `a/b.vgs` beside the importing file, and then in each
    folder that `sources` names in vgs.toml.

    What to do: check the spelling of the path; if the module lives elsewhere, add
    its folder to `sources` in vgs.toml.

        import platfroms.gicv3        // there is platforms/gicv3.vgs
    """

    code = "VGS001"
    title = "file not found"


class NotReadable(Diagnostic, frozen=True):
    """A file is there but cannot be read as a source: it is a folder, it may not be
    opened, or it is too large to be a vgs source (the limit is 8 MiB; a hundred
    thousand lines are about 4).

    What to do: name a `.vgs` file, mend its permissions, or split it. To check what
    another program writes, let it write to standard input, and name `-`.
    """

    code = "VGS002"
    title = "file cannot be read"


class NotUtf8(Diagnostic, frozen=True):
    """A source file is UTF-8 text, and this one has a byte sequence that is not.

    What to do: save the file as UTF-8. The place shown is the first offending byte;
    it counts from the start of the line, in characters.
    """

    code = "VGS003"
    title = "not UTF-8"


class NulByte(Diagnostic, frozen=True):
    """A source file holds a NUL byte, which no editor writes on purpose: the file is
    probably not text (UTF-16, or a binary).

    What to do: save the file as UTF-8 text.
    """

    code = "VGS004"
    title = "NUL byte"


class ImportCycle(Diagnostic, frozen=True):
    """Modules import each other in a circle, so neither can be read before the other.

    What to do: move what both need into a third module that both import. A sequence
    that is defined by whoever imports this module can be declared here without its
    block:

        save __vgic_v3_save_state(vcpu)       // defined in before.vgs and after.vgs
    """

    code = "VGS005"
    title = "modules import each other"


class TooDeep(Diagnostic, frozen=True):
    """Blocks, parentheses or operators are nested deeper than a person could read, and
    deeper than the tools are made for (100 levels; 1000 arms of one `when`).

    What to do: name parts with `let`, or split the sequence.
    """

    code = "VGS006"
    title = "nested too deeply"


class UnexpectedCharacter(Diagnostic, frozen=True):
    """No word of the language begins with this character.

    What to do: remove it. A string must be closed on the line it starts on;
    comments start with `//`, documentation with `///`.

        let x = y;                    // statements end without a semicolon
    """

    code = "VGS010"
    title = "unexpected character"


class UnexpectedWord(Diagnostic, frozen=True):
    """This word cannot stand here. The message says which could.

    What to do: compare with the grammar (`grammar/vgs.lark`); the mistake is often
    just before the place shown.

        when used_lrs                 // a block must follow: when used_lrs { … }
        restore vgic_hcr
    """

    code = "VGS011"
    title = "unexpected word"


class Unfinished(Diagnostic, frozen=True):
    """A keyword follows where the statement or declaration before it still misses
    something, so it was probably left unfinished; or a keyword was used where a
    name belongs.

    What to do: finish what comes before the keyword; if it was meant as a name,
    choose another: keywords are never names.

        dsb(st) orders guest_mmio before      // before what?
        save vgic_vmcr
    """

    code = "VGS012"
    title = "unfinished before a keyword"


class KeywordAsName(Diagnostic, frozen=True):
    """A declaration uses a word of the language as a name.

    What to do: choose another name.

        let reads : u32 = ICH_VTR_EL2         // "reads" is a word of the language
    """

    code = "VGS013"
    title = "keyword used as a name"


class UnexpectedEnd(Diagnostic, frozen=True):
    """The file ends in the middle of a declaration: a closing brace or a value is
    missing.

    What to do: close what is open. The place shown is where the unfinished
    declaration begins.
    """

    code = "VGS014"
    title = "file ends too early"


class TooManyErrors(Diagnostic, frozen=True):
    """After 100 errors of syntax in one file the rest of it is not read: it is
    probably not a vgs source at all. Of other findings the first 1000 are shown.

    What to do: mend the first error; the others often follow from it.
    """

    code = "VGS015"
    title = "too many errors"
