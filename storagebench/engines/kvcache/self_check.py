"""How fast the harness itself is: the plan's own operations against a storage that takes no time."""

import time
from dataclasses import replace

import numpy as np

from storagebench.engines.kvcache.load import Run
from storagebench.engines.kvcache.payload import Payload
from storagebench.engines.kvcache.samples import NEVER
from storagebench.engines.kvcache.share import Share
from storagebench.engines.kvcache.stores.memory import NullBackend
from storagebench.engines.kvcache.trace import Trace
from storagebench.engines.kvcache.workers import Executor
from storagebench.model import Stage

MOST_OPERATIONS = 2000
MOST_BYTES = 2 << 30


def null_operations_per_s(share: Share, stage: Stage, payload: Payload) -> float:
    """Execute the beginning of the plan, stamping and checking included, and return operations a second."""
    part = _beginning(share.trace)
    if not len(part.trace.operations):
        return 0.0
    backend = NullBackend()
    threads = (min(count, 8) for count in (stage.storing.readers, stage.storing.writers))
    readers, writers = ([Executor(backend, payload, stage.storing.part_bytes) for _ in range(n)] for n in threads)
    run = Run(part, replace(stage.load, kind="closed"), readers, writers)
    begin = time.perf_counter()
    run.complete()
    return int((run.samples.ended != NEVER).sum()) / (time.perf_counter() - begin)


def _beginning(trace: Trace) -> Share:
    """Take whole requests until there are enough operations or bytes."""
    ends = trace.requests["first"].astype(np.int64) + trace.requests["operations"]
    sums = np.concatenate(([0], np.cumsum(trace.operations["size_bytes"].astype(np.int64))))
    fits = (ends <= MOST_OPERATIONS) & (sums[ends] <= MOST_BYTES)
    count = int(fits.sum())
    rows = int(ends[count - 1]) if count else 0
    operations = trace.operations[:rows]
    return Share(
        Trace(operations, trace.requests[:count], trace.fill[:0], trace.peak_bytes, 0), [False] * len(operations)
    )
