"""Merged percentiles are those of all values together."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from storagebench.engines.kvcache import histogram

TIMES = st.lists(st.integers(1_000, 10**11), max_size=60)


@settings(max_examples=15)
@given(TIMES, TIMES)
def test_merging_is_pooling(first, second):
    apart = histogram.merged([histogram.encoded(np.array(values, np.int64)) for values in (first, second)])
    pooled = histogram.encoded(np.array(first + second, np.int64))
    assert histogram.statistics_ms(apart) == histogram.statistics_ms(pooled)


@settings(max_examples=15)
@given(st.lists(st.integers(1_000, 10**11), min_size=1, max_size=60))
def test_the_maximum_is_right_to_three_digits(values):
    found = histogram.statistics_ms(histogram.encoded(np.array(values, np.int64)))
    assert abs(found["max"] - max(values) / 1e6) <= 0.001 + 0.001 * max(values) / 1e6
    assert found["count"] == len(values)


def test_nothing_has_no_percentiles():
    empty = histogram.encoded(np.array([], np.int64))
    assert histogram.statistics_ms(empty)["p99"] is None
    assert histogram.curve_ms(empty) == []
    assert histogram.within(empty, 1.0) == 0


def test_values_within_a_limit_are_counted():
    found = histogram.encoded(np.array([10**6, 2 * 10**6, 10**9], np.int64))
    assert histogram.within(found, 0.5) == 2
