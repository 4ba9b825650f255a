"""Scenarios as tests: the pytest plugin, which only pytest imports."""
