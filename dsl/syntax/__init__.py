"""Text to typed tree, and typed tree to canonical text."""
