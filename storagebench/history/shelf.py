"""All records below a results directory, oldest first; there is no index, so none can be corrupt.

A run's number is its place by start time, from 1. New runs get new numbers and change no older one; removing a run
lowers the numbers of all later ones, so what is to be found again for years is called by its tag or its path.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from storagebench.errors import RecordError
from storagebench.record import RECORD_FILE
from storagebench.select import CLIMB, READ, WRITE

Document = Mapping[str, Any]
Item = tuple[str, str, str, int, str, str]
"""Family, model, accelerator and their number, variant, phase: what the name of a test item says but for the repeat."""
HEAD = frozenset(
    {
        "schema",
        "schema_version",
        "id",
        "family",
        "division",
        "quick",
        "started_at",
        "ended_at",
        "plan",
        "plan_fingerprint",
    }
    | {"metrics", "verdict"}
)
"""What is read of every record: a tenth of it, for series, clusters and evidence make the rest."""
NEEDED = ("id", "family", "division", "plan", "plan_fingerprint", "metrics")


@dataclass(frozen=True, slots=True)
class Saved:
    """One complete run: its number, its folder as it is found now, and the head of its `record.json`."""

    number: int
    folder: Path
    record: Document

    def whole(self) -> dict[str, Any]:
        """Read all of its `record.json`.

        Raises:
            RecordError: it is gone or damaged.
        """
        path = self.folder / RECORD_FILE
        try:
            return _checked(json.loads(path.read_bytes()))
        except (OSError, ValueError, RecursionError) as error:
            raise RecordError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None

    @property
    def name(self) -> str:
        """The short name: ``0007``."""
        return f"{self.number:04d}"

    @property
    def started(self) -> datetime:
        """When the run began."""
        return _moment(self.record["started_at"])

    @property
    def ended(self) -> datetime:
        """When it was over."""
        return _moment(self.record["ended_at"])

    @property
    def plan(self) -> Document:
        """The plan that was run."""
        plan: Document = self.record["plan"]
        return plan

    @property
    def tag(self) -> str:
        """What --tag called it, "" for nothing."""
        return str(self.plan.get("tag") or "")

    @property
    def item(self) -> Item:
        """Which item left it."""
        return item_of(self.plan)

    @property
    def is_warm_up(self) -> bool:
        """Whether the run only warmed up for those that count."""
        return str(self.plan.get("run")).startswith("warmup")

    @property
    def climbed(self) -> bool:
        """Whether the run was made by a search for the largest number of accelerators, and belongs to no result."""
        return self.plan.get("run") == CLIMB

    @property
    def series(self) -> str:
        """The runs that were made together, "" where the record does not say."""
        return str(self.plan.get("series") or "")

    @property
    def result(self) -> tuple[str, str, str]:
        """What is the same for the repeats that were made together: plan, series, and the folder above."""
        return str(self.record["plan_fingerprint"]), self.series or str(self.folder), str(self.folder.parent)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The runs below `root`, oldest first, and what is wrong with each record that cannot be read, by path."""

    root: Path
    runs: tuple[Saved, ...]
    damaged: Mapping[Path, str]

    def result_of(self, run: Saved) -> tuple[Saved, ...]:
        """Return the measured runs of the result that a run belongs to; a warm-up alone is all there is."""
        together = [one for one in self.runs if one.result == run.result]
        return tuple(one for one in together if not one.is_warm_up) or tuple(together)


def item_of(plan: Document) -> Item:
    """Name the item of a plan as JSON."""
    workload = plan["workload"]
    names = (str(workload["family"]), str(workload["model"]), str(workload["accelerator"]))
    return *names, int(plan["accelerators"]), str(workload.get("variant") or ""), phase_of(plan)


def phase_of(plan: Document) -> str:
    """Return which of the two invocations of a checkpointing result a plan as JSON is, "" for any other run."""
    last = str(plan.get("run")).rpartition("-")[2]
    return last if last in {WRITE, READ} else ""


def open_shelf(root: Path) -> Shelf:
    """Read every record below a folder; one that is damaged is set aside with the reason, and stops nothing.

    Raises:
        RecordError: the folder cannot be listed.
    """
    found: list[tuple[datetime, str, Document]] = []
    damaged: dict[Path, str] = {}
    try:
        folders = list(_record_folders(str(root))) if root.is_dir() else []
    except OSError as error:
        raise RecordError(f"{error.filename} cannot be listed: {error.strerror}; name another --results-dir") from None
    for folder in folders:
        path = Path(folder, RECORD_FILE)
        try:
            record = _head(path)
            found.append((_moment(record["started_at"]), folder, record))
        except (OSError, ValueError, RecursionError) as error:
            damaged[path] = getattr(error, "strerror", None) or str(error)
    found.sort(key=lambda one: one[:2])
    runs = tuple(Saved(number, Path(folder), record) for number, (_, folder, record) in enumerate(found, 1))
    return Shelf(root, runs, damaged)


def _record_folders(above: str) -> Iterator[str]:
    """Yield the folders that hold a record; nothing below one is looked at, and no link is followed."""
    with os.scandir(above) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    if any(entry.name == RECORD_FILE for entry in listed):
        yield above
        return
    for entry in listed:
        if entry.is_dir(follow_symlinks=False):
            yield from _record_folders(entry.path)


def _head(path: Path) -> Document:
    """Read of a record what `HEAD` names, and all of it where it is not indented as we do.

    A line break is never part of a JSON text, so a line that begins with four blanks and a name begins a member.
    """
    text = path.read_text(encoding="utf-8")
    opening, *members = text.rstrip().removesuffix("\n}").split('\n    "')
    if opening != "{" or not text.rstrip().endswith("\n}"):
        return _checked(json.loads(text))
    kept = (member.rstrip(",") for member in members if member.partition('"')[0] in HEAD)
    return _checked(json.loads("{" + ",".join(f'"{member}' for member in kept) + "}"))


def _checked(record: Any) -> dict[str, Any]:
    """Return a record whose head is sound.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(record, dict) or record.get("schema") != "storagebench-record":
        raise ValueError("not a record of this project")
    if record.get("schema_version") != 1:
        raise ValueError(f"a record of version {record.get('schema_version')}, where this checkout reads version 1")
    lacking = next((name for name in NEEDED if name not in record), None)
    if lacking:
        raise ValueError(f"the record has no {lacking}")
    try:
        item_of(record["plan"])
        record["metrics"].items()
    except (TypeError, KeyError, ValueError, AttributeError):
        raise ValueError("its plan or its metrics are not what this checkout writes") from None
    for name in ("started_at", "ended_at"):
        try:
            _moment(record.get(name))
        except ValueError:
            raise ValueError(f"{name} is {record.get(name)!r:.40}, not a time") from None
    return record


def _moment(text: object) -> datetime:
    """Return a moment with its zone.

    Raises:
        ValueError: the text is none.
    """
    return datetime.fromisoformat(str(text)).astimezone()
