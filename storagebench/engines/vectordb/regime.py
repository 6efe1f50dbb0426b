"""What may serve the queries, and the evidence for it: open files, pages in memory, limits, a device at rest."""

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

from storagebench.collect import devices
from storagebench.engines.storage.page_cache import let_go, resident_pages
from storagebench.errors import ClusterError
from storagebench.units import MIB

QUIET_MIB_PER_S = 1.0
LOOK_S = 1.0
SHORTEST_LOOK_S = 0.1
"""Of who does not want to wait at all."""
CAPPED_SHARE = 0.25
"""Of the bytes on disk: the memory that the regime capped leaves."""
LEAST_CAP_BYTES = 256 * MIB
"""A process with numpy and an open index does not live in less."""
CGROUPS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup"))
"""Version 1 of control groups, then version 2."""


def direct_files(paths: Sequence[str]) -> int:
    """Count the files that this process has open with O_DIRECT."""
    wanted = {os.path.realpath(path) for path in paths}
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            name = str(entry.readlink())
            flags = Path("/proc/self/fdinfo", entry.name).read_text().split("flags:")[1].split()[0]
        except (OSError, IndexError):
            continue
        if name in wanted and int(flags, 8) & os.O_DIRECT:
            found.add(name)
    return len(found)


def resident_share(paths: Sequence[str]) -> float | None:
    """Return the share of the files' pages that is in the page cache; None where they cannot be seen."""
    try:
        pages, resident = resident_pages(paths)
    except OSError:
        return None
    return resident / pages if pages else None


def empty_page_cache(paths: Sequence[str]) -> None:
    """Let go of the files' pages, written or not.

    Raises:
        ClusterError: they are out of sight, or their filesystem does not heed the advice.
    """
    if not paths:
        raise ClusterError(
            "the regime cold needs the database's files in sight: run on the server's host, or choose warm"
        )
    for path in paths:
        try:
            with Path(path).open("rb") as stream:
                os.fsync(stream.fileno())
            heeded = let_go(path)
        except OSError as error:
            raise ClusterError(
                f"cannot empty the page cache of {path}: {error.strerror}; choose another --vdb-regime"
            ) from None
        if not heeded:
            raise ClusterError(f"the filesystem of {path} keeps its pages: choose another --vdb-regime")


def wait_until_quiet(folder: str, most_s: float) -> tuple[bool, float, float | None]:
    """Wait until the device below a folder hardly writes; return whether it came to rest, the wait, and the last MiB/s.

    Where there is no device to look at, nothing can be told, and the rate is None.
    """
    device = devices.block_device_of(folder)
    if device is None:
        return False, 0.0, None
    began = time.monotonic()
    while True:
        before, looked = devices.written_bytes(device), time.monotonic()
        time.sleep(min(LOOK_S, max(most_s, SHORTEST_LOOK_S)))
        now = time.monotonic()
        rate = (devices.written_bytes(device) - before) / MIB / (now - looked)
        if rate < QUIET_MIB_PER_S or now - began >= most_s:
            return rate < QUIET_MIB_PER_S, now - began, rate


class Cap:
    """A limit of memory, page cache included, for the processes of this host; all its ranks name the same group.

    Raises:
        ClusterError: control groups cannot be used here.
    """

    def __init__(self, name: str, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        home = next((home for home in CGROUPS if (home / "cgroup.procs").exists()), None)
        if home is None:
            raise ClusterError(
                "the regime capped needs control groups, and there are none here: choose another --vdb-regime"
            )
        self._home = home
        self._from: dict[int, Path] = {}
        self._group = home / f"storagebench-{name}"
        file = "memory.limit_in_bytes" if home.name == "memory" else "memory.max"
        try:
            self._group.mkdir(exist_ok=True)
            (self._group / file).write_text(str(limit_bytes))
        except OSError as error:
            raise ClusterError(
                f"the regime capped needs the right to make control groups in {home} ({error.strerror}): run as root, or "
                "choose another --vdb-regime"
            ) from None

    def hold(self, pids: Sequence[int]) -> None:
        """Put processes under the limit; they leave it when they end or with `release`."""
        for pid in pids:
            self._from[pid] = self._group_of(pid)
            (self._group / "cgroup.procs").write_text(str(pid))

    def release(self) -> None:
        """Put what was held back to where it came from, and remove the group with the last of its processes."""
        for pid, origin in self._from.items():
            with contextlib.suppress(ProcessLookupError):  # it has ended
                (origin / "cgroup.procs").write_text(str(pid))
        self._from.clear()
        with contextlib.suppress(OSError):  # the others of this host are still in it
            self._group.rmdir()

    def _group_of(self, pid: int) -> Path:
        wanted = ["memory"] if self._home.name == "memory" else [""]
        for line in Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers.split(",") == wanted:
                return self._home / path.lstrip("/")
        return self._home


def cap_bytes(disk_bytes: int | None) -> int:
    """Return the limit of the regime capped."""
    return max(LEAST_CAP_BYTES, int(CAPPED_SHARE * (disk_bytes or 0)))
