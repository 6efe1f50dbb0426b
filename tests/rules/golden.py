"""A golden record of training that is CLOSED under its edition, and a way to change some facts of it."""

from typing import Any

from storagebench import examples
from storagebench.model import Record


def vary(edition: str, changes: dict[str, Any] | None = None, *, without: tuple[str, ...] = ()) -> Record:
    """Return the golden record of an edition with some facts changed: vary("3.0", {"summary.num_hosts": 2})."""
    record = examples.run("training", edition, changes or {})
    return Record(
        "training", "closed", "golden", {name: fact for name, fact in record.facts.items() if name not in without}
    )
