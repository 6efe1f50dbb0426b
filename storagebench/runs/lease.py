"""One benchmark at a time on a storage that several launch hosts share: a lease in the storage, renewed while it is held.

A lock of one machine does not reach another, and locks of network filesystems depend on how they are mounted. So the
lease is a small file that its owner writes anew every few seconds. Whoever waits looks whether it changes, by a clock
of its own, so that clocks need not agree; an owner that is gone cannot hold it for longer than `STALE_S`.

Creating a file is atomic on every filesystem that counts. Taking over a dead owner's file is not, so whoever does that
waits for one more beat and looks whether the lease is still its own.
"""

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from storagebench.errors import ClusterError
from storagebench.serial import from_json, to_json

LEASE_FILE = ".storagebench-lease"
BEAT_S = 15.0
STALE_S = 60.0
POLL_S = 1.0
LOCAL_TYPES = frozenset(
    {
        "bcachefs",
        "btrfs",
        "exfat",
        "ext2",
        "ext3",
        "ext4",
        "f2fs",
        "jfs",
        "overlay",
        "ramfs",
        "tmpfs",
        "vfat",
        "xfs",
        "zfs",
    }
)
"""Filesystems that one machine alone has mounted: a lock of that machine is enough."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lease; `beat` counts how often it was renewed."""

    host: str
    pid: int
    token: str
    beat: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often an owner renews its lease, after which silence it counts as dead, and how often others look."""

    beat_s: float = BEAT_S
    stale_s: float = STALE_S
    poll_s: float = POLL_S


@contextlib.contextmanager
def held(folder: str, tell: Callable[[str], None], pace: Pace | None = None) -> Iterator[None]:
    """Hold the lease of a storage; wait for it as long as its owner lives, and `tell` whom we wait for, once each.

    Raises:
        ClusterError: the folder cannot be written, or the lease was lost while it was held: then two benchmarks ran at once.
    """
    lease = _Lease(Path(folder, LEASE_FILE), pace or Pace())
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        lease.acquire(tell)
    except OSError as error:
        raise ClusterError(f"{folder} cannot be kept for one benchmark at a time: {error.strerror}") from error
    try:
        yield
    finally:
        lease.release()
    if lease.lost:
        raise ClusterError(
            f"{folder} was taken by another benchmark while this one ran: the storage stood still for too long; "
            "run both again, one after the other"
        )


class _Lease:
    def __init__(self, path: Path, pace: Pace) -> None:
        self.lost = False
        self._path, self._pace = path, pace
        self._owner = Owner(socket.gethostname(), os.getpid(), uuid.uuid4().hex)
        self._done = threading.Event()
        self._beating = threading.Thread(target=self._beat, name="storagebench-lease", daemon=True)

    def acquire(self, tell: Callable[[str], None]) -> None:
        seen, since, told = b"", time.monotonic(), ""
        while not self._created():
            found = self._read()
            if found is None:
                continue
            if found != seen:
                seen, since = found, time.monotonic()
            other = _owner(found)
            if other is not None and other.token != told:
                tell(f"waiting for the benchmark of process {other.pid} on {other.host} to leave {self._path.parent}")
                told = other.token
            if _is_dead(other) or time.monotonic() - since > self._pace.stale_s:
                if self._taken_over(seen):
                    break
                continue
            time.sleep(self._pace.poll_s)
        self._beating.start()

    def release(self) -> None:
        self._done.set()
        self._beating.join()
        if self._is_ours():
            self._path.unlink(missing_ok=True)

    def _created(self) -> bool:
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "wb") as file:
            file.write(self._text())
        return True

    def _taken_over(self, dead: bytes) -> bool:
        if self._read() != dead:
            return False
        self._write()
        time.sleep(self._pace.beat_s)
        return self._is_ours()

    def _beat(self) -> None:
        while not self._done.wait(self._pace.beat_s):
            if not self._is_ours():
                self.lost = True
                return
            self._owner = replace(self._owner, beat=self._owner.beat + 1)
            with contextlib.suppress(OSError):  # a full storage is the run's own failure; the next beat may get through
                self._write()

    def _is_ours(self) -> bool:
        other = _owner(self._read() or b"")
        return other is not None and other.token == self._owner.token

    def _read(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None

    def _write(self) -> None:
        fresh = self._path.with_name(f"{LEASE_FILE}-{self._owner.token}")
        fresh.write_bytes(self._text())
        fresh.replace(self._path)

    def _text(self) -> bytes:
        return json.dumps(to_json(self._owner)).encode()


def _owner(text: bytes) -> Owner | None:
    """Understand a lease; None while it is being written, or when it is none of ours."""
    try:
        return from_json(Owner, json.loads(text))
    except (ValueError, TypeError):
        return None


def _is_dead(other: Owner | None) -> bool:
    """Say whether an owner on this very host is gone; of another host only its silence tells."""
    if other is None or other.host != socket.gethostname():
        return False
    try:
        os.kill(other.pid, 0)
    except OSError as error:
        return isinstance(error, ProcessLookupError)  # one that we may not signal is alive
    return False
