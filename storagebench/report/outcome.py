"""From a record to pytest's own report: markers, properties, one sentence instead of a traceback, the verdict word."""

from collections.abc import Mapping
from typing import Any

import pytest

from storagebench.errors import StorageBenchError
from storagebench.report import RECORD, digest, junit

RUNS = pytest.StashKey[list[pytest.TestReport]]()
"""The reports with a verdict that this process has heard of, in the order in which they ended."""

Status = tuple[str, str, tuple[str, dict[str, bool]]]


def attach(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Put what a run left behind on the report of its call, and say errors in one sentence in every phase.

    Runs in the process that ran the item; all of it is plain data, which xdist carries to the controller.
    """
    error = call.excinfo.value if call.excinfo else None
    record = item.stash.get(RECORD, None)
    if isinstance(error, StorageBenchError) and not item.config.getoption("fulltrace", default=False):
        report.longrepr = str(error)
    if record is None or call.when != "call" or not (error is None or isinstance(error, AssertionError)):
        return
    seen = digest.slim(record)
    report.__dict__["storagebench"] = seen
    _mark(item, report, seen)
    if error is not None:
        broken = [] if digest.satisfied(seen) else [digest.sentence(seen)]
        if "climb" in seen:
            broken = [seen["climb"]["answer"]]
        report.longrepr = (
            "; ".join([*broken, *(f"SLOWER: {sentence}" for sentence in digest.slower(seen))]) or report.longrepr
        )


def _mark(item: pytest.Item, report: pytest.TestReport, record: Mapping[str, Any]) -> None:
    marker = getattr(pytest.mark, str(record["verdict"]).lower())
    item.add_marker(marker(reason=digest.why(record)))
    # The report was made before the marker and the properties were there, hence everything twice.
    report.keywords = {**report.keywords, marker.name: 1}
    item.user_properties.extend(junit.properties(record))
    report.user_properties = list(item.user_properties)


def record_of(report: object) -> dict[str, Any] | None:
    """Return the record that `attach` put on a report, on either side of xdist."""
    found: dict[str, Any] | None = getattr(report, "storagebench", None)
    return found


def status(report: pytest.CollectReport | pytest.TestReport) -> Status | None:
    """Return category, letter, word and colour of a run with a verdict; None leaves the report to pytest.

    A failure keeps the category `failed`: in one of our own, pytest would print neither the reason nor the
    summary line.
    """
    record = record_of(report)
    if record is None or report.when != "call":
        return None
    verdict, word = str(record["verdict"]), digest.word(record)
    if report.failed and digest.satisfied(record) and digest.slower(record):
        return "failed", "S", ("SLOWER", {"red": True})
    if report.failed:
        return "failed", verdict[0], (verdict, {"red": True})
    colour = "green" if word == "CLOSED" else "yellow"
    return word.lower(), word[0], (word, {colour: True})


def printing(report: pytest.TestReport) -> dict[str, bool]:
    """Say whether pytest is about to print, and if so whether behind the item's name: under xdist it repeats that."""
    prints = report.when == "call" or report.failed
    return {"prints": prints, "verdict": prints and not hasattr(report, "node")}


def remember(config: pytest.Config, report: pytest.TestReport) -> None:
    """Keep a report with a verdict for the tables at the end."""
    if record_of(report) is not None:
        config.stash.setdefault(RUNS, []).append(report)


def records(config: pytest.Config) -> list[dict[str, Any]]:
    """Return the records of this session's runs, in the order in which they ended."""
    return [record for report in config.stash.get(RUNS, []) if (record := record_of(report)) is not None]
