"""Steps of lifecycles that can never happen, and scenarios that ask for what cannot come next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dsl.diagnostics import Diagnostics, Note
from dsl.diagnostics.sequences import Unreachable
from dsl.ir import lifecycle as l
from dsl.ir import sequence as s
from dsl.ir.program import Program
from dsl.resolve.holds import Formula, Formulas, can_hold
from dsl.source import Span

if TYPE_CHECKING:
    from dsl.ir.ways import Graph


class Reach:
    """Judges the lifecycles, assumptions and scenarios of one program."""

    def __init__(self, program: Program, broken: set[str], found: Diagnostics) -> None:
        self.program = program
        self.broken = broken
        self.found = found
        self.formulas = Formulas(program)
        self.assumed: list[tuple[l.Assumption, Formula]] = []

    def check(self) -> None:
        """Reports what can never happen; modules with errors of their own are not judged."""
        if not self.program.lifecycles and not self.program.assumptions:
            return
        if not self._assumptions():
            return
        for lifecycle in self.program.lifecycles:
            if lifecycle.span.source.name not in self.broken:
                self._steps(lifecycle.steps)
        for scenario in self.program.scenarios.values():
            if scenario.span.source.name not in self.broken:
                self._scenario(scenario)

    # ---- what is assumed

    def _assumptions(self) -> bool:
        """Takes the assumptions together; reports the first that leaves no machine."""
        for assumption in self.program.assumptions:
            made = self.formulas.formula(assumption.condition, None)
            others = [formula for _, formula in self.assumed]
            if not can_hold([made], others):
                what = "no machine is left: this can never hold"
                if can_hold([made], ()):
                    what += " together with what else is assumed"
                self._report(assumption.condition.span, what, [made])
                return False
            self.assumed.append((assumption, made))
        return True

    # ---- lifecycles

    def _steps(self, steps: Iterable[l.Step]) -> None:
        for step in steps:
            match step:
                case l.Phase(name=name, condition=condition, body=body):
                    outer: list[Formula] = []
                    if condition is not None:
                        own = self.formulas.formula(condition, step.span)
                        if not self._possible([own]):
                            what = f"`{name}` never happens: its condition never holds"
                            self._report(condition.span, what, [own])
                            continue
                        outer = [own]
                    self._body(body, outer)
                case l.Repeat(steps=inner):
                    self._steps(inner)
                case l.Either(alternatives=alternatives):
                    for each in alternatives:
                        self._steps(each)

    def _body(self, body: s.Body, outer: list[Formula]) -> None:
        for statement in body:
            if isinstance(statement, s.If):
                self._if(statement, outer)

    def _if(self, node: s.If, outer: list[Formula]) -> None:
        """The arms of a `when`: each holds where its condition does, and none before it."""
        before = [*outer]
        for arm in node.arms:
            own = self.formulas.formula(arm.condition, node.span)
            here = [*before, own]
            if self._possible(here):
                self._body(arm.body, here)
            else:
                what = "this is never reached: the condition never holds here"
                self._report(arm.condition.span, what, here)
            before.append(own.negated())
        if not node.otherwise:
            return
        if self._possible(before):
            self._body(node.otherwise, before)
        else:
            what = "this is never reached: one of the conditions above always holds"
            self._report(node.otherwise[0].span, what, before)

    def _possible(self, formulas: list[Formula]) -> bool:
        return can_hold(formulas, [formula for _, formula in self.assumed])

    def _report(self, span: Span, what: str, formulas: list[Formula]) -> None:
        """A finding, with the assumptions without which it would be none."""
        needed = [*self.assumed]
        for pair in self.assumed:
            fewer = [each for each in needed if each is not pair]
            if not can_hold(formulas, [formula for _, formula in fewer]):
                needed = fewer
        notes = [Note(a.span, f"this is assumed: {a.reason}") for a, _ in needed]
        help = "remove it, or mend the condition" + (" or the assumption" if needed else "")
        self.found.add(Unreachable(span, what, tuple(notes), help=help))

    # ---- scenarios

    def _scenario(self, scenario: l.Scenario) -> None:
        """Goes the way of a scenario, as a run does, and reports where there is none."""
        # Only here: most modules have no scenarios.
        from dsl.ir.ways import graph

        graphs = [graph(x) for x in self.program.lifecycles]
        at: dict[str, tuple[Graph, int]] = {}
        on: dict[int, str] = {}
        cpu = 0
        first = scenario.params[0].name if scenario.params else ""
        for step in scenario.steps:
            match step:
                case l.On(cpu=number):
                    cpu = number
                    continue
                case l.Run(phase=goal, handle=handle, around=around):
                    owner = handle or first
                case l.Act(actor=goal, endpoint=False):
                    owner, around = on.get(cpu, first), ()
                    where = at.get(owner)
                    if where is not None and where[0].nodes[where[1]].name == goal:
                        # It may be open, and then it stays there.
                        continue
                case _:
                    continue
            on[cpu] = owner
            if owner not in at:
                having = [g for g in graphs if goal in g.names()]
                if len(having) != 1:
                    # A run says which there are.
                    return
                at[owner] = (having[0], 0)
            found, now = at[owner]
            way = found.way(now, goal, around)
            if way is None:
                here = found.nodes[now].name
                what = f"`{goal}` cannot come here: in the lifecycle `{found.name}` nothing leads "
                what += f"to it from `{here}`" if here else "to it"
                what += f" round `{'` and `'.join(around)}`" if around else ""
                help = f"after `{here}` comes {_after(found, now)}" if here else ""
                self.found.add(Unreachable(step.span, what, help=help))
                return
            at[owner] = (found, way[-1].number)


def _after(graph: Graph, at: int) -> str:
    """The phases that can come next, in words."""
    names: dict[str, None] = {}
    queue, done = [at], set[int]()
    while queue:
        for after, _ in graph.following.get(queue.pop(0), ()):
            node = graph.nodes[after]
            if node.phase is not None:
                names[f"`{node.name}`"] = None
            elif after not in done:
                done.add(after)
                queue.append(after)
    return " or ".join(names) or "nothing"
