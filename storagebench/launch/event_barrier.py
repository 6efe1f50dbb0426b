"""A barrier among the processes of one machine, without anybody between them: an accelerator's step can be 0.4 ms long.

Three counters of the kernel, eventfd(2): ranks count themselves in at the first, and rank 0, when all have come, hands
out one ticket each at one of the other two. They take turns, so that a fast rank that is back already cannot take the
ticket of one that still sleeps: it finds the next counter empty until that one has come as well.

Where each rank can have a processor, who waits looks again and again for a moment, giving way to whoever wants it, and
then sleeps: to wake a processor that idles takes longer than the others mostly need to come. With more ranks than
processors, looking would keep those away that are waited for.
"""

import os
import select
import sys
import time
from collections.abc import Callable, Sequence

PATIENCE_S = 1.0
"""How long a rank waits before it says so: the launcher then looks whether all can still come."""
AWAKE_S = 100e-6
"""How long a rank looks before it sleeps, where each can have a processor."""
_COUNT_BYTES = 8


def make_counters() -> tuple[int, int, int]:
    """Return the descriptors of the three counters; whoever makes them closes them."""
    looked_at = os.EFD_CLOEXEC | os.EFD_NONBLOCK
    one_by_one = looked_at | os.EFD_SEMAPHORE
    return os.eventfd(0, looked_at), os.eventfd(0, one_by_one), os.eventfd(0, one_by_one)


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
        self._awake_s = AWAKE_S if size <= len(os.sched_getaffinity(0)) else 0.0

    def wait(self, late: Callable[[], None]) -> None:
        """Wait until every rank is here; `late` is called once if that takes long."""
        tickets = self._tickets[0]
        self._tickets.reverse()
        if self._rank:
            _add(self._arrived, 1)
            self._take(tickets, late)
        elif self._others:
            missing = self._others
            while missing:
                missing -= self._take(self._arrived, late)
            _add(tickets, self._others)

    def _take(self, counter: int, late: Callable[[], None]) -> int:
        """Take one ticket, or all who have arrived; wait for the first."""
        sleeps_at = time.perf_counter() + self._awake_s
        while time.perf_counter() < sleeps_at:
            if count := _look(counter):
                return count
            os.sched_yield()
        waiting = select.poll()
        waiting.register(counter, select.POLLIN)
        if not waiting.poll(PATIENCE_S * 1000):
            late()
        while not (count := _look(counter)):
            waiting.poll()
        return count


def _add(counter: int, count: int) -> None:
    os.write(counter, count.to_bytes(_COUNT_BYTES, sys.byteorder))


def _look(counter: int) -> int:
    try:
        return int.from_bytes(os.read(counter, _COUNT_BYTES), sys.byteorder)
    except BlockingIOError:
        return 0
