"""What the kernel counts while an epoch runs: bytes that came from storage, and processor time."""

import time
from pathlib import Path
from typing import NamedTuple

from storagebench.collect import devices


class Counted(NamedTuple):
    """Counters at one moment, or their growth between two moments."""

    process_read_bytes: int
    device_read_bytes: int | None
    cpu_s: float

    def since(self, before: "Counted") -> "Counted":
        """Return the growth from `before` to this moment."""
        device = None
        if self.device_read_bytes is not None and before.device_read_bytes is not None:
            device = self.device_read_bytes - before.device_read_bytes
        return Counted(self.process_read_bytes - before.process_read_bytes, device, self.cpu_s - before.cpu_s)


class Counters:
    """The counters of this process and, on one rank of each host, of the device below the dataset.

    `device` names it; where there is none to be told, `device_reason` says why.
    """

    def __init__(self, folder: str, *, with_device: bool) -> None:
        self._device = devices.block_device_of(folder) if with_device else None
        self.device = self._device.name if self._device else None
        self.device_reason = devices.no_device_reason(folder) if with_device and self._device is None else None

    def now(self) -> Counted:
        """Read the counters."""
        device = None if self._device is None else devices.read_bytes(self._device)
        return Counted(devices.process_read_bytes(), device, time.process_time())


def peak_memory_bytes() -> int:
    """Return the most memory this process has had resident; unlike getrusage's, it knows nothing of the parent's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
