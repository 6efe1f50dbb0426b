"""The section at the end of a session: one row for each run, then what the rules found."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from storagebench.report import climb, comparison, digest
from storagebench.report.presentation import Figure, presentation_of

OFFICIAL = (
    "CLOSED and OPEN say which rules a run meets; an official submission must be produced by MLCommons' own tool"
    " (rule 1.1 mlpstorageGeneratesHierarchy)."
)
SHOWN = 5
"""Findings of one rule on one item of a submission that are listed: a tree of many runs can have hundreds."""
COLOURS = {"CLOSED": "green", "OPEN": "yellow", "QUICK": "yellow", "INVALID": "red"}


class Line(NamedTuple):
    """A line of text and the pytest markup that it is written with, such as red or bold."""

    text: str
    markup: dict[str, bool]


def respect_quiet(config: pytest.Config) -> None:
    """Let -q list one item a line: pytest.ini wants words beside items, not the tree with docstrings."""
    if config.option.collectonly and config.get_verbosity() < 0:
        config._inicache["verbosity_test_cases"] = "auto"  # noqa: SLF001 - pytest has no public way to change a setting


def summary(records: Sequence[Mapping[str, Any]], width: int, *, verbose: bool = False) -> Iterator[Line]:
    """Yield the section for these records, `width` columns wide: table, findings, records, the word on rule 1.1.

    Of a quick run the findings are only counted unless `verbose`, as its sizes break the rules on purpose. Of a
    submission's runs and results, a rule is said in full where it is first broken.
    """
    yield from table(records, width)
    told: set[str] = set()
    for record in records:
        yield from findings(record, width, verbose=verbose, told=told if digest.is_submitted(record) else None)
    for record in records:
        if ladder := record.get("climb"):
            yield Line("", {})
            yield Line(str(record["id"]), {"bold": True})
            yield from (Line(line, {}) for line in climb.lines(ladder))
        if found := record.get("comparison"):
            yield Line("", {})
            yield Line(str(record["id"]), {"bold": True})
            yield from (Line(line, {}) for line in comparison.lines(found, everything=verbose))
    yield Line("", {})
    for record in (record for record in records if not digest.is_submitted(record)):
        yield Line(f"record of {record['id']}: {record.get('folder')}/record.json", {})
    for line in textwrap.wrap(OFFICIAL, width):
        yield Line(line, {})


def table(records: Sequence[Mapping[str, Any]], width: int) -> Iterator[Line]:
    """Yield a row for each run: item, verdict, headline figures (- where there is none), and why.

    Each family has figures of its own, and so a table of its own; runs stay in the order in which they ended.
    """
    families: dict[tuple[Figure, ...], list[Mapping[str, Any]]] = {}
    for record in records:
        families.setdefault(presentation_of(record).figures, []).append(record)
    for number, (figures, runs) in enumerate(families.items()):
        if number:
            yield Line("", {})
        yield from _family_table(figures, runs, width)


def _family_table(figures: tuple[Figure, ...], runs: Sequence[Mapping[str, Any]], width: int) -> Iterator[Line]:
    rows = [
        [str(run["id"]), digest.word(run), *(figure.text(run) for figure in figures), digest.why(run)] for run in runs
    ]
    heading = ["item", "verdict", *(figure.heading for figure in figures), "why"]
    widths = [max(len(row[i]) for row in [heading, *rows]) for i in range(len(heading))]
    yield Line(_aligned(heading, widths)[:width].rstrip(), {"bold": True})
    for run, row in zip(runs, rows, strict=True):
        yield Line(_aligned(row, widths).rstrip(), {COLOURS[digest.word(run)]: True})


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    text = {0, 1, len(cells) - 1}
    padded = zip(range(len(cells)), cells, widths, strict=True)
    return "  ".join(cell.ljust(wide) if place in text else cell.rjust(wide) for place, cell, wide in padded)


def findings(
    record: Mapping[str, Any], width: int, *, verbose: bool = False, told: set[str] | None = None
) -> Iterator[Line]:
    """Yield what the rules said about one run and what the page cache did; nothing for a run without either.

    `told` collects the rules that were said in full, and need not be again.
    """
    found, cached = record.get("findings", []), digest.page_cache(record)
    if not found and not cached:
        return
    yield Line("", {})
    word = digest.word(record)
    yield Line(f"{word:<7}  {record['id']}", {COLOURS[word]: True, "bold": True})
    if found and word == "QUICK" and not verbose:
        yield Line(f"  {len(found)} findings, as sizes shrunk by --quick break the rules; -v lists them", {})
    else:
        indent = 4 + max((len(str(finding["rule_id"])) for finding in found), default=0)
        seen: Counter[str] = Counter()
        for finding in found:
            rule = finding["rule_name"]
            seen[rule] += 1
            if told is None or verbose or seen[rule] <= SHOWN:
                yield from _finding(finding, indent, width, again=told is not None and rule in told)
            if told is not None:
                told.add(rule)
        for rule, count in seen.items() if told is not None and not verbose else ():
            if count > SHOWN:
                yield Line(f"  {count - SHOWN} more of {rule}; -v lists them, as do --html and --junitxml", {})
    if cached:
        yield Line(f"  {cached}", {"yellow": True})


def _finding(finding: Mapping[str, Any], indent: int, width: int, *, again: bool = False) -> Iterator[Line]:
    advice = " (advice)" if finding["lands"] == "ADVICE" else ""
    place = f"{finding['where']}: " if finding.get("where") else ""
    said = f"{finding['rule_name']}  {place}{finding['saw']}, needs {finding['needs']}{advice}"
    yield from _wrapped(f"  {finding['rule_id']}".ljust(indent) + said, indent, width)
    if again:
        return
    yield from _wrapped(" " * indent + str(finding.get("text") or ""), indent, width)
    yield Line(f"{' ' * indent}pytest --explain {finding['rule_name']}", {"cyan": True})


def _wrapped(text: str, indent: int, width: int) -> Iterator[Line]:
    for line in textwrap.wrap(text, max(width, indent + 40), subsequent_indent=" " * indent, break_on_hyphens=False):
        yield Line(line, {})
