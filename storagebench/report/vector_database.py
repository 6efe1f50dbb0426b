"""Vector databases in reports: throughput beside its recall, and where the answers came from."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from storagebench.report import digest, plots
from storagebench.report.plots import Caption, Series
from storagebench.report.presentation import Figure, Plot, Presentation, Record, Table
from storagebench.units import bytes_text, duration_text

MOST_SECONDS = 120
"""Points of a plot; longer windows are shown in fewer, wider steps."""


class VectorDatabase:
    """Throughput over the window as a plot; latencies, recall, storage and collection as tables."""

    figures: tuple[Figure, ...] = (
        Figure(
            metric="queries_per_s",
            name="throughput",
            heading="queries/s",
            unit="queries/s",
            decimals=1,
            short="{} queries/s",
        ),
        Figure(metric="recall", name="recall@k", heading="recall", unit="", decimals=3, short="recall {}"),
        Figure(metric="latency_p99_ms", name="latency, 99th percentile", heading="p99 ms", unit="ms", decimals=2),
        Figure(
            metric="read_kib_per_query",
            name="read from storage",
            heading="KiB/query",
            unit="KiB/query",
            decimals=0,
            better="neither",
        ),
        Figure(metric="build_s", name="index build", heading="build s", unit="s", decimals=1),
    )

    def plots(self, record: Record) -> Iterable[Plot]:
        """Draw the throughput second by second."""
        seconds = [float(count) for count in (record.get("per_second") or ())[:-1]]
        if not seconds:
            return
        wide = -(-len(seconds) // MOST_SECONDS)
        means = tuple(
            sum(seconds[at : at + wide]) / len(seconds[at : at + wide]) for at in range(0, len(seconds), wide)
        )
        batch = digest.find(record, "plan.search.batch") or 1
        series = Series("queries/s", tuple(mean * batch for mean in means))
        caption = Caption(
            slug=re.sub(r"[^a-z0-9]+", "-", f"{record['id']} queries".lower()),
            title="Throughput over the window",
            description=f"{len(means)} steps of {wide} s, {min(means) * batch:.0f} to {max(means) * batch:.0f} queries/s",
            unit="queries/s",
        )
        top = 1.08 * max(value for value in series.values if value is not None)
        yield Plot("Throughput", plots.points(caption, series, plots.axis(0, top or 1)), served(record))

    def tables(self, record: Record) -> Iterable[Table]:
        """List latencies, the way to the effort, the collection, and what served the queries."""
        curve = record.get("latency_curve") or ()
        rows = [(f"{percent:g}", f"{milliseconds:.3f}") for percent, milliseconds in curve]
        yield Table("Latency of requests", ("percentile", "ms"), rows)
        tried = digest.find(record, "tuning.tried") or ()
        rows_tried = [(str(one["effort"]), f"{one['recall']:.4f}", f"{one['latency_ms']:.2f}") for one in tried]
        yield Table("Tuning", ("effort", "recall", "ms/query"), rows_tried)
        steps = [(str(step["ranks"]), f"{step['queries_per_s']:.1f}") for step in record.get("sweep") or ()]
        yield Table("Sweep", ("processes", "queries/s"), steps)
        yield Table("Collection and storage", ("fact", "value"), list(_facts(record)))


def served(record: Record) -> str:
    """Say what served the queries, in which regime; "" where the record does not tell."""
    by = digest.find(record, "evidence.storage.served_by")
    if by is None:
        return ""
    words = {"storage": "served by storage", "memory": "served from memory", "unknown": "source of the answers unknown"}
    regime, reason = (digest.find(record, f"evidence.{name}") for name in ("regime.regime", "storage.reason"))
    resident = ", index resident in memory" if digest.find(record, "engine.resident") else ""
    return f"Regime {regime}: {words.get(by, by)}{resident}; {reason}."


def _facts(record: Record) -> Iterable[tuple[str, str]]:
    """Yield facts as rows; those that the record lacks are left out."""
    said: Mapping[str, tuple[str, Callable[[Any], str]]] = {
        "vectors": ("dataset.rows", lambda value: f"{value:,}"),
        "loaded in": ("metrics.load_s", duration_text),
        "vectors/s loaded": ("metrics.load_vectors_per_s", lambda value: f"{value:,.0f}"),
        "index built in": ("metrics.build_s", duration_text),
        "index on disk": ("metrics.index_bytes", bytes_text),
        "recall, 95 % from": ("recall.low", lambda value: f"{value:.4f}"),
        "recall, 95 % to": ("recall.high", lambda value: f"{value:.4f}"),
        "share of queries without a hit": ("recall.zero_share", lambda value: f"{value:.4f}"),
        "contrast": ("dataset.difficulty.contrast", lambda value: f"{value:.3f}"),
        "local intrinsic dimension": ("dataset.difficulty.local_dimension", lambda value: f"{value:.1f}"),
        "gap between 10th and 11th neighbour": ("dataset.difficulty.gap", lambda value: f"{value:.2%}"),
        "effort": ("metrics.effort", lambda value: f"{value:g}"),
        "reads a query": ("metrics.reads_per_query", lambda value: f"{value:.1f}"),
        "device to engine bytes": ("evidence.storage.device_to_engine", lambda value: f"{value:.3f}"),
        "harness a request": ("evidence.client.harness_us", lambda value: f"{value:.1f} us"),
        "failed requests": ("metrics.failed_requests", lambda value: f"{value:.0f}"),
    }
    for name, (place, text) in said.items():
        if (value := digest.find(record, place)) is not None:
            yield name, text(value)


PRESENTATION: Presentation = VectorDatabase()
