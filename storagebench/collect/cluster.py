"""Every host of a run, described at one moment: this one directly, several through one MPI rank on each."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from storagebench.collect.host import local_host
from storagebench.errors import ClusterError
from storagebench.launch import Job, Launcher
from storagebench.launch.communicator import Communicator, run_rank
from storagebench.model import Cluster, Host, HostFacts
from storagebench.serial import from_json, to_json


def collect(hosts: tuple[Host, ...], launcher: Launcher) -> Cluster:
    """Describe all hosts; a host that does not answer is an error with its name, never a gap.

    Raises:
        ClusterError: a host cannot be reached, or two names lead to one machine.
    """
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    if launcher.name == "local":
        return Cluster((local_host(),), "local", moment)
    one_each = tuple(Host(host.name, 1) for host in hosts)
    job = Job(module="storagebench.collect.cluster", payload={}, ranks=len(hosts), hosts=one_each)
    found = tuple(from_json(HostFacts, result) for result in launcher.run(job, lambda _: None))
    names = [facts.hostname for facts in found]
    if len(set(names)) < len(names):
        asked = ", ".join(host.name for host in hosts)
        raise ClusterError(
            f"--hosts={asked}: two of these lead to one machine ({', '.join(names)}); name each machine once"
        )
    return Cluster(found, launcher.name, moment)


def work(communicator: Communicator) -> Mapping[str, Any]:
    """Be the rank that describes its host."""
    described: Mapping[str, Any] = to_json(local_host())
    return described


if __name__ == "__main__":
    run_rank(work)
