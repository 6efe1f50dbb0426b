"""Latencies as HdrHistograms: made after the run, merged over ranks, so that percentiles are those of all operations.

Microseconds from 1 to an hour, three digits. A maximum of per-rank percentiles is no percentile; this is.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_US = 3_600_000_000
DIGITS = 3
PERCENTILES: Mapping[str, float] = {"p50": 50, "p90": 90, "p95": 95, "p99": 99, "p999": 99.9, "p9999": 99.99}
CURVE = (0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.9, 99.95, 99.99, 100)
"""Percentiles of a plot."""


def encoded(nanoseconds: NDArray[np.int64]) -> str:
    """Record latencies and return the histogram in the format that all HdrHistogram libraries read."""
    histogram = _new()
    values, counts = np.unique((nanoseconds // 1000).clip(1, MOST_US), return_counts=True)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        histogram.record_value(value, count)
    text: bytes = histogram.encode()
    return text.decode()


def merged(histograms: Iterable[str]) -> str:
    """Return the histogram of all values of several."""
    whole = _new()
    for one in histograms:
        whole.decode_and_add(one)
    text: bytes = whole.encode()
    return text.decode()


def statistics_ms(histogram: str) -> dict[str, float | int | None]:
    """Return count, mean, percentiles, minimum and maximum in milliseconds; None where nothing was recorded."""
    found = _decoded(histogram)
    count = found.get_total_count()
    if not count:
        return {"count": 0, "mean": None, **dict.fromkeys(PERCENTILES), "min": None, "max": None}
    values = {name: found.get_value_at_percentile(percent) / 1000 for name, percent in PERCENTILES.items()}
    ends = {"min": found.get_min_value() / 1000, "max": found.get_max_value() / 1000}
    return {"count": count, "mean": found.get_mean_value() / 1000, **values, **ends}


def curve_ms(histogram: str) -> list[tuple[float, float]]:
    """Return percentile and milliseconds for a plot; empty where nothing was recorded."""
    found = _decoded(histogram)
    if not found.get_total_count():
        return []
    return [(percent, found.get_value_at_percentile(percent) / 1000) for percent in CURVE]


def within(histogram: str, limit_s: float) -> int:
    """Count the values that are no longer than a limit."""
    found = _decoded(histogram)
    limit_us = int(limit_s * 1e6)
    return sum(
        item.count_added_in_this_iter_step
        for item in found.get_recorded_iterator()
        if item.value_iterated_to <= limit_us
    )


def _new() -> Any:
    from hdrh.histogram import HdrHistogram

    return HdrHistogram(1, MOST_US, DIGITS)


def _decoded(text: str) -> Any:
    from hdrh.histogram import HdrHistogram

    return HdrHistogram.decode(text)
