"""AU and throughput: computed by hand, against published runs, and different where the editions differ."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.training.metrics import DEFINITIONS, measure
from storagebench.model import Dataset
from tests.engines.training.examples import NPZ
from tests.engines.training.plans import EPOCH, RANK, epoch_of_steps, make_plan

BY_HAND = [  # three steps of 2.5 s (nominally 2 s) in a window of 8 s; 28 samples in a block of 12 s
    ("dlio-2.0.0", 100 * 6 / 8, 28 / 12),
    ("dlio-mlperf-2.0", 100 * 7.5 / 8, 2 * 7 / 8),
    ("dlio-3.0", 100 * 7.5 / 8, 3 * 7 / 8),
]


@pytest.mark.parametrize(("name", "au", "samples_per_s"), BY_HAND)
def test_each_definition_gives_what_a_person_computes(name, au, samples_per_s):
    assert DEFINITIONS[name].au_percent(EPOCH) == pytest.approx(au)
    assert DEFINITIONS[name].samples_per_s(EPOCH) == pytest.approx(samples_per_s)


def test_edition_1_agrees_with_a_published_rank():
    """HPE's submission to 1.0 (Cray ClusterStor E1000, unet3d on h100, 15 ranks), epoch 1 of rank 0."""
    steps, block_s, first_step_s = 571, 202.26752400398254, 3.738903284072876
    epoch = epoch_of_steps([first_step_s, *[0.34] * (steps - 1)], block_s, 0.323, 7)
    assert DEFINITIONS["dlio-2.0.0"].samples_per_s(epoch) == pytest.approx(19.760957769578972)
    assert DEFINITIONS["dlio-2.0.0"].au_percent(epoch) == pytest.approx(92.73773117385859, abs=0.001)


def test_edition_3_agrees_with_a_published_run():
    """Solidigm's D7-PS1010 in 3.0 (unet3d on two b200, 1000 steps of 7): AU and samples/s share one window.

    With the (n - 1) of this definition, a step computed for 0.16208 s, the nominal 0.162 s and 85 µs of a sleep's
    delay; with the (n - 2) of the one before, it would have been shorter than the sleep that it was.
    """
    au, samples_per_s = 98.43601919764583, 85.02736730752213
    window_s = 999 * 7 / (samples_per_s / 2)
    compute_s = au / 100 * window_s / 999
    assert 0.162 < compute_s < 0.1622
    assert au / 100 * (998 * 7 / (samples_per_s / 2)) / 999 < 0.162
    epoch = epoch_of_steps([1.1] + [0.164] * 999, window_s + 1.1, compute_s, 7)
    assert DEFINITIONS["dlio-3.0"].au_percent(epoch) == pytest.approx(au)
    assert DEFINITIONS["dlio-3.0"].samples_per_s(epoch) == pytest.approx(samples_per_s / 2)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_single_step_has_no_au(name):
    assert DEFINITIONS[name].au_percent(epoch_of_steps([1.0], 1.0, 0.5, 7)) is None


def test_a_single_step_has_a_throughput_only_where_the_first_step_counts():
    rates = {name: one.samples_per_s(epoch_of_steps([1.0], 2.0, 0.5, 7)) for name, one in DEFINITIONS.items()}
    assert rates == {"dlio-2.0.0": 3.5, "dlio-mlperf-2.0": None, "dlio-3.0": None}


@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0.001, 5), st.floats(0, 0.1)), min_size=3, max_size=30),
    st.integers(1, 100),
)
def test_definitions_differ_as_documented(steps, batch):
    """Each step: load, compute and barrier, in seconds."""
    epoch = replace(
        epoch_of_steps([load + compute for load, compute, _ in steps], sum(map(sum, steps)), 0.0, batch),
        compute_s=tuple(compute for _, compute, _ in steps),
        nominal_compute_s=tuple(compute / 2 for _, compute, _ in steps),
    )
    first, second, third = (DEFINITIONS[name] for name in ("dlio-2.0.0", "dlio-mlperf-2.0", "dlio-3.0"))
    assert 0 <= third.au_percent(epoch) <= 100.0001
    assert second.au_percent(epoch) == third.au_percent(epoch) == pytest.approx(2 * first.au_percent(epoch))
    assert second.samples_per_s(epoch) / third.samples_per_s(epoch) == pytest.approx(
        (len(steps) - 2) / (len(steps) - 1)
    )


def test_ranks_are_averaged_for_au_and_added_for_throughput(tmp_path):
    slower = replace(EPOCH, block_s=20.0, processed_s=(4.0, 5.0, 5.0, 5.0), device_read_bytes=None)
    ranks = [RANK, replace(RANK, rank=1, local_rank=1, epochs=(slower,))]
    dataset = replace(NPZ, num_files=56, record_length_bytes=1000.0)
    (epoch,) = measure(ranks, make_plan(dataset, tmp_path, ranks=2)).epochs
    assert epoch.au_percent == pytest.approx((93.75 + 46.875) / 2)
    assert epoch.samples_per_s == pytest.approx(21 / 8 + 21 / 16)
    assert epoch.block_s == 20.0
    assert epoch.nominal_bytes == 56_000
    assert epoch.nominal_mib_per_s == pytest.approx((21 / 8 + 21 / 16) * 1000 / 2**20)
    assert (epoch.requested_bytes, epoch.process_read_bytes, epoch.device_read_bytes) == (56_000, 60_000, 14_000)
    assert epoch.device_to_nominal == pytest.approx(0.25)


def test_devices_are_added_over_hosts_and_one_that_cannot_tell_leaves_none(tmp_path):
    other_host = replace(RANK, rank=1, local_rank=0, hostname="node2")
    silent = replace(other_host, epochs=(replace(EPOCH, device_read_bytes=None),), device=None)
    plan = make_plan(NPZ, tmp_path)
    assert measure([RANK, other_host], plan).epochs[0].device_read_bytes == 28_000
    assert measure([RANK, silent], plan).epochs[0].device_read_bytes is None


def test_a_device_that_read_nothing_is_zero_and_not_unknown(tmp_path):
    cached = replace(RANK, epochs=(replace(EPOCH, device_read_bytes=0),))
    (epoch,) = measure([cached], make_plan(NPZ, tmp_path)).epochs
    assert (epoch.device_mib_per_s, epoch.device_to_nominal) == (0, 0)


def test_a_run_has_the_mean_and_the_population_deviation_over_epochs(tmp_path):
    second = replace(EPOCH, epoch=2, block_s=14.0)
    metrics = measure([replace(RANK, epochs=(EPOCH, second))], make_plan(NPZ, tmp_path))
    assert [epoch.epoch for epoch in metrics.epochs] == [1, 2]
    assert metrics.au_mean_percent == pytest.approx((93.75 + 75) / 2)
    assert metrics.au_stdev_percent == pytest.approx((93.75 - 75) / 2)
    assert metrics.samples_per_s_mean == pytest.approx((21 / 8 + 21 / 10) / 2)
    assert not metrics.au_met


def test_au_is_met_at_the_minimum_and_never_when_unknown(tmp_path):
    exact = epoch_of_steps([1.0] * 3, 3.0, 0.9, 7)
    plan = make_plan(NPZ, tmp_path)
    assert measure([replace(RANK, epochs=(replace(exact, block_s=1.0 + 2 * 0.9 / 0.9),))], plan).au_met
    alone = measure([replace(RANK, epochs=(epoch_of_steps([1.0], 1.0, 1.0, 7),))], plan)
    assert (alone.au_mean_percent, alone.au_stdev_percent, alone.au_met) == (None, None, False)


def test_the_plan_names_the_definition(tmp_path):
    dataset = Dataset(model="m", format="npz", num_files=28, num_samples_per_file=1, record_length_bytes=1.0)
    for name, au, _ in BY_HAND:
        metrics = measure([RANK], make_plan(dataset, tmp_path, definition=name))
        assert metrics.definition == name
        assert metrics.au_mean_percent == pytest.approx(au)
