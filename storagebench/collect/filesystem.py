"""Filesystems: which one a path is on, and the proof that data and results are on two (rule 3.4.2)."""

import errno
import os
import socket
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storagebench.collect import proc
from storagebench.errors import ClusterError

MOUNTINFO = Path("/proc/self/mountinfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filesystem:
    """A mounted filesystem; `device` is its source as mounted, sizes in bytes, `free_bytes` for ordinary users."""

    device: str
    mount_point: str
    type: str
    total_bytes: int
    free_bytes: int


def filesystem_of(path: str) -> Filesystem:
    """Return the filesystem that a path, or its nearest existing parent, is on."""
    real = existing_parent(path)
    innermost = proc.mount_of(proc.mounts(MOUNTINFO.read_text()), real)
    assert innermost, "every path is below /, which is mounted"
    state = os.statvfs(real)
    return Filesystem(
        device=innermost.source,
        mount_point=innermost.mount_point,
        type=innermost.type,
        total_bytes=state.f_blocks * state.f_frsize,
        free_bytes=state.f_bavail * state.f_frsize,
    )


def existing_parent(path: str) -> Path:
    """Return the path itself, resolved, or the nearest parent that exists."""
    real = Path(path).resolve()
    return next(parent for parent in (real, *real.parents) if parent.exists())


def same_filesystem(data_dir: str, results_dir: str) -> dict[str, Any]:
    """Probe whether two directories share a filesystem; return the content of edition 3.0's fs_separation.json.

    A hard link across them either succeeds or fails with EXDEV. Where links are refused for another reason, the
    device numbers decide.

    Raises:
        ClusterError: one of the directories cannot be written.
    """
    method, same = "link_exdev", False
    try:
        with tempfile.NamedTemporaryFile(dir=data_dir, prefix=".storagebench-probe-") as probe:
            target = Path(results_dir, Path(probe.name).name)
            try:
                target.hardlink_to(probe.name)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    method = "st_dev"
                    same = Path(data_dir).stat().st_dev == Path(results_dir).stat().st_dev
            else:
                target.unlink()
                same = True
    except OSError as error:
        raise ClusterError(
            f"cannot tell whether {data_dir} and {results_dir} are on different filesystems: {error.strerror}; "
            "both must be folders that can be written"
        ) from error
    return {
        "version": 1,
        "method": method,
        "data_or_chkpt_path": data_dir,
        "results_path": results_dir,
        "data_or_chkpt_realpath": str(Path(data_dir).resolve()),
        "results_realpath": str(Path(results_dir).resolve()),
        "same_filesystem": same,
        "probed_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "probed_by_rank": 0,
        "probed_by_host": socket.gethostname(),
    }
