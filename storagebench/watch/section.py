"""What `record.json` says of a run that was looked after, worked out from the files it left: curves, clocks, stalls."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storagebench.watch import series
from storagebench.watch.clocks import Clock
from storagebench.watch.sampling import BENCHMARK_FILE, FOLDER, STALLS_FILE

MOST_POINTS = 240
MOST_POINTS_OF_HOST = 120
"""Points of each curve in the record: of all hosts together, and of a single one."""
MOST_HOSTS = 16
"""Of more hosts than this, only the files hold what each did."""


def sections(folder: Path) -> dict[str, Any]:
    """Return the keys `time_series` and `stalls` of a run folder's record; what it has no files of is absent."""
    found = {"time_series": time_series(folder), "stalls": series.parse(_text(folder / FOLDER / STALLS_FILE))}
    return {name: section for name, section in found.items() if section}


def problems(time_series: Mapping[str, Any] | None) -> list[str]:
    """Return what went wrong with sampling, a sentence each."""
    hosts = (time_series or {}).get("hosts", ())
    gaps = [f"{host['host']} missed {host['gaps']} of its samples" for host in hosts if host["gaps"]]
    return [*(host["problem"] for host in hosts if host["problem"]), *gaps]


def time_series(folder: Path) -> dict[str, Any] | None:
    """Sum up the samples of a run; the samples themselves stay in their files. None where there are no files."""
    apart = {BENCHMARK_FILE, STALLS_FILE}
    files = sorted(file for file in (folder / FOLDER).glob("*.jsonl") if file.name not in apart)
    hosts = [series.host_series(series.parse(_text(file))) for file in files]
    if not hosts:
        return None
    counted = series.benchmark_spans(series.parse(_text(folder / FOLDER / BENCHMARK_FILE)))
    spans = [series.aligned(host) for host in hosts]
    described = [_host(host, f"{FOLDER}/{file.name}") for host, file in zip(hosts, files, strict=True)]
    section = {"interval_s": hosts[0].interval_s, "benchmark_file": f"{FOLDER}/{BENCHMARK_FILE}", "hosts": described}
    moments = [moment for found in [*spans, counted] for one in found for moment in (one.begin_s, one.end_s)]
    if not moments:
        return section | {"duration_s": 0.0, "curves": {}}
    edges = series.bins(min(moments), max(moments), hosts[0].interval_s)
    curves = series.together(spans, edges, MOST_POINTS) | series.counted(counted, edges, MOST_POINTS)
    if 1 < len(hosts) <= MOST_HOSTS:
        for one, found in zip(described, spans, strict=True):
            one["curves"] = series.curves(found, edges, MOST_POINTS_OF_HOST)
    return section | {"duration_s": round(max(moments) - min(moments), 3), "curves": curves}


def _host(host: series.HostSeries, file: str) -> dict[str, Any]:
    return {
        "host": host.host,
        "file": file,
        "device": host.device,
        "samples": host.samples,
        "gaps": host.gaps,
        "sampler_cpu_s": host.sampler_cpu_s,
        **_clock(host.clock),
        "problem": host.problem,
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


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
