"""Ranks of data generation: the same bytes from any number of ranks, nothing half-written, and errors in a sentence."""

import contextlib
import errno
import resource
import subprocess
from dataclasses import replace

import pytest

from storagebench.engines.training.layout import layout_of
from storagebench.errors import DatasetError
from storagebench.launch import Job
from storagebench.launch.local import LocalLauncher
from storagebench.serial import to_json
from tests.engines.training.examples import EVERY_FORMAT, HOSTS, NPZ, TurnsLauncher, content, digests, ignore


def job(dataset, folder, ranks=1):
    for file in range(max(dataset.num_subfolders, 1)):
        (folder / layout_of(dataset).path(file)).parent.mkdir(parents=True, exist_ok=True)
    payload = {"dataset": to_json(dataset), "folder": str(folder)}
    return Job(module="storagebench.engines.training.generate", payload=payload, ranks=ranks, hosts=HOSTS)


@pytest.mark.parametrize("dataset", EVERY_FORMAT.values(), ids=EVERY_FORMAT)
def test_any_number_of_ranks_writes_the_same_bytes(dataset, tmp_path):
    one, three = tmp_path / "one", tmp_path / "three"
    TurnsLauncher().run(job(dataset, one), ignore)
    TurnsLauncher().run(job(dataset, three, ranks=3), ignore)
    assert digests(one) == digests(three)
    layout = layout_of(dataset)
    for file in range(dataset.num_files):
        assert (one / layout.path(file)).read_bytes() == content(dataset, file)


def test_real_ranks_share_the_files_and_report_what_they_did(tmp_path):
    events = []
    results = LocalLauncher().run(job(NPZ, tmp_path, ranks=2), events.append)
    assert [result["files_written"] for result in results] == [3, 2]
    sizes = [path.stat().st_size for path in (tmp_path / "train").iterdir()]
    assert sum(result["bytes_written"] for result in results) == sum(sizes)
    assert {event["stage"] for event in events if event["kind"] == "progress"} == {"datagen"}
    assert all(event["done"] <= event["total"] == NPZ.num_files for event in events if event["kind"] == "progress")


def test_files_of_the_right_size_are_kept_and_others_written_again(tmp_path):
    launcher = TurnsLauncher()
    launcher.run(job(NPZ, tmp_path), ignore)
    before = digests(tmp_path)
    first, second, *_ = sorted((tmp_path / "train").iterdir())
    first.unlink()
    second.write_bytes(b"short")
    (launched,) = launcher.run(job(NPZ, tmp_path), ignore)
    assert (launched["files_kept"], launched["files_written"]) == (3, 2)
    assert digests(tmp_path) == before


@contextlib.contextmanager
def full_disk(folder, size):
    """A disk of `size` bytes; where nobody may mount one, files that cannot grow beyond a quarter of it."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False).returncode == 0:
        try:
            yield errno.ENOSPC
        finally:
            subprocess.run(["umount", folder], check=True)
    else:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 4, hard))
        try:
            yield errno.EFBIG
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_a_sentence_and_leaves_only_whole_files(tmp_path):
    dataset = replace(NPZ, num_files=9, record_length_bytes=2_000_000)
    with full_disk(tmp_path, 8 << 20) as error:
        with pytest.raises(DatasetError) as caught:
            TurnsLauncher().run(job(dataset, tmp_path), ignore)
        said = str(caught.value)
        assert f"Generating unet3d in {tmp_path} stopped at " in said
        assert {errno.ENOSPC: "No space left on device", errno.EFBIG: "File too large"}[error] in said
        assert said.endswith("finished files are kept and the next run resumes with the rest.")
        layout = layout_of(dataset)
        kept = sorted((tmp_path / "train").iterdir())
        assert kept
        assert [path.stat().st_size for path in kept] == [layout.file_bytes(file) for file in range(len(kept))]
