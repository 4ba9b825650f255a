"""Which neighbours may change places, by their accesses and by what runs of both orders show."""

from random import Random

import pytest

from dsl.mutation.commuting import Commuting
from dsl.run.choices import Choices, explore
from dsl.run.errors import RunError
from dsl.run.events import Kind
from dsl.run.scenarios import Run
from tests.mutation.small import LIFE, PLATFORM, made, program

RELATED = PLATFORM + """
register MODE : 64 at (3, 3, 15, 1, 0) reset 0 { ON [0] OFF [1] res0 [63:2] }
register SEES : 64 ro at (3, 3, 15, 1, 1) { IT [0] = LIM<0>.V == 0 res0 [63:1] }
register KIND : 64 ro at (3, 3, 15, 1, 2) { BIG [0] res0 [63:1] }
register TOLD : 64 ro at (3, 3, 15, 1, 3) { IT [0] res0 [63:1] }
register BENT : 64 at (3, 3, 15, 1, 4) reset 0 { V [1:0] becomes 1 when LIM<1>.V == 0 res0 [63:2] }
register LEVEL : 64 reset 0 { V [0] res0 [63:1] }
context more of vcpu { full : u64 seen : u64 one : u64 two : u64 }
condition filled = full != 0 per test
condition once per test
rule on_first : architecture "Things, section 3" { writes of CTL only while MODE.ON effective }
rule in_order : architecture "Things, section 4" { CMP<2> before writes of LIM<2> }
rule pushed : architecture "Things, section 5" {
    writes of CMP<3> visible to reads of LIM<3> needs isb
    others visible to reads of CMP<1>, LIM<1> needs isb
}
rule above : architecture "Things, section 6" { BENT only while LEVEL.V effective }
hypcall enters { LEVEL.V <- 1 exception } leaves { LEVEL.V <- 0 eret }
sequence up(vcpu) { BENT <- 2 }
sequence over(vcpu) { restore cmp[0] }
sequence pick(vcpu) -> u64 { let x : u64 = LIM<3> return x }
sequence other(vcpu) { restore lim[0] }
"""


def never(old, new):
    """Nobody says of a barrier that its place is nobody's to see."""
    return False


def always(old, new):
    """Wherever a barrier is, it is nobody's to see."""
    return True


def swap(tmp_path, text, platform=RELATED, life=LIFE):
    whole = f"restore begin(vcpu) {{ {text} }}\nsave finish(vcpu) {{ save ctl }}\n"
    of = program(tmp_path, whole, platform, life)
    (mutant,) = made(of, "swap")
    return of, mutant


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("restore cmp[0], cmp[1]", True),
        ("restore cmp[0] restore lim[0]", True),
        ("restore cmp[0] CMP<0> <- 0", False),
        ("CMP<0> <- 0 save cmp[0]", False),
        ("ctl <- 0 restore ctl", False),
        ("each i below used { restore cmp[i] } restore cmp[1]", False),
        ("each i below used { restore cmp[i] } restore lim[1]", True),
        ("each i below used { restore cmp[i] } used <- 0", False),
        ("match ctl { 1 { save cmp[0] } } match ctl { 1 { save cmp[1] } }", True),
        ("when vhe { restore ctl } restore lim[0]", True),
        ("when vhe { restore cmp[0] } when not vhe { CMP<0> <- 0 }", True),
        ("when open { restore cmp[0] } when not vhe { CMP<0> <- 0 }", False),
        # A condition may be another each time, or be what the other one has written.
        ("when once { restore cmp[0] } when once { restore cmp[1] }", False),
        ("when filled { restore cmp[0] } restore cmp[1]", True),
        ("full <- 1 restore lim[0]", False),
        # Two reads of what others change see more and more; what is always so, they see alike.
        ("one <- TOLD two <- TOLD", False),
        ("one <- KIND two <- KIND", True),
        ("save lim[0] one <- LIM<0>", False),
        # By what they hold, and by rules.
        ("restore ctl MODE <- 1", False),
        ("restore ctl MODE.OFF <- 1", True),
        ("restore ctl MODE.ON <- 1", False),
        ("save ctl MODE <- 1", True),
        ("restore cmp[0] MODE <- 1", True),
        ("restore lim[0] CTL <- SEES", False),
        ("restore lim[1] BENT <- 2", False),
        ("restore lim[1] one <- BENT", True),
        ("restore cmp[2] restore lim[2]", False),
        ("save lim[2] restore cmp[2]", True),
        ("restore cmp[3] save lim[3]", False),
        ("restore cmp[3] restore lim[3]", True),
        ("save cmp[1] save lim[1]", True),
        # What is called.
        ("over(vcpu) restore lim[1]", True),
        ("over(vcpu) restore cmp[0]", False),
        ("one <- pick(vcpu) restore lim[3]", False),
        ("one <- pick(vcpu) restore lim[2]", True),
        ("holding queue { wait(vcpu) } restore cmp[0]", False),
    ],
)
def test_the_order_of_neighbours(tmp_path, text, swapped):
    of, mutant = swap(tmp_path, text, RELATED + "extern told_it(vcpu) { writes TOLD }\n")
    assert Commuting(of.program, never).same(of.program, mutant.program) is swapped


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("restore ctl isb orders writes of CTL before others", True),
        ("hypcall over(vcpu) hypcall other(vcpu)", True),
        ("hypcall up(vcpu) hypcall over(vcpu)", True),
        # Only between hypcalls is what they change on their way nobody's.
        ("hypcall over(vcpu) BENT <- 2", False),
        ("hypcall over(vcpu) one <- LEVEL", False),
        ("hypcall over(vcpu) restore cmp[0]", False),
    ],
)
def test_where_a_barrier_is_it_must_be_nobodys_to_see(tmp_path, text, swapped):
    of, mutant = swap(tmp_path, text)
    assert not Commuting(of.program, never).same(of.program, mutant.program)
    assert Commuting(of.program, always).same(of.program, mutant.program) is swapped


# ---- what runs show

_TRIP = """
lifecycle on_cpu {
    enter { begin(vcpu) }
    guest { may change CTL, timers, TOLD }
    exit { finish(vcpu) }
}
scenario "a trip" {
    given vhe, not open, once, used = 2, ctl = 5, full = 1
    run enter
    guest { CMP<1> <- 9 }
    run exit
}
"""

_PIECES = (
    "restore ctl", "save ctl", "CTL.MASK <- 1", "MODE <- 1", "MODE.OFF <- 1", "MODE.ON <- 1",
    "restore cmp[0]", "save cmp[0]", "restore cmp[1]", "CMP<1> <- 7", "restore cmp[2]",
    "restore cmp[3]", "save cmp[3]", "restore lim[0]", "LIM<0> <- 1", "LIM<1> <- 1", "LIM<1> <- 0",
    "save lim[0]", "restore lim[2]", "save lim[3]", "restore lim[3]", "one <- SEES", "two <- SEES",
    "one <- BENT", "BENT <- 2", "BENT <- 3", "full <- 0", "full <- 2", "used <- 1",
    "when filled { CMP<0> <- 4 }", "when vhe { CMP<2> <- 1 }", "when not vhe { CMP<0> <- 1 }",
    "each i below used { restore cmp[i] }", "match full { 1 { LIM<3> <- 2 } else { CMP<3> <- 2 } }",
    "over(vcpu)", "one <- pick(vcpu)", "two <- pick(vcpu)",
)  # fmt: skip


def shown(whole, most=48):
    """All that runs come to: memory, registers, and which rules they do not keep."""
    (scenario,) = (each for module in whole.modules for each in module.scenarios)
    found = set()

    def go(choices: Choices) -> None:
        run = Run(whole, scenario, choices)
        stopped = ""
        try:
            run.go()
        except RunError as error:
            stopped = error.message
        hazards = frozenset(
            (event.what.partition(",")[0], event.why.rpartition("(")[2])
            for event in run.machine.trace.events
            if event.kind is Kind.HAZARD
        )
        cells = tuple((n, c.newest) for n, c in run.machine.cpu.cells.items())
        slots = tuple(sorted((k, str(v)) for k, v in run.machine.world.slots.items()))
        found.add((cells, slots, hazards, stopped))

    done = sum(1 for _ in explore(go, most))
    return found if done < most else None


@pytest.mark.parametrize("seed", range(4))
def test_what_is_proved_to_commute_shows_the_same_in_runs(tmp_path, seed):
    random = Random(seed)
    compared = differ = 0
    for number in range(30):
        folder = tmp_path / str(number)
        folder.mkdir()
        before, after = random.sample(_PIECES, 2), random.sample(_PIECES, 2)
        pair = random.sample(_PIECES, 2)
        text = " ".join((*before, *pair, *after))
        whole = f"restore begin(vcpu) {{ {text} }}\nsave finish(vcpu) {{ save cmp[2] }}\n"
        of = program(folder, whole, RELATED, _TRIP)
        over = f"`{pair[1]}` comes before `{pair[0]}`"
        found = [m for m in made(of, "swap") if m.change.what.startswith(over)]
        if not found or not Commuting(of.program, never).same(of.program, found[0].program):
            continue
        mutant, *_ = found
        one, other = shown(of.program), shown(mutant.program)
        if one is None or other is None:
            continue
        compared += 1
        differ += len(one) > 1
        assert one == other, text
    assert compared > 5
    assert differ
