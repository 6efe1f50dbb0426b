"""The published figures: against the standard library, and against numbers that were published."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.model import Missing, Record
from storagebench.model.aggregation import (
    Series,
    duration,
    means_of_epochs,
    measured,
    mib_per_s,
    read_gib_per_s,
    samples_per_s,
    setting,
    started,
)

NUMBERS = st.floats(min_value=-1e12, max_value=1e12)


def runs(*metrics: dict[str, object]) -> tuple[Record, ...]:
    return tuple(Record("training", "closed", "run", {"summary": {"metric": metric}}) for metric in metrics)


@given(st.lists(NUMBERS, min_size=1, max_size=10))
def test_mean_and_stdev_are_those_of_the_standard_library(values):
    scale = max(1e-12, *map(abs, values))
    figure = Series(tuple(values))
    assert figure.mean == pytest.approx(statistics.fmean(values), abs=1e-12 * scale)
    assert figure.stdev == pytest.approx(statistics.pstdev(values), abs=1e-7 * scale)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=10))
def test_numbers_of_any_size_are_answered(values):
    figure = Series(tuple(values))
    assert isinstance(figure.mean + figure.stdev + figure.spread_percent, float)


@given(st.lists(st.floats(min_value=1, max_value=1e9), min_size=1, max_size=10))
def test_spread_is_zero_exactly_where_all_runs_are_the_same(values):
    assert (Series(tuple(values)).spread_percent == 0) is (len(set(values)) == 1)


def test_a_group_of_edition_1_0_is_recomputed():
    published = [79266.70474101078, 79495.48259011256, 79458.97970930247, 79312.0, 79425.0]
    figure = samples_per_s(runs(*({"train_throughput_mean_samples_per_second": rate} for rate in published)))
    assert figure.mean == pytest.approx(statistics.fmean(published), rel=1e-14)
    assert figure.stdev == pytest.approx(statistics.pstdev(published), rel=1e-9)


def test_read_bandwidth_is_the_mean_of_five_in_gib():
    rates = (11893.775622515353, 11886.486008802362, 11889.658669091525, 11891.677965852961, 11887.589805682708)
    assert read_gib_per_s(runs(*({"train_io_mean_MB_per_second": rate} for rate in rates))) == pytest.approx(
        11889.837614388983 / 1024, rel=1e-12
    )


@pytest.mark.parametrize(("count", "left"), [(0, 0), (1, 1), (5, 5), (6, 5), (7, 6)])
def test_the_earliest_of_six_is_the_warm_up(count, left):
    group = tuple(Record("training", "closed", str(number), {}) for number in range(count))
    assert measured(group, warm_up=1, measured=5) == group[count - left :]


def test_there_is_no_mean_over_a_part_of_the_runs():
    with pytest.raises(Missing, match="train_io_mean_MB_per_second is missing"):
        mib_per_s(runs({"train_io_mean_MB_per_second": 1.0}, {}))
    with pytest.raises(Missing, match="there are no runs"):
        mib_per_s(())


def test_lists_of_epochs_are_averaged_within_a_run_and_then_over_runs():
    first = {"train_au_percentage": [90, 92], "train_throughput_samples_per_second": [1, 2, 3], "train_odd": [1]}
    second = {"train_au_percentage": [95], "train_throughput_samples_per_second": [], "train_odd": ["x"], "eval": [1]}
    assert means_of_epochs(runs(first, second)) == {"train_mean_of_au_percentage": 93.0}
    assert means_of_epochs(()) == {}


@given(st.lists(st.lists(st.floats(0, 100), min_size=1, max_size=8), min_size=1, max_size=6))
def test_means_of_epochs_agree_with_the_standard_library(lists):
    (mean,) = means_of_epochs(runs(*({"train_au_percentage": epochs} for epochs in lists))).values()
    assert math.isclose(mean, statistics.fmean(map(statistics.fmean, lists)), rel_tol=1e-12, abs_tol=1e-12)


def test_a_stamp_goes_before_the_summary_and_zones_are_left_out():
    facts = {"stamp": "20260712_120720", "summary": {"start": "2026-07-12T12:07:24Z", "end": "2026-07-12T12:21:17"}}
    record = Record("training", "closed", "run", facts)
    assert started(record).isoformat() == "2026-07-12T12:07:20"
    assert duration(record).total_seconds() == 833
    assert started(Record("training", "closed", "run", {**facts, "stamp": "run1"})).isoformat() == "2026-07-12T12:07:24"


@pytest.mark.parametrize("start", [None, 5, "", "yesterday"])
def test_a_run_without_a_start_says_so(start):
    with pytest.raises(Missing, match=r"summary\.start"):
        started(Record("training", "closed", "run", {"summary": {"start": start}}))


def test_settings_are_compared_as_texts():
    record = Record("training", "closed", "run", {"a": "72", "b": 72, "c": [72]})
    assert setting(record, "a") == setting(record, "b")
    with pytest.raises(Missing):
        setting(record, "c")
