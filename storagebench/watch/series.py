"""From the files of samplers to aligned curves: rates of all hosts over the time of the run. Pure.

`timeseries/<host>.jsonl` holds what a host's sampler said and the pings between it and the launch host,
`timeseries/benchmark.jsonl` what the benchmark counted meanwhile; nothing else is needed. Times of curves are seconds
since the first sample or count of all.
"""

import bisect
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from storagebench.units import MIB
from storagebench.watch.clocks import Clock, Ping
from storagebench.watch.counters import CHANNELS, Span, sample_of, spans

Curve = tuple[tuple[float, float], ...]
"""Points of seconds and values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSeries:
    """What one host's file says: spans by its own clock, how many samples, and points of the grid that it skipped.

    `problem` is what went wrong with its sampler, and `sampler_cpu_s` what the sampler cost where it could say so.
    """

    host: str
    interval_s: float
    device: str | None
    clock: Clock | None
    spans: tuple[Span, ...]
    samples: int
    gaps: int
    sampler_cpu_s: float | None
    problem: str | None


def parse(text: str) -> list[dict[str, Any]]:
    """Read JSON lines; a last line that was cut off by a kill, or one that is damaged, is left out."""
    found = []
    for line in text.splitlines():
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict):
            found.append(message)
    return found


def host_series(lines: Sequence[Mapping[str, Any]]) -> HostSeries:
    """Sort a host's lines; its first one says whose they are. A sampler that was started anew counts from 0 again."""
    of: dict[str, list[Mapping[str, Any]]] = {kind: [] for kind in ("asked", "hello", "sample", "ping", "problem")}
    hello: Mapping[str, Any] = {}
    samples, gaps, expected = [], 0, 0
    for line in lines:
        kind = str(line.get("kind"))
        of.get(kind, []).append(line)
        if kind == "hello":
            hello, expected = line, 0
        elif kind == "sample":
            samples.append(sample_of(line, hello.get("device"), hello.get("mount_point")))
            gaps += max(0, int(line["n"]) - expected)
            expected = int(line["n"]) + 1
    asked = of["asked"][0] if of["asked"] else {}
    cpu_s = [float(line["cpu_s"]) for line in of["sample"] if "cpu_s" in line]
    return HostSeries(
        host=str(asked.get("host", hello.get("host", "?"))),
        interval_s=float(asked.get("interval_s", 1.0)),
        device=hello.get("device"),
        clock=Clock.of([Ping(**{name: line[name] for name in Ping.__slots__}) for line in of["ping"]]),
        spans=tuple(spans(samples)),
        samples=len(samples),
        gaps=gaps,
        sampler_cpu_s=sum(cpu_s) if cpu_s else None,
        problem="; ".join(str(line["text"]) for line in of["problem"]) or None,
    )


def aligned(host: HostSeries) -> list[Span]:
    """Return a host's spans by the launch host's clock; none where the two were never compared."""
    clock = host.clock
    if clock is None:
        return []
    return [Span(clock.here(one.begin_s), clock.here(one.end_s), one.amounts) for one in host.spans]


def benchmark_spans(counts: Sequence[Mapping[str, Any]]) -> list[Span]:
    """Return what the benchmark counted between its words; `bytes` begins anew with every stage."""
    found = []
    for before, after in pairwise(counts):
        begun = float(before["bytes"]) if before["stage"] == after["stage"] else 0.0
        amount = float(after["bytes"]) - begun
        if after["mono"] > before["mono"] and amount >= 0:
            found.append(Span(float(before["mono"]), float(after["mono"]), {"counted": amount}))
    return found


def rates(found: Sequence[Span], channel: str, edges: Sequence[float]) -> list[float | None]:
    """Return a channel's mean rate in each bin between two edges; None where nothing is known of any part of a bin.

    A span that reaches over several bins gives each its share, so that rate times known time adds up to what was
    counted.
    """
    amounts, known_s = [0.0] * (len(edges) - 1), [0.0] * (len(edges) - 1)
    for one in found:
        if channel not in one.amounts:
            continue
        rate = one.amounts[channel] / (one.end_s - one.begin_s)
        place = max(0, bisect.bisect_right(edges, one.begin_s) - 1)
        while place < len(amounts) and edges[place] < one.end_s:
            overlap_s = min(one.end_s, edges[place + 1]) - max(one.begin_s, edges[place])
            if overlap_s > 0:
                amounts[place] += rate * overlap_s
                known_s[place] += overlap_s
            place += 1
    return [amount / time_s if time_s > 0 else None for amount, time_s in zip(amounts, known_s, strict=True)]


def thin(points: Curve, most: int) -> Curve:
    """Keep at most `most` points (four or more) of a curve, with the least and the greatest value of every stretch."""
    if len(points) <= most:
        return points
    size = math.ceil(len(points) / (most // 2))
    kept = []
    for begin in range(0, len(points), size):
        stretch = range(begin, min(begin + size, len(points)))
        least, greatest = (choose(stretch, key=lambda i: points[i][1]) for choose in (min, max))
        kept += sorted({least, greatest})
    return tuple(points[i] for i in kept)


def curves(found: Sequence[Span], edges: Sequence[float], most: int) -> dict[str, Curve]:
    """Return one host's curves by name, with their units; what was never counted is absent."""
    of = {name: rates(found, name, edges) for name in ("read", "written", "received", "sent")}
    busy, waiting, every = (rates(found, name, edges) for name in ("cpu_busy", "cpu_waiting", "cpu_all"))
    values = {f"{name}_mib_per_s": [None if rate is None else rate / MIB for rate in row] for name, row in of.items()}
    values["cpu_busy_percent"] = [_percent(part, whole) for part, whole in zip(busy, every, strict=True)]
    values["cpu_waiting_percent"] = [_percent(part, whole) for part, whole in zip(waiting, every, strict=True)]
    return {name: thin(_points(row, edges), most) for name, row in values.items() if any(v is not None for v in row)}


def together(hosts: Sequence[Sequence[Span]], edges: Sequence[float], most: int) -> dict[str, Curve]:
    """Return the curves of all hosts as one: bytes added up, processors taken together; hosts that are silent left out."""
    rows = [{name: rates(found, name, edges) for name in CHANNELS} for found in hosts]
    summed = []
    for place in range(len(edges) - 1):
        width_s = edges[place + 1] - edges[place]
        amounts = {}
        for name in CHANNELS:
            known = [rate for row in rows if (rate := row[name][place]) is not None]
            if known:
                amounts[name] = sum(known) * width_s
        summed.append(Span(edges[place], edges[place + 1], amounts))
    return curves(summed, edges, most)


def counted(found: Sequence[Span], edges: Sequence[float], most: int) -> dict[str, Curve]:
    """Return the curve of what the benchmark counted; none where its progress counts no bytes."""
    row = [None if rate is None else rate / MIB for rate in rates(found, "counted", edges)]
    return {"counted_mib_per_s": thin(_points(row, edges), most)} if any(row) else {}


def bins(begin_s: float, end_s: float, interval_s: float) -> list[float]:
    """Return the edges of bins of an interval's width from one moment to another; the last one may be narrower."""
    count = max(1, math.ceil((end_s - begin_s) / interval_s - 1e-9))
    return [*(begin_s + number * interval_s for number in range(count)), end_s]


def _percent(part: float | None, whole: float | None) -> float | None:
    return 100 * part / whole if part is not None and whole else None


def _points(row: Sequence[float | None], edges: Sequence[float]) -> Curve:
    middles = ((edges[i] + edges[i + 1]) / 2 - edges[0] for i in range(len(row)))
    return tuple((round(at, 3), float(f"{v:.4g}")) for at, v in zip(middles, row, strict=True) if v is not None)
