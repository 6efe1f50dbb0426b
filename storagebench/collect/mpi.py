"""Many hosts, asked by one MPI rank on each: what the run itself needs is tried at the same time."""

import time
from collections.abc import Mapping
from typing import Any

from storagebench.collect import probe
from storagebench.collect.clock import bounded
from storagebench.launch import Job, Launcher
from storagebench.launch.communicator import Communicator, run_rank
from storagebench.model import Host


class MpiCollector:
    """Asks through ranks that a launcher starts."""

    name = "mpi"

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    def ask(self, hosts: tuple[Host, ...], asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the answers in the order of hosts.

        Raises:
            ClusterError: mpirun cannot start a rank on each host; it names one that it does not reach.
        """
        one_each = tuple(Host(host.name, 1) for host in hosts)
        job = Job(module="storagebench.collect.mpi", payload=asked, ranks=len(hosts), hosts=one_each)
        began = time.time()
        answers = self._launcher.run(job, lambda _: None)
        return [bounded(answer, began, time.time()) for answer in answers]


def work(communicator: Communicator) -> Mapping[str, Any]:
    """Be the rank that answers for its host."""
    return probe.answer(communicator.payload())


if __name__ == "__main__":
    run_rank(work)
