"""The files that upstream's tools read: their keys, and the values that our own figures give."""

import json
from dataclasses import replace

from storagebench.engines.training.metrics import measure
from storagebench.engines.training.outcome import CheckpointResult
from storagebench.engines.training.upstream import per_epoch_stats, rank_output, summary_metric
from storagebench.model import HostFacts
from tests.engines.training.examples import NPZ
from tests.engines.training.plans import EPOCH, RANK, epoch_of_steps, make_plan

HOST = HostFacts(
    hostname="node1",
    memory_bytes=2**34,
    available_bytes=2**33,
    logical_cpus=8,
    physical_cpus=4,
    cpu_model="example",
    architecture="x86_64",
    kernel="6.1",
    meminfo={"MemTotal": "16777216 kB"},
    cpuinfo={"model name": "example"},
)


def test_the_metric_of_a_summary_has_upstreams_keys(tmp_path):
    metrics = measure([RANK], make_plan(NPZ, tmp_path))
    assert summary_metric(metrics) == {
        "train_au_percentage": [93.75],
        "train_au_mean_percentage": 93.75,
        "train_au_meet_expectation": "success",
        "train_au_stdev_percentage": 0.0,
        "train_throughput_samples_per_second": [2.625],
        "train_throughput_mean_samples_per_second": 2.625,
        "train_throughput_stdev_samples_per_second": 0.0,
        "train_io_mean_MB_per_second": 2.625 * 1_500_000 / 2**20,
        "train_io_stdev_MB_per_second": 0.0,
    }


def test_what_cannot_be_told_is_null_and_no_success(tmp_path):
    alone = replace(RANK, epochs=(epoch_of_steps([1.0], 1.0, 1.0, 7),))
    metric = json.loads(json.dumps(summary_metric(measure([alone], make_plan(NPZ, tmp_path)))))
    assert metric["train_au_percentage"] == [None]
    assert metric["train_au_mean_percentage"] is None
    assert metric["train_au_meet_expectation"] == "fail"


def test_a_ranks_output_has_the_seconds_of_every_step(tmp_path):
    output = rank_output(RANK, make_plan(NPZ, tmp_path, definition="dlio-2.0.0"), HOST)
    assert list(output) == [
        "host_memory_GB",
        "host_cpu_count",
        "host_processor_name",
        "potential_caching",
        "host_cpuinfo",
        "host_meminfo",
        "1",
        "hostname",
    ]
    assert (output["host_memory_GB"], output["potential_caching"], output["hostname"]) == (16.0, 1, "node1")
    assert output["1"] == {
        "load": {"block1": list(EPOCH.load_s)},
        "proc": {"block1": list(EPOCH.processed_s)},
        "throughput": {"block1": 28 / 12},
        "au": {"block1": 75.0},
        "compute": {"block1": [2.0] * 4},
    }


def test_compute_in_a_ranks_output_is_what_the_definition_counts(tmp_path):
    output = rank_output(RANK, make_plan(NPZ, tmp_path, definition="dlio-3.0"), HOST)
    assert output["1"]["compute"] == {"block1": [2.5] * 4}


def test_epoch_stats_have_durations_as_strings():
    assert per_epoch_stats(RANK) == {
        "1": {
            "start": "2026-07-12T12:07:26.350688",
            "block1": {
                "start": "2026-07-12T12:07:26.351118",
                "end": "2026-07-12T12:10:11.935397",
                "duration": "165.58",
            },
            "end": "2026-07-12T12:10:12.676442",
            "duration": "166.33",
        }
    }


def test_a_checkpoint_stands_in_its_epoch_and_ends_it():
    stamps = ("2026-07-12T12:10:12.700000", "2026-07-12T12:10:14.200000")
    written = CheckpointResult(epoch=1, bytes=10, started_at=stamps[0], ended_at=stamps[1], duration_s=1.5)
    stats = per_epoch_stats(replace(RANK, checkpoints=(written,)))["1"]
    assert stats["ckpt1"] == {"start": stamps[0], "end": stamps[1], "duration": "1.50"}
    assert stats["end"] == stamps[1]
