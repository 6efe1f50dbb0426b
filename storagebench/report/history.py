"""`--history`: saved runs as a table, oldest first, and what could not be read."""

from collections.abc import Iterator, Sequence
from os.path import relpath

from storagebench.history import Saved, Shelf
from storagebench.report import digest
from storagebench.report.presentation import headline

HEADINGS = ("run", "started", "item", "verdict", "headline", "hosts", "tag")
MOST_HOSTS = 2
"""More hosts than this are counted instead of named."""


def listing(shelf: Shelf, runs: Sequence[Saved]) -> Iterator[str]:
    """Yield the table of the runs that were chosen, one line of what there is, and one for each damaged record."""
    rows = [_row(run) for run in runs]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    for row in (HEADINGS, *rows) if rows else ():
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    chosen = f"{len(runs)} of {len(shelf.runs)} runs" if len(runs) < len(shelf.runs) else f"{len(runs)} runs"
    yield f"{chosen} in {shelf.root}"
    for path, reason in shelf.damaged.items():
        yield f"left out: {relpath(path, shelf.root)}: {reason}"


def _row(run: Saved) -> tuple[str, ...]:
    record = run.record
    word = digest.word(record) if record.get("verdict") else "not judged"
    return (
        run.name,
        f"{run.started:%Y-%m-%d %H:%M}",
        str(record["id"]),
        word,
        headline(record),
        _hosts([str(host.get("name")) for host in run.plan.get("hosts") or ()]),
        run.tag,
    )


def _hosts(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= MOST_HOSTS else f"{names[0]} and {len(names) - 1} more"
