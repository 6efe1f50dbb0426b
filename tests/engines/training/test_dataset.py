"""Datasets: made once, found again, extended, resumed after any end, and never believed when damaged."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from storagebench.engines.training import dataset as module
from storagebench.engines.training.dataset import LOCK_FILE, ensure, read_manifest
from storagebench.engines.training.layout import layout_of
from storagebench.engines.training.manifest import MANIFEST_FILE, MARKER_FILE
from storagebench.errors import DatasetError, EngineError
from storagebench.launch.local import LocalLauncher
from storagebench.model import Column
from tests.engines.training.examples import DLRM, EVERY_FORMAT, HOSTS, JPEG, NPZ, TurnsLauncher, digests, ignore

every_format = pytest.mark.parametrize("dataset", EVERY_FORMAT.values(), ids=EVERY_FORMAT)


class NoLauncher:
    """Stands where nothing may be generated."""

    name = "none"

    def run(self, job, tell):
        pytest.fail("the dataset was generated again")


class FailingLauncher:
    """Makes some files as one rank of three would, then loses the rank."""

    name = "failing"

    def run(self, job, tell):
        TurnsLauncher().run(replace(job, payload=job.payload | {"dataset": half(job.payload["dataset"])}), tell)
        raise EngineError("rank 0 on here was killed")


def half(dataset):
    return dataset | {"num_files": dataset["num_files"] // 2}


def make(dataset, folder, launcher=None, ranks=1):
    return ensure(dataset, str(folder), launcher or TurnsLauncher(), HOSTS, ranks, ignore)


def snapshot(folder):
    return {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*.*") if path.is_file()}


@every_format
def test_a_dataset_is_made_then_found(dataset, tmp_path):
    made = make(dataset, tmp_path / "data", ranks=2)
    assert made.dataset == dataset
    assert made.total_bytes == sum(path.stat().st_size for path in (tmp_path / "data" / "train").rglob("img_*"))
    assert make(dataset, tmp_path / "data", NoLauncher()) == made == read_manifest(made.path)


def test_real_ranks_make_it(tmp_path):
    make(JPEG, tmp_path / "real", LocalLauncher(), ranks=3)
    make(JPEG, tmp_path / "turns")
    assert digests(tmp_path / "real") == digests(tmp_path / "turns")


def test_a_larger_dataset_serves_a_smaller_wish(tmp_path):
    made = make(NPZ, tmp_path)
    assert make(replace(NPZ, num_files=2), tmp_path, NoLauncher()) == made


@every_format
def test_a_smaller_dataset_is_extended_in_place(dataset, tmp_path):
    make(replace(dataset, num_files=2), tmp_path / "grown")
    before = {path: time for path, time in snapshot(tmp_path / "grown").items() if path.suffix != ".json"}
    assert make(dataset, tmp_path / "grown").dataset.num_files == dataset.num_files
    assert before.items() <= snapshot(tmp_path / "grown").items()
    make(dataset, tmp_path / "whole")
    assert digests(tmp_path / "grown") == digests(tmp_path / "whole")


def test_a_lost_rank_leaves_no_dataset_and_the_next_call_resumes(tmp_path):
    with pytest.raises(EngineError, match="rank 0 on here was killed"):
        make(NPZ, tmp_path, FailingLauncher())
    assert read_manifest(str(tmp_path)) is None
    assert (tmp_path / MARKER_FILE).exists()
    launcher = TurnsLauncher()
    make(NPZ, tmp_path, launcher)
    assert launcher.results[0]["files_kept"] == NPZ.num_files // 2
    assert not (tmp_path / MARKER_FILE).exists()


def test_a_failed_extension_leaves_the_smaller_dataset_valid(tmp_path):
    small = make(replace(NPZ, num_files=2), tmp_path)
    with pytest.raises(EngineError):
        make(replace(NPZ, num_files=8), tmp_path, FailingLauncher())
    assert make(replace(NPZ, num_files=2), tmp_path, NoLauncher()) == small
    assert make(NPZ, tmp_path).dataset == NPZ


KILLED = """
import os, signal, sys
from dataclasses import replace
from storagebench.engines.training.dataset import ensure
from storagebench.launch.local import LocalLauncher
from tests.engines.training.examples import HOSTS, NPZ

def die(event):
    os.kill(os.getpid(), signal.SIGKILL)

ensure(replace(NPZ, num_files=60), sys.argv[1], LocalLauncher(), HOSTS, 2, die)
"""


def test_a_killed_generation_is_no_dataset_and_resumes_to_the_same_bytes(tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    ended = subprocess.run([sys.executable, "-c", KILLED, killed], check=False, cwd=Path(__file__).parents[3])
    assert ended.returncode == -9
    assert read_manifest(str(killed)) is None
    dataset = replace(NPZ, num_files=60)
    layout = layout_of(dataset)
    for file in range(60):
        path = killed / layout.path(file)
        assert not path.exists() or path.stat().st_size == layout.file_bytes(file)
    make(dataset, killed)
    make(dataset, whole)
    assert digests(killed) == digests(whole)


@pytest.mark.parametrize("file", [0, 4])
@every_format
def test_a_truncated_file_is_named_with_both_sizes(dataset, file, tmp_path):
    make(replace(dataset, num_files=5), tmp_path)
    path = tmp_path / layout_of(replace(dataset, num_files=5)).path(file)
    size = path.stat().st_size
    os.truncate(path, size - 1)
    with pytest.raises(DatasetError) as caught:
        make(dataset if file == 0 else replace(dataset, num_files=5), tmp_path, NoLauncher())
    assert str(caught.value) == (
        f"{path} holds {size - 1} bytes instead of {size}: the dataset is damaged; "
        f"delete {tmp_path} to have it generated again."
    )


def test_a_missing_file_is_named(tmp_path):
    make(NPZ, tmp_path)
    (tmp_path / layout_of(NPZ).path(4)).unlink()
    with pytest.raises(DatasetError, match=r"img_0000004.npz should hold \d+ bytes, found none \(No such file"):
        make(NPZ, tmp_path, NoLauncher())


def test_a_damaged_dataset_is_not_extended(tmp_path):
    make(NPZ, tmp_path)
    os.truncate(tmp_path / layout_of(NPZ).path(2), 5)
    with pytest.raises(DatasetError, match="holds 5 bytes instead of"):
        make(replace(NPZ, num_files=7), tmp_path, NoLauncher())


def test_no_more_than_a_sample_of_a_large_dataset_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SAMPLED_FILES", 3)
    make(NPZ, tmp_path)
    for file, looked_at in enumerate([True, False, True, False, True]):
        path = tmp_path / layout_of(NPZ).path(file)
        path.rename(tmp_path / "aside")
        if looked_at:
            with pytest.raises(DatasetError, match=path.name):
                make(NPZ, tmp_path, NoLauncher())
        else:
            make(NPZ, tmp_path, NoLauncher())
        (tmp_path / "aside").rename(path)


@pytest.mark.parametrize("finished", [True, False], ids=["finished", "begun"])
def test_a_dataset_of_other_parameters_is_refused_with_both_values(finished, tmp_path):
    if finished:
        make(NPZ, tmp_path)
    else:
        with pytest.raises(EngineError):
            make(NPZ, tmp_path, FailingLauncher())
    with pytest.raises(DatasetError, match=r"\(record_length_bytes is 1500000.0 there and 7 here; seed is 10 there"):
        make(replace(NPZ, record_length_bytes=7, seed=11), tmp_path, NoLauncher())


def test_other_columns_are_counted_not_listed(tmp_path):
    make(DLRM, tmp_path)
    with pytest.raises(DatasetError, match="columns is 12 columns there and 1 columns here"):
        make(replace(DLRM, columns=(Column("c", "int8"),)), tmp_path, NoLauncher())


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(DatasetError, match=r"is not empty \(it holds 'thesis.tex'\) and holds no dataset of ours"):
        make(NPZ, tmp_path, NoLauncher())


def test_a_dataset_that_does_not_fit_is_refused_before_a_byte_is_written(tmp_path):
    huge = replace(NPZ, num_files=1000, record_length_bytes=1e12, record_length_bytes_stdev=0)
    with pytest.raises(DatasetError, match=r"needs 909.\d+ TiB, has .+ free on .+: 1000 of 1000 files × 931.32 GiB"):
        make(huge, tmp_path, NoLauncher())
    assert [path.name for path in tmp_path.iterdir()] == [LOCK_FILE]


def test_only_what_is_missing_must_fit(tmp_path, monkeypatch):
    with pytest.raises(EngineError):
        make(replace(NPZ, num_files=4), tmp_path, FailingLauncher())
    huge = os.statvfs_result((4096, 4096, 0, 0, 0, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: huge)
    with pytest.raises(DatasetError, match="has 0 B free on .+: 2 of 4 files"):
        make(replace(NPZ, num_files=4), tmp_path, NoLauncher())


def test_a_place_where_no_folder_can_be_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        DatasetError, match=r"Cannot write a dataset to .+/file/unet3d: Not a directory; choose another"
    ):
        make(NPZ, tmp_path / "file" / "unet3d", NoLauncher())


def test_two_processes_that_want_one_dataset_make_it_once(tmp_path):
    script = (
        "import sys; from tests.engines.training.examples import *;"
        "from storagebench.engines.training.dataset import ensure;"
        "launcher = TurnsLauncher(); ensure(NPZ, sys.argv[1], launcher, HOSTS, 1, ignore);"
        "print(len(launcher.results))"
    )
    command = [sys.executable, "-c", script, tmp_path]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) for _ in range(2)]
    assert sorted(process.communicate()[0] for process in both) == [b"0\n", b"1\n"]


def test_the_marker_says_what_is_being_made(tmp_path):
    with pytest.raises(EngineError):
        make(NPZ, tmp_path, FailingLauncher())
    marker = json.loads((tmp_path / MARKER_FILE).read_text())
    assert marker["state"] == "in progress"
    assert marker["storagebench"]["fingerprint"] == NPZ.fingerprint()
    assert (tmp_path / MANIFEST_FILE).exists() is False
