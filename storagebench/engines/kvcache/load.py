"""Driving a plan: so many requests at a time, or each at its due time, until the window is over."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import numpy as np

from storagebench.engines.kvcache.lookout import Lookout
from storagebench.engines.kvcache.samples import NEVER, Samples, Times
from storagebench.engines.kvcache.scheduler import Queues, Scheduler
from storagebench.engines.kvcache.share import Share
from storagebench.engines.kvcache.stores import Session
from storagebench.engines.kvcache.window import Window
from storagebench.engines.kvcache.workers import Crew, Executor
from storagebench.errors import EngineError
from storagebench.model import Load

NS = 1_000_000_000


class Run:
    """One execution of a plan by a rank.

    Args:
        share: the plan, or this rank's share of it.
        load: how it is driven.
        readers, writers: the means of one thread each.
        hands: a session to look for objects of other ranks with; only where the plan is shared.
    """

    def __init__(
        self,
        share: Share,
        load: Load,
        readers: list[Executor],
        writers: list[Executor],
        hands: Session | None = None,
    ) -> None:
        trace = share.trace
        self.samples = Samples(len(trace.operations), len(trace.requests))
        self.trace = trace
        self._load = load
        self._waiting = iter(range(len(trace.requests)))
        self._dues = trace.requests["due_ns"]
        queues = Queues(SimpleQueue(), SimpleQueue(), SimpleQueue())
        self._taking = threading.Lock()
        self._left = len(trace.requests)
        self.exhausted_ns = NEVER
        self._scheduler = Scheduler(share, queues, load.fan_out, self.samples, self._finished)
        self.crew = Crew(trace, [*readers, *writers], self.samples)
        self._worker_queues = [queues.reads] * len(readers) + [queues.writes] * len(writers)
        self._lookout = (
            Lookout(trace, hands, queues.awaited, queues.reads, self.samples, self.crew.stopping) if hands else None
        )

    @property
    def closed(self) -> bool:
        """Whether the next request waits for one to end."""
        return self._load.kind == "closed"

    def due(self, begin_ns: int) -> Times:
        """Return when each request was due: on its time, or when it was let go."""
        if self.closed:
            return self.samples.released
        return begin_ns + (self._dues / self._load.rate).astype(np.int64)

    def drive(self, begin_ns: int, at: Callable[[str], None], alive: Callable[[int], None] | None = None) -> Window:
        """Drive the load for warm-up and window; `at` is called at the window's "begin" and "end".

        `alive` hears every second how many are gone, unless nothing has ended since the last.

        Raises:
            EngineError: an operation failed, or the plan was done before the window was over.
        """
        window_begin = begin_ns + int(self._load.warmup_s * NS)
        window = Window(window_begin, window_begin + int(self._load.window_s * NS))
        with _without_collector():
            self._start()
            try:
                if self.closed:
                    for _ in range(self._load.in_flight):
                        self._release_next()
                else:
                    threading.Thread(target=self._release_on_time, args=(begin_ns,), daemon=True).start()
                self._sleep_until(window.begin_ns, begin_ns, alive)
                at("begin")
                self._sleep_until(window.end_ns, begin_ns, alive)
                at("end")
            finally:
                self._stop()
        self._check()
        if self.closed and self.exhausted_ns and self.exhausted_ns < window.end_ns:
            took_s = (self.exhausted_ns - begin_ns) / NS
            raise EngineError(
                f"the plan was done {took_s:.1f} s into the {self._load.warmup_s + self._load.window_s:.1f} s of warm-up "
                "and window: raise load.most_gib_per_s, which this storage surpasses, or shorten the window to fit the trace file"
            )
        return window

    def complete(self) -> None:
        """Execute the whole plan, however long it takes: for fills and tests.

        Raises:
            EngineError: an operation failed.
        """
        self._start()
        try:
            for _ in range(self._load.in_flight):
                self._release_next()
            while self._left:
                if self.crew.stopping.wait(0.005):
                    break
        finally:
            self._stop()
        self._check()

    def _start(self) -> None:
        self.crew.start(self._scheduler, self._worker_queues)
        if self._lookout:
            self._lookout.start()

    def _stop(self) -> None:
        self.crew.stop()
        if self._lookout:
            self._lookout.stop()

    def _check(self) -> None:
        self.crew.check()
        if self._lookout and self._lookout.failure:
            raise EngineError(self._lookout.failure)

    def _finished(self, _: int) -> None:
        with self._taking:
            self._left -= 1
            if not self._left:
                self.exhausted_ns = time.perf_counter_ns()
        if self.closed:
            self._release_next()

    def _release_next(self) -> None:
        with self._taking:
            request = next(self._waiting, None)
        if request is not None and not self.crew.stopping.is_set():
            self._scheduler.release(request)

    def _release_on_time(self, begin_ns: int) -> None:
        due = self.due(begin_ns)
        for request in self._waiting:
            wait_s = (int(due[request]) - time.perf_counter_ns()) / NS
            if self.crew.stopping.is_set() or (wait_s > 0 and self.crew.stopping.wait(wait_s)):
                return
            self._scheduler.release(request)

    def _sleep_until(self, moment_ns: int, begin_ns: int, alive: Callable[[int], None] | None) -> None:
        """Wait for a moment, or until an operation has failed."""
        ended = 0
        while (left_s := (moment_ns - time.perf_counter_ns()) / NS) > 0:
            if self.crew.stopping.wait(min(left_s, 1.0)):
                return
            if alive and (now := int(np.count_nonzero(self.samples.ended))) > ended:
                ended = now
                alive((time.perf_counter_ns() - begin_ns) // NS)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from stopping all threads while the clock runs."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
