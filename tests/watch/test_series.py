"""Curves from files: what was counted is neither lost nor invented, whatever is missing in between."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from storagebench.units import MIB
from storagebench.watch import series
from storagebench.watch.counters import Span

INTERVALS = st.lists(st.tuples(st.floats(0.01, 30), st.floats(0, 1e12)), min_size=1, max_size=30)


def spans_of(course, begin_s=0.0):
    found = []
    for width_s, amount in course:
        found.append(Span(begin_s, begin_s + width_s, {"read": amount}))
        begin_s += width_s
    return found


@given(INTERVALS, st.floats(0.1, 20))
def test_rate_times_time_adds_up_to_what_was_counted(course, interval_s):
    found = spans_of(course)
    edges = series.bins(0.0, found[-1].end_s, interval_s)
    rates = series.rates(found, "read", edges)
    total = sum(rate * (edges[i + 1] - edges[i]) for i, rate in enumerate(rates) if rate is not None)
    assert math.isclose(total, sum(amount for _, amount in course), rel_tol=1e-6, abs_tol=1e-3)


@given(INTERVALS)
def test_a_rate_is_never_above_the_highest_that_was_seen(course):
    found = spans_of(course)
    highest = max(one.amounts["read"] / (one.end_s - one.begin_s) for one in found)
    for rate in series.rates(found, "read", series.bins(0.0, found[-1].end_s, 1.0)):
        assert rate is None or rate <= highest * (1 + 1e-6)


def test_where_nothing_is_known_there_is_no_rate():
    found = [Span(0, 10, {"read": 5}), Span(10, 20, {}), Span(20, 30, {"read": 10})]
    assert series.rates(found, "read", [0, 10, 20, 30]) == [0.5, None, 1.0]


@given(st.integers(1, 2000), st.integers(4, 300), st.randoms(use_true_random=False))
def test_thinning_keeps_the_extremes_and_the_order(count, most, random):
    points = tuple((float(i), random.random()) for i in range(count))
    kept = series.thin(points, most)
    assert len(kept) <= max(most, 4)
    assert list(kept) == sorted(kept)
    assert set(kept) <= set(points)
    for choose in (min, max):
        assert choose(value for _, value in kept) == choose(value for _, value in points)


def test_hosts_add_up_and_processors_are_taken_together():
    def host(read, busy, every):
        return [Span(0, 10, {"read": read * MIB, "cpu_busy": busy, "cpu_all": every})]

    curves = series.together([host(100, 10, 100), host(50, 90, 300)], [0.0, 10.0], 10)
    assert curves["read_mib_per_s"] == ((5.0, 15.0),)
    assert curves["cpu_busy_percent"] == ((5.0, 25.0),)
    assert "sent_mib_per_s" not in curves


def test_a_host_without_a_clock_has_no_place_in_time():
    host = series.host_series([{"kind": "asked", "host": "h1", "interval_s": 10.0}])
    assert (host.host, host.clock, series.aligned(host)) == ("h1", None, [])


def sample(number, mono, read):
    return {
        "kind": "sample",
        "n": number,
        "mono": mono,
        "disks": {"vda": [0, 0, read, *[0] * 14]},
        "networks": {},
        "cpu": [1, 0, 0, 1, 0, 0, 0, 0],
    }


def ping(phase, here, there):
    return {"kind": "ping", "phase": phase, "sent_s": here, "received_s": here, "mono_s": there, "wall_ahead_s": 0.0}


def test_a_host_is_placed_by_its_clock_with_its_missing_samples_counted():
    lines = [
        {"kind": "asked", "host": "h1", "interval_s": 10.0},
        {"kind": "hello", "device": "vda", "mount_point": "/"},
        ping("start", 100.0, 5000.0),
        sample(0, 5000.0, 0),
        sample(1, 5010.1, 20),
        sample(4, 5040.2, 80),
        ping("end", 140.0, 5040.0),
    ]
    host = series.host_series(lines)
    assert (host.samples, host.gaps, host.device) == (3, 2, "vda")
    assert [(round(one.begin_s, 1), round(one.end_s, 1)) for one in series.aligned(host)] == [
        (100, 110.1),
        (110.1, 140.2),
    ]


def test_a_rebooted_host_goes_on_after_a_gap():
    lines = [{"kind": "hello", "device": "vda"}, sample(0, 5000.0, 10**9), sample(1, 5010.0, 10**9 + 5)]
    lines += [{"kind": "hello", "device": "vda"}, sample(0, 3.0, 7), sample(1, 13.0, 9)]
    host = series.host_series(lines)
    assert [one.amounts["read"] for one in host.spans] == [5 * 512, 2 * 512]
    assert host.gaps == 0


@given(st.integers(0, 400))
def test_a_file_cut_off_anywhere_loses_its_last_line_at_most(cut):
    lines = [json.dumps(sample(number, 10.0 * number, number)) for number in range(3)]
    text = "\n".join(lines)
    whole = text[:cut].count("\n") + (text[:cut].split("\n")[-1] in lines)
    assert len(series.parse(text[:cut])) == whole


def test_what_the_benchmark_counted_begins_anew_with_every_stage():
    counts = [
        {"mono": 0.0, "stage": "", "bytes": 0},
        {"mono": 1.0, "stage": "epoch 1/2", "bytes": 10},
        {"mono": 2.0, "stage": "epoch 1/2", "bytes": 30},
        {"mono": 3.0, "stage": "epoch 2/2", "bytes": 15},
    ]
    assert [one.amounts["counted"] for one in series.benchmark_spans(counts)] == [10, 20, 15]
