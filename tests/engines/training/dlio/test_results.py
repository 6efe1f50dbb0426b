"""Results made of what DLIO writes, and what is not believed."""

import json

import pytest

from storagebench.engines.training.dlio.results import rank_results
from storagebench.engines.training.metrics import measure
from storagebench.errors import EngineError
from tests.engines.training.examples import NPZ
from tests.engines.training.plans import make_plan

STAMPS = {"start": "2026-07-12T12:00:00.000000", "end": "2026-07-12T12:00:12.000000", "duration": "12.00"}
COUNTED = {
    "process_read_bytes": 9,
    "cpu_s": 0.5,
    "device_read_bytes": None,
    "loaded_bytes": None,
    "mean_sample_bytes": 2.5,
}


def output(**changes):
    times = {
        "load": {"block1": [2.0, 0.5, 0.5, 0.5]},
        "proc": {"block1": [4.0, 2.5, 2.5, 2.5]},
        "compute": {"block1": [2.0, 2.0, 2.0, 2.0]},
        "throughput": {"block1": 4 / 12},
        "au": {"block1": 75.0},
    }
    return {"hostname": "h1", "1": times | changes}


def report(rank=0, files=None, **changes):
    written = {"0_output.json": output(), "per_epoch_stats.json": {"1": STAMPS | {"block1": STAMPS}}}
    if rank:
        written = {f"{rank}_output.json": output()}
    texts = {name: json.dumps(document) for name, document in (written | (files or {})).items()}
    made = {
        "rank": rank,
        "local_rank": rank,
        "hostname": "h1",
        "files": texts,
        "epochs": {"1": COUNTED},
        "checkpoints": [],
    }
    return made | {"cache_drop": None, "device": None, "device_reason": "tmpfs", "peak_memory_bytes": 7} | changes


@pytest.fixture
def plan(tmp_path):
    return make_plan(NPZ, tmp_path, definition="dlio-2.0.0", train={"computation_time": 2.0, "total_training_steps": 4})


def test_times_become_the_figures_that_dlio_has_itself(plan):
    (rank, other) = rank_results([report(), report(1)], plan)
    assert rank.epochs[0].block_s == pytest.approx(12)
    assert rank.epochs[0].compute_s == (2.0, 2.0, 2.0, 2.0)
    assert rank.epochs[0].requested_bytes == 10
    assert rank.epochs[0].samples == 4
    assert other.epochs[0].block_started_at == STAMPS["start"]
    metrics = measure([rank], plan)
    assert metrics.au_mean_percent == pytest.approx(75)
    assert metrics.samples_per_s_mean == pytest.approx(4 / 12)


def test_a_rank_that_writes_its_own_stamps_is_timed_by_them(plan):
    slower = {"start": "2026-07-12T12:00:00.000000", "end": "2026-07-12T12:00:12.500000", "duration": "12.50"}
    files = {
        "0_per_epoch_stats.json": {"1": slower | {"block1": slower}},
        "0_output.json": output(compute={"block1": [2.1] * 4}),
    }
    (rank,) = rank_results([report(files=files)], plan)
    assert rank.epochs[0].block_s == pytest.approx(12.5)
    assert rank.epochs[0].compute_s == (2.1,) * 4
    assert rank.epochs[0].nominal_compute_s == (2.0,) * 4


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"throughput": {"block1": 0.0}}, "took 0.000 s by DLIO's own figures"),
        ({"throughput": {"block1": 40.0}}, "took 0.100 s by DLIO's own figures, and its steps 11.500 s"),
        (
            {"load": {"block1": [1.0]}, "proc": {"block1": [1.0]}, "compute": {"block1": [1.0]}},
            "has 1 steps where the plan has 4",
        ),
        ({"proc": {"block1": [0.0] * 4}}, "steps that took no time"),
        ({"proc": {}}, "epoch 1 of rank 0 is missing"),
    ],
)
def test_figures_that_cannot_be_are_not_believed(plan, changed, sentence):
    with pytest.raises(EngineError, match=sentence):
        rank_results([report(files={"0_output.json": output(**changed)})], plan)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"files": {}}, "rank 0 left no 0_output.json"),
        ({"files": {"0_output.json": "{"}}, "0_output.json of rank 0 is no JSON"),
        ({"epochs": {}}, "epoch 1 of rank 0 is missing"),
    ],
)
def test_an_exit_code_of_0_is_not_believed(plan, changes, sentence):
    with pytest.raises(EngineError, match=sentence):
        rank_results([report() | changes], plan)
