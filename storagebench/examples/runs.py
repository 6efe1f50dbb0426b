"""Golden runs and results of the four families, changed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from storagebench.examples.changes import Changes, changed, of
from storagebench.examples.document import document
from storagebench.model import Group, Record


def run(family: str, edition: str, changes: Changes) -> Record:
    """Return the golden run of an edition with some facts changed: ``{"summary.num_hosts": 2}``; null removes one."""
    return Record(family, "closed", "golden", changed(_golden(family, edition), changes))


def result(family: str, edition: str, changes: Changes) -> Group:
    """Return the golden result of an edition, its runs oldest first, with some facts changed.

    Names begin with `group`, `each` or `run3`; `runs` is the number of runs.
    """
    series = document(family)["series"]
    count = changes.get("runs", series["runs"][edition])
    records = tuple(
        Record(family, "closed", f"golden/run/{facts['stamp']}", facts)
        for facts in (
            changed(
                _timed(_golden(family, edition), series, edition, number),
                of(changes, "each.") | of(changes, f"run{number}."),
            )
            for number in range(1, count + 1)
        )
    )
    folders = {"folders": {"run": [record.facts["stamp"] for record in records]}}
    facts = changed({**series["facts"], **folders}, of(changes, "group."))
    return Group(family, "closed", "golden", records, facts)


def _golden(family: str, edition: str) -> dict[str, Any]:
    golden = document(family)["golden"]
    return changed(golden["facts"], golden["editions"].get(edition, {}))


def _timed(facts: dict[str, Any], series: Mapping[str, Any], edition: str, number: int) -> dict[str, Any]:
    start = datetime.fromisoformat(series["start"]) + (number - 1) * timedelta(seconds=series["every_s"])
    end = start + timedelta(seconds=series["lasts_s"])
    stamp = f"run{number}" if edition == "1.0" else f"{start:%Y%m%d_%H%M%S}"
    return changed(facts, {"stamp": stamp, "summary.start": start.isoformat(), "summary.end": end.isoformat()})
