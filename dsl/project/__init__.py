"""A folder with a vgs.toml: its cases, what is written for them, and what that is compared with."""
