"""What the harness costs: our loop against an engine's own bare loop, the loop alone, exact neighbours against numpy.

::

    python -m bench.vectordb_harness --dir DIR

One index of the embedded default; both sides ask the same queries in short turns, one after the other. The bare loop is `for query in queries: index.search(query).ids`, and keeps nothing.
"""

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from storagebench.engines.vectordb.backends.null import NullSearcher
from storagebench.engines.vectordb.databases import open_session
from storagebench.engines.vectordb.loop import Notes, Pace, ask
from storagebench.engines.vectordb.order import requests
from storagebench.engines.vectordb.source import Rows, source_of
from storagebench.engines.vectordb.truth import Ids, Seeker
from storagebench.model import LOCALHOST, Index, Prediction, Search, VectorDatabasePlan, Vectors, Workload

BAR = 0.95
"""Our loop keeps at least this share of the bare loop's queries/s."""
PAIRS = 5
TURN = 20
TURNS = 400
"""Both sides ask the same few queries in turns of some milliseconds: what else the machine does hits both alike."""
K, EFFORT = 10, 20


def main() -> int:
    """Measure, print, and clean up; the exit code is 1 where the loop costs more than the bar allows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dir", default=".", help="a folder on a disk, for an index of about 30 MiB")
    parser.add_argument("--vectors", type=int, default=20_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.dir, prefix=".bench-vectordb-") as folder:
        met = _loops(_plan(folder, arguments.vectors))
    _null()
    _truth()
    return 0 if met else 1


def _loops(plan: VectorDatabasePlan) -> bool:
    source = source_of(plan.vectors)
    queries = source.queries(plan.search.pool)
    with open_session(plan) as session:
        session.create()
        for number in range(plan.vectors.num_blocks):
            session.load(plan.vectors.rows_of(number).start, source.block(number))
        session.build()
        session.settle(60)
        searcher: Any = session.searcher()
        notes = Notes(K, 1)
        notes.grow()
        order = requests(len(queries), 1, 1, 0)
        bare_s, ours_s = np.zeros(TURNS), np.zeros(TURNS)
        for turn in range(TURNS):
            asked = np.concatenate([next(order) for _ in range(TURN)])
            sides = [
                (bare_s, _bare(searcher._search, queries, asked)),  # noqa: SLF001 - the engine's own call
                (ours_s, _ours(searcher, queries, asked, notes)),
            ]
            for seconds, measure in sides[:: 1 if turn % 2 else -1]:
                seconds[turn] = measure()
    ratio = float(bare_s.sum() / ours_s.sum())
    halves = bare_s.reshape(2, -1).sum(axis=1)
    print(
        f"our loop {TURN * TURNS / ours_s.sum():.1f} queries/s, bare loop {TURN * TURNS / bare_s.sum():.1f}: ", end=""
    )
    drift = f"the bare loop's halves differ by {abs(halves[0] / halves[1] - 1):.2f}"
    print(f"ratio {ratio:.3f}, {drift}, bar {BAR} {'met' if ratio >= BAR else 'MISSED'}")
    return ratio >= BAR


def _bare(search: Callable[..., Any], queries: Rows, asked: Ids) -> Callable[[], float]:
    def measure() -> float:
        began = time.perf_counter()
        for query in queries[asked]:
            _ = search(query=query, recall_at=K, l_value=EFFORT).ids
        return time.perf_counter() - began

    return measure


def _ours(searcher: Any, queries: Rows, asked: Ids, notes: Notes) -> Callable[[], float]:
    order = itertools.chain(asked[:, np.newaxis], asked[:1, np.newaxis])  # the loop looks one request ahead

    def measure() -> float:
        ask(searcher, queries, order, EFFORT, Pace(seconds=600, requests=TURN), notes)
        return notes.elapsed_s

    return measure


def _null() -> None:
    for dimension in (128, 1536):
        queries = np.zeros((10_000, dimension), np.float32)
        costs = []
        for _ in range(PAIRS):
            notes = Notes(K, 1)
            notes.grow()
            pace = Pace(seconds=600, requests=50_000)
            ask(NullSearcher(), queries, requests(len(queries), 1, 1, 0), 0, pace, notes)
            costs.append(1e6 * notes.elapsed_s / notes.count)
        print(f"harness, {dimension:4} dimensions: {min(costs):.2f} µs a request")


def _truth() -> None:
    drawn = np.random.default_rng(1)
    queries, rows = drawn.random((1000, 1536), np.float32), drawn.random((8192, 1536), np.float32)
    ours, product = [], []
    for _ in range(PAIRS):
        began = time.perf_counter()
        Seeker(queries, "COSINE").add(0, rows)
        middle = time.perf_counter()
        queries @ rows.T
        ended = time.perf_counter()
        ours.append(len(rows) / (middle - began))
        product.append(len(rows) / (ended - middle))
    share = statistics.median(one / other for one, other in zip(ours, product, strict=True))
    print(f"exact neighbours of 1,000 queries, 1,536 dimensions: {statistics.median(ours):,.0f} vectors/s, ", end="")
    print(f"{share:.2f} of numpy's product alone ({statistics.median(product):,.0f} vectors/s)")
    try:
        import faiss
    except ImportError:
        print("faiss is not installed: no comparison with it")
        return
    began = time.perf_counter()
    faiss.knn(queries, rows, 100, faiss.METRIC_INNER_PRODUCT)
    print(f"faiss.knn: {len(rows) / (time.perf_counter() - began):,.0f} vectors/s")


def _plan(folder: str, vectors: int) -> VectorDatabasePlan:
    workload = Workload(
        family="vector_database",
        model="diskann",
        accelerator="",
        editions=("3.0",),
        status="own",
        divisions=("whatif",),
        parameters={"bench": True},
        quick=None,
        core_config_hashes=(),
        comparability_class=None,
        source="bench",
        where=str(Path(__file__).name),
    )
    return VectorDatabasePlan(
        id="bench",
        workload=workload,
        division="whatif",
        edition="3.0",
        run="",
        quick=True,
        hosts=(LOCALHOST,),
        accelerators=1,
        parameters={},
        overrides={},
        settings={},
        prediction=Prediction(disk_bytes=0, memory_bytes_per_host=0, least_duration_s=0.0, working=()),
        seed=1,
        engine="native",
        launcher="local",
        organisation="bench",
        system="bench",
        results_dir=folder,
        vectors=Vectors(num_vectors=vectors, dimension=128, distribution="clustered", metric="COSINE", seed=1),
        index=Index("diskann", "DISKANN", {"max_degree": 32, "search_list_size": 50, "pq_chunks": 32}),
        search=Search(
            k=K,
            batch=1,
            pool=10_000,
            scored=1,
            tuning=1,
            effort=EFFORT,
            target_recall=0.9,
            mode="timed",
            runtime_s=1,
            queries=0,
            warm_up_s=0,
            rate=0,
            quiet_s=0,
        ),
        regime="direct",
        dsn="",
        fresh=False,
        data_dir=folder,
    )


if __name__ == "__main__":
    sys.exit(main())
