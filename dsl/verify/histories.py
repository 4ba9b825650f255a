"""Histories as scenarios: their text, and the run in which something wrong is seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from dsl.ir import lifecycle as l
from dsl.ir.program import Program
from dsl.ir.shapes import MACHINE, Period, RegisterRef
from dsl.ir.ways import Graph, Node, graph
from dsl.run.choices import Choices
from dsl.run.errors import RunError, Trapped
from dsl.run.permits import mays
from dsl.run.registers import changes
from dsl.run.scenarios import Run
from dsl.run.world import owner_of
from dsl.verify.configurations import text as configured
from dsl.verify.findings import Configuration, Witness
from dsl.verify.owned import Owned
from dsl.verify.subject import Subject
from dsl.verify.visible import add, endpoints, seen_by

TITLE = "what was found"


def told(witness: Witness, title: str = TITLE) -> str:
    """A witness as a scenario, laid out."""
    params = f" ({', '.join(witness.params)})" if witness.params else ""
    lines = [line for step in witness.steps for line in step.splitlines()]
    body = "\n".join(f"    {line}" for line in lines)
    return f'scenario "{title}"{params} {{\n{body}\n}}\n'


def joined(lines: Iterable[str]) -> tuple[str, ...]:
    """The steps of a scenario: runs put together, and nothing said again that holds already."""
    found: list[str] = []
    holds: dict[str, str] = {}
    for line in lines:
        name = line.split(" ", 1)[0]
        if name == "run" and found and found[-1].startswith("run "):
            found[-1] = f"{found[-1]}, {line.removeprefix('run ')}"
            continue
        if "return" in line or ("<-" in line and holds.get(name) is not None):
            if holds.get(name) == line:
                continue
            holds[name] = line
        found.append(line)
    return tuple(found)


def directed(found: Graph, steps: Iterable[str]) -> list[str]:
    """The steps of a history that names each phase it comes through, so that a run comes through
    these and no other: of an `either` it would take the first alternative that leads on."""
    at: dict[str, int] = {}
    made = []
    for step in steps:
        if not step.startswith("run "):
            made.append(step)
            continue
        visits = []
        for visit in step.removeprefix("run ").split(", "):
            goal, _, owner = visit.rstrip(")").partition("(")
            around, way = _direction(found, at.get(owner, 0), goal)
            visits += [*(f"not {name}" for name in around), visit]
            if way:
                at[owner] = way[-1].number
        made.append(f"run {', '.join(visits)}")
    return made


def _direction(found: Graph, start: int, goal: str) -> tuple[list[str], list[Node] | None]:
    """The phases to leave out, for a way to a phase to come through no other, and that way."""
    around: list[str] = []
    first = way = found.way(start, goal)
    while way:
        between = {node.name for node in way[:-1] if node.phase is not None} - {goal}
        if not between:
            return around, way
        around += sorted(between)
        way = found.way(start, goal, around)
    return [], first


@dataclass(slots=True)
class Observed(Run):
    """A run that keeps, after each step, what the owners and the guest could see then."""

    owned: Owned | None = None
    seen: list[dict[str, tuple[int, object]]] = field(default_factory=list)
    #: The bits that each owner's guest has seen in some phase.
    masks: dict[str, dict[str, int]] = field(default_factory=dict)

    def _do(self, step: l.ScenarioStep) -> None:
        self.machine.trace.on = False
        Run._do(self, step)
        self.seen.append(dict(self._places()))

    def _places(self) -> Iterator[tuple[str, tuple[int, object]]]:
        """Each place that holds what is somebody's: by how an expectation names it."""
        assert self.owned is not None
        owner = self.machine.cpu.runs
        if not owner:
            return
        qualifier = f"{owner}." if self.scenario.params else ""
        world = self.machine.world
        for mirror in self.owned.mirrors:
            name = owner if self.scenario.params else owner_of(mirror.slot.root)
            value = world.load(name, mirror.slot, mirror.index)
            yield f"{qualifier}{mirror.name}", (value, mirror.slot)
        masks = self.masks.setdefault(owner, {})
        for element, mask in visible(self, owner, self.owned).items():
            masks[element] = masks.get(element, 0) | mask
            of = self.machine.elements[element]
            yield element, (self.machine.newest(of) & mask, of.register)


def visible(run: Run, owner: str, owned: Owned) -> dict[str, int]:
    """The bits of registers that others may see where an owner is."""
    position = run.positions.get(owner)
    if position is None or not position.open:
        return {}
    phase = run.graphs[position.graph].nodes[position.at].phase
    if phase is None:
        return {}
    watcher = run.watcher(owner)
    found: dict[str, int] = {}
    elements = run.machine.elements
    those = list(mays(phase.body, lambda value: run.executor.value(value, watcher)))
    for may in those:
        for place in may.places:
            if isinstance(place, RegisterRef):
                add(found, place, elements)
    for endpoint in endpoints(those):
        seen = seen_by(run.program, endpoint, elements, owned.by_element, run.machine.holds)
        for name, mask in seen.items():
            found[name] = found.get(name, 0) | mask
    return found


def differing(subject: Subject, witness: Witness, element: str, owned: Owned) -> Witness | None:
    """The history in which a look at an element that is open takes another course, up to where
    something else is seen than in program order, or does not hold; None where nothing else is."""
    scenario = subject.understand(told(witness))
    benign = _observe(subject, scenario, (), owned)
    if benign is None or not benign.ok:
        return None
    for number, choice in enumerate(benign.choices.made):
        words = choice.what.replace(",", " ").split()
        if element not in words:
            continue
        before = tuple(c.taken for c in benign.choices.made[:number])
        for option in range(1, len(choice.options)):
            other = _observe(subject, scenario, (*before, option), owned)
            if other is None:
                continue
            found = _first(benign, other, witness, owned)
            if found is not None:
                return found
            if not other.ok:
                # Nobody sees another value, but what the sources say does not hold.
                said = other.failures[0].message
                return replace(witness, seen=said, answers=other.choices.answers)
    return None


def _observe(
    subject: Subject, scenario: l.Scenario, script: tuple[int, ...], owned: Owned
) -> Observed | None:
    run = Observed(subject.program, scenario, Choices(script), owned=owned)
    try:
        run.go()
    except (RunError, Trapped):
        return None
    return run


def _first(benign: Observed, other: Observed, witness: Witness, owned: Owned) -> Witness | None:
    """The first step after which something is not as it should be, of what a guest ever sees."""
    elements = {m.name: m.element for m in owned.mirrors}
    for number, (right, wrong) in enumerate(zip(benign.seen, other.seen, strict=False)):
        for name, (value, of) in right.items():
            owner, _, place = name.rpartition(".")
            masks = benign.masks.get(owner or next(iter(benign.masks), ""), {})
            mask = masks.get(elements.get(place, place), -1)
            if name in wrong and (wrong[name][0] ^ value) & mask:
                got = wrong[name][0] & mask
                return _shown(witness, number, name, value & mask, got, of, other)
    return None


def _shown(
    witness: Witness, number: int, name: str, right: int, wrong: int, of: object, run: Observed
) -> Witness:
    register = getattr(of, "link", None)
    shape = register.register.register if register is not None else of
    fields = changes(shape, right, wrong)  # type: ignore[arg-type]
    if fields:
        field_name, want, got = fields[0]
        place = f"{name}.{field_name}"
    else:
        place, want, got = name, hex(right), hex(wrong)
    steps = _steps_until(witness.steps, number)
    return replace(
        witness,
        steps=(*steps, f"expect {place} == {want}"),
        seen=f"{place} is {got}, and not {want}",
        answers=run.choices.answers,
    )


def _steps_until(steps: Sequence[str], number: int) -> Sequence[str]:
    """The steps of a scenario up to its ``number``-th, as it is counted when it is run."""
    found: list[str] = []
    count = -1
    for step in steps:
        if step.startswith("given "):
            found.append(step)
            count += len(step.removeprefix("given ").split(", "))
            continue
        if step.startswith("run "):
            visits = step.removeprefix("run ").split(", ")
            kept = []
            for visit in visits:
                kept.append(visit)
                if visit.startswith("not "):
                    continue
                count += 1
                if count == number:
                    break
            found.append("run " + ", ".join(kept))
        else:
            found.append(step)
            count += 1
        if count >= number:
            break
    return found


def replays(subject: Subject, witness: Witness) -> bool:
    """Whether a history ends in something that does not hold, run as anybody can run it."""
    scenario = subject.understand(told(witness))
    run = Run(subject.with_scenario(scenario), scenario, Choices(witness.answers))
    try:
        run.go()
    except (RunError, Trapped):
        return False
    return not run.ok


def givens(
    program: Program, machine: Configuration, owners: Sequence[tuple[str, Configuration]]
) -> str:
    """The ``given`` of a machine and of its owners, by their names ("" for the only one).

    It is empty where there are no conditions.
    """
    per = {c.name: c.period for c in program.conditions.values()}
    facts = [(n, v) for n, v in machine if per[n] is Period.MACHINE]
    for name, configuration in owners:
        prefix = f"{name}." if name else ""
        facts += [(f"{prefix}{n}", v) for n, v in configuration if per[n] is not Period.MACHINE]
    return f"given {configured(tuple(facts))}" if facts else ""


def root_of(program: Program) -> str:
    """The kind of owner that a program has contexts of, if it has any."""
    return next((c.root for c in program.contexts.values() if c.root != MACHINE), "")


def names_of_owners(program: Program) -> list[str]:
    """Names for the owners of a history that nothing else in the program has."""
    taken = {
        *program.slots,
        *program.conditions,
        *program.sequences,
        *program.operations,
        *program.externs,
        *program.registers,
        *program.endpoints,
        *program.contexts,
        *program.locks,
        *(c.name for m in program.modules for c in m.constants),
        *(g.name for m in program.modules for g in m.groups),
        *(n for each in program.lifecycles for n in graph(each).names()),
    }
    root = root_of(program) or "owner"
    each = [*"abcdefgh", *(f"{root}_{number}" for number in range(1, 100))]
    return [name for name in each if name not in taken]
