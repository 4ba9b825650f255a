"""A long run of the fuzzer: `python tests/fuzz/campaign.py --inputs 20000 --seed 1`.

Every input that breaks a promise (a traceback, or more than five seconds) is kept as a file.
Stops early, with what it has, when it is interrupted.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]
# Broken inputs would fill the cache of trees.
os.environ["VGS_CACHE"] = "off"

from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402
from inputs import grammar, mutated_bytes, mutated_words  # noqa: E402
from judge import judge  # noqa: E402

SLOWEST = 5.0
_BATCH = 100


class TooSlow(Exception):
    """An input took longer than any source may."""


def _alarm(signum: int, frame: FrameType | None) -> None:
    raise TooSlow(f"more than {SLOWEST:.0f} s")


def samples(first: int) -> list[bytes]:
    """A batch of samples of the grammar."""
    made: list[bytes] = []

    @seed(first)
    @settings(
        max_examples=_BATCH,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(grammar())
    def collect(text: str) -> None:
        made.append(text.encode())

    collect()
    return made


def inputs(first: int) -> Iterator[tuple[str, bytes]]:
    """Inputs without end, the kinds in turn."""
    rng = random.Random(first)
    pending: list[bytes] = []
    while True:
        if not pending:
            pending = samples(rng.getrandbits(32))
        yield "grammar", pending.pop()
        yield "bytes", mutated_bytes(rng.getrandbits(32))
        yield "words", mutated_words(rng.getrandbits(32))


class Campaign:
    """Counts what was seen, and keeps what broke."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: Counter[str] = Counter()
        self.formed: Counter[str] = Counter()
        self.broken = 0
        self.slowest = 0.0

    def put(self, kind: str, data: bytes, judge: Callable[[bytes], bool] = judge) -> None:
        start = time.perf_counter()
        try:
            signal.setitimer(signal.ITIMER_REAL, SLOWEST)
            self.formed[kind] += judge(data)
        except Exception as error:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._keep(kind, data, error)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self.seen[kind] += 1
        self.slowest = max(self.slowest, time.perf_counter() - start)

    def _keep(self, kind: str, data: bytes, error: Exception) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{kind}-{self.broken}.vgs"
        path.write_bytes(data)
        self.broken += 1
        print(f"\n{path}: {type(error).__name__}", file=sys.stderr)
        traceback.print_exception(error, limit=-4)

    def line(self) -> str:
        each = ", ".join(
            f"{n} {kind} ({self.formed[kind]} formed)" for kind, n in self.seen.items()
        )
        worst = f"{self.broken} broken; slowest {self.slowest:.2f} s"
        return f"{self.seen.total()} inputs: {each}; {worst}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--inputs", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path, default=Path("fuzz-broken"), help="folder")
    given = options.parse_args()
    signal.signal(signal.SIGALRM, _alarm)
    campaign = Campaign(given.keep)
    start = time.perf_counter()
    shown = start
    try:
        for kind, data in inputs(given.seed):
            if campaign.seen.total() >= given.inputs:
                break
            campaign.put(kind, data)
            if sys.stderr.isatty() and time.perf_counter() - shown > 0.5:
                shown = time.perf_counter()
                print(f"\r{campaign.line()}", end="", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
    took = time.perf_counter() - start
    print(f"\r{campaign.line()}; seed {given.seed}, {took:.0f} s")
    return 1 if campaign.broken else 0


if __name__ == "__main__":
    sys.exit(main())
