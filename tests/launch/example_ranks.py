"""Ranks that behave as their payload says; started by the tests of the launchers, never imported by them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from storagebench.errors import DatasetError
from storagebench.launch.communicator import Communicator, run_rank
from storagebench.launch.event_barrier import PATIENCE_S


def count(communicator: Communicator) -> dict[str, Any]:
    """Do everything a well-behaved rank does."""
    communicator.tell({"kind": "progress", "rank": communicator.rank, "done": 1, "total": 1})
    communicator.barrier()
    gathered = communicator.gather({"rank": communicator.rank})
    print("hello from", communicator.rank)
    os.write(1, b'["result",{"forged":true}]\n')
    return {
        "rank": communicator.rank,
        "size": communicator.size,
        "local_rank": communicator.local_rank,
        "gathered": gathered,
        "payload": communicator.payload(),
    }


def barriers(communicator: Communicator) -> dict[str, Any]:
    """Time many barriers."""
    communicator.barrier()
    began = time.perf_counter()
    for _ in range(communicator.payload()["count"]):
        communicator.barrier()
    return {"seconds": time.perf_counter() - began}


def dawdle(communicator: Communicator) -> dict[str, Any]:
    """Let rank 1 come so late to a barrier that the others say they wait, and then meet on as if nothing were."""
    if communicator.rank == 1:
        time.sleep(PATIENCE_S * 1.5)
    communicator.barrier()
    gathered = communicator.gather(communicator.rank)
    communicator.barrier()
    return {"gathered": gathered}


def misbehave(communicator: Communicator) -> dict[str, Any]:
    """Let rank 1 go wrong in the payload's way while the others wait for it."""
    way = communicator.payload()["way"]
    if communicator.rank == communicator.payload().get("culprit", 1):
        if way == "kill":
            print("about to go", file=sys.stderr)
            os.kill(os.getpid(), signal.SIGKILL)
        if way == "kill with a child":
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            os.kill(os.getpid(), signal.SIGKILL)
        if way == "raise":
            raise ZeroDivisionError("a mistake")
        if way == "dataset":
            raise DatasetError("file 3 is damaged: remove it")
        if way == "file":
            Path("/nowhere/at/all").read_bytes()
        if way == "exit":
            sys.exit(3)
        if way == "leave":
            os._exit(0)
        if way == "finish":
            return {}
        if way == "gather":
            communicator.gather(1)
        if way == "unserialisable":
            return {"socket": communicator}
    communicator.barrier()
    return {}


def sleep(communicator: Communicator) -> dict[str, Any]:
    """Do nothing for long, with a child on the leash that does the same."""
    subprocess.Popen([sys.executable, "-m", "storagebench.launch.leash", str(os.getpid()), "sleep", "600"])
    communicator.barrier()
    communicator.tell({"kind": "ready"})
    time.sleep(600)
    return {}


def large(communicator: Communicator) -> dict[str, Any]:
    """Return many bytes."""
    return {"bulk": "x" * communicator.payload()["bytes"]}


def work(communicator: Communicator) -> dict[str, Any]:
    """Do what the payload names."""
    behaviours = {f.__name__: f for f in (count, barriers, dawdle, misbehave, sleep, large)}
    return behaviours[communicator.payload()["do"]](communicator)


if __name__ == "__main__":
    run_rank(work)
