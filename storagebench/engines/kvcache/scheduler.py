"""Which operation may run now: requests release their operations, finished operations release others.

A request restores first, `fan_out` chunks at a time, then stores, then reads again what it stored. An operation goes
into a queue when its request has come to it and nothing that must come before it is left. There are no threads here;
workers call `finish`, whoever drives the load calls `release`.
"""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from storagebench.engines.kvcache.graph import make_graph
from storagebench.engines.kvcache.samples import Samples
from storagebench.engines.kvcache.share import Share
from storagebench.engines.kvcache.tiers import GET
from storagebench.engines.kvcache.trace import REREAD, RESTORE, STORE, Trace

Queue = SimpleQueue[int | None]
"""Rows that are ready; None ends a worker."""


class Queues(NamedTuple):
    """Of the readers, of the writers, and of those who look for what another rank writes."""

    reads: Queue
    writes: Queue
    awaited: Queue


class Scheduler:
    """The state of a plan under execution.

    Args:
        share: the plan, or this rank's share of it.
        queues: where ready operations go.
        fan_out: how many chunks of a request are read at a time.
        samples: takes the moments of asking, being ready, release and finish.
        finished: called without the lock when all of a request is done.
    """

    def __init__(
        self, share: Share, queues: Queues, fan_out: int, samples: Samples, finished: Callable[[int], None]
    ) -> None:
        trace = share.trace
        graph = make_graph(trace.operations)
        self._followers = graph.followers
        self._waits = [waits + 1 for waits in graph.waits]  # one more for its own request
        self._queue_of = [
            queues.awaited if foreign else queues.reads if kind == GET else queues.writes
            for kind, foreign in zip(trace.operations["kind"].tolist(), share.foreign, strict=True)
        ]
        self._requests = trace.operations["request"].tolist()
        self._fan_out = fan_out
        self._samples = samples
        self._finished = finished
        self._lock = threading.Lock()
        self._ends = _ends_of_parts(trace)
        self._part = [-1] * len(trace.requests)
        self._next = trace.requests["first"].tolist()
        self._left = [0] * len(trace.requests)

    def release(self, request: int) -> None:
        """Let a request begin."""
        with self._lock:
            self._samples.released[request] = time.perf_counter_ns()
            over = self._advance(request)
        if over:
            self._finish_request(request)

    def finish(self, row: int) -> None:
        """Take note that an operation is done, and let go of what waited for it."""
        request = self._requests[row]
        with self._lock:
            for follower in self._followers[row] or ():
                self._less(follower)
            self._left[request] -= 1
            if self._next[request] < self._ends[self._part[request]][request]:
                self._ask(request)
            over = not self._left[request] and self._advance(request)
        if over:
            self._finish_request(request)

    def _advance(self, request: int) -> bool:
        """Come to the next part of a request that has operations; say whether there is none."""
        while self._part[request] < REREAD:
            self._part[request] += 1
            part = self._part[request]
            count = self._ends[part][request] - self._next[request]
            if count:
                self._left[request] = count
                for _ in range(count if part == STORE else min(count, self._fan_out)):
                    self._ask(request)
                return False
        return True

    def _ask(self, request: int) -> None:
        row = self._next[request]
        self._next[request] = row + 1
        self._samples.asked[row] = time.perf_counter_ns()
        self._less(row)

    def _less(self, row: int) -> None:
        self._waits[row] -= 1
        if not self._waits[row]:
            self._samples.ready[row] = time.perf_counter_ns()
            self._queue_of[row].put(row)

    def _finish_request(self, request: int) -> None:
        self._samples.finished[request] = time.perf_counter_ns()
        self._finished(request)


def _ends_of_parts(trace: Trace) -> list[list[int]]:
    """Return for each part where it ends in the rows of each request."""
    firsts = trace.requests["first"].astype(np.int64)
    counts = [
        np.bincount(trace.operations["request"][trace.operations["part"] == part], minlength=len(firsts))
        for part in (RESTORE, STORE, REREAD)
    ]
    return [(firsts + sum(counts[: part + 1])).tolist() for part in range(len(counts))]
