"""Names, types and kinds: the typed tree becomes IR, or findings that say why it cannot."""
