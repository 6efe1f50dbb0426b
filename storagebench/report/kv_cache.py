"""KV-cache runs in reports: bandwidth and restore latency, second by second and percentile by percentile."""

from collections.abc import Iterable, Mapping
from typing import Any

from storagebench.report import digest, plots
from storagebench.report.presentation import Figure, Plot, Presentation, Record, Table
from storagebench.units import GIB

LATENCIES = {
    "restore_response": "restore of a request, from when it was due",
    "restore_service": "restore of a request, from its first read",
    "read_service": "read of a chunk",
    "write_service": "write of a chunk",
    "dependency_wait": "waiting for another request's write",
}
COLUMNS = ("count", "p50", "p90", "p95", "p99", "p999", "max")


class KvCache:
    """Trials as plots and as tables."""

    figures: tuple[Figure, ...] = (
        Figure(
            metric="read_gib_per_s",
            name="restore bandwidth",
            heading="read GiB/s",
            unit="GiB/s",
            decimals=2,
            short="{} GiB/s read",
            spread="read_gib_per_s_stdev",
        ),
        Figure(
            metric="restore_p99_ms",
            name="restore latency, 99th percentile",
            heading="restore p99 ms",
            unit="ms",
            decimals=1,
            short="p99 {} ms",
        ),
        Figure(metric="write_gib_per_s", name="written", heading="write GiB/s", unit="GiB/s", decimals=2),
        Figure(metric="restored_tokens_per_s", name="tokens restored", heading="tokens/s", unit="tokens/s", decimals=0),
    )

    def plots(self, record: Record) -> Iterable[Plot]:
        """Draw the first trial of each Option: bytes of each second, and the latency at each percentile."""
        for trial in _trials(record):
            if trial.get("trial") == 0:
                where = f"option {trial.get('option')}"
                yield Plot(f"Bytes moved, {where}", _seconds(trial), _coldness(trial))
                yield Plot(f"Restore latency, {where}", _percentiles(trial))

    def tables(self, record: Record) -> Iterable[Table]:
        """List trials, and the percentiles of all latencies of the first one."""
        headings = (
            "option",
            "trial",
            "read GiB/s",
            "write GiB/s",
            "restores/s",
            "hits %",
            "steady",
            "CPU-s/GiB",
            "headroom",
            "I/O",
        )
        yield Table("Figures of each trial", headings, [_row(trial) for trial in _trials(record)])
        for trial in _trials(record):
            if trial.get("trial") == 0:
                rows = [
                    (words, *(digest.figure(found.get(column), 0 if column == "count" else 2) for column in COLUMNS))
                    for name, words in LATENCIES.items()
                    if (found := trial.get("latency_ms", {}).get(name))
                ]
                yield Table(f"Latencies in milliseconds, option {trial.get('option')}", ("latency", *COLUMNS), rows)


def _trials(record: Record) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = (record.get("kv_cache") or {}).get("trials") or []
    return found


def _row(trial: Mapping[str, Any]) -> tuple[str, ...]:
    hits = trial.get("hit_ratio_observed")
    return (
        str(trial.get("option")),
        str(trial.get("trial")),
        digest.figure(trial.get("read_gib_per_s"), 2),
        digest.figure(trial.get("write_gib_per_s"), 2),
        digest.figure(trial.get("restores_per_s"), 1),
        digest.figure(None if hits is None else 100 * hits, 1),
        "yes" if trial.get("steady") else "no",
        digest.figure(trial.get("cpu_s_per_gib"), 3),
        digest.figure(trial.get("harness_headroom"), 1),
        str(trial.get("io_path", digest.UNKNOWN)),
    )


def _seconds(trial: Mapping[str, Any]) -> str:
    ways = {"read": trial.get("seconds_read_bytes"), "written": trial.get("seconds_written_bytes")}
    duration_s = trial.get("window_s") or 0.0
    drawn = [
        plots.Line(
            name, [((place + 0.5) * duration_s / len(values), value / GIB) for place, value in enumerate(values)]
        )
        for name, values in ways.items()
        if values
    ]
    if not drawn or not duration_s:
        return ""
    top = max(value for line in drawn for _, value in line.points)
    caption = plots.Caption(
        slug=f"kv-seconds-{trial.get('option')}",
        title="Bytes moved in each second of the window",
        description=f"Reads and writes over {duration_s:g} seconds, at most {top:.2f} GiB/s.",
        unit="GiB/s",
    )
    return plots.lines(caption, drawn, plots.axis(0, top), duration_s)


def _percentiles(trial: Mapping[str, Any]) -> str:
    curve = trial.get("restore_curve_ms") or []
    if not curve:
        return ""
    names, values = [f"{percent:g}" for percent, _ in curve], tuple(value for _, value in curve)
    caption = plots.Caption(
        slug=f"kv-restore-{trial.get('option')}",
        title="Restore latency at each percentile",
        description=f"From {values[0]:.2f} to {values[-1]:.2f} ms.",
        unit="ms",
        along="percentile",
        names=tuple(names),
    )
    return plots.points(caption, plots.Series("restore", values), plots.axis(0, max(values)))


def _coldness(trial: Mapping[str, Any]) -> str:
    ratio = trial.get("cache_bypass_ratio")
    if ratio is None:
        return ""
    return f"{100 * ratio:.0f} % of the bytes read came from the storage, by the kernel's own count."


PRESENTATION: Presentation = KvCache()
