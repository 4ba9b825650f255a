"""A resolved module, and the program that a module and all it imports make together."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct

from dsl.ir.expr import Expr
from dsl.ir.lifecycle import (
    Assumption,
    Boot,
    Crossing,
    Differs,
    Fails,
    Invariant,
    Lifecycle,
    Scenario,
)
from dsl.ir.platform import (
    Computed,
    Derived,
    Endpoint,
    Group,
    InForce,
    Legalisation,
    Platform,
    Rule,
)
from dsl.ir.sequence import Extern, Lock, Sequence
from dsl.ir.shapes import Condition, Constant, Context, Register, Slot


class Definition(Struct, frozen=True):
    """A condition that is a function of the context."""

    condition: Condition
    value: Expr


class Module(Struct, frozen=True):
    """What one file declares, resolved.  Nothing of a target language is in here."""

    name: str
    imports: tuple[str, ...] = ()
    platforms: tuple[Platform, ...] = ()
    constants: tuple[Constant, ...] = ()
    registers: tuple[Register, ...] = ()
    layouts: tuple[InForce, ...] = ()
    legalisations: tuple[Legalisation, ...] = ()
    computed: tuple[Computed, ...] = ()
    derived: tuple[Derived, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    groups: tuple[Group, ...] = ()
    rules: tuple[Rule, ...] = ()
    contexts: tuple[Context, ...] = ()
    conditions: tuple[Condition, ...] = ()
    definitions: tuple[Definition, ...] = ()
    locks: tuple[Lock, ...] = ()
    externs: tuple[Extern, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    operations: tuple[Sequence, ...] = ()
    models: tuple[Sequence, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    boots: tuple[Boot, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    lifecycles: tuple[Lifecycle, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    differences: tuple[Differs, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    failures: tuple[Fails, ...] = ()


class Program(Struct, frozen=True, dict=True):
    """A module with everything that it imports, imports first.

    ``held`` are the registers (elements of banks by their own names) that hold one value for
    good, in a program that was specialised to a configuration.
    """

    name: str
    modules: tuple[Module, ...]
    held: tuple[tuple[str, int], ...] = ()

    @cached_property
    def registers(self) -> dict[str, Register]:
        return {r.name: r for m in self.modules for r in m.registers}

    @cached_property
    def contexts(self) -> dict[str, Context]:
        return {c.name: c for m in self.modules for c in m.contexts}

    @cached_property
    def slots(self) -> dict[str, Slot]:
        return {s.name: s for c in self.contexts.values() for s in c.slots}

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        return {c.name: c for m in self.modules for c in m.conditions}

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        return {d.condition.name: d for m in self.modules for d in m.definitions}

    @cached_property
    def layouts(self) -> tuple[InForce, ...]:
        return tuple(x for m in self.modules for x in m.layouts)

    @cached_property
    def legalisations(self) -> tuple[Legalisation, ...]:
        return tuple(x for m in self.modules for x in m.legalisations)

    @cached_property
    def computed(self) -> tuple[Computed, ...]:
        return tuple(x for m in self.modules for x in m.computed)

    @cached_property
    def derived(self) -> dict[tuple[str, str], Derived]:
        return {(d.register.name, d.name): d for m in self.modules for d in m.derived}

    @cached_property
    def locks(self) -> dict[str, Lock]:
        return {x.name: x for m in self.modules for x in m.locks}

    @cached_property
    def externs(self) -> dict[str, Extern]:
        return {x.signature.name: x for m in self.modules for x in m.externs}

    @cached_property
    def endpoints(self) -> dict[str, Endpoint]:
        return {e.name: e for m in self.modules for e in m.endpoints}

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(x for m in self.modules for x in m.rules)

    @cached_property
    def operations(self) -> dict[str, Sequence]:
        return {x.name: x for m in self.modules for x in m.operations}

    @cached_property
    def models(self) -> dict[str, Sequence]:
        """What externs and conditions do in a run, by their names."""
        return {x.name: x for m in self.modules for x in m.models}

    @cached_property
    def crossing(self) -> Crossing | None:
        """How a hypcall synchronises, where something says so."""
        return next((x for m in self.modules for x in m.crossings), None)

    @cached_property
    def boots(self) -> tuple[Boot, ...]:
        return tuple(x for m in self.modules for x in m.boots)

    @cached_property
    def assumptions(self) -> tuple[Assumption, ...]:
        return tuple(x for m in self.modules for x in m.assumptions)

    @cached_property
    def lifecycles(self) -> tuple[Lifecycle, ...]:
        return tuple(x for m in self.modules for x in m.lifecycles)

    def differences(self, other: Program) -> tuple[Differs, ...]:
        """What is declared here of differences to another program, or to a part of that."""
        names = {m.name for m in other.modules}
        return tuple(d for m in self.modules for d in m.differences if d.to in names)

    @cached_property
    def scenarios(self) -> dict[str, Scenario]:
        return {x.title: x for m in self.modules for x in m.scenarios}

    @cached_property
    def failures(self) -> dict[str, Fails]:
        """The scenarios that do not hold in this program, by title."""
        return {x.title: x for m in self.modules for x in m.failures}

    @cached_property
    def sequences(self) -> dict[str, Sequence]:
        """Every sequence by name, as defined; a definition replaces the promise of one."""
        found: dict[str, Sequence] = {}
        for module in self.modules:
            for sequence in module.sequences:
                if sequence.body is not None or sequence.name not in found:
                    found.pop(sequence.name, None)
                    found[sequence.name] = sequence
        return found
