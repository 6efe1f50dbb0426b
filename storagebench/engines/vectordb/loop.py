"""The loop that is measured: ask, wait, note two times and the answer; everything else comes before or after it."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from storagebench.engines.vectordb.backend import RequestError, Searcher
from storagebench.engines.vectordb.source import Rows
from storagebench.engines.vectordb.truth import Ids
from storagebench.errors import EngineError

CHUNK = 16_384
"""Requests whose notes are made room for at once: some microseconds of the window every so many requests."""

GIVE_UP_AFTER = 50
"""Failures in a row, over at least `GIVE_UP_S`: the database is gone, not busy."""
GIVE_UP_S = 5.0

Nanoseconds = NDArray[np.int64]


@dataclass(slots=True)
class Notes:
    """What was noted of each request, in chunks; `failed` has the latencies of those that failed."""

    k: int
    batch: int
    began: list[Nanoseconds] = field(default_factory=list)
    latency: list[Nanoseconds] = field(default_factory=list)
    asked: list[Ids] = field(default_factory=list)
    answers: list[Ids] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    first_failure: str = ""
    count: int = 0
    elapsed_s: float = 0.0

    def grow(self) -> None:
        """Make room for another chunk of requests."""
        self.began.append(np.empty(CHUNK, np.int64))
        self.latency.append(np.empty(CHUNK, np.int64))
        self.asked.append(np.empty((CHUNK, self.batch), np.int64))
        self.answers.append(np.empty((CHUNK, self.batch, self.k), np.int64))

    def times(self) -> tuple[Nanoseconds, Nanoseconds]:
        """Return when each request began, on the monotonic clock, and how long it took."""
        return _joined(self.began, self.count), _joined(self.latency, self.count)

    def results(self) -> tuple[Ids, Ids]:
        """Return every query that was answered and its answer, shapes (queries,) and (queries, k)."""
        asked, answers = _joined(self.asked, self.count), _joined(self.answers, self.count)
        return asked.reshape(-1), answers.reshape(-1, self.k)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When to stop, and how fast to ask: after `seconds` or `requests`; `every_ns` apart, as fast as may be if 0."""

    seconds: float
    requests: int = 0
    every_ns: int = 0


def ask(searcher: Searcher, queries: Rows, order: Iterator[Ids], effort: int, pace: Pace, notes: Notes) -> None:
    """Ask one request after the other until the pace says stop, into `notes`.

    In an open loop a request counts from the moment it was due: one that waits for its predecessor waits on the clock.

    Raises:
        EngineError: nothing but failures for a while; the first of them is quoted.
    """
    clock, search, k = time.perf_counter_ns, searcher.search, notes.k
    start = clock()
    end = start + int(pace.seconds * 1e9)
    most = pace.requests or (1 << 62)
    in_a_row, row_began = 0, start
    for number in itertools.count():
        place = notes.count % CHUNK
        if place == 0 and len(notes.began) * CHUNK <= notes.count:
            notes.grow()
        which = next(order)
        request = queries[which]
        began = _due(start + number * pace.every_ns) if pace.every_ns else clock()
        if began >= end or number >= most:
            break
        try:
            answer = search(request, k, effort)
        except RequestError as error:
            now = clock()
            notes.failed.append(now - began)
            notes.first_failure = notes.first_failure or str(error)
            row_began, in_a_row = (row_began, in_a_row + 1) if in_a_row else (began, 1)
            if in_a_row >= GIVE_UP_AFTER and now - row_began > GIVE_UP_S * 1e9:
                raise EngineError(
                    f"the database answers no more: {in_a_row} requests failed in a row, the first with: {error}"
                ) from None
            continue
        chunk = notes.count // CHUNK
        notes.latency[chunk][place] = clock() - began
        notes.began[chunk][place] = began
        notes.asked[chunk][place] = which
        notes.answers[chunk][place] = answer
        notes.count += 1
        in_a_row = 0
    notes.elapsed_s = (clock() - start) / 1e9


def _due(moment: int) -> int:
    """Wait for a moment of the monotonic clock, and return it, not the time at which the wait was over."""
    while (left := moment - time.perf_counter_ns()) > 0:
        if left > 200_000:
            time.sleep((left - 100_000) / 1e9)
    return moment


def _joined(chunks: list[NDArray[np.int64]], count: int) -> NDArray[np.int64]:
    return np.concatenate(chunks)[:count] if chunks else np.empty(0, np.int64)
