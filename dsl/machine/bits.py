"""Arithmetic on values of a width, where Python's own integers would not wrap."""

from __future__ import annotations


def signed(value: int, width: int) -> int:
    """The low ``width`` bits of ``value``, read as two's complement."""
    value &= (1 << width) - 1
    return value - (1 << width) if value >> (width - 1) else value


def shift_left(value: int, amount: int, width: int) -> int:
    """``value << amount``, not yet wrapped; 0 for amounts outside ``0 .. width - 1``."""
    return value << amount if 0 <= amount < width else 0


def shift_right(value: int, amount: int, width: int) -> int:
    """``value >> amount``, keeping the sign; 0 for amounts outside ``0 .. width - 1``."""
    return value >> amount if 0 <= amount < width else 0
