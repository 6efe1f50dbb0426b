"""A climb in reports: the ladder of what was run at which number of accelerators, and the answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from storagebench.model import Plan
from storagebench.record import RECORD_FILE, RunFolder
from storagebench.report import digest, plots
from storagebench.report.epochs import au_threshold
from storagebench.report.presentation import Table
from storagebench.runs.climb import Ladder, Rung
from storagebench.serial import to_json

Climb = Mapping[str, Any]
HEADINGS = ("accelerators", "AU %", "samples/s", "verdict", "holds", "why not")


def threshold(plan: Plan) -> float:
    """Return the AU that the workload demands, in per cent."""
    return round(100 * float(plan.parameter("metric.au")), 6)


def asked(division: str, minimum: float) -> str:
    """Say what a number of accelerators must be to hold; whatif asserts nothing, so there AU alone decides."""
    return {"closed": "CLOSED", "open": "CLOSED or OPEN"}.get(division, f"at {minimum:g} % AU or above")


def rung(record: Mapping[str, Any], *, holds: bool) -> Rung:
    """Sum up a judged record; below the AU of its workload it does not hold, whatever the division asserts."""
    metrics, minimum = record["metrics"], au_threshold(record)
    busy = metrics["au_percent"] is not None and (minimum is None or metrics["au_percent"] >= minimum)
    return Rung(
        accelerators=record["plan"]["accelerators"],
        holds=holds and busy,
        verdict=digest.word(record),
        why="" if holds and busy else _why_not(record, minimum, busy=busy),
        au_percent=metrics["au_percent"],
        samples_per_s=metrics["samples_per_s"],
        folder=record["folder"],
    )


def _why_not(record: Mapping[str, Any], minimum: float | None, *, busy: bool) -> str:
    if busy:
        return f"{record['verdict']}: {digest.why({**record, 'quick': False})}"
    au = record["metrics"]["au_percent"]
    return "so few steps have no AU" if au is None else f"AU {au:.2f} % where {minimum:g} % are needed"


def keep(record: Mapping[str, Any], ladder: Ladder) -> dict[str, Any]:
    """Write the ladder into the record that stands for it, and return that."""
    whole = {**record, "climb": to_json(ladder) | {"answer": ladder.answer}}
    folder = Path(record["folder"])
    RunFolder(folder, folder.name).write_json(RECORD_FILE, whole)
    return whole


def lines(climb: Climb) -> Iterator[str]:
    """Yield the ladder for a terminal, the lowest rung first."""
    yield f"climb: {climb['answer']}"
    rows = [HEADINGS, *_rows(climb)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield (
            "  "
            + "  ".join(cell.rjust(wide) for cell, wide in zip(row[:3], widths, strict=False))
            + "  "
            + "  ".join(cell.ljust(wide) for cell, wide in zip(row[3:], widths[3:], strict=True)).rstrip()
        )


def block(record: Mapping[str, Any]) -> str:
    """Return the ladder for the page, "" where the item did not climb."""
    climb = record.get("climb")
    if not climb:
        return ""
    table = Table("Ladder", HEADINGS, list(_rows(climb))).html()
    return (
        f'<div class="climb"><p><b>Climb:</b> {escape(climb["answer"])}</p><div class="plots">'
        f"<figure><h3>Accelerator utilisation of each number</h3>{_plot(record, climb)}</figure>"
        f'<figure class="wide"><h3>Ladder</h3>{table}</figure></div></div>'
    )


def properties(climb: Climb) -> dict[str, str | float]:
    """Return what junit says of it: the answer as a number, 0 for none, and as a sentence."""
    held = [one["accelerators"] for one in climb["rungs"] if one["holds"]]
    return {"climb_accelerators": float(max(held, default=0)), "climb_answer": climb["answer"]}


def _ordered(climb: Climb) -> Sequence[Mapping[str, Any]]:
    return sorted(climb["rungs"], key=lambda one: int(one["accelerators"]))


def _rows(climb: Climb) -> Iterator[tuple[str, ...]]:
    for one in _ordered(climb):
        yield (
            str(one["accelerators"]),
            digest.figure(one["au_percent"], 1),
            digest.figure(one["samples_per_s"], 1),
            one["verdict"],
            "yes" if one["holds"] else "no",
            one["why"],
        )


def _plot(record: Mapping[str, Any], climb: Climb) -> str:
    """Draw the AU of each rung with the threshold of the workload."""
    ordered, minimum = _ordered(climb), au_threshold(record)
    values = tuple(one["au_percent"] for one in ordered)
    seen = [value for value in (*values, minimum) if value is not None]
    scale = plots.axis(max(0.0, min(seen) - 1), min(100.0, max(seen) + 1))
    mark = f"threshold {minimum:g} %" if minimum is not None else ""
    caption = plots.Caption(
        slug=re.sub(r"[^a-z0-9]+", "-", f"{record['id']} ladder".lower()),
        title="Accelerator utilisation (AU) over accelerators",
        description=f"In AU %, by the number of accelerators. {climb['answer']}",
        unit="AU %",
        along="accelerators",
        names=tuple(str(one["accelerators"]) for one in ordered),
    )
    return plots.points(caption, plots.Series("AU %", values), scale, minimum, mark)
