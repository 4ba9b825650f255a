"""The values that decide about a condition which does not hold, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from dsl.ir import expr as x
from dsl.ir.walk import parts
from dsl.run.env import Env
from dsl.run.registers import show

Value = Callable[[x.Expr, Env], int]


def shown(condition: x.Expr, value: Value, env: Env) -> str:
    """What a condition that does not hold asks of registers and slots, and what that is.

    ``value`` evaluates an expression.  Of an `every` it is the first number for which it does not
    hold.  It is empty where nothing but conditions of the machine is asked for.
    """
    found: dict[str, str] = {}
    for name, text in _asked(condition, value, env):
        found.setdefault(name, text)
    return ", ".join(f"{name} is {text}" for name, text in found.items())


def _asked(of: x.Expr, value: Value, env: Env) -> Iterator[tuple[str, str]]:
    match of:
        case x.Every(var=var, low=low, high=high, condition=condition):
            for number in range(value(low, env), value(high, env) + 1):
                inner = replace(env, locals={**env.locals, var: number})
                if not value(condition, inner):
                    yield from _asked(condition, value, inner)
                    return
        case x.Extract(value=x.ReadRegister() | x.ReadSlot(), field=field):
            yield _name(of, env), show(field, value(of, env))
        case x.ReadRegister() | x.ReadSlot():
            number = value(of, env)
            yield _name(of, env), str(number) if number < 10 else hex(number)
        case _:
            for part in parts(of):
                yield from _asked(part, value, env)


def _name(of: x.Expr, env: Env) -> str:
    """A place as the sources have it, with numbers for what counts there."""
    text = " ".join(of.span.text.split())
    for name, number in env.locals.items():
        text = re.sub(rf"([<\[]) *{name} *([>\]])", rf"\g<1>{number}\2", text)
    return text
