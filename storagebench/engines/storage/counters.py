"""What the kernel counts while an engine runs: bytes that came from and went to storage, and processor time."""

import time
from pathlib import Path
from typing import NamedTuple

from storagebench.collect import devices


class Counted(NamedTuple):
    """Counters at one moment, or their growth between two moments; those of the device are None without one."""

    process_read_bytes: int
    process_written_bytes: int
    device_read_bytes: int | None
    device_written_bytes: int | None
    cpu_s: float

    def since(self, before: "Counted") -> "Counted":
        """Return the growth from `before` to this moment."""
        return Counted(
            self.process_read_bytes - before.process_read_bytes,
            self.process_written_bytes - before.process_written_bytes,
            _growth(self.device_read_bytes, before.device_read_bytes),
            _growth(self.device_written_bytes, before.device_written_bytes),
            self.cpu_s - before.cpu_s,
        )


class Counters:
    """The counters of this process and, on one rank of each host, of the device below the storage under test.

    `device` names it; where there is none to be told, `device_reason` says why.
    """

    def __init__(self, folder: str, *, with_device: bool) -> None:
        self._device = devices.block_device_of(folder) if with_device else None
        self.device = self._device.name if self._device else None
        self.device_reason = devices.no_device_reason(folder) if with_device and self._device is None else None

    def now(self) -> Counted:
        """Read the counters."""
        device = self._device
        return Counted(
            devices.process_read_bytes(),
            devices.process_written_bytes(),
            None if device is None else devices.read_bytes(device),
            None if device is None else devices.written_bytes(device),
            time.process_time(),
        )


def _growth(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else now - before


def peak_memory_bytes() -> int:
    """Return the most memory this process has had resident; unlike getrusage's, it knows nothing of the parent's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
