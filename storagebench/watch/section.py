"""The section `time_series` of a record: which files there are, how good they are, and curves thin enough for a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storagebench.watch import series
from storagebench.watch.clocks import Clock
from storagebench.watch.sampling import FOLDER

BENCHMARK_FILE = "benchmark.jsonl"
MOST_POINTS = 240
FEWEST_POINTS = 24
POINTS_OF_HOSTS = 4000
"""Points of each curve in the record: all hosts together, and what the hosts share."""

HostFile = tuple[str, Path | None, str | None]
"""A host as the user named it, the file of its samples, and its problem."""


def time_series(folder: Path, hosts: Sequence[HostFile], interval_s: float) -> dict[str, Any]:
    """Read the files of a finished run and sum them up; the samples themselves stay in the files."""
    known = [(series.host_series(name, series.parse(_text(file))), file, problem) for name, file, problem in hosts]
    counted = series.benchmark_spans(series.parse(_text(folder / FOLDER / BENCHMARK_FILE)))
    spans = [series.aligned(host) for host, _, _ in known]
    moments = [moment for found in [*spans, counted] for one in found for moment in (one.begin_s, one.end_s)]
    section: dict[str, Any] = {
        "interval_s": interval_s,
        "benchmark_file": f"{FOLDER}/{BENCHMARK_FILE}",
        "hosts": [
            _host(host, None if file is None else str(file.relative_to(folder)), problem)
            for host, file, problem in known
        ],
        "curves": {},
    }
    if moments:
        edges = series.bins(min(moments), max(moments), interval_s)
        points = max(FEWEST_POINTS, min(MOST_POINTS, POINTS_OF_HOSTS // len(hosts)))
        section["duration_s"] = round(max(moments) - min(moments), 3)
        section["curves"] = series.together(spans, edges, MOST_POINTS) | series.counted(counted, edges, MOST_POINTS)
        if len(hosts) > 1:
            for described, found in zip(section["hosts"], spans, strict=True):
                described["curves"] = series.curves(found, edges, points)
    return section


def _host(host: series.HostSeries, file: str | None, problem: str | None) -> dict[str, Any]:
    return {
        "host": host.host,
        "file": file,
        "device": host.device,
        "samples": host.samples,
        "gaps": host.gaps,
        "sampler_cpu_s": host.sampler_cpu_s,
        **_clock(host.clock),
        "problem": problem,
    }


def _clock(clock: Clock | None) -> Mapping[str, float | None]:
    """Say how far the host's wall clock was ahead, and within how much that is certain."""
    if clock is None:
        return {"ahead_at_start_s": None, "ahead_at_end_s": None, "ahead_within_s": None}
    return {
        "ahead_at_start_s": round(clock.start.wall_ahead_s, 6),
        "ahead_at_end_s": round(clock.end.wall_ahead_s, 6),
        "ahead_within_s": round(max(clock.start.rtt_s, clock.end.rtt_s) / 2, 6),
    }


def _text(file: Path | None) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace") if file is not None else ""
    except OSError:
        return ""
