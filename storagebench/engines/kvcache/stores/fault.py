"""Local files that go wrong on purpose, for tests: `storing.address` says how, ``<fault>:<which>[:<seconds>]``.

Faults: ``flip`` (a bit of a part that is read), ``short`` (an object's file loses all from the part on that is to be
read), ``vanish`` (an object's file is unlinked before it is read), ``full`` (no space left), ``stall`` (one read takes so
long), ``slow`` (every write takes so long from then on), ``die`` (the process is killed). `which` counts parts read,
parts written for full and slow, and objects read for vanish, over all threads. What is done to files is found out by
the local backend itself.
"""

import errno
import itertools
import os
import signal
import time
from pathlib import Path

from storagebench.engines.kvcache.stores import Backend, Place, Session, local


class FaultBackend:
    """A local backend and one fault."""

    def __init__(self, place: Place) -> None:
        self._local = local.open_backend(place)
        self.direct, self.verifies = self._local.direct, True
        fault, which, *rest = place.storing.address.split(":")
        self.fault = fault
        self.which = int(which)
        self.pause_s = float(rest[0]) if rest else 0.0
        self.opened, self.reads, self.writes = (itertools.count(1) for _ in range(3))  # one step each: safe in threads

    def session(self) -> Session:
        """Return a session that may fail."""
        return _FaultSession(self, self._local.session())

    def file_of(self, name: int) -> Path:
        """Return the file of an object in layout objects."""
        return Path(self._local.folder, f"{name & 0xFF:02x}", f"{name:016x}")

    def clear(self) -> None:
        """Remove what was stored."""
        self._local.clear()


class _FaultSession:
    def __init__(self, backend: FaultBackend, session: Session) -> None:
        self._backend = backend
        self._session = session
        self._name = 0
        self.create, self.commit = session.create, session.commit
        self.close, self.delete, self.discard = session.close, session.delete, session.discard

    def open(self, name: int, size_bytes: int) -> None:
        """Open, what may be gone by then."""
        self._name = name
        if next(self._backend.opened) == self._backend.which and self._backend.fault == "vanish":
            self._backend.file_of(name).unlink()
        self._session.open(name, size_bytes)

    def write(self, part: memoryview, offset: int) -> None:
        """Write, or run out of space, or dawdle."""
        number = next(self._backend.writes)
        if self._backend.fault == "full" and number >= self._backend.which:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self._backend.fault == "slow" and number >= self._backend.which:
            time.sleep(self._backend.pause_s)
        self._session.write(part, offset)

    def read(self, part: memoryview, offset: int) -> None:
        """Read, and do what the fault says when its turn has come."""
        due = next(self._backend.reads) == self._backend.which
        if due and self._backend.fault == "short":
            os.truncate(self._backend.file_of(self._name), offset)
        if due and self._backend.fault == "stall":
            time.sleep(self._backend.pause_s)
        if due and self._backend.fault == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        self._session.read(part, offset)
        if due and self._backend.fault == "flip":
            part[0] ^= 1


def open_backend(place: Place) -> Backend:
    """Open it."""
    return FaultBackend(place)
