"""Operators on moves: the other direction, another source, and calls that do not go into EL2."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.ir.shapes import Register, Slot
from dsl.mutation.operators.changes import Change, brief, put
from dsl.mutation.operators.places import bank_of, element_of
from dsl.mutation.subject import Function
from dsl.mutation.trees import inside, items, own
from dsl.syntax import tree as t


def direction(function: Function) -> Iterator[Change]:
    """Each ``save`` as ``restore``, and the other way; each move between the two turned round."""
    for item in items(function.tree):
        match item.body:
            case t.Copy(kind=kind, places=places) as copy:
                other = "restore" if kind.text == "save" else "save"
                for i, place in enumerate(places):
                    text = function.text(place)
                    made = _joined(
                        _copied(function, kind.text, places[:i]),
                        f"{other} {text}",
                        _copied(function, kind.text, places[i + 1 :]),
                    )
                    what = f"`{other} {text}` for `{kind.text} {text}`"
                    yield Change(copy.start, copy.end, made, what, place.start)
            case t.Move(place=place, value=t.Place() as value):
                here, there = function.text(place), function.text(value)
                yield put(item.body, f"{there} <- {here}", f"`{there} <- {here}`")
            case _:
                pass


def source(function: Function) -> Iterator[Change]:
    """A constant where a value was moved, a value where there was a constant, no ``with``."""
    for item in items(function.tree):
        match item.body:
            case t.Copy(kind=kind, places=places) as copy:
                for i, place in enumerate(places):
                    goal = _goal(function, kind.text, place)
                    if goal is None:
                        continue
                    made = _joined(
                        _copied(function, kind.text, places[:i]),
                        f"{goal} <- 0",
                        _copied(function, kind.text, places[i + 1 :]),
                    )
                    yield Change(
                        copy.start, copy.end, made, f"`{goal} <- 0`, and no value", place.start
                    )
            case t.Move(place=place, value=value) as move:
                for other in _moves(function, place):
                    if function.text(move) != other:
                        shown = brief(function.text(move))
                        yield put(move, other, f"`{other}` for `{shown}`")
                if not isinstance(value, t.Number):
                    shown = brief(function.text(value))
                    yield put(value, "0", f"0 for `{shown}`")
            case _:
                pass
        for value in own(item.body):
            for part in inside(value):
                if isinstance(part, t.With):
                    base, name = function.text(part.base), part.field.text
                    yield put(part, base, f"without `with {name} = ...`")


def hypcall(function: Function) -> Iterator[Change]:
    """Each ``hypcall`` as a plain call, which does not synchronise."""
    for item in items(function.tree):
        for value in own(item.body):
            for part in inside(value):
                if isinstance(part, t.Hypcall):
                    text = function.text(part.call)
                    yield put(part, text, f"`{brief(text)}` without the hypcall")


def _copied(function: Function, kind: str, places: tuple[t.Place, ...]) -> str:
    return f"{kind} {', '.join(map(function.text, places))}" if places else ""


def _joined(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _goal(function: Function, kind: str, place: t.Place) -> str | None:
    """What a ``save`` or ``restore`` of a slot writes, as it is written."""
    slot = function.program.slots.get(place.name.text)
    if slot is None or slot.link is None:
        return None
    if kind == "save":
        return function.text(place)
    ref = slot.link.register
    if not slot.length:
        return ref.name if ref.field is None else None
    index = next((p.index for p in place.picks if isinstance(p, t.At)), None)
    match index:
        case t.Number() | t.Place(picks=()) if ref.register.first == 0:
            return element_of(ref.register, function.text(index))
        case _:
            return None


def _moves(function: Function, place: t.Place) -> Iterator[str]:
    """The ``save`` and ``restore`` that go to, or come from, the place of a move."""
    program = function.program
    slot = program.slots.get(place.name.text)
    if slot is not None:
        if slot.link is not None:
            whole = place.name.text
            for pick in place.picks:
                if isinstance(pick, t.At):
                    whole += f"[{function.text(pick.index)}]"
            yield from (f"save {whole}", f"restore {whole}")
        return
    if any(isinstance(p, t.Dot) for p in place.picks):
        return
    register, index = bank_of(function, place.name.text)
    for each in program.slots.values() if register is not None else ():
        if _linked(each, register, index):
            whole = f"{each.name}[{index}]" if each.length else each.name
            yield from (f"restore {whole}", f"save {whole}")


def _linked(slot: Slot, register: Register | None, index: str) -> bool:
    if slot.link is None or register is None or slot.link.register.register.name != register.name:
        return False
    if slot.length:
        return bool(index) and slot.link.register.register.first == 0
    ref = slot.link.register.index
    return (str(ref) if ref is not None else "") == index
