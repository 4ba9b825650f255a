"""One module: its declarations in the order in which they depend on each other, tree to IR."""

from __future__ import annotations

from collections import abc
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TypeVar

from msgspec import Struct

from dsl.diagnostics import Diagnostic, Diagnostics, Severity
from dsl.diagnostics.names import Unused
from dsl.ir.dialect import Dialect
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
from dsl.ir.program import Definition, Module
from dsl.ir.sequence import Extern, Kind, Lock, Sequence
from dsl.ir.shapes import Condition, Constant, Context, Register
from dsl.resolve import (
    behaviour,
    bodies,
    constants,
    contexts,
    differences,
    layouts,
    lifecycles,
    models,
    registers,
    rules,
    scenarios,
)
from dsl.resolve.dialects import dialect
from dsl.resolve.encodings import check_encodings
from dsl.resolve.hints import Layout, layout_of
from dsl.resolve.order import in_order
from dsl.resolve.registers import docs_of
from dsl.resolve.scope import Broken, Callable, Entry, Other, Scope, key
from dsl.source import Source, Span
from dsl.syntax import tree as t

D = TypeVar("D", bound=t.Declaration)


class Resolved(Struct, frozen=True):
    """A module with everything a later stage asks of it.

    ``exports`` is all that a module which imports this one can see.  ``used`` are the keys of
    the names that something in this module refers to.
    """

    source: Source
    module: Module
    dialects: tuple[Dialect, ...]
    layout: Layout
    exports: dict[str, Entry]
    derived: dict[tuple[str, str], Derived]
    points: frozenset[str]
    titles: dict[str, Span]
    used: frozenset[str]
    findings: tuple[Diagnostic, ...]

    @property
    def errors(self) -> bool:
        return any(f.severity is Severity.ERROR for f in self.findings)


class _Parts(Struct):
    """The IR of a module as it is being made."""

    platforms: list[Platform] = []
    constants: list[Constant] = []
    registers: list[Register] = []
    layouts: list[InForce] = []
    legalisations: list[Legalisation] = []
    computed: list[Computed] = []
    derived: list[Derived] = []
    endpoints: list[Endpoint] = []
    groups: list[Group] = []
    rules: list[Rule] = []
    contexts: list[Context] = []
    conditions: list[Condition] = []
    definitions: list[Definition] = []
    locks: list[Lock] = []
    externs: list[Extern] = []
    sequences: list[Sequence] = []
    operations: list[Sequence] = []
    models: list[Sequence] = []
    crossings: list[Crossing] = []
    boots: list[Boot] = []
    assumptions: list[Assumption] = []
    lifecycles: list[Lifecycle] = []
    invariants: list[Invariant] = []
    differences: list[Differs] = []
    scenarios: list[Scenario] = []
    failures: list[Fails] = []


def resolve(
    source: Source,
    tree: t.Module,
    imports: tuple[Resolved, ...],
    elsewhere: abc.Callable[[str], str],
    others: abc.Mapping[t.Differs, str],
) -> Resolved:
    """The IR of one module, given what it imports.  Never raises: findings say what is wrong.

    ``elsewhere`` gives the import that a name needs, in words, or nothing; ``others`` are the
    modules that this one says it differs to, as far as there are such.
    """
    return _Resolver(source, tree, imports, elsewhere, others).run()


class _Resolver:
    def __init__(
        self,
        source: Source,
        tree: t.Module,
        imports: tuple[Resolved, ...],
        elsewhere: abc.Callable[[str], str],
        others: abc.Mapping[t.Differs, str],
    ) -> None:
        self.source = source
        self.others = others
        self.tree = tree
        self.found = Diagnostics()
        self.scope = Scope(source, self.found, elsewhere)
        self.imports = imports
        self.points: set[str] = set()
        self.titles: dict[str, Span] = {}
        for each in imports:
            self.scope.include(each.exports.values())
            self.scope.derived.update(each.derived)
            self.points |= each.points
            self.titles.update(each.titles)
        self.parts = _Parts()
        self.dialects: list[Dialect] = []
        self.shapes: list[tuple[t.Register, Register]] = []

    def run(self) -> Resolved:
        inherited = set(self.scope.derived)
        self._registers()
        self._names_and_orders()
        self._memory()
        self._behaviour()
        self._signatures()
        self._bodies()
        for item, rule in self._each(t.Rule):
            self.scope.declare(rule.name.text, Other("a rule"), rule.name)
            self.parts.rules.append(rules.rule(self.scope, item, rule))
        self._lifecycles()
        self._scenarios()
        for item, node in self._each(t.Dialect):
            self.scope.declare(node.name.text, Other("a dialect"), node.name)
            self.dialects.append(dialect(self.scope, item, node))
        layout = layout_of(self.source, self.tree, self.found)
        self._unused_imports()
        p = self.parts
        module = Module(
            self.source.module,
            tuple(r.module.name for r in self.imports),
            **{name: tuple(getattr(p, name)) for name in _Parts.__struct_fields__},
        )
        derived = {k: v for k, v in self.scope.derived.items() if k in inherited}
        derived.update({(d.register.name, d.name): d for d in p.derived})
        return Resolved(
            self.source,
            module,
            tuple(self.dialects),
            layout,
            self.scope.visible(),
            derived,
            frozenset(self.points),
            self.titles,
            frozenset(self.scope.used),
            tuple(self.found),
        )

    def _each(self, kind: type[D]) -> Iterator[tuple[t.Item, D]]:
        for item in self.tree.items:
            if isinstance(item.body, kind):
                yield item, item.body

    # ---- the machine

    def _registers(self) -> None:
        for item, number in in_order(self.scope, self._each(t.Constant)):
            self.parts.constants += constants.declared(self.scope, item, number)
        for item, platform in self._each(t.Platform):
            self.scope.declare(platform.name.text, Other("a platform"), platform.name)
            self.parts.platforms.append(
                Platform(
                    platform.name.text,
                    platform.document.value,
                    docs_of(item.docs),
                    self.scope.span(platform.name),
                )
            )
        for item, node in self._each(t.Register):
            shape = registers.register_shape(self.scope, item, node)
            if shape is None:
                self.scope.declare(key(node.name.text), Broken(), node.name)
            else:
                registers.declare_register(self.scope, node, shape)
                self.shapes.append((node, shape))
                self.parts.registers.append(shape)
        check_encodings(self.scope, self.parts.registers)

    def _names_and_orders(self) -> None:
        """Groups and endpoints: what another one names comes before it."""
        both: list[tuple[t.Item, t.Group | t.Endpoint]] = [
            *self._each(t.Group),
            *self._each(t.Endpoint),
        ]
        for item, node in in_order(self.scope, both):
            match node:
                case t.Group():
                    group = rules.group(self.scope, item, node)
                    self.scope.declare(group.name, group, node.name)
                    self.parts.groups.append(group)
                case t.Endpoint():
                    endpoint = rules.endpoint(self.scope, item, node)
                    self.scope.declare(endpoint.name, endpoint, node.name)
                    self.parts.endpoints.append(endpoint)

    def _memory(self) -> None:
        scope, parts = self.scope, self.parts
        for item, node in in_order(self.scope, self._each(t.Context)):
            made = contexts.context(scope, item, node)
            if made is None:
                scope.declare(node.name.text, Broken(), node.name)
                for slot in node.slots:
                    scope.declare(slot.name.text, Broken(), slot.name)
            else:
                scope.declare(made.name, made, node.name)
                parts.contexts.append(made)
        for item, lock in self._each(t.Lock):
            one = contexts.lock(scope, item, lock)
            scope.declare(one.name, one, lock.name)
            parts.locks.append(one)

    def _behaviour(self) -> None:
        for node, shape in self.shapes:
            for member in node.members:
                if isinstance(member, t.Derive):
                    at = (shape.name, member.name.text)
                    make = partial(behaviour.derived, self.scope, member, shape)
                    self.scope.thunks.setdefault(at, make)
        # Conditions first, so that one that stands in a register is known for what it is.
        for item, condition in in_order(self.scope, self._each(t.Condition)):
            made, defined = contexts.conditions(self.scope, item, condition)
            self.parts.conditions += made
            self.parts.definitions += defined
        for node, shape in self.shapes:
            for member in node.members:
                if isinstance(member, t.Derive):
                    derived = self.scope.derive(shape, member.name)
                    if derived is not None:
                        self.parts.derived.append(derived)
            in_force = layouts.in_force(self.scope, node, shape)
            legal, computed = behaviour.behaviour(self.scope, node, shape, in_force)
            self.parts.layouts += in_force
            self.parts.legalisations += legal
            self.parts.computed += computed
        behaviour.check_circles(self.scope, self.parts.computed)

    # ---- sequences

    def _signatures(self) -> None:
        for item, node in self._each(t.Extern):
            made = contexts.extern(self.scope, item, node)
            if made is None:
                self.scope.declare(node.name.text, Broken(), node.name)
            else:
                self.parts.externs.append(made)
        self.sequences: list[tuple[t.Item, t.Sequence, Sequence]] = []
        #: Those whose parameters or result are not understood; their bodies are read all the same.
        self.unsigned: list[t.Sequence] = []
        for item, sequence in self._each(t.Sequence):
            signature = contexts.signature(
                self.scope, sequence.name, sequence.params, sequence.result
            )
            if signature is None:
                self.scope.declare(sequence.name.text, Broken(), sequence.name)
                self.unsigned.append(sequence)
                continue
            kind = Kind(sequence.kind.text)
            undoes = sequence.undoes.text if sequence.undoes else None
            if kind is Kind.MODEL:
                models.check(self.scope, sequence, signature)
            else:
                meaning = Callable(signature, kind, undoes, sequence.body is not None)
                self.scope.declare(signature.name, meaning, sequence.name)
            shell = Sequence(kind, signature, undoes, None, docs_of(item.docs))
            self.sequences.append((item, sequence, shell))

    def _bodies(self) -> None:
        homes = {Kind.OPERATION: self.parts.operations, Kind.MODEL: self.parts.models}
        for _, node, shell in self.sequences:
            bodies.partner(self.scope, node, shell)
            home = homes.get(shell.kind, self.parts.sequences)
            home.append(bodies.body(self.scope, node, shell))
        for node in self.unsigned:
            bodies.examine(self.scope, node)

    def _lifecycles(self) -> None:
        scope, parts = self.scope, self.parts
        for item, node in self._each(t.Lifecycle):
            made = lifecycles.lifecycle(scope, item, node)
            scope.declare(made.name, made, node.name)
            parts.lifecycles.append(made)
            self.points |= set(lifecycles.phases(made.steps))
        for item, invariant in self._each(t.Invariant):
            scope.declare(invariant.name.text, Other("an invariant"), invariant.name)
            one = lifecycles.invariant(scope, item, invariant, self.points)
            if one is not None:
                parts.invariants.append(one)
        for item, assume in self._each(t.Assume):
            scope.declare(assume.name.text, Other("an assumption"), assume.name)
            assumed = lifecycles.assume(scope, item, assume)
            if assumed is not None:
                parts.assumptions.append(assumed)
        for item, differs in self._each(t.Differs):
            other = self.others.get(differs, "")
            declared = differences.differs(scope, item, differs, other, self.points)
            if other:
                parts.differences.append(declared)
        for item, crossing in self._each(t.Crossing):
            parts.crossings.append(lifecycles.crossing(scope, item, crossing))
        for item, boot in self._each(t.Boot):
            parts.boots.append(lifecycles.boot(scope, item, boot))

    def _scenarios(self) -> None:
        own = {scenario.title.value for _, scenario in self._each(t.Scenario)}
        for _, node in self._each(t.Fails):
            failure = scenarios.fails(self.scope, node, self.titles, own)
            if failure is not None:
                self.parts.failures.append(failure)
        for item, scenario in self._each(t.Scenario):
            scenarios.declare_title(self.scope, scenario, self.titles)
            made = scenarios.scenario(self.scope, item, scenario, self.points)
            self.parts.scenarios.append(made)

    # ---- what nothing uses

    def _unused_imports(self) -> None:
        """An import of which a module with code of its own uses nothing.

        A module that declares no sequence may only gather others, and a dialect is used by
        what the files it names hold.
        """
        if not self.parts.sequences:
            return
        nodes = [node for _, node in self._each(t.Import)]
        if len(nodes) != len(self.imports):
            return
        used = self.scope.used | self.scope.spelt
        for node, imported in zip(nodes, self.imports, strict=True):
            if _has_dialect(imported) or used & set(imported.exports):
                continue
            what = f"nothing of `{imported.module.name}` is used here"
            self.found.add(Unused(self.scope.span(node), what))


def _has_dialect(resolved: Resolved) -> bool:
    return bool(resolved.dialects) or any(
        isinstance(e.meaning, Other) and e.meaning.what == "a dialect"
        for e in resolved.exports.values()
    )


def declared_here(resolved: Resolved) -> Iterable[Entry]:
    """The names that a module itself declares."""
    return (e for e in resolved.exports.values() if e.module == resolved.source.module)
