"""Scenarios: what is given, where the lifecycle goes, who does what, and what must then hold."""

from __future__ import annotations

from msgspec.structs import replace

from dsl.diagnostics import Note, suggest
from dsl.diagnostics.names import DuplicateName, UnknownName, WrongKindOfName
from dsl.diagnostics.sequences import Misplaced
from dsl.diagnostics.values import NotConstant, NoValue, OutOfRange
from dsl.ir import expr as x
from dsl.ir import lifecycle as l
from dsl.ir.platform import Endpoint
from dsl.ir.sequence import Param, Signature
from dsl.ir.shapes import Condition, Period
from dsl.ir.types import INT, Bool, Handle, Int
from dsl.ir.walk import place_key
from dsl.resolve.constants import constant
from dsl.resolve.contexts import params as params_of
from dsl.resolve.expressions import truth
from dsl.resolve.lifecycles import check_point
from dsl.resolve.places import InSlot, InValue, place, read
from dsl.resolve.registers import docs_of
from dsl.resolve.scope import Broken, Callable, Frame, Local, Scope
from dsl.resolve.statements import block
from dsl.source import Span
from dsl.syntax import tree as t

#: More physical CPUs than any history needs, and more values than `any` tries.
_MOST_CPUS = 64
_MOST_VALUES = 64


def scenario(scope: Scope, item: t.Item, node: t.Scenario, points: set[str]) -> l.Scenario:
    """One scenario; ``points`` are the phases that its lifecycle may have."""
    frame = Frame("scenario")
    params = _params(scope, frame, node.params)
    broken = len(params) < len(node.params)
    made: list[l.ScenarioStep] = []
    first: dict[object, Span] = {}
    for step in node.steps:
        span = scope.span(step)
        match step:
            case t.Given(facts=facts):
                for fact in facts:
                    given = _given(scope, frame, fact)
                    if given is not None and _first(scope, given, first):
                        made.append(given)
            case t.Run(visits=visits):
                for visit in visits:
                    known = [check_point(scope, p, points) for p in (*visit.around, visit.phase)]
                    if all(known) and (broken or _is_param(scope, visit, params)):
                        of = visit.of.text if visit.of else ""
                        around = tuple(p.text for p in visit.around)
                        made.append(l.Run(visit.phase.text, of, scope.span(visit), around))
            case t.On(cpu=cpu):
                if cpu.value < _MOST_CPUS:
                    made.append(l.On(cpu.value, span))
                else:
                    what = f"there is no physical CPU {cpu.text}: they are 0..{_MOST_CPUS - 1}"
                    scope.found.add(OutOfRange(scope.span(cpu), what))
            case t.Expect(condition=node_condition, point=point):
                condition = truth(scope, replace(frame, place="expect"), node_condition)
                if point is not None and not check_point(scope, point, points):
                    continue
                if condition is not None:
                    made.append(l.Expect(condition, point.text if point else None, span))
            case t.Actor():
                act = _actor(scope, frame, step, points)
                if act is not None:
                    made.append(act)
    title = node.title.value
    return l.Scenario(title, params, tuple(made), docs_of(item.docs), scope.span(node.title))


def fails(scope: Scope, node: t.Fails, titles: dict[str, Span], own: set[str]) -> l.Fails | None:
    """A scenario that is known not to hold here.

    ``titles`` are those that are imported, ``own`` those that this module declares.
    """
    title = node.title.value
    if title in own:
        what = f'"{title}" stands in this module: `fails` is about one that is imported'
        help = "move the scenario to a module that both versions import"
        scope.found.add(Misplaced(scope.span(node.title), what, help=help))
        return None
    if title not in titles:
        scope.found.add(
            UnknownName(
                scope.span(node.title),
                f'no module that is imported here has a scenario "{title}"',
                help=suggest(title, titles),
            )
        )
        return None
    return l.Fails(title, node.reason.value, scope.span(node.title))


def declare_title(scope: Scope, node: t.Scenario, titles: dict[str, Span]) -> None:
    """Adds a scenario's title to those that can be seen, or reports that it is taken."""
    span = scope.span(node.title)
    known = titles.setdefault(node.title.value, span)
    if known != span:
        note = Note(known, "first here")
        what = f'two scenarios are called "{node.title.value}"'
        scope.found.add(DuplicateName(span, what, (note,)))


def _params(scope: Scope, frame: Frame, nodes: tuple[t.Param, ...]) -> tuple[Param, ...]:
    made = params_of(scope, nodes)
    if made is None:
        for written in nodes:
            # Its uses are no findings of their own.
            name, span = written.name.text, scope.span(written.name)
            frame.locals[name] = Local(name, INT, None, span, "a parameter", used=True, broken=True)
        return ()
    for param, written in zip(made, nodes, strict=False):
        if not isinstance(param.type, Handle):
            what = f"`{param.name}` is a number: a scenario's parameters are owners of contexts"
            scope.found.add(WrongKindOfName(param.span, what, help=f"`{param.name} : vcpu`"))
        if param.name != str(param.type):
            scope.taken(written.name, {})
        local = Local(param.name, param.type, None, param.span, "a parameter", used=True)
        frame.locals[param.name] = local
    return tuple(p for p in made if isinstance(p.type, Handle))


def _is_param(scope: Scope, visit: t.Visit, params: tuple[Param, ...]) -> bool:
    names = [p.name for p in params]
    if visit.of is None:
        if len(params) < 2:
            return True
        what = f"`{visit.phase.text}` of which one? The scenario has {', '.join(names)}"
        help = f"write `{visit.phase.text}({names[0]})`"
        scope.found.add(UnknownName(scope.span(visit), what, help=help))
        return False
    if visit.of.text in names:
        return True
    what = f"the scenario has no parameter `{visit.of.text}`"
    scope.found.add(UnknownName(scope.span(visit.of), what, help=suggest(visit.of.text, names)))
    return False


def _actor(scope: Scope, frame: Frame, node: t.Actor, points: set[str]) -> l.Act | l.Behave | None:
    span = scope.span(node)
    name = node.name.text
    entry = scope.get(name)
    match entry.meaning if entry else None:
        case Callable(kind=None, signature=signature):
            inner = _extern_frame(frame, signature)
            return l.Behave(name, signature.params, block(scope, inner, node.body), span)
        case Condition() as condition:
            return _sampled(scope, frame, node, condition)
        case Endpoint():
            return l.Act(name, True, block(scope, frame, node.body), span)
        case meaning:
            if name not in points and entry is not None and not isinstance(meaning, Broken):
                scope.wrong(node.name, entry, "a phase, an endpoint, an extern or a condition")
                return None
            if name not in points:
                scope.unknown(node.name, "a phase, an endpoint, an extern or a condition", points)
                return None
            return l.Act(name, False, block(scope, frame, node.body), span)


def _sampled(scope: Scope, frame: Frame, node: t.Actor, condition: Condition) -> l.Behave | None:
    """What a condition is from here on, if it is one that may change."""
    if condition.period not in (Period.TEST, Period.TRIP):
        what = f"`{condition.name}` does not change in the course of a scenario"
        help = f"`given {condition.name}`, or what it follows from"
        scope.found.add(Misplaced(scope.span(node.name), what, help=help))
        return None
    inner = replace(frame, place="model", locals={}, result=condition.type)
    return l.Behave(condition.name, (), block(scope, inner, node.body), scope.span(node))


def _extern_frame(frame: Frame, signature: Signature) -> Frame:
    """The names of an extern's parameters instead of the scenario's."""
    locals = {
        p.name: Local(p.name, p.type, p.view, p.span, "a parameter", used=True)
        for p in signature.params
    }
    return replace(frame, place="model", locals=locals, result=signature.result)


def _first(scope: Scope, given: l.Given, known: dict[object, Span]) -> bool:
    """Whether a place is given for the first time; a finding if it is not."""
    first = known.setdefault(place_key(given.place), given.span)
    if first is given.span:
        return True
    what = f"`{' '.join(given.place.span.text.split())}` is given twice"
    scope.found.add(DuplicateName(given.span, what, (Note(first, "first here"),)))
    return False


def _given(scope: Scope, frame: Frame, node: t.Fact) -> l.Given | None:
    placed = place(scope, frame, node.place)
    if placed is None:
        return None
    target = read(scope, node.place, placed)
    if target is None:
        return None
    text = scope.span(node.place).text
    if placed.derived is not None or (placed.field is not None and placed.field.computed):
        what = f"`{text}` follows from other state: that is what can be given"
        scope.found.add(WrongKindOfName(scope.span(node.place), what))
        return None
    span = scope.span(node)
    low, high = _limits(placed.home, target)
    if node.word and node.value is not None:
        what = f"`{node.word}` says what `{text}` is, and so does the value"
        scope.found.add(NoValue(scope.span(node.value), what, help="leave out one of them"))
        return None
    if node.word == "any":
        if high - low < _MOST_VALUES:
            return l.Given(target, None, span)
        what = f"`any` tries each value, and `{text}` has too many: {low}..{high:#x}"
        help = "say `any` of one of its fields, or write a scenario for each value that matters"
        scope.found.add(NotConstant(span, what, help=help))
        return None
    value = 0 if node.word == "not" else 1
    if node.value is not None:
        found = constant(scope, node.value)
        if found is None:
            return None
        value = found
    if node.value is None and high > 1 and node.word != "not":
        what = f"`{text}` is a number: say which"
        scope.found.add(NotConstant(span, what, help=f"`{text} = {max(low, 1)}`, or `any {text}`"))
        return None
    if not low <= value <= high:
        at = scope.span(node.value or node)
        scope.found.add(OutOfRange(at, f"{value} is impossible: `{text}` is {low}..{high}"))
        return None
    return l.Given(target, value, span)


def _limits(home: object, value: x.Expr) -> tuple[int, int]:
    match home, value:
        case InSlot(slot=slot), x.ReadSlot() if slot.low is not None and slot.high is not None:
            return slot.low, slot.high
        case InValue(value=x.Test(condition=condition)), _ if (
            condition.low is not None and condition.high is not None
        ):
            return condition.low, condition.high
        case _, x.Extract(field=field):
            return 0, (1 << field.width) - 1
        case _:
            match value.type:
                case Bool():
                    return 0, 1
                case Int() as kind:
                    return kind.least, kind.greatest
                case _:
                    return 0, 0
