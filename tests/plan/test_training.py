"""From a point to a plan: sizes with their working, overrides apart from settings, refusals with the arithmetic."""

import dataclasses
import json
from pathlib import Path

import pytest

from storagebench.config import load_workloads
from storagebench.edition import load_edition
from storagebench.errors import PlanError
from storagebench.model import LOCALHOST, Cluster, DlioChoice, HostFacts, Override, TrainingPlan
from storagebench.plan import Wishes, check_disk, check_memory
from storagebench.plan.training import describe, make_plan
from storagebench.select import Point
from storagebench.serial import from_json, to_json
from storagebench.units import GIB

WORKLOADS = {
    workload.id: workload for workload in load_workloads(Path(__file__).parents[2] / "configs/training", "training")
}
WISHES = Wishes(
    division="closed",
    edition="3.0",
    quick=False,
    hosts=(LOCALHOST,),
    params={},
    data_dir="/mnt/fs",
    results_dir="/var/results",
    checkpoint_dir="/mnt/fs/checkpoints",
    cache_dir="",
    seed=None,
    organisation="acme",
    system="one",
    engine="native",
    launcher="local",
    decode=None,
    columns="all",
)


def cluster(memory_gib: float = 256, available_gib: float = 200) -> Cluster:
    host = HostFacts(
        hostname="h1",
        memory_bytes=int(memory_gib * GIB),
        available_bytes=int(available_gib * GIB),
        logical_cpus=64,
        physical_cpus=32,
        cpu_model="any",
        architecture="x86_64",
        kernel="6",
    )
    return Cluster((host,), "local", "2026-11-22T00:00:00+00:00")


def plan(workload: str = "unet3d-b200", accelerators: int = 8, params=None, **wishes: object) -> TrainingPlan:
    wished = dataclasses.replace(WISHES, params={"training": params or {}}, **wishes)
    return make_plan(
        Point(WORKLOADS[workload], accelerators, "run1"), wished, load_edition(wished.edition), cluster(), seed=1
    )


def test_a_plan_survives_json():
    made = plan(params={"reader.read_threads": 8})
    assert from_json(TrainingPlan, json.loads(json.dumps(to_json(made)))) == made


def test_the_rules_choose_the_number_of_files():
    made = plan()
    assert made.dataset.num_files == made.sizing.num_files == 28_000
    assert made.parameter("dataset.num_files_train") == 28_000
    assert made.steps_per_epoch() == 500


def test_what_the_user_changed_is_kept_apart_from_what_we_set():
    made = plan(params={"reader.read_threads": 8, "dataset.num_files_train": 56})
    assert made.overrides == {
        "reader.read_threads": Override(8, "user"),
        "dataset.num_files_train": Override(56, "user"),
    }
    assert set(made.settings) == {"dataset.data_folder", "checkpoint.checkpoint_folder"}
    assert made.parameter("reader.read_threads") == 8
    assert made.sizing.working[-1] == "--param asks for 56 files instead"


def test_quick_overrides_are_marked_as_such():
    made = plan(accelerators=2, quick=True, division="whatif")
    assert {override.origin for override in made.overrides.values()} == {"quick"}


@pytest.mark.parametrize(
    ("workload", "edition", "decode", "definition"),
    [
        ("unet3d-b200", "3.0", False, "dlio-3.0"),
        ("unet3d-h100", "2.0", True, "dlio-mlperf-2.0"),
        ("unet3d-h100", "1.0", True, "dlio-2.0.0"),
    ],
)
def test_the_edition_chooses_how_samples_are_read_and_au_is_counted(workload, edition, decode, definition):
    made = plan(workload, edition=edition)
    assert (made.reading.decode, made.au_definition) == (decode, definition)
    assert plan(workload, edition=edition, decode=not decode).reading.decode is not decode


def test_a_batch_that_cannot_be_filled_is_refused_with_the_sum():
    with pytest.raises(
        PlanError, match=r"55 samples make no whole batch of 7 for each of 8 accelerators \(56 needed\)"
    ):
        plan(params={"dataset.num_files_train": 55})
    assert plan(params={"dataset.num_files_train": 56}).steps_per_epoch() == 1


def test_memory_that_does_not_suffice_is_refused_with_the_host():
    made = plan(decode=True)
    check_memory(made, cluster(available_gib=made.prediction.memory_bytes_per_host / GIB))
    with pytest.raises(
        PlanError, match="host h1 has 1.00 GiB of memory available where .* are needed .*8 ranks a host"
    ):
        check_memory(made, cluster(available_gib=1))


def test_a_disk_that_does_not_suffice_is_refused_with_the_sum():
    made = plan()
    check_disk(made, made.prediction.disk_bytes)
    with pytest.raises(PlanError, match=r"/mnt/fs has 76.00 GiB free where 3.73 TiB are needed"):
        check_disk(made, 76 * GIB)


def test_a_checkpoint_counts_as_disk():
    bytes_of = {
        name: plan(name, edition=edition).prediction.disk_bytes
        for name, edition in (("unet3d-h100", "2.0"), ("unet3d-b200", "3.0"))
    }
    assert bytes_of["unet3d-h100"] - bytes_of["unet3d-b200"] == 499_153_191


def test_the_description_says_what_would_happen():
    text = "\n".join(describe(plan(params={"reader.read_threads": 8})))
    for words in (
        "unet3d-b200-x8-run1: closed, edition 3.0, configs/training/unet3d.yaml:",
        "28,000 npz files",
        "500 steps × batch 7 × 8 accelerators = 28,000 files",
        "5 epochs of 500 steps, batch 7, buffered, raw bytes",
        "at least 6 min 45 s a run",
        "/var/results/closed/acme/results/one",
        "reader.read_threads=8 (user)",
        "dataset.num_files_train=28000",
    ):
        assert words in text


def test_a_plan_for_dlio_names_it_and_counts_its_memory():
    choice = DlioChoice(python="/opt/dlio/bin/python", plugin="loader")
    made = plan(engine="dlio", dlio=choice)
    assert "dlio engine (/opt/dlio/bin/python, plug-in loader)" in "\n".join(describe(made))
    assert made.prediction.memory_bytes_per_host > plan().prediction.memory_bytes_per_host
    assert from_json(TrainingPlan, to_json(made)) == made


def test_repeats_share_a_fingerprint_and_other_settings_do_not():
    first = plan()
    assert dataclasses.replace(first, id="other", run="run2", seed=2).fingerprint() == first.fingerprint()
    assert plan(params={"reader.read_threads": 8}).fingerprint() != first.fingerprint()


@pytest.mark.parametrize("name", sorted(name for name, workload in WORKLOADS.items() if workload.runnable))
def test_every_point_can_be_planned(name):
    made = plan(name, division="whatif")
    assert made.dataset.num_files >= 1
    assert made.prediction.least_duration_s > 0
