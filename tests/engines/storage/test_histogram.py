"""Histograms of latencies: what went in comes out, merged or not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.storage.histogram import curve_ms, encoded, merged, statistics_ms, within

NANOSECONDS = st.lists(st.integers(1_000, 10**12), min_size=1, max_size=60)


@given(NANOSECONDS, NANOSECONDS)
def test_merging_is_as_recording_all_at_once(one, other):
    apart = merged([encoded(np.array(one)), encoded(np.array(other))])
    assert statistics_ms(apart) == statistics_ms(encoded(np.array(one + other)))


@given(NANOSECONDS)
def test_ends_and_mean_are_right_to_three_digits(values):
    found = statistics_ms(encoded(np.array(values)))
    assert found["count"] == len(values)
    assert found["max"] == pytest.approx(max(values) / 1e6, rel=0.002, abs=0.001)
    assert found["min"] == pytest.approx(min(values) / 1e6, rel=0.002, abs=0.001)
    assert found["mean"] == pytest.approx(np.mean(values) / 1e6, rel=0.003, abs=0.001)


def test_nothing_recorded_has_no_figures():
    empty = encoded(np.array([], np.int64))
    assert statistics_ms(empty)["p99"] is None
    assert curve_ms(empty) == []
    assert within(empty, 1.0) == 0
    assert [percent for percent, _ in curve_ms(encoded(np.array([10**6])))][-1] == 100


def test_values_within_a_limit_are_counted():
    assert within(encoded(np.array([10**6, 2 * 10**6, 10**9], np.int64)), 0.5) == 2
