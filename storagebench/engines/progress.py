"""Progress of a run, told by rank 0 for all ranks, no more than twice a second."""

import time

from storagebench.launch.communicator import Communicator

INTERVAL_S = 0.5


class Progress:
    """The progress of one stage; ranks advance alike, so rank 0 multiplies what it has itself."""

    def __init__(self, communicator: Communicator, stage: str, total: int, unit: str) -> None:
        self._communicator = communicator
        self._fixed = {"kind": "progress", "stage": stage, "total": total, "unit": unit}
        self._total = total
        self._due = 0.0

    def __call__(self, done: int, own_bytes: int = 0) -> None:
        """Say how much of the total is done, and by this rank's bytes how many all have read.

        Silent on other ranks, and while the last word is fresh.
        """
        now = time.perf_counter()
        if self._communicator.rank == 0 and (now >= self._due or done >= self._total):
            self._due = now + INTERVAL_S
            all_bytes = own_bytes * self._communicator.size
            self._communicator.tell(self._fixed | {"done": min(done, self._total), "bytes": all_bytes})
