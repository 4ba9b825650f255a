"""Globs over names of sequences mean what they do elsewhere."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hypothesis import example, given
from hypothesis import strategies as st

from dsl.ir.dialect import fits

NAMES = st.text("ab_", max_size=8)
GLOBS = st.text("ab_*", max_size=8)


@given(GLOBS, NAMES)
@example("a*a", "a")
@example("*a*ab", "aab")
def test_a_glob_fits_what_it_fits_elsewhere(glob: str, name: str) -> None:
    assert fits(glob, name) == fnmatchcase(name, glob)
