"""The repeats of one result: which are there, whether more may follow, and how long the next may be put off."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from storagebench.history.shelf import Saved, Shelf
from storagebench.model import Edition, Plan
from storagebench.record import INCOMPLETE
from storagebench.select import CLIMB
from storagebench.units import duration_text

DANGER = 0.75
"""Share of the pause that the rules allow from which on the next start is said to be in danger."""


@dataclass(frozen=True, slots=True)
class Pause:
    """How long ago the last run of a series began, and how long ago it may have begun when the next one starts."""

    since: timedelta
    limit: timedelta

    @property
    def broken(self) -> bool:
        """Whether the next run comes too late (2.1.18 runTimestampGap)."""
        return self.since >= self.limit

    @property
    def in_danger(self) -> bool:
        """Whether it nearly does."""
        return self.since >= DANGER * self.limit

    def __str__(self) -> str:
        return (
            f"the run before it began {duration_text(self.since.total_seconds())} ago where rule 2.1.18 wants less than "
            f"{duration_text(self.limit.total_seconds())}, twice the shortest run"
        )


def complete_run(plan: Plan, shelf: Shelf) -> Saved | None:
    """Return the newest complete record of this very repeat of the plan, None where there is none."""
    return next((run for run in reversed(_repeats(plan, shelf)) if run.plan.get("run") == plan.run), None)


def begun(plan: Plan, shelf: Shelf) -> tuple[Saved, ...]:
    """Return the runs of the newest series of the plan, which lacks this repeat; empty where nothing was begun."""
    repeats = _repeats(plan, shelf)
    newest = [run for run in repeats if run.series and run.series == repeats[-1].series]
    return tuple(newest) if all(run.plan.get("run") != plan.run for run in newest) else ()


def made_together(plan: Plan, shelf: Shelf) -> tuple[Saved, ...]:
    """Return the runs of the plan's own series that are there already, oldest first."""
    return tuple(run for run in _repeats(plan, shelf) if run.series == plan.series)


def pause(runs: Sequence[Saved], edition: Edition, family: str, now: datetime) -> Pause | None:
    """Return the pause between a series and its next run, None where the edition sets no limit or nothing was run."""
    multiple = edition.table.get(family, {}).get("run_gap_multiple")
    if not runs or not multiple:
        return None
    return Pause(now - runs[-1].started, multiple * min(run.ended - run.started for run in runs))


def failed_since(runs: Sequence[Saved], edition: Edition, family: str) -> Path | None:
    """Return the folder of a run that failed after the last one of a series, where the edition allows none in between.

    A run that somebody stopped, or that its host took along, has not failed.
    """
    if not runs or not edition.table.get(family, {}).get("failed_run_ends_series"):
        return None
    last = runs[-1].folder
    later = (path.parent for path in sorted(last.parent.glob(f"*/{INCOMPLETE}")) if path.parent.name > last.name)
    return next((folder for folder in later if _failed(folder)), None)


def _failed(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / INCOMPLETE).read_text(encoding="utf-8"))["status"] == "failed")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _repeats(plan: Plan, shelf: Shelf) -> list[Saved]:
    """Return all runs of the same plan; those of a climb are repeats of nothing else."""
    fingerprint, climbs = plan.fingerprint(), plan.run == CLIMB
    alike = (run for run in shelf.runs if run.record["plan_fingerprint"] == fingerprint)
    return [run for run in alike if run.climbed == climbs]
