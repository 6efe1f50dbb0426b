"""The figures of a trial and of an Option: sums over clients that shared a window, percentiles of all operations.

Rates are bytes that ended inside the window over its length; nothing is averaged over survivors, and no percentile is
made of percentiles. An Option's rates are means over its trials, its percentiles those of all trials together.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from storagebench.engines.kvcache.outcome import ClientResult, TrialResult
from storagebench.engines.kvcache.steady import steadiness
from storagebench.engines.storage import histogram
from storagebench.units import GIB

MOST_CLIENT_CPU = 0.8
LEAST_HEADROOM = 3.0
"""What a client's processor and harness may be worked before its figures are doubted."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial's clients and what they add up to."""

    clients: tuple[ClientResult, ...]

    @property
    def window_s(self) -> float:
        """The common window, in seconds."""
        return self.clients[0].window_s

    def total(self, name: str) -> float:
        """Add a figure up over clients."""
        return float(sum(getattr(client, name) for client in self.clients))

    def operations(self, kind: str) -> int:
        """Count operations that ended in the window: get, put, delete or restore."""
        return sum(client.operations[kind] for client in self.clients)

    def latency(self, name: str) -> str:
        """Return a histogram of all clients."""
        return histogram.merged(client.histograms[name] for client in self.clients)

    def seconds(self, name: str) -> list[float]:
        """Return bytes of each second, over clients."""
        return [sum(values) for values in zip(*(getattr(client, name) for client in self.clients), strict=True)]

    def device_total(self, name: str) -> int | None:
        """Add up what hosts counted at their devices; None when one cannot tell."""
        values = [getattr(client, name) for client in self.clients if client.local_rank == 0]
        known = [value for value in values if value is not None]
        return sum(known) if len(known) == len(values) else None


def trial_figures(result: TrialResult, slo_s: float) -> dict[str, Any]:
    """Say everything about one trial; units are in the names."""
    trial = Trial(result.clients)
    window_s, moved = trial.window_s, trial.total("read_bytes") + trial.total("written_bytes")
    slices = [sum(values) for values in zip(*(client.slices_bytes for client in result.clients), strict=True)]
    steady = steadiness(slices)
    restores, limit = trial.latency("restore_response"), trial.operations("restore")
    looked_up = trial.total("looked_up")
    from_device = trial.device_total("device_read_bytes")
    fetched = trial.total("process_read_bytes") if from_device is None else from_device
    return {
        "option": result.option,
        "trial": result.number,
        "rate": result.rate,
        "clients": len(result.clients),
        "hostnames": [client.hostname for client in result.clients],
        "window_s": window_s,
        "window_skew_s": max(client.barrier_s for client in result.clients),
        "read_gib_per_s": trial.total("read_bytes") / window_s / GIB,
        "write_gib_per_s": trial.total("written_bytes") / window_s / GIB,
        "credited_read_gib_per_s": trial.total("credit_read_bytes") / window_s / GIB,
        "credited_write_gib_per_s": trial.total("credit_written_bytes") / window_s / GIB,
        "restored_tokens_per_s": trial.total("restored_tokens") / window_s,
        "requests_per_s": trial.total("requests") / window_s,
        "restores_per_s": limit / window_s,
        "goodput_per_s": sum(
            histogram.within(client.histograms["restore_response"], slo_s) for client in result.clients
        )
        / window_s,
        "slo_s": slo_s,
        "reads": trial.operations("get"),
        "writes": trial.operations("put"),
        "deletions": trial.operations("delete"),
        "ended_after_window": int(trial.total("ended_after_window")),
        "errors": int(trial.total("failed")),
        "hit_ratio_planned": trial.total("planned_hits") / looked_up if looked_up else None,
        "hit_ratio_observed": trial.total("observed_hits") / looked_up if looked_up else None,
        "latency_ms": {
            name: histogram.statistics_ms(trial.latency(name)) for name in sorted(result.clients[0].histograms)
        },
        "restore_curve_ms": histogram.curve_ms(restores),
        "steady": steady.steady,
        "drift": steady.drift,
        "variation": steady.variation,
        "cpu_s_per_gib": trial.total("cpu_s") / (moved / GIB) if moved else None,
        "client_cpu_share": max(client.cpu_s / client.window_s for client in result.clients),
        "run_queue_s": trial.total("run_queue_s"),
        "harness_headroom": min(_headroom(client) for client in result.clients),
        "client_operations_per_s": [_operations_per_s(client) for client in result.clients],
        "client_null_operations_per_s": [client.null_operations_per_s for client in result.clients],
        "io_path": " and ".join(sorted({client.io_path for client in result.clients})),
        "cache_bypass_ratio": fetched / trial.total("read_bytes") if trial.total("read_bytes") else None,
        "device_read_bytes": from_device,
        "device_written_bytes": trial.device_total("device_written_bytes"),
        "peak_planned_bytes": int(trial.total("peak_bytes")),
        "peak_stored_bytes": int(trial.total("peak_stored_bytes")),
        "fill_bytes": int(trial.total("fill_bytes")),
        "fill_s": max(client.fill_s for client in result.clients),
        "peak_memory_bytes": max(client.peak_memory_bytes for client in result.clients),
        "trace_sha256": [client.trace_sha256 for client in result.clients],
        "seconds_read_bytes": trial.seconds("seconds_read_bytes"),
        "seconds_written_bytes": trial.seconds("seconds_written_bytes"),
    }


def _operations_per_s(client: ClientResult) -> float:
    return sum(client.operations[kind] for kind in ("get", "put", "delete")) / client.window_s


def _headroom(client: ClientResult) -> float:
    """How many times as many operations a second the harness does when the storage takes no time."""
    done = _operations_per_s(client)
    return client.null_operations_per_s / done if done else 0.0


OPTION_MEANS = (
    "read_gib_per_s",
    "write_gib_per_s",
    "restored_tokens_per_s",
    "requests_per_s",
    "goodput_per_s",
    "hit_ratio_planned",
    "hit_ratio_observed",
    "cpu_s_per_gib",
    "harness_headroom",
    "cache_bypass_ratio",
)


def option_figures(results: Sequence[TrialResult], trials: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """Return the headline figures of an Option: means over trials, percentiles of all their operations."""
    clients = [client for result in results for client in result.clients]
    figures: dict[str, float | None] = {name: _mean(trial[name] for trial in trials) for name in OPTION_MEANS}
    for name, histograms in (("restore", "restore_response"), ("read", "read_service"), ("write", "write_service")):
        found = histogram.statistics_ms(histogram.merged(client.histograms[histograms] for client in clients))
        figures |= {f"{name}_{point}_ms": found[point] for point in ("p50", "p95", "p99", "p999")}
    rates = [trial["read_gib_per_s"] for trial in trials]
    figures["read_gib_per_s_stdev"] = statistics.pstdev(rates)
    figures["rate"] = _mean(trial["rate"] for trial in trials)
    figures["steady"] = float(all(trial["steady"] for trial in trials))
    return figures


def _mean(values: Iterable[float | None]) -> float | None:
    listed = list(values)
    known = [value for value in listed if value is not None]
    return statistics.fmean(known) if known and len(known) == len(listed) else None
