"""What a KV-cache run adds to `record.json`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from storagebench.engines.kvcache import native
from storagebench.model import KvCachePlan

if TYPE_CHECKING:
    from storagebench.runs.kv_cache.course import Tried


def document(
    plan: KvCachePlan,
    tried: Sequence["Tried"],
    headline: Mapping[int, Mapping[str, float | None]],
    evidence: Mapping[str, Any],
) -> dict[str, Any]:
    """Say engine, evidence, figures and trials of a finished run.

    `metrics` has the first Option's figures under their own names, those of others after ``option_2_``.
    """
    trials = [figures for one in tried for figures in one.figures]
    first, *others = headline
    metrics: dict[str, float | None] = {"duration_s": sum(trial["window_s"] for trial in trials), **headline[first]}
    for option in others:
        metrics |= {f"option_{option}_{name}": value for name, value in headline[option].items()}
    clients = [client for one in tried for result in one.results for client in result.clients]
    names = sorted({client.device for client in clients if client.device})
    reasons = sorted({client.device_reason for client in clients if client.device_reason})
    return {
        "engine": {"name": native.NAME, "version": native.VERSION, "reading": trials[0]["io_path"]},
        "evidence": {**evidence, "device": {"name": ", ".join(names) or None, "reason": "; ".join(reasons) or None}},
        "metrics": metrics,
        "kv_cache": {
            "backend": plan.stages[0].storing.backend,
            "options": {str(option): dict(figures) for option, figures in headline.items()},
            "trials": trials,
            "probes": [probe for one in tried for probe in one.probes],
        },
    }
