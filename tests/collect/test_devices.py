"""The device below a path is found by its number, and its reads are counted in bytes."""

import os

import pytest

from storagebench.collect import devices
from storagebench.collect.devices import (
    BlockDevice,
    block_device_of,
    no_device_reason,
    process_read_bytes,
    process_written_bytes,
    read_bytes,
    unwritten_bytes,
    written_bytes,
)


@pytest.fixture
def partition(tmp_path, monkeypatch):
    """Pretend that everything is on the second partition of an NVMe drive."""
    device = tmp_path / "devices" / "nvme0n1p2"
    device.mkdir(parents=True)
    (device / "stat").write_text("  10  0  2048  5  0 0 0 0 0 0 0\n")
    (tmp_path / "259:2").symlink_to(device)
    monkeypatch.setattr(devices, "SYS_BLOCK", tmp_path)
    monkeypatch.setattr("os.major", lambda number: 259)
    monkeypatch.setattr("os.minor", lambda number: 2)


def test_a_partition_counts_for_itself(tmp_path, partition):
    device = block_device_of(str(tmp_path))
    assert device.name == "nvme0n1p2"
    assert read_bytes(device) == 2048 * 512


def test_memory_has_no_device_and_the_reason_says_so():
    assert block_device_of("/dev/shm") is None
    assert no_device_reason("/dev/shm") == (
        "/dev/shm is tmpfs, which has no block device of its own whose reads and writes could be counted"
    )


def test_reads_of_a_device_that_says_nothing_are_none(tmp_path):
    (tmp_path / "stat").write_text("\n")
    assert read_bytes(BlockDevice("x", tmp_path)) == 0


def test_what_this_process_reads_past_the_cache_is_counted(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(1 << 20))
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    before = process_read_bytes()
    os.read(descriptor, 1 << 20)
    os.close(descriptor)
    assert process_read_bytes() >= before


def test_what_the_device_delivers_is_counted(tmp_path):
    device = block_device_of(str(tmp_path))
    file = tmp_path / "file"
    file.write_bytes(os.urandom(1 << 20))
    before = read_bytes(device)
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        assert len(stream.read()) == 1 << 20
    assert read_bytes(device) - before >= 1 << 20


def test_writes_of_a_partition_are_counted(tmp_path, partition):
    (tmp_path / "devices" / "nvme0n1p2" / "stat").write_text("  10  0  2048  5  3 0 4096 0 0 0 0\n")
    assert written_bytes(block_device_of(str(tmp_path))) == 4096 * 512


def test_what_this_process_writes_is_counted(tmp_path):
    before = process_written_bytes()
    (tmp_path / "file").write_bytes(bytes(1 << 20))
    assert process_written_bytes() >= before


def test_what_is_still_to_be_written_is_told():
    assert unwritten_bytes() >= 0
