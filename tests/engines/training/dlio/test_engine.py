"""DLIO for real: its loop and its clock, on our datasets and on its own, and what is said when it dies."""

import json
import os
import re
import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from storagebench.engines.training.dataset import ensure
from storagebench.engines.training.dlio.engine import DlioEngine
from storagebench.engines.training.metrics import measure
from storagebench.engines.training.native import NativeEngine
from storagebench.errors import ClusterError, DatasetError, EngineError
from storagebench.launch.local import LocalLauncher
from storagebench.launch.mpi import MpiLauncher
from storagebench.model import DlioChoice, Host
from tests.engines.training.examples import DLRM, HOSTS, JPEG, NPZ, TFRECORD, ignore
from tests.engines.training.plans import make_dataset, make_plan
from tests.launch.conftest import mark  # noqa: F401 - no process of DLIO may outlive its test
from tests.launch.fake_hosts import reach_fake_hosts

ROOT = Path(__file__).parents[4]
EVEN = replace(NPZ, num_files=8, record_length_bytes=300_000, record_length_bytes_stdev=0)


@pytest.fixture
def plan(tmp_path, dlio_python):
    def make(dataset=EVEN, **choices):
        parameters = {
            "dataset": {"data_folder": f"{tmp_path}/{dataset.model}", "format": dataset.format},
            "model": {"name": dataset.model},
        }
        parameters["dataset"] |= {
            "num_files_train": dataset.num_files,
            "record_length_bytes": dataset.record_length_bytes,
        }
        parameters["dataset"] |= {"num_samples_per_file": dataset.num_samples_per_file}
        made = make_plan(dataset, tmp_path, **choices)
        tree = {
            **made.parameters,
            **{name: {**made.parameters.get(name, {}), **value} for name, value in parameters.items()},
        }
        return replace(made, engine="dlio", parameters=tree, dlio=DlioChoice(python=dlio_python))

    return make


def run(plan, tell=ignore, launcher=None):
    engine = DlioEngine()
    engine.check(plan)
    return engine.run(plan, launcher or LocalLauncher(), tell)


def test_dlio_reads_our_files_and_both_count_alike(plan, tmp_path):
    make_dataset(EVEN, tmp_path)
    wanted = plan(ranks=2, definition="dlio-2.0.0", train={"epochs": 2, "computation_time": 0.01})
    events = []
    outcome = run(wanted, events.append)
    native = NativeEngine().run(wanted, LocalLauncher(), ignore)
    assert outcome.engine == "dlio"
    assert outcome.engine_version.startswith("2.0.0 (source ")
    assert outcome.engine_detail == "our loader, no tensorflow, no torch"
    assert [rank.rank for rank in outcome.ranks] == [0, 1]
    for theirs, ours in zip(outcome.ranks, native.ranks, strict=True):
        assert theirs.cache_drop.files == ours.cache_drop.files == 4
        assert theirs.peak_memory_bytes > ours.peak_memory_bytes
        for epoch, other in zip(theirs.epochs, ours.epochs, strict=True):
            assert epoch.samples == other.samples == 4
            assert epoch.requested_bytes == other.requested_bytes
            assert epoch.cpu_s > 0
            assert min(epoch.compute_s) >= 0.01
    own = json.loads(outcome.files["dlio_summary.json"])["metric"]
    metrics = measure(outcome.ranks, wanted)
    assert [epoch.au_percent for epoch in metrics.epochs] == pytest.approx(own["train_au_percentage"])
    rates = [epoch.samples_per_s for epoch in metrics.epochs]
    assert rates == pytest.approx(own["train_throughput_samples_per_second"])
    assert "Starting epoch 1" in outcome.files["dlio.log"]
    progress = [event for event in events if event["kind"] == "progress"]
    assert {event["stage"] for event in progress} == {"cache drop", "epoch 1/2", "epoch 2/2"}
    assert progress[-1]["done"] == progress[-1]["total"] == 4


@pytest.mark.parametrize("dataset", [JPEG, DLRM, TFRECORD], ids=lambda dataset: dataset.format)
def test_our_loader_lets_dlio_read_formats_it_does_not_know(plan, tmp_path, dataset):
    make_dataset(dataset, tmp_path)
    outcome = run(plan(dataset, ranks=2, decode=True, direct=True))
    native = NativeEngine().run(plan(dataset, ranks=2, direct=True), LocalLauncher(), ignore)
    ours, theirs = (sum(rank.epochs[0].requested_bytes for rank in one.ranks) for one in (native, outcome))
    assert ours == theirs


def test_a_checkpoint_is_written_as_the_native_engine_writes_it(plan, tmp_path):
    make_dataset(EVEN, tmp_path)
    sections = {"workflow": {"checkpoint": True}, "model": {"name": "unet3d", "model_size": 3_000_001}}
    outcome = run(plan(**sections, checkpoint={"checkpoint_folder": str(tmp_path / "checkpoints")}))
    (checkpoint,) = outcome.ranks[0].checkpoints
    assert checkpoint.bytes == 3_000_001
    assert (tmp_path / "checkpoints/unet3d-epoch-1.ckpt").stat().st_size == 3_000_001


def test_ranks_on_hosts_that_share_no_results_folder_report_all_the_same(plan, tmp_path, monkeypatch):
    reach_fake_hosts(monkeypatch, tmp_path)
    make_dataset(EVEN, tmp_path)
    wanted = replace(plan(ranks=2), hosts=(Host("127.0.0.2", 1), Host("127.0.0.3", 1)))
    assert [rank.local_rank for rank in run(wanted, launcher=MpiLauncher()).ranks] == [0, 0]


def generated_by_dlio(folder, python, files, record_bytes=300_000, fmt="npz"):
    """Let DLIO itself generate; stand-ins take the place of what it does not need for that."""
    paths = (ROOT, ROOT / "storagebench/engines/training/dlio/inside/stand_ins")
    mechanism = "storagebench.engines.training.dlio.inside.plan_checkpoint.PlanCheckpoint"
    settings = {
        "workflow.generate_data": True,
        "workflow.train": False,
        "dataset.data_folder": folder,
        "dataset.format": fmt,
        "dataset.num_files_train": files,
        "dataset.record_length": record_bytes,
        "dataset.record_length_stdev": 0,
        "checkpoint.checkpoint_mechanism_classname": mechanism,
        "output.folder": folder.parent / "output",
    }
    overrides = [f"++workload.{name}={value}" for name, value in settings.items()]
    command = [python, "-m", "dlio_benchmark.main", "workload=unet3d_h100", *overrides]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        command, cwd=folder.parent, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_we_read_what_dlio_generated(plan, tmp_path, dlio_python):
    folder = tmp_path / "unet3d"
    generated_by_dlio(folder, dlio_python, 8)
    names = sorted(path.name for path in (folder / "train").iterdir())
    assert names[3] == "img_3_of_8.npz"
    manifest = ensure(EVEN, str(folder), LocalLauncher(), HOSTS, 1, ignore)
    size = sum(path.stat().st_size for path in (folder / "train").iterdir())
    assert manifest.generator == "DLIO"
    assert manifest.total_bytes == size
    assert sorted(path.name for path in (folder / "train").iterdir()) == names
    for outcome in (NativeEngine().run(plan(ranks=2, decode=True), LocalLauncher(), ignore), run(plan(ranks=2))):
        assert sum(rank.epochs[0].requested_bytes for rank in outcome.ranks) == size
    with pytest.raises(DatasetError, match=r"holds 8 files that DLIO generated, where 9 are needed"):
        ensure(replace(EVEN, num_files=9), str(folder), LocalLauncher(), HOSTS, 1, ignore)


def test_we_read_the_images_that_dlio_generated_once_they_are_as_large_as_the_workload_says(
    plan, tmp_path, dlio_python
):
    dataset, folder = replace(EVEN, model="retinanet", format="jpeg"), tmp_path / "retinanet"
    generated_by_dlio(folder, dlio_python, 8, fmt="jpeg")
    with pytest.raises(DatasetError, match=r"record_length=\d+, or let it read ours") as refused:
        ensure(dataset, str(folder), LocalLauncher(), HOSTS, 1, ignore)
    shutil.rmtree(folder)
    advised = int(re.search(r"record_length=(\d+)", str(refused.value))[1])
    generated_by_dlio(folder, dlio_python, 8, advised, fmt="jpeg")
    manifest = ensure(dataset, str(folder), LocalLauncher(), HOSTS, 1, ignore)
    assert manifest.generator == "DLIO"
    for outcome in (
        NativeEngine().run(plan(dataset, ranks=2, decode=True), LocalLauncher(), ignore),
        run(plan(dataset, ranks=2)),
    ):
        assert sum(rank.epochs[0].requested_bytes for rank in outcome.ranks) == manifest.total_bytes


def test_a_rank_that_is_killed_is_named_with_the_last_words_of_dlio(plan, tmp_path):
    make_dataset(EVEN, tmp_path)

    pids = []

    def kill(event):
        if event["kind"] == "ranks":
            pids.extend(rank["pid"] for rank in event["ranks"])
        elif event.get("stage") == "epoch 1/1":
            os.kill(pids[1], signal.SIGKILL)

    with pytest.raises(
        EngineError, match=r"rank \d on \S+ was killed by SIGKILL \(out of memory\?\), last words: .*step"
    ):
        run(plan(ranks=2, train={"computation_time": 0.2}), kill)


def test_what_dlio_refuses_itself_is_quoted(plan, tmp_path):
    make_dataset(EVEN, tmp_path)
    wanted = plan()
    more = {**wanted.parameters, "dataset": {**wanted.parameters["dataset"], "num_files_train": 99}}
    with pytest.raises(EngineError, match=r"rank 0 on \S+: Exception: Not enough training dataset is found"):
        run(replace(wanted, parameters=more))
    too_long = {**wanted.parameters, "train": {**wanted.parameters["train"], "total_training_steps": 99}}
    with pytest.raises(
        EngineError, match=r"DLIO ended itself with exit code -1; its log ends with: .*Only have enough data"
    ):
        run(replace(wanted, parameters=too_long))


def test_a_dlio_whose_mpirun_is_not_there_is_refused_before_anything_starts(plan, tmp_path):
    wanted = plan()
    with pytest.raises(ClusterError, match="--mpi-bin: /nowhere is no mpirun"):
        DlioEngine().check(replace(wanted, dlio=replace(wanted.dlio, mpi_bin="/nowhere")))
