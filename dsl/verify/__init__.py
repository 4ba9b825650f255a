"""Proves that sequences are right, or shows the history in which they are not."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Package(ModuleType):
    """The package, and at once `dsl.verify(...)`, the function of that name in `dsl.api`.

    Python makes a package an attribute of the one around it, and so hides the function.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:
        from dsl import api

        return api.verify(*args, **options)


sys.modules[__name__].__class__ = _Package
