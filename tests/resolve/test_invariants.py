"""What must not change the meaning of a source, tried on real sources and on made ones."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from helpers import TIMER

from dsl.ir.dump import dump
from dsl.ir.program import Module
from dsl.resolve.workspace import Workspace

SEQUENCES = Path(__file__).parent.parent.parent / "sequences"
REAL = sorted(SEQUENCES.rglob("*.vgs"))
EACH = pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)


def resolved(text: str, *, findings: bool = False) -> Module:
    workspace = Workspace([SEQUENCES, SEQUENCES / "kvm"])
    loaded = workspace.load_text(text, "test.vgs")
    assert findings or [f.message for f in workspace.found] == []
    assert loaded is not None
    return loaded.resolved.module


# ---- hints


_HINT = re.compile(r"@\w+(?:\([^)]*\))?")
_WORDS = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|@\w+(?:\([^)]*\))?')


def without_hints(text: str) -> str:
    """The source with a blank for each character of a hint."""

    def blank(match: re.Match[str]) -> str:
        return " " * len(match[0]) if match[0].startswith("@") else match[0]

    return _WORDS.sub(blank, text)


@EACH
def test_hints_are_not_in_the_ir(path: Path) -> None:
    text = path.read_text()
    assert repr(resolved(text)) == repr(resolved(without_hints(text))), "spans included"


def test_the_real_sources_have_hints() -> None:
    assert any(_HINT.search(path.read_text()) for path in REAL)
    assert "@" not in without_hints("@via(val)\n@locals(i, j) @braces")


# ---- comments and white space


@EACH
def test_comments_and_white_space_are_not_in_the_ir(path: Path) -> None:
    text = path.read_text()
    rng = random.Random(path.name)

    def spread(match: re.Match[str]) -> str:
        # Documentation ends with its line, and declarations keep their lines.
        return "\n" * rng.choice((1, 2)) + " " * rng.choice((0, 4)) if "\n" in match[0] else "  "

    loose = re.sub(r"(?m)^//(?!/)[^\n]*$", "", text)
    pieces = re.split(r'("(?:\\.|[^"\\\n])*"|//[^\n]*)', loose)
    pieces[::2] = [re.sub(r"\s+", spread, piece) for piece in pieces[::2]]
    assert dump(resolved("".join(pieces))) == dump(resolved(text))


# ---- order


DECLARATIONS = [
    '/// What it is.\nplatform timer "A timer"',
    "register CNTV_CTL_EL0 : 32 { ENABLE [0] ON [1] = b and not c res0 [31:2]\n"
    " derive b = c or d\n derive c = d == 1\n derive d = ENABLE }",
    "register MOVING : 32 { layout up when LATER.E { X [0] } layout off when not LATER.E"
    " { Y [0] becomes off.Y & LATER.E } res0 [31:1] }",
    "register LATER : 32 { E [0] res0 [31:1] }",
    "register OTHER : 32 { X [31:0] = CNTV_CTL_EL0.ON }",
    "group ALL = SOME, guest",
    "group SOME = CNTV_CTL_EL0",
    'endpoint guest "through memory" aliases SOME',
    "context cpu of vcpu { used : 0..4 }",
    "context timer_cpu of cpu { ctl : u32 mirrors CNTV_CTL_EL0 }",
    "condition one = two and used > 1 per trip",
    "condition two = three or vhe per trip",
    "condition three = ctl.ENABLE per trip",
    "condition vhe per machine",
    "lock list_lock",
    "extern kick(vcpu) { writes used in 0..2 needs list_lock ensures one }",
    "save keep(vcpu) { when one { save ctl } holding list_lock { kick(vcpu) } }",
    "restore back(vcpu) undoes keep { restore ctl last(vcpu) }",
    "sequence last(vcpu) { used <- 0 isb orders ALL before guest }",
    'rule r : practice "seen" { SOME before guest }',
    "lifecycle life { guest { may change SOME } load { back(vcpu) } }",
    'invariant i at load "why not" { one or two }',
    'scenario "s" { given vhe run load expect one }',
]


@pytest.mark.parametrize("seed", range(20))
def test_declarations_may_come_in_any_order(seed: int) -> None:
    shuffled = list(DECLARATIONS)
    random.Random(seed).shuffle(shuffled)
    made = resolved("\n".join(shuffled))
    plain = resolved("\n".join(DECLARATIONS))
    for name in Module.__struct_fields__:
        parts, others = getattr(made, name), getattr(plain, name)
        if isinstance(parts, tuple) and parts and not isinstance(parts[0], str):
            one = sorted(dump(Module(name="m", **{name: (p,)})) for p in parts)
            other = sorted(dump(Module(name="m", **{name: (p,)})) for p in others)
            assert one == other


# ---- names


RENAMED = """
sequence f(vcpu, {p} : u32) -> u64 {{
    let {x} : u64 = CNTV_CVAL_EL0 + {p}
    each {i} below used {{
        DBGBVR<{i}>_EL1 <- {x}
        bvr[{i}] <- {x} + {i}
    }}
    block {l} {{ when {p} {{ leave {l} }} }}
    assert every {n} in 0..3: (DBGBVR<{n}>_EL1 == {x})
    return {x}
}}
"""


def test_names_of_locals_have_no_meaning() -> None:
    plain = {"p": "p", "x": "x", "i": "i", "l": "l", "n": "n"}
    other = {"p": "number", "x": "sum_", "i": "index", "l": "outside", "n": "k"}
    one = dump(resolved(TIMER + RENAMED.format(**plain)))
    two = dump(resolved(TIMER + RENAMED.format(**other)))
    assert one != two
    for was, is_ in zip(plain.values(), other.values(), strict=True):
        two = re.sub(rf"'{is_}'", f"'{was}'", two)
    assert re.sub(r"\s+", " ", one) == re.sub(r"\s+", " ", two)


# ---- what is written short, written out


COPY = re.compile(r"(?m)\b(save|restore) ((?:vgic_\w+(?:\[\w+\])?(?:, )?)+)(?= *[}\n])")
LINKS = {
    "vgic_hcr": "ICH_HCR_EL2",
    "vgic_vmcr": "ICH_VMCR_EL2",
    "vgic_sre": "ICC_SRE_EL1",
    "vgic_ap0r": "ICH_AP0R<{}>_EL2",
    "vgic_ap1r": "ICH_AP1R<{}>_EL2",
    "vgic_lr": "ICH_LR<{}>_EL2",
}


def written_out(text: str) -> str:
    """A source of the reference case with each `save` and `restore` as a plain move."""

    def moves(match: re.Match[str]) -> str:
        made = []
        for slot in match[2].split(", "):
            name, _, index = slot.rstrip("]").partition("[")
            register = LINKS[name].format(index)
            made.append(f"{slot} <- {register}" if match[1] == "save" else f"{register} <- {slot}")
        return " ".join(made)

    return COPY.sub(moves, text)


@pytest.mark.parametrize("name", ["common", "before", "after"])
def test_copies_written_out_as_moves_are_the_same(name: str) -> None:
    text = (SEQUENCES / "kvm" / f"{name}.vgs").read_text()
    moves = written_out(text)
    assert moves.count("<-") > text.count("<-")
    assert not re.search(r"\b(save|restore) vgic", moves)
    assert dump(resolved(moves)) == dump(resolved(text))
