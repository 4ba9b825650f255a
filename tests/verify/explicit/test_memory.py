"""Steps that are shared: the same as each taken for itself, and taken far less often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

import dsl
from dsl.verify.configurations import configurations, machine_of
from dsl.verify.explicit import MOST
from dsl.verify.explicit.explored import Explored
from dsl.verify.explicit.memory import Memory, Place
from dsl.verify.explicit.stepping import Taken
from dsl.verify.explicit.tables import GONE, KEYS, Table, Tables, Watched
from dsl.verify.findings import Configuration
from dsl.verify.owned import Data, Owned

FAULTS = Path(__file__).parents[3] / "examples" / "faults"


class Counting(Memory[Taken]):
    """Counts the steps that are taken; ``forgets`` everything, so that each is."""

    def __init__(self, tables: Tables, *, forgets: bool) -> None:
        super().__init__(tables)
        self.forgets, self.taken = forgets, 0

    def find(self, begin: object, tables: Sequence[Table]) -> Taken | None:
        return None if self.forgets else super().find(begin, tables)

    def keep(
        self, begin: object, tables: Sequence[Table], reads: Iterable[Place], came: Taken
    ) -> None:
        self.taken += 1
        super().keep(begin, tables, reads, came)


def explored(file: Path, *, forgets: bool) -> tuple[list[object], int]:
    """All that the explorations of a program show, and how many steps were taken for that."""
    program = dsl.load(file).program
    owned = Owned(program)
    memory = Counting(Tables(owned.data), forgets=forgets)
    machines: dict[Configuration, list[Configuration]] = {}
    for each in configurations(program):
        machines.setdefault(machine_of(program, each), []).append(each)
    found: list[object] = []
    for kinds in machines.values():
        for lifecycle in program.lifecycles:
            made = Explored(owned, kinds, lifecycle.name, MOST, True, memory)
            explored = made.exploration
            found.append([(s.key, s.held, s.depth, s.step.lines) for s in explored.states])
            found += [
                (e.start, e.end, e.owner, e.outcome and (e.outcome.lines, e.outcome.happenings))
                for e in explored.edges
            ]
            found += [(number, o.lines, o.wrong, o.hazards) for number, o in explored.wrong]
            found.append(list(made.suspicions()))
    return found, memory.taken


@pytest.mark.parametrize("name", ["par_el1/wrong", "pmscr_el1/wrong", "vtimer/right"])
def test_steps_that_are_shared_show_what_each_would_show(name: str) -> None:
    shared, fewer = explored(FAULTS / f"{name}.vgs", forgets=False)
    alone, all_of_them = explored(FAULTS / f"{name}.vgs", forgets=True)
    assert shared == alone
    assert fewer < all_of_them


def test_what_a_step_asks_for_decides_and_nothing_else_does() -> None:
    memory: Memory[str] = Memory(Tables(Data()))
    memory.keep("go", (Table(a=1), Table(b=2)), [(0, "a"), (1, "b")], "one way")
    memory.keep("go", (Table(a=3), Table()), [(0, "a")], "another")
    memory.keep("go", (Table(c=4), Table()), [(0, "a"), (0, KEYS)], "a third")
    assert memory.find("go", (Table(a=1, x=5), Table(b=2))) == "one way"
    assert memory.find("go", (Table(a=3), Table())) == "another"
    assert memory.find("go", (Table(c=4), Table())) == "a third"
    assert memory.find("go", (Table(a=1), Table(b=3))) is None
    assert memory.find("come", (Table(a=1), Table(b=2))) is None


def test_a_step_asks_for_what_it_has_not_made_itself() -> None:
    reads: dict[tuple[int, object], None] = {}
    table = Watched(7, {"a": 1, "b": 2, "c": 3}, reads)
    table["a"] = 5
    assert (table["a"], table.get("d"), "b" in table) == (5, None, True)
    del table["c"]
    assert list(reads) == [(7, "d"), (7, "b"), (7, "c")]
    assert (list(table), len(table)) == (["a", "b"], 2)
    assert (7, KEYS) in reads
    tables = Tables(Data())
    before = tables.table({"a": 1, "b": 2, "c": 3})
    assert table.made == [("a", 5), ("c", GONE)]
    with pytest.raises(KeyError):
        del table["c"]
    assert tables.table(dict(before)) is before


def test_whoever_iterates_asks_for_everything() -> None:
    reads: dict[tuple[int, object], None] = {}
    assert sum(Watched(0, {"a": 1, "b": 2}, reads).values()) == 3
    assert list(reads) == [(0, KEYS), (0, "a"), (0, "b")]
