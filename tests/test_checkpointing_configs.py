"""The four models that are shipped: their published hashes, counts and quick point."""

import pytest

from storagebench.config import load_workloads
from storagebench.parameters import core_config_hash, set_dotted
from storagebench.parameters.schema import CONFIGS

WORKLOADS = {workload.id: workload for workload in load_workloads(CONFIGS / "checkpointing", "checkpointing")}


def test_the_four_models_are_there_with_the_ranks_of_the_rules():
    assert {name: workload.accelerators for name, workload in WORKLOADS.items()} == {
        "llama3-8b": 8,
        "llama3-70b": 64,
        "llama3-405b": 512,
        "llama3-1t": 1024,
    }
    assert all(workload.editions == ("2.0", "3.0") for workload in WORKLOADS.values())


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_the_published_hashes_are_reproduced(workload):
    split = workload.parameters["model"]["parallelism"]
    data = workload.accelerators // (split["tensor"] * split["pipeline"])
    subset = set_dotted(set_dotted(workload.parameters, "checkpoint.mode", "subset"), "model.parallelism.data", data)
    hashes = [core_config_hash(parameters, family="checkpointing") for parameters in (workload.parameters, subset)]
    assert workload.core_config_hashes == tuple(hashes[: len(workload.core_config_hashes)])
    assert len(workload.core_config_hashes) == (1 if workload.id == "llama3-8b" else 2)


def test_counts_and_folder_are_no_part_of_the_hash():
    parameters = WORKLOADS["llama3-8b"].parameters
    for name, value in (("num_checkpoints_write", 0), ("num_checkpoints_read", 0), ("checkpoint_folder", "elsewhere")):
        changed = set_dotted(parameters, f"checkpoint.{name}", value)
        assert core_config_hash(changed, family="checkpointing") == "68df04b7240e3fb0"
    assert (
        core_config_hash(set_dotted(parameters, "checkpoint.fsync", False), family="checkpointing")
        != "68df04b7240e3fb0"
    )


def test_quick_is_one_point_of_a_gibibyte():
    (quick,) = [workload for workload in WORKLOADS.values() if workload.quick]
    assert quick.id == "llama3-8b"
    assert quick.quick["accelerators"] == 8
    assert quick.quick["parameters"]["model"]["scale"] == "1/100"
