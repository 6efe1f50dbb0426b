"""One run on the html page: figures, findings, plots, and folded below them how it came about."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from storagebench.report import climb, comparison, digest, remedies, timeline
from storagebench.report.presentation import Record, Table, presentation_of
from storagebench.units import bytes_text, duration_text


def block(record: Record) -> str:
    """Return everything that the page shows of one run, as one element."""
    findings, plots = _findings(record), timeline.stalls(record) + _plots(record)
    # Why a run is not CLOSED comes first; that a quick run breaks rules is no news.
    told = (plots, _fold("Findings", findings)) if record.get("quick") else (findings, plots)
    above = (climb.block(record), comparison.block(record.get("comparison")))
    parts = (_headline(record), *above, *told, _details(record))
    return f'<section class="run">{"".join(parts)}</section>'


def verdict(record: Record) -> str:
    """Return the verdict as a coloured word; its `value` is what the page sorts the column by."""
    rank = ("INVALID", "OPEN", "QUICK", "CLOSED").index(digest.word(record))
    return f'<data value="{rank}" class="verdict {digest.word(record).lower()}">{digest.word(record)}</data>'


def link(record: Record) -> str:
    """Return a link that saves the record as this page shows it, without the network and without the folder."""
    content = base64.b64encode(json.dumps(record, separators=(",", ":")).encode()).decode()
    name = escape(f"{record['id']}.json", quote=True)
    return f'<a class="col-links__extra" download="{name}" href="data:application/json;base64,{content}">record</a>'


def _headline(record: Record) -> str:
    figures = presentation_of(record).figures
    if digest.is_submitted(record):  # of others' runs, what they do not tell is not missed
        figures = tuple(figure for figure in figures if figure.value(record) is not None)
    cells = [
        _cell(one.name, one.text(record), one.unit, digest.find(record, f"metrics.{one.spread}")) for one in figures
    ]
    if (duration := digest.find(record, "metrics.duration_s")) is not None:
        cells.append(_cell("duration", duration_text(duration), "", None))
    quick = '<p class="banner">Quick run: the figures are not valid.</p>' if record.get("quick") else ""
    return f'{quick}<dl class="headline">{"".join(cells)}</dl>'


def _cell(name: str, text: str, unit: str, spread: float | None) -> str:
    more = f" ± {digest.figure(spread, 2)}" if spread is not None else ""
    known = f"{text} <small>{unit}{more}</small>" if text != digest.UNKNOWN else "<small>unknown</small>"
    return f"<div><dt>{name}</dt><dd>{known}</dd></div>"


def _findings(record: Record) -> str:
    found = record.get("findings") or []
    if not found:
        return f'<p class="clean">No rule of edition {escape(str(record.get("judged_as")))} is broken.</p>'
    before = (None, *(finding["rule_name"] for finding in found))
    rows = "".join(_finding(one, again=one["rule_name"] == last) for one, last in zip(found, before, strict=False))
    caption = "" if record.get("quick") else "<caption>Findings</caption>"
    head = "<tr><th>Rule</th><th>Lands in</th><th>Saw</th><th>Needs</th></tr>"
    return f'<table class="findings">{caption}<thead>{head}</thead><tbody>{rows}</tbody></table>'


def _finding(finding: Record, *, again: bool) -> str:
    lands = str(finding["lands"])
    rule = f"<b>{remedies.link(finding)}</b>"
    text = "" if again else f"<small>{escape(str(finding.get('text') or ''))}</small>"
    word = f'<span class="verdict {lands.lower()}">{lands}</span>'
    place = f"{finding['where']}: " if finding.get("where") else ""
    cells = (
        ("Rule", rule + text),
        ("Lands in", word),
        ("Saw", _escaped(f"{place}{finding['saw']}")),
        ("Needs", _escaped(finding["needs"])),
    )
    return "<tr>" + "".join(f'<td data-label="{label}">{cell}</td>' for label, cell in cells) + "</tr>"


def _plots(record: Record) -> str:
    drawn = [plot for plot in presentation_of(record).plots(record) if plot.svg]
    figures = (f"<figure><h3>{escape(one.title)}</h3>{one.svg}{_caption(one.caption)}</figure>" for one in drawn)
    return f'<div class="plots">{"".join(figures)}{timeline.figures(record)}</div>'


def _caption(text: str) -> str:
    return f"<figcaption>{escape(text)}</figcaption>" if text else ""


def _details(record: Record) -> str:
    parts = (
        *(_fold(table.title, table.html()) for table in presentation_of(record).tables(record)),
        _fold("Hosts over time", timeline.hosts(record)),
        _fold("Sizes and their working", _listed(_working(record))),
        _fold("Evidence", _described(_evidence(record))),
        _fold("Run", _described(_run(record))),
        _fold("Cluster", _cluster(record).html()),
        _fold("Versions", _described((record.get("environment") or {}).items())),
    )
    return "".join(parts)


def _fold(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>{content}</details>" if content else ""


def _working(record: Record) -> Iterator[str]:
    yield from digest.find(record, "plan.sizing.working") or ()
    yield from digest.find(record, "plan.prediction.working") or ()


def _evidence(record: Record) -> Iterator[tuple[str, Any]]:
    evidence = record.get("evidence") or {}
    for name, value in evidence.items():
        yield name.replace("_", " "), value
    if cached := digest.page_cache(record):
        yield "page cache", cached


def _run(record: Record) -> Iterator[tuple[str, Any]]:
    plan = record.get("plan") or {}
    yield (
        "verdict by the rules",
        f"{record['verdict']}, edition {record.get('judged_as')}, asked for {record['division']}",
    )
    if record.get("started_at"):
        yield "started, ended", f"{record.get('started_at')}, {record.get('ended_at')}"
    yield "engine", record.get("engine")
    yield "accelerators", plan.get("accelerators")
    yield (
        "overrides",
        {name: f"{one['value']} ({one['origin']})" for name, one in (plan.get("overrides") or {}).items()},
    )
    yield "settings", plan.get("settings")
    yield "plugins", record.get("extra")
    yield "dataset", record.get("dataset")
    submitted = digest.is_submitted(record)
    yield ("folder", record.get("folder")) if submitted else ("record", f"{record.get('folder')}/record.json")


def _cluster(record: Record) -> Table:
    hosts = digest.find(record, "cluster_start.hosts") or ()
    rows = [
        (
            str(host["hostname"]),
            str(host["cpu_model"]),
            str(host["logical_cpus"]),
            bytes_text(host["memory_bytes"]) if host.get("memory_bytes") else "unknown",
            str(host["kernel"]),
        )
        for host in hosts
    ]
    return Table("Cluster", ("host", "processor", "CPUs", "memory", "kernel"), rows)


def _described(facts: Iterable[tuple[str, Any]]) -> str:
    rows = [f"<dt>{_escaped(name)}</dt><dd>{_said(value)}</dd>" for name, value in facts if value not in (None, {}, [])]
    return f'<dl class="facts">{"".join(rows)}</dl>' if rows else ""


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{_escaped(name)}: {_said(one)}" for name, one in value.items())
        return "<br>".join(pairs)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_said, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _escaped(value)


def _listed(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{_escaped(line)}</li>" for line in lines)
    return f"<ol>{items}</ol>" if items else ""


def _escaped(value: object) -> str:
    return escape(str(value))
