"""The IR as Python over NumPy lanes: one sequence, many machines at once."""

from dsl.backends.batch.module import emit

__all__ = ["emit"]
