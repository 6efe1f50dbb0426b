"""Progress of one rank, told no more than twice a second."""

import time

from storagebench.launch.communicator import Communicator

INTERVAL_S = 0.5


class Progress:
    """The progress of one stage, as rank 0 sees it; `scale` is the number of ranks that it speaks for."""

    def __init__(self, communicator: Communicator, stage: str, total: int, unit: str, scale: int = 1) -> None:
        self._communicator = communicator
        self._fixed = {"kind": "progress", "stage": stage, "total": total * scale, "unit": unit}
        self._total = total
        self._scale = scale
        self._due = 0.0

    def __call__(self, done: int, bytes_done: int = 0) -> None:
        """Say how much is done; silent on other ranks, and when the last word is still fresh."""
        now = time.perf_counter()
        if self._communicator.rank == 0 and (now >= self._due or done == self._total):
            self._due = now + INTERVAL_S
            self._communicator.tell(self._fixed | {"done": done * self._scale, "bytes": bytes_done * self._scale})
