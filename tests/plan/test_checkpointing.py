"""From a point to a checkpointing plan: who writes what, what that takes, and what each edition calls a subset."""

import dataclasses
import json
from pathlib import Path

import pytest

from storagebench.config import load_workloads
from storagebench.edition import load_edition
from storagebench.errors import PlanError
from storagebench.model import CheckpointingPlan, Override
from storagebench.plan import check_disk, check_memory
from storagebench.plan.checkpointing import describe, make_plan
from storagebench.plan.checkpointing_limits import check_rules
from storagebench.select import Point
from storagebench.serial import from_json, to_json
from storagebench.units import GIB
from tests.plan.test_training import WISHES, cluster

WORKLOADS = {
    workload.model: workload
    for workload in load_workloads(Path(__file__).parents[2] / "configs/checkpointing", "checkpointing")
}


def plan(model="llama3-8b", ranks=None, run="", params=None, **wishes) -> CheckpointingPlan:
    workload = WORKLOADS[model]
    wished = dataclasses.replace(WISHES, params={"checkpointing": params or {}}, **wishes)
    point = Point(workload, ranks or workload.accelerators, run)
    return make_plan(point, wished, load_edition(wished.edition), cluster(), seed=1)


def refusal(made: CheckpointingPlan) -> str:
    with pytest.raises(PlanError) as refused:
        check_rules(made, load_edition(made.edition))
    return str(refused.value)


def test_dlio_is_no_engine_for_checkpoints():
    with pytest.raises(PlanError, match="--engine=dlio is for training; checkpointing has the native engine alone"):
        plan(engine="dlio")


def test_a_plan_survives_json():
    made = plan(params={"model.scale": "1/100"})
    assert from_json(CheckpointingPlan, json.loads(json.dumps(to_json(made)))) == made


@pytest.mark.parametrize(
    ("model", "gib"),
    [("llama3-8b", 104.7045), ("llama3-70b", 911.2121), ("llama3-405b", 5292.2487), ("llama3-1t", 15_426.5893)],
)
def test_the_four_models_have_their_sizes_and_pass_as_closed(model, gib):
    made = plan(model)
    assert made.layout.total_bytes / GIB == pytest.approx(gib, abs=5e-5)
    assert made.prediction.disk_bytes == 10 * made.layout.total_bytes
    assert (made.writes, made.reads, made.subset) == (10, 10, False)
    check_rules(made, load_edition("3.0"))
    assert made.overrides == {}
    assert made.settings == {"checkpoint.checkpoint_folder": f"/mnt/fs/checkpoints/{model}"}


@pytest.mark.parametrize(
    ("model", "gib"), [("llama3-70b", 113.9015), ("llama3-405b", 98.5447), ("llama3-1t", 143.7239)]
)
def test_eight_ranks_of_a_large_model_are_a_subset_in_edition_2_0(model, gib):
    made = plan(model, 8, edition="2.0")
    assert made.subset
    assert made.layout.total_bytes / GIB == pytest.approx(gib, abs=5e-5)
    assert made.settings["checkpoint.mode"] == "subset"
    assert made.settings["model.parallelism.data"] == made.model.data
    check_rules(made, load_edition("2.0"))


def test_eight_ranks_of_70b_are_open_in_edition_3_0_and_write_it_whole():
    made = plan("llama3-70b", 8, division="open")
    assert (made.subset, made.model.data) == (False, 1)
    check_rules(made, load_edition("3.0"))
    assert "exactly 64 (rule 4.6.1)" in refusal(plan("llama3-70b", 8))
    h100 = refusal(plan("llama3-70b", 8, division="open", accelerator_type="h100"))
    assert "accelerator h100, where the edition has b200, mi355" in h100


def test_the_memory_gate_is_that_of_table_2():
    table = plan("llama3-1t", 512, division="open", accelerator_type="mi355")
    check_rules(table, load_edition("3.0"))
    assert plan("llama3-8b", 8, division="open").accelerator == "b200"


def test_408_ranks_of_405b_are_refused_at_once():
    with pytest.raises(
        PlanError, match=r"408 ranks cannot share llama3-405b: tensor 8 × pipeline 32 parallelism takes a m"
    ):
        plan("llama3-405b", 408, division="whatif")


def test_a_subset_in_edition_3_0_is_for_8b():
    subset = {"checkpoint.mode": "subset"}
    check_rules(plan(params=subset), load_edition("3.0"))
    assert "a subset is for 8 ranks of llama3-8b (rule 4.3.5)" in refusal(plan("llama3-70b", params=subset))
    with pytest.raises(PlanError, match=r"a subset of llama3-8b has at most its 8 ranks"):
        plan(ranks=16, params=subset)


def test_open_scales_by_whole_models():
    made = plan("llama3-8b", 16, division="open")
    assert made.model.data == 16
    check_rules(made, load_edition("3.0"))
    assert "a multiple of 8 (rule 4.6.4)" in refusal(plan("llama3-8b", 12, division="open"))
    check_rules(plan("llama3-8b", 12, division="whatif"), load_edition("3.0"))


def test_two_invocations_share_the_counts():
    write, read = plan(run="write"), plan(run="read", between_phases="umount /mnt")
    assert (write.writes, write.reads, write.between_phases) == (10, 0, "")
    assert (read.writes, read.reads, read.between_phases) == (0, 10, "umount /mnt")
    assert read.settings["checkpoint.num_checkpoints_write"] == 0
    assert write.shape == read.shape
    for made in (write, read):
        check_rules(made, load_edition("3.0"))


def test_other_counts_than_the_rules_have_are_refused():
    counts = {"checkpoint.num_checkpoints_write": 3, "checkpoint.num_checkpoints_read": 3}
    assert "3 writes and 3 reads, where the rules have 10 and 10" in refusal(plan(params=counts))
    assert plan(run="write", params=counts).overrides == {"checkpoint.num_checkpoints_write": Override(3, "user")}


def test_a_scale_is_an_override_and_so_never_closed():
    made = plan(params={"model.scale": "1/100"})
    assert made.overrides == {"model.scale": Override("1/100", "user")}
    assert made.layout.total_bytes == pytest.approx(104.7045 * GIB / 100, rel=1e-5)
    assert "at 1/100" in made.shape


def test_only_what_stays_counts_as_disk():
    made = plan(params={"checkpoint.keep_last": 2})
    assert made.prediction.disk_bytes == 2 * made.layout.total_bytes
    with pytest.raises(
        PlanError, match=r"has 100\.00 GiB free where 209\.41 GiB are needed \(disk: 2 checkpoints × 104\.70"
    ):
        check_disk(made, 100 * GIB)


def test_memory_does_not_grow_with_the_model():
    small, large = plan(), plan("llama3-1t")
    each = [made.prediction.memory_bytes_per_host / made.accelerators for made in (small, large)]
    assert each[0] == each[1] < 256 << 20
    with pytest.raises(PlanError, match=r"host h1 has 1\.00 GiB of memory available where 50\.00 GiB are needed"):
        check_memory(large, cluster(available_gib=1))


def test_a_plan_says_how_its_sizes_come_about():
    said = "\n".join(describe(plan("llama3-70b")))
    assert "69,882,617,856 parameters × 2 B (fp16), the norms 8 times" in said
    assert "64 ranks × 4 B × (3 × 1,091,915,904 + 15 × 8,192)" in said
    assert "together 978,406,572,032 B = 911.21 GiB" in said
    assert "20 × 5 s of pause = at least 1 min 40 s" in said
    assert "the first 8 of 1024 ranks" in "\n".join(describe(plan("llama3-1t", 8, edition="2.0")))
