"""The words of the language: whatever stands in quotes in the grammar and is a word."""

from __future__ import annotations

import re
from functools import cache

from dsl.resources import grammar_text


@cache
def keywords() -> frozenset[str]:
    """The words that are never names."""
    return frozenset(re.findall(r'"([a-z]\w*)"', grammar_text()))
