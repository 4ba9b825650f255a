"""A small program to mutate, and checkers that are not those of vgs."""

from __future__ import annotations

from pathlib import Path

from dsl.ir import sequence as s
from dsl.ir.walk import statements
from dsl.mutation.judging import Answer, Check, Fault
from dsl.mutation.mutants import Mutant, mutants
from dsl.mutation.operators import OPERATORS
from dsl.mutation.subject import Subject, subject
from dsl.resolve.workspace import Workspace

PLATFORM = """\
platform things "Things that never were, revision 1"

register CTL : 64 at (3, 3, 14, 3, 1) reset 0 {
    ENABLE [0]
    MASK   [1]
    PRIO   [7:4]
    MODE   [9:8] { idle = 0, busy = 1, auto = 2 }
    DEEP   [13:10]
    res0   [3:2], [63:14]
}
register CMP<n> for n in 0..3 : 64 at (3, 3, 14, 4, n) { V [63:0] }
register LIM<n> for n in 0..3 : 64 at (3, 3, 14, 5, n) { V [63:0] }
group timers = CMP<n>, LIM<n>
register ID : 64 ro at (3, 3, 14, 6, 0) { LINES [2:0] COUNT [5:3] res0 [63:6] }
endpoint others "whoever else looks" aliases CTL

context state of vcpu {
    used   : 0..4
    ctl    : u64 mirrors CTL
    cmp[4] : u64 mirrors CMP<n>
    lim[4] : u64 mirrors LIM<n>
}
condition vhe per machine
condition open per vm
lock queue
extern wait(vcpu) { needs queue }
const LINES = 3
"""

LIFE = """
lifecycle on_cpu {
    enter { begin(vcpu) }
    guest { may change CTL, timers }
    exit { finish(vcpu) }
}
"""


def program(folder: Path, text: str, platform: str = PLATFORM, life: str = LIFE) -> Subject:
    """The program of a platform, some sequences and a lifecycle, each in a module."""
    (folder / "things.vgs").write_text(platform)
    (folder / "work.vgs").write_text("import things\n" + text)
    (folder / "life.vgs").write_text("import work\n" + life)
    workspace = Workspace([folder])
    loaded = workspace.load(folder / "life.vgs")
    assert loaded is not None
    workspace.check([loaded])
    errors = [f"{d.span}: {d.message}" for d in workspace.found.sorted() if d.severity == "error"]
    if errors:
        raise AssertionError(errors)
    return subject("life.vgs", workspace.program(loaded), workspace.closure(loaded))


def body(folder: Path, text: str, leave: str = "save ctl") -> Subject:
    """The same for the body of the sequence that enters."""
    text = f"restore begin(vcpu) {{ {text} }}\nsave finish(vcpu) {{ {leave} }}\n"
    return program(folder, text)


def made(of: Subject, name: str) -> list[Mutant]:
    """The mutants of one operator, of the sequence that enters."""
    (operator,) = (o for o in OPERATORS if o.name == name)
    return mutants(of, [operator], ["begin"]).mutants


def bodies(of: Subject, name: str) -> list[str]:
    """What stands in the body of each mutant, on one line."""
    found = []
    for mutant in made(of, name):
        text = mutant.source.text
        inner = text[text.index("{") + 1 : text.index("save finish")].strip()
        found.append(" ".join(inner.removesuffix("}").split()))
    return found


def writes(program_: object, register: str) -> int:
    """How many statements of a program write a register."""
    sequences = program_.sequences.values()  # type: ignore[attr-defined]
    return sum(
        isinstance(each, s.WriteRegister) and each.register.name == register
        for sequence in sequences
        for each in statements(sequence.body)
    )


def wants(register: str, count: int, rule: str = "") -> Check:
    """A checker that wants a register to be written by so many statements.

    It calls its rule like the register, if no other name is given.
    """

    def ask(program_, known, first):
        sequence = program_.sequences["begin"]
        if writes(program_, register) == count:
            return Answer()
        where = sequence.signature.span
        return Answer(
            (Fault("fake", "VGS900", rule or register, where, "not as often as it should"),)
        )

    return Check("fake", ask)
