"""Sequences as Python for a machine that keeps no trace: the same results, by the shortest way.

Registers are numbers in one list, fields are masks, and what no trace would show is left out.
What is not worth a form of its own asks the machine as the traced form does.
"""

from dsl.backends.python.untraced.functions import Untraced

__all__ = ["Untraced"]
