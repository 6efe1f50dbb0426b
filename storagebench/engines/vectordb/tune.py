"""The search for the least effort that reaches a recall, so that throughput is compared at equal recall.

A job of one rank; the payload holds the `plan`, the result is a `Tuned`. The queries are not those that are scored.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from storagebench.engines.vectordb.backend import Searcher
from storagebench.engines.vectordb.databases import backend_of, open_session
from storagebench.engines.vectordb.load import truth_path
from storagebench.engines.vectordb.outcome import Tried, Tuned
from storagebench.engines.vectordb.recall import hits
from storagebench.engines.vectordb.source import Rows, source_of
from storagebench.engines.vectordb.truth import Truth
from storagebench.launch.communicator import Communicator, run_rank
from storagebench.model import VectorDatabasePlan
from storagebench.serial import from_json, to_json

GROWTH = 1.5
"""From one effort to the next while the target is not reached."""


def work(communicator: Communicator) -> Mapping[str, Any]:
    """Be the rank."""
    plan = from_json(VectorDatabasePlan, communicator.payload()["plan"])
    search = plan.search
    truth = Truth.load(Path(truth_path(plan)))
    asked = np.arange(search.scored, search.known)
    queries = source_of(plan.vectors).queries(search.pool)
    most = backend_of(plan.index.database).capabilities.indexes[plan.index.type].most_effort
    with open_session(plan) as session:
        searcher = session.searcher()
        tuned = least_effort(
            lambda effort: _try(searcher, queries, asked, truth, search.k, effort),
            target=search.target_recall,
            least=search.k,
            most=max(search.k, min(most, plan.vectors.num_vectors)),
        )
        searcher.close()
    found: Mapping[str, Any] = to_json(tuned)
    return found


def least_effort(attempt: Callable[[int], Tried], *, target: float, least: int, most: int) -> Tuned:
    """Find the least effort whose recall surely reaches the target (its lower bound does): grow until it does, then halve the last step."""
    tried: list[Tried] = []

    def reaches(effort: int) -> bool:
        tried.append(attempt(effort))
        return tried[-1].low >= target

    low, high = least - 1, least
    while not reaches(high):
        if high >= most:
            return Tuned(effort=most, target=target, reached=False, tried=tuple(tried))
        low, high = high, min(most, max(high + 1, int(high * GROWTH)))
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    in_order = sorted(tried, key=lambda one: one.effort)
    return Tuned(effort=high, target=target, reached=True, tried=tuple(in_order))


def _try(searcher: Searcher, queries: Rows, asked: Any, truth: Truth, k: int, effort: int) -> Tried:
    began = time.perf_counter()
    answers = np.concatenate([searcher.search(queries[one : one + 1], k, effort) for one in asked])
    spent_s = time.perf_counter() - began
    right = hits(answers, asked, truth, k)
    mean, error = float(right.mean()), float(right.std()) / len(right) ** 0.5
    return Tried(effort=effort, recall=mean, low=mean - 2 * error, latency_ms=1000 * spent_s / len(asked))


if __name__ == "__main__":
    run_rank(work)
