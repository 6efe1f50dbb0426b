"""Ranks for the tests of sampling and watching: they tell progress, then rank 1 hangs as the payload says."""

import os
import signal
from pathlib import Path
from typing import Any

from storagebench.launch.communicator import Communicator, run_rank


def work(communicator: Communicator) -> dict[str, Any]:
    """Tell a little progress; rank 1 then hangs as it is told to."""
    payload = communicator.payload()
    if communicator.rank == 0:
        for done in range(1, 4):
            communicator.tell(
                {
                    "kind": "progress",
                    "stage": "epoch 1/1",
                    "done": done,
                    "total": 3,
                    "unit": "steps",
                    "bytes": done << 20,
                }
            )
    communicator.barrier()
    if communicator.rank == 1 and payload["hang"]:
        communicator.tell({"kind": "progress", "stage": "hanging", "done": 0, "total": 1, "unit": "steps", "bytes": 0})
        if payload["hang"] == "fifo":
            hang_in_a_read(payload["fifo"])
        else:
            os.kill(os.getpid(), signal.SIGSTOP)
    communicator.barrier()
    return {"rank": communicator.rank}


def hang_in_a_read(fifo: str) -> None:
    """Read from a FIFO that nobody writes to."""
    with Path(fifo).open("rb") as stream:
        stream.read(1)


if __name__ == "__main__":
    run_rank(work)
