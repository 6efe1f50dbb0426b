"""Everything that is wrong with a machine for a plan, in one report before anything starts."""

import resource
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from storagebench.collect.filesystem import existing_parent, filesystem_of
from storagebench.errors import ClusterError, StorageBenchError
from storagebench.hosts import is_local, unknown_hosts
from storagebench.launch.mpirun import find_mpirun, spread_ranks
from storagebench.model import Plan

VOLATILE = {"tmpfs": "memory", "ramfs": "memory", "overlay": "a container's own layer"}
"""Filesystems that are no storage anybody wants to measure, and what they are."""
DESCRIPTORS_APART = 64
"""Files that a process holds open beside its readers' and its ranks'."""
DESCRIPTORS_PER_RANK = 4
"""A socket, two pipes, and the socket's other end while a rank starts."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence; `stops` says whether the run cannot go on (else it is worth knowing)."""

    text: str
    stops: bool


def problems(plan: Plan, mpi_bin: str | None = None, *checks: Callable[[], object]) -> list[Problem]:
    """Return all that is wrong, what stops the run first; `checks` are a family's own, which raise what stops it."""
    found = [
        *_launcher(plan, mpi_bin),
        *_storage_dir(plan),
        *_results_dir(plan),
        *_descriptors(plan),
        *_refused(*checks),
    ]
    return sorted(found, key=lambda problem: not problem.stops)


def refuse(found: list[Problem]) -> None:
    """Stop for what stops a run, all of it at once.

    Raises:
        ClusterError: with one sentence for one problem, a numbered list for several.
    """
    stops = [problem.text for problem in found if problem.stops]
    if len(stops) == 1:
        raise ClusterError(stops[0])
    if stops:
        listed = "\n".join(f"  {number}. {text}" for number, text in enumerate(stops, 1))
        raise ClusterError(f"{len(stops)} things are in the way of this run:\n{listed}")


def _launcher(plan: Plan, mpi_bin: str | None) -> Iterator[Problem]:
    if plan.launcher != "mpi":
        return
    yield from _refused(lambda: find_mpirun(mpi_bin), lambda: spread_ranks(plan.hosts, plan.accelerators))
    for name in unknown_hosts(host for host in plan.hosts if not is_local(host)):
        yield Problem(f"--hosts: no address is known for {name}: check the name or the resolver", stops=True)


def _storage_dir(plan: Plan) -> Iterator[Problem]:
    if not Path(plan.storage_dir).is_dir() and not plan.quick:
        yield Problem(
            f"{plan.storage_option}={plan.storage_dir} is no directory: mount the storage or create it, so that a forgotten mount "
            "is never measured by mistake",
            stops=True,
        )
        return
    yield from _unwritable(plan.storage_option, plan.storage_dir)
    filesystem = filesystem_of(plan.storage_dir)
    if filesystem.type in VOLATILE:
        yield Problem(
            f"{plan.storage_option}={plan.storage_dir} is on {filesystem.type}, {VOLATILE[filesystem.type]}: figures will not "
            "be those of storage",
            stops=False,
        )


def _results_dir(plan: Plan) -> Iterator[Problem]:
    yield from _unwritable("--results-dir", plan.results_dir)
    data, results = existing_parent(plan.storage_dir), existing_parent(plan.results_dir)
    if data.stat().st_dev == results.stat().st_dev:
        yield Problem(
            f"--results-dir={plan.results_dir} is on the filesystem of {plan.storage_option} "
            f"({filesystem_of(str(data)).mount_point}): rule {plan.separation_rule} wants them apart",
            stops=False,
        )


def _unwritable(option: str, path: str) -> Iterator[Problem]:
    """Try a file without a name in the nearest folder that exists; permissions alone do not tell."""
    try:
        with tempfile.TemporaryFile(dir=existing_parent(path)):
            return
    except OSError as error:
        yield Problem(f"{option}={path} cannot be written: {error.strerror}; choose another", stops=True)


def _descriptors(plan: Plan) -> Iterator[Problem]:
    """Count for the process that needs most: a rank with its readers, or the launcher with its ranks."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    need = DESCRIPTORS_APART + max(plan.open_files_per_rank, DESCRIPTORS_PER_RANK * plan.accelerators)
    if limit != resource.RLIM_INFINITY and limit < need:
        yield Problem(f"{need:,} open files are needed and {limit:,} allowed: run `ulimit -n {need}` first", stops=True)


def _refused(*checks: Callable[[], object]) -> Iterator[Problem]:
    for check in checks:
        try:
            check()
        except StorageBenchError as error:
            yield Problem(str(error), stops=True)
