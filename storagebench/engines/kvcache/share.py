"""A rank's share of a plan: all of its own plan, or every so many-th request of one that all ranks share."""

from dataclasses import dataclass

import numpy as np

from storagebench.engines.kvcache.tiers import GET, PUT
from storagebench.engines.kvcache.trace import Trace


@dataclass(frozen=True, slots=True)
class Share:
    """A trace with rows and requests renumbered; `foreign` says of each row whether another rank writes its object."""

    trace: Trace
    foreign: list[bool]


def share_of(trace: Trace, rank: int = 0, size: int = 1) -> Share:
    """Take the requests `rank`, `rank + size`, … and their operations.

    What was filled in before is there for everybody. An object that another rank writes inside the plan may still be
    on its way when it is wanted here.
    """
    if size == 1:
        return Share(trace, [False] * len(trace.operations))
    mine = trace.operations["request"] % size == rank
    operations = trace.operations[mine].copy()
    requests = trace.requests[rank::size].copy()
    operations["request"] //= size
    counts = requests["operations"].astype(np.int64)
    requests["first"] = np.concatenate(([0], np.cumsum(counts)[:-1])) if len(counts) else counts
    others = trace.operations["object"][~mine & (trace.operations["kind"] == PUT)]
    foreign = np.isin(operations["object"], others) & (operations["kind"] == GET)
    own = Trace(operations, requests, trace.fill[rank::size], trace.peak_bytes, trace.stored_objects)
    return Share(own, foreign.tolist())


def fill_of(trace: Trace) -> Share:
    """Return the writes before the window as a plan of its own: one request an operation."""
    fill = trace.fill.copy()
    fill["request"] = np.arange(len(fill))
    requests = np.zeros(len(fill), trace.requests.dtype)
    requests["first"], requests["operations"] = np.arange(len(fill)), 1
    return share_of(Trace(fill, requests, trace.fill[:0], trace.peak_bytes, 0))
