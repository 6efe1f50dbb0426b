"""Runs of the tools that do not lie where the tools put them."""

import pytest

from storagebench.submission import Source
from tests.submission.trees import summary, write

STAMP = "20260801_100000"


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        (f"closed/a/results/s/training/b200/unet3d/run/{STAMP}", ("b200", "unet3d")),
        (f"closed/a/results/group/s/training/unet3d/run/{STAMP}", ("unet3d",)),
        (f"closed/a/results/training/unet3d/run/{STAMP}", ("unet3d",)),
        (f"closed/a/results/s/Training/unet3d/run/{STAMP}", ("unet3d",)),
        (f"closed/a/results/s/training/unet3d/{STAMP}", ("unet3d",)),
        (f"closed/a/results/s/checkpointing/llama3-8b/write/{STAMP}", ("llama3-8b",)),
    ],
)
def test_a_run_that_was_moved_is_judged(tmp_path, folder, names):
    (leaf,) = Source(write(tmp_path, {f"{folder}/summary.json": summary()})).runs
    assert (leaf.path, leaf.names, leaf.stamp) == (folder, names, STAMP)
    assert leaf.family in {"training", "checkpointing"}


def test_writes_and_reads_in_folders_of_their_own_are_one_result(tmp_path):
    base = "closed/a/results/s/checkpointing/llama3-8b"
    files = {
        f"{base}/write/{STAMP}/summary.json": summary(),
        f"{base}/read/20260801_110000/summary.json": summary(),
    }
    (runs,) = Source(write(tmp_path, files)).results.values()
    assert len(runs) == 2


@pytest.mark.parametrize(
    "folder",
    [
        f"closed/a/results/s/training/b200/unet3d/datagen/{STAMP}",
        "closed/a/results/s/training/b200/unet3d/run/notes",
        f"closed/a/code/results/s/training/b200/unet3d/run/{STAMP}",
    ],
)
def test_what_is_no_run_is_none_wherever_it_lies(tmp_path, folder):
    files = {
        f"{folder}/summary.json": summary(),
        f"closed/a/results/s/training/unet3d/run/{STAMP}/summary.json": summary(),
    }
    assert len(Source(write(tmp_path, files)).runs) == 1
