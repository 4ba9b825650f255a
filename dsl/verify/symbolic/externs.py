"""Externs on a symbolic machine: what they are declared to do, or what their models do."""

from __future__ import annotations

from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.shapes import Condition, RegisterRef, Slot
from dsl.ir.types import Handle
from dsl.source import Span
from dsl.verify.symbolic.expressions import Env, Evaluator
from dsl.verify.symbolic.state import Key, Unbounded, fact_key, slot_key, width_of
from dsl.verify.symbolic.term import Term


class Externs(Evaluator):
    """Calls externs: by contract, or (``models``) by their models."""

    # ---- told of what happens

    def called(self, name: str, owners: dict[str, str], span: Span) -> None:
        """Told of each call of an extern, before it happens."""

    def gave(self, extern: s.Extern, owners: dict[str, str]) -> None:
        """Told of each call of an extern, after it happened."""

    def run(self, what: s.Sequence, args: list[Term | str], *, software: bool) -> Term | None:
        """What a model does; who executes bodies says how."""
        raise Unbounded(f"{what.name} cannot be carried out here")

    def extern(self, call: x.Call, args: list[Term | str]) -> Term | None:
        extern = self.program.externs[call.callee]
        signature = extern.signature
        handles: dict[str, str] = {}
        bound: dict[str, Term] = {}
        for param, arg in zip(signature.params, args, strict=True):
            if isinstance(arg, str):
                handles[param.name] = arg
                if isinstance(param.type, Handle):
                    handles[param.type.root] = arg
            else:
                bound[param.name] = self.as_type(arg, None, param.type)
        self.called(signature.name, handles, call.span)
        model = self.program.models.get(signature.name) if self.models else None
        result: Term | None = None
        if model is not None:
            result = self.run(model, args, software=False)
        else:
            before = dict(self.cells)
            for effect in extern.effects:
                if effect.kind == "writes":
                    self._effect(effect, handles)
            fresh = [key for key, held in self.cells.items() if before.get(key) is not held]
            if signature.result is not None:
                width = getattr(signature.result, "width", 0)
                result = self.fresh(signature.name, width)
            self._ensured(extern, Env(0, handles, False, None, bound), fresh)
        self.gave(extern, handles)
        return result

    def _effect(self, effect: s.Effect, handles: dict[str, str]) -> None:
        """What an extern is declared to write becomes anything within its bounds."""
        for place in effect.places:
            mask = effect.bits(place)
            match place:
                case Slot():
                    owner = handles.get(place.root, "")
                    for index in range(place.length) if place.length else (None,):
                        key = slot_key(owner, place, index)
                        new = self.any_of(place, place.name)
                        if effect.low is not None and mask is None:
                            width = width_of(place)
                            new = self.fresh(place.name, width, effect.low, effect.high)
                        if mask is not None and new.width:
                            new = self.terms.masked(self.get(key), new, mask)
                        self.cells[key] = new
                case Condition():
                    owner = handles.get(place.root or "", "")
                    self.cells.pop(fact_key(owner, place), None)
                case RegisterRef():
                    self.havoc(place, mask)
                case _:
                    pass

    def havoc(self, place: RegisterRef, mask: int | None = None) -> None:
        """A register, or a field of it, becomes anything that it can be."""
        bits = place.field.mask if place.field else mask
        for element in self.elements.values():
            if element.register.name != place.register.name:
                continue
            if place.index in (None, element.index):
                new = self.fresh(element.name, element.register.width)
                self.change(element, element.ones if bits is None else bits, new)

    def _ensured(self, extern: s.Extern, env: Env, fresh: list[Key]) -> None:
        """What an extern promises holds after it: a number that it fixes, or a path.

        ``fresh`` has what became anything at all just before.
        """
        for promise in extern.ensures:
            holds = self.on(self.truth(promise, env))
            for part in self.terms.conjuncts(holds):
                if not self._fixes_bits(part, fresh):
                    self._promised(part)

    def _fixes_bits(self, part: Term, fresh: list[Key]) -> bool:
        """Whether a promise gives some bits of what is fresh a number: they have it then."""
        terms = self.terms
        base, value = _fixed(part)
        if base is None or base.op != "ext":
            return False
        low, width = base.args[1], base.width
        for key in fresh:
            held = self.cells[key]
            if held.width >= low + width and terms.slice(held, low, width) is base:
                self.cells[key] = terms.insert(held, low, terms.const(value, width))
                return True
        return False

    def _promised(self, part: Term) -> None:
        terms = self.terms
        base, value = _fixed(part)
        if base is None or base.op != "sym" or base.width == 0:
            self.path = terms.and_(self.path, part)
            return
        for key, held in self.cells.items():
            if held.width >= base.width and held is terms.zext(base, held.width):
                self.cells[key] = terms.const(value, held.width)


def _fixed(part: Term) -> tuple[Term | None, int]:
    """The unknown that a condition gives one value, and that value."""
    if part.op == "ult" and part.args[1].constant and part.args[1].value == part.args[0].lo + 1:
        return part.args[0], part.args[0].lo
    if part.op == "eq" and part.args[1].constant:
        return part.args[0], part.args[1].value
    if part.op == "not" and part.args[0].op == "ult":
        of, bound = part.args[0].args
        if bound.constant and bound.value == of.hi:
            return of, of.hi
    return None, 0
