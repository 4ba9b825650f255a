"""Scenarios and invariants as tests: the pytest plugin, which only pytest imports."""
