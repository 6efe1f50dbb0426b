"""Where objects go: a small protocol, and the backends behind it by name.

A backend is opened once for each rank; every thread works through a session of its own, one object at a time, in parts
that lie in aligned memory. `direct` says whether parts bypass the page cache; `verifies` is False only for the null
backend, which keeps nothing that could be verified.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from storagebench import extensions
from storagebench.errors import ConfigError
from storagebench.model import Storing


class StoreError(Exception):
    """A storage that did not do what it was asked, in words; errors of the kernel stay OSErrors."""


class Session(Protocol):
    """One thread's hands on the storage; between `create` and `commit`, or `open` and `close`, one object.

    Every method may raise an OSError or a StoreError; after one, the session is given up with `discard`.
    """

    def create(self, name: int, size_bytes: int) -> None:
        """Begin to write an object."""
        ...

    def write(self, part: memoryview, offset: int) -> None:
        """Write a part of it; parts come in order."""
        ...

    def commit(self) -> None:
        """Make it whole, durable as declared, and visible."""
        ...

    def open(self, name: int, size_bytes: int) -> None:
        """Begin to read an object; FileNotFoundError where there is none."""
        ...

    def read(self, part: memoryview, offset: int) -> None:
        """Fill a part; StoreError where the object has fewer bytes."""
        ...

    def close(self) -> None:
        """Be done with reading."""
        ...

    def delete(self, name: int) -> None:
        """Remove an object."""
        ...

    def discard(self) -> None:
        """Give up whatever was begun; never raises."""
        ...


class Backend(Protocol):
    """A storage for one rank."""

    direct: bool
    verifies: bool

    def session(self) -> Session:
        """Return a session for one thread."""
        ...

    def clear(self) -> None:
        """Remove everything that this run stored, and nothing else."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a backend is opened with: where this rank's objects belong and the run's token in all names."""

    folder: str
    token: str
    storing: Storing
    capacity_bytes: int
    object_bytes: int | None
    """The size of all objects, None where they differ."""
    joins: bool = False
    """Another rank has made the place; this one uses it and leaves it alone."""


BACKENDS: Mapping[str, str] = {
    "local": "storagebench.engines.kvcache.stores.local",
    "null": "storagebench.engines.kvcache.stores.memory",
    "memory": "storagebench.engines.kvcache.stores.memory",
    "fault": "storagebench.engines.kvcache.stores.fault",
    "redis": "storagebench.engines.kvcache.stores.redis_values",
    "s3": "storagebench.engines.kvcache.stores.s3_objects",
    "lmcache": "storagebench.engines.kvcache.stores.lmcache_server",
}
"""By name, the module whose `open_backend(place)` returns it; loaded when used. Plugins add to them."""


def open_backend(place: Place) -> Backend:
    """Open the backend that the plan names.

    Raises:
        ConfigError: there is none of that name, its package is not installed, or its settings do not fit.
        EngineError: it cannot be reached or written.
    """
    name, known = place.storing.backend, {**BACKENDS, **extensions.modules("KV-cache backend")}
    if name not in known:
        raise ConfigError(f"no KV-cache backend '{name}'; there are {', '.join(known)}")
    backend: Backend = importlib.import_module(known[name]).open_backend(place)
    return backend
