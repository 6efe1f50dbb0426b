"""Backends without a storage: `null` keeps nothing and measures the harness, `memory` keeps parts in this process."""

import errno

from storagebench.engines.kvcache.stores import Backend, Place, Session, StoreError


class NullBackend:
    """Takes everything and gives nothing."""

    direct = True
    verifies = False

    def session(self) -> Session:
        """Return a session that does nothing."""
        return _NullSession()

    def clear(self) -> None:
        """Nothing was kept."""


class _NullSession:
    def create(self, name: int, size_bytes: int) -> None:
        """Nothing."""

    def write(self, part: memoryview, offset: int) -> None:
        """Nothing."""

    def commit(self) -> None:
        """Nothing."""

    def open(self, name: int, size_bytes: int) -> None:
        """Nothing."""

    def read(self, part: memoryview, offset: int) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

    def delete(self, name: int) -> None:
        """Nothing."""

    def discard(self) -> None:
        """Nothing."""


class MemoryBackend:
    """Objects as bytes in a mapping."""

    direct = False
    verifies = True

    def __init__(self) -> None:
        self.objects: dict[int, bytearray] = {}

    def session(self) -> Session:
        """Return a session for one thread."""
        return _MemorySession(self.objects)

    def clear(self) -> None:
        """Forget all."""
        self.objects.clear()


class _MemorySession:
    def __init__(self, objects: dict[int, bytearray]) -> None:
        self._objects = objects
        self._name = 0
        self._object = bytearray()

    def create(self, name: int, size_bytes: int) -> None:
        """Make room."""
        self._name, self._object = name, bytearray(size_bytes)

    def write(self, part: memoryview, offset: int) -> None:
        """Copy a part in."""
        self._object[offset : offset + len(part)] = part

    def commit(self) -> None:
        """Let readers find it."""
        self._objects[self._name] = self._object

    def open(self, name: int, size_bytes: int) -> None:
        """Find it."""
        if name not in self._objects:
            raise FileNotFoundError(errno.ENOENT, "no such object in memory", f"{name:016x}")
        self._object = self._objects[name]

    def read(self, part: memoryview, offset: int) -> None:
        """Copy a part out."""
        found = self._object[offset : offset + len(part)]
        if len(found) < len(part):
            raise StoreError("short read: the object in memory has fewer bytes")
        part[:] = found

    def close(self) -> None:
        """Nothing to close."""

    def delete(self, name: int) -> None:
        """Forget one."""
        del self._objects[name]

    def discard(self) -> None:
        """Nothing was begun that others see."""


def open_backend(place: Place) -> Backend:
    """Open one or the other."""
    return NullBackend() if place.storing.backend == "null" else MemoryBackend()
