"""What a vector-database run adds to `record.json`."""

from collections.abc import Mapping
from typing import Any

from storagebench.engines.storage.histogram import curve_ms
from storagebench.engines.vectordb.difficulty import Difficulty
from storagebench.engines.vectordb.measure import Metrics
from storagebench.engines.vectordb.native import Outcome
from storagebench.model import DATABASES, VectorDatabasePlan
from storagebench.runs.vector_database.preparation import Prepared
from storagebench.serial import to_json
from storagebench.units import MIB


def document(
    plan: VectorDatabasePlan,
    prepared: Prepared,
    outcome: Outcome,
    metrics: Metrics,
    difficulty: Difficulty | None,
    separation: Mapping[str, Any],
) -> dict[str, Any]:
    """Say database, collection, evidence and figures of a finished run."""
    loaded, recall = prepared.loaded, to_json(metrics.recall)
    counting = [rank for rank in outcome.ranks if rank.local_rank == 0]
    return {
        "engine": {
            "name": loaded.database,
            "version": loaded.database_version,
            "index": loaded.index,
            "resident": DATABASES[loaded.database].indexes[loaded.index].resident,
        },
        "dataset": to_json(loaded) | {"difficulty": to_json(difficulty)},
        "tuning": to_json(prepared.tuned),
        "evidence": {
            "filesystem_separation": dict(separation),
            "device": {
                "name": ", ".join(sorted({rank.device for rank in counting if rank.device})) or None,
                "reason": "; ".join(sorted({rank.device_reason for rank in counting if rank.device_reason})) or None,
            },
            "regime": to_json(outcome.evidence),
            "storage": to_json(metrics.storage),
            "answers": {"problems": list(metrics.problems), "disagreements": metrics.disagreements},
            "client": {
                "harness_us": metrics.harness_us,
                "harness_share": metrics.harness_share,
                "busy_share": metrics.busy_share,
                "client_bound": metrics.client_bound,
            },
        },
        "metrics": _headline(plan, prepared, metrics),
        "recall": {name: value for name, value in recall.items() if name != "per_query"},
        "per_second": list(metrics.per_second),
        "latency_curve": [list(point) for point in curve_ms(metrics.histogram)],
        "sweep": to_json(metrics.sweep),
        "knee": metrics.knee,
    }


def _headline(plan: VectorDatabasePlan, prepared: Prepared, metrics: Metrics) -> dict[str, float | None]:
    loaded, storage = prepared.loaded, metrics.storage
    device = storage.device_bytes
    return {
        "queries_per_s": metrics.queries_per_s,
        "recall": metrics.recall.mean,
        "recall_low": metrics.recall.low,
        "latency_mean_ms": metrics.latency_ms["mean"],
        "latency_p99_ms": metrics.latency_ms["p99"],
        "read_kib_per_query": storage.kib_per_query,
        "reads_per_query": storage.reads_per_query,
        "device_mib_per_s": None if device is None else device / metrics.total_s / MIB,
        "failed_requests": float(metrics.failed),
        "load_s": loaded.load_s,
        "load_vectors_per_s": loaded.rows / loaded.load_s if loaded.load_s else None,
        "build_s": loaded.build_s,
        "index_bytes": None if loaded.disk_bytes is None else float(loaded.disk_bytes),
        "effort": float(plan.search.effort),
        "duration_s": metrics.total_s,
        "peak_memory_bytes": float(metrics.peak_memory_bytes),
    }
