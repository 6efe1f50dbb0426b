"""What a leaf of each phase holds beside the record, in the form of edition 3.0's tool; its names, our figures."""

from collections.abc import Mapping
from typing import Any

from storagebench.engines.vectordb.measure import Metrics
from storagebench.engines.vectordb.outcome import Evidence, Loaded
from storagebench.model import Cluster, VectorDatabasePlan
from storagebench.record import RunFolder
from storagebench.record.metadata import write_metadata
from storagebench.serial import to_json

LATENCIES = {"min": "min", "max": "max", "mean": "mean", "median": "p50", "p95": "p95", "p99": "p99", "p999": "p999"}
"""Upstream's names of latency figures, and those of `statistics_ms`."""


def write_phase(
    folder: RunFolder, plan: VectorDatabasePlan, command: str, cluster: Cluster, times: Mapping[str, Any]
) -> None:
    """Write the metadata file of a phase; `times` are those of `invocation`."""
    search = plan.search
    args = {
        "model": f"{plan.index.database}_{plan.index.type}",
        "vdb_engine": plan.index.database,
        "vdb_index": plan.index.type,
        "collection": plan.collection,
        "data_dir": plan.data_dir,
        "storage_root": plan.data_dir,
        "data_access_protocol": "file",
        "num_vectors": plan.vectors.num_vectors,
        "dimension": plan.vectors.dimension,
        "vector_dim": plan.vectors.dimension,
        "distribution": plan.vectors.distribution,
        "metric_type": plan.vectors.metric,
        "runtime": search.runtime_s,
        "num_query_processes": plan.accelerators,
        "batch_size": search.batch,
        "benchmark_mode": search.mode,
        "search_limit": search.k,
        "search_ef": search.effort or None,
        "recall_k": search.k,
        "num_query_vectors": search.pool,
        "seed": plan.vectors.seed,
    }
    write_metadata(folder, plan, command, cluster, times, args)


def datagen_summary(plan: VectorDatabasePlan, loaded: Loaded) -> dict[str, Any]:
    """Make summary.json of a load."""
    return {
        "num_vectors": plan.vectors.num_vectors,
        "dimension": loaded.dimension,
        "inserted_vectors": loaded.rows,
        "index_type": loaded.index,
        "database": {"database": loaded.database, "version": loaded.database_version},
    }


def write_results(
    folder: RunFolder, plan: VectorDatabasePlan, loaded: Loaded, metrics: Metrics, evidence: Evidence
) -> None:
    """Write summary.json, statistics.json, recall_stats.json, result_verdict.json and config.json."""
    recall, latency = _recall(metrics), _latency(metrics)
    basic = {"throughput_qps": metrics.queries_per_s, "total_time_seconds": metrics.total_s}
    summary = datagen_summary(plan, loaded) | basic | {"query_count": metrics.queries} | latency
    folder.write_json("summary.json", summary | {"recall": metrics.recall.mean})
    folder.write_json("recall_stats.json", recall)
    statistics = {
        "total_queries": metrics.queries,
        **basic,
        **latency,
        **{name.replace("latency", "batch_time"): value for name, value in latency.items()},
        "batch_count": metrics.requests + metrics.failed,
        "successful_batches": metrics.requests,
        "failed_batches": metrics.failed,
        "recall": recall,
        "disk_io": _disk_io(plan, metrics),
        "latency_histogram": metrics.histogram,
    }
    folder.write_json("statistics.json", statistics)
    folder.write_json("result_verdict.json", _verdict(plan, loaded, metrics, evidence))
    folder.write_json("config.json", _config(plan))


def _latency(metrics: Metrics) -> dict[str, Any]:
    """Latencies of requests, never divided by the queries in them."""
    found = {f"{name}_latency_ms": metrics.latency_ms[source] for name, source in LATENCIES.items()}
    return found | {"p9999_latency_ms": metrics.latency_ms["p9999"]}


def _recall(metrics: Metrics) -> dict[str, Any]:
    recall = metrics.recall
    return {
        "recall_at_k": recall.mean,
        "k": recall.k,
        "num_queries_evaluated": recall.queries,
        "num_answers_evaluated": recall.answers,
        "mean_recall": recall.mean,
        "exact_set_recall": recall.exact_mean,
        "interval_95": [recall.low, recall.high],
        "min_recall": recall.minimum,
        "max_recall": max(recall.per_query),
        "median_recall": recall.median,
        "p5_recall": recall.p5,
        "zero_recall_share": recall.zero_share,
    }


def _disk_io(plan: VectorDatabasePlan, metrics: Metrics) -> dict[str, Any]:
    storage = metrics.storage
    known = storage.device_bytes is not None
    found = {"applicable": known, "status": "OK" if known else "N/A", "scope": plan.data_dir}
    if not known:
        return found
    return found | {"total_bytes_read": storage.device_bytes, "total_bytes_written": storage.device_written_bytes}


def _verdict(plan: VectorDatabasePlan, loaded: Loaded, metrics: Metrics, evidence: Evidence) -> dict[str, Any]:
    """Say what is known of the answers. `flat_setup` is upstream's word for what recall is measured by."""
    whole = not evidence.problems
    return {
        "result": "valid" if whole and not metrics.problems else "invalid",
        "valid": whole and not metrics.problems,
        "num_queries_evaluated": metrics.recall.queries,
        "flat_setup": {
            "ok": True,
            "coverage": 1.0,
            "total_vectors": plan.vectors.num_vectors,
            "reason": "exact neighbours among all vectors, computed from what they are made of",
        },
        "fingerprint": loaded.fingerprint,
        "problems": list(metrics.problems),
        "failed_requests": metrics.failed,
        "target_recall": plan.search.target_recall,
        "served_by": metrics.storage.served_by,
        "served_by_reason": metrics.storage.reason,
        "client_bound": metrics.client_bound,
        "harness_share": metrics.harness_share,
        "disagreements": metrics.disagreements,
        "drift": metrics.drift,
        "evidence": to_json(evidence),
    }


def _config(plan: VectorDatabasePlan) -> dict[str, Any]:
    search = plan.search
    return {
        "processes": plan.accelerators,
        "batch_size": search.batch,
        "vector_dim": plan.vectors.dimension,
        "collection_name": plan.collection,
        "runtime_seconds": search.runtime_s,
        "total_queries": search.queries or None,
        "search_limit": search.k,
        "search_ef": search.effort or None,
        "num_query_vectors": search.pool,
        "seed": plan.seed,
        "recall_k": search.k,
        "metric_type": plan.vectors.metric,
        "index_type": plan.index.type,
        "search_params": {plan.index.type: search.effort},
        "regime": plan.regime,
        "mode": search.mode,
        "rate": search.rate,
    }
