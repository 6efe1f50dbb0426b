"""The counters around a window: what was read by this process, by the server, by the device, and asked of files."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from storagebench.collect import devices
from storagebench.engines.vectordb.backend import Session
from storagebench.engines.vectordb.outcome import Counted


class _Now(NamedTuple):
    process: int
    server: int | None
    device: int | None
    reads: int | None
    written: int | None
    asked: int | None
    cpu_s: float


class Readings:
    """Reads the counters; those of server and device on one rank of each host only."""

    def __init__(self, folder: str, session: Session, *, with_host: bool) -> None:
        self._device = devices.block_device_of(folder) if with_host else None
        self.device = self._device.name if self._device else None
        self.device_reason = devices.no_device_reason(folder) if with_host and self._device is None else None
        self._session = session if with_host else None
        self._begin = self._now()

    def begin(self) -> None:
        """Take the first reading."""
        self._begin = self._now()

    def end(self) -> Counted:
        """Take the second one and return the growth."""
        growth = [
            None if now is None or before is None else now - before
            for now, before in zip(self._now(), self._begin, strict=True)
        ]
        process, server, device, reads, written, asked, cpu_s = growth
        assert process is not None
        assert cpu_s is not None
        return Counted(
            process_read_bytes=int(process),
            server_read_bytes=_whole(server),
            device_read_bytes=_whole(device),
            device_reads=_whole(reads),
            device_written_bytes=_whole(written),
            asked_bytes=_whole(asked),
            cpu_s=cpu_s,
        )

    def _now(self) -> _Now:
        device, session = self._device, self._session
        return _Now(
            devices.process_read_bytes(),
            _server_bytes(session.pids()) if session else None,
            None if device is None else devices.read_bytes(device),
            None if device is None else devices.read_requests(device),
            None if device is None else devices.written_bytes(device),
            session.stats().asked_bytes if session else None,
            time.process_time(),
        )


def _server_bytes(pids: Sequence[int]) -> int | None:
    """Add up a server's processes; those that are gone or hidden make the sum unknown where none is left."""
    seen = [count for count in map(devices.read_bytes_of, pids) if count is not None]
    return sum(seen) if seen else None


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
