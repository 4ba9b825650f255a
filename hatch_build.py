"""The wheel states its own licence: it leaves out what of the source tree is under the GPL."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelLicence(BuildHookInterface[Any]):
    """Narrows the licence of the metadata from that of the source tree to that of the wheel.

    ``pyproject.toml`` can state one licence, and hatchling has no setting for another in a
    wheel.  These attributes are not its public ones: should they move, a wheel states the
    licence of the source tree, which is too much and not too little, and a test fails.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Runs before the wheel is written, when all metadata has been read."""
        core = self.metadata.core
        core._license_expression = "MIT"
        core._license_files = ["LICENSE"]
