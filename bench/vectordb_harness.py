"""What the harness costs: our loop against an engine's own bare loop, the loop alone, exact neighbours against numpy.

::

    python -m bench.vectordb_harness --dir DIR

One index of the embedded default; both sides ask the same queries in short turns. The bare loop is `for query in queries: index.search(query).ids`, and keeps nothing; it is also held against itself.
"""

import argparse
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
TURN = 64
TURNS = 120
"""All sides ask the same queries in turns of a tenth of a second, in any order; medians of turns count, so that what
else the machine does hits them alike."""
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
        order = requests(len(queries), 1, 1, 0)
        seconds, busy = np.zeros((TURNS, 3)), np.zeros((TURNS, 3))
        drawn = np.random.default_rng(1)
        for turn in range(TURNS):
            asked = np.concatenate([next(order) for _ in range(TURN)])
            bare = _bare(searcher._search, queries, asked)  # noqa: SLF001 - the engine's own call
            sides = [bare, _ours(searcher, queries, asked, notes), bare]
            for side in drawn.permutation(len(sides)):
                began = time.process_time()
                seconds[turn, side] = sides[side]()
                busy[turn, side] = time.process_time() - began
    bare_s, ours_s, again_s = seconds.T
    both_s = (bare_s + again_s) / 2
    ratio, noise = float(np.median(both_s / ours_s)), float(np.median(bare_s / again_s))
    rates = [TURN / float(np.median(column)) for column in (ours_s, both_s)]
    print(f"our loop {rates[0]:.1f} queries/s, bare loop {rates[1]:.1f}: ratio {ratio:.3f}, ", end="")
    print(f"the bare loop to itself {noise:.3f}, bar {BAR} {'met' if ratio >= BAR else 'MISSED'}")
    bare_us, ours_us, _ = 1e6 * np.median(busy, axis=0) / TURN
    print(f"processor time of a request: {ours_us:.0f} µs in our loop, {bare_us:.0f} µs in the bare loop")
    return ratio >= BAR


def _bare(search: Callable[..., Any], queries: Rows, asked: Ids) -> Callable[[], float]:
    def measure() -> float:
        began = time.perf_counter()
        for query in queries[asked]:
            _ = search(query=query, recall_at=K, l_value=EFFORT).ids
        return time.perf_counter() - began

    return measure


def _ours(searcher: Any, queries: Rows, asked: Ids, notes: Notes) -> Callable[[], float]:
    def measure() -> float:
        ask(searcher, queries, iter(asked[:, np.newaxis]), EFFORT, Pace(seconds=600, requests=TURN), notes)
        return notes.elapsed_s

    return measure


def _null() -> None:
    for dimension in (128, 1536):
        queries = np.zeros((10_000, dimension), np.float32)
        costs = []
        for _ in range(PAIRS):
            notes = Notes(K, 1)
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
