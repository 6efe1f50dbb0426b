"""The golden vector-database run of `rules/examples/vector_database.yaml`, changed into the shapes of published ones."""

from typing import Any

from storagebench import examples
from storagebench.model import Group, Record

MANY_CLIENTS: dict[str, Any] = {
    "summary.throughput_qps": 57_922.39,
    "summary.total_time_seconds": 62.56,
    "summary.query_count": 3_623_900,
    "summary.mean_latency_ms": 6.0977,
    "summary.recall": 0.209675,
    "statistics.mean_batch_time_ms": 609.77,
    "statistics.disk_io.total_bytes_read": 65_536,
    "recall_stats": None,
    "result_verdict": None,
    "config": None,
    "args.batch_size": 100,
    "args.collection": "mlpsc_1m_diskann_cl1pq8",
    "fs_separation": None,
    "cluster.memory_bytes": [1_081_887_453_184] * 4,
    "invocation.started_at": "2026-07-24T09:03:47.614085",
    "invocation.ended_at": "2026-07-24T09:05:36.182945",
}
"""Four hosts with 128 processes each, requests of 100 queries, storage behind a network."""

NO_SUMMARY: dict[str, Any] = {
    "summary": None,
    "datagen": None,
    "fs_separation": None,
    "cluster": None,
    "recall_stats.mean_recall": 0.5652,
    "statistics.throughput_qps": 141.6,
    "statistics.total_queries": 42_488,
    "statistics.total_time_seconds": 300.0,
    "statistics.disk_io.total_bytes_read": 486_794_596_352,
    "result_verdict.flat_setup.total_vectors": 10_000_000,
    "config.runtime_seconds": 300,
    "invocation.started_at": "2026-07-18T21:23:26.492144",
    "invocation.ended_at": "2026-07-18T21:55:58.498916",
}
"""One host, ten million vectors under a name that tells of one million; neither run nor load left a summary."""


def vary(changes: dict[str, Any] | None = None) -> Record:
    """Return the golden run with some facts changed; None removes one."""
    return examples.run("vector_database", "3.0", changes or {})


def result(changes: dict[str, Any] | None = None) -> Group:
    """Return the golden result, five runs and no warm-up, with some facts changed."""
    return examples.result("vector_database", "3.0", changes or {})
