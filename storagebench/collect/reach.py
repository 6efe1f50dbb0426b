"""Whether the launch can work at all: mpirun, room for the ranks, names that resolve, and a login on every host."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from storagebench.collect.problem import Problem, refused
from storagebench.errors import ClusterError
from storagebench.hosts import is_local, unknown_hosts
from storagebench.launch.mpirun import Flavour, find_mpirun
from storagebench.model import Host

AT_ONCE = 32
"""Hosts tried at the same time."""
CONNECT_S = 10
LOGIN_S = 30
AGENTS = ("PRTE_MCA_plm_ssh_agent", "OMPI_MCA_plm_rsh_agent", "HYDRA_LAUNCHER", "HYDRA_LAUNCHER_EXEC")
"""Variables by which a user tells mpirun to use something else than ssh."""


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
    if away and not any(os.environ.get(name) for name in AGENTS):
        found += _logins([host.name for host in away if host.name not in unknown], ssh_config)
    return found


def _logins(names: Sequence[str], ssh_config: str | None) -> Iterator[Problem]:
    """Log in everywhere with ssh itself, as mpirun does, and without a question that nobody would answer."""
    if names:
        with ThreadPoolExecutor(min(AT_ONCE, len(names)), "storagebench-ssh") as threads:
            for checks in threads.map(lambda name: list(refused(lambda: login(name, ssh_config))), names):
                yield from checks


def login(name: str, ssh_config: str | None = None) -> None:
    """Log in once with ssh.

    Raises:
        ClusterError: with what ssh says and what to do.
    """
    options = ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_S}"]
    command = ["ssh", *(["-F", ssh_config] if ssh_config else []), *options, "--", name, "true"]
    trying = f"check that `{' '.join(command[:-3])} {name} true` works"
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LOGIN_S, check=False
        )
    except FileNotFoundError:
        raise ClusterError("ssh is not installed, and mpirun needs it: install openssh-client") from None
    except subprocess.TimeoutExpired:
        raise ClusterError(f"{name}: ssh does not get in within {LOGIN_S} s: {trying}") from None
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip() and not line.startswith("@")]
        raise ClusterError(f"{name}: ssh does not get in ({said[-1] if said else 'it says nothing'}): {trying}")
