"""The examples of the rules: a golden run, and for every rule a change that just passes and one that just fails.

`rules/examples/<family>.yaml` holds them; what a change may name stands at the top of each file. The pages of the
rules show the very examples that the tests judge.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from storagebench.model import Group, Lands, Record

FOLDER = Path(__file__).parent.parent / "rules" / "examples"

Changes = Mapping[str, Any]
"""Facts by dotted name; dots inside the last part are written "/"."""


@dataclass(frozen=True, slots=True)
class Example:
    """Two changes to the golden run, where the second one lands, and words of what the rule then saw."""

    passes: Changes
    fails: Changes
    lands: Lands
    words: str


@functools.cache
def examples(family: str) -> Mapping[str, Example]:
    """Return the examples of a family by the name of their rule; none where the family has no file."""
    return {
        name: Example(one["passes"], one["fails"], Lands[one["lands"]], one["words"])
        for name, one in _document(family).get("rules", {}).items()
    }


def subject(family: str, scope: str, edition: str, changes: Changes) -> Record | Group:
    """Return what a rule of this scope judges: the golden run or result of the edition, changed."""
    return result(family, edition, changes) if scope == "group" else run(family, edition, changes)


def run(family: str, edition: str, changes: Changes) -> Record:
    """Return the golden run of an edition with some facts changed: ``{"summary.num_hosts": 2}``; null removes one."""
    return Record(family, "closed", "golden", _changed(_golden(family, edition), changes))


def result(family: str, edition: str, changes: Changes) -> Group:
    """Return the golden result of an edition, its runs oldest first, with some facts changed.

    Names begin with `group`, `each` or `run3`; `runs` is the number of runs.
    """
    series = _document(family)["series"]
    count = changes.get("runs", series["runs"][edition])
    records = tuple(
        Record(family, "closed", f"golden/run/{facts['stamp']}", facts)
        for facts in (
            _changed(
                _timed(_golden(family, edition), series, edition, number),
                _of(changes, "each") | _of(changes, f"run{number}"),
            )
            for number in range(1, count + 1)
        )
    )
    folders = {"folders": {"run": [record.facts["stamp"] for record in records]}}
    facts = _changed({**series["facts"], **folders}, _of(changes, "group"))
    return Group(family, "closed", "golden", records, facts)


def _golden(family: str, edition: str) -> dict[str, Any]:
    golden = _document(family)["golden"]
    return _changed(golden["facts"], golden["editions"].get(edition, {}))


def _timed(facts: dict[str, Any], series: Mapping[str, Any], edition: str, number: int) -> dict[str, Any]:
    start = datetime.fromisoformat(series["start"]) + (number - 1) * timedelta(seconds=series["every_s"])
    end = start + timedelta(seconds=series["lasts_s"])
    stamp = f"run{number}" if edition == "1.0" else f"{start:%Y%m%d_%H%M%S}"
    return _changed(facts, {"stamp": stamp, "summary.start": start.isoformat(), "summary.end": end.isoformat()})


def _of(changes: Changes, whose: str) -> dict[str, Any]:
    start = f"{whose}."
    return {name.removeprefix(start): value for name, value in changes.items() if name.startswith(start)}


def _changed(facts: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    whole: dict[str, Any] = _own(facts)
    for name, value in changes.items():
        *path, last = name.split(".")
        parent = whole
        for part in path:
            if not isinstance(parent.get(part), dict):
                parent[part] = {}
            parent = parent[part]
        parent[last.replace("/", ".")] = _own(value)
    return whole


def _own(value: Any) -> Any:
    """Copy data so that nothing in it is shared, not even what the file says once and refers to twice."""
    if isinstance(value, Mapping):
        return {name: _own(item) for name, item in value.items()}
    return [_own(item) for item in value] if isinstance(value, list) else value


@functools.cache
def _document(family: str) -> Mapping[str, Any]:
    path = FOLDER / f"{family}.yaml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else {}
