"""Diagnostics whose cause lies outside the resolver."""

from __future__ import annotations

import pytest


@pytest.mark.skip("needs the C backend's count of uses")
def test_a_pattern_that_is_used_once() -> None:
    """VGS071, and VGS023 for a spelling that is never used."""


@pytest.mark.skip("raised by the C backend")
def test_something_that_the_dialect_does_not_spell() -> None:
    """VGS073."""


@pytest.mark.skip("raised by the command line, of vgs.toml")
def test_a_project_file_that_is_not_understood() -> None:
    """VGS080."""
