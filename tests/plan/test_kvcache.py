"""The plan of a KV-cache run: the table's Options, unless somebody says otherwise."""

import dataclasses
import json
from pathlib import Path

import pytest

from storagebench.config import load_workloads
from storagebench.edition import load_edition
from storagebench.errors import PlanError
from storagebench.model import KvCachePlan
from storagebench.plan.kvcache import make_plan
from storagebench.select import Point
from storagebench.serial import from_json, to_json
from storagebench.units import GIB, MIB
from tests.plan.test_training import WISHES, cluster

WORKLOADS = {
    workload.id: workload for workload in load_workloads(Path(__file__).parents[2] / "configs/kvcache", "kvcache")
}
FREE = 1000 * GIB


def plan(name="v3", clients=1, params=None, **wishes) -> KvCachePlan:
    wished = dataclasses.replace(WISHES, params={"kv_cache": params or {}}, cache_dir="/mnt/fs", **wishes)
    return make_plan(Point(WORKLOADS[name], clients, ""), wished, load_edition("3.0"), cluster(), FREE)


def test_a_plan_survives_json():
    made = plan()
    assert from_json(KvCachePlan, json.loads(json.dumps(to_json(made)))) == made


def test_the_options_are_those_of_the_table():
    made = plan()
    table = {
        option: {name.replace("-", "_"): value for name, value in values.items()}
        for option, values in load_edition("3.0")["kv_cache.options"].items()
    }
    assert made.option_table() == table
    assert (made.seed, made.trials, made.inter_option_delay_s) == (42, 3, 90)
    assert made.prediction.least_duration_s == 9 * 310 + 2 * 90


def test_a_client_reads_with_as_many_threads_as_it_has_users():
    assert [stage.load.in_flight for stage in plan().stages] == [200, 100, 70]
    assert [stage.storing.readers for stage in plan().stages] == [200, 100, 70]
    assert [stage.storing.writers for stage in plan().stages] == [16, 16, 4]


def test_clients_divide_nine_tenths_of_what_is_free():
    assert plan(clients=3).stages[0].tiers.storage_bytes == int(0.9 * FREE) // 3
    assert plan(clients=3).prediction.disk_bytes <= int(0.9 * FREE)


def test_what_somebody_asks_for_wins_over_the_options():
    made = plan(params={"load.window_s": 30, "traffic.users": 7})
    assert {stage.load.window_s for stage in made.stages} == {30}
    assert {stage.traffic.users for stage in made.stages} == {7}
    assert made.overrides["load.window_s"].origin == "user"


def test_a_typed_seed_is_an_override():
    made = plan(seed=7)
    assert made.seed == 7
    assert made.overrides["sequence.seed"].value == 7


def test_every_profile_makes_a_plan_with_and_without_quick():
    for name, workload in WORKLOADS.items():
        assert plan(name, division="whatif").stages
        assert not workload.quick or plan(name, division="whatif", quick=True).quick


def test_the_quick_point_is_small_and_short():
    made = plan("chat", division="whatif", quick=True)
    assert made.prediction.disk_bytes < 2 * GIB
    assert made.prediction.least_duration_s < 30


def test_lengths_that_contradict_each_other_are_refused():
    with pytest.raises(
        PlanError, match=r"traffic.least_prompt_tokens is 9,000 and traffic.most_prompt_tokens only 2,000"
    ):
        plan("chat", params={"traffic.least_prompt_tokens": 9000})


def test_parts_are_whole_blocks():
    with pytest.raises(PlanError, match="is no multiple of 4 KiB"):
        plan("chat", params={"store.part_mib": 0.001})
    assert plan("chat", params={"store.part_mib": 0.5}).stages[0].storing.part_bytes == MIB // 2
