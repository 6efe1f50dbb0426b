"""The block device below a path, and what it and this process have moved from and to storage."""

import os
from dataclasses import dataclass
from pathlib import Path

from storagebench.collect import proc
from storagebench.collect.filesystem import filesystem_of

SYS_BLOCK = Path("/sys/dev/block")


@dataclass(frozen=True, slots=True)
class BlockDevice:
    """A block device (or partition, or device-mapper target) by its kernel name, and its folder below /sys."""

    name: str
    folder: Path


def block_device_of(path: str) -> BlockDevice | None:
    """Return the device that holds a path; its own counters are read, so nothing is counted twice.

    None where the filesystem has no single block device: tmpfs, NFS, overlay, btrfs and their like; see
    `no_device_reason`.
    """
    number = Path(path).stat().st_dev
    folder = SYS_BLOCK / f"{os.major(number)}:{os.minor(number)}"
    if os.major(number) == 0 or not (folder / "stat").exists():
        return None
    return BlockDevice(folder.resolve().name, folder)


def no_device_reason(path: str) -> str:
    """Say why `block_device_of` found none."""
    found = filesystem_of(path)
    return f"{found.mount_point} is {found.type}, which has no block device of its own whose reads and writes could be counted"


def read_bytes(device: BlockDevice) -> int:
    """Return the bytes a device has read since boot."""
    return (proc.sectors_read((device.folder / "stat").read_text()) or 0) * proc.SECTOR_BYTES


def written_bytes(device: BlockDevice) -> int:
    """Return the bytes a device has written since boot."""
    return (proc.sectors_written((device.folder / "stat").read_text()) or 0) * proc.SECTOR_BYTES


def read_requests(device: BlockDevice) -> int:
    """Return the reads that a device has completed since boot."""
    return proc.reads_completed((device.folder / "stat").read_text()) or 0


def process_read_bytes() -> int:
    """Return the bytes this process has made the kernel fetch from storage (/proc/self/io; 0 where it is hidden)."""
    return _process_io("read_bytes")


def process_written_bytes() -> int:
    """Return the bytes this process has given the kernel to write to storage (/proc/self/io; 0 where it is hidden)."""
    return _process_io("write_bytes")


def unwritten_bytes() -> int:
    """Return what this host has yet to write: pages that are dirty or being written back (/proc/meminfo)."""
    pairs = proc.colon_pairs(Path("/proc/meminfo").read_text())
    return proc.kib(pairs.get("Dirty")) + proc.kib(pairs.get("Writeback"))


def read_bytes_of(pid: int) -> int | None:
    """Return the bytes that a process has made the kernel fetch from storage; None where it is gone or hidden."""
    try:
        return int(proc.colon_pairs(Path(f"/proc/{pid}/io").read_text())["read_bytes"])
    except (OSError, ValueError, KeyError):
        return None


def _process_io(name: str) -> int:
    try:
        return int(proc.colon_pairs(Path("/proc/self/io").read_text()).get(name, "0"))
    except (OSError, ValueError):
        return 0
