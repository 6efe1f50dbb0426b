"""A judged subject as the mapping that reports are made of: a run of ours whole, anybody else's as far as it tells."""

from typing import Any

from storagebench.model import Group, Judgement, Record, Submission, if_known
from storagebench.serial import to_json

METRICS = {
    "au_percent": "summary.metric.train_au_mean_percentage",
    "au_percent_stdev": "summary.metric.train_au_stdev_percentage",
    "samples_per_s": "summary.metric.train_throughput_mean_samples_per_second",
    "samples_per_s_stdev": "summary.metric.train_throughput_stdev_samples_per_second",
    "nominal_mib_per_s": "summary.metric.train_io_mean_MB_per_second",
}
"""Headline figures of training and where a summary has them; "MB" there are MiB."""


def document(
    name: str, subject: Record | Group | Submission, judgement: Judgement, claimed: str, chapter: str | None = None
) -> dict[str, Any]:
    """Make the mapping for one item; `claimed` is the division that a chapter is held against.

    `name` is the item's id. What the reports would show of a run and nobody wrote down is absent.
    """
    whole = isinstance(subject, Submission)
    own = subject.value("own") if isinstance(subject, Record) and subject.has("own") else {}
    said = own if {"plan", "metrics"} <= own.keys() else {}
    return {
        **(said or _known(subject)),
        "id": name,
        "family": chapter if isinstance(subject, Submission) else subject.family,
        "division": claimed if isinstance(subject, Submission) else subject.division,
        "folder": subject.folder,
        "verdict": judgement.verdict.name,
        "judged_as": judgement.edition,
        "findings": to_json(judgement.findings),
        "quick": bool(said.get("quick")) and not whole,
    }


def _known(subject: Record | Group | Submission) -> dict[str, Any]:
    if not isinstance(subject, Record):
        return {}
    metrics = {name: if_known(subject.number, path) for name, path in METRICS.items()}
    times = {"started_at": if_known(subject.text, "summary.start"), "ended_at": if_known(subject.text, "summary.end")}
    return {
        **{name: time for name, time in times.items() if time},
        "metrics": {name: value for name, value in metrics.items() if value is not None},
    }
