"""The scenarios of this repository are tests of it, whether or not vgs is installed here."""

import pytest


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    if not pluginmanager.hasplugin("vgs"):
        from dsl.testing import plugin

        # By the name of its entry point, so that `-p no:vgs` leaves it out.
        pluginmanager.register(plugin, "vgs")
