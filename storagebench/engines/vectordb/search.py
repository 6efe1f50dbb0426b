"""A rank of searching: opens the collection, warms up, meets the others, and asks until the window is over.

The payload holds the `plan`, with an effort. The result is a `RankSearch` and, of rank 0, an `Evidence`.
"""

import os
import socket
import zlib
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from storagebench.engines.storage.counters import peak_memory_bytes
from storagebench.engines.storage.histogram import encoded
from storagebench.engines.vectordb import regime, verify
from storagebench.engines.vectordb.backend import Searcher, Session
from storagebench.engines.vectordb.backends.null import NullSearcher
from storagebench.engines.vectordb.databases import open_session
from storagebench.engines.vectordb.load import truth_path
from storagebench.engines.vectordb.loop import Notes, Pace, ask
from storagebench.engines.vectordb.order import requests
from storagebench.engines.vectordb.outcome import Evidence, RankSearch, Step
from storagebench.engines.vectordb.readings import Readings
from storagebench.engines.vectordb.recall import scores_of
from storagebench.engines.vectordb.source import source_of
from storagebench.engines.vectordb.truth import Truth
from storagebench.launch.communicator import Communicator, run_rank
from storagebench.model import VectorDatabasePlan
from storagebench.serial import from_json, to_json

CALIBRATION_S = 0.2
STEP_SHARE = 0.25
"""A step of a sweep lasts this share of the window; the last one, with all ranks, is the window."""


def work(communicator: Communicator) -> Mapping[str, Any]:
    """Be a rank."""
    from threadpoolctl import threadpool_limits

    plan = from_json(VectorDatabasePlan, communicator.payload()["plan"])
    with threadpool_limits(1), open_session(plan) as session:
        return _Rank(plan, communicator, session).run()


class _Rank:
    def __init__(self, plan: VectorDatabasePlan, communicator: Communicator, session: Session) -> None:
        self._plan = plan
        self._communicator = communicator
        self._session = session
        self._source = source_of(plan.vectors)
        self._queries = self._source.queries(plan.search.pool)
        self._order = requests(plan.search.pool, plan.search.batch, plan.seed, communicator.rank)

    def run(self) -> Mapping[str, Any]:
        """Prepare, warm up, measure, and only then look at what came of it."""
        communicator, plan = self._communicator, self._plan
        host = communicator.local_rank == 0
        problems = verify.collection_problems(self._session, plan, self._source) if communicator.rank == 0 else []
        searcher = self._session.searcher()
        readings = Readings(plan.collection_dir, self._session, with_host=host)
        harness_us = self._harness_us()
        cap = self._capped(host=host)
        communicator.barrier()
        self._tell("warm-up")
        ask(
            searcher, self._queries, self._order, plan.search.effort, Pace(seconds=plan.search.warm_up_s), self._notes()
        )
        communicator.barrier()
        evidence = self._ready(problems, cap) if host else None
        self._tell(f"window of {plan.search.runtime_s:g} s")
        steps = [self._step(searcher, count, readings) for count in self._counts()]
        result = self._result(steps, readings, harness_us)
        if cap:
            cap.release()
        searcher.close()
        return {"search": to_json(result), "evidence": to_json(evidence) if communicator.rank == 0 else None}

    def _tell(self, stage: str) -> None:
        """Say what begins; within the window nothing is said, as words would be measured too."""
        if self._communicator.rank == 0:
            event = {"kind": "progress", "stage": stage, "done": 0, "total": 1, "unit": "windows", "bytes": 0}
            self._communicator.tell(event)

    def _notes(self) -> Notes:
        return Notes(self._plan.search.k, self._plan.search.batch)

    def _harness_us(self) -> float:
        notes = self._notes()
        order = requests(self._plan.search.pool, self._plan.search.batch, 0, 0)
        ask(NullSearcher(), self._queries, order, 0, Pace(seconds=CALIBRATION_S), notes)
        return 1e6 * notes.elapsed_s / max(1, notes.count)

    def _capped(self, *, host: bool) -> regime.Cap | None:
        if self._plan.regime != "capped":
            return None
        cap = regime.Cap(self._plan.collection, regime.cap_bytes(self._session.stats().disk_bytes))
        cap.hold([os.getpid(), *(self._session.pids() if host else ())])
        return cap

    def _ready(self, problems: list[str], cap: regime.Cap | None) -> Evidence:
        """Bring this host into the regime, and note how it is."""
        plan, paths = self._plan, self._session.data_paths()
        evicted = ""
        if plan.regime in {"cold", "capped"}:
            evicted = self._session.evict()
            regime.empty_page_cache(paths)
        quiet, waited_s, rate = regime.wait_until_quiet(plan.collection_dir, plan.search.quiet_s)
        return Evidence(
            regime=plan.regime,
            direct_files=regime.direct_files(paths),
            data_files=len(paths),
            evicted=evicted,
            resident_share=regime.resident_share(paths),
            limit_bytes=cap.limit_bytes if cap else None,
            quiet=quiet,
            quiet_waited_s=waited_s,
            written_mib_per_s=rate,
            compared=verify.COMPARED if not problems else 0,
            problems=tuple(problems),
        )

    def _counts(self) -> list[int]:
        """Return how many ranks each step has."""
        size = self._communicator.size
        if self._plan.search.mode != "sweep":
            return [size]
        return [*takewhile(lambda count: count < size, (1 << power for power in range(64))), size]

    def _step(self, searcher: Searcher, count: int, readings: Readings) -> tuple[int, Notes]:
        """Ask with the first `count` ranks; all of them wait for the end."""
        search, rank, notes = self._plan.search, self._communicator.rank, self._notes()
        whole = count == self._communicator.size
        pace = Pace(
            seconds=search.runtime_s * (1 if whole else STEP_SHARE),
            requests=-(-search.queries // count) if search.mode == "query_count" else 0,
            every_ns=int(1e9 * count * search.batch / search.rate) if search.rate else 0,
        )
        self._communicator.barrier()
        readings.begin()
        if rank < count:
            ask(searcher, self._queries, self._order, search.effort, pace, notes)
        self._communicator.barrier()
        return count, notes

    def _result(self, steps: list[tuple[int, Notes]], readings: Readings, harness_us: float) -> RankSearch:
        counted = readings.end()
        plan, notes = self._plan, steps[-1][1]
        began, latency = notes.times()
        asked, answers = notes.results()
        scored = asked < plan.search.scored
        digests, different = _compared(asked[scored], answers[scored])
        problems = verify.answer_problems(answers, plan.vectors.num_vectors)
        problems += verify.order_problems(self._session, self._queries, asked, answers, plan.vectors)
        truth = Truth.load(Path(truth_path(plan)))
        ended = (began + latency - (began[0] if len(began) else 0)) // 1_000_000_000
        return RankSearch(
            rank=self._communicator.rank,
            local_rank=self._communicator.local_rank,
            hostname=socket.gethostname(),
            steps=tuple(_step(count, one) for count, one in steps),
            requests=notes.count,
            failed=len(notes.failed),
            first_failure=notes.first_failure,
            successes=encoded(latency),
            failures=encoded(np.array(notes.failed, np.int64)),
            per_second=tuple(np.bincount(ended).tolist()) if len(ended) else (),
            scores=scores_of(answers[scored], asked[scored], truth, plan.search.k),
            digests=digests,
            different_answers=different,
            problems=tuple(problems),
            counted=counted,
            harness_us=harness_us,
            device=readings.device,
            device_reason=readings.device_reason,
            peak_memory_bytes=peak_memory_bytes(),
        )


def _step(count: int, notes: Notes) -> Step:
    began, _ = notes.times()
    started_s = float(began[0]) / 1e9 if len(began) else 0.0
    return Step(ranks=count, started_s=started_s, elapsed_s=notes.elapsed_s, answered=notes.count * notes.batch)


def _compared(asked: Any, answers: Any) -> tuple[tuple[int, ...], int]:
    """Return a digest of the first answer to each query, in the order of queries, and how many later ones differ."""
    _, first, place = np.unique(asked, return_index=True, return_inverse=True)
    different = int((answers != answers[first][place]).any(axis=1).sum()) if len(asked) else 0
    return tuple(zlib.crc32(answers[one].tobytes()) for one in first), different


if __name__ == "__main__":
    run_rank(work)
