"""The files that edition 3.0's tools read, under its names; docs/kvcache-v3.md says how the figures differ.

`*_gbps` are GiB/s, as upstream has them. Where upstream counts what it does not mean (a read "device" time that holds
page allocation, a write "device" time that is the sync alone), the backend's time for the whole object stands here.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from storagebench.engines.kvcache.outcome import ClientResult, TrialResult
from storagebench.engines.storage import histogram
from storagebench.units import GIB

PERCENTILES = ("p50", "p95", "p99", "p999", "p9999")
EMPTY = {"mean": 0.0, **dict.fromkeys(PERCENTILES, 0.0)}


def rank_result(client: ClientResult) -> dict[str, Any]:
    """Make kvcache_results_*.json of one client in one trial."""
    tokens, elapsed_s, storage_s = client.output_tokens, client.window_s, client.request_storage_s
    hits, misses = client.observed_hits, client.looked_up - client.planned_hits
    requests = _latency(client, "request")
    return {
        "requests_completed": client.requests,
        "total_tokens_generated": tokens,
        "total_storage_io_latency": storage_s,
        "total_generation_latency": 0.0,
        "end_to_end_latencies": [],
        "storage_latencies": [],
        "generation_latencies": [],
        "seed": client.seed,
        "summary": {
            "total_requests": client.requests,
            "total_tokens": tokens,
            "elapsed_time": elapsed_s,
            "avg_throughput_tokens_per_sec": tokens / elapsed_s,
            "total_storage_io_time": storage_s,
            "storage_throughput_tokens_per_sec": tokens / storage_s if storage_s else 0.0,
            "requests_per_second": client.requests / elapsed_s,
            "end_to_end_latency_ms": requests,
            "storage_io_latency_ms": requests,
            "generation_latency_ms": EMPTY,
            "cache_stats": {
                "cache_hit_rate": hits / (hits + misses) if hits + misses else 0.0,
                "cache_hits": hits,
                "cache_misses": misses,
                "storage_entries": client.stored_objects,
                "prefill_writes": client.operations["put"],
                "decode_reads": client.operations["get"],
                "tier_storage_kv_bytes_written_gb": client.written_bytes / GIB,
                "tier_storage_kv_bytes_read_gb": client.read_bytes / GIB,
                "tier_storage_read_bandwidth_gbps": client.read_bytes / GIB / elapsed_s,
                "tier_storage_write_bandwidth_gbps": client.written_bytes / GIB / elapsed_s,
                "total_read_bytes": client.read_bytes,
                "total_write_bytes": client.written_bytes,
                "read_iops": client.operations["get"],
                "write_iops": client.operations["put"],
                **_device(client, "read"),
                **_device(client, "write"),
            },
        },
    }


def summary(
    stamp: str, ranks: int, hosts: int, trials: int, options: Mapping[int, Sequence[TrialResult]]
) -> dict[str, Any]:
    """Make summary.json: sums over clients, means over trials, latencies the worst of any client (rule 6.3.4)."""
    return {
        "schema_version": "1.0",
        "run_datetime": stamp,
        "npernode": ranks // hosts,
        "host_count": hosts,
        "total_ranks": ranks,
        "trials_per_option": trials,
        "options": {str(option): _option(option, ranks, trials, results) for option, results in options.items()},
        "partial_failure": False,
        "trial_failures": {},
    }


def _option(option: int, ranks: int, trials: int, results: Sequence[TrialResult]) -> dict[str, Any]:
    by_trial = [[rank_result(client)["summary"] for client in result.clients] for result in results]
    stats = [[one["cache_stats"] for one in trial] for trial in by_trial]

    def summed(found: list[list[dict[str, Any]]], name: str) -> float:
        return fmean(sum(one[name] for one in trial) for trial in found)

    def worst(name: str) -> float:
        return max(float(one[name]) for trial in stats for one in trial)

    idle = sorted({client.rank for result in results for client in result.clients if not client.stored_objects})
    return {
        "option": option,
        "aggregated_read_bandwidth_gbps": summed(stats, "tier_storage_read_bandwidth_gbps"),
        "aggregated_write_bandwidth_gbps": summed(stats, "tier_storage_write_bandwidth_gbps"),
        "aggregated_avg_throughput_tokens_per_sec": summed(by_trial, "avg_throughput_tokens_per_sec"),
        "aggregated_storage_throughput_tokens_per_sec": summed(by_trial, "storage_throughput_tokens_per_sec"),
        "aggregated_device_read_p95_ms": worst("storage_read_device_p95_ms"),
        "aggregated_device_write_p95_ms": worst("storage_write_device_p95_ms"),
        "aggregated_p95_latency_ms": max(one["storage_io_latency_ms"]["p95"] for trial in by_trial for one in trial),
        "rank_count": ranks,
        "trial_count": trials,
        "partial_failure": False,
        "missing_files": [],
        "cpu_tier_ranks": idle,
    }


def _latency(client: ClientResult, name: str) -> dict[str, Any]:
    found = histogram.statistics_ms(client.histograms[name])
    return {point: found[point] or 0.0 for point in ("mean", *PERCENTILES)}


def _device(client: ClientResult, way: str) -> dict[str, float]:
    found = histogram.statistics_ms(client.histograms[f"{way}_service"])
    return {f"storage_{way}_device_{point}_ms": found[point] or 0.0 for point in PERCENTILES}
