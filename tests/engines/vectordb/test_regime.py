"""The evidence of a regime: files open with O_DIRECT, pages in memory, a device at rest."""

import os
import subprocess
from pathlib import Path

import pytest

from storagebench.engines.vectordb import regime
from storagebench.engines.vectordb.direct import DirectFile
from storagebench.errors import ClusterError, DatasetError
from storagebench.units import MIB


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(os.urandom(3 * 4096 + 100))
    return path


def test_only_files_that_are_open_past_the_cache_count(file):
    assert regime.direct_files([str(file)]) == 0
    with file.open("rb"):
        assert regime.direct_files([str(file)]) == 0
    direct = DirectFile(file, 4096)
    assert regime.direct_files([str(file), "/nowhere"]) == 1
    direct.close()


@pytest.mark.parametrize(("offset", "length"), [(0, 4096), (1, 10), (4090, 12), (3 * 4096, 100)])
def test_bytes_read_past_the_cache_are_those_of_the_file(file, offset, length):
    direct = DirectFile(file, 8192)
    assert bytes(direct.read(offset, length)) == file.read_bytes()[offset : offset + length]
    direct.close()


def test_a_file_that_ends_too_early_is_named(file):
    direct = DirectFile(file, 8192)
    with pytest.raises(DatasetError, match="ends at 12,388 where 12,389 bytes were expected"):
        direct.read(3 * 4096, 101)
    direct.close()


def test_pages_leave_the_cache_when_asked(file):
    file.read_bytes()
    regime.empty_page_cache([str(file)])
    assert regime.resident_share([str(file)]) == 0


def test_files_out_of_sight_cannot_be_cold():
    with pytest.raises(ClusterError, match="cold needs the database's files in sight"):
        regime.empty_page_cache([])
    with pytest.raises(ClusterError, match="cannot empty the page cache of /nowhere"):
        regime.empty_page_cache(["/nowhere"])


def test_a_device_that_writes_is_not_quiet(tmp_path, monkeypatch):
    written = iter(range(0, 10**12, 64 * MIB))
    monkeypatch.setattr(regime, "LOOK_S", 0.01)
    monkeypatch.setattr(regime.devices, "block_device_of", lambda folder: object())
    monkeypatch.setattr(regime.devices, "written_bytes", lambda device: next(written))
    quiet, _, rate = regime.wait_until_quiet(str(tmp_path), 0.05)
    assert not quiet
    assert rate > 1
    monkeypatch.setattr(regime.devices, "written_bytes", lambda device: 7)
    assert regime.wait_until_quiet(str(tmp_path), 5)[0]


def test_without_a_device_nothing_is_told(monkeypatch):
    monkeypatch.setattr(regime.devices, "block_device_of", lambda folder: None)
    assert regime.wait_until_quiet("/", 5) == (False, 0.0, None)


def test_a_process_that_was_held_goes_back_to_the_group_it_came_from():
    try:
        cap = regime.Cap(f"test-{os.getpid()}", 64 * MIB)
    except ClusterError as error:
        pytest.skip(f"NOT TESTED: {error}")
    process = subprocess.Popen(["sleep", "60"])
    try:
        groups = Path(f"/proc/{process.pid}/cgroup")
        before = groups.read_text()
        cap.hold([process.pid])
        assert f"storagebench-test-{os.getpid()}" in groups.read_text()
        cap.release()
        assert groups.read_text() == before
    finally:
        process.kill()
        process.wait()
    assert not [path for home in regime.CGROUPS for path in home.glob(f"storagebench-test-{os.getpid()}")]


def test_a_process_that_ended_under_its_limit_leaves_no_group_behind():
    try:
        cap = regime.Cap(f"test-{os.getpid()}", 64 * MIB)
    except ClusterError as error:
        pytest.skip(f"NOT TESTED: {error}")
    with subprocess.Popen(["sleep", "60"]) as process:
        cap.hold([process.pid])
        process.kill()
    cap.release()
    assert not [path for home in regime.CGROUPS for path in home.glob(f"storagebench-test-{os.getpid()}")]


def test_the_limit_is_a_quarter_of_the_index_but_enough_to_live_in():
    assert regime.cap_bytes(4096 * MIB) == 1024 * MIB
    assert regime.cap_bytes(100 * MIB) == regime.cap_bytes(None) == 256 * MIB


def test_without_control_groups_the_regime_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(regime, "CGROUPS", (tmp_path,))
    with pytest.raises(ClusterError, match="there are none here: choose another --vdb-regime"):
        regime.Cap("x", 64 * MIB)
    (tmp_path / "cgroup.procs").touch()
    (tmp_path / "storagebench-x").touch()
    with pytest.raises(ClusterError, match="run as root, or choose another --vdb-regime"):
        regime.Cap("x", 64 * MIB)
