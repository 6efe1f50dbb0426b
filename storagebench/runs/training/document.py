"""What a training run adds to `record.json`."""

from typing import Any

from storagebench.engines.training.manifest import Manifest
from storagebench.engines.training.metrics import Metrics
from storagebench.engines.training.outcome import Outcome, RankResult
from storagebench.model import TrainingPlan
from storagebench.serial import to_json
from storagebench.units import MIB


def document(
    plan: TrainingPlan, outcome: Outcome, metrics: Metrics, manifest: Manifest, evidence: dict[str, Any]
) -> dict[str, Any]:
    """Say engine, dataset, evidence, figures and epochs of a finished run."""
    return {
        "engine": {
            "name": outcome.engine,
            "version": outcome.engine_version,
            "detail": outcome.engine_detail,
            "au_definition": metrics.definition,
            "reading": str(plan.reading),
        },
        "dataset": to_json(manifest),
        "evidence": evidence | {"cache_drop": _cache_drop(outcome.ranks), "device": _device(outcome.ranks)},
        "metrics": _headline(metrics, outcome),
        "epochs": [
            {
                "epoch": epoch.epoch,
                "au_percent": epoch.au_percent,
                "samples_per_s": epoch.samples_per_s,
                "duration_s": epoch.block_s,
                "nominal_bytes": epoch.nominal_bytes,
                "requested_bytes": epoch.requested_bytes,
                "process_bytes": epoch.process_read_bytes,
                "device_bytes": epoch.device_read_bytes,
            }
            for epoch in metrics.epochs
        ],
    }


def _headline(metrics: Metrics, outcome: Outcome) -> dict[str, float | None]:
    """Sum up the epochs: bytes over all of them and their time, so that long epochs count as they should."""
    duration_s = sum(epoch.block_s for epoch in metrics.epochs)
    nominal = sum(epoch.nominal_bytes for epoch in metrics.epochs)
    requested = sum(epoch.requested_bytes for epoch in metrics.epochs)
    counted = [epoch.device_read_bytes for epoch in metrics.epochs if epoch.device_read_bytes is not None]
    device = sum(counted) if len(counted) == len(metrics.epochs) else None
    return {
        "au_percent": metrics.au_mean_percent,
        "au_percent_stdev": metrics.au_stdev_percent,
        "au_minimum_percent": metrics.au_minimum_percent,
        "samples_per_s": metrics.samples_per_s_mean,
        "samples_per_s_stdev": metrics.samples_per_s_stdev,
        "nominal_mib_per_s": metrics.nominal_mib_per_s_mean,
        "requested_mib_per_s": requested / duration_s / MIB,
        "device_mib_per_s": None if device is None else device / duration_s / MIB,
        "device_to_nominal": None if device is None else device / nominal,
        "duration_s": duration_s,
        "peak_memory_bytes": max(rank.peak_memory_bytes for rank in outcome.ranks),
    }


def _cache_drop(ranks: tuple[RankResult, ...]) -> dict[str, Any] | None:
    """Add up what the ranks say of dropping their shares of the dataset; the slowest one gives the duration."""
    drops = [to_json(rank.cache_drop) for rank in ranks if rank.cache_drop is not None]
    if not drops:
        return None
    counts = {
        name: sum(drop[name] for drop in drops) for name in drops[0] if name not in ("written_back", "duration_s")
    }
    written_back = any(drop["written_back"] for drop in drops)
    return counts | {"written_back": written_back, "duration_s": max(drop["duration_s"] for drop in drops)}


def _device(ranks: tuple[RankResult, ...]) -> dict[str, str | None]:
    """Name the device below the dataset on each host, and why there is none where there is none."""
    counting = [rank for rank in ranks if rank.local_rank == 0]
    names = sorted({rank.device for rank in counting if rank.device})
    reasons = sorted({rank.device_reason for rank in counting if rank.device_reason})
    return {"name": ", ".join(names) or None, "reason": "; ".join(reasons) or None}
