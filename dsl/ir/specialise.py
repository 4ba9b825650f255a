"""A program for one configuration: what is known becomes constant, and what cannot be is cut.

    specialise(program, facts={"vhe": 1, "sre": 0}, registers={"ICH_VTR_EL2": 0x90000003})

The result does what the program does wherever these hold: the same values, and the same accesses
in the same order, because a register whose value is known is still read where a sequence reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from msgspec.structs import replace

from dsl.diagnostics.base import suggest
from dsl.failures import CannotRun
from dsl.ir import expr as x
from dsl.ir import sequence as s
from dsl.ir.cutting import cut
from dsl.ir.folding import Fixed, Folder
from dsl.ir.platform import InForce
from dsl.ir.program import Definition, Module, Program
from dsl.ir.shapes import Access, Condition, Register, Slot
from dsl.ir.types import Bool, Int
from dsl.ir.walk import statements

_Shape = TypeVar("_Shape", Condition, Slot)


def specialise(
    program: Program,
    facts: Mapping[str, int] | None = None,
    slots: Mapping[str, int] | None = None,
    registers: Mapping[str, int] | None = None,
) -> Program:
    """The program where ``facts`` (conditions), ``slots`` and ``registers`` have these values.

    A condition may be one that is defined by others; what it is defined by is then not known, and
    has to agree.  A slot is one that holds a single value, of every owner.  A register is given
    by name, or an element of a bank by its own (``ICH_LR3_EL2``), and must keep its value: nothing
    in the program writes it.  Lifecycles, scenarios, invariants and `boot` stay.

    Raises `CannotRun` for names that the program does not have and for values that do not fit.
    """
    fixed = Fixed(
        {name: _fact(program, name, value) for name, value in (facts or {}).items()},
        {name: _slot(program, name, value) for name, value in (slots or {}).items()},
        dict(_register(program, name, value) for name, value in (registers or {}).items()),
    )
    loud, quiet = Folder(program, fixed), Folder(program, fixed, quiet=True)
    modules = tuple(_module(module, fixed, loud, quiet) for module in program.modules)
    held = {**dict(program.held), **(registers or {})}
    return Program(program.name, modules, tuple(held.items()))


def fixed_in(program: Program) -> Fixed:
    """What holds for good in a program, as it was specialised."""

    def only(shapes: Iterable[Condition | Slot]) -> dict[str, int]:
        return {c.name: c.low for c in shapes if c.low is not None and c.low == c.high}

    conditions = [c for c in program.conditions.values() if c.name not in program.definitions]
    slots = [slot for slot in program.slots.values() if not slot.length]
    held = dict(_register(program, name, value) for name, value in program.held)
    return Fixed(only(conditions), only(slots), held)


def _module(module: Module, fixed: Fixed, loud: Folder, quiet: Folder) -> Module:
    def fold(e: x.Expr) -> x.Expr:
        return quiet.fold(e, {}).expr

    def never(e: x.Expr) -> bool:
        return isinstance(e, x.Const) and not e.value

    legalised = [
        replace(rule, value=fold(rule.value), condition=fold(rule.condition))
        for rule in module.legalisations
    ]

    def promises(ensures: tuple[x.Expr, ...]) -> tuple[x.Expr, ...]:
        claims = [quiet.claim(e, {}).expr for e in ensures]
        return tuple(e for e in claims if not _always(e))

    return replace(
        module,
        layouts=tuple(_layouts(module.layouts, quiet)),
        legalisations=tuple(rule for rule in legalised if not never(rule.condition)),
        computed=tuple(replace(rule, value=fold(rule.value)) for rule in module.computed),
        derived=tuple(replace(each, value=fold(each.value)) for each in module.derived),
        contexts=tuple(
            replace(c, slots=tuple(_narrowed(each, fixed.slots) for each in c.slots))
            for c in module.contexts
        ),
        conditions=tuple(_narrowed(c, fixed.conditions) for c in module.conditions),
        definitions=tuple(_definition(d, fixed, quiet) for d in module.definitions),
        externs=tuple(replace(e, ensures=promises(e.ensures)) for e in module.externs),
        sequences=tuple(cut(sequence, loud) for sequence in module.sequences),
        operations=tuple(cut(operation, loud) for operation in module.operations),
        models=tuple(cut(model, loud) for model in module.models),
    )


def _always(e: x.Expr) -> bool:
    return isinstance(e, x.Const) and bool(e.value)


def _layouts(rules: Iterable[InForce], quiet: Folder) -> Iterator[InForce]:
    """The layouts that can still be in force: of those of one register always exactly one is."""
    found = [replace(r, condition=quiet.fold(r.condition, {}).expr) for r in rules]
    sure = {r.register.name for r in found if _always(r.condition)}
    for rule in found:
        match rule.condition:
            case x.Const(value=value):
                if value:
                    yield rule
            case _:
                if rule.register.name not in sure:
                    yield rule


def _definition(definition: Definition, fixed: Fixed, quiet: Folder) -> Definition:
    condition = definition.condition
    value = fixed.conditions.get(condition.name)
    if value is not None:
        return replace(definition, value=x.Const(value, condition.type, definition.value.span))
    return replace(definition, value=quiet.fold(definition.value, {}).expr)


def _narrowed(shape: _Shape, values: Mapping[str, int]) -> _Shape:
    """A condition or a slot that can hold nothing but its value."""
    value = values.get(shape.name)
    return shape if value is None else replace(shape, low=value, high=value)


# ---- what is asked for


def _fact(program: Program, name: str, value: int) -> int:
    condition = program.conditions.get(name)
    if condition is None:
        raise CannotRun(f"there is no condition `{name}`", suggest(name, program.conditions))
    return _fitting(condition, value)


def _slot(program: Program, name: str, value: int) -> int:
    slot = program.slots.get(name)
    if slot is None:
        raise CannotRun(f"there is no slot `{name}`", suggest(name, program.slots))
    if slot.length:
        raise CannotRun(f"`{name}` is an array, and only a slot with one value can be fixed")
    return _fitting(slot, value)


def _fitting(shape: Condition | Slot, value: int) -> int:
    """The value, as far as it is one that the condition or the slot can have."""
    match shape.type:
        case Bool():
            least, greatest = 0, 1
        case Int(least=least, greatest=greatest):
            pass
    least = least if shape.low is None else max(least, shape.low)
    greatest = greatest if shape.high is None else min(greatest, shape.high)
    if not isinstance(value, int) or not least <= value <= greatest:
        raise CannotRun(f"`{shape.name}` cannot be {value!r}: it is {least:#x}..{greatest:#x}")
    return int(value)


def _register(program: Program, name: str, value: int) -> tuple[tuple[str, int | None], int]:
    elements = {n: (r, i) for r in program.registers.values() for n, i in _elements(r)}
    if name not in elements:
        raise CannotRun(f"there is no register `{name}`", suggest(name, elements))
    register, index = elements[name]
    if any(field.computed for field in register.fields):
        raise CannotRun(f"{name} is computed from other state, so its value cannot be fixed")
    if register.access is Access.WO:
        raise CannotRun(f"{name} is write-only, so nothing asks for its value")
    ones = register.type.mask
    wrong = value & register.res0 | ~value & register.res1
    if not isinstance(value, int) or not 0 <= value <= ones or wrong:
        raise CannotRun(
            f"{name} cannot hold {value!r}: it has {register.width} bits, some reserved"
        )
    writers = (program.sequences, program.operations, program.models)
    for sequence in (one for named in writers for one in named.values()):
        for each in statements(sequence.body):
            match each:
                case s.WriteRegister() | s.UpdateRegister() if each.register.name == register.name:
                    if index is None or not isinstance(each.index, x.Const):
                        hit = True
                    else:
                        hit = each.index.value == index
                    if hit:
                        raise CannotRun(
                            f"{name} is written by {sequence.name} ({each.span}), so it does not "
                            "keep one value",
                            "fix registers that nothing writes, such as identification "
                            "registers",
                        )
                case _:
                    pass
    return (register.name, index), value


def _elements(register: Register) -> Iterator[tuple[str, int | None]]:
    if not register.banked:
        yield register.name, None
    for i in range(register.first, register.first + register.count):
        if register.banked:
            yield register.element(i), i
