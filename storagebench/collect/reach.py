"""Whether the launch can work at all: mpirun, room for the ranks, names that resolve, and a login on every host."""

from collections.abc import Sequence

from storagebench.collect.problem import Problem, refused
from storagebench.hosts import is_local, unknown_hosts
from storagebench.launch.login import refusals, uses_agent
from storagebench.launch.mpirun import Flavour, find_mpirun
from storagebench.model import Host


def reach(hosts: Sequence[Host], mpi_bin: str | None = None, ssh_config: str | None = None) -> list[Problem]:
    """Return why MPI cannot start ranks on these hosts; one problem for each that is not reached."""
    away = [host for host in hosts if not is_local(host)]
    found = list(refused(lambda: find_mpirun(mpi_bin)))
    if not found and find_mpirun(mpi_bin).flavour is Flavour.SRUN:
        return found
    unknown = unknown_hosts(away)
    found += [
        Problem(f"--hosts: no address is known for {name}: check the name or the resolver", stops=True)
        for name in unknown
    ]
    if away and not uses_agent():
        named = [host.name for host in away if host.name not in unknown]
        found += [Problem(text, stops=True) for text in refusals(named, ssh_config).values()]
    return found
