"""A run in upstream's words: the contents of `summary.json`, `N_output.json` and `N_per_epoch_stats.json`.

Keys and units are DLIO's, whose "GB" are GiB. Checkers read the series of rank 0, so its file has the figures of the
checkpoint, which are those of the slowest rank; every other rank's file has its own.
"""

from collections.abc import Iterator
from typing import Any

from storagebench.engines.checkpointing.metrics import LOAD, SAVE, Metrics
from storagebench.engines.checkpointing.outcome import RankResult, Transferred
from storagebench.model import HostFacts
from storagebench.units import GIB


def summary_metric(metrics: Metrics) -> dict[str, float]:
    """Return the mapping `metric` of `summary.json`; a phase that the invocation has not is left out."""
    found: dict[str, float] = {}
    for phase, figures in ((SAVE, metrics.save), (LOAD, metrics.load)):
        if figures is not None:
            found |= {
                f"{phase}_checkpoint_io_mean_GB_per_second": figures.gib_per_s,
                f"{phase}_checkpoint_io_stdev_GB_per_second": figures.gib_per_s_stdev,
                f"{phase}_checkpoint_duration_mean_seconds": figures.duration_s,
                f"{phase}_checkpoint_duration_stdev_seconds": figures.duration_s_stdev,
            }
    return found | {"checkpoint_size_GB": metrics.checkpoint_bytes / GIB}


def rank_output(host: HostFacts, hostname: str, start: str, end: str) -> dict[str, Any]:
    """Return the content of `N_output.json`: the host's facts, and no steps, for there are none."""
    return {
        "host_memory_GB": host.memory_bytes / GIB,
        "host_cpu_count": host.logical_cpus,
        "host_processor_name": host.architecture,
        "potential_caching": 1,
        "host_cpuinfo": dict(host.cpuinfo),
        "host_meminfo": dict(host.meminfo),
        "1": {"start": start, "load": {}, "proc": {}, "throughput": {}, "au": {}, "compute": {}, "end": end},
        "hostname": hostname,
    }


def per_epoch_stats(rank: RankResult, metrics: Metrics, start: str, end: str) -> dict[str, Any]:
    """Return the content of `N_per_epoch_stats.json`: when each checkpoint began and ended, and at what rate."""
    series = _of_all(metrics) if rank.rank == 0 else _of_rank(rank)
    return {"1": {"start": start, **dict(series), "end": end}}


def _of_all(metrics: Metrics) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in metrics.checkpoints:
        event = {"start": one.started_at, "end": one.ended_at, "duration": one.duration_s, "throughput": one.gib_per_s}
        yield f"{one.phase}_ckpt{one.number}", event


def _of_rank(rank: RankResult) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((f"{SAVE}_ckpt{one.number}", _event(one)) for one in rank.saves)
    yield from ((f"{LOAD}_ckpt{one.number}", _event(one)) for one in rank.loads)


def _event(one: Transferred) -> dict[str, Any]:
    rate = one.bytes / one.duration_s / GIB
    return {"start": one.started_at, "end": one.ended_at, "duration": one.duration_s, "throughput": rate}
