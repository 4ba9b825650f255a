"""Proves that sequences are right, or shows the history in which they are not."""
