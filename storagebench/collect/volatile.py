"""Filesystems that are no storage anybody wants to measure, and which one a path is on."""

from pathlib import PurePosixPath

from storagebench.collect import proc

VOLATILE = {"tmpfs": "memory", "ramfs": "memory", "overlay": "a container's own layer"}
"""By type, and what they are instead."""


def type_at(mountinfo: str, path: str) -> str:
    """Return the type of the filesystem that a real path is on; "" where no mount covers it."""
    mount = proc.mount_of(proc.mounts(mountinfo), PurePosixPath(path))
    return mount.type if mount else ""
