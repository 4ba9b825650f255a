"""Small programs of writes, looks and barriers: what comes out, against axioms and each other."""

from __future__ import annotations

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.run import oracle
from tests.run.machines import Bench
from tests.run.machines import outcomes as explored
from tests.run.oracle import DOES, Barrier, Model, Read, Step, Write

#: What no other one does more than.
STRONGER = {a: [b for b in DOES if DOES[a] < DOES[b]] for a in DOES}

# Few values, so that different writes may look the same.
writes = st.one_of(
    st.builds(Write, st.just("software"), st.sampled_from((0x00, 0x11, 0x12)), st.just(0xFF)),
    st.builds(
        Write,
        st.just("device"),
        st.sampled_from((0x00, 0x11, 0x22)),
        st.sampled_from((0xFF, 0x0F)),
    ),
    st.builds(Write, st.just("hardware"), st.just(0x33), st.just(0xF0)),
)
reads = st.builds(Read, st.sampled_from(("software", "through", "device", "hardware")))
barriers = st.builds(Barrier, st.sampled_from(sorted(DOES)))
steps = st.lists(st.one_of(writes, writes, reads, reads, barriers), max_size=8).filter(
    lambda made: 1 <= sum(isinstance(s, Write) for s in made) <= 4
    and 1 <= sum(isinstance(s, Read) for s in made) <= 4
)
chains = st.sampled_from(
    (
        ("isb", "dsb(nsh)"),
        ("dsb(nsh)", "isb"),
        ("isb",),
        ("dsb(ish)",),
        ("isb", "dsb(nshst)"),
        ("dmb(nsh)", "isb"),
    )
)
models = st.builds(Model, there=chains, back=chains, status=st.booleans())


def perform(bench: Bench, program: list[Step]) -> tuple[int, ...]:
    """Does the steps on a machine; gives what each look saw."""
    seen = []
    for step in program:
        match step:
            case Write(who="software", value=value):
                bench.write("A", value)
            case Write(who=who, value=value, mask=mask):
                bench.change("A", value, who, mask)
            case Read(who="software"):
                seen.append(bench.read("A"))
            case Read(who="through"):
                seen.append(bench.read("S"))
            case Read(who=who):
                seen.append(bench.see("A", who))
            case Barrier(text=text):
                bench.barriers(text)
    return tuple(seen)


def outcomes(model: Model, program: list[Step]) -> set[tuple[int, ...]]:
    return set(explored(model.text(), lambda bench: perform(bench, program)))  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(model=models, program=steps)
@example(  # A store buffer: neither sees the other's write.
    Model(), [Write("software", 1), Write("device", 2, 0x0F), Read("software"), Read("device")]
)
@example(
    Model(),
    [
        Write("device", 0x11),
        Write("device", 0x22),
        Write("software", 0x22),
        Read("software"),
        Read("software"),
        Read("through"),
    ],
)
def test_what_comes_out_is_what_the_axioms_allow_and_all_of_it(
    model: Model, program: list[Step]
) -> None:
    assert outcomes(model, program) == oracle.outcomes(model, program)


@settings(max_examples=60, deadline=None)
@given(model=models, program=steps, at=st.integers(0, 8), barrier=barriers)
def test_one_more_barrier_adds_no_outcome(
    model: Model, program: list[Step], at: int, barrier: Barrier
) -> None:
    more = [*program[:at], barrier, *program[at:]]
    assert outcomes(model, more) <= outcomes(model, program)


@settings(max_examples=60, deadline=None)
@given(model=models, program=steps, data=st.data())
def test_a_stronger_barrier_adds_no_outcome(
    model: Model, program: list[Step], data: st.DataObject
) -> None:
    weak = [n for n, s in enumerate(program) if isinstance(s, Barrier) and STRONGER[s.text]]
    assume(weak)
    at = data.draw(st.sampled_from(weak))
    step = program[at]
    assert isinstance(step, Barrier)
    stronger = Barrier(data.draw(st.sampled_from(STRONGER[step.text])))
    more = [*program[:at], stronger, *program[at + 1 :]]
    assert outcomes(model, more) <= outcomes(model, program)


@settings(max_examples=60, deadline=None)
@given(model=models, program=steps)
def test_the_benign_run_is_the_one_in_which_everything_is_visible_at_once(
    model: Model, program: list[Step]
) -> None:
    value, seen = 0, []
    for step in program:
        if isinstance(step, Write):
            value = value & ~step.mask | step.value & step.mask
        elif isinstance(step, Read):
            seen.append(value)
    assert perform(Bench(model.text()), program) == tuple(seen)


@settings(max_examples=60, deadline=None)
@given(model=models, program=steps, who=reads)
def test_nobody_sees_an_older_value_after_a_newer_one(
    model: Model, program: list[Step], who: Read
) -> None:
    """With one writer of ever greater values, no observer's looks ever go down."""
    rising: list[Step] = [
        Write("software", n) if isinstance(s, Write) else who if isinstance(s, Read) else s
        for n, s in enumerate(program, 1)
    ]
    for seen in outcomes(model, rising):
        assert list(seen) == sorted(seen)


@settings(max_examples=60, deadline=None)
@given(model=models, program=steps)
def test_after_isb_dsb_isb_everybody_sees_the_same(model: Model, program: list[Step]) -> None:
    everybody = [Read("software"), Read("through"), Read("device"), Read("hardware")]
    done = [*program, *map(Barrier, ("isb", "dsb(sy)", "isb")), *everybody]
    for seen in outcomes(model, done):
        assert len(set(seen[-4:])) == 1


@settings(max_examples=40, deadline=None)
@given(model=models, program=steps)
def test_software_sees_its_own_newest_write_if_nobody_else_writes(
    model: Model, program: list[Step]
) -> None:
    alone = [s for s in program if not isinstance(s, Write) or s.who == "software"]
    alone = [Read("software") if isinstance(s, Read) else s for s in alone]
    (only,) = outcomes(model, alone)
    assert only == perform(Bench(model.text()), alone)
