"""What a checkpointing run adds to `record.json`."""

from typing import Any

from storagebench.engines.checkpointing.metrics import LOAD, SAVE, Checkpoint, Metrics, PhaseFigures
from storagebench.engines.checkpointing.outcome import Outcome, RankResult
from storagebench.engines.checkpointing.transfer import transfer_of
from storagebench.model import CheckpointingPlan
from storagebench.runs.checkpointing.invocations import Readiness
from storagebench.serial import to_json


def document(
    plan: CheckpointingPlan, outcome: Outcome, metrics: Metrics, ready: Readiness, evidence: dict[str, Any]
) -> dict[str, Any]:
    """Say engine, evidence, figures and checkpoints of a finished invocation."""
    return {
        "engine": {
            "name": outcome.engine,
            "version": outcome.engine_version,
            "moving": _how(plan),
        },
        "evidence": evidence | {"cache_drop": _cache_drop(outcome.ranks), "device": _device(outcome.ranks)},
        "metrics": _headline(metrics, outcome, ready),
        "checkpoints": to_json(metrics.checkpoints),
        "invocations": {"written_in": ready.written_in, "between_phases": plan.between_phases or None},
        "recovery": {"shifted_ranks": sum(rank.rank != rank.reads_rank for rank in outcome.ranks if plan.reads)},
    }


def _how(plan: CheckpointingPlan) -> str:
    transfer = transfer_of(plan.parameters["checkpoint"])
    parts = [
        "O_DIRECT" if transfer.direct else "buffered",
        "fsync" if transfer.fsync else "no fsync",
        f"{transfer.threads} files at a time a rank",
        "every byte checked" if transfer.verify == "all" else "every stamp checked",
    ]
    return ", ".join(parts)


def _headline(metrics: Metrics, outcome: Outcome, ready: Readiness) -> dict[str, float | None]:
    return {
        **_phase(SAVE, metrics.save, metrics.of(SAVE)),
        **_phase(LOAD, metrics.load, metrics.of(LOAD)),
        "checkpoint_bytes": metrics.checkpoint_bytes,
        "remap_s": ready.gap_s if ready.gap_s is not None else metrics.save_to_load_s,
        "duration_s": sum(one.duration_s for one in metrics.checkpoints),
        "peak_memory_bytes": max(rank.peak_memory_bytes for rank in outcome.ranks),
    }


def _phase(phase: str, figures: PhaseFigures | None, series: tuple[Checkpoint, ...]) -> dict[str, float | None]:
    counted = [one.device_bytes for one in series if one.device_bytes is not None]
    complete = bool(series) and len(counted) == len(series)
    return {
        f"{phase}_gib_per_s": figures.gib_per_s if figures else None,
        f"{phase}_gib_per_s_stdev": figures.gib_per_s_stdev if figures else None,
        f"{phase}_duration_s": figures.duration_s if figures else None,
        f"{phase}_device_to_nominal": sum(counted) / sum(one.bytes for one in series) if complete else None,
    }


def _cache_drop(ranks: tuple[RankResult, ...]) -> dict[str, int] | None:
    """Add up what was in the page caches of the readers, before and after they let go of it."""
    found = [load.residency for rank in ranks for load in rank.loads if load.residency is not None]
    if not found:
        return None
    return {
        "pages": sum(one.pages for one in found),
        "resident_before_pages": sum(one.before for one in found),
        "resident_after_pages": sum(one.after for one in found),
        "refused_files": sum(one.refused_files for one in found),
    }


def _device(ranks: tuple[RankResult, ...]) -> dict[str, str | None]:
    """Name the device below the checkpoints on each host, and why there is none where there is none."""
    names = sorted({rank.device for rank in ranks if rank.device})
    reasons = sorted({rank.device_reason for rank in ranks if rank.device_reason})
    return {"name": ", ".join(names) or None, "reason": "; ".join(reasons) or None}
