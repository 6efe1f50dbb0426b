"""The marker says whose the checkpoints are and which are whole; nothing else is ever removed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from storagebench.engines.checkpointing import series
from storagebench.engines.checkpointing.series import MARKER, Series
from storagebench.errors import EngineError

SERIES = Series(token=5, shape="llama3-8b by 8 ranks", started_at="2026-07-12T12:00:00", whole=(), finished=False)


NOBODY = 2**22 + 1
"""No process has this number: Linux counts to 2**22."""


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "ckpt" / "llama3-8b")


@pytest.fixture
def begun(folder):
    series.begin(folder, SERIES)
    for number in (1, 2):
        series.make(folder, number)
        series.add(folder, number)
    return folder


def test_checkpoints_are_whole_only_when_added(begun):
    series.make(begun, 3)
    assert series.read(begun) == replace(SERIES, whole=(1, 2))
    assert series.resume(begun, SERIES.shape).whole == (1, 2)


def test_a_dropped_checkpoint_is_gone(begun):
    series.drop(begun, 1)
    assert series.read(begun).whole == (2,)
    assert [path.name for path in Path(begun).glob("global*")] == ["global_epoch1_step2"]


def test_a_finished_series_is_not_written_over(begun):
    series.finish(begun)
    with pytest.raises(
        EngineError, match=r"llama3-8b holds the checkpoints of the run that began 2026-07-12T12:00:00: "
    ):
        series.begin(begun, replace(SERIES, token=6))
    assert series.read(begun).token == 5


@pytest.mark.parametrize("pid", [os.getpid(), NOBODY], ids=["our own", "dead"])
def test_what_a_dead_run_left_makes_room(begun, pid):
    series.write(begun, replace(series.read(begun), pid=pid))
    series.begin(begun, replace(SERIES, token=6))
    assert series.read(begun) == replace(SERIES, token=6)
    assert list(Path(begun).glob("global*")) == []


@pytest.mark.parametrize("writer", [{"pid": os.getppid()}, {"host": "elsewhere"}], ids=["alive", "elsewhere"])
def test_a_series_that_may_still_be_written_is_left_alone(begun, writer):
    series.write(begun, replace(series.read(begun), **writer))
    with pytest.raises(EngineError, match=r"which process \d+ on \S+ has not ended: remove that folder"):
        series.begin(begun, replace(SERIES, token=6))
    assert series.read(begun).token == 5


def test_checkpoints_of_somebody_else_are_left_alone(folder):
    Path(folder, "global_epoch1_step1").mkdir(parents=True)
    with pytest.raises(EngineError, match=r"holds global_epoch1_step1, which no run here wrote"):
        series.begin(folder, SERIES)
    assert Path(folder, "global_epoch1_step1").is_dir()
    assert not Path(folder, MARKER).exists()


def test_only_the_series_of_the_token_is_removed_and_no_other_file(begun):
    series.remove(begun, token=4)
    assert series.read(begun).whole == (1, 2)
    Path(begun, "notes").touch()
    series.remove(begun, token=5)
    assert [path.name for path in Path(begun).iterdir()] == ["notes"]


def test_a_removed_series_leaves_no_folder(begun):
    series.remove(begun)
    assert not Path(begun).exists()


def test_checkpoints_of_another_shape_are_not_read(begun):
    with pytest.raises(
        EngineError, match=r"of another run: llama3-8b by 8 ranks, and this one needs llama3-8b by 16 ranks;"
    ):
        series.resume(begun, "llama3-8b by 16 ranks")


def test_an_empty_folder_says_what_to_do(folder):
    with pytest.raises(EngineError, match=r"holds no checkpoints to read: write some first"):
        series.resume(folder, SERIES.shape)
    series.begin(folder, SERIES)
    with pytest.raises(EngineError, match=r"holds no whole checkpoint: the run that began 2026-07-12T12:00:00 did not"):
        series.resume(folder, SERIES.shape)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"token": 1}'])
def test_a_damaged_marker_is_named(folder, content):
    Path(folder).mkdir(parents=True)
    Path(folder, MARKER).write_text(content)
    with pytest.raises(EngineError, match=r"\.storagebench-checkpoints\.json is damaged"):
        series.begin(folder, SERIES)


def test_a_marker_that_went_missing_during_the_run_is_named(begun):
    Path(begun, MARKER).unlink()
    with pytest.raises(EngineError, match=r"lost its marker"):
        series.add(begun, 2)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match=r"file/llama3-8b cannot be written: Not a directory"):
        series.begin(str(tmp_path / "file" / "llama3-8b"), SERIES)
