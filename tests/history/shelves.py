"""Results trees of golden records."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from storagebench.history import Shelf, open_shelf

GOLDEN = Path(__file__).parent.parent / "golden"
FIRST = datetime(2026, 11, 1, 12, tzinfo=UTC)


def record(name: str = "closed", *, metrics: dict[str, Any] | None = None, **plan: Any) -> dict[str, Any]:
    """A golden record with other metrics, and other values in its plan."""
    found = json.loads((GOLDEN / f"{name}.json").read_text())
    found["metrics"] |= metrics or {}
    found["plan"] |= {"tag": "", "series": "s1", **plan}
    return found


def save(root: Path, document: dict[str, Any], hours: float) -> Path:
    """Write a record as a run that began so many hours after the first of November, noon UTC; return its folder."""
    started = FIRST + timedelta(hours=hours)
    workload = document["plan"]["workload"]
    parent = root / document["division"] / "acme" / "results" / "one" / document["family"] / workload["model"]
    parent = parent if document["family"] == "checkpointing" else parent / "run"
    folder = parent / f"{started:%Y%m%d_%H%M%S}"
    folder.mkdir(parents=True)
    ended = started + timedelta(minutes=10)
    times = {"started_at": started.isoformat(), "ended_at": ended.isoformat(), "folder": str(folder)}
    (folder / "record.json").write_text(json.dumps(document | times, indent=4) + "\n")
    return folder


def shelf(root: Path, *documents: dict[str, Any]) -> Shelf:
    """A shelf of records, an hour apart."""
    for hours, document in enumerate(documents):
        save(root, document, hours)
    return open_shelf(root)
