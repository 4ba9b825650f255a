"""Runs: scenarios on a machine that knows what is pending and what is visible."""
