"""This machine, its filesystems and devices, described for real."""

import json
import os
import subprocess

import psutil
import pytest

from storagebench.collect.cluster import collect
from storagebench.collect.devices import block_device_of, no_device_reason, process_read_bytes, read_bytes
from storagebench.collect.filesystem import filesystem_of, same_filesystem
from storagebench.collect.host import local_host
from storagebench.collect.versions import variable_names, versions
from storagebench.errors import ClusterError
from storagebench.launch.local import LocalLauncher
from storagebench.launch.mpi import MpiLauncher
from storagebench.model import LOCALHOST, Host


@pytest.fixture
def tmpfs(tmp_path):
    """A filesystem of its own."""
    folder = tmp_path / "tmpfs"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_the_host_agrees_with_psutil():
    facts = local_host()
    assert facts.memory_bytes == psutil.virtual_memory().total
    assert 0 < facts.available_bytes <= facts.memory_bytes
    assert facts.logical_cpus == psutil.cpu_count()
    assert facts.hostname == os.uname().nodename
    assert any(mount["mount_point"] == "/" for mount in facts.mounts)


def test_one_host_is_described_directly_and_by_mpi_alike():
    here = collect((LOCALHOST,), LocalLauncher())
    there = collect((LOCALHOST,), MpiLauncher())
    assert (here.method, there.method) == ("local", "mpi")
    assert here.hosts[0].hostname == there.hosts[0].hostname
    assert here.memory_bytes == there.memory_bytes


def test_two_names_of_one_machine_are_refused():
    with pytest.raises(ClusterError, match=r"--hosts=localhost, 127.0.0.1: .*name each machine once"):
        collect((LOCALHOST, Host("127.0.0.1")), MpiLauncher())


def test_a_tmpfs_has_no_device_and_says_so(tmpfs):
    assert filesystem_of(str(tmpfs)).type == "tmpfs"
    assert filesystem_of(str(tmpfs)).total_bytes == 1 << 20
    assert block_device_of(str(tmpfs)) is None
    assert f"{tmpfs} is tmpfs, which has no block device" in no_device_reason(str(tmpfs))


def test_a_path_that_does_not_exist_yet_is_on_its_parents_filesystem(tmpfs):
    assert filesystem_of(str(tmpfs / "not" / "yet")).mount_point == str(tmpfs)


def test_reads_from_the_device_are_counted(tmp_path):
    device = block_device_of(str(tmp_path))
    assert device is not None
    file = tmp_path / "file"
    file.write_bytes(os.urandom(1 << 20))
    before, own = read_bytes(device), process_read_bytes()
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        assert len(stream.read()) == 1 << 20
    assert read_bytes(device) - before >= 1 << 20
    assert process_read_bytes() - own >= 1 << 20


def test_folders_of_one_filesystem_are_told_from_those_of_two(tmp_path, tmpfs):
    one = same_filesystem(str(tmp_path), str(tmp_path))
    two = same_filesystem(str(tmp_path), str(tmpfs))
    assert (one["same_filesystem"], two["same_filesystem"]) == (True, False)
    assert two["method"] == "link_exdev"
    assert [path for path in tmp_path.iterdir() if path != tmpfs] == []
    assert list(tmpfs.iterdir()) == []


def test_folders_that_cannot_be_probed_are_named(tmp_path):
    with pytest.raises(ClusterError, match="must be folders that can be written"):
        same_filesystem(str(tmp_path / "none"), str(tmp_path))


def test_versions_name_every_dependency_and_variables_have_no_values(monkeypatch):
    monkeypatch.setenv("SOME_SECRET", "hunter2")
    assert versions()["pytest"] == pytest.__version__
    assert None not in [versions()[name] for name in ("numpy", "pyarrow", "mpi4py")]
    assert "SOME_SECRET" in variable_names()
    assert "hunter2" not in json.dumps([versions(), variable_names()])
