"""What a barrier costs the ranks of one machine: our local launcher's against MPI's, interleaved.

::

    python -m bench.barrier

A training step ends with one. Each measurement starts the ranks, lets them meet 20 times and then takes the time of 2,000
barriers with nothing between them; medians of five. The bar is for as many ranks as there are cores: a twentieth of the
shortest official step, which computes for 0.375 ms (dlrm on b200).
"""

import argparse
import os
import random
import statistics
import sys
import time
from typing import Any

from storagebench.launch import Job, Launcher
from storagebench.launch.communicator import CONNECTION, Communicator, run_rank
from storagebench.launch.local import LocalLauncher
from storagebench.launch.mpi import MpiLauncher
from storagebench.model import LOCALHOST

RANKS = (2, 4, 8, 16)
BARRIERS, WARM_UP, ROUNDS = 2000, 20, 5
BAR_US = 375 / 20


def barriers(communicator: Communicator) -> dict[str, Any]:
    """Be a rank: return the mean of a barrier in microseconds."""
    for _ in range(WARM_UP):
        communicator.barrier()
    begin = time.perf_counter()
    for _ in range(BARRIERS):
        communicator.barrier()
    return {"us": (time.perf_counter() - begin) / BARRIERS * 1e6}


def measure(launcher: Launcher, ranks: int) -> float:
    """Start ranks and return the microseconds of the slowest."""
    job = Job(module="bench.barrier", payload={}, ranks=ranks, hosts=(LOCALHOST,))
    return max(float(result["us"]) for result in launcher.run(job, lambda _: None))


def main() -> None:
    """Print the medians; exit 1 when the bar is missed."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(f"{'ranks':>6}{'ours µs':>10}{'MPI µs':>10}{'ratio':>8}")
    missed = False
    for ranks in RANKS:
        launchers: list[Launcher] = [LocalLauncher(), MpiLauncher()]
        took: dict[str, list[float]] = {launcher.name: [] for launcher in launchers}
        for _ in range(ROUNDS):
            for launcher in random.sample(launchers, 2):
                took[launcher.name].append(measure(launcher, ranks))
        ours, mpi = (statistics.median(values) for values in took.values())
        print(f"{ranks:6}{ours:10.0f}{mpi:10.0f}{ours / mpi:8.2f}", flush=True)
        missed |= ranks <= (os.cpu_count() or 1) and ours > BAR_US
    sys.exit(missed)


if __name__ == "__main__":
    if CONNECTION in os.environ:
        run_rank(barriers)
    main()
