"""What the hosts did while a run went on: storage, processors and network over time, all together and host by host."""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from storagebench.report import digest, plots
from storagebench.report.plots import Caption, Line
from storagebench.report.presentation import Record, Table
from storagebench.units import duration_text

Curves = Mapping[str, Sequence[Sequence[float]]]

STORAGE = (("read_mib_per_s", "read"), ("written_mib_per_s", "written"), ("counted_mib_per_s", "counted"))
PROCESSORS = (("cpu_busy_percent", "busy"), ("cpu_waiting_percent", "waiting for I/O"))
NETWORK = (("received_mib_per_s", "received"), ("sent_mib_per_s", "sent"))

LEAST = 0.05
"""MiB/s, or per cent: a plot that never rises above this is left out (the network of a local filesystem)."""


def figures(record: Record) -> str:
    """Return the plots of all hosts together; empty for a run that was not sampled, or too short for two samples."""
    series = record.get("time_series") or {}
    return _figures(str(record["id"]), series.get("curves") or {}, float(series.get("duration_s") or 0))


def hosts(record: Record) -> str:
    """Return a table of the hosts, with the plots of each where the record has its curves."""
    series = record.get("time_series") or {}
    known = series.get("hosts") or ()
    if not known:
        return ""
    headings = ("host", "device", "samples", "missed", "clock ahead", "sampler")
    table = Table("", headings, [tuple(_cells(host)) for host in known]).html()
    duration_s = float(series.get("duration_s") or 0)
    drawn = (
        (host["host"], _figures(f"{record['id']} {host['host']}", host.get("curves") or {}, duration_s))
        for host in known
    )
    return table + "".join(
        f'<h3>{escape(str(name))}</h3><div class="plots">{plot}</div>' for name, plot in drawn if plot
    )


def stalls(record: Record) -> str:
    """Say when the run stood still; empty where it never did."""
    said = (f"noticed {stall['noticed_at']}: {stall['text']}" for stall in record.get("stalls") or ())
    return "".join(f'<p class="stall">The run stood still, {escape(text)}</p>' for text in said)


def _figures(name: str, curves: Curves, duration_s: float) -> str:
    drawn = (
        ("Storage over time", _plot(name, curves, STORAGE, duration_s, "Storage over time", "MiB/s"), _note(curves)),
        ("Processors over time", _plot(name, curves, PROCESSORS, duration_s, "Processors over time", "%"), ""),
        ("Network over time", _plot(name, curves, NETWORK, duration_s, "Network over time", "MiB/s"), ""),
    )
    return "".join(f"<figure><h3>{title}</h3>{svg}{note}</figure>" for title, svg, note in drawn if svg)


def _plot(
    name: str, curves: Curves, wanted: Sequence[tuple[str, str]], duration_s: float, title: str, unit: str
) -> str:
    lines = [Line(said, curves[key], counted=said == "counted") for key, said in wanted if len(curves.get(key, ())) > 1]
    highest = max((value for line in lines for _, value in line.points), default=0.0)
    if highest < LEAST:
        return ""
    slug = re.sub(r"[^a-z0-9]+", "-", f"{name} {title}".lower()).strip("-")
    description = f"In {unit}, over {duration_text(duration_s)}. " + ". ".join(map(_said, lines))
    caption = Caption(slug=slug, title=title, description=description, unit=unit)
    return plots.lines(caption, lines, plots.axis(0, 100 if unit == "%" else highest), duration_s)


def _said(line: Line) -> str:
    values = [value for _, value in line.points]
    mean = sum(values) / len(values)
    return f"{line.name}: from {digest.figure(min(values), 1)} to {digest.figure(max(values), 1)}, about {digest.figure(mean, 1)}"


def _note(curves: Curves) -> str:
    said = "Counted is what the benchmark itself says it read or wrote."
    return f'<p class="note">{said}</p>' if "counted_mib_per_s" in curves else ""


def _cells(host: Record) -> Iterator[str]:
    yield str(host["host"])
    yield str(host["device"] or digest.UNKNOWN)
    yield digest.figure(host["samples"])
    yield digest.figure(host["gaps"])
    ahead, within = host["ahead_at_end_s"], host["ahead_within_s"]
    yield digest.UNKNOWN if ahead is None else f"{1000 * ahead:+,.1f} ± {1000 * within:,.1f} ms"
    cost = host["sampler_cpu_s"]
    yield digest.UNKNOWN if cost is None else f"{cost:.2f} CPU-s"
