"""A rank of loading: makes its blocks, inserts them and finds neighbours among them; rank 0 builds and seals.

The payload holds the `plan`, whether to `load`, and whether to find the exact neighbours (`truth`). The result of
rank 0 is what the collection's label says, as a `Loaded`; that of the others is empty.
"""

import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storagebench.engines.progress import Progress
from storagebench.engines.storage.counters import peak_memory_bytes
from storagebench.engines.vectordb.backend import Session
from storagebench.engines.vectordb.databases import backend_of, open_session
from storagebench.engines.vectordb.outcome import Loaded
from storagebench.engines.vectordb.source import source_of
from storagebench.engines.vectordb.truth import Seeker, Truth
from storagebench.launch.communicator import Communicator, run_rank
from storagebench.model import VectorDatabasePlan
from storagebench.serial import from_json, to_json

SETTLE_S = 3600.0
"""An index of ten million vectors may take its hour; then something is wrong."""


def truth_path(plan: VectorDatabasePlan) -> Path:
    """Return where the exact neighbours of a plan's queries are kept."""
    return Path(plan.collection_dir, f"truth-{plan.search.known}.npz")


def work(communicator: Communicator) -> Mapping[str, Any]:
    """Be a rank."""
    from threadpoolctl import threadpool_limits

    payload = communicator.payload()
    plan = from_json(VectorDatabasePlan, payload["plan"])
    threads = max(1, (os.cpu_count() or 1) * len(plan.hosts) // communicator.size)
    with threadpool_limits(threads), open_session(plan) as session:
        return _Loading(plan, communicator, session).run(load=payload["load"], truth=payload["truth"])


class _Loading:
    def __init__(self, plan: VectorDatabasePlan, communicator: Communicator, session: Session) -> None:
        self._plan = plan
        self._communicator = communicator
        self._session = session
        self._backend = backend_of(plan.index.database)
        self._first = communicator.rank == 0
        self._started_at = datetime.now(UTC).isoformat()
        self._parts = [Path(plan.collection_dir, f".truth-{rank}.npz") for rank in range(communicator.size)]

    def run(self, *, load: bool, truth: bool) -> dict[str, Any]:
        """Go through the blocks, then build."""
        if self._first:
            Path(self._plan.collection_dir).mkdir(parents=True, exist_ok=True)
            if load:
                self._session.create()
        self._communicator.barrier()
        load_s = self._blocks(load=load, truth=truth)
        if truth and self._first:
            self._merge()
        return to_json(self._build(load_s)) if load and self._first else {}

    def _blocks(self, *, load: bool, truth: bool) -> float:
        plan, communicator = self._plan, self._communicator
        source = source_of(plan.vectors)
        seeker = Seeker(source.queries(plan.search.pool)[: plan.search.known], plan.vectors.metric) if truth else None
        own = range(communicator.rank, plan.vectors.num_blocks, communicator.size)
        parallel = self._backend.capabilities.loads_in_parallel
        loads = own if load and parallel else range(plan.vectors.num_blocks if load and self._first else 0)
        progress = Progress(communicator, "load" if load else "exact neighbours", plan.vectors.num_vectors, "vectors")
        spent_s = 0.0
        for number in sorted({*loads, *(own if truth else ())}):
            rows, ids = source.block(number), plan.vectors.rows_of(number)
            if number in loads:
                began = time.perf_counter()
                self._session.load(ids.start, rows)
                spent_s += time.perf_counter() - began
            if seeker is not None and number in own:
                seeker.add(ids.start, rows)
            done = ids.stop * (communicator.size if len(loads) < plan.vectors.num_blocks else 1)
            progress(min(done, plan.vectors.num_vectors), rows.nbytes)
        if seeker is not None:
            seeker.truth().save(self._parts[communicator.rank])
        slowest = communicator.gather(spent_s)
        communicator.barrier()
        return max(slowest) if slowest else spent_s

    def _merge(self) -> None:
        """Join what the ranks found; a rank without a file is a host that does not share the folder."""
        plan = self._plan
        whole = Seeker(source_of(plan.vectors).queries(plan.search.pool)[: plan.search.known], plan.vectors.metric)
        for part in self._parts:
            found = Truth.load(part)
            if found.ids.shape[1]:
                whole.merge(found)
            part.unlink()
        whole.truth().save(truth_path(plan))

    def _build(self, load_s: float) -> Loaded:
        plan, session = self._plan, self._session
        self._communicator.tell(
            {
                "kind": "progress",
                "stage": f"build {plan.index.type}",
                "done": 0,
                "total": 1,
                "unit": "indexes",
                "bytes": 0,
            }
        )
        began = time.perf_counter()
        effective = session.build()
        built = time.perf_counter()
        session.settle(SETTLE_S)
        settled = time.perf_counter()
        stats = session.stats()
        loaded = Loaded(
            fingerprint=plan.vectors.fingerprint(),
            database=plan.index.database,
            database_version=self._backend.version(plan.dsn),
            index=plan.index.type,
            rows=stats.rows,
            dimension=plan.vectors.dimension,
            metric=plan.vectors.metric,
            effective=dict(effective),
            ranks=self._communicator.size,
            load_s=load_s,
            build_s=built - began,
            settle_s=settled - built,
            disk_bytes=stats.disk_bytes,
            resident_bytes=stats.resident_bytes,
            peak_memory_bytes=peak_memory_bytes(),
            started_at=self._started_at,
            ended_at=datetime.now(UTC).isoformat(),
        )
        session.seal(json.dumps(to_json(loaded)))
        return loaded


if __name__ == "__main__":
    run_rank(work)
