"""A run in upstream's words: the contents of `summary.json`, `N_output.json` and `N_per_epoch_stats.json`.

Keys, units and the strings that should have been numbers are DLIO's (`utils/statscounter.py`), so that the official
checkers read our folders; "MB" and "GB" are MiB and GiB there. A value that cannot be told is null.
"""

from datetime import datetime
from typing import Any

from storagebench.engines.training.metrics import DEFINITIONS, Metrics
from storagebench.engines.training.outcome import RankResult
from storagebench.model import HostFacts, TrainingPlan
from storagebench.units import GIB

BLOCK = "block1"
"""The only block of an epoch: checkpoints come between epochs."""


def summary_metric(metrics: Metrics) -> dict[str, Any]:
    """Return the mapping `metric` of `summary.json`."""
    return {
        "train_au_percentage": [epoch.au_percent for epoch in metrics.epochs],
        "train_au_mean_percentage": metrics.au_mean_percent,
        "train_au_meet_expectation": "success" if metrics.au_met else "fail",
        "train_au_stdev_percentage": metrics.au_stdev_percent,
        "train_throughput_samples_per_second": [epoch.samples_per_s for epoch in metrics.epochs],
        "train_throughput_mean_samples_per_second": metrics.samples_per_s_mean,
        "train_throughput_stdev_samples_per_second": metrics.samples_per_s_stdev,
        "train_io_mean_MB_per_second": metrics.nominal_mib_per_s_mean,
        "train_io_stdev_MB_per_second": metrics.nominal_mib_per_s_stdev,
    }


def rank_output(rank: RankResult, plan: TrainingPlan, host: HostFacts) -> dict[str, Any]:
    """Return the content of `N_output.json`: the host's facts and the seconds of every step."""
    definition = DEFINITIONS[plan.au_definition]
    facts: dict[str, Any] = {
        "host_memory_GB": host.memory_bytes / GIB,
        "host_cpu_count": host.logical_cpus,
        "host_processor_name": host.architecture,
        "potential_caching": int(plan.dataset.nominal_bytes / len(plan.hosts) <= host.memory_bytes),
        "host_cpuinfo": dict(host.cpuinfo),
        "host_meminfo": dict(host.meminfo),
    }
    epochs: dict[str, Any] = {
        str(epoch.epoch): {
            "load": {BLOCK: list(epoch.load_s)},
            "proc": {BLOCK: list(epoch.processed_s)},
            "throughput": {BLOCK: definition.samples_per_s(epoch)},
            "au": {BLOCK: definition.au_percent(epoch)},
            "compute": {BLOCK: list(definition.compute_s(epoch))},
        }
        for epoch in rank.epochs
    }
    return facts | epochs | {"hostname": rank.hostname}


def per_epoch_stats(rank: RankResult) -> dict[str, Any]:
    """Return the content of `N_per_epoch_stats.json`: when each epoch, its block and its checkpoint began and ended."""
    stats: dict[str, Any] = {}
    for epoch in rank.epochs:
        parts = {BLOCK: _span(epoch.block_started_at, epoch.block_ended_at)}
        ended_at = epoch.ended_at
        for checkpoint in rank.checkpoints:
            if checkpoint.epoch == epoch.epoch:
                parts["ckpt1"] = _span(checkpoint.started_at, checkpoint.ended_at)
                ended_at = checkpoint.ended_at
        whole = _span(epoch.started_at, ended_at)
        stats[str(epoch.epoch)] = {"start": whole["start"], **parts, "end": whole["end"], "duration": whole["duration"]}
    return stats


def _span(start: str, end: str) -> dict[str, str]:
    duration = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return {"start": start, "end": end, "duration": f"{duration.total_seconds():.2f}"}
