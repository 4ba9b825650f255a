"""A short run of the fuzzer, the same each time; `campaign.py` is the long one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from inputs import grammar, mutated_bytes, mutated_words
from judge import judge


@settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(grammar())
def test_what_the_grammar_allows(text: str) -> None:
    judge(text.encode())


@pytest.mark.parametrize("start", range(0, 100, 25))
def test_real_sources_with_changed_bytes(start: int) -> None:
    for seed in range(start, start + 25):
        judge(mutated_bytes(seed))


@pytest.mark.parametrize("start", range(0, 100, 25))
def test_real_sources_with_changed_words(start: int) -> None:
    for seed in range(start, start + 25):
        judge(mutated_words(seed))
