"""Bodies where some things are known: what cannot be reached is cut, and loops are laid out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias, assert_never

from msgspec.structs import replace

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.folding import Folded, Folder
from dsl.ir.types import Bool, Int
from dsl.ir.walk import assigned, bodies, ends, expressions, inside, statements

#: A loop is laid out if it has no more rounds than this, and no more statements in all of them.
ROUNDS = 64
STATEMENTS = 256

_Known: TypeAlias = dict[str, int]


def cut(sequence: s.Sequence, folder: Folder, *, most: int = STATEMENTS) -> s.Sequence:
    """A sequence where what the folder knows holds; loops of ``most`` statements are laid out."""
    if sequence.body is None:
        return sequence
    cutter = _Cutter(folder, _names(sequence), most)
    body = cutter.body(sequence.body, {})
    return replace(sequence, body=_used(tuple(body), folder))


@dataclass
class _Names:
    """The names in a function, so that new ones are new, and those that are declared twice."""

    taken: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)

    def fresh(self, wanted: str) -> str:
        name = next(n for n in (f"{wanted}_{i}" for i in count()) if n not in self.taken)
        self.taken.add(name)
        return name


def _names(sequence: s.Sequence) -> _Names:
    declared: Counter[str] = Counter(p.name for p in sequence.signature.params)
    labels: set[str] = set()
    for each in statements(sequence.body):
        match each:
            case s.Let(name=name) | s.Loop(var=name):
                declared[name] += 1
            case s.Labelled(label=label):
                labels.add(label)
            case _:
                pass
    return _Names(labels | set(declared), {n for n, times in declared.items() if times > 1})


class _Cutter:
    """Cuts the body of one function; ``known`` is what is known of its variables on the way."""

    def __init__(self, folder: Folder, names: _Names, most: int) -> None:
        self.folder = folder
        self.names = names
        self.most = most

    def body(self, body: s.Body, known: _Known) -> list[s.Statement]:
        """What is left of a block; ``known`` holds afterwards what is known behind it."""
        outer = dict(known)
        made: list[s.Statement] = []
        for statement in body:
            made += self._statement(statement, known)
            if ends(made):
                break
        for name in _declared(made):
            # What the block declared is gone, and what that hid is back.
            known.pop(name, None)
            if name in outer:
                known[name] = outer[name]
        return made

    def _placed(self, body: s.Body, known: _Known, *, once: bool = True) -> list[s.Statement]:
        """A block that is put in the place of what held it, where its names may be taken."""
        made = self.body(body, known)
        own = _declared(made)
        if own and (not once or own & self.names.repeated):
            label = self.names.fresh("part")
            return [s.Labelled(label, tuple(made), (), made[0].span)]
        return made

    def _statement(self, statement: s.Statement, known: _Known) -> list[s.Statement]:
        def fold(e: x.Expr) -> x.Expr:
            return self.folder.fold(e, known).expr

        def maybe(e: x.Expr | None) -> x.Expr | None:
            return None if e is None else fold(e)

        match statement:
            case s.WriteRegister(index=index, value=value) | s.WriteSlot(index=index, value=value):
                return [replace(statement, index=maybe(index), value=fold(value))]
            case s.UpdateRegister(index=index, changes=changes) | s.UpdateSlot(
                index=index, changes=changes
            ):
                made = tuple(replace(c, index=maybe(c.index), value=fold(c.value)) for c in changes)
                return [replace(statement, index=maybe(index), changes=made)]
            case s.Let(name=name, value=value) | s.Assign(name=name, value=value):
                folded = None if value is None else self.folder.fold(value, known)
                known.pop(name, None)
                if folded is None:
                    return [statement]
                if folded.value is not None:
                    known[name] = folded.value
                return [replace(statement, value=folded.expr)]
            case s.If():
                return self._if(statement, known)
            case s.Loop():
                return self._loop(statement, known)
            case s.Switch():
                return self._switch(statement, known)
            case s.Labelled():
                return self._labelled(statement, known)
            case s.Hold(body=body):
                return [replace(statement, body=tuple(self.body(body, known)))]
            case s.Return(value=value):
                return [replace(statement, value=maybe(value))]
            case s.Perform(call=call):
                folded_call = fold(call)
                assert isinstance(folded_call, x.Call)
                return [replace(statement, call=folded_call)]
            case s.Warn(condition=condition):
                folded = self.folder.claim(condition, known)
                if folded.value == 0:
                    return self._done(folded, statement)
                return [replace(statement, condition=folded.expr)]
            case s.Assert(condition=condition):
                folded = self.folder.claim(condition, known)
                if folded.value:
                    return self._done(folded, statement)
                return [replace(statement, condition=folded.expr)]
            case s.Leave() | s.Fail() | s.Trap() | s.Order() | s.May() | s.Perhaps():
                return [statement]
            case _:
                assert_never(statement)

    def _done(self, folded: Folded, whole: s.Statement) -> list[s.Statement]:
        """What an expression does whose value is known, where that is all that is left of it."""
        if folded.settled:
            return []
        value = folded.expr
        assert isinstance(value.type, Int | Bool)
        return [s.Let(self.names.fresh("unused"), value.type, value, whole.doc, whole.span)]

    # ---- choices

    def _if(self, statement: s.If, known: _Known) -> list[s.Statement]:
        ways = [*((a.condition, a.body, a.doc) for a in statement.arms)]
        return _documented(statement.doc, self._arms(statement, ways, known))

    def _arms(
        self, whole: s.If, ways: list[tuple[x.Expr, s.Body, tuple[str, ...]]], known: _Known
    ) -> list[s.Statement]:
        """The arms from one on; what was known before them is known in each."""
        arms: list[s.Arm] = []
        ends_known: list[_Known] = []
        otherwise = whole.otherwise
        after: list[s.Statement] | None = None
        for at, (condition, body, doc) in enumerate(ways):
            folded = self.folder.fold(condition, known)
            if folded.value is None:
                inner = dict(known)
                made = tuple(self.body(body, inner))
                arms.append(s.Arm(folded.expr, made, doc, condition.span))
                if not ends(made):
                    ends_known.append(inner)
                continue
            done = self._done(folded, whole)
            if not done and not folded.value:
                continue
            inner = known if not arms else dict(known)
            if folded.value:
                rest = _documented(doc, self._placed(body, inner))
            else:
                rest = self._arms(whole, ways[at + 1 :], inner)
            after = [*done, *rest]
            if not arms:
                return after
            if not ends(after):
                ends_known.append(inner)
            break
        if after is None and otherwise is not None:
            if not arms:
                return self._placed(otherwise, known)
            inner = dict(known)
            after = self.body(otherwise, inner)
            if not ends(after):
                ends_known.append(inner)
        elif after is None:
            ends_known.append(dict(known))
        if not arms:
            return []
        _meet(known, ends_known)
        return [s.If(tuple(arms), None if after is None else tuple(after), (), whole.span)]

    def _switch(self, switch: s.Switch, known: _Known) -> list[s.Statement]:
        folded = self.folder.fold(switch.value, known)
        values = [case.value for case in switch.cases]
        if folded.value is None:
            for inner in bodies(switch):
                # A part may be entered from the one above.
                _forget(known, assigned(inner))
            cases = tuple(
                replace(case, body=tuple(self.body(case.body, dict(known))))
                for case in switch.cases
            )
            last = switch.otherwise
            rest = None if last is None else tuple(self.body(last, dict(known)))
            return [replace(switch, value=folded.expr, cases=cases, otherwise=rest)]
        chosen = [switch.otherwise or ()]
        if folded.value in values:
            at = values.index(folded.value)
            chain = [case.body for case in switch.cases[at:]]
            chosen = [*chain, *chosen] if switch.falling else chain[:1]
        made = self._done(folded, switch)
        for body in chosen:
            made += self._placed(body, known)
            if ends(made):
                break
        return _documented(switch.doc, made)

    # ---- loops and blocks

    def _loop(self, loop: s.Loop, known: _Known) -> list[s.Statement]:
        low, high = self.folder.fold(loop.low, known), self.folder.fold(loop.high, known)
        if low.value is not None and high.value is not None and low.settled and high.settled:
            rounds = range(low.value, high.value + loop.inclusive)
            size = len(rounds) * sum(1 for _ in statements(loop.body))
            if len(rounds) <= ROUNDS and size <= self.most:
                return _documented(loop.doc, self._laid_out(loop, rounds, known))
        changed = assigned(loop.body)
        _forget(known, changed)
        inner = {name: value for name, value in known.items() if name != loop.var}
        body = tuple(self.body(loop.body, inner))
        return [replace(loop, low=low.expr, high=high.expr, body=body)]

    def _laid_out(self, loop: s.Loop, rounds: Iterable[int], known: _Known) -> list[s.Statement]:
        """Every round of a loop, one after the other."""
        hidden = known.pop(loop.var, None)
        made: list[s.Statement] = []
        for value in rounds:
            known[loop.var] = value
            made += self._placed(loop.body, known, once=False)
            if ends(made):
                break
        known.pop(loop.var, None)
        if hidden is not None:
            known[loop.var] = hidden
        return made

    def _labelled(self, block: s.Labelled, known: _Known) -> list[s.Statement]:
        inner = dict(known)
        made = self.body(block.body, inner)
        if made and isinstance(made[-1], s.Leave) and made[-1].label == block.label:
            made.pop()
        if any(isinstance(e, s.Leave) and e.label == block.label for e in statements(tuple(made))):
            _forget(known, assigned(block.body))
            return [replace(block, body=tuple(made))]
        known.clear()
        known.update(inner)
        if _declared(made) & self.names.repeated:
            return [replace(block, body=tuple(made))]
        return _documented(block.doc, made)


def _declared(body: list[s.Statement]) -> set[str]:
    return {each.name for each in body if isinstance(each, s.Let)}


def _forget(known: _Known, names: Iterable[str]) -> None:
    for name in names:
        known.pop(name, None)


def _meet(known: _Known, ways: list[_Known]) -> None:
    """What is known where several ways come together."""
    for name in list(known):
        if not all(way.get(name) == known[name] for way in ways):
            del known[name]
    for name, value in (ways[0] if ways else {}).items():
        if all(way.get(name) == value for way in ways):
            known[name] = value


def _documented(doc: tuple[str, ...], body: list[s.Statement]) -> list[s.Statement]:
    """A body with the documentation of what it was inside of."""
    if not doc or not body:
        return body
    return [replace(body[0], doc=(*doc, *body[0].doc)), *body[1:]]


# ---- variables that nobody asks for


def _used(body: s.Body, folder: Folder) -> s.Body:
    """A body without what comes to nothing: variables that are never read, empty choices."""
    size = -1
    while size != (size := sum(1 for _ in statements(body))):
        needed: set[str] = set()
        for statement in statements(body):
            for e in expressions(statement):
                needed.update(v.name for v in inside(e) if isinstance(v, x.Var))
                if isinstance(statement, s.Let | s.Assign) and not folder.silent(e):
                    needed.add(statement.name)
        body = _without(body, needed, folder)
    return body


def _without(body: s.Body, needed: set[str], folder: Folder) -> s.Body:
    """A body without the variables that are not ``needed``, and without what is then empty."""
    made: list[s.Statement] = []
    for statement in body:
        match statement:
            case s.Let(name=name) | s.Assign(name=name):
                if name not in needed:
                    continue
            case s.If(arms=arms, otherwise=otherwise):
                ways = tuple(replace(a, body=_without(a.body, needed, folder)) for a in arms)
                rest = _without(otherwise or (), needed, folder)
                statement = replace(statement, arms=ways, otherwise=rest or None)
            case s.Switch(cases=cases, otherwise=otherwise):
                chosen = tuple(replace(c, body=_without(c.body, needed, folder)) for c in cases)
                rest = _without(otherwise or (), needed, folder)
                statement = replace(statement, cases=chosen, otherwise=rest or None)
            case s.Loop() | s.Labelled():
                statement = replace(statement, body=_without(statement.body, needed, folder))
            case s.Hold():
                made.append(replace(statement, body=_without(statement.body, needed, folder)))
                continue
            case _:
                made.append(statement)
                continue
        inner = list(bodies(statement))
        if inner and not any(inner) and all(folder.silent(e) for e in expressions(statement)):
            continue
        made.append(statement)
    return tuple(made)
