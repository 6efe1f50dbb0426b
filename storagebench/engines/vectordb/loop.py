"""The loop that is measured: ask, wait, note two times and the answer; everything else comes before or after it.

After a wait for storage the processor's caches are cold, and each line of Python costs ten times what it costs in a
tight loop. So requests are drawn and answers put away for some hundreds of them at once, between two requests.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from storagebench.engines.vectordb.backend import RequestError, Searcher
from storagebench.engines.vectordb.source import Rows
from storagebench.engines.vectordb.truth import Ids
from storagebench.errors import EngineError
from storagebench.model import FLOAT_BYTES
from storagebench.units import MIB

CHUNK = 256
"""Requests that are drawn at once, and put away: some tenths of a millisecond between two of them."""
CHUNK_BYTES = 4 * MIB
"""Their vectors take no more than this, so that fewer of a large batch are drawn."""

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

    def put(self, began: Sequence[int], ended: Sequence[int], asked: Ids, answers: Sequence[Ids]) -> None:
        """Put away what a chunk of requests left."""
        if not answers:
            return
        start = np.array(began, np.int64)
        self.began.append(start)
        self.latency.append(np.array(ended, np.int64) - start)
        self.asked.append(asked)
        self.answers.append(np.array(answers, np.int64))
        self.count += len(answers)

    def times(self) -> tuple[Nanoseconds, Nanoseconds]:
        """Return when each request began, on the monotonic clock, and how long it took."""
        return _joined(self.began, ()), _joined(self.latency, ())

    def results(self) -> tuple[Ids, Ids]:
        """Return every query that was answered and its answer, shapes (queries,) and (queries, k)."""
        asked, answers = _joined(self.asked, (self.batch,)), _joined(self.answers, (self.batch, self.k))
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
    start = time.perf_counter_ns()
    asking = _Asking(searcher, effort, pace, notes, start)
    size = max(1, min(CHUNK, CHUNK_BYTES // (notes.batch * queries.shape[1] * FLOAT_BYTES)))
    left = pace.requests or (1 << 62)
    while left and not asking.over:
        drawn = np.stack(list(islice(order, min(size, left))))
        left -= len(drawn)
        asking.chunk(queries[drawn], drawn)
    notes.elapsed_s = (time.perf_counter_ns() - start) / 1e9


class _Asking:
    """Asks chunk after chunk; `over` once a request would begin after the end."""

    def __init__(self, searcher: Searcher, effort: int, pace: Pace, notes: Notes, start: int) -> None:
        self._search = searcher.search
        self._effort = effort
        self._every_ns = pace.every_ns
        self._notes = notes
        self._due = start
        self._end = start + int(pace.seconds * 1e9)
        self._asked = 0
        self._patience = _Patience(notes)
        self.over = False

    def chunk(self, requests: Rows, drawn: Ids) -> None:
        """Ask the requests, shape (requests, batch, dimension), and put away what came of them."""
        clock, search, effort, k = time.perf_counter_ns, self._search, self._effort, self._notes.k
        end, every_ns, due = self._end, self._every_ns, self._due
        starts: list[int] = []
        ends: list[int] = []
        answers: list[Ids] = []
        failed: list[int] = []
        note_start, note_end, note_answer = starts.append, ends.append, answers.append
        for request in requests:
            if every_ns:
                began = _wait(due)
                due += every_ns
            else:
                began = clock()
            if began >= end:
                self.over = True
                break
            try:
                answer = search(request, k, effort)
            except RequestError as error:
                place = len(answers) + len(failed)
                failed.append(place)
                self._patience.failed(self._asked + place, began, clock(), error)
                continue
            note_end(clock())
            note_start(began)
            note_answer(answer)
        done = len(answers) + len(failed)
        self._asked += done
        self._due = due
        self._notes.put(starts, ends, np.delete(drawn[:done], failed, axis=0), answers)


class _Patience:
    """Notes failures, and loses patience with a database that only fails."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._last = -1
        self._in_a_row = 0
        self._since = 0

    def failed(self, number: int, began: int, now: int, error: RequestError) -> None:
        """Note a failure of the request of this number."""
        notes = self._notes
        notes.failed.append(now - began)
        notes.first_failure = notes.first_failure or str(error)
        if number != self._last + 1 or not self._in_a_row:
            self._in_a_row, self._since = 0, began
        self._last = number
        self._in_a_row += 1
        if self._in_a_row >= GIVE_UP_AFTER and now - self._since > GIVE_UP_S * 1e9:
            raise EngineError(
                f"the database answers no more: {self._in_a_row} requests failed in a row, the last with: {error}"
            )


def _wait(moment: int) -> int:
    """Wait for a moment of the monotonic clock, and return it, not the time at which the wait was over."""
    while (left := moment - time.perf_counter_ns()) > 0:
        if left > 200_000:
            time.sleep((left - 100_000) / 1e9)
    return moment


def _joined(chunks: list[NDArray[np.int64]], shape: tuple[int, ...]) -> NDArray[np.int64]:
    return np.concatenate(chunks) if chunks else np.empty((0, *shape), np.int64)
