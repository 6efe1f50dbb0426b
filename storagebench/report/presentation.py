"""What reports show of a family: its headline figures, its plots and its tables."""

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple, Protocol

from storagebench.report import digest

Record = Mapping[str, Any]

HOMES = {
    "checkpointing": "storagebench.report.checkpointing",
    "training": "storagebench.report.training",
    "kv_cache": "storagebench.report.kv_cache",
    "vector_database": "storagebench.report.vector_database",
}
"""Families by their official name, and the module whose PRESENTATION it is."""

DIRECTIONS = {"higher": 1, "lower": -1, "neither": 0}
TIMES = frozenset({"s", "ms", "µs", "us", "ns", "min", "h"})
"""Units of what is better when it is shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One of a record's metrics: its name in full, above a column, in a line, with decimals and the metric's spread.

    `better` is higher, lower or neither; left out, times are better when lower and everything else when higher.
    """

    metric: str
    name: str
    heading: str
    unit: str
    decimals: int
    short: str = "{}"
    spread: str = ""
    better: str = ""

    @property
    def direction(self) -> int:
        """Which way is better: 1 for higher, -1 for lower, 0 for neither."""
        return DIRECTIONS[self.better or ("lower" if self.unit in TIMES else "higher")]

    def text(self, record: Record) -> str:
        """Return the figure without its unit, a dash where the record has none."""
        return digest.figure(self.value(record), self.decimals)

    def value(self, record: Record) -> float | None:
        """Return the number itself."""
        found: float | None = digest.find(record, f"metrics.{self.metric}")
        return found


class Plot(NamedTuple):
    """A plot as SVG, its title, and a sentence below it where there is something to say."""

    title: str
    svg: str
    caption: str = ""


class Table(NamedTuple):
    """A table, folded under its title: a row of headings, then rows of cells as text."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]

    def html(self) -> str:
        """Return the table as html, empty when it has no rows; it scrolls where it is too wide."""
        if not self.rows:
            return ""
        head = "".join(f"<th>{escape(heading)}</th>" for heading in self.headings)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows)
        return f'<div class="scroll" tabindex="0"><table class="figures"><tr>{head}</tr>{body}</table></div>'


class Presentation(Protocol):
    """How reports show the records of one family; every part bears records that lack almost everything."""

    figures: tuple[Figure, ...]
    """Most telling first: the terminal's table has them all, a row of the page the first two."""

    def plots(self, record: Record) -> Iterable[Plot]:
        """Draw what the record has; plots without SVG are left out."""
        ...

    def tables(self, record: Record) -> Iterable[Table]:
        """Return the figures behind the plots; tables without rows are left out."""
        ...


class Plain:
    """What is shown of a subject that is no run of a known family: nothing but its findings."""

    figures: tuple[Figure, ...] = ()

    def plots(self, record: Record) -> Iterable[Plot]:
        """Draw nothing."""
        return ()

    def tables(self, record: Record) -> Iterable[Table]:
        """Have no figures."""
        return ()


def presentation_of(record: Record) -> Presentation:
    """Return the presentation of a record's family; chapters of a submission have the plain one."""
    home = HOMES.get(str(record.get("family")))
    if home is None:
        return Plain()
    found: Presentation = importlib.import_module(home).PRESENTATION
    return found


def all_figures() -> tuple[Figure, ...]:
    """Return the figures of every family."""
    return tuple(figure for family in HOMES for figure in presentation_of({"family": family}).figures)


def headline(record: Record) -> str:
    """Say the two most telling figures in one line, a dash where the record has none."""
    figures = [figure for figure in presentation_of(record).figures[:2] if figure.value(record) is not None]
    return ", ".join(figure.short.format(figure.text(record)) for figure in figures) or digest.UNKNOWN
