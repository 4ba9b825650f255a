"""What conditions, derived functions and computed fields stand for, written out in their place."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from dsl.backends.python.untraced.registers import Registers, hidden
from dsl.ir import expr as x
from dsl.ir.folding import Folder
from dsl.ir.platform import Computed
from dsl.ir.program import Program
from dsl.ir.rewrite import rewritten, with_variables, with_written
from dsl.ir.shapes import Access, Field
from dsl.ir.types import BOOL, Bool, Int
from dsl.ir.walk import inside
from dsl.source import Span


class Opening:
    """Opens the expressions of one function.

    ``quiet`` is for those that look at registers from outside; ``proven`` says whether an index is
    surely that of one of so many elements from a first one on.
    """

    def __init__(
        self,
        program: Program,
        registers: Registers,
        folder: Folder,
        proven: Callable[[x.Expr, int, int], bool],
        *,
        quiet: bool,
    ) -> None:
        self.program = program
        self.registers = registers
        self.folder = folder
        self.proven = proven
        self.quiet = quiet

    def _plain(self, value: x.Expr, *, own: bool = False) -> bool:
        """Whether a platform's expression says the same where a sequence asks it.

        ``own`` is for one that may ask for the value of the register itself.
        """
        for part in inside(value):
            match part:
                case x.Written() if not own:
                    return False
                case x.Every():
                    return False
                case x.ReadRegister(register=register):
                    if register.access is Access.WO or hidden(register):
                        return False
                case _:
                    pass
        return True

    def opened(self, e: x.Expr) -> x.Expr:
        """An expression with what conditions and derived functions stand for."""

        def change(part: x.Expr) -> x.Expr:
            match part:
                case x.Test(condition=condition, base=base):
                    definition = self.program.definitions.get(condition.name)
                    if definition is None or not self._plain(definition.value):
                        return part
                    return self.opened(_asked_of(definition.value, condition.root, base))
                case x.Derive(value=value, register=register, name=name):
                    function = self.program.derived[register.name, name].value
                    if not _cheap(value) or not self._plain(function, own=True):
                        return part
                    return self.opened(with_written(function, value))
                case x.Binary(op=">>", left=x.Extract() as piece, right=x.Const(value=by)):
                    return _narrowed(piece, by, piece.field.width - by, part)
                case x.Binary(op="&", left=x.Extract() as piece, right=x.Const(value=ones)):
                    whole = not ones & (ones + 1)
                    width = min(ones.bit_length(), piece.field.width)
                    return _narrowed(piece, 0, width, part) if whole else part
                case _:
                    return part

        return rewritten(e, change)

    def computed(self, e: x.Extract) -> x.Expr | None:
        """What a computed field of a register is, as far as that can stand in its place."""
        if not isinstance(e.value, x.ReadRegister) or e.value.register.name != e.register.name:
            return None
        register, rule = e.value.register, self.registers.rule_of(e.value.register, e.field)
        if rule is None or not self._plain(rule.value) or register.access is Access.WO:
            return None
        if e.field.access is Access.WO and not self.quiet:
            return None
        stands: dict[str, x.Expr] = {}
        for name, index, first, count in (
            (rule.var or "n", e.index, e.field.first, e.field.count),
            (register.var, e.value.index, register.first, register.count),
        ):
            if index is None:
                continue
            if not isinstance(index, x.Const | x.Var) or not self.proven(index, first, count):
                return None
            stands[name or ""] = index
        value = self.opened(rule.value)
        bound, *others = all_terms(value)
        if e.index is not None and _bounds(bound, rule.var) and _safe(others, rule):
            # Elements that are not there are rarely asked for.
            value = all_of([*others, bound], value.span)
        return self.folder.fold(with_variables(value, stands), {}).expr

    def spelt(self, e: x.Expr) -> x.Expr:
        """An expression with what the computed fields in it are."""

        def change(part: x.Expr) -> x.Expr:
            found = field_in(part) if isinstance(part, x.Extract | x.Cast) else None
            known = None if found is None else self.computed(found)
            if known is None or not isinstance(known.type, Bool):
                return part
            assert isinstance(part.type, Int)
            return x.Cast(known, part.type, part.span)

        def truth(part: x.Expr) -> x.Expr:
            match part:
                case x.Truth(operand=x.Cast(value=value)) if isinstance(value.type, Bool):
                    return value
                case x.Binary(op="==" | "!=" as op, left=x.Cast(value=value), right=x.Const() as c):
                    if isinstance(value.type, Bool) and c.value in (0, 1):
                        return value if c.value == (op == "==") else x.Not(value, part.span)
                case _:
                    pass
            return part

        return rewritten(e, lambda part: truth(change(part)))


def all_ones(field: Field) -> int:
    """The bits of one element of a field, shifted down."""
    return (1 << field.width) - 1


def field_in(e: x.Expr) -> x.Extract | None:
    """The field that a number is, conversions that leave its value aside."""
    match e:
        case x.Extract(field=field, type=type):
            return e if type.holds(all_ones(field)) else None
        case x.Cast(value=value, type=type) if isinstance(value.type, Int):
            found = field_in(value)
            return found if found is not None and type.holds(all_ones(found.field)) else None
        case _:
            return None


def all_terms(value: x.Expr) -> list[x.Expr]:
    """What all has to hold for a condition."""
    match value:
        case x.Binary(op="and", left=left, right=right):
            return [*all_terms(left), *all_terms(right)]
        case _:
            return [value]


def _bounds(term: x.Expr, var: str | None) -> bool:
    """Whether a term says no more than that a variable is below or above something."""
    if not isinstance(term, x.Binary) or term.op not in ("<", "<=", ">", ">="):
        return False
    left = term.left
    while isinstance(left, x.Cast):
        left = left.value
    return isinstance(left, x.Var) and left.name == var


def _safe(terms: list[x.Expr], rule: Computed) -> bool:
    """Whether terms can be asked for each element of a family: what they look at is there."""
    for part in (p for term in terms for p in inside(term)):
        match part:
            case x.ReadRegister(register=of, index=index) if index is not None:
                first, count = of.first, of.count
            case x.Extract(field=of, index=index) if index is not None:
                first, count = of.first, of.count
            case x.Insert() | x.Derive() | x.Test() | x.Call():
                return False
            case _:
                continue
        match index:
            case x.Const(value=at):
                ends = at, at
            case x.Var(name=name) if name == rule.var:
                ends = rule.field.first, rule.field.first + rule.field.count - 1
            case _:
                return False
        if ends[0] < first or ends[1] >= first + count:
            return False
    return True


def all_of(terms: list[x.Expr], span: Span) -> x.Expr:
    """A condition that holds where all of them do."""
    made: x.Expr = x.Const(1, BOOL, span)
    for at, term in enumerate(terms):
        made = x.Binary("and", made, term, BOOL, span) if at else term
    return made


def _asked_of(value: x.Expr, root: str | None, base: str | None) -> x.Expr:
    """A definition about one owner, asked of the handle ``base``."""

    def change(part: x.Expr) -> x.Expr:
        if base is not None and isinstance(part, x.ReadSlot | x.Test) and part.base == root:
            return replace(part, base=base)
        return part

    return rewritten(value, change)


def _narrowed(piece: x.Extract, by: int, width: int, whole: x.Binary) -> x.Expr:
    """Some of the bits of a field as a field of its own, where that is what ``whole`` is."""
    field = piece.field
    if field.computed or piece.index is not None or width < 1 or by < 0:
        return whole
    if not piece.type.holds(all_ones(field)) or not isinstance(whole.type, Int):
        return whole
    bits = replace(field, low=field.low + by, width=width)
    return x.Extract(piece.value, piece.register, bits, None, whole.type, whole.span)


def _cheap(e: x.Expr) -> bool:
    """Whether an expression may be written several times."""
    return isinstance(e, x.Const | x.Var | x.ReadSlot | x.ReadRegister)
