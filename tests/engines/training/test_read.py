"""Whole runs on small datasets: in one process, and through the launcher with several ranks."""

import os
from dataclasses import replace

import pytest

from storagebench.engines.training import read
from storagebench.engines.training.layout import layout_of
from storagebench.engines.training.metrics import measure
from storagebench.engines.training.native import NativeEngine
from storagebench.engines.training.outcome import RankResult
from storagebench.errors import EngineError
from storagebench.launch import Job
from storagebench.launch.local import LocalLauncher
from storagebench.serial import from_json, to_json
from tests.engines.training.examples import DLRM, EVERY_FORMAT, HOSTS, NPZ, OneOfMany, ignore
from tests.engines.training.plans import make_dataset, make_plan


class HereLauncher:
    """Runs one rank in this process."""

    name = "here"

    def run(self, job, tell):
        return [dict(read.work(OneOfMany(job, 0, tell)))]


def run(plan, launcher=None, tell=ignore):
    return NativeEngine().run(plan, launcher or HereLauncher(), tell)


@pytest.mark.parametrize("dataset", EVERY_FORMAT.values(), ids=EVERY_FORMAT)
def test_every_format_is_read_whole_in_every_epoch(tmp_path, dataset):
    make_dataset(dataset, tmp_path)
    plan = make_plan(dataset, tmp_path, train={"epochs": 2})
    layout = layout_of(dataset, plan.dataset_dir)
    total = sum(
        extent.length
        for file in range(dataset.num_files)
        for extent in layout.extents(file, 0, dataset.num_samples_per_file)
    )
    (rank,) = run(plan).ranks
    assert [epoch.requested_bytes for epoch in rank.epochs] == [total, total]
    assert [epoch.samples for epoch in rank.epochs] == [dataset.num_samples] * 2


def test_every_step_has_its_times_and_they_fit_into_the_block(tmp_path):
    make_dataset(NPZ, tmp_path)
    outcome = run(make_plan(NPZ, tmp_path, train={"computation_time": 0.002}))
    ((epoch,),) = (rank.epochs for rank in outcome.ranks)
    assert len(epoch.load_s) == len(epoch.compute_s) == len(epoch.processed_s) == 5
    assert epoch.nominal_compute_s == (0.002,) * 5
    assert all(actual >= 0.002 for actual in epoch.compute_s)
    assert epoch.processed_s == pytest.approx([sum(pair) for pair in zip(epoch.load_s, epoch.compute_s, strict=True)])
    assert sum(epoch.processed_s) <= epoch.block_s
    assert outcome.started_at < epoch.started_at <= epoch.block_started_at < epoch.block_ended_at <= epoch.ended_at
    assert epoch.ended_at < outcome.ended_at


def test_compute_that_varies_is_drawn_anew_for_each_step(tmp_path):
    make_dataset(NPZ, tmp_path)
    train = {"computation_time": 0.002, "computation_time_stdev": 0.001}
    nominal = [run(make_plan(NPZ, tmp_path, train=train)).ranks[0].epochs[0].nominal_compute_s for _ in range(2)]
    assert len(set(nominal[0])) == 5
    assert nominal[0] == nominal[1]


def test_the_cache_is_dropped_first_with_evidence(tmp_path):
    make_dataset(NPZ, tmp_path)
    dropped = run(make_plan(NPZ, tmp_path)).ranks[0].cache_drop
    assert (dropped.files, dropped.sampled_files) == (5, 5)
    assert dropped.bytes == sum(layout_of(NPZ).file_bytes(file) for file in range(5))
    plan = make_plan(NPZ, tmp_path)
    (rank,) = NativeEngine(drop_caches=False).run(plan, HereLauncher(), ignore).ranks
    assert rank.cache_drop is None


def test_an_outcome_survives_json(tmp_path):
    make_dataset(NPZ, tmp_path)
    (rank,) = run(make_plan(NPZ, tmp_path)).ranks
    assert from_json(RankResult, to_json(rank)) == rank
    assert rank.peak_memory_bytes > 10_000_000
    assert rank.device or rank.device_reason


def test_a_checkpoint_follows_its_epoch(tmp_path):
    make_dataset(NPZ, tmp_path)
    sections = {"workflow": {"checkpoint": True}, "model": {"model_size": 1000}, "train": {"epochs": 3}}
    plan = make_plan(NPZ, tmp_path, **sections, checkpoint={"checkpoint_after_epoch": 2})
    (rank,) = run(plan).ranks
    assert [done.epoch for done in rank.checkpoints] == [2, 3]
    assert rank.epochs[1].ended_at <= rank.checkpoints[0].started_at <= rank.epochs[2].started_at


def test_progress_names_the_stages(tmp_path):
    make_dataset(NPZ, tmp_path)
    events = []
    run(make_plan(NPZ, tmp_path, train={"epochs": 2}), tell=events.append)
    last = {event["stage"]: event for event in events}
    assert list(last) == ["cache drop", "epoch 1/2", "epoch 2/2"]
    assert [(event["done"], event["total"], event["unit"]) for event in last.values()] == [
        (5, 5, "files"),
        (5, 5, "steps"),
        (5, 5, "steps"),
    ]
    assert last["epoch 2/2"]["bytes"] == sum(layout_of(NPZ).file_bytes(file) for file in range(5))


@pytest.mark.parametrize("reader", [{"read_threads": 0, "prefetch_size": 0}, {"read_threads": 1, "prefetch_size": 0}])
def test_neither_threads_nor_prefetching_are_needed(tmp_path, reader):
    make_dataset(NPZ, tmp_path)
    (rank,) = run(make_plan(NPZ, tmp_path, reader=reader)).ranks
    assert rank.epochs[0].samples == 5


def test_counts_that_do_not_divide_neither_hang_nor_fail(tmp_path):
    """Seven files, three ranks, batches of two: one step each, one file left out."""
    seven = replace(NPZ, num_files=7, record_length_bytes=5000.0, record_length_bytes_stdev=0.0)
    make_dataset(seven, tmp_path)
    plan = make_plan(seven, tmp_path, ranks=3, reader={"batch_size": 2}, train={"epochs": 2})
    outcome = run(plan, LocalLauncher())
    size = layout_of(seven).file_bytes(0)
    assert [[epoch.requested_bytes for epoch in rank.epochs] for rank in outcome.ranks] == [[2 * size] * 2] * 3
    assert [rank.rank for rank in outcome.ranks] == [0, 1, 2]
    assert measure(outcome.ranks, plan).epochs[1].samples_per_s is None


def test_ranks_that_share_a_row_group_both_read_it(tmp_path):
    make_dataset(DLRM, tmp_path)
    plan = make_plan(DLRM, tmp_path, ranks=2, decode=True, reader={"batch_size": 900}, train={"epochs": 1})
    outcome = run(plan, LocalLauncher())
    assert [rank.epochs[0].samples for rank in outcome.ranks] == [3600, 3600]
    assert sum(rank.epochs[0].requested_bytes for rank in outcome.ranks) > 0


def test_a_truncated_file_fails_the_run_with_one_sentence(tmp_path):
    four = replace(NPZ, num_files=4)
    folder = make_dataset(four, tmp_path)
    os.truncate(folder / "train" / "img_0000003.npz", 100)
    expected = layout_of(four).file_bytes(3)
    with pytest.raises(EngineError, match=rf"img_0000003\.npz holds 100 bytes where {expected} are expected"):
        run(make_plan(four, tmp_path, ranks=2, reader={"batch_size": 2}), LocalLauncher())


def test_the_job_is_one_rank_module_for_each_accelerator(tmp_path):
    jobs = []

    class Listening(HereLauncher):
        def run(self, job: Job, tell):
            jobs.append(job)
            return super().run(job, tell)

    make_dataset(NPZ, tmp_path)
    run(make_plan(NPZ, tmp_path), Listening())
    assert [(job.module, job.ranks, job.hosts) for job in jobs] == [("storagebench.engines.training.read", 1, HOSTS)]
