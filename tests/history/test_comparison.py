"""What moved between two results, and whether it moved further than it spreads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.history.comparison import changes, moves
from storagebench.report.presentation import Figure
from tests.history.shelves import record

RATE = Figure(metric="rate", name="throughput", heading="", unit="samples/s", decimals=1, spread="rate_stdev")
TIME = Figure(metric="time", name="latency", heading="", unit="ms", decimals=1)
BYTES = Figure(metric="bytes", name="bytes", heading="", unit="MiB/s", decimals=1, better="neither")


def runs(name, *values, **more):
    return [{"metrics": {name: value, **more}} for value in values]


def one(before, after, measure=RATE):
    (change,) = changes(before, after, [measure])
    return change


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ((100, 101, 102), (99, 100.5, 103), "within the spread"),
        ((100, 101, 102), (90, 91, 92), "worse, beyond the spread"),
        ((100, 101, 102), (103, 104, 105), "better, beyond the spread"),
        ((100,), (50,), "one run, spread unknown"),
        ((), (50,), "only on one side"),
    ],
)
def test_a_difference_counts_when_no_run_of_one_side_lies_within_the_other(before, after, word):
    assert one(runs("rate", *before), runs("rate", *after)).word == word


def test_of_a_single_run_the_spread_is_what_it_says_of_its_epochs():
    noisy, calm = (one(runs("rate", 100, rate_stdev=s), runs("rate", 90, rate_stdev=s)) for s in (8, 2))
    assert (noisy.exceeds, calm.exceeds) == (False, True)


def test_each_figure_knows_which_way_is_better():
    assert one(runs("rate", 100), runs("rate", 90)).loss_percent == pytest.approx(10)
    assert one(runs("time", 100), runs("time", 90), TIME).loss_percent == pytest.approx(-10)
    assert one(runs("bytes", 100), runs("bytes", 90), BYTES).loss_percent is None
    assert one(runs("bytes", 100, 101), runs("bytes", 90, 91), BYTES).word == "changed, beyond the spread"


def test_a_figure_that_no_side_has_is_left_out():
    assert changes(runs("rate", 1), runs("rate", 1), [TIME]) == ()
    assert changes(runs("time", None), runs("time", None), [TIME]) == ()


values = st.lists(st.floats(0.001, 1e9), min_size=1, max_size=6)


@given(values, values)
def test_what_is_within_the_spread_one_way_is_so_the_other_way(before, after):
    there, back = one(runs("rate", *before), runs("rate", *after)), one(runs("rate", *after), runs("rate", *before))
    assert there.exceeds == back.exceeds
    if there.exceeds:
        assert {there.word.split(",")[0], back.word.split(",")[0]} == {"better", "worse"}


def test_configuration_versions_hosts_and_environment_are_listed_where_they_differ():
    before, after = record(), record(data_dir="/mnt/other")
    after["environment"]["numpy"] = "9"
    after["cluster_start"]["hosts"][0]["kernel"] = "7.0"
    after["environment_variables"] = ["AWS_REGION"]
    after["plan"]["parameters"]["reader"]["read_threads"] = 8
    found = {(move.kind, move.name): (move.before, move.after) for move in moves(before, after)}
    assert found == {
        ("configuration", "data_dir"): ("/mnt/fs", "/mnt/other"),
        ("configuration", "reader.read_threads"): ("4", "8"),
        ("version", "numpy"): ("2.4.6", "9"),
        ("host", "host 1 kernel"): ("6.8.0-60-generic", "7.0"),
        ("environment", "AWS_REGION"): ("absent", "set"),
    }


def test_what_plugins_said_is_compared_and_what_pytest_sets_is_not():
    before, after = record(), record()
    before["extra"], after["extra"] = {"acme": {"firmware": "7.0"}}, {"acme": {"firmware": "7.1"}}
    after["cluster_start"]["hosts"][0]["extra"] = {"numa": {"nodes": 2}}
    after["environment_variables"] = ["PYTEST_XDIST_WORKER", "COLUMNS", "LINES"]
    found = {(move.kind, move.name): (move.before, move.after) for move in moves(before, after)}
    assert found == {
        ("host", "host 1 numa.nodes"): ("absent", "2"),
        ("plugin", "acme.firmware"): ("7.0", "7.1"),
    }


def test_repeats_of_one_measurement_moved_nothing():
    assert moves(record(), record(run="run2", seed=9, tag="x", series="y")) == ()
