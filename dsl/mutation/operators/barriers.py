"""Operators on barriers: a step down in what they do, a step up, and another order."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.mutation.operators.changes import Change
from dsl.mutation.subject import Function
from dsl.mutation.trees import items
from dsl.syntax import tree as t

#: From the widest to the narrowest.
_DOMAINS = ("sy", "osh", "ish", "nsh")
_ACCESSES = ("", "ld", "st")


def weaken(function: Function) -> Iterator[Change]:
    """Each barrier one step weaker, and each of a chain left out."""
    for order in _orders(function):
        chain = [function.text(b) for b in order.barriers]
        for i, barrier in enumerate(order.barriers):
            for weaker in _weaker(barrier):
                yield _instead(order, chain, i, [weaker], f"`{weaker}` for `{chain[i]}`")
            if len(chain) > 1:
                yield _instead(order, chain, i, [], f"without `{chain[i]}`")


def strengthen(function: Function) -> Iterator[Change]:
    """Each barrier one step stronger, and an isb at the end of a chain that has none."""
    for order in _orders(function):
        chain = [function.text(b) for b in order.barriers]
        for i, barrier in enumerate(order.barriers):
            for stronger in _stronger(barrier):
                yield _instead(order, chain, i, [stronger], f"`{stronger}` for `{chain[i]}`")
        if not any(b.kind in ("isb", "eret", "exception") for b in order.barriers):
            last = len(chain) - 1
            what = f"an isb behind `{chain[last]}`"
            yield _instead(order, chain, last, [chain[last], "isb"], what)


def reorder(function: Function) -> Iterator[Change]:
    """Each two barriers of a chain that are neighbours the other way round."""
    for order in _orders(function):
        chain = [function.text(b) for b in order.barriers]
        for i in range(len(chain) - 1):
            made = [*chain[:i], chain[i + 1], chain[i], *chain[i + 2 :]]
            yield _chain(order, made, f"`{chain[i + 1]}` before `{chain[i]}`")


def _orders(function: Function) -> Iterator[t.Order]:
    for item in items(function.tree):
        if isinstance(item.body, t.Order):
            yield item.body


def _instead(order: t.Order, chain: list[str], at: int, new: list[str], what: str) -> Change:
    return _chain(order, [*chain[:at], *new, *chain[at + 1 :]], what)


def _chain(order: t.Order, chain: list[str], what: str) -> Change:
    first, last = order.barriers[0], order.barriers[-1]
    return Change(first.start, last.end, " then ".join(chain), what, first.start)


def _weaker(barrier: t.Barrier) -> Iterator[str]:
    if barrier.option is None:
        return
    domain, accesses = _parts(barrier.option.text)
    if not accesses:
        yield from (_written(barrier.kind, domain, kind) for kind in ("ld", "st"))
    if domain < len(_DOMAINS) - 1:
        yield _written(barrier.kind, domain + 1, accesses)
    if barrier.kind == "dsb":
        yield _written("dmb", domain, accesses)


def _stronger(barrier: t.Barrier) -> Iterator[str]:
    if barrier.option is None:
        return
    domain, accesses = _parts(barrier.option.text)
    if accesses:
        yield _written(barrier.kind, domain, "")
    if domain:
        yield _written(barrier.kind, domain - 1, accesses)
    if barrier.kind == "dmb":
        yield _written("dsb", domain, accesses)


def _parts(option: str) -> tuple[int, str]:
    """Which domain an option is for, and which accesses ("" for all)."""
    for accesses in ("ld", "st"):
        if option.endswith(accesses):
            return _DOMAINS.index(option.removesuffix(accesses) or "sy"), accesses
    return _DOMAINS.index(option), ""


def _written(kind: str, domain: int, accesses: str) -> str:
    name = "" if accesses and not domain else _DOMAINS[domain]
    return f"{kind}({name}{accesses})"
