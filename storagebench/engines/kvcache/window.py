"""What counts: operations that ended inside one fixed window, and nothing that ended a nanosecond later.

Bytes are divided by the window's length, which does not wait for anybody. What was under way at its edges is reported
beside, as credit in proportion to the time spent inside, and never added. Pure arithmetic on arrays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storagebench.engines.kvcache.samples import NEVER, Samples, Times
from storagebench.engines.kvcache.tiers import DELETE, GET, PUT
from storagebench.engines.kvcache.trace import RESTORE, Trace

Bytes = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Window:
    """First and last nanosecond that count, both included, on the rank's monotonic clock."""

    begin_ns: int
    end_ns: int

    @property
    def length_s(self) -> float:
        """The divisor of every rate."""
        return (self.end_ns - self.begin_ns) / 1e9

    def holds(self, moments: Times) -> Mask:
        """Say which moments lie inside; what has not happened does not."""
        inside: Mask = (moments != NEVER) & (moments >= self.begin_ns) & (moments <= self.end_ns)
        return inside


@dataclass(frozen=True, slots=True)
class Restores:
    """Requests whose last restored chunk came inside the window; nanoseconds each.

    `service` runs from the first chunk's begin, `response` from the moment that the request was due, without the time
    that it waited for other requests' writes (`gated`).
    """

    service: Times
    response: Times
    gated: Times
    tokens: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Operations of one kind inside the window: nanoseconds of each, and bytes of all.

    `service` is the backend's time, `response` runs from the moment that the operation could begin; `held` is what our
    own threads added to the backend's time: stamping, checking, waiting for a processor.
    """

    service: Times
    response: Times
    held: Times
    total_bytes: int


def counted(trace: Trace, samples: Samples, window: Window, kind: int) -> Counted:
    """Take the operations of a kind that ended inside the window."""
    chosen = window.holds(samples.ended) & (trace.operations["kind"] == kind)
    service, ended = samples.device[chosen], samples.ended[chosen]
    return Counted(
        service=service,
        response=ended - samples.ready[chosen],
        held=ended - samples.started[chosen] - service,
        total_bytes=int(trace.operations["size_bytes"][chosen].sum()),
    )


def restores(trace: Trace, samples: Samples, window: Window, due: Times) -> Restores:
    """Take the requests that were restored inside the window; `due` has a moment for each request."""
    rows = np.flatnonzero((trace.operations["part"] == RESTORE) & (trace.operations["kind"] == GET))
    requests = trace.operations["request"][rows]
    count = len(trace.requests)
    last, first = np.zeros(count, np.int64), np.full(count, np.iinfo(np.int64).max)
    undone, gated, tokens = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.maximum.at(last, requests, samples.ended[rows])
    np.minimum.at(first, requests, samples.started[rows])
    np.maximum.at(gated, requests, samples.ready[rows] - samples.asked[rows])
    np.add.at(undone, requests, samples.ended[rows] == NEVER)
    np.add.at(tokens, requests, trace.operations["tokens"][rows].astype(np.int64))
    chosen = window.holds(last) & (undone == 0)
    return Restores(
        service=(last - first)[chosen],
        response=(last - due - gated)[chosen],
        gated=gated[chosen],
        tokens=int(tokens[chosen].sum()),
    )


def moved_until(trace: Trace, samples: Samples, kind: int, moments: NDArray[np.int64]) -> Bytes:
    """Return the bytes of a kind moved by each moment, those of operations under way in proportion to their time."""
    chosen = (trace.operations["kind"] == kind) & (samples.ended != NEVER)
    started, ended = samples.started[chosen], samples.ended[chosen]
    sizes = trace.operations["size_bytes"][chosen].astype(np.float64)
    lengths = np.maximum(ended - started, 1)
    return np.array([float((sizes * np.clip((moment - started) / lengths, 0, 1)).sum()) for moment in moments])


def per_slice(trace: Trace, samples: Samples, window: Window, kind: int, slices: int) -> list[float]:
    """Return the bytes of a kind in each of so many equal slices of the window."""
    edges = np.linspace(window.begin_ns, window.end_ns, slices + 1).astype(np.int64)
    found: list[float] = np.diff(moved_until(trace, samples, kind, edges)).tolist()
    return found


def stored_peak(trace: Trace, samples: Samples) -> int:
    """Return the most bytes that timed writes and deletions ever held at once, beyond what was there before.

    A write takes its room when it begins and a deletion frees it when it ends: nothing is flattered.
    """
    operations = trace.operations
    done = samples.ended != NEVER
    puts, gone = done & (operations["kind"] == PUT), done & (operations["kind"] == DELETE)
    moments = np.concatenate((samples.started[puts], samples.ended[gone]))
    changes = np.concatenate(
        (operations["size_bytes"][puts].astype(np.int64), -operations["size_bytes"][gone].astype(np.int64))
    )
    running = np.cumsum(changes[np.argsort(moments, kind="stable")])
    return max(0, int(running.max())) if len(running) else 0
