"""A barrier among the processes of one machine, without anybody between them: an accelerator's step can be 0.4 ms long.

Three counters of the kernel, eventfd(2): ranks count themselves in at the first, and rank 0, when all have come, hands
out one ticket each at one of the other two. They take turns, so that a fast rank that is back already cannot take the
ticket of one that still sleeps: it finds the next counter empty until that one has come as well.
"""

import os
import select
import sys
from collections.abc import Callable, Sequence

PATIENCE_S = 1.0
"""How long a rank waits before it says so: the launcher then looks whether all can still come."""
_COUNT_BYTES = 8


def make_counters() -> tuple[int, int, int]:
    """Return the descriptors of the three counters; whoever makes them closes them."""
    one_by_one = os.EFD_CLOEXEC | os.EFD_SEMAPHORE
    return os.eventfd(0, os.EFD_CLOEXEC), os.eventfd(0, one_by_one), os.eventfd(0, one_by_one)


class EventBarrier:
    """One rank's end of the barrier.

    Args:
        counters: what `make_counters` returned, inherited.
        rank, size: who we are, and of how many.
    """

    def __init__(self, counters: Sequence[int], rank: int, size: int) -> None:
        self._arrived, *self._tickets = counters
        self._rank = rank
        self._others = size - 1

    def wait(self, late: Callable[[], None]) -> None:
        """Wait until every rank is here; `late` is called once if that takes long."""
        tickets = self._tickets[0]
        self._tickets.reverse()
        if self._rank:
            _add(self._arrived, 1)
            _take(tickets, late)
        elif self._others:
            missing = self._others
            while missing:
                missing -= _take(self._arrived, late)
            _add(tickets, self._others)


def _add(counter: int, count: int) -> None:
    os.write(counter, count.to_bytes(_COUNT_BYTES, sys.byteorder))


def _take(counter: int, late: Callable[[], None]) -> int:
    """Take one ticket, or all who have arrived; wait for the first."""
    waiting = select.poll()
    waiting.register(counter, select.POLLIN)
    if not waiting.poll(PATIENCE_S * 1000):
        late()
    return int.from_bytes(os.read(counter, _COUNT_BYTES), sys.byteorder)
