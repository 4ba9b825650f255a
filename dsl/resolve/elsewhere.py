"""Which module that is not imported declares a name: the advice about an unknown one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property

from dsl.resolve.scope import key
from dsl.syntax import tree as t

_DIGITS = re.compile(r"\d+")


class Elsewhere:
    """The declarations of modules that could be imported, which are read when first asked for.

    ``modules`` gives their names and trees, the nearest first.
    """

    def __init__(self, modules: Callable[[], Iterator[tuple[str, t.Module]]]) -> None:
        self._modules = modules

    def advice(self, name: str) -> str:
        """The import that brings in a name, in words; nothing if no module has it."""
        # `ICH_LR3_EL2` is declared as `ICH_LR<n>_EL2`.
        elements = (f"{name[: m.start()]}<>{name[m.end() :]}" for m in _DIGITS.finditer(name))
        for one in (key(name), *elements):
            if one in self._declared:
                module = self._declared[one]
                return f"`{name}` is in the module `{module}`: `import {module}`"
        return ""

    @cached_property
    def _declared(self) -> dict[str, str]:
        """The module of each name."""
        made: dict[str, str] = {}
        for module, parsed in self._modules():
            for item in parsed.items:
                for name in _names(item.body):
                    made.setdefault(key(name), module)
        return made


def _names(node: t.Declaration | t.Statement) -> Iterator[str]:
    """What a declaration makes known to those who import it, as far as they use it by name."""
    match node:
        case t.Context(name=name, owner=owner, slots=slots):
            yield from (name.text, owner.text)
            yield from (slot.name.text for slot in slots)
        case t.Condition(names=names):
            yield from (name.text for name in names)
        case (
            t.Constant(name=name)
            | t.Endpoint(name=name)
            | t.Extern(name=name)
            | t.Group(name=name)
            | t.Lock(name=name)
            | t.Register(name=name)
        ):
            yield name.text
        case t.Sequence(name=name, kind=kind) if kind.text != "model":
            yield name.text
