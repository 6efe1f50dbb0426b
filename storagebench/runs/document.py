"""The part of `record.json` that all families share; `storagebench/record/record.schema.json` describes the whole."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from storagebench.collect import lockfile
from storagebench.collect.versions import variable_names, versions
from storagebench.model import Cluster, Plan
from storagebench.record import RunFolder
from storagebench.serial import to_json
from storagebench.watch.section import problems, sections


def document(
    plan: Plan,
    folder: RunFolder,
    span: tuple[datetime, datetime],
    clusters: tuple[Cluster, Cluster],
    family: Mapping[str, Any],
) -> dict[str, Any]:
    """Make the document of a finished run, but for the verdict; time series and stalls are those that the folder holds.

    Args:
        plan: what was run.
        folder: where it was written.
        span: the run's first and last moment, in UTC, with the start of the ranks.
        clusters: the hosts before and after.
        family: what this family adds; at least engine, evidence and metrics (numbers or None, units in the names).
    """
    watch = sections(folder.path)
    missing = problems(watch.get("time_series"))
    planned = to_json(plan)
    extra = planned.pop("extra")
    return {
        "schema": "storagebench-record",
        "schema_version": 1,
        "id": plan.id,
        "family": plan.workload.family,
        "division": plan.division,
        "quick": plan.quick,
        "folder": str(folder.path),
        "started_at": span[0].isoformat(),
        "ended_at": span[1].isoformat(),
        "plan": planned,
        "plan_fingerprint": plan.fingerprint(),
        "environment": versions() | {"lockfile": lockfile.facts()},
        "environment_variables": variable_names(),
        "cluster_start": to_json(clusters[0]),
        "cluster_end": to_json(clusters[1]),
        **({"extra": extra} if extra else {}),
        **family,
        **watch,
        "evidence": family["evidence"] | ({"time_series": missing} if missing else {}),
    }
