"""What the page of pytest-html gains: columns, a summary, one block for each run, and a look of its own.

The *Result* column keeps pytest's own words: the page hides a row whose result it does not know.
"""

import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pytest

from storagebench.report import digest, outcome, page, pages, remedies
from storagebench.report.presentation import headline, presentation_of
from storagebench.report.terminal import OFFICIAL

CSS = Path(__file__).with_name("report.css")
MOST_OPEN = 8
"""A page of more tests than this starts with the passed ones folded."""

ALWAYS_WRITTEN = 50
"""Up to so many runs, the page is written after each report, so that a killed session leaves all that was finished."""
WRITE_EVERY_S = 2.0
"""A longer page is written no more often than this: writing it whole for each of many short runs takes longer than they do."""
KEYBOARD = Path(__file__).with_name("keyboard.js")
# pytest-html's template knows neither phones nor languages.
HEAD = (
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<script>document.documentElement.lang = "en"</script>'
)
PLAIN_ATTRIBUTE = re.compile(r'="([A-Za-z0-9.#_:-]+)"(/?)')
"""Free text is escaped and holds no quotes, so this is never part of it."""
WRITTEN_AT = pytest.StashKey[float]()
DATA = pytest.StashKey[Any]()


def prepare(config: pytest.Config) -> None:
    """Make `--html` write one file that can be sent to somebody, in our style; must run before pytest-html sets up."""
    if config.getoption("htmlpath", None):
        config.option.self_contained_html = True
        config.option.css = [*config.option.css, str(CSS)]


def describe(config: pytest.Config, facts: Mapping[str, str]) -> None:
    """Add facts to the Environment table; the page takes them as html."""
    try:
        from pytest_metadata.plugin import metadata_key
    except ImportError:
        return
    config.stash[metadata_key].update({name.capitalize(): escape(fact) for name, fact in facts.items()})


def start(report: Any, *, quick: bool) -> None:
    """Title the page, and warn at its top from the first moment where the figures will not be valid."""
    report.title = "Storage benchmark report"
    report.config.stash[DATA] = report
    script = f"<script>{KEYBOARD.read_text(encoding='utf-8')}</script>"
    banner = f'<p class="banner">{pages.NOT_VALID}</p>' if quick else ""
    report.additional_summary["prefix"].append(HEAD + script + banner)


def summarise(prefix: list[str], postfix: list[str], config: pytest.Config, tests: int) -> None:
    """Count the verdicts at the top: ``2 CLOSED · 1 OPEN · 1 INVALID``; open the details of a short page.

    Below the table stands what it takes to become CLOSED, and the page of every rule that a finding links to.
    """
    records = outcome.records(config)
    if DATA in config.stash and tests <= MOST_OPEN:
        config.stash[DATA].set_data("renderCollapsed", ["none"])
    if records:
        prefix.append(f'<p class="verdicts">{counts(records)}</p><p>{escape(OFFICIAL)}</p>')
        postfix.append(remedies.remedies(records) + remedies.rule_pages(records))


def counts(records: Sequence[Mapping[str, Any]]) -> str:
    """Return how many runs have which verdict, as coloured words."""
    number = Counter(map(digest.word, records))
    words = (word for word in ("CLOSED", "OPEN", "INVALID", "QUICK") if number[word])
    return " · ".join(f'<span class="verdict {word.lower()}">{number[word]} {word}</span>' for word in words)


def head(cells: list[str]) -> None:
    """Insert the headings of our columns after *Result* and *Test*."""
    cells.insert(1, '<th class="sortable" data-column-type="verdict">Verdict</th>')
    cells.insert(3, '<th class="sortable" data-column-type="headline">Headline</th>')


def row(report: object, cells: list[str]) -> None:
    """Insert our cells into a row, with a dash where the test was no benchmark or came to no verdict."""
    record = outcome.record_of(report)
    if record is not None and getattr(report, "when", "") == "call":
        cells[1] = f'<td class="col-testId" title="{escape(_nodeid(report))}">{escape(str(record["id"]))}</td>'
        cells[-1] = f'<td class="col-links">{page.link(record)}</td>'
    cells.insert(1, f'<td class="col-verdict">{page.verdict(record) if record else digest.UNKNOWN}</td>')
    cells.insert(3, f'<td class="col-headline">{_headline(record)}</td>')


def _nodeid(report: object) -> str:
    return str(getattr(report, "nodeid", ""))


def _headline(record: Mapping[str, Any] | None) -> str:
    first = next(iter(presentation_of(record or {}).figures), None)
    value = first.value(record or {}) if first else None
    if record is None or value is None:
        return digest.UNKNOWN
    # The page sorts a column by its text, hence the family and the zeros in front of what it sees first.
    return f'<data value="{escape(str(record.get("family")))} {value:018.3f}">{escape(headline(record))}</data>'


def extras(report: pytest.TestReport) -> None:
    """Put on a report what pytest-html is to show below its row: the block of a run, or why there was none.

    Made where the page is, so that xdist carries no html.
    """
    record = outcome.record_of(report)
    if record is not None:
        shown = page.block(record)
    elif report.failed and isinstance(report.longrepr, str):
        shown = f'<p class="reason">{escape(report.longrepr)}</p>'
    else:
        return
    block = {"format_type": "html", "content": lean(shown), "name": None, "mime_type": None, "extension": None}
    report.__dict__["extras"] = [*getattr(report, "extras", []), block]


def lean(block: str) -> str:
    """Leave out the quotes that html does not need: the page keeps every block as JSON in an attribute, escaped twice.

    >>> lean('<circle r="3" class="a b"/>')
    '<circle r=3 class="a b"/>'
    """
    return PLAIN_ATTRIBUTE.sub(lambda match: f"={match[1]}{' /' if match[2] else ''}", block)


def pace(config: pytest.Config) -> None:
    """Let pytest-html write a long page after this report only when it did not just do so."""
    now = time.monotonic()
    few = len(outcome.records(config)) <= ALWAYS_WRITTEN
    due = few or now - config.stash.get(WRITTEN_AT, -WRITE_EVERY_S) >= WRITE_EVERY_S
    if due:
        config.stash[WRITTEN_AT] = now
    if config.getini("generate_report_on_test") or due:
        config._inicache["generate_report_on_test"] = due  # noqa: SLF001 - pytest has no public way to change a setting


def tidy(data: list[str]) -> None:
    """Leave out a log that has nothing to say."""
    if data == ["No log output captured."]:
        data.clear()
