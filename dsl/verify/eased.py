"""Work that is long and deep, without what Python does meanwhile that is of no use to it.

An engine makes many objects that stay, and hardly any circles of them: to look for these again and
again is a quarter of its time.  And CPython takes room for calls in small blocks: where a loop
calls across the end of one, a block is taken and given back for each call.  Here garbage is
collected less often, and all calls have room in one block.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")

#: So many more objects than before are there when circles of new ones are looked for.
_OFTEN = 10_000

#: How many words a call asks for, so that those within it find as much room: a little more than a
#: power of 2, of which the next one is taken.
_ROOM = (1 << 16) + 1024


def eased(work: Callable[[], R]) -> R:
    """What comes of the work; afterwards everything is as it was."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _OFTEN) if before[0] else 0, *before[1:])
    try:
        return _roomy(work)
    finally:
        gc.set_threshold(*before)


def _roomy(work: Callable[[], R]) -> R:
    return work()


# Room for calls is taken by what a function's code says that it needs.
_roomy.__code__ = _roomy.__code__.replace(co_stacksize=_ROOM)
