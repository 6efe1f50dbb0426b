"""LMCache's own server: one value a part, over its wire protocol; `store.address` is ``lm://host:port``.

The protocol is that of LMCache 0.5.6 (``lmcache/v1/protocol.py`` and ``lmcache/v1/server``), which has neither a
confirmation of writes nor a deletion. So each write is followed, on the same connection, by the question whether the
value is there, and ends with the answer; and what is deleted is overwritten with nothing, which gives its bytes back
and leaves its key. Nothing of LMCache's is needed on this side. Its engine sends a whole chunk as one value: so does
this one where `store.part_mib` holds an object.
"""

import errno
import socket
import struct
from contextlib import closing
from urllib.parse import urlsplit

from storagebench.engines.kvcache.stores import Place, Session, StoreError
from storagebench.engines.kvcache.stores.parts import PartSession
from storagebench.errors import ConfigError, EngineError

PUT, GET, EXIST = 1, 2, 3
SUCCESS, FAIL = 200, 400
BINARY, UINT8, ANYWHERE = 4, 6, 0
"""A value's memory format, type of number and location, in the protocol's numbers: bytes, and no tensor."""
REQUEST = struct.Struct("=9i150s")
"""Command, length, format, type, location, four dimensions, key; the server reads its own machine's byte order."""
REPLY = struct.Struct("=9i")
"""Code, length, format, type, four dimensions, location."""
MOST_VALUE_BYTES = (1 << 31) - 1
CONNECT_S = 10.0
ANSWER_S = 120.0


class LMCacheBackend:
    """One server, a connection for each thread."""

    direct = False
    verifies = True

    def __init__(self, place: Place) -> None:
        storing = place.storing
        if storing.keys == "shared":
            raise ConfigError("backend lmcache keeps each client's objects apart: set store.keys=private")
        if storing.part_bytes > MOST_VALUE_BYTES:
            raise ConfigError("a value of LMCache's server has less than 2 GiB: lower store.part_mib")
        self._address = _host_and_port(storing.address)
        self._part_bytes = storing.part_bytes
        self._prefix = f"{place.token}.{place.folder.rpartition('/')[2]}"
        self._sizes: dict[int, int] = {}
        self._stored: dict[str, None] = {}  # what is to be emptied at the end; each change is one step
        with closing(self._connected()) as values:
            values.probe(self._prefix)

    def session(self) -> Session:
        """Return a session with a connection of its own."""
        return PartSession(self._connected(), self._prefix, self._part_bytes, self._sizes)

    def clear(self) -> None:
        """Empty the run's values."""
        with closing(self._connected()) as values:
            values.delete(list(self._stored))

    def _connected(self) -> "_Values":
        return _Values(self._address, self._stored)


class _Values:
    def __init__(self, address: tuple[str, int], stored: dict[str, None]) -> None:
        self._stored = stored
        try:
            self._socket = socket.create_connection(address, timeout=CONNECT_S)
        except OSError as error:
            raise EngineError(
                f"lm://{address[0]}:{address[1]}: LMCache's server cannot be reached ({error.strerror or error}); start one: "
                "lmcache_server HOST PORT, which comes with `pip install lmcache` and its GPU packages"
            ) from None
        self._socket.settimeout(ANSWER_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def probe(self, prefix: str) -> None:
        """See whether the other side speaks the protocol.

        Raises:
            EngineError: it does not.
        """
        try:
            self._asked(EXIST, f"{prefix}/0/0")
        except StoreError as error:
            raise EngineError(f"store.address: what listens there is no server of LMCache's ({error})") from None

    def put(self, key: str, part: memoryview) -> None:
        """Store a value and wait until it is there."""
        self._stored[key] = None
        self._send(_request(PUT, key, len(part)), part, _request(EXIST, key))
        self._confirmed(key)

    def get_into(self, key: str, part: memoryview) -> int:
        """Copy a value out; one of another size is not read."""
        code, size_bytes = self._asked(GET, key)
        if code != SUCCESS or not size_bytes:
            raise FileNotFoundError(errno.ENOENT, "no such value", key)
        if size_bytes == len(part):
            self._receive(part)
        return size_bytes

    def delete(self, keys: list[str]) -> None:
        """Empty values."""
        for key in keys:
            self._send(_request(PUT, key), _request(EXIST, key))
            self._confirmed(key)
            self._stored.pop(key, None)

    def _confirmed(self, key: str) -> None:
        code, _ = self._answer()
        if code != SUCCESS:
            raise StoreError(f"the server did not keep {key}")

    def _asked(self, command: int, key: str) -> tuple[int, int]:
        self._send(_request(command, key))
        return self._answer()

    def _answer(self) -> tuple[int, int]:
        reply = bytearray(REPLY.size)
        self._receive(memoryview(reply))
        code, size_bytes, *_ = REPLY.unpack(reply)
        if code not in (SUCCESS, FAIL):
            raise StoreError(f"the server answered with code {code}, which LMCache's protocol does not know")
        return code, size_bytes

    def _send(self, *pieces: bytes | memoryview) -> None:
        try:
            for piece in pieces:
                self._socket.sendall(piece)
        except OSError as error:
            raise _lost(error) from None

    def _receive(self, into: memoryview) -> None:
        got = 0
        try:
            while got < len(into):
                more = self._socket.recv_into(into[got:])
                if not more:
                    raise StoreError("the server hung up")
                got += more
        except OSError as error:
            raise _lost(error) from None


def _lost(error: OSError) -> StoreError:
    if isinstance(error, TimeoutError):
        return StoreError(f"the server did not answer for {ANSWER_S:.0f} s")
    return StoreError(f"the connection to the server was lost ({error.strerror or error})")


def _request(command: int, key: str, size_bytes: int = 0) -> bytes:
    return REQUEST.pack(
        command, size_bytes, BINARY, UINT8, ANYWHERE, size_bytes, 0, 0, 0, _lmcache_key(key).encode().ljust(150)
    )


def _lmcache_key(key: str) -> str:
    """Say a key as LMCache does: model, world size, worker, hash of the chunk, type of number."""
    prefix, name, offset = key.rsplit("/", 2)
    return f"{prefix}@1@0@{name}{int(offset, 16):010x}@uint8"


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not address.startswith("lm://") or not host or not port:
        raise ConfigError(f"store.address={address}: give lm://host:port, where lmcache_server listens")
    return host, port


def open_backend(place: Place) -> LMCacheBackend:
    """Connect.

    Raises:
        ConfigError: the address is none, or the plan's values are not for this server.
        EngineError: the server cannot be reached, or is another one.
    """
    return LMCacheBackend(place)
