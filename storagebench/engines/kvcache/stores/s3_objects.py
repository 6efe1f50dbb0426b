"""S3 and what speaks it: one object a part, over obstore; `store.address` is ``s3://bucket[?endpoint=URL]``.

Credentials and region come from the usual AWS variables. obstore returns a buffer of its own, so each part is copied
once; put and get have no retries of ours.
"""

import errno
from typing import Any
from urllib.parse import parse_qs, urlsplit

from storagebench.engines.kvcache.stores import Place, Session, StoreError
from storagebench.engines.kvcache.stores.parts import PartSession
from storagebench.errors import ConfigError, EngineError


class S3Backend:
    """One bucket; obstore's client is safe in threads."""

    direct = False
    verifies = True

    def __init__(self, place: Place) -> None:
        if place.storing.keys == "shared":
            raise ConfigError("backend s3 keeps each client's objects apart: set store.keys=private")
        self._sizes: dict[int, int] = {}
        self._part_bytes = place.storing.part_bytes
        self._prefix = f"{place.token}/{place.folder.rpartition('/')[2]}"
        self._values = _Values(_bucket(place.storing.address))
        try:
            self._values.keys(self._prefix)
        except StoreError as error:
            raise EngineError(f"{place.storing.address}: the bucket cannot be used: {error}") from None

    def session(self) -> Session:
        """Return a session."""
        return PartSession(self._values, self._prefix, self._part_bytes, self._sizes)

    def clear(self) -> None:
        """Remove the run's objects, found by their prefix."""
        if keys := self._values.keys(self._prefix):
            self._values.delete(keys)


class _Values:
    def __init__(self, bucket: Any) -> None:
        self._bucket = bucket

    def put(self, key: str, part: memoryview) -> None:
        """Store an object."""
        import obstore

        self._said(obstore.put, key, part)

    def get_into(self, key: str, part: memoryview) -> int:
        """Copy an object out."""
        import obstore

        value = memoryview(self._said(obstore.get, key).bytes())
        part[: len(value)] = value[: len(part)]
        return len(value)

    def delete(self, keys: list[str]) -> None:
        """Remove objects."""
        import obstore

        self._said(obstore.delete, keys)

    def keys(self, prefix: str) -> list[str]:
        """List what is there."""
        import obstore

        found = self._said(lambda bucket, of: obstore.list(bucket, prefix=of).collect(), prefix)
        return [entry["path"] for entry in found]

    def _said(self, call: Any, argument: Any, *more: Any) -> Any:
        from obstore.exceptions import BaseError

        try:
            return call(self._bucket, argument, *more)
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, "no such object", str(argument)) from None
        except (BaseError, OSError) as error:
            raise StoreError(f"S3 said: {str(error).splitlines()[0]}") from None


def _bucket(address: str) -> Any:
    try:
        from obstore.store import S3Store
    except ImportError:
        raise ConfigError("backend s3 needs obstore: pip install obstore") from None
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc:
        raise ConfigError(f"store.address={address}: give s3://bucket or s3://bucket?endpoint=URL")
    endpoint = parse_qs(parts.query).get("endpoint", [None])[0]
    settings: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
    plain = bool(endpoint and endpoint.startswith("http://"))
    return S3Store(parts.netloc, client_options={"allow_http": plain}, **settings)


def open_backend(place: Place) -> S3Backend:
    """Open the bucket.

    Raises:
        ConfigError: obstore is not installed, or the address is none.
        EngineError: the bucket cannot be used.
    """
    return S3Backend(place)
