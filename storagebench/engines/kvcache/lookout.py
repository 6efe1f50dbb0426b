"""Reads of objects that another rank writes: one thread looks for all of them, so that no reader stands waiting.

Readers that waited themselves could all wait for objects whose writers wait, on the other rank, for reads that no
reader is left to do. A read that is looked for takes no reader, and the oldest request of all can always go on.
"""

import heapq
import threading
import time
from queue import Empty
from typing import NamedTuple

from storagebench.engines.kvcache.samples import Samples
from storagebench.engines.kvcache.scheduler import Queue
from storagebench.engines.kvcache.stores import Session, StoreError
from storagebench.engines.kvcache.trace import Trace
from storagebench.units import bytes_text

PATIENCE_S = 120.0
"""How long another rank may take to write an object that is wanted here."""
POLL_S = 0.002
PATIENT_SHARE = 0.125
"""Who has waited long is looked for less often: after an eighth of the time waited."""


class _Awaited(NamedTuple):
    next_s: float
    row: int
    since_s: float


class Lookout:
    """Takes rows from `coming` and passes those on to `reads` whose objects are there.

    Args:
        trace: the rows.
        session: the storage, through hands of its own.
        coming, reads: rows that are asked for, and rows that can be read.
        samples: takes the moment at which each was seen.
        stopping: ends the thread; set when an object does not come.
    """

    def __init__(
        self, trace: Trace, session: Session, coming: Queue, reads: Queue, samples: Samples, stopping: threading.Event
    ) -> None:
        self._names = trace.operations["object"].tolist()
        self._sizes = trace.operations["size_bytes"].tolist()
        self._session = session
        self._coming, self._reads = coming, reads
        self._samples = samples
        self._stopping = stopping
        self._awaited: list[_Awaited] = []
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.failure = ""

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; `stopping` has been set."""
        self._coming.put(None)
        self._thread.join()

    def _look(self) -> None:
        while not self._stopping.is_set():
            self._take()
            try:
                self._pass_on(time.perf_counter())
            except (OSError, StoreError) as error:
                self.failure = f"looking for an object of another rank failed: {error}"
                self._stopping.set()

    def _take(self) -> None:
        """Take what is asked for; wait while nothing is, or until the next look is due."""
        wait_s = self._awaited[0].next_s - time.perf_counter() if self._awaited else None
        try:
            row = self._coming.get(timeout=wait_s) if wait_s is None or wait_s > 0 else self._coming.get_nowait()
            while row is not None:
                now = time.perf_counter()
                heapq.heappush(self._awaited, _Awaited(now, row, now))
                row = self._coming.get_nowait()
        except Empty:
            return

    def _pass_on(self, now: float) -> None:
        while self._awaited and self._awaited[0].next_s <= now:
            _, row, since_s = heapq.heappop(self._awaited)
            if self._exists(row):
                self._samples.ready[row] = time.perf_counter_ns()
                self._reads.put(row)
            elif now - since_s > PATIENCE_S:
                self.failure = (
                    f"reading object {self._names[row]:016x} ({bytes_text(self._sizes[row])}) failed: "
                    f"another rank has not written it within {PATIENCE_S:.0f} s"
                )
                self._stopping.set()
                return
            else:
                pause_s = max(POLL_S, PATIENT_SHARE * (now - since_s))
                heapq.heappush(self._awaited, _Awaited(now + pause_s, row, since_s))

    def _exists(self, row: int) -> bool:
        try:
            self._session.open(self._names[row], self._sizes[row])
        except FileNotFoundError:
            return False
        self._session.close()
        return True
