"""Whole invocations through the launcher: what lands on disk, what comes back, and what ranks say of it."""

import io

import pytest

from storagebench.engines.checkpointing import series
from storagebench.engines.checkpointing.native import recovery_sources
from storagebench.launch.local import LocalLauncher
from storagebench.memory import checkpoint_rank_bytes
from tests.engines.checkpointing.tasks import ZERO_1, ZERO_3, files_of, make_task, run

MODELS = pytest.mark.parametrize("model", [ZERO_3, ZERO_1], ids=["zero 3", "zero 1"])


@MODELS
def test_every_rank_writes_its_files_and_reads_them_back(tmp_path, model):
    task = make_task(tmp_path, model)
    outcome = run(task)
    expected = {
        f"global_epoch1_step{number}/{file.name}": file.bytes
        for number in (1, 2)
        for rank in range(task.ranks)
        for file in task.layout.files(rank)
    }
    assert files_of(tmp_path) == expected
    assert series.resume(str(tmp_path), "a shape").whole == (1, 2)
    for rank in outcome.ranks:
        assert [save.bytes for save in rank.saves] == [load.bytes for load in rank.loads]
        assert [save.bytes for save in rank.saves] == [task.layout.rank_bytes(rank.rank)] * 2
    assert sum(rank.saves[0].bytes for rank in outcome.ranks) == task.layout.total_bytes


@pytest.mark.parametrize(
    "how",
    [{"odirect": True}, {"threads": 3}, {"fsync": False}, {"verify": "all"}, {"rank_sync": True}],
    ids=lambda how: next(iter(how)),
)
def test_every_way_of_moving_bytes_gives_the_same_files(tmp_path, how):
    run(make_task(tmp_path / "plain", ZERO_1))
    run(make_task(tmp_path / "other", ZERO_1, **how))
    for name in files_of(tmp_path / "plain"):
        assert (tmp_path / "other" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()


def test_reads_are_cold_and_the_evidence_says_so(tmp_path):
    (rank, _) = run(make_task(tmp_path, scale="1/2000")).ranks
    for load in rank.loads:
        assert load.residency.pages >= load.bytes // 4096
        assert load.residency.after == 0
        assert load.residency.refused_files == 0
    assert all(load.dirty_bytes is None for load in rank.loads)
    assert all(save.residency is None for save in rank.saves)


def test_one_rank_of_a_host_counts_for_all(tmp_path):
    first, second = run(make_task(tmp_path)).ranks
    assert first.saves[0].dirty_bytes is not None
    assert second.saves[0].dirty_bytes is second.saves[0].device_bytes is None
    assert bool(first.device) != bool(first.device_reason)
    assert second.device is second.device_reason is None


def test_two_invocations_write_and_then_read(tmp_path):
    run(make_task(tmp_path, reads=0))
    written = files_of(tmp_path)
    outcome = run(make_task(tmp_path, writes=0, reads=3))
    assert [load.checkpoint for load in outcome.ranks[0].loads] == [1, 2, 1]
    assert outcome.ranks[0].saves == ()
    assert files_of(tmp_path) == written


def test_only_the_newest_stay_where_that_is_asked_for(tmp_path):
    outcome = run(make_task(tmp_path, writes=4, reads=2, readable=(3, 4), keep_last=2))
    assert series.read(str(tmp_path)).whole == (3, 4)
    assert {name.split("/")[0] for name in files_of(tmp_path)} == {"global_epoch1_step3", "global_epoch1_step4"}
    assert [load.checkpoint for load in outcome.ranks[0].loads] == [3, 4]


def test_recovery_reads_what_another_rank_wrote(tmp_path):
    task = make_task(tmp_path, ZERO_1, shift=[4, 4])
    outcome = run(task)
    assert [rank.reads_rank for rank in outcome.ranks] == [4, 5, 6, 7, 0, 1, 2, 3]
    for rank in outcome.ranks:
        assert rank.loads[0].bytes == task.layout.rank_bytes(rank.reads_rank)


def test_the_log_keeps_every_checkpoint_as_it_is_done(tmp_path):
    log = io.BytesIO()
    run(make_task(tmp_path), launcher=LocalLauncher(stdout=log))
    lines = log.getvalue().decode().splitlines()
    assert [" ".join(line.split()[2:4]) for line in lines] == ["save 1/2:", "save 2/2:", "load 1/2:", "load 2/2:"]
    assert all("slowest of 2 ranks" in line and "GiB/s" in line for line in lines)


def test_progress_is_told_in_bytes(tmp_path):
    events = []
    run(make_task(tmp_path, scale="1/2000"), tell=events.append)
    assert {event["stage"] for event in events if event["kind"] == "progress"} == {
        "save 1/2",
        "save 2/2",
        "load 1/2",
        "load 2/2",
    }


def test_progress_of_every_checkpoint_ends_whole(tmp_path):
    events = []
    run(make_task(tmp_path, scale="1/2000"), tell=events.append)
    last = {event["stage"]: event for event in events if event["kind"] == "progress"}
    assert {event["done"] - event["total"] for event in last.values()} == {0}


@pytest.mark.parametrize(
    ("hosts", "sources"),
    [([8], [0, 1, 2, 3, 4, 5, 6, 7]), ([2, 2], [2, 3, 0, 1]), ([3, 2, 3], [3, 4, 5, 6, 7, 0, 1, 2])],
)
def test_ranks_are_shifted_by_a_host(hosts, sources):
    assert list(recovery_sources(hosts, shift=True)) == sources
    assert list(recovery_sources(hosts, shift=False)) == list(range(8 if len(hosts) != 2 else 4))


def test_memory_stays_small_whatever_the_model(tmp_path):
    outcome = run(make_task(tmp_path, scale="1/500", writes=1, reads=1, readable=(1,), threads=4))
    assert sum(rank.saves[0].bytes for rank in outcome.ranks) > 200 << 20
    predicted = checkpoint_rank_bytes({"threads": 4})
    assert all(rank.peak_memory_bytes <= predicted < 100 << 20 for rank in outcome.ranks)
