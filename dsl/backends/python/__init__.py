"""The IR as a Python simulator: one readable module per program, to run, step through and trace."""

from dsl.backends.python.module import emit

__all__ = ["emit"]
