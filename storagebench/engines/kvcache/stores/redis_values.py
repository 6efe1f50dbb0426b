"""Redis and Valkey: one value a part, over redis-py; `store.address` is ``redis://host:port[/db]``.

Values are copied once on their way out of the client library. A server that evicts or persists does so by its own
configuration; what it evicts is a vanished object and fails the run.
"""

import errno
import os
from typing import Any

from storagebench.engines.kvcache.stores import Place, Session, StoreError
from storagebench.engines.kvcache.stores.parts import PartSession
from storagebench.errors import ConfigError, EngineError

SCAN = 1000


class RedisBackend:
    """One server, a connection for each thread."""

    direct = False
    verifies = True

    def __init__(self, place: Place) -> None:
        if place.storing.keys == "shared":
            raise ConfigError("backend redis keeps each client's objects apart: set store.keys=private")
        self._place = place
        self._sizes: dict[int, int] = {}
        self._prefix = f"{place.token}/{place.folder.rpartition('/')[2]}"
        self._server = _connected(place.storing.address)

    def session(self) -> Session:
        """Return a session with a connection of its own."""
        server = _connected(self._place.storing.address)
        return PartSession(_Values(server), self._prefix, self._place.storing.part_bytes, self._sizes)

    def clear(self) -> None:
        """Remove the run's values, found by their prefix."""
        values = _Values(self._server)
        keys = values.keys(self._prefix)
        for start in range(0, len(keys), SCAN):
            values.delete(keys[start : start + SCAN])


class _Values:
    def __init__(self, server: Any) -> None:
        self._server = server

    def put(self, key: str, part: memoryview) -> None:
        """Store a value."""
        self._said(self._server.set, key, part)

    def get_into(self, key: str, part: memoryview) -> int:
        """Copy a value out."""
        value = self._said(self._server.get, key)
        if value is None:
            raise FileNotFoundError(errno.ENOENT, "no such value", key)
        part[: len(value)] = value[: len(part)]
        return len(value)

    def delete(self, keys: list[str]) -> None:
        """Remove values."""
        if self._said(self._server.delete, *keys) < len(keys):
            raise FileNotFoundError(errno.ENOENT, "no such value", keys[0])

    def keys(self, prefix: str) -> list[str]:
        """List what is there."""
        found: list[str] = self._said(lambda: list(self._server.scan_iter(match=f"{prefix}/*", count=SCAN)))
        return found

    @staticmethod
    def _said(call: Any, *arguments: Any) -> Any:
        from redis.exceptions import RedisError

        try:
            return call(*arguments)
        except RedisError as error:
            raise StoreError(f"the server said: {error}") from None


def _connected(address: str) -> Any:
    try:
        import redis
    except ImportError:
        raise ConfigError("backend redis needs redis-py: pip install redis") from None
    try:
        server = redis.Redis.from_url(address, password=os.environ.get("REDIS_PASSWORD"))
        server.ping()
    except ValueError:
        raise ConfigError(f"store.address={address}: give redis://host:port") from None
    except redis.exceptions.RedisError as error:
        raise EngineError(f"{address}: the server cannot be reached ({error})") from None
    return server


def open_backend(place: Place) -> RedisBackend:
    """Connect.

    Raises:
        ConfigError: redis-py is not installed, or the address is none.
        EngineError: the server cannot be reached.
    """
    return RedisBackend(place)
