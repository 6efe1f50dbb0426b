"""The figures of one client's window: what its samples say, counted the same way whoever asks."""

from typing import Any

import numpy as np

from storagebench.engines.kvcache import window
from storagebench.engines.kvcache.load import Run
from storagebench.engines.kvcache.samples import NEVER, Times
from storagebench.engines.kvcache.steady import SLICES
from storagebench.engines.kvcache.tiers import DELETE, GET, PUT
from storagebench.engines.kvcache.trace import RESTORE, Table, Trace
from storagebench.engines.kvcache.window import Mask, Window
from storagebench.engines.storage import histogram

NS = 1_000_000_000


def figures(run: Run, edges: Window, begin_ns: int) -> dict[str, Any]:
    """Return the fields of a ClientResult that are made of operations and requests."""
    samples, own = run.samples, run.trace
    reads, writes, deletions = (window.counted(own, samples, edges, kind) for kind in (GET, PUT, DELETE))
    restored = window.restores(own, samples, edges, run.due(begin_ns))
    credit = {
        kind: np.diff(window.moved_until(own, samples, kind, np.array([edges.begin_ns, edges.end_ns])))[0]
        for kind in (GET, PUT)
    }
    seconds = max(1, round(edges.length_s))
    halves = [window.per_slice(own, samples, edges, kind, SLICES) for kind in (GET, PUT)]
    done = edges.holds(samples.finished)
    finished = own.requests[done]
    in_memory = int(finished["in_hbm"].sum() + finished["in_dram"].sum())
    return {
        "window_s": edges.length_s,
        "operations": {
            "get": len(reads.service),
            "put": len(writes.service),
            "delete": len(deletions.service),
            "restore": len(restored.service),
        },
        "read_bytes": reads.total_bytes,
        "written_bytes": writes.total_bytes,
        "credit_read_bytes": float(credit[GET]),
        "credit_written_bytes": float(credit[PUT]),
        "ended_after_window": int((samples.ended > edges.end_ns).sum()),
        "failed": run.crew.failed,
        "restored_tokens": restored.tokens,
        "requests": len(finished),
        "input_tokens": int(finished["input_tokens"].sum()),
        "output_tokens": int(finished["output_tokens"].sum()),
        "looked_up": sum(int(finished[name].sum()) for name in ("missed", "in_hbm", "in_dram", "in_storage")),
        "planned_hits": in_memory + int(finished["in_storage"].sum()),
        "observed_hits": in_memory + _restored_chunks(own, samples.ended, done),
        "seconds_read_bytes": tuple(window.per_slice(own, samples, edges, GET, seconds)),
        "seconds_written_bytes": tuple(window.per_slice(own, samples, edges, PUT, seconds)),
        "slices_bytes": tuple(map(sum, zip(*halves, strict=True))),
        "histograms": {
            "read_service": histogram.encoded(reads.service),
            "read_response": histogram.encoded(reads.response),
            "read_harness": histogram.encoded(reads.held),
            "write_service": histogram.encoded(writes.service),
            "write_response": histogram.encoded(writes.response),
            "write_harness": histogram.encoded(writes.held),
            "restore_service": histogram.encoded(restored.service),
            "restore_response": histogram.encoded(restored.response),
            "dependency_wait": histogram.encoded(restored.gated),
            "request": histogram.encoded((samples.finished - run.due(begin_ns))[done]),
        },
        "request_storage_s": float((samples.finished - samples.released)[done].sum()) / NS,
        "stored_objects": _objects(own.fill, own.fill["kind"] >= 0) + _objects(own.operations, samples.ended != NEVER),
        "peak_stored_bytes": _net(own.fill) + window.stored_peak(own, samples),
        "fill_bytes": int(own.fill["size_bytes"][own.fill["kind"] == PUT].sum()),
    }


def _restored_chunks(trace: Trace, ended: Times, finished: Mask) -> int:
    rows = trace.operations
    restores = (rows["part"] == RESTORE) & (rows["kind"] == GET) & (ended != NEVER)
    return int(finished[rows["request"][restores]].sum())


def _objects(operations: Table, done: Mask) -> int:
    kinds = operations["kind"][done]
    return int((kinds == PUT).sum()) - int((kinds == DELETE).sum())


def _net(fill: Table) -> int:
    sizes = fill["size_bytes"].astype(np.int64)
    return int(sizes[fill["kind"] == PUT].sum() - sizes[fill["kind"] == DELETE].sum())
