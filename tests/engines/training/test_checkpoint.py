"""Checkpoints between epochs: when they are due, what they leave, and a folder that cannot take them."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagebench.engines.training.checkpoint import checkpoint_epochs, is_due, write_checkpoint
from storagebench.errors import EngineError
from tests.engines.training.examples import NPZ
from tests.engines.training.plans import make_plan


def plan_of(folder, **sections):
    return make_plan(NPZ, folder, **{"workflow": {"checkpoint": True}, "model": {"model_size": 3_000_001}} | sections)


def epochs_of(folder, epochs, **checkpoint):
    return sorted(checkpoint_epochs(plan_of(folder, train={"epochs": epochs}, checkpoint=checkpoint)))


def test_unet3d_writes_one_after_its_fifth_and_last_epoch(tmp_path):
    assert epochs_of(tmp_path, 5, checkpoint_after_epoch=5, epochs_between_checkpoints=2) == [5]


def test_they_recur_after_the_first(tmp_path):
    assert epochs_of(tmp_path, 8, checkpoint_after_epoch=2, epochs_between_checkpoints=3) == [2, 5, 8]
    assert epochs_of(tmp_path, 3) == [1, 2, 3]


def test_a_workload_without_checkpoints_writes_none(tmp_path):
    assert checkpoint_epochs(make_plan(NPZ, tmp_path, train={"epochs": 5})) == frozenset()


@given(st.integers(1, 50), st.integers(1, 50), st.integers(-3, 0))
def test_without_a_distance_there_is_only_the_first(epoch, first, between):
    assert is_due(epoch, first, between) is (epoch == first)


def test_a_checkpoint_has_the_models_size_and_cannot_be_compressed(tmp_path):
    done = write_checkpoint(plan_of(tmp_path), 5)
    (path,) = (tmp_path / "checkpoints").iterdir()
    content = path.read_bytes()
    assert (done.epoch, done.bytes, len(content)) == (5, 3_000_001, 3_000_001)
    assert len(zlib.compress(content)) > 0.99 * len(content)
    assert done.started_at < done.ended_at


def test_only_the_newest_stays(tmp_path):
    for epoch in (1, 2):
        write_checkpoint(plan_of(tmp_path), epoch)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["unet3d-epoch-2.ckpt"]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "checkpoints").write_text("a file")
    with pytest.raises(EngineError, match=r"the checkpoint .*unet3d-epoch-1\.ckpt cannot be written: "):
        write_checkpoint(plan_of(tmp_path), 1)
