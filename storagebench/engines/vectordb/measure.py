"""The figures of a run, from what its ranks report: merged exactly, and with what they are worth beside them."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from storagebench.engines.storage.histogram import merged, statistics_ms
from storagebench.engines.vectordb.outcome import Counted, Evidence, RankSearch
from storagebench.engines.vectordb.recall import Recall, recall_of
from storagebench.errors import EngineError
from storagebench.model import VectorDatabasePlan

KNEE_GAIN = 1.1
"""A step of a sweep that brings less than this is beyond the knee."""
HARNESS_SHARE = 0.05
BUSY_SHARE = 0.85
"""Above either, it is the client that limits the throughput."""
STORAGE_SHARE = 0.5
"""Of what the database asked of its files: less from the device, and a cache served the queries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepStep:
    """Throughput with some of the ranks."""

    ranks: int
    queries_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where the answers came from; bytes are of the window, None where they cannot be told.

    `engine_bytes` is what the database's processes read from storage, `asked_bytes` what searching wanted of files.
    """

    served_by: str
    reason: str
    engine_bytes: int | None
    asked_bytes: int | None
    device_bytes: int | None
    device_reads: int | None
    device_written_bytes: int | None
    kib_per_query: float | None
    reads_per_query: float | None
    device_to_engine: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What a run measured; latencies in milliseconds, of requests, never divided by the queries in them."""

    queries: int
    requests: int
    failed: int
    first_failure: str
    total_s: float
    queries_per_s: float
    latency_ms: dict[str, float | int | None]
    histogram: str
    per_second: tuple[int, ...]
    drift: float | None
    sweep: tuple[SweepStep, ...]
    knee: int | None
    recall: Recall
    disagreements: int
    storage: Storage
    harness_us: float
    harness_share: float
    busy_share: float
    client_bound: bool
    problems: tuple[str, ...]
    peak_memory_bytes: int


def measure(plan: VectorDatabasePlan, ranks: Sequence[RankSearch], evidence: Evidence) -> Metrics:
    """Add up what the ranks did.

    Raises:
        EngineError: a rank is missing, or nothing was answered.
    """
    if sorted(rank.rank for rank in ranks) != list(range(plan.accelerators)):
        raise EngineError(f"{len(ranks)} of {plan.accelerators} ranks reported: figures of the others alone are none")
    requests = sum(rank.requests for rank in ranks)
    if not requests or not any(rank.scores.queries for rank in ranks):
        reason = next((rank.first_failure for rank in ranks if rank.first_failure), "the window was too short")
        raise EngineError(f"no scored query was answered in the window: {reason}")
    total_s = max(rank.steps[-1].elapsed_s for rank in ranks)
    queries = requests * plan.search.batch
    histogram = merged(rank.successes for rank in ranks)
    latency = statistics_ms(histogram)
    harness_us = max(rank.harness_us for rank in ranks)
    share = harness_us / 1000 / (latency["mean"] or 1)
    busy = statistics.mean(rank.counted.cpu_s / rank.steps[-1].elapsed_s for rank in ranks)
    server = evidence.data_files == 0 or any(rank.counted.server_read_bytes is not None for rank in ranks)
    sweep = _sweep(ranks)
    seconds = tuple(map(sum, zip_longest(*(rank.per_second for rank in ranks), fillvalue=0)))
    return Metrics(
        queries=queries,
        requests=requests,
        failed=sum(rank.failed for rank in ranks),
        first_failure=next((rank.first_failure for rank in ranks if rank.first_failure), ""),
        total_s=total_s,
        queries_per_s=queries / total_s,
        latency_ms=latency,
        histogram=histogram,
        per_second=seconds,
        drift=_drift(seconds[: int(total_s)]),
        sweep=sweep,
        knee=_knee(sweep),
        recall=recall_of((rank.scores for rank in ranks), plan.search.k),
        disagreements=_disagreements(ranks),
        storage=_storage([rank.counted for rank in ranks], queries, evidence),
        harness_us=harness_us,
        harness_share=share,
        busy_share=busy,
        client_bound=share > HARNESS_SHARE or (server and busy > BUSY_SHARE),
        problems=(*evidence.problems, *dict.fromkeys(problem for rank in ranks for problem in rank.problems)),
        peak_memory_bytes=max(rank.peak_memory_bytes for rank in ranks),
    )


def _sweep(ranks: Sequence[RankSearch]) -> tuple[SweepStep, ...]:
    """Return the throughput of each step; nothing where there was only one."""
    steps = list(zip(*(rank.steps for rank in ranks), strict=True))
    if len(steps) < 2:
        return ()
    return tuple(
        SweepStep(
            ranks=step[0].ranks, queries_per_s=sum(one.answered for one in step) / max(one.elapsed_s for one in step)
        )
        for step in steps
    )


def _knee(sweep: Sequence[SweepStep]) -> int | None:
    """Return the number of ranks beyond which more of them bring little; None without a sweep."""
    if not sweep:
        return None
    for step, following in pairwise(sweep):
        if following.queries_per_s < KNEE_GAIN * step.queries_per_s:
            return step.ranks
    return sweep[-1].ranks


def _drift(per_second: Sequence[int]) -> float | None:
    """Return by which share the second half of the window was faster than the first; None for a very short one."""
    half = len(per_second) // 2
    if half < 2 or not sum(per_second[:half]):
        return None
    return sum(per_second[-half:]) / sum(per_second[:half]) - 1


def _disagreements(ranks: Sequence[RankSearch]) -> int:
    """Count queries that two ranks answered differently, and answers of a rank that were not its first one."""
    first: dict[int, int] = {}
    different = sum(rank.different_answers for rank in ranks)
    for rank in ranks:
        for query, digest in zip(rank.scores.queries, rank.digests, strict=True):
            different += first.setdefault(query, digest) != digest
    return different


def _storage(counted: Sequence[Counted], queries: int, evidence: Evidence) -> Storage:
    server = _sum([one.server_read_bytes for one in counted])
    engine = sum(one.process_read_bytes for one in counted) if server is None and evidence.data_files else server
    device = _sum([one.device_read_bytes for one in counted])
    reads = _sum([one.device_reads for one in counted])
    asked = _sum([one.asked_bytes for one in counted])
    asked = engine if asked is None and evidence.direct_files else asked
    read = engine if engine is not None else device
    served_by, reason = _served_by(evidence, engine, asked, device)
    return Storage(
        served_by=served_by,
        reason=reason,
        engine_bytes=engine,
        asked_bytes=asked,
        device_bytes=device,
        device_reads=reads,
        device_written_bytes=_sum([one.device_written_bytes for one in counted]),
        kib_per_query=None if read is None else read / 1024 / queries,
        reads_per_query=None if reads is None else reads / queries,
        device_to_engine=device / engine if device is not None and engine else None,
    )


def _served_by(evidence: Evidence, engine: int | None, asked: int | None, device: int | None) -> tuple[str, str]:
    """Say storage, memory or unknown, and why so."""
    if not evidence.data_files:
        return "unknown", "the database's files are out of sight of this host"
    read = min((count for count in (engine, device) if count is not None), default=None)
    if read is None:
        return "unknown", "neither the database's processes nor the device can be counted"
    if not asked:
        if read == 0:
            return "memory", "nothing was read from storage in the window"
        return "unknown", "the database does not say what it asked of its files"
    if read < STORAGE_SHARE * asked:
        return "memory", f"{read / asked:.1%} of what the database asked of its files came from storage"
    return "storage", f"{read / asked:.1%} of what the database asked of its files came from storage"


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
