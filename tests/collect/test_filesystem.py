"""Which filesystem a path is on, and whether two paths share one."""

import os
import socket
from pathlib import Path

import pytest

from storagebench.collect import filesystem
from storagebench.collect.filesystem import existing_parent, filesystem_of, same_filesystem
from storagebench.errors import ClusterError


@pytest.fixture
def elsewhere():
    """A folder on another filesystem than tmp_path: shared memory, which every Linux has."""
    folder = Path("/dev/shm", f"storagebench-test-{os.getpid()}")
    folder.mkdir()
    yield folder
    folder.rmdir()


def test_a_path_that_is_not_there_yet_belongs_to_its_parents_filesystem(tmp_path):
    missing = tmp_path / "a" / "b"
    assert existing_parent(str(missing)) == tmp_path.resolve()
    found = filesystem_of(str(missing))
    assert Path(found.mount_point).stat().st_dev == tmp_path.stat().st_dev
    assert 0 <= found.free_bytes <= found.total_bytes


def test_the_innermost_and_latest_mount_counts(tmp_path, monkeypatch):
    inner = tmp_path / "in ner"
    inner.mkdir()
    mountinfo = tmp_path / "mountinfo"
    escaped = str(inner.resolve()).replace(" ", "\\040")
    mountinfo.write_text(
        f"1 1 8:1 / {escaped} rw - ext4 /dev/old rw\n2 1 8:2 / / rw - xfs /dev/root rw\n"
        f"3 1 8:3 / {escaped} rw - nfs4 server:/x rw\n4 1 8:4 / {escaped}-not rw - ext4 /dev/other rw\n"
    )
    monkeypatch.setattr(filesystem, "MOUNTINFO", mountinfo)
    assert filesystem_of(str(inner / "file")).device == "server:/x"
    assert filesystem_of(str(tmp_path)).device == "/dev/root"


def test_one_filesystem_is_proved_by_a_link_that_leaves_nothing(tmp_path):
    data, results = tmp_path / "data", tmp_path / "results"
    data.mkdir()
    results.mkdir()
    evidence = same_filesystem(str(data), str(results))
    assert evidence["same_filesystem"] is True
    assert evidence["method"] == "link_exdev"
    assert evidence["probed_by_host"] == socket.gethostname()
    assert list(data.iterdir()) == list(results.iterdir()) == []


def test_two_filesystems_are_told_apart(tmp_path, elsewhere):
    assert same_filesystem(str(tmp_path), str(elsewhere))["same_filesystem"] is False
    assert same_filesystem(str(elsewhere), str(tmp_path))["same_filesystem"] is False


def test_where_links_are_refused_the_device_decides(tmp_path, monkeypatch):
    def refuse(self, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    evidence = same_filesystem(str(tmp_path), str(tmp_path))
    assert (evidence["method"], evidence["same_filesystem"]) == ("st_dev", True)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ClusterError, match="nowhere.* are on different filesystems: No such file"):
        same_filesystem(str(tmp_path / "nowhere"), str(tmp_path))
